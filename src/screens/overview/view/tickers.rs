//! What a small overview says in a line each: the totals, the worst errors, the newest events.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, errors, totals::lower_bound};
use crate::{
    domain::error_group::Severity,
    msg::Link,
    ui::{Role, badge, panel, text},
};

type Words = Vec<(String, Role)>;

/// As many tickers as there are rows in `area`.
pub(super) fn tickers(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let width = usize::from(area.width);
    let lines = [totals(scene, width), news(scene, width)];
    for (row, line) in (0..area.height).zip(&lines) {
        panel::put(buf, area, row, line);
    }
    let alerts = scene.store.alerts.iter();
    let firing = alerts.filter(|alert| alert.is_firing() && !alert.is_silenced());
    for (row, alert) in (2..area.height).zip(firing) {
        let title = alert.rule().title;
        let acked = alert
            .acked_by()
            .map_or_else(String::new, |acked| format!(", {}", acked.words()));
        let words = format!(" FIRING {title}{acked}");
        let line = Line::styled(words, scene.cx.style(Role::Bad));
        panel::put(buf, area, row, &line);
    }
}

/// The numbers of the guide's hybrid dashboard, in short words where the long ones do not fit.
pub(super) fn totals(scene: &Scene<'_>, width: usize) -> Line<'static> {
    let long = joined(scene, numbers(scene, false), usize::MAX);
    if long.width() <= width {
        return long;
    }
    joined(scene, numbers(scene, true), width)
}

fn numbers(scene: &Scene<'_>, short: bool) -> Vec<Words> {
    let Some(totals) = scene.store.totals.value() else {
        return vec![vec![name("24h"), plain("waiting")], n8n(scene, short)];
    };
    let word = |long: &str, brief: &str| plain(if short { brief } else { long });
    let rate = totals.success_rate();
    let ok = rate.map_or_else(|| "-".to_owned(), text::percent);
    let role = match rate {
        Some(rate) if rate < 0.9 => Role::Bad,
        Some(_) => Role::Strong,
        None => Role::Dim,
    };
    let avg = totals
        .avg_latency_ms
        .map_or_else(|| "-".to_owned(), text::latency);
    let open = totals.unresolved_errors;
    let loud = if open == 0 { Role::Dim } else { Role::Strong };
    vec![
        vec![
            name("24h"),
            strong(lower_bound(totals, totals.events)),
            word("events ", "ev"),
            (ok, role),
            word("ok  avg", "ok avg"),
            strong(avg),
        ],
        vec![
            name("5m"),
            strong(text::grouped(totals.processed_5m)),
            word("processed", "done"),
        ],
        n8n(scene, short),
        vec![
            (text::at_least(open, totals.errors_since.is_some()), loud),
            word("errors unresolved", "open"),
        ],
    ]
}

/// Active workflows and what runs.
fn n8n(scene: &Scene<'_>, short: bool) -> Words {
    let store = scene.store;
    let Some(workflows) = store.workflows.value() else {
        return match &store.n8n {
            Link::Off(_) => vec![name("n8n"), plain("off")],
            Link::Down { .. } => vec![name("n8n"), ("down".to_owned(), Role::Stale)],
            Link::Connecting | Link::Up(..) | Link::Deaf(..) => vec![name("n8n"), plain("waiting")],
        };
    };
    let live = || workflows.iter().filter(|workflow| !workflow.archived);
    let active = live().filter(|workflow| workflow.active).count();
    let mut words = vec![
        name("n8n"),
        strong(format!("{active}/{}", live().count())),
        plain(if short { "on" } else { "workflows active " }),
    ];
    if let Some(running) = store.executions.value().and_then(|all| all.running) {
        words.push(strong(text::count(running)));
        words.push(plain(if short { "run" } else { "running" }));
    }
    words
}

/// The worst errors and the newest events.
fn news(scene: &Scene<'_>, width: usize) -> Line<'static> {
    let store = scene.store;
    let mut parts: Vec<Words> = Vec::new();
    let groups = if width < 110 { 1 } else { 2 };
    for group in store.groups().iter().take(groups) {
        let role = if group.severity == Severity::Critical {
            Role::Bad
        } else {
            Role::Warn
        };
        let what = text::cut(&errors::newest(group), 26);
        parts.push(vec![
            name("ERR"),
            (format!("x{}", group.open), role),
            plain(&what),
        ]);
    }
    for row in store.stream.newest().take(4) {
        parts.push(vec![
            name("LIVE"),
            plain(&text::moment(scene.cx, row.created_at)),
            plain(&format!("#{}", row.id)),
            (row.stage.label(), Role::Text),
            (row.status.label(), badge::status(&row.status)),
        ]);
    }
    if parts.is_empty() {
        parts.push(vec![name("LIVE"), plain("no event yet")]);
    }
    joined(scene, parts, width)
}

fn name(words: &str) -> (String, Role) {
    (words.to_owned(), Role::Header)
}

fn plain(words: &str) -> (String, Role) {
    (words.to_owned(), Role::Dim)
}

const fn strong(words: String) -> (String, Role) {
    (words, Role::Strong)
}

/// As many whole parts as fit into `width`.
fn joined(scene: &Scene<'_>, parts: Vec<Words>, width: usize) -> Line<'static> {
    let mut line = Line::default();
    for (at, part) in parts.into_iter().enumerate() {
        let separator = if at == 0 { " " } else { " | " };
        let mut spans = vec![Span::styled(separator, scene.cx.style(Role::Border))];
        for (n, (words, role)) in part.into_iter().enumerate() {
            let space = if n == 0 { "" } else { " " };
            spans.push(Span::raw(space));
            spans.push(Span::styled(words, scene.cx.style(role)));
        }
        let more: usize = spans.iter().map(Span::width).sum();
        if at > 0 && line.width() + more > width {
            break;
        }
        line.spans.extend(spans);
    }
    line
}
