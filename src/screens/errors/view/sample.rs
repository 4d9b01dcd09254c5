//! The newest error of the selected group, as far as the panel goes; all of it opens with enter.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::Scene;
use crate::{
    domain::{
        error_group::ErrorDetail,
        mask, payload,
        timeline::Join,
        untrusted::Untrusted,
        workflow::{Execution, ExecutionStatus},
    },
    msg::Fault,
    screens::errors::{explained, sample},
    ui::{Role, freshness, panel, run, text},
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

/// The execution of the sample that is shown, where it is among the newest.
pub(super) fn execution<'a>(scene: &Scene<'a>) -> Option<&'a Execution> {
    let id = detail(scene)?.error.execution.as_ref()?;
    let mut recent = scene.store.executions.value()?.recent.iter();
    recent.find(|run| run.id.as_str() == id.raw())
}

/// For how long an execution ran, where it ended.
pub(super) fn took(run: &Execution) -> Option<String> {
    let took = run.stopped_at? - run.started_at?;
    let ms = u64::try_from(took.num_milliseconds()).ok()?;
    Some(text::latency(ms))
}

/// The sample in a line or two: which of how many, its record, what it holds.
pub(super) fn line(scene: &Scene<'_>) -> Option<String> {
    let detail = detail(scene)?;
    let record = detail.error.record.as_ref();
    let record = record.map_or_else(String::new, |it| format!("  rec {}", it.display_cut(40)));
    let of = explained(scene.state, scene.store).map_or(1, |group| group.ids.len());
    let holds = [&detail.payload, &detail.error.details];
    let holds = holds.into_iter().find(|it| !it.is_empty());
    let holds = holds.map_or_else(String::new, |it| payload::line(&mask::payload(it), 400));
    Some(format!("1/{of}  #{}{record}  {holds}", detail.error.id))
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
    let room = usize::from(area.width).saturating_sub(title.len() + 7);
    let keys = text::fitting(
        [
            "enter: n/N next/prev  w wrap  M reveal  e raw",
            "enter: n/N next  w wrap  M reveal",
            "enter: n/N w M e",
            "enter",
        ],
        room,
    );
    let badge = (keys, Role::Dim);
    let inner = panel::panel(cx, buf, area, &title, &badge, false);
    let lines = match read(scene) {
        Some(Ok(detail)) => lines(scene, detail, usize::from(inner.width).saturating_sub(1)),
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

/// What is shown of an error: event, execution, size, what it says, details, payload.
fn lines(scene: &Scene<'_>, detail: &ErrorDetail, width: usize) -> Vec<(Role, String)> {
    let cx = scene.cx;
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
    lines.extend(ran(scene, detail));
    lines.extend(kept(scene, detail));
    lines.extend(size(detail));
    lines.extend(differs(detail));
    let says = mask::cut(&detail.error.message, 1_000);
    let says = text::wrap(&format!("error {says}"), width);
    lines.extend(says.into_iter().take(3).map(|line| (Role::Text, line)));
    tree(&mut lines, "details", &detail.error.details);
    tree(&mut lines, "payload", &detail.payload);
    lines
}

/// What n8n says of its execution: `n8n #88118 error  mode webhook  0.4s  retry of -`.
fn ran(scene: &Scene<'_>, detail: &ErrorDetail) -> Option<(Role, String)> {
    let id = detail.error.execution.as_ref()?.display_cut(24);
    let Some(run) = execution(scene) else {
        let says = format!("n8n #{id}: not among its newest executions");
        return Some((Role::Dim, says));
    };
    let took = took(run).map_or_else(String::new, |took| format!("  {took}"));
    let again = match (&run.retry_of, &run.retry_success) {
        (Some(of), _) => format!("  retry of {of}"),
        (None, Some(by)) => format!("  retried well by {by}"),
        (None, None) => String::new(),
    };
    let status = Untrusted::from(run.status.word()).display_cut(16);
    let mode = run.mode.display_cut(16);
    let role = match run.status {
        ExecutionStatus::Error | ExecutionStatus::Crashed => Role::Bad,
        ExecutionStatus::New
        | ExecutionStatus::Running
        | ExecutionStatus::Waiting
        | ExecutionStatus::Success
        | ExecutionStatus::Canceled
        | ExecutionStatus::Other(_) => Role::Text,
    };
    Some((
        role,
        format!("n8n #{id} {status}  mode {mode}{took}{again}"),
    ))
}

/// What n8n keeps of its execution, where it was read.
fn kept(scene: &Scene<'_>, detail: &ErrorDetail) -> Vec<(Role, String)> {
    let known = detail.ran().and_then(Untrusted::key);
    let known = known.and_then(|id| scene.store.runs.of(&id));
    if known.is_none() {
        return Vec::new();
    }
    let facts = run::facts(known, None).into_iter();
    let line = |(name, says, role)| (role, format!("{name} {says}"));
    // What the error says itself stands below.
    let facts = facts.filter(|(name, ..)| *name != "failed");
    facts.map(line).collect()
}

/// How large its payload is and how deep, and what of it was made harmless.
fn size(detail: &ErrorDetail) -> Option<(Role, String)> {
    let hazards = detail.hazards();
    let plural = if hazards == 1 { "" } else { "s" };
    let shown = (hazards > 0).then(|| format!("{hazards} hazard{plural} neutralised"));
    let size = (!detail.payload.is_empty()).then(|| {
        let bytes = text::grouped(detail.payload.full_bytes() as u64);
        match payload::depth(&detail.payload) {
            Some(depth) => format!("size {bytes} B  json depth {depth}"),
            None => format!("size {bytes} B  no json"),
        }
    });
    let role = if hazards > 0 { Role::Warn } else { Role::Dim };
    let parts: Vec<String> = size.into_iter().chain(shown).collect();
    (!parts.is_empty()).then(|| (role, parts.join("  ")))
}

/// In what its payload differs from that of the last event of its stage that ended well.
fn differs(detail: &ErrorDetail) -> Option<(Role, String)> {
    let (id, other) = detail.last_ok.as_ref()?;
    let found = payload::differences(&detail.payload, other)?;
    let (role, says) = if found.is_empty() {
        (Role::Dim, "the same fields".to_owned())
    } else {
        (Role::Warn, found.join("; "))
    };
    Some((role, format!("diff vs last success #{id}: {says}")))
}

fn tree(lines: &mut Vec<(Role, String)>, title: &str, text: &Untrusted) {
    if text.is_empty() {
        return;
    }
    lines.push((Role::Header, title.to_owned()));
    let own = payload::lines(&mask::payload(text));
    lines.extend(own.into_iter().map(|line| (Role::Text, line)));
}
