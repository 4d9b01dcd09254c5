//! What the panels show, from what the windows know.

use std::collections::BTreeMap;

use super::{
    Windows,
    chunk::{Chunk, Ended, Slot, Stage, Written},
    histogram::{self, Histogram},
};
use crate::domain::{
    Timestamp,
    event::EventType,
    latency::Latency,
    stage::{MinuteBucket, StageReading, Totals},
};

const MINUTES_5: i64 = 300;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// The pending events of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageBacklog {
    /// The stage.
    pub stage: EventType,
    /// How many.
    pub pending: u64,
    /// How many for more than 5 min.
    pub stuck: u64,
    /// When the oldest was written.
    pub oldest: Option<Timestamp>,
    /// How many by age, as bins of a [`Histogram`].
    pub ages: Vec<(u16, u64)>,
}

impl StageBacklog {
    /// None of `stage`.
    pub const fn empty(stage: EventType) -> Self {
        Self {
            stage,
            pending: 0,
            stuck: 0,
            oldest: None,
            ages: Vec::new(),
        }
    }

    /// Those of `stage` that were written at these moments, the oldest first, as of `now`; both in s since 1970. Of one without
    /// a moment nothing is known but that it is.
    pub fn of(stage: EventType, now: f64, created: &[Option<f64>]) -> Self {
        let ages = || created.iter().map(|at| at.map_or(0.0, |at| now - at));
        let mut histogram = BTreeMap::<u16, u64>::new();
        for age in ages() {
            *histogram.entry(histogram::bin(age * 1_000.0)).or_default() += 1;
        }
        let oldest = created.iter().flatten().copied().reduce(f64::min);
        Self {
            stage,
            pending: created.len() as u64,
            stuck: ages().filter(|age| *age > MINUTES_5 as f64).count() as u64,
            oldest: oldest
                .and_then(|at| Timestamp::from_timestamp_micros((at * 1e6).round() as i64)),
            ages: histogram.into_iter().collect(),
        }
    }
}

/// The pending events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// By stage.
    pub stages: Vec<StageBacklog>,
    /// Whether there are more than were counted.
    pub is_capped: bool,
}

impl Backlog {
    /// How many they are, all stages together.
    pub fn pending(&self) -> u64 {
        self.stages.iter().map(|of| of.pending).sum()
    }
}

/// What is added up for one stage.
#[derive(Debug, Default)]
struct Sum {
    written_5m: Written,
    written_1h: Written,
    ended_5m: Ended,
    ended_1h: Ended,
    last_processed: Option<i64>,
    running: u64,
    latencies: Histogram,
}

impl Windows {
    /// Since when everything is known; `None` for the whole day.
    pub fn since(&self) -> Option<Timestamp> {
        let (_, high) = self.unknown()?;
        let above = self.chunks.iter().find(|chunk| chunk.low > high);
        let oldest = above
            .and_then(|chunk| chunk.oldest)
            .and_then(Timestamp::from_timestamp_millis);
        Some(oldest.unwrap_or(self.now))
    }

    /// How each stage stands, but for its errors. The `backlog` is counted elsewhere, or by [`Windows::backlog`].
    pub fn readings(&self, backlog: &Backlog) -> Vec<StageReading> {
        let mut sums: BTreeMap<Stage, Sum> = BTreeMap::new();
        for chunk in &self.chunks {
            self.add(chunk, &mut sums);
        }
        let hour = self.now - chrono::TimeDelta::seconds(HOUR);
        let known_since = self.since().filter(|since| *since > hour);
        let mut readings = Vec::new();
        let mut stages: BTreeMap<EventType, Sum> = BTreeMap::new();
        for (stage, sum) in sums {
            if let Some(name) = self.stages.get(usize::from(stage)) {
                stages.insert(name.clone(), sum);
            }
        }
        for of in &backlog.stages {
            stages.entry(of.stage.clone()).or_default();
        }
        for (stage, mut sum) in stages {
            let mut pending = backlog.stages.iter().filter(|of| of.stage == stage);
            let pending = pending.next();
            for (bin, n) in pending.iter().flat_map(|of| &of.ages) {
                sum.latencies.add_in_flight(*bin, *n);
            }
            let mut reading = StageReading {
                pending: pending.map_or(0, |of| of.pending),
                pending_capped: backlog.is_capped,
                stuck: pending.map_or(0, |of| of.stuck),
                oldest_pending: pending.and_then(|of| of.oldest),
                known_since,
                ..StageReading::empty(stage)
            };
            sum.fill(&mut reading);
            readings.push(reading);
        }
        readings
    }

