//! The balance: what the table has beside what became of it here.

use serde::{Deserialize, Serialize};

use super::Stretch;
use crate::domain::{Timestamp, untrusted::Untrusted};

/// How the account of keys stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The key before the first one watched.
    pub after: i64,
    /// The last key swept.
    pub reach: i64,
    /// Rows found between them that the table still has.
    pub rows: u64,
    /// Rows that the stream has read beyond the last key swept.
    pub ahead: u64,
    /// Rows found that the table no longer has.
    pub removed: u64,
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
    /// The statement that recounts the rows by hand.
    pub sql: Untrusted,
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
        let all = self.count.rows + self.count.ahead + self.count.removed + self.count.older;
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
        let mut lines = vec![
            format!(
                "Keys above {} up to {}, swept at {}.",
                count.after,
                count.reach,
                self.at.format("%H:%M:%SZ")
            ),
            String::new(),
            row(self.table(), "rows in the table"),
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
        ];
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

    /// It as a JSON object, where nothing is filtered.
    pub fn json(&self) -> serde_json::Value {
        let count = &self.count;
        serde_json::json!({
            "at": self.at.to_rfc3339(),
            "after": count.after,
            "reach": count.reach,
            "table": self.table(),
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
    let mut lines = vec![
        row(count.proven, "keys without a row, proven: rolled back"),
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
