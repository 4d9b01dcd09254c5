//! Workflows and executions of n8n.

use std::collections::BTreeMap;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{super::Pane, Scene};
use crate::{
    domain::{
        event::RowId,
        workflow::{Execution, ExecutionStatus, Workflow, listed},
    },
    effect::FeedId,
    ui::{
        Context, Role, freshness, panel,
        table::{Cell, Column, Row, Table, cell},
        text,
    },
};

const EXECUTIONS: &[Column] = &[
    Column::left("STATUS", 8, 0),
    Column::left("WORKFLOW", 12, 0).growing(),
    Column::right("TOOK", 6, 1),
    Column::right("WHEN", 9, 2),
    Column::right("EXEC", 8, 3),
    Column::left("MODE", 8, 4),
];

const WORKFLOWS: &[Column] = &[
    Column::left("ACTIVE", 6, 0),
    Column::left("WORKFLOW", 12, 0).growing(),
    Column::right("LAST", 6, 1),
    Column::right("RUNS", 5, 2),
    Column::right("FAILED", 6, 3),
];

/// Paints the pane.
pub(super) fn n8n(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let store = scene.store;
    let trouble = freshness::trouble(
        scene.cx,
        &store.executions,
        FeedId::Executions.interval(),
        &store.n8n,
    );
    let executions = store.executions.value();
    let (running, queued) = executions.map_or((Some(0), 0), |all| (all.running, all.queued));
    let running = running.map_or_else(|| "-".to_owned(), listed);
    let queued = listed(queued);
    let summary = (format!("{running} running  {queued} queued"), Role::Dim);
    let inner = scene.boxed(buf, area, (Pane::N8n, "6 N8N"), trouble, summary);
    if freshness::absent(scene.cx, buf, inner, &store.executions, &store.n8n) {
        return;
    }
    let rest = active(scene, buf, inner);
    let known = store.workflows.value().map_or(0, Vec::len) as u16;
    let room = rest.height.saturating_sub(known + 2);
    if room >= 6 && known > 0 {
        ran(
            scene,
            buf,
            Rect {
                height: room,
                ..rest
            },
        );
        workflows(
            scene,
            buf,
            Rect {
                y: rest.y + room + 1,
                height: rest.height - room - 1,
                ..rest
            },
        );
    } else {
        ran(scene, buf, rest);
    }
}

