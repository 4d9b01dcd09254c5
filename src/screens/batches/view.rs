use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{Pane, State, rows};
use crate::{
    domain::{
        Timestamp,
        batch::{Batch, Driver, Mode, Row as Outcome, Standing},
        plan::Purging,
    },
    store::{Store, batches::Known},
    ui::{
        Context, Role, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

/// From this height on, both panes stand one under the other.
const TALL: u16 = 14;

const BATCHES: &[Column] = &[
    Column::left("STATE", 10, 0),
    Column::left("BATCH", 20, 3),
    Column::right("BEGAN", 12, 5),
    Column::right("ENDED", 9, 0),
    Column::right("OK", 5, 0),
    Column::right("FAIL", 5, 0),
    Column::right("PEND", 5, 1),
    Column::right("SKIP", 5, 1),
    Column::right("PACE", 9, 2),
    Column::right("LEFT", 7, 2),
    Column::left("WHO", 18, 6),
    Column::left("STAGES", 16, 4).growing(),
];

const ROWS: &[Column] = &[
    Column::right("EVENT", 10, 0),
    Column::left("", 6, 4),
    Column::left("STANDING", 12, 0),
    Column::left("STAGE", 18, 2),
    Column::right("SINCE", 9, 3),
    Column::left("WHY", 16, 1).growing(),
];

/// Paints the batches screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let shown = rows::shown(state, store);
    let area = match &store.purging {
        Some(purging) => purge(cx, buf, area, purging),
        None => area,
    };
    if area.height < TALL || shown.is_empty() {
        if state.pane == Pane::Rows && !shown.is_empty() {
            outcomes(state, store, cx, buf, area);
        } else {
            batches(state, store, cx, buf, area, &shown);
        }
        return;
    }
    let above = (shown.len() as u16 + 3).clamp(4, area.height / 3);
    let [above, below] =
        Layout::vertical([Constraint::Length(above), Constraint::Fill(1)]).areas(area);
    batches(state, store, cx, buf, above, &shown);
    outcomes(state, store, cx, buf, below);
}

/// A line for the purge that runs, above all batches; the room that is left.
fn purge(cx: &Context<'_>, buf: &mut Buffer, area: Rect, purging: &Purging) -> Rect {
    let [line, rest] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let text = format!(" {}  D pauses and stops it", purging.line());
    panel::put(buf, line, 0, &Line::styled(text, cx.style(Role::Strong)));
    rest
}

fn batches(
    state: &State,
    store: &Store,
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    shown: &[&Known],
) {
    let all = store.batches.iter().count();
    let waits = store.batches.unfinished();
    let badge = match waits {
        0 => (String::new(), Role::Dim),
        1 => ("1 waits for R".to_owned(), Role::Warn),
        n => (format!("{n} wait for R"), Role::Warn),
    };
    let title = format!("BATCHES{}", note::filtered(&state.filter, shown.len(), all));
    let focused = state.pane == Pane::Batches;
    let inner = panel::panel(cx, buf, area, &title, &badge, focused);
    if shown.is_empty() {
        let sentences = if all == 0 {
            vec![
                (Role::Text, "No batch was begun here.".to_owned()),
                (
                    Role::Dim,
                    "A retry of many events is one: mark them on the stream or the errors, and press R."
                        .to_owned(),
                ),
            ]
        } else {
            note::no_match(&state.filter, all, "batches")
        };
        note::sentences(cx, buf, inner, &sentences);
        return;
    }
    let selected = state.batches.selected();
    let at = |known: &&Known| Some(&known.batch.head.batch) == selected;
    let table = Table {
        columns: BATCHES,
        len: shown.len(),
        selected: shown.iter().position(at),
        focused,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(known) => Row {
            marked: state.batches.is_marked(&known.batch.head.batch),
            ..batch(cx, known)
        },
        None => Row::default(),
    });
}

/// How loudly the state of a batch is said.
fn role(known: &Known) -> Role {
    match &known.batch.mode {
        Mode::Over if known.batch.report().failed() == 0 => Role::Ok,
        Mode::Paused(why) if why.is_brake() => Role::Bad,
        Mode::Over | Mode::Paused(_) | Mode::Stopping => Role::Warn,
        Mode::Running if known.is_unfinished() || known.held.is_some() => Role::Warn,
        Mode::Running => Role::Strong,
    }
}

fn batch<'a>(cx: &Context<'_>, known: &Known) -> Row<'a> {
    let batch = &known.batch;
    let report = batch.report();
    let counted = |n: usize, role: Role| {
        let role = if n == 0 { Role::Dim } else { role };
        cell(text::count(n as u64), role)
    };
    let left = if batch.is_over() {
        "-".to_owned()
    } else {
        let seconds = i64::try_from(batch.seconds_left()).unwrap_or(i64::MAX / 1_000);
        text::span(chrono::TimeDelta::seconds(seconds))
    };
    Row::new(vec![
        cell(known.word(), role(known)),
        cell(batch.head.batch.to_string(), Role::Text),
        cell(text::moment(cx, batch.head.at), Role::Dim),
        cell(format!("{}/{}", report.ended(), report.all), Role::Strong),
        counted(report.ok, Role::Ok),
        counted(report.failed(), Role::Bad),
        counted(report.pending, Role::Warn),
        counted(report.skipped, Role::Text),
        cell(format!("{}/min", batch.rate().per_minute), Role::Text),
        cell(left, Role::Text),
        cell(batch.head.who.clone(), Role::Dim),
        cell(rows::stages(known), Role::Text),
    ])
}

