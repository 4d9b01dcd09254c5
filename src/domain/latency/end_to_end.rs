//! Latency of a record through all of a phase.

use serde::{Deserialize, Serialize};

use crate::domain::{Timestamp, untrusted::Untrusted};

/// From a raw company to its first verified contact, over those verified first in a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndToEnd {
    /// Companies.
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

/// A record that took long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowRecord {
    /// Its key.
    pub record: Untrusted,
    /// The name of the company.
    pub company: Option<Untrusted>,
    /// When it came.
    pub began: Timestamp,
    /// When its first contact was verified.
    pub ended: Timestamp,
    /// Between the two, ms.
    pub took_ms: u64,
}
