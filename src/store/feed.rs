//! A value, and how far it can be trusted.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    domain::{Timestamp, cost::Turn},
    msg::Fault,
};

/// The latest value of a feed, kept when later answers fail.
#[derive(Debug, Clone)]
pub struct Feed<T> {
    latest: Option<(Timestamp, T)>,
    fault: Option<(Timestamp, Fault)>,
    turn: Turn,
    rest: Rest,
}

/// Whether a feed is asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// It is.
    Awake,
    /// Nothing that is shown needs it.
    Resting,
    /// It is needed again since then, and has not answered yet.
    Woken(Timestamp),
}

/// How far a feed's value can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing has come yet.
    Waiting,
    /// The value is fresh.
    Fresh,
    /// The value is older than two intervals, since nobody needed it meanwhile; this old. A new one is on its way where
    /// it is needed again.
    Rested(TimeDelta),
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
            turn: Turn::default(),
            rest: Rest::Awake,
        }
    }
}

impl<T: PartialEq> Feed<T> {
    /// The feed answered, in `turn`. Whether that is another value than before, or ends a fault.
    pub fn succeed(&mut self, at: Timestamp, value: T, turn: Turn) -> bool {
        let changed = self.fault.is_some() || self.value() != Some(&value);
        self.latest = Some((at, value));
        self.fault = None;
        self.turn = turn;
        if matches!(self.rest, Rest::Woken(_)) {
            self.rest = Rest::Awake;
        }
        changed
    }
}

impl<T> Feed<T> {
    /// The feed failed; the old value stays. Whether that is another fault than before.
    pub fn fail(&mut self, at: Timestamp, fault: Fault) -> bool {
        let since = match &self.fault {
            Some((since, known)) if *known == fault => *since,
            Some(_) | None => at,
        };
        let changed = self.fault() != Some(&fault);
        self.fault = Some((since, fault));
        changed
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

    /// Since when every answer was this fault, if the last one was.
    pub fn failing_since(&self) -> Option<Timestamp> {
        self.fault.as_ref().map(|(since, _)| *since)
    }

    /// The value, unless it is too old to judge anything by; a fault alone does not make it old.
    pub fn usable(&self, now: Timestamp, interval: Duration) -> Option<&T> {
        let (at, value) = self.latest.as_ref()?;
        (now - *at <= self.limit(interval)).then_some(value)
    }

    /// Whether it is asked, to be changed.
    pub(super) const fn rest(&mut self) -> &mut Rest {
        &mut self.rest
    }

    /// How long the last good answer took, ms.
    pub const fn took_ms(&self) -> u64 {
        self.turn.ms
    }

    /// The age beyond which the value is old: two intervals, and 3 s for the way. Where the feed was slowed when it
    /// answered, its next answer is not due before the interval that was in force then.
    pub(super) fn limit(&self, interval: Duration) -> TimeDelta {
        let in_force = self.turn.interval_ms.unwrap_or_default() as i64;
        let interval = in_force.max(interval.as_millis() as i64);
        TimeDelta::milliseconds(2 * interval + 3_000)
    }

    /// How far the value can be trusted at `now`, for a feed that is asked every `interval`. Old is older than
    /// two intervals and 3 s for the way.
    pub fn freshness(&self, now: Timestamp, interval: Duration) -> Freshness {
        let limit = self.limit(interval);
        match (&self.fault, &self.latest) {
            (Some((_, fault)), latest) => {
                Freshness::Failing(fault.clone(), latest.as_ref().map(|(at, _)| now - *at))
            }
            (None, None) => Freshness::Waiting,
            (None, Some((at, _))) if now - *at > limit => match self.rest {
                Rest::Resting => Freshness::Rested(now - *at),
                Rest::Woken(since) if now - since <= limit => Freshness::Rested(now - *at),
                Rest::Woken(_) | Rest::Awake => Freshness::Stale(now - *at),
            },
            (None, Some(_)) => Freshness::Fresh,
        }
    }
}
