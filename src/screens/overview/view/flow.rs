//! The stages, in the order of the pipeline: the heart of the overview.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{super::Pane, Scene, quiet, tickers};
use crate::{
    domain::{
        flow::{FlowLine, Trouble},
        verdict::Health,
    },
    effect::FeedId,
    store::Store,
    ui::{
        Role, badge, freshness, panel, spark,
        table::{Cell, Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("STATE", 5, 0),
    Column::left("P", 1, 7),
    Column::left("STAGE", 20, 0),
    Column::left("WORKFLOW", 21, 10),
    Column::right("PEND", 5, 0),
    Column::right("OLDEST", 6, 2),
    Column::right("IN/m", 4, 4),
    Column::right("OUT/m", 5, 4),
    Column::right("NET", 5, 3),
    Column::right("DRAIN", 6, 11),
    Column::right("ERR%", 4, 5),
    Column::right("AVG", 5, 13),
    Column::right("P50", 6, 12),
    Column::right("P95", 6, 8),
    Column::tail("TREND", 6, 9).growing(),
];

/// The stages in a border, with the totals below them.
pub(super) fn boxed(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let feed = &scene.store.stages;
    let trouble = freshness::trouble(
        scene.cx,
        feed,
        FeedId::Stages.interval(),
        &scene.store.reader,
    );
    let mut words = counted(&scene.store.flow);
    if area.width >= WIDE {
        words.push_str(&dropped(scene.store));
    }
    let summary = quiet(words);
    let inner = scene.boxed(buf, area, (Pane::Flow, "1 STAGES"), trouble, summary);
    let spare = usize::from(inner.height).saturating_sub(scene.store.flow.len().max(15) + 1);
    let last = u16::from(spare > 0);
    strip(
        scene,
        buf,
        Rect {
            height: inner.height - last,
            ..inner
        },
    );
    if last == 1 {
        let line = tickers::totals(scene, usize::from(inner.width));
        panel::put(buf, inner, inner.height - 1, &line);
    }
}

/// From this width on, the summary has room for the drops.
const WIDE: u16 = 100;

/// How many records were dropped on the boundaries between stages, done above and with no child past the usual gap;
/// nothing before the first look.
fn dropped(store: &Store) -> String {
    store.drops.value().map_or_else(String::new, |drops| {
        let (known, blind) = drops.total();
        let blind = match blind {
            0 => String::new(),
            1 => ", 1 link ?".to_owned(),
            n => format!(", {n} links ?"),
        };
        format!("  silent drops {known}{blind}")
    })
}

/// How many stages are in which state, those that ask for something.
fn counted(lines: &[FlowLine]) -> String {
    let of = |health: Health| lines.iter().filter(|line| line.health == health).count();
    let states = [
        Health::Critical,
        Health::Warning,
        Health::Starving,
        Health::Ok,
        Health::Idle,
    ];
    let counts = states.map(|health| (of(health), health.word().to_lowercase()));
    let words = counts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"));
    words.collect::<Vec<_>>().join("  ")
}

/// The stages as a table. Until the operator moves, a table too short for all of them shows the worst.
pub(super) fn strip(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    if absent(scene, buf, area) {
        return;
    }
    let lines = shown(scene, usize::from(area.height).saturating_sub(1));
    let selected = selected(scene, &lines);
    let table = Table {
        columns: COLUMNS,
        len: lines.len(),
        selected,
        focused: scene.has_keys(Pane::Flow) && scene.state.chose_stage,
    };
    table.paint(scene.cx, buf, area, |index| {
        lines.get(index).map_or_else(Row::default, |line| row(line))
    });
}

/// The worst stages, a row each, without a header.
pub(super) fn worst(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    if absent(scene, buf, area) {
        return;
    }
    let lines = shown(scene, usize::from(area.height));
    let selected = selected(scene, &lines);
    for (at, (y, line)) in (area.y..area.bottom()).zip(&lines).enumerate() {
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        let table = Table {
            columns: COLUMNS,
            len: 1,
            selected: (selected == Some(at)).then_some(0),
            focused: scene.state.chose_stage,
        };
        table.paint(scene.cx, buf, place, |_| row(line));
    }
}

fn absent(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) -> bool {
    if !scene.store.flow.is_empty() {
        return false;
    }
    let store = scene.store;
    if !freshness::absent(scene.cx, buf, area, &store.stages, &store.reader) {
        let line = Line::styled("no stages in this database", scene.cx.style(Role::Dim));
        panel::put(buf, area, 0, &line);
    }
    true
}

/// The lines to show where there is room for `room` of them, in the order of the pipeline.
fn shown<'a>(scene: &Scene<'a>, room: usize) -> Vec<&'a FlowLine> {
    let all = || scene.store.flow.iter();
    if room >= scene.store.flow.len() || scene.state.chose_stage {
        let lines: Vec<&FlowLine> = all().collect();
        let at = selected(scene, &lines).unwrap_or(0);
        let first = crate::ui::list::offset(at, lines.len(), room.max(1));
        return lines.into_iter().skip(first).take(room).collect();
    }
    let mut ranked: Vec<(usize, &FlowLine)> = all().enumerate().collect();
    ranked.sort_by_key(|(at, line)| (line.health, std::cmp::Reverse(line.reading.pending), *at));
    ranked.truncate(room);
    ranked.sort_by_key(|(at, _)| *at);
    ranked.into_iter().map(|(_, line)| line).collect()
}

