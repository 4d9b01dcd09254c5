//! What is measured of each stage: backlog, flow, errors, latency.

use serde::{Deserialize, Serialize};

use super::{Timestamp, event::EventType, latency::Latency, outcomes::Share};

/// Pending events and unresolved errors are counted up to here; where there are more, that is said: `100k+`.
pub const COUNTED: u64 = 100_000;

/// One stage now and over the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageReading {
    /// The stage.
    pub stage: EventType,
    /// Events pending now; a lower bound when `pending_capped`.
    pub pending: u64,
    /// Whether counting stopped at a limit (`100k+`).
    pub pending_capped: bool,
    /// Events pending for more than 5 min.
    pub stuck: u64,
    /// Events being processed now.
    pub processing: u64,
    /// When the oldest pending event was written.
    pub oldest_pending: Option<Timestamp>,
    /// Events written in the last 5 min.
    pub created_5m: u64,
    /// Events processed in the last 5 min.
    pub processed_5m: u64,
    /// Events written in the last hour.
    pub created_1h: u64,
    /// Events processed in the last hour.
    pub processed_1h: u64,
    /// Rows of `pipeline_errors` in the last hour.
    pub errors_1h: u64,
    /// When an event was last processed, within the last 24 h.
    pub last_processed: Option<Timestamp>,
    /// Latency over the last hour.
    pub latency: Latency,
    /// Since when events are counted, where that is not an hour yet: what is of the last hour is a lower bound.
    #[serde(default)]
    pub known_since: Option<Timestamp>,
}

impl StageReading {
    /// An empty reading of `stage`.
    pub fn empty(stage: EventType) -> Self {
        Self {
            stage,
            pending: 0,
            pending_capped: false,
            stuck: 0,
            processing: 0,
            oldest_pending: None,
            created_5m: 0,
            processed_5m: 0,
            created_1h: 0,
            processed_1h: 0,
            errors_1h: 0,
            last_processed: None,
            latency: Latency::default(),
            known_since: None,
        }
    }

    /// Events written a minute, over the last 5 min.
    pub fn in_per_min(&self) -> f64 {
        self.created_5m as f64 / 5.0
    }

    /// Events processed a minute, over the last 5 min.
    pub fn out_per_min(&self) -> f64 {
        self.processed_5m as f64 / 5.0
    }

    /// Growth of the backlog a minute; negative when it shrinks.
    pub fn net_per_min(&self) -> f64 {
        self.in_per_min() - self.out_per_min()
    }

    /// Errors of all outcomes in the last hour: errors / (errors + processed), and that n. None while not all of the
    /// processed are known.
    pub fn error_rate(&self) -> (Option<f64>, u64) {
        let n = self.errors_1h + self.processed_1h;
        (
            (n > 0 && self.known_since.is_none()).then(|| self.errors_1h as f64 / n as f64),
            n,
        )
    }

    /// The same as a part of a whole; nothing of nothing, or while not all of the processed are known.
    pub fn error_share(&self) -> Option<Share> {
        let (rate, of) = self.error_rate();
        let part = self.errors_1h;
        rate.map(|_| Share { part, of })
    }

    /// Seconds until the backlog is gone at the present rates; `None` when it does not shrink or is empty.
    pub fn drain_seconds(&self) -> Option<f64> {
        let net = self.net_per_min();
        (self.pending > 0 && net < 0.0).then(|| self.pending as f64 / -net * 60.0)
    }
}

/// What one stage did in one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinuteBucket {
    /// The stage.
    pub stage: EventType,
    /// The first instant of the minute.
    pub minute: Timestamp,
    /// Events written.
    pub created: u64,
    /// Events processed.
    pub processed: u64,
}

/// The numbers of the guide's hybrid dashboard, over the last 24 h unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Events written.
    pub events: u64,
    /// Of those, processed.
    pub processed: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Events processed in the last 5 min.
    pub processed_5m: u64,
    /// Mean latency of the processed, ms.
    pub avg_latency_ms: Option<u64>,
    /// Rows of `pipeline_errors` not resolved, of any age.
    pub unresolved_errors: u64,
    /// Since when errors were looked at for that, where older ones were not: then it is a lower bound.
    #[serde(default)]
    pub errors_since: Option<Timestamp>,
    /// When they were counted, if that was before these numbers.
    #[serde(default)]
    pub errors_counted: Option<Timestamp>,
    /// Since when events are counted, where that is not a day yet.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Whether the keys of events are in no order of time, so that there may be more of the day than was found by key.
    #[serde(default)]
    pub is_unordered: bool,
}

impl Totals {
    /// Why they are lower bounds where keys are in no order.
    pub const UNORDERED: &str = "keys are not in the order of time";

    /// Whether counts of the day are lower bounds.
    pub const fn is_least(&self) -> bool {
        self.since.is_some() || self.is_unordered
    }

    /// processed / (processed + failed), as a share of 1; `None` with nothing ended.
    pub fn success_rate(&self) -> Option<f64> {
        let ended = self.processed + self.failed;
        (ended > 0).then(|| self.processed as f64 / ended as f64)
    }
}
