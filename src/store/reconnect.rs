//! The times in which a connection to the database was away, and what the sweeps have found of them since. A gap that
//! only a toast told of is one that nobody sees twice: so each stays, as a line in the stream.

use std::collections::VecDeque;

use serde_json::json;

use super::ring::Ring;
use crate::{
    domain::{
        Timestamp,
        event::{EventRow, RowId},
        ledger::{Stretch, place_json},
    },
    msg::{Link, LinkId},
};

/// Reconnects kept; older ones make way.
const KEPT: usize = 32;

/// What was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// The connection that listens: events were read by polling alone.
    Listener,
    /// The connection that reads: nothing was read.
    Reader,
    /// Both, at the same time.
    Both,
}

impl Away {
    /// It in a word or two, behind how long it lasted.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listener => "deaf",
            Self::Reader => "not reading",
            Self::Both => "cut off",
        }
    }

    /// Its name in `--json`.
    const fn name(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Reader => "reader",
            Self::Both => "both",
        }
    }
}

/// A time without a connection that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnect {
    /// The how many-th it is.
    pub number: u64,
    /// What was away.
    pub away: Away,
    /// Since when, by our own clock.
    pub down: Timestamp,
    /// When it was back, by our own clock.
    pub up: Timestamp,
    /// When it was back, by the clock of the database, which the events are written by.
    pub at: Timestamp,
    /// Whether there is a key from which on its rows can be counted.
    pub is_countable: bool,
    /// What the sweeps have found of its keys; none before the first sweep after it.
    pub found: Option<Stretch>,
}

impl Reconnect {
    /// What it cost, where `time` says when it was over: `reconnect 14:31:50Z, 3.1s deaf: 12 rows backfilled, 0 lost`.
    /// What is not proven yet is said to be open.
    pub fn sentence(&self, time: &str) -> String {
        let lasted = (self.up - self.down).num_milliseconds().max(0) as f64 / 1_000.0;
        let lasted = if lasted < 100.0 {
            format!("{lasted:.1}s")
        } else {
            format!("{lasted:.0}s")
        };
        let found = match &self.found {
            None if self.is_countable => "rows not counted yet".to_owned(),
            None => "its rows cannot be told apart by key".to_owned(),
            Some(found) => counted(found),
        };
        format!("reconnect {time}, {lasted} {}: {found}", self.away.word())
    }

    /// It as JSON.
    pub fn json(&self) -> serde_json::Value {
        json!({
            "away": self.away.name(),
            "down": self.down.to_rfc3339(),
            "up": self.up.to_rfc3339(),
            "seconds": (self.up - self.down).num_milliseconds() as f64 / 1_000.0,
            "approximate": self.found.is_some_and(|found| found.is_approximate),
            "after": self.found.map(|found| place_json(found.after, found.is_approximate)),
            "up_to": self.found.map(|found| place_json(found.up_to, found.is_approximate)),
            "backfilled": self.found.map(|found| found.rows),
            "lost": self.found.map(|found| found.lost),
            "holes_proven": self.found.map(|found| found.proven),
            "holes_aside": self.found.map(|found| found.aside),
            "holes_waiting": self.found.map(|found| found.waiting),
            "is_proven": self.found.is_some_and(|found| found.is_proven()),
        })
    }
}

/// What a stretch of keys came to, in words.
fn counted(found: &Stretch) -> String {
    let plural = |n: u64, one: &str| {
        if n == 1 {
            format!("1 {one}")
        } else {
            format!("{n} {one}s")
        }
    };
    let about = if found.is_approximate { "about " } else { "" };
    let mut parts = vec![format!("{about}{} backfilled", plural(found.rows, "row"))];
    if found.lost > 0 || found.is_recounted {
        parts.push(format!("{} lost", found.lost));
    } else {
        parts.push("loss not counted yet".to_owned());
    }
    if found.waiting > 0 {
        parts.push(format!("{} open", plural(found.waiting, "id")));
    }
    if found.aside > 0 {
        let ids = plural(found.aside, "id");
        parts.push(format!("{ids} unproven: the sequence caches keys"));
    }
    if found.proven > 0 {
        let holes = plural(found.proven, "id hole");
        let rollbacks = if found.proven == 1 {
            "a rollback"
        } else {
            "rollbacks"
        };
        parts.push(format!("{holes} proven {rollbacks}"));
    }
    parts.join(", ")
}

