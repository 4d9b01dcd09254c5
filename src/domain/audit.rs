//! What operators did, as it was written down: in the audit table of the database, and in the file of this machine.

pub mod about;
mod back;
mod filtered;
mod history;
mod kind;
pub mod parts;
mod printed;
pub mod read;

use serde::{Deserialize, Serialize};

pub use back::{TakenBack, Takers};
pub use filtered::VOCABULARY;
pub use history::{History, Known, MOST};
pub use printed::{CSV_HEAD, csv, jsonl, lines, sheet};

use self::about::{Deeds, Source, Subject};
use super::{
    Timestamp,
    plan::{Mutation, Plan},
    untrusted::Untrusted,
};

/// What the lines of a plan in several parts are told by begins with this; no batch is called so.
const OF_PLAN: &str = "plan-";

/// What the lines of `plan` have in common, where it has several.
pub fn of_plan(plan: &Plan) -> String {
    let frozen = plan.frozen_at.timestamp_micros();
    let hash: String = plan.hash().chars().take(12).collect();
    format!("{OF_PLAN}{frozen:x}-{hash}")
}

/// Whether the lines that are told by `batch` are of a plan, not of a batch.
pub fn is_of_plan(batch: &str) -> bool {
    batch.starts_with(OF_PLAN)
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryId {
    /// In the table, under this key.
    Row(i64),
    /// In the file of this machine, from this byte on.
    Line(u64),
}

/// What became of how many rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Changed.
    pub done: u64,
    /// Left alone.
    pub skipped: u64,
    /// Not tried.
    #[serde(default)]
    pub untried: u64,
    /// Tried in vain.
    pub failed: u64,
    /// Of which nobody can say.
    pub unknown: u64,
}

/// Something that was done, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts, as they were written down"
)]
pub struct Entry {
    /// Where it stands.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// Who: the operator and the host.
    pub actor: Untrusted,
    /// The database it belongs to, by host, port, name and schema; `None` where an older program did not write it down.
    pub database: Option<Untrusted>,
    /// The role of the database, where it was written down there.
    pub role: Option<Untrusted>,
    /// What, as `resolve_errors`.
    pub action: Untrusted,
    /// Of how many rows.
    pub targets: u64,
    /// What became of them.
    pub counts: Counts,
    /// Why, or what exactly.
    pub note: Option<Untrusted>,
    /// Why it came to nothing, where it did.
    pub fault: Option<Untrusted>,
    /// Whether what became of it is written down; where not, it is under way, or the program was ended in it.
    pub has_ended: bool,
    /// Whether something may take it back.
    pub is_undoable: bool,
    /// What tells that from all else that takes something back; `None` where nothing does, or an older program did not write it down.
    pub undo_key: Option<String>,
    /// Of one that takes something back: what tells it from all else that does.
    pub takes_back: Option<String>,
    /// That it was taken back since, as far as the entries after it are known.
    pub taken_back: Option<TakenBack>,
    /// Of one in the file: whether it is in the table as well.
    pub is_in_both: bool,
    /// The batch that it is.
    pub batch: Option<Untrusted>,
    /// Of one in the table: whether an older program wrote it, and not of which schema it is.
    pub is_of_unknown_schema: bool,
}

/// What became of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Changed.
    Done,
    /// Left alone.
    Skipped,
    /// Not tried.
    Untried,
    /// Tried in vain.
    Failed,
    /// Nobody can say.
    Unknown,
    /// Changed, and more is to be said.
    Remark,
}

/// A row, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFate {
    /// Its key.
    pub id: Untrusted,
    /// What became of it.
    pub fate: Fate,
    /// Why, where it was not changed; what is to be said of it, where it was.
    pub why: Option<Untrusted>,
}

/// Something that was done, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// In short.
    pub entry: Entry,
    /// What became of each row, at most [`ROWS`]: what was not done first.
    pub rows: Vec<RowFate>,
    /// Rows beyond those.
    pub more: u64,
    /// What takes back what was done, where the data allows it.
    pub undo: Option<Mutation>,
}

