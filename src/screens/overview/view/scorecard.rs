//! The guide's twelve success metrics in their bands: a table where there is room, a grid otherwise.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{super::Pane, Scene, quiet};
use crate::{
    domain::{
        alert::Unit,
        scorecard::{Band, METRICS, MetricId, MetricReading, MetricSpec},
    },
    effect::FeedId,
    ui::{
        Role, freshness, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

const COLUMNS: &[Column] = &[
    Column::left("METRIC", 14, 0).growing(),
    Column::right("NOW", 6, 0),
    Column::left("BAND", 7, 0),
    Column::right("TARGET", 6, 1),
    Column::right("EXCEL", 6, 2),
    Column::right("N", 6, 3),
];

/// Cells of a metric in the grid.
const CELL: u16 = 19;

/// Paints the pane.
pub(super) fn scorecard(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let store = scene.store;
    let trouble = freshness::trouble(
        scene.cx,
        &store.scorecard,
        FeedId::Scorecard.interval(),
        &store.reader,
    );
    let readings = store
        .scorecard
        .value()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let missed = METRICS
        .iter()
        .filter(|spec| spec.band(spec.find(readings)) == Band::Miss)
        .count();
    let title = (Pane::Scorecard, "8 SCORECARD");
    let inner = scene.boxed(
        buf,
        area,
        title,
        trouble,
        quiet(format!("{missed} below target")),
    );
    if freshness::absent(scene.cx, buf, inner, &store.scorecard, &store.reader) {
        return;
    }
    if inner.height as usize > METRICS.len() {
        table(scene, buf, inner, readings);
    } else {
        grid(scene, buf, inner, readings);
    }
}

fn table(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, readings: &[MetricReading]) {
    let has_keys = scene.has_keys(Pane::Scorecard);
    let chosen = scene.state.metrics.selected().filter(|_| has_keys);
    let table = Table {
        columns: COLUMNS,
        len: METRICS.len(),
        selected: METRICS.iter().position(|spec| Some(&spec.id) == chosen),
        focused: has_keys,
    };
    table.paint(scene.cx, buf, area, |index| {
        METRICS
            .get(index)
            .map_or_else(Row::default, |spec| row(spec, spec.find(readings)))
    });
}

fn row(spec: &MetricSpec, reading: Option<&MetricReading>) -> Row<'static> {
    let band = spec.band(reading);
    let n = reading.map_or(0, |reading| reading.n);
    Row::new(vec![
        cell(spec.label, Role::Text),
        cell(value(spec, reading), Role::Strong),
        cell(band.word(), role(band)),
        cell(formatted(spec, spec.target), Role::Dim),
        cell(formatted(spec, spec.excellent), Role::Dim),
        cell(text::count(n), Role::Dim),
    ])
}

/// As many metrics side by side as fit.
fn grid(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, readings: &[MetricReading]) {
    let area = panel::indented(area);
    let across = (area.width / CELL).max(1);
    let wide = area.width / across;
    let has_keys = scene.has_keys(Pane::Scorecard);
    let chosen = scene.state.metrics.selected().filter(|_| has_keys);
    for (at, spec) in (0_u16..).zip(&METRICS) {
        let (row, column) = (at / across, at % across);
        if row >= area.height {
            break;
        }
        let place = Rect {
            x: area.x + column * wide,
            width: wide - 1,
            ..area
        };
        let reading = spec.find(readings);
        let band = spec.band(reading);
        let lit = Some(&spec.id) == chosen;
        let style = |role| scene.cx.style(if lit { Role::Selected } else { role });
        let line = Line::from(vec![
            Span::styled(format!("{:7} ", short(spec.id)), style(Role::Dim)),
            Span::styled(format!("{:>5} ", value(spec, reading)), style(Role::Strong)),
            Span::styled(brief(band), style(role(band))),
        ]);
        panel::put(buf, place, row, &line);
    }
}

fn value(spec: &MetricSpec, reading: Option<&MetricReading>) -> String {
    let value = reading.and_then(|reading| reading.value);
    value.map_or_else(|| "-".to_owned(), |value| formatted(spec, value))
}

fn formatted(spec: &MetricSpec, value: f64) -> String {
    match spec.unit {
        Unit::Share => text::percent(value),
        Unit::Seconds => text::span(chrono::TimeDelta::seconds(value as i64)),
        Unit::Rows => text::count(value as u64),
    }
}

const fn role(band: Band) -> Role {
    match band {
        Band::Miss => Role::Warn,
        Band::Target | Band::Excellent => Role::Ok,
        Band::LowN | Band::NoData => Role::Idle,
        Band::Slow => Role::Stale,
    }
}

const fn brief(band: Band) -> &'static str {
    match band {
        Band::Miss => "MISS",
        Band::Target => "tgt",
        Band::Excellent => "exc",
        Band::LowN => "low",
        Band::NoData => "-",
        Band::Slow => "slow",
    }
}

const fn short(id: MetricId) -> &'static str {
    match id {
        MetricId::ValidationSuccess => "valid",
        MetricId::EmailEnrichment => "enrich",
        MetricId::EmailDeliverability => "verify",
        MetricId::EndToEndLatency => "e2e p95",
        MetricId::DeliveryRate => "deliver",
        MetricId::OpenRate => "open",
        MetricId::ClickRate => "click",
        MetricId::ReplyRate => "reply",
        MetricId::ResponseCapture => "capture",
        MetricId::LeadQualification => "qualify",
        MetricId::MeetingBooking => "meeting",
        MetricId::DealClose => "deal",
    }
}
