//! The guide's hybrid dashboard, the server, and how old the answer of every feed is.

use std::time::Duration;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    effect::FeedId,
    store::feed::{Feed, Freshness},
    ui::{Context, Role, freshness, note, panel, text},
};

/// Paints the panel.
pub(super) fn totals(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let store = scene.store;
    let trouble = freshness::trouble(
        scene.cx,
        &store.totals,
        FeedId::Totals.interval(),
        &store.reader,
    );
    // Of a large table the day is read in parts, the newest first.
    let since = store.totals.value().and_then(|totals| totals.since);
    let is_unordered = store.totals.value().is_some_and(|it| it.is_unordered);
    let day = if is_unordered {
        "24 HOURS (KEYS NOT IN THE ORDER OF TIME), SERVER, FEEDS"
    } else {
        "24 HOURS, SERVER, FEEDS"
    };
    let title = since.map_or_else(
        || day.to_owned(),
        |at| format!("SINCE {}, SERVER, FEEDS", text::clock(scene.cx, at)),
    );
    let counted = store.totals.value().and_then(|it| it.errors_counted);
    let errors = match note::as_of(scene.cx, counted.map(crate::domain::as_of::AsOf::Here)) {
        ago if ago.is_empty() => ago,
        ago => format!("  errors {}", ago.trim_start()),
    };
    let title = title + &errors;
    let inner = panel::panel(scene.cx, buf, area, &title, &trouble, false);
    let inner = panel::indented(inner);
    let mut lines = dashboard(scene);
    lines.extend(server(scene));
    lines.push(Line::default());
    lines.extend(feeds(scene, usize::from(inner.width)));
    for (row, line) in (0..inner.height).zip(&lines) {
        panel::put(buf, inner, row, line);
    }
}

fn dashboard(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let store = scene.store;
    let dash = || "-".to_owned();
    let totals = store.totals.value();
    let workflows = store.workflows.value().map_or_else(dash, |all| {
        let live = || all.iter().filter(|workflow| !workflow.archived);
        format!(
            "{}/{}",
            live().filter(|workflow| workflow.active).count(),
            live().count()
        )
    });
    let running = store.executions.value().and_then(|all| all.running);
    let running = running.map_or_else(dash, text::grouped);
    let of = |value: fn(&crate::domain::stage::Totals) -> String| totals.map_or_else(dash, value);
    let pairs = [
        [
            ("active workflows", workflows),
            ("current executions", running),
        ],
        [
            ("processed in 5 min", of(|t| text::grouped(t.processed_5m))),
            ("events in 24 h", of(|t| lower_bound(t, t.events))),
        ],
        [
            (
                "success rate",
                of(|t| {
                    t.success_rate()
                        .map_or_else(|| "-".to_owned(), text::percent)
                }),
            ),
            (
                "average latency",
                of(|t| {
                    t.avg_latency_ms
                        .map_or_else(|| "-".to_owned(), text::latency)
                }),
            ),
        ],
        [
            (
                "unresolved errors",
                of(|t| text::at_least(t.unresolved_errors, t.errors_since.is_some())),
            ),
            ("failed in 24 h", of(|t| lower_bound(t, t.failed))),
        ],
    ];
    let style = |role| scene.cx.style(role);
    let line = |pair: [(&'static str, String); 2]| {
        let cells = pair.into_iter().flat_map(|(name, value)| {
            [
                Span::styled(format!("{name:19}"), style(Role::Dim)),
                Span::styled(format!("{value:>7}   "), style(Role::Strong)),
            ]
        });
        Line::from(cells.collect::<Vec<_>>())
    };
    pairs.into_iter().map(line).collect()
}

/// A count of the day, with a plus while not all of the day is known.
pub(super) fn lower_bound(totals: &crate::domain::stage::Totals, n: u64) -> String {
    let more = if totals.is_least() { "+" } else { "" };
    format!("{}{more}", text::grouped(n))
}

fn server(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let Some(server) = scene.store.server.value() else {
        return vec![Line::styled("server  waiting", scene.cx.style(Role::Dim))];
    };
    let version = format!("{}.{}", server.version / 10_000, server.version % 10_000);
    let standby = server.replay.map_or_else(String::new, |replay| {
        let clock = scene.cx.now;
        format!(", a standby, {}", replay.words(clock))
    });
    let what = format!(
        "PostgreSQL {version}{standby}, {} as {}, clock {:+.1}s, notify queue {}",
        server.database.display_cut(20),
        server.role.display_cut(20),
        server.skew_ms as f64 / 1_000.0,
        text::percent(server.queue_usage),
    );
    let mut lines = vec![Line::styled(what, scene.cx.style(Role::Dim))];
    if let Some(gap) = server.gaps.first() {
        let more = match server.gaps.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let line = format!(
            "missing {}{more}: run outpost doctor",
            gap.what.display_cut(40)
        );
        lines.push(Line::styled(line, scene.cx.style(Role::Warn)));
    }
    lines
}

/// Every feed with its age and how long its answer took.
fn feeds(scene: &Scene<'_>, width: usize) -> Vec<Line<'static>> {
    let all: Vec<Vec<Span<'static>>> = FeedId::ALL
        .iter()
        .filter(|id| {
            !matches!(
                **id,
                FeedId::Ledger | FeedId::Latency(_) | FeedId::Records(_)
            )
        })
        .map(|id| feed(scene, *id))
        .collect();
    let across = (width / 30).max(1);
    all.chunks(across)
        .map(|feeds| Line::from(feeds.concat()))
        .collect()
}

fn feed(scene: &Scene<'_>, id: FeedId) -> Vec<Span<'static>> {
    let store = scene.store;
    let every = id.interval();
    let (words, role) = match id {
        FeedId::Server => state(scene.cx, &store.server, every),
        FeedId::Stages => state(scene.cx, &store.stages, every),
        FeedId::Trend => state(scene.cx, &store.trend, every),
        FeedId::Totals => state(scene.cx, &store.totals, every),
        FeedId::Tail => state(scene.cx, &store.tail, every),
        FeedId::Ledger => state(scene.cx, &store.ledger, every),
        FeedId::Errors => state(scene.cx, &store.errors, every),
        FeedId::Outcomes => state(scene.cx, &store.outcomes, every),
        FeedId::Drops => state(scene.cx, &store.drops, every),
        FeedId::Campaigns => state(scene.cx, &store.campaigns, every),
        FeedId::Scorecard => state(scene.cx, &store.scorecard, every),
        FeedId::Latency(span) => state(scene.cx, &store.latency[span as usize], every),
        FeedId::Records(span) => state(scene.cx, &store.records[span as usize], every),
        FeedId::Workflows => state(scene.cx, &store.workflows, every),
        FeedId::Executions => state(scene.cx, &store.executions, every),
        FeedId::Access => state(scene.cx, &store.access, every),
    };
    vec![
        Span::styled(format!("{:11}", id.name()), scene.cx.style(Role::Dim)),
        Span::styled(
            format!("{:18} ", text::cut(&words, 18)),
            scene.cx.style(role),
        ),
    ]
}

fn state<T>(cx: &Context<'_>, feed: &Feed<T>, every: Duration) -> (String, Role) {
    match (feed.freshness(cx.here, every), feed.at()) {
        (Freshness::Fresh, Some(at)) => {
            let words = format!(
                "{:>4} old {:>5}",
                text::span(cx.here - at),
                text::latency(feed.took_ms())
            );
            (words, Role::Text)
        }
        _ => freshness::badge(cx, feed, every),
    }
}