/// Rows of an entry that are told one by one.
pub const ROWS: usize = 2_000;

/// Something asked of what was written down.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The newest of the table, or those before this key.
    Page(Option<i64>),
    /// The newest of the file of this machine.
    File,
    /// One of them, whole.
    Whole(EntryId),
    /// What was done about these rows.
    About(Source, Box<Subject>),
}

/// Entries of the table, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// They.
    pub entries: Vec<Entry>,
    /// Whether there is none before them.
    pub is_last: bool,
    /// Why the table cannot be read, if it cannot.
    pub missing: Option<String>,
}

/// What the file of this machine has of the database that is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// Entries of that database, and of an unknown one; the newest first.
    pub entries: Vec<Entry>,
    /// How many of other databases were passed over.
    pub elsewhere: u64,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Question::Page`].
    Page(Page),
    /// To [`Question::File`].
    File(Filed),
    /// To [`Question::Whole`]; `None` where it is not there any more.
    Whole(Option<Box<Whole>>),
    /// To [`Question::About`].
    Deeds(Deeds),
}

impl Answer {
    /// Notes that what it tells stands in the table of `database`.
    pub fn stands_in(&mut self, database: &str) {
        let entries = match self {
            Self::Page(page) => page.entries.as_mut_slice(),
            Self::Whole(Some(whole)) => std::slice::from_mut(&mut whole.entry),
            Self::File(_) | Self::Whole(None) | Self::Deeds(_) => &mut [],
        };
        for entry in entries {
            entry.stands_in(database);
        }
    }
}

impl Fate {
    /// The fate of this word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Done,
            Self::Skipped,
            Self::Untried,
            Self::Failed,
            Self::Unknown,
            Self::Remark,
        ];
        all.into_iter().find(|fate| fate.word() == word)
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Untried => "untried",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Remark => "note",
        }
    }
}

impl Entry {
    /// Notes that it stands in the table of `database`, which ends in the schema.
    pub fn stands_in(&mut self, database: &str) {
        let place = match database.rsplit_once(' ') {
            Some((place, _)) if self.is_of_unknown_schema => format!("{place} unknown schema"),
            Some(_) | None => database.to_owned(),
        };
        self.database = Some(Untrusted::from(place));
    }

    /// What became of it, in a few words: `2 done, 1 skipped`.
    pub fn outcome(&self) -> String {
        let Counts {
            done,
            skipped,
            untried,
            failed,
            unknown,
        } = self.counts;
        if let Some(fault) = &self.fault {
            return format!("nothing: {}", fault.display_cut(120));
        }
        let parts = [
            (done, "done"),
            (skipped, "skipped"),
            (failed, "failed"),
            (unknown, "unknown"),
            (untried, "not tried"),
        ];
        let mut parts: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        if !self.has_ended {
            parts.push("no end written".to_owned());
        }
        if parts.is_empty() {
            "nothing changed".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// Whether something of it went otherwise than wanted.
    pub const fn is_troubled(&self) -> bool {
        self.fault.is_some() || self.counts.failed > 0 || self.counts.unknown > 0 || !self.has_ended
    }

    /// What is to be said of its database: that nobody knows it, or of its schema. Such an entry is not taken back, since its keys may be those
    /// of rows anywhere.
    pub const fn remark(&self) -> Option<&'static str> {
        if self.is_of_unknown_schema {
            return Some("unknown schema");
        }
        let is_unknown = self.database.is_none() && matches!(self.id, EntryId::Line(_));
        if is_unknown {
            Some("unknown database")
        } else {
            None
        }
    }

    /// Whether it is a note of something that happened, and no more.
    pub fn is_note(&self) -> bool {
        self.action.raw() == "note"
    }

    /// Where it stands, in a word.
    pub const fn source(&self) -> &'static str {
        match self.id {
            EntryId::Row(_) => "table",
            EntryId::Line(_) => "file",
        }
    }
}

#[cfg(test)]
mod tests;
