//! Something that was done, whole: who, when, what, why, what became of each row, and what takes it back.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Context, Role, overlay, text};
use crate::domain::{
    audit::{Entry, Fate, Known, Whole},
    mask,
    untrusted::Untrusted,
};

/// Paints `entry`, and what was read of it: nothing yet, or that it is gone; scrolled down by so many lines. `since` is what
/// is known to have changed of the rows that would be taken back; nothing where that is barred.
pub fn entry(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    (entry, known): (&Entry, Known<'_>),
    (scroll, since): (usize, Option<&str>),
) {
    let width = area.width.min(110);
    let room = usize::from(width).saturating_sub(4);
    let lines = lines(cx, (entry, known), since, room);
    let height = (lines.len() + 2).min(usize::from(area.height)).max(8) as u16;
    let title = format!("AUDIT {}", entry.action.display_cut(40));
    let badge = (format!("in the {}", entry.source()), Role::Dim);
    let inner = overlay::popup(cx, buf, area, (width, height), &title, &badge);
    overlay::scrolled(cx, buf, inner, &lines, scroll);
}

fn lines(
    cx: &Context<'_>,
    (entry, known): (&Entry, Known<'_>),
    since: Option<&str>,
    room: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut fact = |name: &str, what: &str, role: Role| {
        let wrapped = text::wrap(what, room.saturating_sub(9));
        for (at, part) in wrapped.into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("{name:9}"), cx.style(Role::Header)),
                Span::styled(part, cx.style(role)),
            ]));
        }
    };
    let ago = text::span(cx.now - entry.at);
    let when = format!("{} ({ago} ago)", entry.at.format("%Y-%m-%d %H:%M:%S%.3fZ"));
    fact("WHEN", &when, Role::Text);
    let mut who = entry.actor.display_cut(128);
    if let Some(role) = &entry.role {
        who = format!(
            "{who}, as the role {} of the database",
            role.display_cut(64)
        );
    }
    fact("WHO", &who, Role::Strong);
    let (place, role) = place(entry);
    fact("WHERE", &place, role);
    let n = text::grouped(entry.targets);
    let what = format!("{}, {n} shown and confirmed", entry.action.display_cut(64));
    fact("WHAT", &what, Role::Text);
    if let Some(batch) = &entry.batch {
        let batch = format!(
            "{}, row by row: B has its journal where it ran",
            batch.display_cut(64)
        );
        fact("BATCH", &batch, Role::Text);
    }
    if let Some(note) = &entry.note {
        fact("WHY", &mask::cut(note, 400), Role::Strong);
    }
    let outcome = if entry.is_troubled() {
        Role::Bad
    } else {
        Role::Text
    };
    fact("OUTCOME", &entry.outcome(), outcome);
    let (words, role) = undo(cx, (entry, known), since);
    fact("UNDO", &words, role);
    let Some(whole) = known.read() else {
        return lines;
    };
    lines.push(Line::default());
    rows(cx, whole, room, &mut lines);
    lines
}

/// In which database it was done.
fn place(entry: &Entry) -> (String, Role) {
    let unknown = || {
        let what = "an unknown database: an older outpost did not write down which";
        (what.to_owned(), Role::Warn)
    };
    let known = |database: &Untrusted| (database.display_cut(128), Role::Text);
    entry.database.as_ref().map_or_else(unknown, known)
}

/// What takes it back.
fn undo(
    cx: &Context<'_>,
    (entry, known): (&Entry, Known<'_>),
    since: Option<&str>,
) -> (String, Role) {
    let (words, role) = match known {
        Known::NotYet => ("reading the rest …", Role::Dim),
        Known::Gone => ("this entry is not there any more", Role::Warn),
        Known::Whole(Whole {
            undo: Some(undo), ..
        }) => {
            let back = entry.taken_back.as_ref();
            let back = back.map(|back| back.words(&text::clock(cx, back.at)));
            return match (back, since) {
                (Some(words), None) => (words, Role::Warn),
                (back, since) => {
                    let before = back.map_or_else(String::new, |words| words + "; ");
                    let since = since.unwrap_or("not known");
                    let undo = undo.words();
                    let words = format!("{before}u plans to {undo}; changed since: {since}");
                    (words, Role::Ok)
                }
            };
        }
        Known::Whole(_) if entry.is_of_unknown_schema => (
            "not from here: its keys may be those of rows in another schema",
            Role::Dim,
        ),
        Known::Whole(_) if entry.remark().is_some() => (
            "not from here: its keys may be those of rows in another database",
            Role::Dim,
        ),
        Known::Whole(_) => ("nothing takes this back", Role::Dim),
    };
    (words.to_owned(), role)
}

fn rows(cx: &Context<'_>, whole: &Whole, room: usize, lines: &mut Vec<Line<'static>>) {
    if whole.rows.is_empty() {
        let text = "no row is written down".to_owned();
        lines.push(Line::styled(text, cx.style(Role::Dim)));
        return;
    }
    let heading = "ROWS, and what became of each:".to_owned();
    lines.push(Line::styled(heading, cx.style(Role::Header)));
    let of = |fate: Fate| whole.rows.iter().filter(move |row| row.fate == fate);
    for (fate, role) in [
        (Fate::Unknown, Role::Bad),
        (Fate::Failed, Role::Bad),
        (Fate::Skipped, Role::Warn),
        (Fate::Remark, Role::Text),
    ] {
        for row in of(fate) {
            let why = row
                .why
                .as_ref()
                .map_or_else(String::new, |why| why.display_cut(300));
            let why = mask::addresses(&why);
            let line = format!("  {:8} {:12} {why}", fate.word(), row.id.display_cut(64));
            lines.push(Line::styled(text::cut(&line, room), cx.style(role)));
        }
    }
    // Of these nothing is to be said but their keys.
    for (fate, role) in [(Fate::Untried, Role::Warn), (Fate::Done, Role::Text)] {
        let ids: Vec<String> = of(fate).map(|row| row.id.display_cut(64)).collect();
        if ids.is_empty() {
            continue;
        }
        let wrapped = text::wrap(&ids.join(" "), room.saturating_sub(11));
        for (at, part) in wrapped.into_iter().enumerate() {
            let word = if at == 0 { fate.word() } else { "" };
            let line = format!("  {word:8} {part}");
            lines.push(Line::styled(line, cx.style(role)));
        }
    }
    if whole.more > 0 {
        let text = format!("  and {} more", text::grouped(whole.more));
        lines.push(Line::styled(text, cx.style(Role::Dim)));
    }
}
