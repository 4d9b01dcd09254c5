//! Waits between tries: doubling, bounded, and spread, so that many consoles do not come back at once.

use std::time::Duration;

/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(30);

const FIRST: Duration = Duration::from_millis(500);

/// How long to wait after `tries` failures in a row: 0.5 s doubled each time, at most [`LONGEST`], of which
/// the last half is spread by `seed`, any number that differs from console to console and try to try.
pub fn wait(tries: u32, seed: u64) -> Duration {
    let doublings = tries.saturating_sub(1).min(6);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let half = full / 2;
    half + half.mul_f64(spread(seed))
}

/// A number from 0 to 1 that depends on every bit of `seed` (the finaliser of `SplitMix64`).
fn spread(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_tries_come_quickly_and_the_last_ones_twice_a_minute_at_least() {
        assert!(wait(1, 7) <= Duration::from_millis(500));
        assert!(wait(2, 7) <= Duration::from_secs(1));
        assert!(wait(40, 7) >= Duration::from_secs(15));
    }

    #[test]
    fn two_consoles_do_not_come_back_at_the_same_moment() {
        assert_ne!(wait(5, 1), wait(5, 2));
    }

    proptest! {
        #[test]
        fn a_wait_lies_between_a_quarter_of_a_second_and_the_longest(tries: u32, seed: u64) {
            let wait = wait(tries, seed);
            prop_assert!(wait >= Duration::from_millis(250));
            prop_assert!(wait <= LONGEST);
        }
    }
}
