//! A set of keys, kept as runs: what is dense costs next to nothing.

use std::collections::BTreeMap;

/// Keys from one to another, both included.
pub(super) type Run = (i64, i64);

/// A set of whole numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Runs {
    /// The last key of each run, by its first; runs neither touch nor overlap.
    runs: BTreeMap<i64, i64>,
    keys: u64,
}

impl Runs {
    /// How many keys are in it.
    pub(super) const fn keys(&self) -> u64 {
        self.keys
    }

    /// How many runs it takes.
    pub(super) fn pieces(&self) -> usize {
        self.runs.len()
    }

    /// The run that `key` is in.
    fn around(&self, key: i64) -> Option<Run> {
        let (&low, &high) = self.runs.range(..=key).next_back()?;
        (key <= high).then_some((low, high))
    }

    /// Puts a run in; how many keys of it were not there.
    pub(super) fn insert(&mut self, (low, high): Run) -> u64 {
        if low > high {
            return 0;
        }
        let before = self.keys;
        self.remove((low, high));
        let (mut first, mut last) = (low, high);
        if let Some((start, _)) = low.checked_sub(1).and_then(|key| self.around(key)) {
            first = start;
        }
        if let Some((_, end)) = high.checked_add(1).and_then(|key| self.around(key)) {
            last = end;
        }
        // Those that begin in it are about to be one.
        let inner: Vec<i64> = self.runs.range(first..=last).map(|(&key, _)| key).collect();
        for key in inner {
            self.runs.remove(&key);
        }
        self.runs.insert(first, last);
        self.keys += size((low, high));
        self.keys - before
    }

    /// Takes a run out; how many keys of it were there.
    pub(super) fn remove(&mut self, (low, high): Run) -> u64 {
        let hit: Vec<Run> = self.within((low, high)).collect();
        let mut gone = 0;
        for (first, last) in hit {
            let Some((start, end)) = self.around(first) else {
                continue;
            };
            self.runs.remove(&start);
            if start < first {
                self.runs.insert(start, first - 1);
            }
            if last < end {
                self.runs.insert(last + 1, end);
            }
            gone += size((first, last));
        }
        self.keys -= gone;
        gone
    }

    /// The parts of its runs that lie in a run, in order.
    pub(super) fn within(&self, (low, high): Run) -> impl Iterator<Item = Run> {
        let first = self.around(low).map_or(low, |(start, _)| start);
        let end = high.max(first);
        self.runs
            .range(first..=end)
            .map(move |(&start, &last)| (start.max(low), last.min(high)))
            .filter(|(start, last)| start <= last)
    }

    /// How many of its keys lie in a run.
    pub(super) fn count(&self, run: Run) -> u64 {
        self.within(run).map(size).sum()
    }

    /// The parts of a run that are not in it, in order.
    pub(super) fn gaps(&self, (low, high): Run) -> Vec<Run> {
        let mut gaps = Vec::new();
        let mut from = low;
        for (start, last) in self.within((low, high)) {
            if from < start {
                gaps.push((from, start - 1));
            }
            from = last.saturating_add(1);
        }
        if from <= high {
            gaps.push((from, high));
        }
        gaps
    }

    /// Its runs, in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Run> {
        self.runs.iter().map(|(&low, &high)| (low, high))
    }
}

/// How many keys a run has.
pub(super) const fn size((low, high): Run) -> u64 {
    high.abs_diff(low).saturating_add(1)
}

/// The runs of keys in ascending order.
pub(super) fn runs_of(keys: &[i64]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for &key in keys {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(key) => *last = key,
            Some((_, last)) if *last >= key => {}
            Some(_) | None => runs.push((key, key)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_hold_what_a_set_of_keys_holds(
            steps in prop::collection::vec((any::<bool>(), 0_i64..200, 0_i64..20), 0..60),
            (low, width) in (0_i64..200, 0_i64..60),
        ) {
            let (mut runs, mut set) = (Runs::default(), BTreeSet::new());
            for (is_in, low, width) in steps {
                let keys = low..=low + width;
                if is_in {
                    let new = keys.filter(|key| set.insert(*key)).count() as u64;
                    prop_assert_eq!(runs.insert((low, low + width)), new);
                } else {
                    let gone = keys.filter(|key| set.remove(key)).count() as u64;
                    prop_assert_eq!(runs.remove((low, low + width)), gone);
                }
                let keys: Vec<i64> = set.iter().copied().collect();
                prop_assert_eq!(runs.iter().collect::<Vec<_>>(), runs_of(&keys));
                prop_assert_eq!(runs.keys(), set.len() as u64);
            }
            let asked = (low, low + width);
            prop_assert_eq!(runs.count(asked), set.range(low..=low + width).count() as u64);
            let gaps: u64 = runs.gaps(asked).into_iter().map(size).sum();
            prop_assert_eq!(gaps + runs.count(asked), size(asked));
        }
    }
}
