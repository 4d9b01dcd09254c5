//! Chunks that are known to have changed.

use super::*;

#[test]
fn a_change_that_somebody_saw_is_read_at_once_and_known_news_is_not_read_again() {
    let mut table = Table {
        now: 1_790_000_000,
        ..Table::default()
    };
    let mut windows = Windows::new(1);
    for _ in 0..20 {
        for _ in 0..1_000 {
            table.insert(0, 2, 1, true);
        }
        table.insert(0, 0, 0, true);
        table.now += 300;
    }
    while {
        table.turn(&mut windows);
        windows.since().is_some()
    } {}
    let open = windows.chunks.iter().find_map(|chunk| chunk.open.first());
    let open = open.unwrap().id;
    windows.heard(open, Some(false));
    assert!(windows.dirty().next().is_none());
    table.rows.get_mut(&open).unwrap().status = 1;
    windows.heard(open, Some(true));
    assert!(windows.dirty().next().is_some());
    table.turn(&mut windows);
    assert_agrees(&table, &windows);
}

#[test]
fn a_chunk_that_changed_is_read_in_its_turn_however_many_newer_ones_change_meanwhile() {
    let mut table = Table {
        now: 1_790_000_000,
        ..Table::default()
    };
    let mut windows = Windows::new(1);
    for _ in 0..200 {
        for _ in 0..70 {
            table.insert(0, 0, 0, true);
        }
        table.turn(&mut windows);
    }
    let (id, row) = table
        .rows
        .first_key_value()
        .map(|(id, row)| (*id, row.clone()))
        .unwrap();
    table.rows.insert(
        id,
        Row {
            status: 2,
            ended: Some(table.now),
            version: i64::MAX / 2,
            ..row
        },
    );
    windows.heard(id, None);
    for _ in 0..60 {
        let newer: Vec<i64> = windows
            .chunks
            .iter()
            .skip(5)
            .map(|chunk| chunk.low)
            .collect();
        for id in newer {
            windows.heard(id, None);
        }
        table.turn(&mut windows);
    }
    assert_agrees(&table, &windows);
}
