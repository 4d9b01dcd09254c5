//! Latency of a record through all of a phase.

use serde::{Deserialize, Serialize};

use super::{Quantile, window::Span};
use crate::domain::{
    Timestamp,
    pipeline::{Pipeline, Stage},
    untrusted::Untrusted,
};

/// Records from end to end over a window of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// How long it is.
    pub span: Span,
    /// What is known; `None` where neither the tables nor the description of the pipeline tell it.
    pub end_to_end: Option<EndToEnd>,
}

/// From the coming of a record to its end, over those that ended first in a window: by the guide's tables from a raw company to its
/// first verified contact, else by the events of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndToEnd {
    /// What it goes from and to, where that is told from events.
    #[serde(default)]
    pub path: Option<Path>,
    /// Records that ended in the window.
    pub n: u64,
    /// Median, records in flight included with how long they are so already.
    pub p50: Option<Quantile>,
    /// 95th percentile, likewise.
    pub p95: Option<Quantile>,
    /// 99th percentile, likewise.
    pub p99: Option<Quantile>,
    /// Longest of those that ended, ms; `None` where none did.
    pub max_ms: Option<u64>,
    /// Those in flight.
    pub in_flight: InFlight,
    /// How many of the newest are looked at, where there may be more: events, or where that is told from tables, records
    /// that came and contacts that were verified.
    pub newest: Option<u64>,
    /// Those that took longest, ten at most, the slowest first.
    pub slowest: Vec<SlowRecord>,
}

/// Records that came and have not ended: neither well nor in a way that leaves nothing to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// How many.
    pub n: u64,
    /// How long the oldest of them is so already, ms: what it takes in the end is more.
    pub oldest_ms: Option<u64>,
}

/// The part of the cascade that a record is followed through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// The event that starts it.
    pub first: String,
    /// The event whose end ends it.
    pub last: String,
}

/// The stages from the one that starts `pipeline` to the last that its phase leads to, where keys join all of them; none where
/// there is no such way.
pub fn way(pipeline: &Pipeline) -> Vec<&Stage> {
    let Some(first) = pipeline.stages.iter().find(|stage| stage.parent.is_none()) else {
        return Vec::new();
    };
    let mut way = vec![first];
    while let Some(next) = way.last().and_then(|at| {
        let mut children = pipeline.children(&at.event);
        children.find(|child| {
            let has_keys = child.parent.as_ref().is_some_and(|of| !of.keys.is_empty());
            child.phase == first.phase && has_keys && !way.contains(child)
        })
    }) {
        way.push(next);
    }
    way
}

/// A record that took long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowRecord {
    /// Its key.
    pub record: Untrusted,
    /// Whom it is about.
    pub company: Option<Untrusted>,
    /// When it came.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Between the two, ms.
    pub took_ms: u64,
}
