//! The A/B tests of an open campaign, in a terminal that shows one of three at a time.

use outpost::{
    action::{Action, ScreenId},
    store::Store,
};
use pretty_assertions::assert_eq;

use super::{Console, painting::paint, world};

const SIZE: (u16, u16) = (80, 18);

fn opened() -> Console {
    let mut console = Console::over(world::busy(), ScreenId::Campaigns);
    console.press(Action::Open);
    console
}

/// The rows between the heads of the columns and the border.
fn rows(console: &Console) -> Vec<String> {
    let painted = paint(console, SIZE, 0);
    let lines = painted
        .lines()
        .skip_while(|line| !line.contains("DELIV  OPENED"));
    let inner = lines.skip(1).take_while(|line| line.starts_with('│'));
    inner
        .map(|line| line.trim_matches('│').trim_end().to_owned())
        .collect()
}

fn of(store: &Store, console: &Console) -> String {
    let painted = paint(console, SIZE, 0);
    let names = store.campaigns.value().unwrap().iter();
    let mut names = names.map(|it| it.name.display_cut(40));
    names
        .find(|name| painted.contains(&format!("FUNNEL  {name}")))
        .unwrap()
}

#[test]
fn every_line_of_the_tests_is_reached_and_none_is_named_without_its_numbers() {
    let mut console = opened();
    let first = of(&console.store, &console);
    let mut all: Vec<String> = Vec::new();
    for step in 0.. {
        assert!(step < 40, "{all:#?}");
        let rows = rows(&console);
        for (at, _) in rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.contains(" recorded"))
        {
            let is_head = rows[at].contains("no winner") || rows[at].contains("winner recorded:");
            let numbers = rows
                .get(at + 2)
                .is_some_and(|row| row.starts_with("     b "));
            assert!(!is_head || numbers, "{rows:#?}");
        }
        for row in rows {
            if !row.is_empty() && !all.contains(&row) {
                all.push(row);
            }
        }
        console.press(Action::Down);
        if of(&console.store, &console) != first {
            break;
        }
    }
    let names = ["subject", "hour of day", "subj-v2"];
    let heads = all
        .iter()
        .filter(|row| names.iter().any(|name| row.contains(&format!("  {name}"))));
    assert_eq!(heads.count(), 3, "{all:#?}");
    let why = all.iter().filter(|row| {
        row.contains("more a") || row.contains("more are needed") || row.contains("replied p <")
    });
    assert_eq!(why.count(), 3, "{all:#?}");
}

#[test]
fn an_open_campaign_scrolls_by_pages_and_to_its_ends() {
    let mut console = opened();
    let top = rows(&console);
    console.press(Action::Last);
    let end = rows(&console);
    assert!(paint(&console, SIZE, 0).contains(" end ┐"), "{end:#?}");
    assert!(end.last().unwrap().starts_with("   b {"), "{end:#?}");
    console.press(Action::Up);
    assert!(rows(&console) != end);
    console.press(Action::First);
    assert_eq!(rows(&console), top);
    console.press(Action::HalfDown);
    assert!(rows(&console) != top);
    console.press(Action::HalfUp);
    assert_eq!(rows(&console), top);
    // Closed and opened anew it begins at its beginning.
    for action in [Action::PageDown, Action::Open, Action::Open] {
        console.press(action);
    }
    assert_eq!(rows(&console), top);
}

#[test]
fn where_all_is_shown_the_next_key_goes_on_to_the_next_campaign() {
    let mut console = opened();
    let first = of(&console.store, &console);
    outpost::screens::campaigns::fit(&mut console.screens.campaigns, (200, 60));
    console.press(Action::Down);
    assert!(of(&console.store, &console) != first);
    console.press(Action::Up);
    assert_eq!(of(&console.store, &console), first);
}