fn outcomes(state: &State, store: &Store, cx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let Some(known) = state.known(store) else {
        return;
    };
    let batch = &known.batch;
    let title = format!("EVENTS OF {}", batch.head.batch);
    let badge = (known.word().to_owned(), role(known));
    let focused = state.pane == Pane::Rows;
    let inner = panel::panel(cx, buf, area, &title, &badge, focused);
    let mut said = vec![(Role::Strong, batch.report().to_string())];
    said.extend(why(known, store.clock, cx));
    // What limits the pace is long, and its end matters as much as its begin.
    let width = usize::from(inner.width);
    let said: Vec<(Role, String)> = said
        .into_iter()
        .flat_map(|(role, words)| {
            let wrapped = text::wrap(&words, width).into_iter();
            wrapped.map(move |line| (role, line))
        })
        .collect();
    let head = (said.len() as u16).min(inner.height.saturating_sub(2));
    let [above, below] =
        Layout::vertical([Constraint::Length(head), Constraint::Fill(1)]).areas(inner);
    for (row, (role, words)) in (0..above.height).zip(said) {
        panel::put(buf, above, row, &Line::styled(words, cx.style(role)));
    }
    let selected = state.rows.selected();
    let table = Table {
        columns: ROWS,
        len: batch.rows.len(),
        selected: batch.rows.iter().position(|row| Some(&row.id) == selected),
        focused,
    };
    table.paint(cx, buf, below, |at| match batch.rows.get(at) {
        Some(outcome) => Row {
            marked: state.rows.is_marked(&outcome.id),
            ..row(cx, outcome)
        },
        None => Row::default(),
    });
}

/// Why it stands, or what it waits for; and why it was begun.
fn why(known: &Known, now: Timestamp, cx: &Context<'_>) -> Vec<(Role, String)> {
    if let Some(held) = &known.held {
        return vec![(Role::Warn, held.clone())];
    }
    if known.batch.mode == Mode::Running && known.driver == Driver::Here {
        return pace(&known.batch, now, cx);
    }
    let one = match &known.batch.mode {
        Mode::Paused(why) => Some((role(known), format!("{}; R resumes it", why.sentence()))),
        Mode::Running | Mode::Stopping if known.is_unfinished() => Some((
            Role::Warn,
            "its outpost has ended: R looks up what was begun, and goes on".to_owned(),
        )),
        Mode::Stopping => Some((
            Role::Warn,
            "stopped: what was sent is waited for".to_owned(),
        )),
        Mode::Running => Some((
            Role::Dim,
            "another outpost on this machine drives it".to_owned(),
        )),
        Mode::Over => {
            let reason = known.batch.head.plan.reason.as_ref();
            reason.map(|reason| (Role::Dim, format!("because: {reason}")))
        }
    };
    one.into_iter().collect()
}

/// How fast it goes, what keeps it from going faster, and what of that is not known.
fn pace(batch: &Batch, now: Timestamp, cx: &Context<'_>) -> Vec<(Role, String)> {
    let rate = batch.rate();
    let unknown = batch.unknown_room().map(|words| format!("; {words}"));
    let goes = format!("{rate}{}", unknown.unwrap_or_default());
    let first = match batch.deferred_until(now) {
        Some(until) => {
            let until = text::clock(cx, until);
            let words = format!("n8n asked to be called later: nothing is sent before {until}");
            (Role::Warn, words)
        }
        None if rate.per_minute == 0 => (Role::Warn, goes),
        None => (Role::Text, goes),
    };
    let lives = "it goes on only while outpost runs; the journal keeps it".to_owned();
    vec![first, (Role::Dim, lives)]
}

const fn standing_role(standing: &Standing) -> Role {
    match standing {
        Standing::Waiting => Role::Dim,
        Standing::Sent(_) => Role::Strong,
        Standing::Ok => Role::Ok,
        Standing::Failed { .. } | Standing::Unknown(_) => Role::Bad,
        Standing::Pending(_) | Standing::Begun { .. } => Role::Warn,
        Standing::Skipped(_) => Role::Text,
    }
}

fn row<'a>(cx: &Context<'_>, outcome: &Outcome) -> Row<'a> {
    let canary = if outcome.is_canary { "canary" } else { "" };
    let role = standing_role(&outcome.standing);
    let since = if outcome.standing == Standing::Waiting {
        "-".to_owned()
    } else {
        text::moment(cx, outcome.since)
    };
    let clone = outcome.clone.as_ref();
    let clone = clone.map(|id| format!("as {id}"));
    let why = outcome.standing.remark().or(clone).unwrap_or_else(|| {
        let cause = outcome.cause.as_ref();
        cause.map_or_else(String::new, |cause| format!("was: {cause}"))
    });
    let dim = if rows::is_bad(&outcome.standing) {
        role
    } else {
        Role::Dim
    };
    Row::new(vec![
        cell(outcome.id.to_string(), Role::Text),
        cell(canary, Role::Dim),
        cell(outcome.standing.word(), role),
        cell(outcome.stage.label(), Role::Text),
        cell(since, Role::Dim),
        cell(why, dim),
    ])
}
