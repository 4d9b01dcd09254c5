//! The rows of the stream: which are shown, what a filter finds in them, what is copied of them.

use std::borrow::Cow;

use chrono::TimeDelta;

use super::State;
use crate::{
    domain::{
        Timestamp,
        event::{EventRow, EventStatus, RowId},
        filter::{Field, Filtered, Vocabulary},
        mask,
        retry::is_stuck,
    },
    screens::json::Object,
    store::{Store, reconnect::Reconnect},
};

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["stage", "event"]),
        Field::text(&["status"]),
        Field::number(&["retries"]),
        Field::number(&["latency"]),
        Field::text(&["record", "rec"]),
        Field::text(&["subject"]),
        Field::text(&["error"]),
        Field::text(&["execution", "exec"]),
        Field::text(&["id"]),
    ],
    words: &[
        "pending",
        "processing",
        "processed",
        "failed",
        "retried",
        "problem",
    ],
    own: Some("status"),
    is_timed: true,
};

impl Filtered for EventRow {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let optional = [&self.record, &self.subject, &self.error, &self.execution];
        let mut texts = vec![
            self.id.as_str().into(),
            self.stage.raw().into(),
            word(&self.status).into(),
        ];
        texts.extend(optional.into_iter().flatten().map(|text| text.raw().into()));
        texts
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "id" => self.id.as_str().into(),
            "stage" | "event" => self.stage.raw().into(),
            "status" => word(&self.status).into(),
            "retries" => self.retries.to_string().into(),
            "latency" => latency(self)?.as_seconds_f64().to_string().into(),
            "record" | "rec" => self.record.as_ref()?.raw().into(),
            "subject" => self.subject.as_ref()?.raw().into(),
            "error" => self.error.as_ref()?.raw().into(),
            "execution" | "exec" => self.execution.as_ref()?.raw().into(),
            _ => return None,
        })
    }

    fn is(&self, is: &str) -> bool {
        match is {
            "retried" => self.retries > 0,
            "problem" => is_problem(self, None),
            _ => word(&self.status).eq_ignore_ascii_case(is),
        }
    }

    fn at(&self) -> Option<Timestamp> {
        Some(self.created_at)
    }
}

fn word(status: &EventStatus) -> &str {
    match status {
        EventStatus::Pending => "pending",
        EventStatus::Processing => "processing",
        EventStatus::Processed => "processed",
        EventStatus::Failed => "failed",
        EventStatus::Other(word) => word.raw(),
    }
}

/// The reconnects that are shown, newest first: those among the events kept, whatever the filter hides.
pub(super) fn reconnects<'a>(
    state: &State,
    store: &'a Store,
) -> impl Iterator<Item = &'a Reconnect> {
    let until = state.pause.as_ref().map_or(u64::MAX, |it| it.reconnects);
    let shown = store.reconnects_in_stream();
    shown.filter(move |reconnect| reconnect.number <= until)
}

/// The events that are shown, newest first.
pub(super) fn shown<'a>(state: &'a State, store: &'a Store) -> impl Iterator<Item = &'a EventRow> {
    let held = |row: &&EventRow| {
        let pause = state.pause.as_ref();
        pause.is_none_or(|pause| pause.held.contains(&row.id))
    };
    let all = state.filter.is_empty();
    let matching = move |row: &&EventRow| all || state.filter.matches(*row, store.clock);
    store.stream.newest().filter(held).filter(matching)
}

/// How many events a filter could show: those that are kept, less those that came since the pause.
pub(super) fn held(state: &State, store: &Store) -> usize {
    match &state.pause {
        None => store.stream.len(),
        Some(pause) => store
            .stream
            .newest()
            .filter(|row| pause.held.contains(&row.id))
            .count(),
    }
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<RowId> {
    shown(state, store).map(|row| row.id.clone()).collect()
}

/// Whether someone should look at `row`: it failed, or nobody has ended it for long.
pub(super) fn is_problem(row: &EventRow, at: Option<Timestamp>) -> bool {
    match row.status {
        EventStatus::Failed => true,
        EventStatus::Pending | EventStatus::Processing => is_stuck(row, at),
        EventStatus::Processed | EventStatus::Other(_) => false,
    }
}

/// From its writing to its end.
pub(super) fn latency(row: &EventRow) -> Option<TimeDelta> {
    let ended = row.processed_at?;
    Some((ended - row.created_at).max(TimeDelta::zero()))
}

/// The event as one line of JSON.
pub(super) fn json(row: &EventRow) -> String {
    Object::default()
        .text("id", row.id.as_str())
        .text("event_type", row.stage.raw())
        .untrusted("status", Some(&row.raw_status))
        .moment("created_at", Some(row.created_at))
        .moment("processed_at", row.processed_at)
        .number("retries", u64::from(row.retries))
        .untrusted("record_id", row.record.as_ref())
        .untrusted("error", row.error.as_ref().map(mask::message).as_ref())
        .untrusted("execution", row.execution.as_ref())
        .end()
}
