//! A value, and how far it can be trusted.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{domain::Timestamp, msg::Fault};

/// The latest value of a feed, kept when later answers fail.
#[derive(Debug, Clone)]
pub struct Feed<T> {
    latest: Option<(Timestamp, T)>,
    fault: Option<(Timestamp, Fault)>,
    took_ms: u64,
}

/// How far a feed's value can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing has come yet.
    Waiting,
    /// The value is fresh.
    Fresh,
    /// The value is older than two intervals; this old.
    Stale(TimeDelta),
    /// The last answer was a fault; the age of the value that is kept, if there is one.
    Failing(Fault, Option<TimeDelta>),
}

impl<T> Default for Feed<T> {
    fn default() -> Self {
        Self {
            latest: None,
            fault: None,
            took_ms: 0,
        }
    }
}

impl<T> Feed<T> {
    /// The feed answered, after `ms`.
    pub fn succeed(&mut self, at: Timestamp, value: T, ms: u64) {
        self.latest = Some((at, value));
        self.fault = None;
        self.took_ms = ms;
    }

    /// The feed failed; the old value stays.
    pub fn fail(&mut self, at: Timestamp, fault: Fault) {
        self.fault = Some((at, fault));
    }

    /// The latest value, however old.
    pub fn value(&self) -> Option<&T> {
        self.latest.as_ref().map(|(_, value)| value)
    }

    /// When the latest value came.
    pub fn at(&self) -> Option<Timestamp> {
        self.latest.as_ref().map(|(at, _)| *at)
    }

    /// Why the last answer was none, if it was.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref().map(|(_, fault)| fault)
    }

    /// How long the last good answer took, ms.
    pub const fn took_ms(&self) -> u64 {
        self.took_ms
    }

    /// How far the value can be trusted at `now`, for a feed that is asked every `interval`. Old is older than
    /// two intervals and 3 s for the way.
    pub fn freshness(&self, now: Timestamp, interval: Duration) -> Freshness {
        let limit = TimeDelta::seconds(2 * interval.as_secs() as i64 + 3);
        match (&self.fault, &self.latest) {
            (Some((_, fault)), latest) => {
                Freshness::Failing(fault.clone(), latest.as_ref().map(|(at, _)| now - *at))
            }
            (None, None) => Freshness::Waiting,
            (None, Some((at, _))) if now - *at > limit => Freshness::Stale(now - *at),
            (None, Some(_)) => Freshness::Fresh,
        }
    }
}
