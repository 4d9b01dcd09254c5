//! The balance: what the table has beside what became of it here.

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

use super::Stretch;
use crate::domain::{Timestamp, event::RowId, untrusted::Untrusted};

/// How the account of keys stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The key before the first one watched, or a moment, µs since 1970, where rows are followed by time.
    pub after: i64,
    /// The last key swept, or the time of the last row.
    pub reach: i64,
    /// Rows found between them that the table still has.
    pub rows: u64,
    /// Rows found before them, of which it is no longer asked whether the table has them: there were too many holes among
    /// them to be remembered.
    #[serde(default)]
    pub closed: u64,
    /// Rows that the stream has read beyond the last key swept.
    pub ahead: u64,
    /// Rows found that the table no longer has.
    pub removed: u64,
    /// Keys of the last of those, as runs, both ends included; none where keys have no order.
    #[serde(default)]
    pub gone: Vec<(i64, i64)>,
    /// Where keys have no order: those of rows that the stream holds and that the table was found to have no more.
    #[serde(default)]
    pub struck: Vec<RowId>,
    /// Rows from before the watch that the stream has read because they changed.
    pub older: u64,
    /// Keys that no row has or will have: their transactions were rolled back.
    pub proven: u64,
    /// Keys that a transaction still under way may write.
    pub waiting: u64,
    /// Keys without a row that a session may have put aside and may still use, whatever the horizon says.
    #[serde(default)]
    pub aside: u64,
    /// How many keys a session puts aside at once.
    #[serde(default)]
    pub cache: u64,
    /// Keys that were given up on before their proof, for there were too many.
    pub unproven: u64,
    /// Rows that came in a hole that counted as proven: a client had put a key aside.
    pub late: u64,
    /// Rows that the server counted and that are not found yet.
    pub lost: u64,
    /// What is known of the stretches of keys that were to be accounted for apart, the oldest first.
    #[serde(default)]
    pub stretches: Vec<Stretch>,
    /// Where keys have no order: how long after the time it bears a row may commit and is still found by its key, s. Then
    /// the account is approximate.
    #[serde(default)]
    pub overlap_s: Option<u64>,
    /// The statement that recounts the rows by hand.
    pub sql: Untrusted,
}

impl Count {
    /// Whether rows are followed by time, since their keys have no order.
    pub const fn is_approximate(&self) -> bool {
        self.overlap_s.is_some()
    }
}

/// A place in the account as people read it: a key, or a moment.
pub fn place(at: i64, is_time: bool) -> String {
    match DateTime::from_timestamp_micros(at).filter(|_| is_time) {
        Some(moment) => moment.to_rfc3339_opts(SecondsFormat::Micros, true),
        None => at.to_string(),
    }
}

/// The same for programs.
pub fn place_json(at: i64, is_time: bool) -> serde_json::Value {
    if is_time {
        place(at, true).into()
    } else {
        at.into()
    }
}

/// What became of every row of the table since the watch began, as of one sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// When the sweep was taken in.
    pub at: Timestamp,
    /// How the account stands.
    pub count: Count,
    /// Rows that the stream holds, shown or filtered.
    pub kept: u64,
    /// Rows that newer ones pushed out of the stream.
    pub evicted: u64,
}

impl Balance {
    /// Rows that the table has, by the account and the server's own count.
    pub const fn table(&self) -> u64 {
        self.count.rows + self.count.ahead + self.count.lost
    }

    /// Rows that were found in the table and never passed through the stream: they came while nobody listened, or
    /// faster than it shows them.
    pub const fn backfilled(&self) -> u64 {
        let count = &self.count;
        let all = count.rows + count.ahead + count.closed + count.removed + count.older;
        all.saturating_sub(self.kept + self.evicted)
    }

    /// Rows shown and rows filtered, where the filter now hides `hidden` of those kept.
    pub fn shown(&self, hidden: u64) -> (u64, u64) {
        let filtered = hidden.min(self.kept);
        (self.kept - filtered, filtered)
    }

