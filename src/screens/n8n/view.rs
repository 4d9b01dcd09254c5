mod executions;
mod workflows;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{Pane, State};
use crate::{
    domain::workflow::listed,
    msg::Link,
    store::Store,
    ui::{Context, Role, note, panel, text},
};

/// From this width on, both panes stand side by side.
const WIDE: u16 = 150;
/// From this height on, they stand one under the other.
const TALL: u16 = 18;

/// Paints the n8n screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let summary = u16::from(area.height >= 6);
    let [line, rest] =
        Layout::vertical([Constraint::Length(summary), Constraint::Fill(1)]).areas(area);
    if summary == 1 {
        panel::put(
            buf,
            line,
            0,
            &Line::styled(overview(store), cx.style(Role::Text)),
        );
    }
    if let Link::Off(why) = &store.n8n
        && store.workflows.value().is_none()
    {
        off(cx, buf, rest, why);
        return;
    }
    let workflows = store.workflows.value().map_or(0, Vec::len) as u16;
    if rest.width >= WIDE {
        let [left, right] =
            Layout::horizontal([Constraint::Fill(11), Constraint::Fill(9)]).areas(rest);
        workflows::paint(state, store, cx, buf, left, false);
        executions::paint(state, store, cx, buf, right, false);
    } else if rest.height >= TALL {
        let above = (workflows + 3).clamp(6, rest.height * 3 / 5);
        let [above, below] =
            Layout::vertical([Constraint::Length(above), Constraint::Fill(1)]).areas(rest);
        workflows::paint(state, store, cx, buf, above, false);
        executions::paint(state, store, cx, buf, below, false);
    } else {
        match state.pane {
            Pane::Workflows => workflows::paint(state, store, cx, buf, rest, true),
            Pane::Executions => executions::paint(state, store, cx, buf, rest, true),
        }
    }
}

/// n8n in a line: what runs, what waits, what was done.
fn overview(store: &Store) -> String {
    let mut words = Vec::new();
    if let Some(workflows) = store.workflows.value() {
        let kept = workflows.iter().filter(|it| !it.archived);
        let active = kept.clone().filter(|it| it.active).count();
        words.push(format!("active workflows {active}/{}", kept.count()));
    }
    if let Some(executions) = store.executions.value() {
        words.push(executions.running.map_or_else(
            || "running - (this n8n is too old to say)".to_owned(),
            |running| format!("running {}", listed(running)),
        ));
        words.push(format!("queued {}", listed(executions.queued)));
    }
    if let Some(totals) = store.totals.value() {
        words.push(format!(
            "events processed in 5 min {}",
            text::grouped(totals.processed_5m)
        ));
    }
    if let Some(left) = store.access.value().and_then(|access| access.requests_left) {
        words.push(format!("requests left {left}"));
    }
    format!(" {}", words.join("   "))
}

fn off(cx: &Context<'_>, buf: &mut Buffer, area: Rect, why: &str) {
    let inner = panel::panel(
        cx,
        buf,
        area,
        "N8N",
        &("not set up".to_owned(), Role::Stale),
        true,
    );
    let sentences = [
        (Role::Text, format!("n8n is not asked: {why}.")),
        (
            Role::Dim,
            "Give its address as N8N_BASE_URL and an API key as N8N_API_KEY, by flag, or in the config file."
                .to_owned(),
        ),
        (
            Role::Dim,
            "Without it everything that PostgreSQL knows is shown; only workflows and executions are not.".to_owned(),
        ),
    ];
    note::sentences(cx, buf, inner, &sentences);
}
