//! A histogram of durations in bins that grow by the 16th root of 2 each: what a bin holds is told within 2.2 %, from 1 ms to
//! months, in as many numbers as it has bins that are not empty.

use std::collections::BTreeMap;

use crate::domain::latency::Quantile;

/// Bins an octave. The files that count by bin have the same number.
pub const BINS_AN_OCTAVE: u16 = 16;

const OCTAVE: f64 = BINS_AN_OCTAVE as f64;

/// Which bin a duration falls into.
pub fn bin(ms: f64) -> u16 {
    (OCTAVE * ms.max(1.0).log2()).floor() as u16
}

/// The duration, in ms, that a bin stands for: its geometric middle. The bins of 1 and 2 ms have one value each.
pub fn middle(bin: u16) -> u64 {
    if bin == 0 {
        return 1;
    }
    (2.0_f64).powf((f64::from(bin) + 0.5) / OCTAVE).round() as u64
}

/// How many durations fell into each bin: of events that ended, and of those still in flight, whose duration can only grow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    bins: BTreeMap<u16, (u64, u64)>,
}

impl Histogram {
    /// Adds `n` that ended in `bin`.
    pub fn add_ended(&mut self, bin: u16, n: u64) {
        self.bins.entry(bin).or_default().0 += n;
    }

    /// Adds `n` that are in flight for as long as `bin` says.
    pub fn add_in_flight(&mut self, bin: u16, n: u64) {
        self.bins.entry(bin).or_default().1 += n;
    }

    /// The duration at `share` of all, the least that has so many at or below it; `None` of none. Of those in one bin the ended
    /// come first.
    pub fn quantile(&self, share: f64) -> Option<Quantile> {
        let total: u64 = self.bins.values().map(|(ended, open)| ended + open).sum();
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        for (bin, (ended, open)) in &self.bins {
            if below + ended + open >= rank {
                return Some(Quantile {
                    ms: middle(*bin),
                    at_least: below + ended < rank,
                });
            }
            below += ended + open;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bin_tells_a_duration_within_a_fortieth(ms in 3.0..1e10_f64) {
            let told = middle(bin(ms)) as f64;
            // Half a millisecond is lost to whole numbers.
            prop_assert!((told - ms).abs() <= ms * 0.0223 + 0.5, "{ms} told as {told}");
        }

        #[test]
        fn quantiles_are_those_of_the_durations_within_a_fortieth(
            mut durations in prop::collection::vec((3_u32..10_000_000, any::<bool>()), 1..200),
            share in 0.01..1.0_f64,
        ) {
            let mut histogram = Histogram::default();
            for (ms, is_open) in &durations {
                let bin = bin(f64::from(*ms));
                if *is_open {
                    histogram.add_in_flight(bin, 1);
                } else {
                    histogram.add_ended(bin, 1);
                }
            }
            durations.sort_unstable();
            let rank = (durations.len() as f64 * share).ceil() as usize;
            let exact = f64::from(durations[rank.max(1) - 1].0);
            let told = histogram.quantile(share).unwrap();
            prop_assert!((told.ms as f64 - exact).abs() <= exact * 0.0223 + 0.5);
        }
    }

    #[test]
    fn the_rank_of_one_in_flight_is_a_lower_bound() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        histogram.add_ended(bin(1_000.0), 9);
        histogram.add_in_flight(bin(60_000.0), 1);
        let told = |share| histogram.quantile(share).map(|q| q.at_least);
        assert_eq!(told(0.5), Some(false));
        assert_eq!(told(0.95), Some(true));
    }
}
