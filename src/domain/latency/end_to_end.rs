//! Latency of a record through all of a phase.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Timestamp,
    pipeline::{Pipeline, Stage},
    untrusted::Untrusted,
};

/// From the coming of a record to its end, over those that ended first in a window: by the guide's tables from a raw company to its
/// first verified contact, else by the events of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndToEnd {
    /// What it goes from and to, where that is told from events.
    #[serde(default)]
    pub path: Option<Path>,
    /// Records.
    pub n: u64,
    /// Median, ms.
    pub p50_ms: u64,
    /// 95th percentile, ms.
    pub p95_ms: u64,
    /// Longest, ms.
    pub max_ms: u64,
    /// Those that took longest, ten at most, the slowest first.
    pub slowest: Vec<SlowRecord>,
}

/// The part of the cascade that a record is followed through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// The event that starts it.
    pub first: String,
    /// The event whose end ends it.
    pub last: String,
    /// Records that are in flight, and how long the oldest of them is so already, ms: what it takes in the end is more.
    pub in_flight: (u64, Option<u64>),
    /// How many of the newest events are looked at, where the window is longer than they reach.
    pub newest: Option<u64>,
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