    fn add(&self, chunk: &Chunk, sums: &mut BTreeMap<Stage, Sum>) {
        let is_within = |slot: Slot, seconds| slot.is_within(seconds, self.now);
        for ((stage, slot), n) in &chunk.written {
            if is_within(*slot, DAY) {
                let sum = sums.entry(*stage).or_default();
                if is_within(*slot, HOUR) {
                    sum.written_1h.add(n);
                }
                if is_within(*slot, MINUTES_5) {
                    sum.written_5m.add(n);
                }
            }
        }
        for ((stage, slot, bin), n) in &chunk.ended {
            let sum = sums.entry(*stage).or_default();
            sum.last_processed = sum.last_processed.max(n.last_processed);
            if is_within(*slot, HOUR) {
                sum.ended_1h.add(n);
                sum.latencies.add_ended(*bin, n.n);
            }
            if is_within(*slot, MINUTES_5) {
                sum.ended_5m.add(n);
            }
        }
        for row in chunk.open.iter().filter(|row| row.is_running) {
            let sum = sums.entry(row.stage).or_default();
            sum.running += 1;
            if !row.has_end {
                sum.latencies.add_in_flight(self.age_bin(row.created), 1);
            }
        }
    }

    pub(super) fn age_bin(&self, created: i64) -> u16 {
        histogram::bin((self.now.timestamp_millis() - created) as f64)
    }

    /// The pending events of the day, from their list.
    pub fn backlog(&self) -> Backlog {
        let stuck = self.now.timestamp_millis() - MINUTES_5 * 1_000;
        let mut stages: BTreeMap<Stage, (StageBacklog, BTreeMap<u16, u64>)> = BTreeMap::new();
        for row in self.chunks.iter().flat_map(|chunk| &chunk.open) {
            let Some(name) = self
                .stages
                .get(usize::from(row.stage))
                .filter(|_| !row.is_running)
            else {
                continue;
            };
            let (of, ages) = stages
                .entry(row.stage)
                .or_insert_with(|| (StageBacklog::empty(name.clone()), BTreeMap::new()));
            let written = Timestamp::from_timestamp_millis(row.created);
            of.pending += 1;
            of.stuck += u64::from(row.created < stuck);
            of.oldest = of.oldest.into_iter().chain(written).min();
            *ages.entry(self.age_bin(row.created)).or_default() += 1;
        }
        let stages = stages.into_values().map(|(of, ages)| StageBacklog {
            ages: ages.into_iter().collect(),
            ..of
        });
        Backlog {
            stages: stages.collect(),
            is_capped: self.is_cut,
        }
    }

    /// Failed events of the last hour by stage, by when they ended.
    pub fn failures(&self) -> Vec<(EventType, u64)> {
        let mut failed: BTreeMap<Stage, u64> = BTreeMap::new();
        for ((stage, slot, _), n) in self.chunks.iter().flat_map(|chunk| &chunk.ended) {
            if n.failed > 0 && slot.is_within(HOUR, self.now) {
                *failed.entry(*stage).or_default() += n.failed;
            }
        }
        let name = |(stage, n)| Some((self.stages.get(usize::from(stage))?.clone(), n));
        failed.into_iter().filter_map(name).collect()
    }

