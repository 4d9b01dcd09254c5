//! An error, whole: what it is, what it says, its details and its payload as trees, and what happened to its record.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Context, Role, freshness, overlay, page::Page, panel, run, text, timeline};
use crate::{
    domain::{
        error_group::{ErrorDetail, ErrorRow, Facet, Facets, Fingerprint, class},
        event::RowId,
        mask, payload,
        timeline::{Around, Join},
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// How it is shown.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, a key each"
)]
pub struct Look {
    /// Lines scrolled down.
    pub scroll: usize,
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// Whether people are shown unmasked.
    pub reveal: bool,
    /// Whether details and payload are shown as they came.
    pub raw: bool,
    /// How many levels of them are unfolded; all where there is no number.
    pub depth: Option<usize>,
    /// Whether what happened to its record stands first.
    pub timeline: bool,
}

/// Paints the error `id`, the sample `place` of so many; `read` is what was read of it, if it was, with what is around it, and
/// what was read of its execution.
pub fn sample(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (id, place, of): (&RowId, usize, usize),
    (read, around, ran): (
        Option<&Result<ErrorDetail, Fault>>,
        Option<&Around<'_>>,
        run::Ran<'_>,
    ),
    look: Look,
) {
    let width = area.width.min(130);
    let mut page = Page::new(cx, usize::from(width).saturating_sub(4), look.wrap);
    match read {
        Some(Ok(detail)) => whole(&mut page, detail, (around, ran), look),
        Some(Err(fault)) => {
            page.text(&freshness::explained(fault), Role::Stale);
            page.text(fault.advice(), Role::Dim);
        }
        None => page.text("reading it", Role::Dim),
    }
    let lines = page.lines;
    let height = (lines.len() + 2).min(usize::from(area.height)).max(8) as u16;
    let title = format!("SAMPLE {place}/{of}  error {id}");
    let (people, role) = if look.reveal {
        ("people SHOWN, M masks", Role::Warn)
    } else {
        ("people masked, M shows", Role::Dim)
    };
    let badge: panel::Badge = (format!("{people}  n/N next"), role);
    let inner = overlay::popup(cx, buf, area, (width, height), &title, &badge);
    overlay::scrolled(cx, buf, inner, &lines, look.scroll);
}

fn whole(
    page: &mut Page<'_>,
    detail: &ErrorDetail,
    (around, ran): (Option<&Around<'_>>, run::Ran<'_>),
    look: Look,
) {
    let error = &detail.error;
    if look.timeline {
        told(page, detail, around);
    }
    facts(page, detail, ran);
    let shown = |text: &Untrusted| {
        if look.reveal {
            text.clone()
        } else {
            mask::message(text)
        }
    };
    page.heading("MESSAGE");
    for line in shown(&error.message).lines() {
        page.text(&line, Role::Text);
    }
    if error.message.is_cut() {
        let cut = format!(
            "cut: the whole message has {} bytes",
            error.message.full_bytes()
        );
        page.text(&cut, Role::Dim);
    }
    tree(page, "DETAILS", &error.details, look);
    tree(page, "PAYLOAD of the event", &detail.payload, look);
    if !look.timeline {
        told(page, detail, around);
    }
}

fn told(page: &mut Page<'_>, detail: &ErrorDetail, around: Option<&Around<'_>>) {
    page.heading("TIMELINE of the record");
    let width = page.room;
    let nothing = Around::default();
    let lines = timeline::lines(page.cx, detail, around.unwrap_or(&nothing), width);
    page.lines.extend(lines);
}

fn facts(page: &mut Page<'_>, detail: &ErrorDetail, (known, why): run::Ran<'_>) {
    let (cx, error) = (page.cx, &detail.error);
    let workflow = cx.pipeline.find(&error.stage);
    let workflow = workflow.map_or("no workflow of the pipeline", |stage| {
        stage.workflow.as_str()
    });
    page.pair(
        "stage",
        &format!("{}, to {workflow}", error.stage.label()),
        Role::Strong,
    );
    let when = text::clock(cx, error.created_at);
    let age = text::span(cx.now - error.created_at);
    page.pair(
        "came",
        &format!("{when}, {age} ago, {}", error.severity.word()),
        Role::Text,
    );
    let state = match (detail.resolved, detail.resolved_at) {
        (false, _) => "unresolved".to_owned(),
        (true, Some(at)) => format!("resolved at {}", text::clock(cx, at)),
        (true, None) => "resolved".to_owned(),
    };
    page.pair("state", &state, Role::Text);
    page.optional("record", error.record.as_ref(), Role::Text);
    let (says, role) = joined(cx, detail);
    page.pair("event", &says, role);
    page.optional("execution", detail.ran(), Role::Text);
    if detail.ran().is_some() {
        for (name, says, role) in run::facts(known, why.as_deref()) {
            page.pair(name, &says, role);
        }
    }
    let (kind, why) = classed(error);
    let says = format!("{}: {}  (rule: {why})", kind.name(), kind.advice());
    page.pair("class", &says, Role::Text);
    let hazards = detail.hazards();
    if hazards > 0 {
        let plural = if hazards == 1 { "" } else { "s" };
        page.pair(
            "hazards",
            &format!("{hazards} hazard{plural} neutralised"),
            Role::Warn,
        );
    }
}

/// The event of the error, and how sure that is.
fn joined(cx: &Context<'_>, detail: &ErrorDetail) -> (String, Role) {
    let Some((event, join)) = &detail.event else {
        let (reach, _) = *detail.reach;
        let reach = text::reach(cx, reach).map_or_else(String::new, |says| format!(" ({says})"));
        let none = format!("none of this record and stage was found{reach}");
        return (none, Role::Dim);
    };
    let role = if *join == Join::Weak {
        Role::Warn
    } else {
        Role::Text
    };
    let retried = match event.retries {
        0 => String::new(),
        n => format!(", retried {n}x"),
    };
    let status = event.status.label();
    let says = format!("{} {status}{retried}, joined {}", event.id, join.name());
    (says, role)
}

fn classed(error: &ErrorRow) -> (class::Class, &'static str) {
    let facets = Facets::of(&error.details);
    let status = facets.get(Facet::Http).map(Untrusted::raw);
    class::of(&Fingerprint::of(&error.message), status)
}

fn tree(page: &mut Page<'_>, title: &str, text: &Untrusted, look: Look) {
    if text.is_empty() {
        return;
    }
    let how = match (look.raw, look.depth) {
        (true, _) => "  as it came".to_owned(),
        (false, Some(1)) => "  1 level".to_owned(),
        (false, Some(depth)) => format!("  {depth} levels"),
        (false, None) => String::new(),
    };
    page.heading(&format!("{title}  {} bytes{how}", text.full_bytes()));
    let shown = if look.reveal {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(mask::payload(text))
    };
    let lines = if look.raw {
        shown.lines()
    } else {
        payload::lines(&shown)
    };
    let lines = match look.depth {
        Some(depth) if !look.raw => payload::folded(lines, depth),
        Some(_) | None => lines,
    };
    for line in lines {
        page.text(&line, Role::Text);
    }
}
