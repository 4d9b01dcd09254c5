//! Which table it is that is looked at, and how much of its day is known.

use super::*;

#[test]
fn another_server_keys_that_went_back_and_a_table_that_is_gone_are_another_table() {
    let mut table = Table::new();
    flow(&mut table, 100, 10);
    let mut book = table.look(20_000);
    assert!(table.turn(&mut book));
    table.started += 1;
    assert!(!table.turn(&mut book) && book.is_lost());
    // Of keys that went back a little, those that come again are seen.
    let mut book = table.look(20_000);
    table.last = table.last * 3 / 4;
    let last = table.last;
    table.rows.retain(|key, _| *key <= last);
    assert!(table.turn(&mut book));
    assert_eq!(book.judge(), table.look(20_000).judge());
    for _ in 0..5 {
        flow(&mut table, 60, 1);
        flow(&mut table, 2, 10);
        assert!(table.turn(&mut book));
        assert_eq!(book.judge(), table.look(20_000).judge());
    }
    let mut book = table.look(20_000);
    table.rows.clear();
    assert!(!table.turn(&mut book) && book.is_lost());
    // What is old may go without that.
    flow(&mut table, 200, 10);
    let mut book = table.look(20_000);
    let last = table.last;
    table.rows.retain(|key, _| *key > last - 200);
    assert!(table.turn(&mut book));
}

#[test]
fn a_look_that_is_cut_grows_to_the_day_and_what_is_older_leaves_it() {
    let mut table = Table::new();
    flow(&mut table, 600, 10);
    let mut book = table.look(1_000);
    assert_eq!(book.newest(), Some(1_000));
    for _ in 0..30 {
        flow(&mut table, 60, 10);
        assert!(table.turn(&mut book));
    }
    assert!(book.newest().is_some_and(|held| held > 18_000));
    let since = book.since().unwrap();
    // A day later all of it is known; nothing came meanwhile.
    table.now = since + 86_400 * SECOND;
    assert!(table.turn(&mut book));
    assert_eq!(book.newest(), None);
    assert!(book.since() > Some(since));
}

#[test]
fn an_old_moment_with_a_high_key_does_not_make_a_part_of_the_day_all_of_it() {
    let mut table = Table::new();
    flow(&mut table, 600, 10);
    table.now -= 2 * 86_400 * SECOND;
    table.write(0, State::Done, [1, 0, 0], true);
    table.now += 2 * 86_400 * SECOND;
    assert_eq!(table.look(1_000).newest(), Some(999));
}

#[test]
fn a_table_whose_newest_row_alone_is_removed_is_the_same_table() {
    let mut table = Table::new();
    flow(&mut table, 100, 10);
    table.write(0, State::Open, [9, 0, 0], true);
    let mut book = table.look(20_000);
    assert!(table.turn(&mut book));
    table.rows.pop_last();
    assert!(table.turn(&mut book));
    assert_eq!(book.judge(), table.look(20_000).judge());
}
