//! The dice of the living world: from a seed, so that a run can be told again.

use std::time::Duration;

/// Dice.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Splitmix64: short, and good enough to look random.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to 1, without 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of `from`; `None` of an empty list.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let at = (self.share() * from.len() as f64) as usize;
        from.get(at).copied()
    }

    /// How long something takes whose middle is `median` seconds: log-normal.
    pub(super) fn took(&mut self, median: f64, sigma: f64) -> Duration {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.share()).cos();
        Duration::from_secs_f64((median * (sigma * normal).exp()).clamp(0.01, 600.0))
    }

    /// The wait for the next of things that come `per_minute` on average, by chance.
    pub(super) fn wait(&mut self, per_minute: f64) -> Duration {
        let minutes = -(1.0 - self.share()).ln() / per_minute.max(0.001);
        Duration::from_secs_f64((minutes * 60.0).clamp(0.001, 3_600.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_fall_the_same_way_for_the_same_seed_and_evenly() {
        let fall = |seed| {
            let mut dice = Dice::new(seed);
            (0..1_000).map(|_| dice.share()).collect::<Vec<_>>()
        };
        assert_eq!(fall(7), fall(7));
        assert_ne!(fall(7), fall(8));
        let mean = fall(7).iter().sum::<f64>() / 1_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }

    #[test]
    fn half_of_all_runs_take_less_than_the_median() {
        let mut dice = Dice::new(1);
        let quick = (0..1_000)
            .filter(|_| dice.took(2.0, 0.5) < Duration::from_secs(2))
            .count();
        assert!((430..570).contains(&quick), "{quick}");
    }
}
