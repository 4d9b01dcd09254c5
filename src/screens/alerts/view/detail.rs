//! The selected rule, in sentences: what it asks, where it stands, what to do.

use chrono::TimeDelta;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    domain::{
        alert::{self, Alert, Reading, Side, Unit},
        as_of::AsOf,
        burn::Burn,
        mask,
        triage::Place,
    },
    ui::{
        Context, Role, note,
        panel::{self, Badge},
        text,
    },
};

/// Cells of the labels.
const LABEL: usize = 11;

/// What is known beside an alert itself.
pub(super) struct Known {
    /// When what it is judged on was counted, where that was before.
    pub(super) counted: Option<AsOf>,
    /// Among how many of the newest rows, where that was not all.
    pub(super) newest: Option<u64>,
    /// How fast the errors are used up that its limit allows.
    pub(super) burn: Option<Burn>,
    /// Where what operators say of it is kept.
    pub(super) place: Place,
}

pub(super) fn paint(cx: &Context<'_>, buf: &mut Buffer, area: Rect, alert: &Alert, known: Known) {
    let rule = alert.rule();
    let title = format!("{}  enter shows where it comes from", rule.title);
    let word: Badge = (alert.state.word().to_owned(), super::role(alert));
    let inner = panel::panel(cx, buf, area, &title, &word, false);
    let width = usize::from(inner.width).saturating_sub(LABEL + 1);
    let mut row = 0;
    for (label, words, role) in lines(cx, alert, known) {
        for (part, words) in text::wrap(&words, width).into_iter().enumerate() {
            let label = if part == 0 { label } else { "" };
            let label = Span::styled(format!(" {label:<LABEL$}"), cx.style(Role::Header));
            let line = Line::from(vec![label, Span::styled(words, cx.style(role))]);
            panel::put(buf, inner, row, &line);
            row += 1;
        }
    }
}

fn lines(
    cx: &Context<'_>,
    alert: &Alert,
    Known {
        counted,
        newest,
        burn,
        place,
    }: Known,
) -> Vec<(&'static str, String, Role)> {
    let rule = alert.rule();
    let mut lines = vec![
        ("now", now(cx, alert), super::role(alert)),
        ("condition", rule.condition(), Role::Text),
        ("to do", rule.advice.to_owned(), Role::Text),
        (
            "measured",
            measured(alert) + &among(newest) + &note::as_of(cx, counted),
            Role::Dim,
        ),
    ];
    if let Some(distance) = alert.distance(cx.now) {
        lines.insert(1, ("distance", distance, Role::Text));
    }
    lines.splice(1..1, said(cx, alert, &place));
    if let Some(burn) = burn {
        let words = format!("over all stages: {}", burn.words());
        lines.push(("budget", words, Role::Text));
    }
    if let Some(at) = alert.resolved_at {
        let ago = text::span(cx.now - at);
        lines.push(("last", format!("fired, and ended {ago} ago"), Role::Dim));
    }
    lines
}

/// What operators said of it, whole.
fn said(cx: &Context<'_>, alert: &Alert, place: &Place) -> Vec<(&'static str, String, Role)> {
    let said = &alert.said;
    let mut lines = Vec::new();
    if let Some(silenced) = &said.silenced {
        let words = format!(
            "until {}, for {} more, by {} at {}: it makes no headline, and outpost check does not fail for it; Z ends it",
            text::clock(cx, silenced.until),
            text::span(silenced.until - cx.now),
            silenced.by.display_cut(64),
            text::clock(cx, silenced.since),
        );
        lines.push(("silenced", words, Role::Strong));
    }
    if let Some(acked) = &said.acked {
        let (by, at) = (acked.by.display_cut(64), text::clock(cx, acked.at));
        let ago = text::span(cx.now - acked.at);
        lines.push(if acked.is_sure {
            let words = format!("by {by} at {at}, {ago} ago: until it ends; A takes it back");
            ("acked", words, Role::Strong)
        } else {
            let words = format!(
                "by {by} at {at}, {ago} ago, before this console saw it fire: it may have ended and begun anew, so it counts as \
                 not acked; A acks it anew"
            );
            ("acked?", words, Role::Warn)
        });
    }
    if let Some(noted) = &said.note {
        lines.push(("note", mask::cut(noted, 400), Role::Text));
    }
    if let Place::Local(why) = place
        && said.is_noted()
    {
        let words = format!("local only, no other console sees it: {why}");
        lines.push(("kept", words, Role::Warn));
    }
    lines
}

fn now(cx: &Context<'_>, alert: &Alert) -> String {
    let rule = alert.rule();
    let value = value(alert);
    let (beyond, within) = match rule.side {
        Side::Above => ("above", "not above"),
        Side::Below => ("below", "not below"),
    };
    let limit = rule.format(rule.fire);
    let age = |since| text::span(cx.now - since);
    match alert.state {
        alert::State::Ok => format!("{value}: {within} {limit}"),
        alert::State::Pending(since) => {
            let hold = TimeDelta::from_std(rule.hold).unwrap_or_default();
            format!(
                "{value}: {beyond} {limit} for {}, fires after {}",
                age(since),
                super::whole(hold)
            )
        }
        alert::State::Firing(since) => {
            format!("{value}: {beyond} {limit}, firing for {}", age(since))
        }
        alert::State::Idle => {
            "there was nothing of its kind to do, so nothing can be wrong".to_owned()
        }
        alert::State::LowN => format!("{value}: fewer than {} cases prove nothing", rule.min_n),
        alert::State::NoData(since) => {
            let reason = alert
                .blind
                .as_ref()
                .map_or("not read", |(reason, _)| reason);
            let before = match &alert.reading {
                Reading::Value { .. } => format!("; before that {value}"),
                Reading::Idle | Reading::Unknown(_) => String::new(),
            };
            format!("cannot be judged for {}: {reason}{before}", age(since))
        }
    }
}

fn value(alert: &Alert) -> String {
    let rule = alert.rule();
    match &alert.reading {
        Reading::Value { value, n, stage } => {
            let place = stage
                .as_ref()
                .map_or_else(String::new, |stage| format!(", worst in {}", stage.label()));
            let cases = match rule.unit {
                Unit::Rows => String::new(),
                Unit::Share | Unit::Seconds => format!(" of n {}", text::grouped(*n)),
            };
            format!("{}{cases}{place}", rule.format(*value))
        }
        Reading::Idle => "no value".to_owned(),
        Reading::Unknown(reason) => reason.clone(),
    }
}

/// Among which rows, where those of the window are not found.
fn among(newest: Option<u64>) -> String {
    newest.map_or_else(String::new, |rows| {
        format!(", among the newest {} rows", text::grouped(rows))
    })
}

fn measured(alert: &Alert) -> String {
    let rule = alert.rule();
    let interval = alert.interval().map_or_else(String::new, |(low, high)| {
        format!(
            "; the truth lies between {} and {} (95 %)",
            text::percent(low),
            text::percent(high)
        )
    });
    let over = match rule.window {
        "now" => "now".to_owned(),
        window => format!("over {window}"),
    };
    let ends = match rule.side {
        Side::Above => "below",
        Side::Below => "above",
    };
    format!(
        "{over}{interval}; it ends {ends} {}",
        rule.format(rule.clear)
    )
}
