use ratatui::{Frame, layout::Rect, text::Line};
use unicode_width::UnicodeWidthStr;

use super::{State, rows};
use crate::{
    domain::{
        audit::{Entry, TakenBack},
        mask,
    },
    store::Store,
    ui::{
        Context, Role, note, panel,
        table::{Column, Row, Table, cell},
        text,
    },
};

/// Cells of what became of the rows.
const OUTCOME: usize = 26;

const COLUMNS: &[Column] = &[
    Column::right("WHEN", 13, 0),
    Column::left("WHO", 16, 0),
    Column::left("ROLE", 14, 4),
    Column::left("WHAT", 19, 0),
    Column::right("N", 5, 3),
    Column::left("OUTCOME", OUTCOME as u16, 0),
    Column::left("IN", 5, 5),
    Column::left("UNDO", 4, 2),
    Column::left("WHY", 12, 1).growing(),
];

/// Paints the audit history.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let shown = rows::shown(state, store);
    let title = title(state, store, shown.len());
    let badge = match (store.audit.fault(), store.audit.at()) {
        (Some(_), _) => ("the table does not answer".to_owned(), Role::Stale),
        (None, Some(at)) => (format!("{} old", text::span(cx.here - at)), Role::Dim),
        (None, None) => ("reading".to_owned(), Role::Dim),
    };
    let mut inner = panel::panel(cx, buf, area, &title, &badge, true);
    if let Some((role, remark)) = remark(store)
        && inner.height > 3
    {
        inner.height -= 1;
        let last = Rect {
            y: inner.bottom(),
            height: 1,
            ..inner
        };
        panel::put(
            buf,
            last,
            0,
            &Line::styled(format!(" {remark}"), cx.style(role)),
        );
    }
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(state, store));
        return;
    }
    let selected = state.cursor.selected();
    let table = Table {
        columns: COLUMNS,
        len: shown.len(),
        selected: shown.iter().position(|entry| Some(&entry.id) == selected),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some(entry) => Row {
            marked: state.cursor.is_marked(&entry.id),
            ..row(cx, entry)
        },
        None => Row::default(),
    });
}

fn title(state: &State, store: &Store, shown: usize) -> String {
    let all = store.audit.entries().len();
    let more = if store.audit.has_more() {
        "the newest "
    } else {
        ""
    };
    let marked = state.cursor.marked().len();
    let marked = if marked > 0 {
        format!("  marked {marked}")
    } else {
        String::new()
    };
    let all_text = text::grouped(all as u64);
    let plural = if all == 1 { "y" } else { "ies" };
    format!("AUDIT  {more}{all_text} entr{plural}{marked}")
        + &note::shown_and_hidden(&state.filter, shown, all)
}

/// What is to be said of the sources: that one cannot be read, or that there is more than is held.
fn remark(store: &Store) -> Option<(Role, String)> {
    let audit = &store.audit;
    if let Some(fault) = audit.fault() {
        let text = format!("the table does not answer: {fault}");
        return Some((Role::Stale, text));
    }
    let others = elsewhere(audit.elsewhere());
    if let Some(missing) = audit.missing() {
        let more = others.map_or_else(String::new, |others| format!("; {others}"));
        let text = format!("local only, {missing}; from the file of this machine{more}");
        return Some((Role::Warn, text));
    }
    if let Some(others) = others {
        let text = format!("{others}: outpost audit list --all-databases");
        return Some((Role::Dim, text));
    }
    match audit.of_unknown_schema() {
        0 => {}
        1 => {
            let text = "1 entry is of an unknown schema: an older outpost did not write it down";
            return Some((Role::Dim, text.to_owned()));
        }
        n => {
            let n = text::grouped(n as u64);
            let text = format!(
                "{n} entries are of an unknown schema: an older outpost did not write it down"
            );
            return Some((Role::Dim, text));
        }
    }
    audit.is_full().then(|| {
        let text = "no more is held here; outpost audit export gives all".to_owned();
        (Role::Dim, text)
    })
}

/// How many entries of the file are not listed, since they are of other databases.
fn elsewhere(n: u64) -> Option<String> {
    let others = if n == 1 {
        "1 entry of another database is".to_owned()
    } else {
        format!("{} entries of other databases are", text::grouped(n))
    };
    (n > 0).then(|| format!("{others} not listed"))
}

fn nothing(state: &State, store: &Store) -> Vec<(Role, String)> {
    let all = store.audit.entries().len();
    if all > 0 {
        return note::no_match(&state.filter, all, "entries");
    }
    if store.audit.at().is_none() && store.audit.fault().is_none() {
        return vec![(Role::Dim, "Reading what was written down.".to_owned())];
    }
    vec![
        (
            Role::Text,
            "Nothing was done yet that is written down.".to_owned(),
        ),
        (
            Role::Dim,
            "Every plan leaves an entry here: who, when, what, why, and what became of each row."
                .to_owned(),
        ),
    ]
}

/// How loudly the outcome is said.
pub(super) const fn role(entry: &Entry) -> Role {
    if entry.is_troubled() {
        Role::Bad
    } else if entry.counts.skipped + entry.counts.untried > 0 {
        Role::Warn
    } else {
        Role::Text
    }
}

/// Who took it back, and when where there is room: that says the entry as well.
fn taken(cx: &Context<'_>, back: &TakenBack) -> String {
    let part = if back.is_in_part { "part " } else { "" };
    let who = format!("{part}back by {}", back.who());
    let whole = format!("{who} {}", text::minute(cx, back.at));
    if whole.width() <= OUTCOME { whole } else { who }
}

fn row(cx: &Context<'_>, entry: &Entry) -> Row<'static> {
    let shown = |text: &crate::domain::untrusted::Untrusted, n| mask::cut(text, n);
    let mut note = entry
        .note
        .as_ref()
        .map_or_else(String::new, |note| shown(note, 400));
    if let Some(remark) = entry.remark() {
        note = format!("{remark}: {note}");
    }
    let db_role = entry
        .role
        .as_ref()
        .map_or_else(|| "-".to_owned(), |role| role.display_cut(64));
    let back = entry.taken_back.as_ref();
    let outcome = back.map_or_else(|| entry.outcome(), |back| taken(cx, back));
    let undo = match (entry.may_be_taken_back(), back) {
        (true, _) => "yes",
        (false, Some(_)) => "done",
        (false, None) => "-",
    };
    Row::new(vec![
        cell(text::moment(cx, entry.at), Role::Text),
        cell(entry.actor.display_cut(64), Role::Strong),
        cell(db_role, Role::Dim),
        cell(entry.action.display_cut(64), Role::Text),
        cell(text::count(entry.targets), Role::Text),
        cell(outcome, role(entry)),
        cell(entry.source(), Role::Dim),
        cell(undo, Role::Dim),
        cell(note, Role::Text),
    ])
}