/// How many workflows are active, and which are not; what is left below.
fn active(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) -> Rect {
    let Some(workflows) = scene.store.workflows.value() else {
        return area;
    };
    let live = || workflows.iter().filter(|workflow| !workflow.archived);
    let off: Vec<String> = live()
        .filter(|workflow| !workflow.active)
        .map(|workflow| workflow.name.display_cut(40))
        .collect();
    let (all, on) = (live().count(), live().count() - off.len());
    let role = if off.is_empty() { Role::Ok } else { Role::Warn };
    let mut spans = vec![
        Span::styled(format!("{on}/{all}"), scene.cx.style(role)),
        Span::styled(" workflows active", scene.cx.style(Role::Dim)),
    ];
    if !off.is_empty() {
        spans.push(Span::styled("  off: ", scene.cx.style(Role::Dim)));
        spans.push(Span::styled(off.join(", "), scene.cx.style(Role::Warn)));
    }
    panel::put(buf, panel::indented(area), 0, &Line::from(spans));
    Rect {
        y: area.y + 1.min(area.height),
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// The newest executions.
fn ran(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let names = names(scene);
    let recent = scene
        .store
        .executions
        .value()
        .map(|all| all.recent.as_slice())
        .unwrap_or_default();
    if recent.is_empty() {
        let line = Line::styled("no executions kept by n8n", scene.cx.style(Role::Dim));
        panel::put(buf, panel::indented(area), 0, &line);
        return;
    }
    let has_keys = scene.has_keys(Pane::N8n);
    let chosen = scene.state.executions.selected().filter(|_| has_keys);
    let table = Table {
        columns: EXECUTIONS,
        len: recent.len(),
        selected: recent
            .iter()
            .position(|execution| Some(&execution.id) == chosen),
        focused: has_keys,
    };
    table.paint(scene.cx, buf, area, |index| {
        recent.get(index).map_or_else(Row::default, |execution| {
            let name = names.get(&execution.workflow).cloned();
            row(
                scene.cx,
                execution,
                name.unwrap_or_else(|| format!("workflow {}", execution.workflow)),
            )
        })
    });
}

fn names(scene: &Scene<'_>) -> BTreeMap<RowId, String> {
    let workflows = scene.store.workflows.value().into_iter().flatten();
    workflows
        .map(|workflow| (workflow.id.clone(), workflow.name.display_cut(40)))
        .collect()
}

fn row(cx: &Context<'_>, execution: &Execution, name: String) -> Row<'static> {
    let (word, role) = status(&execution.status);
    let end = match execution.status {
        ExecutionStatus::Running => Some(cx.here),
        ExecutionStatus::New
        | ExecutionStatus::Waiting
        | ExecutionStatus::Success
        | ExecutionStatus::Error
        | ExecutionStatus::Canceled
        | ExecutionStatus::Crashed
        | ExecutionStatus::Other(_) => execution.stopped_at,
    };
    let took = execution
        .started_at
        .zip(end)
        .map(|(start, end)| (end - start).num_milliseconds());
    let took = took.map_or_else(
        || "-".to_owned(),
        |ms| text::latency(u64::try_from(ms).unwrap_or(0)),
    );
    let when = execution
        .started_at
        .map_or_else(|| "queued".to_owned(), |at| text::moment(cx, at));
    Row::new(vec![
        cell(word, role),
        cell(name, Role::Text),
        cell(took, Role::Text),
        cell(when, Role::Dim),
        cell(format!("#{}", execution.id), Role::Dim),
        cell(execution.mode.display_cut(12), Role::Dim),
    ])
}

fn status(status: &ExecutionStatus) -> (String, Role) {
    let (word, role) = match status {
        ExecutionStatus::New => ("queued", Role::Dim),
        ExecutionStatus::Running => ("RUN", Role::Strong),
        ExecutionStatus::Waiting => ("waiting", Role::Text),
        ExecutionStatus::Success => ("ok", Role::Ok),
        ExecutionStatus::Error => ("ERROR", Role::Bad),
        ExecutionStatus::Canceled => ("stopped", Role::Dim),
        ExecutionStatus::Crashed => ("CRASHED", Role::Bad),
        ExecutionStatus::Other(word) => return (word.display_cut(8), Role::Warn),
    };
    (word.to_owned(), role)
}

/// Every workflow, and what it did among the executions that are known.
fn workflows(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let all = scene
        .store
        .workflows
        .value()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let recent = scene
        .store
        .executions
        .value()
        .map(|all| all.recent.as_slice())
        .unwrap_or_default();
    let table = Table {
        columns: WORKFLOWS,
        len: all.len(),
        selected: None,
        focused: false,
    };
    table.paint(scene.cx, buf, area, |index| {
        all.get(index)
            .map_or_else(Row::default, |workflow| one(scene.cx, workflow, recent))
    });
}

fn one(cx: &Context<'_>, workflow: &Workflow, recent: &[Execution]) -> Row<'static> {
    let own = || {
        recent
            .iter()
            .filter(|execution| execution.workflow == workflow.id)
    };
    let last = own().filter_map(|execution| execution.started_at).max();
    let failed = own()
        .filter(|execution| {
            matches!(
                execution.status,
                ExecutionStatus::Error | ExecutionStatus::Crashed
            )
        })
        .count();
    let active: Cell<'static> = match (workflow.archived, workflow.active) {
        (true, _) => cell("archiv", Role::Dim),
        (false, true) => cell("on", Role::Ok),
        (false, false) => cell("OFF", Role::Warn),
    };
    Row::new(vec![
        active,
        cell(workflow.name.display_cut(60), Role::Text),
        cell(
            last.map_or_else(|| "-".to_owned(), |at| text::span(cx.here - at)),
            Role::Dim,
        ),
        cell(text::count(own().count() as u64), Role::Text),
        cell(
            text::count(failed as u64),
            if failed == 0 { Role::Dim } else { Role::Bad },
        ),
    ])
}
