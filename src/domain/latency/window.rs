//! Latency of every stage over a window of time: what it came to, how it was spread, how it went, and what is usual.

use serde::{Deserialize, Serialize};

use super::{Latency, Quantile};
use crate::domain::{
    Timestamp,
    event::EventType,
    window::histogram::{self, Histogram},
};

/// How long a window is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// An hour.
    #[default]
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Span {
    /// Every one, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Its length, s.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Month => 30 * 86_400,
        }
    }

    /// Slots that it is told in.
    pub const fn slots(self) -> u16 {
        match self {
            Self::Hour | Self::Month => 30,
            Self::Day => 24,
            Self::Week => 28,
        }
    }

    /// The length of a slot, s.
    pub const fn slot_seconds(self) -> i64 {
        self.seconds() / self.slots() as i64
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hour => "1 h",
            Self::Day => "24 h",
            Self::Week => "7 d",
            Self::Month => "30 d",
        }
    }

    /// Whether only roll-ups can tell it at a bearable cost.
    pub const fn needs_roll_ups(self) -> bool {
        matches!(self, Self::Week | Self::Month)
    }

    /// The next longer one.
    #[must_use]
    pub const fn longer(self) -> Self {
        match self {
            Self::Hour => Self::Day,
            Self::Day => Self::Week,
            Self::Week | Self::Month => Self::Month,
        }
    }

    /// The next shorter one.
    #[must_use]
    pub const fn shorter(self) -> Self {
        match self {
            Self::Hour | Self::Day => Self::Hour,
            Self::Week => Self::Day,
            Self::Month => Self::Week,
        }
    }
}

/// Where a window comes from, and so how exact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The table of events: percentiles within 2.2 %.
    Table,
    /// Our own memory of it: percentiles within 2.2 %, windows within half a slot of their edge.
    Memory,
    /// The roll-ups of the site, by the hour that events were written in: percentiles within 11 %.
    RollUps,
}

/// Events of one slot and one bin of [`Histogram`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The slot, 0 the oldest.
    pub slot: u16,
    /// The bin.
    pub bin: u16,
    /// How many.
    pub n: u64,
}

/// What is usual for a stage: of the same span of time, to the minute, on the same weekdays of the four weeks before, the median of the weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usual {
    /// Weeks that are known, 2 to 4.
    pub weeks: u8,
    /// Median, ms.
    pub p50_ms: u64,
    /// 95th percentile, ms.
    pub p95_ms: u64,
}

impl Usual {
    /// Of what each of the weeks before came to: its median and its 95th percentile, ms. Fewer than two prove nothing.
    pub fn of(weeks: &[(u64, u64)]) -> Option<Self> {
        if weeks.len() < 2 {
            return None;
        }
        Some(Self {
            weeks: weeks.len().min(4) as u8,
            p50_ms: median(weeks.iter().map(|week| week.0)),
            p95_ms: median(weeks.iter().map(|week| week.1)),
        })
    }
}

fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut sorted: Vec<u64> = values.collect();
    sorted.sort_unstable();
    let at = |place: usize| sorted.get(place).copied().unwrap_or(0);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        u64::midpoint(at(middle.saturating_sub(1)), at(middle))
    } else {
        at(middle)
    }
}

/// One stage over a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageWindow {
    /// The stage.
    pub stage: EventType,
    /// Events written in the window that have ended.
    pub n: u64,
    /// Mean of those, ms, as the guide asks.
    pub avg_ms: Option<u64>,
    /// Longest of those, ms, as the guide asks.
    pub max_ms: Option<u64>,
    /// Events by when they ended and how long they took; of roll-ups, by when they were written.
    pub cells: Vec<Cell>,
    /// Events in flight by how long they are so already: bin and number.
    pub in_flight: Vec<(u16, u64)>,
    /// What is usual; `None` with fewer than two of the four weeks before.
    pub usual: Option<Usual>,
}

impl StageWindow {
    /// Nothing of `stage`.
    pub const fn empty(stage: EventType) -> Self {
        Self {
            stage,
            n: 0,
            avg_ms: None,
            max_ms: None,
            cells: Vec::new(),
            in_flight: Vec::new(),
            usual: None,
        }
    }

    /// The numbers of the window. Events in flight count with how long they are so already.
    pub fn latency(&self) -> Latency {
        let mut all = Histogram::default();
        for cell in &self.cells {
            all.add_ended(cell.bin, cell.n);
        }
        for (bin, n) in &self.in_flight {
            all.add_in_flight(*bin, *n);
        }
        Latency {
            n: self.n,
            avg_ms: self.avg_ms,
            max_ms: self.max_ms,
            p50: all.quantile(0.5),
            p95: all.quantile(0.95),
            p99: all.quantile(0.99),
        }
    }

    /// The 95th percentile of what ended in each of `slots`, ms; 0 where nothing did.
    pub fn p95_by_slot(&self, slots: u16) -> Vec<u64> {
        let mut by_slot = vec![Histogram::default(); usize::from(slots)];
        for cell in &self.cells {
            if let Some(slot) = by_slot.get_mut(usize::from(cell.slot)) {
                slot.add_ended(cell.bin, cell.n);
            }
        }
        let p95 = |slot: &Histogram| slot.quantile(0.95).map_or(0, |found: Quantile| found.ms);
        by_slot.iter().map(p95).collect()
    }

    /// How many times what is usual its 95th percentile is; `None` without a baseline or a reading.
    pub fn times_usual(&self) -> Option<f64> {
        let usual = self.usual.filter(|usual| usual.p95_ms > 0)?;
        let p95 = self.latency().p95?;
        Some(p95.ms as f64 / usual.p95_ms as f64)
    }

