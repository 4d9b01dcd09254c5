//! An event, whole: its facts, its payload, its errors, and what else there is of the same record.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Context, Role, badge, freshness, overlay, page::Page, panel, run, text};
use crate::{
    domain::{
        error_group::ErrorRow,
        event::{EventDetail, EventRow, EventStatus, RowId},
        mask, payload,
        reach::Reach,
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Paints event `id`: `detail` is the answer if there is one yet, with what was read of its execution, `row` what the stream knows
/// of it.
pub fn detail(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (id, row): (&RowId, Option<&EventRow>),
    (detail, ran): (Option<&Result<EventDetail, Fault>>, run::Ran<'_>),
    (scroll, wraps, reveals): (usize, bool, bool),
) {
    let width = area.width.min(120);
    let room = usize::from(width).saturating_sub(4);
    let mut page = Page::new(cx, room, wraps);
    let found = match detail {
        Some(Ok(detail)) if detail.row.id == *id => Some(detail),
        Some(Ok(_) | Err(_)) | None => None,
    };
    let shown = found.map(|detail| {
        if reveals {
            Cow::Borrowed(detail)
        } else {
            Cow::Owned(mask::detail(cx.pipeline, detail))
        }
    });
    match (&shown, row) {
        (Some(detail), _) => page.facts(&detail.row, ran),
        (None, Some(row)) => page.facts(&mask::row(cx.pipeline, row), ran),
        (None, None) => {}
    }
    match (found.zip(shown), detail) {
        (Some((whole, shown)), _) => page.rest(&shown, &whole.payload),
        (None, Some(Err(fault))) => {
            page.text(&freshness::explained(fault), Role::Stale);
            page.text(fault.advice(), Role::Dim);
        }
        (None, Some(Ok(_)) | None) => page.text("reading the payload", Role::Dim),
    }
    let lines = page.lines;
    let height = (lines.len() + 2).min(usize::from(area.height)) as u16;
    let title = format!("EVENT #{id}");
    let badge = badge_of(&lines, usize::from(area.height), (wraps, reveals));
    let inner = overlay::popup(cx, buf, area, (width, height.max(8)), &title, &badge);
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

fn badge_of(lines: &[Line<'_>], height: usize, (wraps, reveals): (bool, bool)) -> panel::Badge {
    let scrolls = if lines.len() + 2 > height {
        "j/k scroll  "
    } else {
        ""
    };
    let wrap = if wraps { "w cut" } else { "w wrap" };
    let (people, role) = if reveals {
        ("people SHOWN, M masks", Role::Warn)
    } else {
        ("people masked, M shows", Role::Dim)
    };
    (format!("{people}  {scrolls}{wrap}"), role)
}

impl Page<'_> {
    fn facts(&mut self, row: &EventRow, (known, why): run::Ran<'_>) {
        let took = row.processed_at.map_or_else(
            || format!("waiting for {}", text::span(self.cx.now - row.created_at)),
            |end| {
                let ms = (end - row.created_at).num_milliseconds();
                format!("took {}", text::latency(u64::try_from(ms).unwrap_or(0)))
            },
        );
        let stage = self.cx.pipeline.find(&row.stage);
        let workflow = stage.map_or("no workflow that is known", |stage| stage.workflow.as_str());
        self.pair(
            "stage",
            &format!("{}, to {workflow}", row.stage.label()),
            Role::Strong,
        );
        self.pair(
            "status",
            &format!("{}  {took}", row.status.label()),
            badge::status(&row.status),
        );
        let written = text::clock(self.cx, row.created_at);
        let retried = match row.retries {
            0 => String::new(),
            n => format!(", retried {n}x"),
        };
        self.pair("written", &format!("{written}{retried}"), Role::Text);
        self.optional("record", row.record.as_ref(), Role::Text);
        self.optional("subject", row.subject.as_ref(), Role::Text);
        self.optional("execution", row.execution.as_ref(), Role::Text);
        // What did not fail, and of which nothing is known, needs no more lines.
        let tells = known.is_some() || row.status == EventStatus::Failed;
        if row.execution.is_some() && tells {
            for (name, says, role) in run::facts(known, why.as_deref()) {
                self.pair(name, &says, role);
            }
        }
        self.optional("error", row.error.as_ref(), Role::Bad);
    }

    /// What `detail` says beside its facts; of `payload`, which is its payload before people were masked, the size.
    fn rest(&mut self, detail: &EventDetail, whole: &Untrusted) {
        let bytes = whole.full_bytes();
        let remark = match payload::hazards(whole) {
            0 => format!("PAYLOAD  {bytes} bytes"),
            1 => format!("PAYLOAD  {bytes} bytes, 1 hidden character made visible"),
            n => format!("PAYLOAD  {bytes} bytes, {n} hidden characters made visible"),
        };
        self.heading(&remark);
        for line in payload::lines(&detail.payload) {
            self.text(&line, Role::Text);
        }
        self.heading(&format!(
            "ERRORS of this record in this stage  {}",
            detail.errors.len()
        ));
        let (of_errors, of_siblings) = *detail.reach;
        self.reach(of_errors);
        for error in &detail.errors {
            self.error(error);
        }
        self.heading(&format!(
            "OTHER EVENTS of this record  {}",
            detail.siblings.len()
        ));
        self.reach(of_siblings);
        for sibling in &detail.siblings {
            self.sibling(sibling);
        }
    }

    /// How far was looked, where that is not as far as they may be.
    fn reach(&mut self, reach: Reach) {
        if let Some(says) = text::reach(self.cx, reach) {
            self.text(&says, Role::Warn);
        }
    }

    fn error(&mut self, error: &ErrorRow) {
        let when = text::clock(self.cx, error.created_at);
        let message = error.message.display_cut(400);
        self.text(&format!("{when}  {message}"), Role::Text);
    }

    fn sibling(&mut self, row: &EventRow) {
        let when = text::clock(self.cx, row.created_at);
        let line = format!(
            "{when}  #{:<10} {:22} {}",
            row.id,
            row.stage.label(),
            row.status.label()
        );
        self.text(&line, badge::status(&row.status));
    }
}
