//! The newest error of the selected group, as far as the panel goes; all of it opens with enter.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::Scene;
use crate::{
    domain::{
        error_group::ErrorDetail, mask, payload, reach::Reach, timeline::Join, untrusted::Untrusted,
    },
    msg::Fault,
    screens::errors::{explained, sample},
    ui::{Context, Role, freshness, panel, text},
};

/// What was read of the sample that is shown, if it was.
pub(super) fn read<'a>(scene: &Scene<'a>) -> Option<&'a Result<ErrorDetail, Fault>> {
    let id = sample(scene.state, scene.store)?;
    let (read, answer) = scene.store.sample.as_ref()?;
    (*read == id).then_some(answer)
}

/// The sample that is shown, where it was read.
pub(super) fn detail<'a>(scene: &Scene<'a>) -> Option<&'a ErrorDetail> {
    read(scene)?.as_ref().ok()
}

/// The sample in one line: its key, its record, its event.
pub(super) fn line(scene: &Scene<'_>) -> Option<String> {
    let detail = detail(scene)?;
    let record = detail.error.record.as_ref();
    let record = record.map_or_else(String::new, |it| format!("  rec {}", it.display_cut(40)));
    let event = match &detail.event {
        Some((event, join)) => format!("  event {} ({})", event.id, join.name()),
        None if detail.reach.0 == Reach::Whole => "  no event found".to_owned(),
        None => "  no event found as far as was looked".to_owned(),
    };
    Some(format!("#{}{record}{event}  enter opens", detail.error.id))
}

/// Its details in one line.
pub(super) fn details(scene: &Scene<'_>) -> Option<String> {
    let detail = detail(scene)?;
    let text = [&detail.error.details, &detail.payload]
        .into_iter()
        .find(|it| !it.is_empty())?;
    Some(payload::line(&mask::payload(text), 400))
}

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let cx = scene.cx;
    let Some(id) = sample(scene.state, scene.store) else {
        panel::panel(cx, buf, area, "SAMPLE", &(String::new(), Role::Dim), false);
        return;
    };
    let of = explained(scene.state, scene.store).map_or(1, |group| group.ids.len());
    let title = format!("SAMPLE 1/{of}  error {id}");
    let badge = ("people masked  enter opens".to_owned(), Role::Dim);
    let inner = panel::panel(cx, buf, area, &title, &badge, false);
    let lines = match read(scene) {
        Some(Ok(detail)) => lines(cx, detail),
        Some(Err(fault)) => vec![
            (Role::Stale, freshness::explained(fault)),
            (Role::Dim, fault.advice().to_owned()),
        ],
        None => vec![(Role::Dim, "reading it".to_owned())],
    };
    let area = panel::indented(inner);
    let hidden = lines.len().saturating_sub(usize::from(area.height));
    for (row, (role, says)) in (0..area.height).zip(&lines) {
        let is_last = row + 1 == area.height && hidden > 0;
        let says = if is_last {
            format!("… {} more lines: enter", hidden + 1)
        } else {
            text::cut(says, usize::from(area.width))
        };
        panel::put(buf, area, row, &Line::styled(says, cx.style(*role)));
    }
}

/// What is shown of an error: event, details, payload.
fn lines(cx: &Context<'_>, detail: &ErrorDetail) -> Vec<(Role, String)> {
    let event = if let Some((event, join)) = &detail.event {
        let role = if *join == Join::Weak {
            Role::Warn
        } else {
            Role::Text
        };
        let status = event.status.label();
        let says = format!("event {} {status}, joined {}", event.id, join.name());
        (role, says)
    } else {
        let reach = text::reach(cx, detail.reach.0);
        let reach = reach.map_or_else(String::new, |says| format!(": {says}"));
        let says = format!("no event of this record and stage was found{reach}");
        (Role::Dim, says)
    };
    let mut lines = vec![event];
    let hazards = detail.hazards();
    if hazards > 0 {
        let plural = if hazards == 1 { "" } else { "s" };
        lines.push((Role::Warn, format!("{hazards} hazard{plural} neutralised")));
    }
    tree(&mut lines, "details", &detail.error.details);
    tree(&mut lines, "payload", &detail.payload);
    lines
}

fn tree(lines: &mut Vec<(Role, String)>, title: &str, text: &Untrusted) {
    if text.is_empty() {
        return;
    }
    lines.push((Role::Header, title.to_owned()));
    let own = payload::lines(&mask::payload(text));
    lines.extend(own.into_iter().map(|line| (Role::Text, line)));
}