fn selected(scene: &Scene<'_>, lines: &[&FlowLine]) -> Option<usize> {
    let stage = scene.state.stages.selected()?;
    let is_ill = scene.store.verdict.root.is_some();
    let shown = scene.state.chose_stage || is_ill;
    lines
        .iter()
        .position(|line| line.stage == *stage)
        .filter(|_| shown)
}

fn row(line: &FlowLine) -> Row<'_> {
    let reading = &line.reading;
    let word = match line.health {
        Health::Ok | Health::Idle => line.health.word().to_lowercase(),
        Health::Critical | Health::Stale | Health::Unknown | Health::Warning | Health::Starving => {
            line.health.word().to_owned()
        }
    };
    let loud = match line.health {
        Health::Critical => Role::Bad,
        Health::Warning | Health::Starving => Role::Warn,
        Health::Ok | Health::Stale | Health::Unknown => Role::Text,
        Health::Idle => Role::Dim,
    };
    let phase = line
        .phase
        .map_or_else(|| "-".to_owned(), |phase| phase.to_string());
    let (pending, oldest) = backlog(line);
    Row::new(vec![
        cell(word, badge::health(line.health)),
        cell(phase, Role::Dim),
        cell(line.stage.label(), loud),
        cell(line.workflow.as_deref().unwrap_or("-"), Role::Dim),
        pending,
        oldest,
        number(reading.in_per_min(), text::rate(reading.in_per_min())),
        number(reading.out_per_min(), text::rate(reading.out_per_min())),
        net(line),
        drain(line),
        errors(line),
        latency(reading.latency.avg_ms.map(text::latency)),
        latency(reading.latency.p50.map(text::quantile)),
        latency(reading.latency.p95.map(text::quantile)),
        cell(last_minutes(line), Role::Graph),
    ])
}

fn backlog(line: &FlowLine) -> (Cell<'static>, Cell<'static>) {
    let reading = &line.reading;
    let plus = if reading.pending_capped { "+" } else { "" };
    let role = match (line.health, line.trouble) {
        _ if reading.pending == 0 => Role::Dim,
        (Health::Critical, _) => Role::Bad,
        (Health::Warning, Some(Trouble::Growing | Trouble::Storm | Trouble::Stalled)) => Role::Warn,
        _ => Role::Strong,
    };
    let pending = format!("{}{plus}", text::count(reading.pending));
    let oldest = match line.oldest_s {
        Some(age) if reading.pending > 0 => {
            let old = age > crate::domain::flow::STUCK_S;
            let words = text::span(chrono::TimeDelta::seconds(age));
            cell(words, if old { Role::Bad } else { Role::Text })
        }
        Some(_) | None => cell("-", Role::Dim),
    };
    (cell(pending, role), oldest)
}

fn number(value: f64, words: String) -> Cell<'static> {
    cell(words, if value == 0.0 { Role::Dim } else { Role::Text })
}

fn net(line: &FlowLine) -> Cell<'static> {
    let words = text::signed(line.reading.net_per_min());
    let role = match (line.health, words.as_str()) {
        (_, "0") => Role::Dim,
        (Health::Critical, words) if words.starts_with('+') => Role::Bad,
        (Health::Warning, words) if words.starts_with('+') => Role::Warn,
        _ => Role::Text,
    };
    cell(words, role)
}

fn drain(line: &FlowLine) -> Cell<'static> {
    let reading = &line.reading;
    match reading.drain_seconds() {
        Some(seconds) => cell(
            text::span(chrono::TimeDelta::seconds(seconds as i64)),
            Role::Text,
        ),
        None if reading.pending > 0 && line.trouble.is_some() => cell("never", Role::Warn),
        None => cell("-", Role::Dim),
    }
}

fn errors(line: &FlowLine) -> Cell<'static> {
    let Some(share) = line.reading.error_share() else {
        return cell("-", Role::Dim);
    };
    if share.is_low() {
        let role = if share.part > 0 {
            Role::Warn
        } else {
            Role::Dim
        };
        return cell("lown", role);
    }
    let percent = share.rate().unwrap_or_default() * 100.0;
    let role = match line.trouble {
        Some(Trouble::Errors) => Role::Bad,
        _ if percent < 0.05 => Role::Dim,
        _ if percent > 10.0 => Role::Warn,
        _ => Role::Text,
    };
    let words = if (0.05..=99.95).contains(&percent) {
        format!("{percent:.1}")
    } else {
        format!("{percent:.0}")
    };
    cell(words, role)
}

fn latency(words: Option<String>) -> Cell<'static> {
    words.map_or_else(|| cell("-", Role::Dim), |words| cell(words, Role::Text))
}

/// The backlog where there is one to speak of; what was processed otherwise. Whole minutes only, so that the
/// picture changes once a minute.
fn last_minutes(line: &FlowLine) -> String {
    let trend = &line.trend;
    let series = match line.trouble {
        Some(Trouble::Stalled | Trouble::Growing | Trouble::Storm) => &trend.backlog,
        Some(Trouble::Errors | Trouble::Alert(_) | Trouble::Dropped | Trouble::Starved) | None => {
            &trend.processed
        }
    };
    let whole = series.len().saturating_sub(1);
    let minutes = series.get(..whole).unwrap_or_default();
    spark::spark(minutes, minutes.len())
}
