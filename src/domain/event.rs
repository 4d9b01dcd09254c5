//! Events of the pipeline, as rows of `pipeline_events`.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use super::{Timestamp, reach::Reach, untrusted::Untrusted};

/// What is said of a row that was there when it was shown and is not any more.
pub const GONE: &str = "it is gone";

/// The key of a row, whatever its type in the database (`int4`, `int8`, `uuid`, a short text), as text. Holds
/// only characters that are safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RowId(Box<str>);

impl RowId {
    /// The key that `text` spells; `None` unless it is 1 to 64 letters, digits, `-`, `_` or `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        ((1..=64).contains(&text.len()) && text.chars().all(plain)).then(|| Self(text.into()))
    }

    /// A key that is a word of this program, of plain letters.
    pub(crate) fn from_word(word: &'static str) -> Self {
        Self(word.into())
    }

    /// A key of the 16 hexadecimal digits of `number`.
    pub(crate) fn from_digits(number: u64) -> Self {
        Self(format!("{number:016x}").into())
    }

    /// The number it is, if it is one.
    pub fn number(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The key before it, if it is a number.
    pub(crate) fn before(&self) -> Option<Self> {
        self.number()?.checked_sub(1).map(Self::from)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<i64> for RowId {
    fn from(id: i64) -> Self {
        Self(id.to_string().into())
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Ord for RowId {
    /// Numbers by value, everything else by text.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0.parse::<i64>(), other.0.parse::<i64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b).then_with(|| self.0.cmp(&other.0)),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for RowId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The type of an event, which is also the name of its stage. Known ones stand in
/// [`super::pipeline::Pipeline`]; a site may have others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventType(Untrusted);

impl From<&str> for EventType {
    fn from(name: &str) -> Self {
        Self(Untrusted::from(name))
    }
}

impl EventType {
    /// Its name, for the screen.
    pub fn label(&self) -> String {
        self.0.display_cut(64)
    }

    /// Its name, for comparisons and query parameters.
    pub(crate) fn raw(&self) -> &str {
        self.0.raw()
    }
}

/// Where an event stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventStatus {
    /// Written, and nobody has taken it.
    Pending,
    /// A workflow has taken it.
    Processing,
    /// Its workflow ended well.
    Processed,
    /// Its workflow failed.
    Failed,
    /// A word this program does not know; shown as it is, never dropped.
    Other(Untrusted),
}

impl EventStatus {
    /// The status that `word` names, in any case, with the synonyms met in the field.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "pending" | "new" | "queued" => Self::Pending,
            "processing" | "running" | "in_progress" => Self::Processing,
            "processed" | "completed" | "done" | "success" => Self::Processed,
            "failed" | "error" | "dead" => Self::Failed,
            _ => Self::Other(Untrusted::from(word)),
        }
    }

    /// Its name, for the screen.
    pub fn label(&self) -> String {
        match self {
            Self::Pending => "pending".to_owned(),
            Self::Processing => "processing".to_owned(),
            Self::Processed => "processed".to_owned(),
            Self::Failed => "failed".to_owned(),
            Self::Other(word) => word.display_cut(16),
        }
    }
}

/// Words of a site for the states of its events, besides those of [`EventStatus::of`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusWords(Vec<(String, EventStatus)>);

impl StatusWords {
    /// These words, each with what it means; they are compared in any case.
    pub fn new(words: impl IntoIterator<Item = (String, EventStatus)>) -> Self {
        Self(words.into_iter().collect())
    }

    /// What `word` means here.
    pub fn of(&self, word: &str) -> EventStatus {
        let own = self
            .0
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(word));
        own.map_or_else(|| EventStatus::of(word), |(_, status)| status.clone())
    }

    /// The words that mean `status`, as they were written.
    pub(crate) fn meaning(&self, status: &EventStatus) -> impl Iterator<Item = &str> {
        let own = self.0.iter().filter(move |(_, means)| means == status);
        own.map(|(word, _)| word.as_str())
    }
}

/// One event, without its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its key.
    pub id: RowId,
    /// Its type.
    pub stage: EventType,
    /// Where it stands.
    pub status: EventStatus,
    /// The word the database holds for `status`, as it stands there: what a guarded write compares with.
    pub raw_status: Untrusted,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its workflow ended.
    pub processed_at: Option<Timestamp>,
    /// How often it was tried again.
    pub retries: u32,
    /// The record it is about: the payload's `record_id`, or the key of its stage.
    pub record: Option<Untrusted>,
    /// Whom it is about: a company or a person, never yet masked.
    pub subject: Option<Untrusted>,
    /// What went wrong, if something did; at most 1 kB of it.
    pub error: Option<Untrusted>,
    /// The n8n execution that took it, where the table has a column for that.
    pub execution: Option<Untrusted>,
}

/// One event, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetail {
    /// The event.
    pub row: EventRow,
    /// Its payload, as text; JSON where the site wrote JSON.
    pub payload: Untrusted,
    /// Errors of the same stage and record, newest first, at most 20.
    pub errors: Vec<super::error_group::ErrorRow>,
    /// Other events of the same record, newest first, at most 20.
    pub siblings: Vec<EventRow>,
    /// How far was looked for those errors, and for those events.
    #[serde(default)]
    pub reach: Box<(Reach, Reach)>,
}

impl EventRow {
    /// It as one JSON object, without its payload.
    pub fn json(&self) -> String {
        let text = |text: &Option<Untrusted>| {
            text.as_ref()
                .map_or_else(|| "null".to_owned(), Untrusted::json)
        };
        let time = |at: Timestamp| format!("\"{}\"", at.to_rfc3339());
        let processed = self.processed_at.map_or_else(|| "null".to_owned(), time);
        format!(
            "{{\"id\":\"{}\",\"event_type\":{},\"status\":{},\"created_at\":{},\"processed_at\":{processed},\
             \"retry_count\":{},\"record_id\":{},\"subject\":{},\"error_message\":{},\"execution_id\":{}}}",
            self.id,
            self.stage.0.json(),
            self.raw_status.json(),
            time(self.created_at),
            self.retries,
            text(&self.record),
            text(&self.subject),
            text(&self.error),
            text(&self.execution),
        )
    }
}

impl EventDetail {
    /// It as one JSON object; the payload is a string in it, as the database holds it.
    pub fn json(&self) -> String {
        let row = self.row.json();
        let open = row.strip_suffix('}').unwrap_or(&row);
        format!("{open},\"payload\":{}}}", self.payload.json())
    }

    /// Lines it takes to show it, about.
    pub fn rows(&self) -> usize {
        // A payload in one line is shown as a tree, a line for each comma.
        let payload = self.payload.raw();
        let lines = payload.matches(['\n', ',', '{', '[']).count();
        24 + lines + self.errors.len() + self.siblings.len()
    }
}