/// A line of the stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry<'a> {
    /// An event.
    Event(&'a EventRow),
    /// A connection was away until here.
    Reconnect(&'a Reconnect),
}

impl Entry<'_> {
    /// Whether it is the event with this key.
    pub fn is_event(&self, id: Option<&RowId>) -> bool {
        match self {
            Self::Event(row) => Some(&row.id) == id,
            Self::Reconnect(_) => false,
        }
    }
}

/// Events and reconnects, each newest first, as one list by time.
pub fn lines<'a>(
    events: &[&'a EventRow],
    reconnects: impl Iterator<Item = &'a Reconnect>,
) -> Vec<Entry<'a>> {
    let mut reconnects = reconnects.peekable();
    let mut lines = Vec::with_capacity(events.len());
    for event in events {
        while let Some(over) = reconnects.next_if(|over| over.at >= event.created_at) {
            lines.push(Entry::Reconnect(over));
        }
        lines.push(Entry::Event(event));
    }
    lines.extend(reconnects.map(Entry::Reconnect));
    lines
}

/// A connection that is away now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outage {
    down: Timestamp,
    /// The highest key that the stream had read.
    after: Option<i64>,
    /// Which were away at all, and which still are: the listener, the reader.
    was: (bool, bool),
    is: (bool, bool),
}

/// The reconnects of this session.
#[derive(Debug, Clone, Default)]
pub struct Reconnects {
    open: Option<Outage>,
    kept: VecDeque<Reconnect>,
    count: u64,
    /// The last one, whose keys are to be accounted for: its number, and the key before them.
    owed: Option<(u64, i64)>,
}

impl Reconnects {
    /// A connection was `before` and is `after` now, at `now` by our clock and `clock` by the database's.
    pub(super) fn linked(
        &mut self,
        (now, clock): (Timestamp, Timestamp),
        id: LinkId,
        (before, after): (&Link, &Link),
        stream: &Ring,
    ) {
        let of = |is_away: bool| match id {
            LinkId::Listener => (is_away, false),
            LinkId::Reader => (false, is_away),
            LinkId::N8n => (false, false),
        };
        let (was_up, is_up) = (before.is_up(), after.is_up());
        let or = |a: (bool, bool), b: (bool, bool)| (a.0 || b.0, a.1 || b.1);
        let (listener, reader) = of(true);
        if was_up && !is_up && (listener || reader) {
            let down = match after {
                Link::Down { since, .. } | Link::Deaf(since, _) => (*since).min(now),
                Link::Connecting | Link::Up(..) | Link::Off(_) => now,
            };
            let outage = self.open.get_or_insert_with(|| Outage {
                down,
                after: stream.place_at(clock - (now - down)),
                was: (false, false),
                is: (false, false),
            });
            outage.was = or(outage.was, (listener, reader));
            outage.is = or(outage.is, (listener, reader));
        } else if is_up && let Some(outage) = &mut self.open {
            outage.is = (outage.is.0 && !listener, outage.is.1 && !reader);
            if outage.is == (false, false) {
                self.over(now, clock);
            }
        }
    }

    /// The outage is over.
    fn over(&mut self, now: Timestamp, clock: Timestamp) {
        let Some(outage) = self.open.take() else {
            return;
        };
        self.count += 1;
        self.owed = outage.after.map(|after| (self.count, after));
        self.kept.push_back(Reconnect {
            number: self.count,
            away: match outage.was {
                (true, true) => Away::Both,
                (false, true) => Away::Reader,
                (_, false) => Away::Listener,
            },
            down: outage.down,
            up: now,
            at: clock,
            is_countable: outage.after.is_some(),
            found: None,
        });
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }

    /// What a sweep found of them; whether that is news.
    pub(super) fn swept(&mut self, stretches: &[Stretch]) -> bool {
        let mut changed = false;
        for reconnect in &mut self.kept {
            let number = reconnect.number;
            if let Some(found) = stretches.iter().find(|found| found.number == number) {
                changed |= reconnect.found.as_ref() != Some(found);
                reconnect.found = Some(*found);
            }
        }
        changed
    }

    /// The stretch of keys that the reader is to account for, asked once: its number, and the key before it.
    pub const fn take_owed(&mut self) -> Option<(u64, i64)> {
        self.owed.take()
    }

    /// Those that are kept, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Reconnect> {
        self.kept.iter()
    }

    /// How many there were.
    pub const fn count(&self) -> u64 {
        self.count
    }
}
