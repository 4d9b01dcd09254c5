//! The list of single errors where there are more than every refresh brings: it asks for the next page in time, keeps what is
//! selected and marked, and holds no more than so many.

use std::collections::BTreeSet;

use outpost::{
    action::{Action, ScreenId},
    domain::{
        error_group::{Errors, Look, PAGE, Page, PagePlace, Severity},
        event::RowId,
    },
    effect::FeedId,
    msg::Fact,
    screens::Answer,
};
use pretty_assertions::assert_eq;

use super::{Console, world};
use crate::scenario::error;

/// The newest of so many errors, as a refresh brings them when the highest key is `newest`.
fn errors(newest: i64, total: u64) -> Errors {
    let rows = (0..PAGE as i64).map(|ago| error(newest - ago, "slots_created", "HTTP 500"));
    let mut rows: Vec<_> = rows.collect();
    for (at, row) in rows.iter_mut().enumerate() {
        row.created_at = world::now() - chrono::TimeDelta::seconds(at as i64);
    }
    Errors {
        unresolved: vec![(Severity::Error, total)],
        ..Errors::of(rows, world::now())
    }
}

fn list(total: u64) -> Console {
    let mut console = Console::over(world::busy(), ScreenId::Errors);
    console.tell(FeedId::Errors, Fact::Errors(errors(10_000, total)));
    console.press(Action::NextMode);
    console
}

fn page(keys: impl Iterator<Item = i64>, is_end: bool) -> Page {
    let mut rows: Vec<_> = keys
        .map(|id| error(id, "slots_created", "HTTP 500"))
        .collect();
    rows.sort_by(|a, b| b.id.cmp(&a.id));
    Page {
        edge: rows.last().map(|row| row.id.clone()),
        read: rows.len() as u64,
        rows,
        is_end,
        has_unknown: false,
        beyond: 0,
        newer: None,
    }
}

impl Console {
    fn page(&mut self, place: &PagePlace, page: Page) {
        let state = &mut self.screens.errors;
        state.paged(&self.store, (place, ""), Ok(page)).unwrap();
    }

    /// The key of the selected error.
    fn at(&mut self) -> i64 {
        self.ids()[0].parse().unwrap()
    }
}

fn asked(answers: &[Answer]) -> PagePlace {
    let [Answer::Look(Look::Page(place, filter))] = answers else {
        panic!("{answers:?}")
    };
    assert_eq!(filter, "");
    place.clone()
}

#[test]
fn the_next_page_is_asked_for_before_the_end_and_once() {
    let mut console = list(3_000);
    for _ in 0..39 {
        assert_eq!(console.press(Action::PageDown), []);
    }
    let place = asked(&console.press(Action::PageDown));
    assert_eq!(place, PagePlace::Before(RowId::from(9_501)));
    assert_eq!(console.press(Action::PageDown), [], "it is awaited");
    let before = console.at();
    console.page(&place, page(9_001..=9_500, false));
    assert_eq!(console.at(), before);
    for _ in 0..50 {
        console.press(Action::PageDown);
    }
    assert_eq!(console.at(), before - 500);
}

#[test]
fn where_every_error_is_listed_nothing_more_is_asked_for() {
    let mut console = list(PAGE as u64);
    assert_eq!(console.press(Action::Last), []);
    assert_eq!(console.at(), 9_501);
}

#[test]
fn the_oldest_are_a_key_away_and_so_are_the_newest() {
    let mut console = list(3_000);
    let place = asked(&console.press(Action::Last));
    assert_eq!(place, PagePlace::Oldest);
    console.page(&place, page(7_001..=7_500, false));
    assert_eq!(console.at(), 7_001);
    // From there up, the page before is asked for.
    for _ in 0..39 {
        assert_eq!(console.press(Action::PageUp), []);
    }
    let place = asked(&console.press(Action::PageUp));
    assert_eq!(place, PagePlace::After(RowId::from(7_500)));
    assert_eq!(console.press(Action::First), []);
    assert_eq!(console.at(), 10_000);
    // An answer that nobody waits for any more changes nothing.
    console.page(&place, page(7_501..=8_000, false));
    assert_eq!(console.at(), 10_000);
}

#[test]
fn what_is_selected_and_marked_stays_while_pages_come_and_go_and_others_are_resolved() {
    let mut console = list(100_000);
    console.press(Action::Mark);
    let mut lowest = 9_501;
    let mut newest = 10_000;
    for round in 0..12 {
        let place = loop {
            let answers = console.press(Action::PageDown);
            if !answers.is_empty() {
                break asked(&answers);
            }
        };
        assert_eq!(place, PagePlace::Before(RowId::from(lowest)));
        console.page(&place, page((lowest - 500)..lowest, false));
        lowest -= 500;
        let selected = console.at_selected();
        // Others come meanwhile.
        newest += 7;
        console.tell(FeedId::Errors, Fact::Errors(errors(newest, 100_000)));
        assert_eq!(console.at_selected(), selected, "round {round}");
    }
    console.press(Action::Mark);
    let second = console.marked();
    assert_eq!(second.len(), 2);
    assert!(second.contains(&10_000));
    // The selected one is resolved elsewhere: its neighbour is selected.
    let selected = console.at_selected();
    let resolved = [RowId::from(selected)];
    let state = &mut console.screens.errors;
    state.resolved(&console.store, &resolved);
    assert_eq!(console.at_selected(), selected - 1);
}

impl Console {
    fn at_selected(&self) -> i64 {
        let id = self.screens.sample(&self.store).unwrap();
        id.number().unwrap()
    }

    /// The errors that `X` would be for.
    fn marked(&mut self) -> BTreeSet<i64> {
        let answers = self.press(Action::Resolve);
        let [Answer::AskNote(ids)] = answers.as_slice() else {
            panic!("{answers:?}");
        };
        ids.iter().filter_map(RowId::number).collect()
    }
}
