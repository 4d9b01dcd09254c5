//! What a sweep's count shows before the rows are read: none of it is called lost that is merely yet to be read.

use super::*;

#[test]
fn rows_that_commit_in_more_holes_than_one_sweep_looks_at_are_never_called_lost() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.begin(1);
    table.end(0, true);
    table.sweep(&mut account);
    table.begin(0);
    for _ in 0..2_000 {
        let key = table.next_key + 1;
        table.next_key += 2;
        table.open[0].1.push(key);
        table.rows.insert(key + 1);
    }
    for _ in 0..9 {
        table.sweep(&mut account);
    }
    assert_eq!(
        (count(&account).waiting, count(&account).rows),
        (2_000, 2_001)
    );
    assert!(!account.is_behind(), "all were looked at twice, and wait");
    table.end(0, true);
    let mut sweeps = 0;
    while count(&account).waiting > 0 {
        table.sweep(&mut account);
        // Those that this sweep counted and did not read are there as well.
        let seen = count(&account);
        assert_eq!(seen.lost, 0);
        assert!((2_501..=4_001).contains(&seen.rows), "{}", seen.rows);
        sweeps += 1;
        let is_done = count(&account).waiting == 0;
        assert!(is_done || account.is_behind(), "the others come at once");
    }
    assert!(sweeps <= 4, "{sweeps}");
    assert_eq!((count(&account).rows, count(&account).late), (4_001, 0));
}

#[test]
fn what_the_server_counts_no_more_is_off_the_table_before_it_is_known_which_rows_they_were() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend(1..=10);
    table.sweep(&mut account);
    table.sweep(&mut account);
    table.rows.retain(|key| !(3..6).contains(key));
    table.sweep(&mut account);
    let seen = count(&account);
    assert_eq!((seen.rows, seen.removed, seen.lost), (7, 3, 0));
    assert!(account.is_behind(), "which they were is looked up at once");
    table.sweep(&mut account);
    let seen = count(&account);
    assert_eq!((seen.rows, seen.removed), (7, 3));
    assert_eq!(seen.gone, [(3, 5)]);
    assert!(!account.is_behind());
}

#[test]
fn keys_that_are_handed_out_again_after_their_rows_were_removed_are_not_lost() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend(1..=10);
    table.sweep(&mut account);
    table.sweep(&mut account);
    table.rows.clear();
    for _ in 0..3 {
        table.sweep(&mut account);
    }
    assert_eq!((count(&account).rows, count(&account).removed), (0, 10));
    table.rows.extend(1..=4);
    for _ in 0..3 {
        table.sweep(&mut account);
        assert_eq!(count(&account).lost, 0);
    }
    let seen = count(&account);
    assert_eq!((seen.rows, seen.removed, seen.late), (4, 6, 0));
}

#[test]
fn a_table_that_was_emptied_and_its_sequence_set_back_is_watched_from_its_first_key_on() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend(5_001..=9_000);
    let newest: Vec<i64> = table.rows.iter().rev().take(500).copied().collect();
    account.take(&newest, false);
    table.sweep(&mut account);
    assert_eq!((count(&account).after, count(&account).rows), (8_500, 500));
    table.rows.clear();
    // The stream reads the new ones, whose keys lie below the watch.
    table.rows.extend(1..=300);
    account.take(&(1..=300).collect::<Vec<_>>(), false);
    for _ in 0..3 {
        table.sweep(&mut account);
        assert_eq!(count(&account).lost, 0);
    }
    let seen = count(&account);
    assert_eq!((seen.rows, seen.removed, seen.older), (300, 500, 0));
    table.rows.extend(301..=8_800);
    for _ in 0..3 {
        table.sweep(&mut account);
        assert_eq!(count(&account).lost, 0);
    }
    let seen = count(&account);
    assert_eq!((seen.after, seen.reach, seen.rows), (0, 8_800, 8_800));
    assert_eq!((seen.removed, seen.late, seen.waiting), (200, 0, 0));
}

#[test]
fn a_large_table_whose_newest_rows_were_deleted_is_not_read_whole_for_that() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend(1..=60_000);
    account.take(&(59_501..=60_000).collect::<Vec<_>>(), false);
    table.sweep(&mut account);
    table.rows.retain(|key| *key <= 59_500);
    for _ in 0..4 {
        table.sweep(&mut account);
    }
    let seen = count(&account);
    assert_eq!((seen.after, seen.rows, seen.removed), (59_500, 0, 500));
    table.rows.extend(60_001..=60_010);
    for _ in 0..4 {
        table.sweep(&mut account);
    }
    assert_eq!((count(&account).rows, count(&account).lost), (10, 0));
}

#[test]
fn while_rows_come_all_the_time_what_goes_among_the_first_is_still_counted() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend(1..=10);
    let mut next = 11;
    let mut pass = |table: &mut Table, account: &mut Account| {
        table.rows.extend(next..next + 5);
        next += 5;
        table.sweep(account);
    };
    for _ in 0..10 {
        pass(&mut table, &mut account);
    }
    table.rows.remove(&3);
    pass(&mut table, &mut account);
    pass(&mut table, &mut account);
    let seen = count(&account);
    assert_eq!((seen.removed, seen.rows, seen.gone), (1, 69, vec![(3, 3)]));
}
