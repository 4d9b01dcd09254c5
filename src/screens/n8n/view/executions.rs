//! The executions, newest first.

use ratatui::{buffer::Buffer, layout::Rect};

use super::super::{Pane, State, executions, rows};
use crate::{
    action::TimeMode,
    domain::{
        event::RowId,
        workflow::{Execution, ExecutionStatus},
    },
    effect::FeedId,
    store::Store,
    ui::{
        Context, Role, freshness, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

fn columns(cx: &Context<'_>) -> [Column; 7] {
    let started = match cx.time_mode {
        TimeMode::Age => Column::right("AGE", 6, 3),
        TimeMode::Local | TimeMode::Utc => Column::left("STARTED", 12, 3),
    };
    [
        Column::right("ID", 8, 1),
        Column::left("WORKFLOW", 22, 0).growing(),
        Column::left("STATUS", 8, 0),
        started,
        Column::right("TOOK", 6, 2),
        Column::left("MODE", 8, 4),
        Column::left("RETRY", 14, 5),
    ]
}

pub(super) fn paint(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    alone: bool,
) {
    let shown = executions::shown(state, store);
    let badge = freshness::trouble(
        cx,
        &store.executions,
        FeedId::Executions.interval(),
        &store.n8n,
    );
    let focused = state.pane == Pane::Executions;
    let inner = panel::panel(
        cx,
        buf,
        area,
        &title(state, store, shown.len(), alone),
        &badge,
        focused,
    );
    if freshness::absent(cx, buf, inner, &store.executions, &store.n8n) {
        return;
    }
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(state, store));
        return;
    }
    let columns = columns(cx);
    let selected = state.executions.selected();
    let table = Table {
        columns: &columns,
        len: shown.len(),
        selected: shown.iter().position(|row| Some(&row.id) == selected),
        focused,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(run) => Row {
            marked: state.executions.is_marked(&run.id),
            ..row(cx, store, run)
        },
        None => Row::default(),
    });
}

fn only(store: &Store, id: &RowId) -> String {
    let workflow = rows::find(store, id);
    workflow.map_or_else(|| id.to_string(), |workflow| workflow.name.display_cut(40))
}

fn title(state: &State, store: &Store, shown: usize, alone: bool) -> String {
    let all = store.executions.value().map_or(0, |it| it.recent.len());
    let title = match &state.only {
        Some(id) => format!("EXECUTIONS  of {}", only(store, id)),
        None => "EXECUTIONS".to_owned(),
    };
    let other = if alone { "  tab shows workflows" } else { "" };
    title + other + &note::filtered(&state.filter, shown, all)
}

fn nothing(state: &State, store: &Store) -> Vec<(Role, String)> {
    let all = store.executions.value().map_or(0, |it| it.recent.len());
    if all == 0 {
        return vec![
            (Role::Text, "n8n keeps no execution.".to_owned()),
            (
                Role::Dim,
                "A workflow that saves no successful executions leaves none; an event that never reached its webhook neither.".to_owned(),
            ),
        ];
    }
    match &state.only {
        Some(id) => vec![
            (
                Role::Text,
                format!(
                    "None of the last {all} executions is of {}.",
                    only(store, id)
                ),
            ),
            (
                Role::Dim,
                "Enter on its workflow shows those of all again.".to_owned(),
            ),
        ],
        None => note::no_match(&state.filter, all, "executions"),
    }
}

const fn role(run: &Execution) -> Role {
    match run.status {
        ExecutionStatus::Success => Role::Ok,
        ExecutionStatus::Error | ExecutionStatus::Crashed => Role::Bad,
        ExecutionStatus::Running => Role::Strong,
        ExecutionStatus::New | ExecutionStatus::Waiting => Role::Warn,
        ExecutionStatus::Canceled => Role::Dim,
        ExecutionStatus::Other(_) => Role::Stale,
    }
}

fn row<'a>(cx: &Context<'_>, store: &Store, run: &'a Execution) -> Row<'a> {
    let name = executions::name(store, run);
    let name = name.map_or_else(|| run.workflow.to_string(), |name| name.display_cut(64));
    let status = match &run.status {
        ExecutionStatus::Other(word) => word.display_cut(8),
        ExecutionStatus::New
        | ExecutionStatus::Running
        | ExecutionStatus::Waiting
        | ExecutionStatus::Success
        | ExecutionStatus::Error
        | ExecutionStatus::Canceled
        | ExecutionStatus::Crashed => run.status.word().to_owned(),
    };
    let took = executions::duration(run, cx.here).map(|it| it.num_milliseconds().max(0) as u64);
    let retry = match (&run.retry_of, &run.retry_success) {
        (Some(of), _) => format!("of {of}"),
        (None, Some(by)) => format!("mended by {by}"),
        (None, None) => String::new(),
    };
    Row::new(vec![
        cell(run.id.as_str(), Role::Dim),
        cell(name, Role::Text),
        cell(status, role(run)),
        cell(
            run.started_at
                .map_or_else(|| "-".to_owned(), |at| text::moment(cx, at)),
            Role::Text,
        ),
        cell(
            took.map_or_else(|| "-".to_owned(), text::latency),
            Role::Text,
        ),
        cell(run.mode.display_cut(12), Role::Dim),
        cell(retry, Role::Dim),
    ])
}