    /// The whole of it in lines, where the filter hides `hidden` of the rows kept.
    pub fn lines(&self, hidden: u64) -> Vec<String> {
        let (shown, filtered) = self.shown(hidden);
        let count = &self.count;
        let mut lines = self.head();
        lines.extend([String::new(), row(self.table(), "rows in the table")]);
        lines.extend((count.closed > 0).then(|| {
            row(
                count.closed,
                "+ rows found before those, recounted no more: too many holes",
            )
        }));
        lines.extend([
            row(count.removed, "+ rows removed from it meanwhile"),
            row(
                count.older,
                "+ rows from before the watch that changed meanwhile",
            ),
            row(shown, "= shown: they stand in the stream"),
            row(
                filtered,
                "+ filtered: they stand there, the filter hides them",
            ),
            row(
                self.evicted,
                "+ evicted: they stood there, newer ones pushed them out",
            ),
            row(
                self.backfilled(),
                "+ backfilled: found by a sweep, never in the stream",
            ),
            row(
                count.lost,
                "+ lost: the server counts them, nobody has seen them",
            ),
            String::new(),
        ]);
        lines.extend(holes(count));
        lines.extend([
            String::new(),
            "Recount by hand:".to_owned(),
            count.sql.display(),
            format!(
                "It answers {} while no row comes or goes.",
                self.count.rows + self.count.lost
            ),
        ]);
        lines
    }

    /// What was swept, and when.
    fn head(&self) -> Vec<String> {
        let count = &self.count;
        let at = self.at.format("%H:%M:%SZ");
        let is_time = count.is_approximate();
        let (after, reach) = (place(count.after, is_time), place(count.reach, is_time));
        match count.overlap_s {
            None => vec![format!("Keys above {after} up to {reach}, swept at {at}.")],
            Some(overlap) => vec![
                "APPROXIMATE: the keys have no order, so rows are followed by time.".to_owned(),
                format!("Times above {after} up to {reach}, swept at {at}."),
                format!(
                    "A row that commits within {overlap} s of the time it bears is found by its key, a later one by a recount."
                ),
            ],
        }
    }

    /// It as a JSON object, where nothing is filtered.
    pub fn json(&self) -> serde_json::Value {
        let count = &self.count;
        serde_json::json!({
            "at": self.at.to_rfc3339(),
            "approximate": count.is_approximate(),
            "overlap_s": count.overlap_s,
            "after": place_json(count.after, count.is_approximate()),
            "reach": place_json(count.reach, count.is_approximate()),
            "table": self.table(),
            "closed": count.closed,
            "removed": count.removed,
            "older": count.older,
            "shown": self.kept,
            "filtered": 0,
            "evicted": self.evicted,
            "backfilled": self.backfilled(),
            "lost": count.lost,
            "holes_proven": count.proven,
            "holes_waiting": count.waiting,
            "holes_aside": count.aside,
            "sequence_caches": count.cache,
            "holes_unproven": count.unproven,
            "late": count.late,
            "sql": count.sql.display(),
        })
    }
}

/// What is known of the keys without a row.
fn holes(count: &Count) -> Vec<String> {
    if count.is_approximate() {
        return vec![
            row(
                count.late,
                "rows that came later than that: a recount found them",
            ),
            "               What was rolled back leaves no trace here.".to_owned(),
        ];
    }
    let mut lines = vec![
        row(
            count.proven,
            "keys without a row, proven: rolled back, or deleted unseen",
        ),
        row(
            count.waiting,
            "keys without a row yet: a transaction may still write them",
        ),
    ];
    lines.extend((count.cache > 1).then(|| {
        let n = count.cache;
        row(
            count.aside,
            &format!("keys without a row, unproven: the sequence caches {n} keys"),
        )
    }));
    lines.extend([
        row(count.unproven, "keys given up on before their proof"),
        row(
            count.late,
            "rows that came after all where none was expected",
        ),
    ]);
    lines
}

fn row(n: u64, what: &str) -> String {
    format!("{n:>14}  {what}")
}
