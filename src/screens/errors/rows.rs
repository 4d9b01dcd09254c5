//! The errors one by one, and by stage: which are listed, and what is copied of them.

use std::collections::BTreeSet;

use super::{Mode, State, lines, records};
use crate::{
    domain::{
        error_group::{ErrorGroup, ErrorRow, ErrorStage, Severity},
        event::{EventType, RowId},
        mask,
    },
    screens::json::Object,
    store::Store,
};

/// The keys of the errors that are listed.
pub(super) fn keys(state: &State, store: &Store) -> Vec<RowId> {
    let rows = lines::rows(state, store);
    rows.into_iter().map(|row| row.id.clone()).collect()
}

/// The stages with errors, most errors first. No filter hides one: a filter is set from here.
pub(super) fn stages(store: &Store) -> Vec<&ErrorStage> {
    let errors = store.errors.value();
    errors
        .into_iter()
        .flat_map(|errors| &errors.stages)
        .collect()
}

/// The keys of [`stages`].
pub(super) fn stage_keys(store: &Store) -> Vec<EventType> {
    let rows = stages(store);
    rows.into_iter().map(|row| row.stage.clone()).collect()
}

/// The critical errors that are listed.
pub(super) fn critical(state: &State, store: &Store) -> BTreeSet<RowId> {
    let rows = lines::rows(state, store).into_iter();
    let critical = rows.filter(|row| row.severity == Severity::Critical);
    critical.map(|row| row.id.clone()).collect()
}

/// What is marked, or selected, as lines of JSON.
pub(super) fn copy(state: &State, store: &Store) -> String {
    let lines: Vec<String> = match state.mode {
        Mode::Groups => {
            let targets = state.groups.targets();
            let groups = lines::groups(store).iter();
            groups
                .filter(|group| targets.contains(&group.id))
                .map(group_json)
                .collect()
        }
        Mode::List => {
            let targets = state.recent.targets();
            let rows = lines::rows(state, store).into_iter();
            rows.filter(|row| targets.contains(&row.id))
                .map(json)
                .collect()
        }
        Mode::Stages => {
            let targets = state.stages.targets();
            let rows = stages(store).into_iter();
            rows.filter(|row| targets.contains(&row.stage))
                .map(stage_json)
                .collect()
        }
        Mode::Records => {
            let targets = state.records.targets();
            let rows = records::shown(state, store).into_iter();
            let rows = rows.filter(|record| targets.contains(record.key));
            rows.flat_map(|record| record.errors).map(json).collect()
        }
    };
    lines.join("\n")
}

/// The group as one line of JSON.
fn group_json(group: &ErrorGroup) -> String {
    Object::default()
        .text("id", &group.id.to_string())
        .text("event_type", group.stage.raw())
        .text("fingerprint", group.fingerprint.as_str())
        .untrusted("node", group.node.as_ref())
        .text("severity", group.severity.plain())
        .text("state", group.state.name())
        .text("class", group.class.label())
        .text("rule", &group.rule)
        .number("open", group.open)
        .number("resolved", group.resolved)
        .number("records", group.records)
        .number("people", group.people)
        .number("retries_tried", group.retries.tried)
        .number("retries_ok", group.retries.ok)
        .moment("first_at", Some(group.first_at))
        .moment("last_at", Some(group.last_at))
        .untrusted("owner", group.standing.owner.as_ref())
        .untrusted(
            "note",
            group.standing.note.as_ref().map(mask::message).as_ref(),
        )
        .text("ignored", &ignored(group))
        .moment("woken_at", group.woken)
        .untrusted("sample", Some(&mask::message(&group.message)))
        .end()
}

/// Until when a group is left alone, in words; empty where it is not.
fn ignored(group: &ErrorGroup) -> String {
    let ignored = group.standing.ignored.as_ref();
    ignored.map_or_else(String::new, |ignored| ignored.until.words())
}

/// The error as one line of JSON.
fn json(row: &ErrorRow) -> String {
    Object::default()
        .text("id", row.id.as_str())
        .text("event_type", row.stage.raw())
        .untrusted("record_id", row.record.as_ref())
        .text("severity", row.severity.plain())
        .untrusted("error_message", Some(&mask::message(&row.message)))
        .moment("created_at", Some(row.created_at))
        .end()
}

/// The errors of a stage as one line of JSON.
fn stage_json(row: &ErrorStage) -> String {
    Object::default()
        .text("stage", row.stage.raw())
        .number("errors_24h", row.errors_24h)
        .number("critical_24h", row.critical_24h)
        .number("unresolved", row.unresolved)
        .end()
}