    /// Events written and processed, a minute and stage, over the last 60 minutes.
    pub fn trend(&self) -> Vec<MinuteBucket> {
        let first = self.now.timestamp().div_euclid(60) * 60 - 59 * 60;
        let minute = |slot: Slot| slot.start.div_euclid(60) * 60;
        let mut cells: BTreeMap<(Stage, i64), (u64, u64)> = BTreeMap::new();
        for chunk in &self.chunks {
            for ((stage, slot), n) in chunk
                .written
                .iter()
                .filter(|((_, slot), _)| slot.start >= first)
            {
                cells.entry((*stage, minute(*slot))).or_default().0 += n.created;
            }
            for ((stage, slot, _), n) in chunk
                .ended
                .iter()
                .filter(|((_, slot, _), _)| slot.start >= first)
            {
                cells.entry((*stage, minute(*slot))).or_default().1 += n.processed;
            }
        }
        let bucket = |((stage, minute), (created, processed))| {
            Some(MinuteBucket {
                stage: self.stages.get(usize::from(stage))?.clone(),
                minute: Timestamp::from_timestamp(minute, 0)?,
                created,
                processed,
            })
        };
        cells.into_iter().filter_map(bucket).collect()
    }

    /// The totals of the last day, but for the errors.
    pub fn totals(&self) -> Totals {
        let mut written = Written::default();
        let mut processed_5m = 0;
        for chunk in &self.chunks {
            for (_, n) in chunk
                .written
                .iter()
                .filter(|((_, slot), _)| slot.is_within(DAY, self.now))
            {
                written.add(n);
            }
            for ((_, slot, _), n) in &chunk.ended {
                if slot.is_within(MINUTES_5, self.now) {
                    processed_5m += n.processed;
                }
            }
        }
        Totals {
            events: written.created,
            processed: written.processed,
            failed: written.failed,
            processed_5m,
            avg_latency_ms: mean(written.processed_sum_ms, written.processed_timed),
            unresolved_errors: 0,
            errors_since: None,
            errors_counted: None,
            since: self.since(),
            is_unordered: false,
        }
    }

    /// Events of `stage` that were written in the last `seconds`, or wait for longer; and when the first of them was written,
    /// in a slot of the windows where it does not wait.
    pub fn due(
        &self,
        stage: &EventType,
        seconds: i64,
        backlog: &Backlog,
    ) -> (u64, Option<Timestamp>) {
        let of_stage = |(at, slot): &(Stage, Slot)| {
            self.stages.get(usize::from(*at)) == Some(stage) && slot.is_within(seconds, self.now)
        };
        let cells = self.chunks.iter().flat_map(|chunk| &chunk.written);
        let (mut due, mut oldest) = (0, None);
        for ((_, slot), n) in cells.filter(|(key, _)| of_stage(key)) {
            due += n.created;
            let start = Timestamp::from_timestamp(slot.start, 0);
            oldest = oldest.into_iter().chain(start).min();
        }
        let longer = histogram::bin(seconds as f64 * 1_000.0);
        for of in backlog.stages.iter().filter(|of| of.stage == *stage) {
            let waiting = of.ages.iter().filter(|(bin, _)| *bin > longer);
            due += waiting.map(|(_, n)| n).sum::<u64>();
            oldest = oldest.into_iter().chain(of.oldest).min();
        }
        (due, oldest)
    }
}

impl Sum {
    fn fill(&self, reading: &mut StageReading) {
        let written = &self.written_1h;
        reading.processing = self.running;
        reading.created_5m = self.written_5m.created;
        reading.processed_5m = self.ended_5m.processed;
        reading.created_1h = written.created;
        reading.processed_1h = self.ended_1h.processed;
        reading.last_processed = self
            .last_processed
            .and_then(Timestamp::from_timestamp_millis);
        reading.latency = Latency {
            n: written.timed,
            avg_ms: mean(written.sum_ms, written.timed),
            max_ms: (written.timed > 0).then(|| written.max_ms.max(0.0).round() as u64),
            p50: self.latencies.quantile(0.5),
            p95: self.latencies.quantile(0.95),
            p99: self.latencies.quantile(0.99),
        };
    }
}

/// The mean of `n` durations, in whole ms.
pub(super) fn mean(sum_ms: f64, n: u64) -> Option<u64> {
    (n > 0).then(|| (sum_ms / n as f64).max(0.0).round() as u64)
}