    /// Events by band of latency and by slot, the quickest band first, in at most `rows` bands of as many whole octaves each.
    /// Events in flight are not in it: they have not ended in any slot.
    pub fn bands(&self, slots: u16, rows: usize) -> Vec<Band> {
        let octave = |bin: u16| bin / histogram::BINS_AN_OCTAVE;
        let octaves = self.cells.iter().map(|cell| octave(cell.bin));
        let (Some(low), Some(high)) = (octaves.clone().min(), octaves.max()) else {
            return Vec::new();
        };
        let count = usize::from(high - low) + 1;
        let each = count.div_ceil(rows.max(1)).max(1) as u16;
        let mut bands: Vec<Band> = (low..=high)
            .step_by(usize::from(each))
            .map(|first| Band {
                below_ms: (2.0_f64).powi(i32::from(first + each)).round() as u64,
                n: 0,
                slots: vec![0; usize::from(slots)],
            })
            .collect();
        for cell in &self.cells {
            let at = usize::from((octave(cell.bin) - low) / each);
            let Some(band) = bands.get_mut(at) else {
                continue;
            };
            band.n += cell.n;
            if let Some(slot) = band.slots.get_mut(usize::from(cell.slot)) {
                *slot += cell.n;
            }
        }
        bands
    }
}

/// Events whose latency is below a limit, and not below that of the band before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// The limit, ms.
    pub below_ms: u64,
    /// How many.
    pub n: u64,
    /// How many in each slot, the oldest first.
    pub slots: Vec<u64>,
}

/// Every stage over a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyWindow {
    /// How long it is.
    pub span: Span,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it ends; of roll-ups, how far they have come.
    pub until: Option<Timestamp>,
    /// Since when it is known, where that is not the whole of it.
    pub since: Option<Timestamp>,
    /// Whether hours of the weeks before can be looked up here.
    pub has_baseline: bool,
    /// The stages.
    pub stages: Vec<StageWindow>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(cells: &[(u16, f64, u64)]) -> StageWindow {
        StageWindow {
            cells: cells
                .iter()
                .map(|(slot, ms, n)| Cell {
                    slot: *slot,
                    bin: histogram::bin(*ms),
                    n: *n,
                })
                .collect(),
            ..StageWindow::empty(EventType::from("a"))
        }
    }

    #[test]
    fn spans_follow_each_other_and_are_cut_into_whole_slots() {
        for span in Span::ALL {
            let whole = span.slot_seconds() * i64::from(span.slots());
            assert_eq!(whole, span.seconds(), "{span:?}");
        }
        let mut up = Span::Hour;
        for next in Span::ALL.into_iter().skip(1) {
            assert_eq!(up.longer(), next);
            assert_eq!(next.shorter(), up);
            up = next;
        }
        assert_eq!(Span::Month.longer(), Span::Month);
    }

    #[test]
    fn what_is_usual_is_the_median_of_the_weeks_and_one_week_is_none() {
        assert_eq!(Usual::of(&[(3, 9)]), None);
        let of = |weeks: &[(u64, u64)]| {
            let usual = Usual::of(weeks).unwrap();
            (usual.weeks, usual.p50_ms, usual.p95_ms)
        };
        assert_eq!(of(&[(2, 8), (4, 10)]), (2, 3, 9));
        assert_eq!(of(&[(1, 90), (3, 8), (2, 9)]), (3, 2, 9));
        assert_eq!(of(&[(1, 5), (2, 7), (3, 9), (4, 500)]), (4, 2, 8));
    }

    #[test]
    fn bands_hold_every_event_once_in_no_more_rows_than_there_are() {
        let window = window(&[(0, 3.0, 2), (1, 900.0, 5), (29, 70_000.0, 1), (29, 1e9, 1)]);
        for rows in 1..40 {
            let bands = window.bands(30, rows);
            assert!(bands.len() <= rows, "{rows}");
            assert_eq!(bands.iter().map(|band| band.n).sum::<u64>(), 9);
            let in_slots: u64 = bands.iter().flat_map(|band| &band.slots).sum();
            assert_eq!(in_slots, 9);
            assert!(bands.is_sorted_by_key(|band| band.below_ms));
        }
        let bands = window.bands(30, 100);
        assert_eq!(
            bands.first().map(|band| (band.below_ms, band.n)),
            Some((4, 2))
        );
        assert_eq!(
            bands.iter().find(|band| band.n == 5).unwrap().below_ms,
            1_024
        );
        assert!(
            StageWindow::empty(EventType::from("a"))
                .bands(30, 9)
                .is_empty()
        );
    }

    #[test]
    fn a_percentile_among_those_in_flight_is_a_lower_bound_and_is_held_against_what_is_usual() {
        let mut window = window(&[(3, 1_000.0, 10), (4, 2_000.0, 10)]);
        let slots = window.p95_by_slot(30);
        assert!(
            slots[3].abs_diff(1_000) < 30 && slots[4].abs_diff(2_000) < 60,
            "{slots:?}"
        );
        assert_eq!(slots[5], 0);
        assert_eq!(window.times_usual(), None);
        window.in_flight = vec![(histogram::bin(40_000.0), 5)];
        window.usual = Usual::of(&[(1_000, 9_000), (1_000, 9_000)]);
        assert!(window.latency().p95.unwrap().at_least);
        let times = window.times_usual().unwrap();
        assert!((times - 4.4).abs() < 0.2, "{times}");
    }
}
