//! The workflows: which are active, what they feed, how they fare.

use ratatui::{buffer::Buffer, layout::Rect};

use super::super::{Pane, State, rows};
use crate::{
    domain::{untrusted::Untrusted, workflow::Workflow},
    effect::FeedId,
    store::Store,
    ui::{
        Context, Role, freshness, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("WORKFLOW", 22, 0),
    Column::left("ACTIVE", 6, 0),
    Column::right("LAST", 5, 1),
    Column::right("RUNS 1h", 7, 2),
    Column::right("ERR", 4, 2),
    Column::right("NOW", 3, 4),
    Column::left("FEEDS ON", 20, 5).growing(),
    Column::left("WEBHOOK", 20, 6),
];

pub(super) fn paint(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    alone: bool,
) {
    let shown = rows::shown(state, store);
    let badge = freshness::trouble(
        cx,
        &store.workflows,
        FeedId::Workflows.interval(),
        &store.n8n,
    );
    let focused = state.pane == Pane::Workflows;
    let inner = panel::panel(
        cx,
        buf,
        area,
        &title(state, store, shown.len(), alone),
        &badge,
        focused,
    );
    if freshness::absent(cx, buf, inner, &store.workflows, &store.n8n) {
        return;
    }
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(state, store));
        return;
    }
    let selected = state.workflows.selected();
    let table = Table {
        columns: COLUMNS,
        len: shown.len(),
        selected: shown.iter().position(|row| Some(&row.id) == selected),
        focused,
    };
    let whole = rows::reaches_an_hour(store);
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(workflow) => Row {
            marked: state.workflows.is_marked(&workflow.id),
            ..row(cx, store, workflow, whole)
        },
        None => Row::default(),
    });
}

fn title(state: &State, store: &Store, shown: usize, alone: bool) -> String {
    let all = store.workflows.value().map_or(0, Vec::len);
    let other = if alone { "  tab shows executions" } else { "" };
    format!(
        "WORKFLOWS{other}{}",
        note::filtered(&state.filter, shown, all)
    )
}

fn nothing(state: &State, store: &Store) -> Vec<(Role, String)> {
    let all = store.workflows.value().map_or(0, Vec::len);
    if all == 0 {
        return vec![
            (
                Role::Text,
                "n8n answers, and shows this key no workflow.".to_owned(),
            ),
            (
                Role::Dim,
                "The key may belong to another user or project, or no workflow is there yet."
                    .to_owned(),
            ),
        ];
    }
    note::no_match(&state.filter, all, "workflows")
}

fn row<'a>(cx: &Context<'_>, store: &Store, workflow: &Workflow, whole: bool) -> Row<'a> {
    let activity = rows::activity(store, &workflow.id);
    let taker = rows::taker(store, workflow);
    let fed: Vec<&str> = taker.stages().map(|stage| stage.event.as_str()).collect();
    let hooks: Vec<String> = workflow
        .webhooks
        .iter()
        .map(|hook: &Untrusted| hook.display_cut(40))
        .collect();
    let (word, role) = match (workflow.archived, workflow.active) {
        (true, _) => ("archiv", Role::Dim),
        (false, true) => ("on", Role::Ok),
        (false, false) if fed.is_empty() => ("off", Role::Dim),
        (false, false) => ("OFF", Role::Bad),
    };
    let polled = store.executions.value().is_some();
    let least = if whole || activity.runs_1h == 0 {
        ""
    } else {
        ">"
    };
    let number = |n: u64| {
        if polled {
            text::count(n)
        } else {
            "-".to_owned()
        }
    };
    Row::new(vec![
        cell(workflow.name.display_cut(64), Role::Text),
        cell(word, role),
        cell(
            activity
                .last
                .map_or_else(|| "-".to_owned(), |at| text::span(cx.here - at)),
            Role::Text,
        ),
        cell(format!("{least}{}", number(activity.runs_1h)), Role::Text),
        cell(
            number(activity.failed_1h),
            if activity.failed_1h > 0 {
                Role::Bad
            } else {
                Role::Dim
            },
        ),
        cell(
            number(activity.running),
            if activity.running > 0 {
                Role::Strong
            } else {
                Role::Dim
            },
        ),
        cell(fed.join(" "), Role::Dim),
        cell(hooks.join(" "), Role::Dim),
    ])
}
