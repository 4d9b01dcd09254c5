//! Latency over the last hour or day, from what the windows know.

use std::collections::BTreeMap;

use super::{
    Windows,
    chunk::Stage,
    reading::{Backlog, mean},
};
use crate::domain::latency::window::{Cell, Span, StageWindow};

/// What is added up for one stage.
#[derive(Debug, Default)]
struct Sum {
    timed: u64,
    total_ms: f64,
    max_ms: f64,
    cells: BTreeMap<(u16, u16), u64>,
    in_flight: BTreeMap<u16, u64>,
}

impl Windows {
    /// Every stage over `span`, a day at most. The `backlog` is counted elsewhere, or by [`Windows::backlog`].
    pub fn latencies(&self, span: Span, backlog: &Backlog) -> Vec<StageWindow> {
        let mut sums: BTreeMap<Stage, Sum> = BTreeMap::new();
        let begin = self.now.timestamp() - span.seconds();
        for chunk in &self.chunks {
            let written = chunk.written.iter();
            for ((stage, _), n) in
                written.filter(|((_, slot), _)| slot.is_within(span.seconds(), self.now))
            {
                let sum = sums.entry(*stage).or_default();
                if n.timed > 0 {
                    sum.max_ms = if sum.timed == 0 {
                        n.max_ms
                    } else {
                        sum.max_ms.max(n.max_ms)
                    };
                }
                sum.timed += n.timed;
                sum.total_ms += n.sum_ms;
            }
            let ended = chunk.ended.iter();
            for ((stage, slot, bin), n) in
                ended.filter(|((_, slot, _), _)| slot.is_within(span.seconds(), self.now))
            {
                let middle = slot.start + i64::from(slot.width / 2) - begin;
                let place = (middle / span.slot_seconds()).clamp(0, i64::from(span.slots()) - 1);
                let sum = sums.entry(*stage).or_default();
                *sum.cells.entry((place as u16, *bin)).or_default() += n.n;
            }
            for row in chunk
                .open
                .iter()
                .filter(|row| row.is_running && !row.has_end)
            {
                let sum = sums.entry(row.stage).or_default();
                *sum.in_flight.entry(self.age_bin(row.created)).or_default() += 1;
            }
        }
        let mut windows: Vec<StageWindow> = sums
            .into_iter()
            .filter_map(|(stage, sum)| {
                let name = self.stages.get(usize::from(stage))?.clone();
                Some(sum.into_window(StageWindow::empty(name)))
            })
            .collect();
        for of in &backlog.stages {
            match windows.iter_mut().find(|window| window.stage == of.stage) {
                Some(window) => window.in_flight.extend(&of.ages),
                None => windows.push(StageWindow {
                    in_flight: of.ages.clone(),
                    ..StageWindow::empty(of.stage.clone())
                }),
            }
        }
        windows
    }
}

impl Sum {
    fn into_window(self, empty: StageWindow) -> StageWindow {
        StageWindow {
            n: self.timed,
            avg_ms: mean(self.total_ms, self.timed),
            max_ms: (self.timed > 0).then(|| self.max_ms.max(0.0).round() as u64),
            cells: self
                .cells
                .into_iter()
                .map(|((slot, bin), n)| Cell { slot, bin, n })
                .collect(),
            in_flight: self.in_flight.into_iter().collect(),
            ..empty
        }
    }
}
