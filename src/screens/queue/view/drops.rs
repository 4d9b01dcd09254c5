//! The records that were dropped without a word, and what can be told of each link of the cascade.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};

use super::super::{State, drops};
use crate::{
    action::TimeMode,
    domain::{
        drops::{Certainty, Count, Dropped, Drops},
        duration, mask,
    },
    effect::FeedId,
    store::Store,
    ui::{
        Context, Role, freshness, note,
        panel::{self, Badge},
        table::{Column, Row, Table, cell},
        text,
    },
};

/// From this height on, the links stand below the records.
const TALL: u16 = 18;

/// The columns of the records.
fn records(cx: &Context<'_>) -> [Column; 7] {
    let time = match cx.time_mode {
        TimeMode::Age => Column::right("DONE", 6, 0),
        TimeMode::Local | TimeMode::Utc => Column::left("DONE AT", 12, 0),
    };
    [
        time,
        Column::right("EVENT", 9, 0),
        Column::left("STAGE", 20, 0),
        Column::left("CAME TO NO", 20, 2),
        Column::right("GAP", 6, 3),
        Column::left("RECORD", 25, 1),
        Column::left("WHOM", 20, 4).growing(),
    ]
}

/// The columns of the links; why a count is what it is takes the rest.
const LINKS: [Column; 4] = [
    Column::left("FROM", 20, 0),
    Column::left("TO", 20, 1),
    Column::right("DROP", 5, 0),
    Column::left("BECAUSE", 20, 0).growing(),
];

/// Paints both.
pub(super) fn paint(state: &State, store: &Store, cx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let links = drops::known(store).map_or(0, |drops| drops.links.len()) as u16;
    let below = if area.height >= TALL && links > 0 {
        (links + 3).min(area.height / 2)
    } else {
        0
    };
    let [above, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(area);
    list(state, store, cx, buf, above);
    if let Some(drops) = drops::known(store).filter(|_| below.height > 0) {
        of_links(drops, cx, buf, below);
    }
}

fn title(state: &State, store: &Store, cx: &Context<'_>) -> String {
    let tabs = super::tabs(state.tab);
    let Some(drops) = drops::known(store) else {
        return tabs;
    };
    let (known, blind) = drops.total();
    let blind = match blind {
        0 => String::new(),
        1 => ", 1 link cannot be told".to_owned(),
        n => format!(", {n} links cannot be told"),
    };
    let newest = drops.newest.map_or_else(
        || "the events".to_owned(),
        |n| format!("the newest {} events", text::grouped(n)),
    );
    let since = drops.since.map_or_else(String::new, |since| {
        format!(", of {newest} since {}", text::clock(cx, since))
    });
    format!(
        "{tabs}  {} done, and no child came{blind}{since}",
        text::grouped(known)
    )
}

fn list(state: &State, store: &Store, cx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let badge = freshness::trouble(cx, &store.drops, FeedId::Drops.interval(), &store.reader);
    let inner = panel::panel(cx, buf, area, &title(state, store, cx), &badge, true);
    if freshness::absent(cx, buf, inner, &store.drops, &store.reader) {
        return;
    }
    let shown = drops::shown(state, store);
    if shown.is_empty() {
        note::sentences(cx, buf, inner, &nothing(state, store));
        return;
    }
    let selected = state.drops.selected();
    let columns = records(cx);
    let table = Table {
        columns: &columns,
        len: shown.len(),
        selected: shown.iter().position(|(_, it)| Some(&it.id) == selected),
        focused: true,
    };
    table.paint(cx, buf, inner, |at| match shown.get(at) {
        Some((link, record)) => Row {
            marked: state.drops.is_marked(&record.id),
            ..row(cx, link, record)
        },
        None => Row::default(),
    });
}

fn nothing(state: &State, store: &Store) -> Vec<(Role, String)> {
    let all = drops::known(store).map_or(0, |drops| drops.total().0);
    if all > 0 {
        return note::no_match(&state.filter, all as usize, "dropped records");
    }
    vec![
        (Role::Ok, "No record is known to be dropped.".to_owned()),
        (
            Role::Dim,
            "A drop is an event that is done, older than the usual gap (p99, at least 1m), with no child, no error and no rightful end. Below is what each count rests on."
                .to_owned(),
        ),
    ]
}

fn row<'a>(cx: &Context<'_>, link: &'a Count, record: &'a Dropped) -> Row<'a> {
    let of = record.record.as_ref();
    let of = of.map_or_else(
        || "-".to_owned(),
        |it| text::cut_start(&it.display_cut(64), 25),
    );
    let whom = record.subject.as_ref();
    let whom = whom.map(|whom| mask::named(cx.pipeline, &link.stage, whom));
    Row::new(vec![
        cell(text::moment(cx, record.ended_at), Role::Warn),
        cell(record.id.as_str(), Role::Strong),
        cell(link.stage.label(), Role::Text),
        cell(link.child.label(), Role::Text),
        cell(duration::format(link.gap_s as i64), Role::Dim),
        cell(of, Role::Text),
        cell(whom.unwrap_or_default(), Role::Dim),
    ])
}

fn of_links(drops: &Drops, cx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    let quiet: Badge = (String::new(), Role::Dim);
    let title = "LINKS  from an event that is done to the one that must come of it";
    let inner = panel::panel(cx, buf, area, title, &quiet, false);
    let table = Table {
        columns: &LINKS,
        len: drops.links.len(),
        selected: None,
        focused: false,
    };
    table.paint(cx, buf, inner, |at| {
        let link = drops.links.get(at);
        link.map_or_else(Row::default, |link| of_link(drops, link))
    });
}

fn of_link<'a>(drops: &Drops, link: &'a Count) -> Row<'a> {
    let (word, because) = (link.word(drops), because(drops, link));
    Row::new(vec![
        cell(link.stage.label(), Role::Text),
        cell(link.child.label(), Role::Text),
        cell(word, role(&link.certainty(drops), link)),
        cell(because, Role::Dim),
    ])
}

/// What a count rests on, and how far it can be trusted.
pub(super) fn because(drops: &Drops, link: &Count) -> String {
    match link.certainty(drops) {
        Certainty::Exact => link.basis(),
        Certainty::AtLeast(why) => format!("{why}; {}", link.basis()),
        Certainty::CannotTell(why) => format!("cannot tell: {why}"),
        Certainty::Idle => "nothing was due".to_owned(),
    }
}

/// The role of a count.
fn role(certainty: &Certainty, link: &Count) -> Role {
    match certainty {
        Certainty::Exact if link.dropped.is_empty() => Role::Ok,
        Certainty::Exact | Certainty::AtLeast(_) => Role::Bad,
        Certainty::CannotTell(_) => Role::Stale,
        Certainty::Idle => Role::Dim,
    }
}
