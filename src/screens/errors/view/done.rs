//! What was done and what is under way: batches, and what operators did.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    domain::{audit::Entry, batch::Driver, mask},
    store::batches::Known,
    ui::{Role, panel, text},
};

/// Batches told, at most.
const BATCHES: usize = 4;

/// Paints the panel.
pub(super) fn paint(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let cx = scene.cx;
    let badge = ("B, H open".to_owned(), Role::Dim);
    let inner = panel::panel(cx, buf, area, "BATCHES & AUDIT", &badge, false);
    let inner = panel::indented(inner);
    let width = usize::from(inner.width);
    let store = scene.store;
    let mut lines: Vec<Line<'static>> = store
        .batches
        .iter()
        .take(BATCHES)
        .map(|known| batch(scene, known, width))
        .collect();
    if lines.is_empty() {
        let none = "no batch was begun here";
        lines.push(Line::styled(none, cx.style(Role::Dim)));
    }
    lines.push(Line::default());
    let entries = store.audit.entries();
    if entries.is_empty() {
        let none = match (store.audit.fault(), store.audit.at()) {
            (Some(fault), _) => format!("what was done is not read: {fault}"),
            (None, None) => "reading what was done".to_owned(),
            (None, Some(_)) => "nothing was done yet that is written down".to_owned(),
        };
        lines.push(Line::styled(text::cut(&none, width), cx.style(Role::Dim)));
    }
    let below = locks(scene);
    let room = usize::from(inner.height).saturating_sub(lines.len() + 1);
    let entries = entries.into_iter().take(room);
    lines.extend(entries.map(|it| entry(scene, it, width)));
    lines.truncate(usize::from(inner.height).saturating_sub(1));
    lines.push(Line::styled(text::cut(&below, width), cx.style(Role::Dim)));
    for (row, line) in (0..inner.height).zip(&lines) {
        panel::put(buf, inner, row, line);
    }
}

/// Who else holds a batch, as far as their journals are seen here, and how much of what is listed could be taken back.
fn locks(scene: &Scene<'_>) -> String {
    let store = scene.store;
    let elsewhere = store.batches.iter();
    let elsewhere =
        elsewhere.filter(|known| known.driver == Driver::Elsewhere && !known.batch.is_over());
    let held = match elsewhere.count() {
        0 => "none held by others".to_owned(),
        1 => "1 batch is driven elsewhere".to_owned(),
        n => format!("{n} batches are driven elsewhere"),
    };
    let entries = store.audit.entries();
    let undoable = entries.iter().filter(|entry| entry.may_be_taken_back());
    let undoable = undoable.count();
    format!("locks: {held}   undoable {undoable} (H)")
}

/// `running  41/47 ok 38 fail 3  20/min  retry 47 events  ben`.
fn batch(scene: &Scene<'_>, known: &Known, width: usize) -> Line<'static> {
    let (batch, report) = (&known.batch, known.batch.report());
    let (word, failed) = (known.word(), report.failed());
    let role = match (failed, word) {
        (0, "done" | "running") => Role::Ok,
        _ => Role::Warn,
    };
    let who = batch.head.who.split('@').next().unwrap_or_default();
    let rest = format!(
        " {}/{} ok {} fail {failed}  {}/min  {}  {}",
        report.ended(),
        report.all,
        report.ok,
        batch.rate().per_minute,
        batch.head.plan.mutation.words(),
        text::cut(who, 16),
    );
    let room = width.saturating_sub(word.len());
    Line::from(vec![
        Span::styled(word, scene.cx.style(role)),
        Span::styled(text::cut(&rest, room), scene.cx.style(Role::Text)),
    ])
}

/// `14:11:02Z ben  12 done  resolve 12 errors: bounced, suppressed`.
fn entry(scene: &Scene<'_>, entry: &Entry, width: usize) -> Line<'static> {
    let cx = scene.cx;
    let who = entry.actor.display_cut(64);
    let who = text::cut(who.split('@').next().unwrap_or(&who), 12);
    let note = entry
        .note
        .as_ref()
        .map_or_else(String::new, |note| mask::cut(note, 200));
    let head = format!("{} ", text::clock(cx, entry.at));
    let back = entry.taken_back.as_ref().map_or_else(String::new, |back| {
        format!(", {}", back.words(&text::clock(cx, back.at)))
    });
    let outcome = format!("{who}  {}{back}", entry.outcome());
    let what = format!("  {} {note}", entry.action.display_cut(24));
    let room = width.saturating_sub(head.len());
    let role = if entry.is_troubled() {
        Role::Bad
    } else {
        Role::Strong
    };
    let outcome = text::cut(&outcome, room);
    let room = room.saturating_sub(outcome.chars().count());
    Line::from(vec![
        Span::styled(head, cx.style(Role::Dim)),
        Span::styled(outcome, cx.style(role)),
        Span::styled(text::cut(&what, room), cx.style(Role::Text)),
    ])
}
