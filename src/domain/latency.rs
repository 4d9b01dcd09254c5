//! Latency of a stage: from `created_at` to `processed_at`, with what is still in flight as a lower bound.

pub mod end_to_end;
pub mod window;

use serde::{Deserialize, Serialize};

/// A quantile, in milliseconds. It is a lower bound where an event still in flight stands at its rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantile {
    /// Milliseconds.
    pub ms: u64,
    /// Whether the truth can only be higher: the event at this rank has not ended.
    pub at_least: bool,
}

/// The latency of a stage over a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Events that ended in the window.
    pub n: u64,
    /// Mean of those that ended, ms, as the guide asks.
    pub avg_ms: Option<u64>,
    /// Longest of those that ended, ms, as the guide asks.
    pub max_ms: Option<u64>,
    /// Median, in-flight included.
    pub p50: Option<Quantile>,
    /// 95th percentile, in-flight included.
    pub p95: Option<Quantile>,
    /// 99th percentile, in-flight included.
    pub p99: Option<Quantile>,
}
