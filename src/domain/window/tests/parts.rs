//! Chunks that are too large for one statement.

use super::{super::turn, *};

/// A table of 60,000 rows, and windows over it with chunks of some 15,000 rows.
fn large() -> (Table, Windows) {
    let mut table = Table {
        now: 1_790_000_000,
        ..Table::default()
    };
    let mut windows = Windows {
        most: 4,
        ..Windows::new(1)
    };
    for n in 0..60 {
        for _ in 0..1_000 {
            table.insert(0, 2, 1, n % 5 != 2);
        }
        table.now += 300;
    }
    for _ in 0..20 {
        table.turn(&mut windows);
    }
    (table, windows)
}

#[test]
fn a_chunk_too_large_for_one_statement_is_read_again_in_parts_and_tells_all_it_knew_meanwhile() {
    let (mut table, mut windows) = large();
    assert!(windows.chunks.iter().any(|chunk| chunk.rows > turn::REREAD));
    let before = windows.totals().events;
    assert_eq!(before, 48_000);
    // 12,000 rows commit late, among those that have long been read.
    table
        .rows
        .values_mut()
        .for_each(|row| row.is_visible = true);
    let mut told = before;
    for _ in 0..400 {
        let plan = windows.plan(0);
        let found = table.answer(&plan);
        let rows: u64 = found.ranges.iter().flatten().map(|part| part.rows).sum();
        assert!(rows <= 3 * STRIDE + 10 * ROWS, "{rows}");
        windows.take(&plan, found);
        assert_eq!(windows.since(), None);
        let now = windows.totals().events;
        assert!((told..=60_000).contains(&now), "{now} after {told}");
        told = now;
    }
    assert_eq!(told, 60_000);
    assert_agrees(&table, &windows);
}

#[test]
fn what_is_told_of_a_large_chunk_while_it_is_read_again_is_not_forgotten() {
    let (mut table, mut windows) = large();
    // The first part of a chunk is read; then a row of it is tried again, and somebody sees that.
    let next = loop {
        table.turn(&mut windows);
        let next = windows.parts.as_ref().unwrap().range();
        if windows.chunks.iter().all(|chunk| chunk.high != next.high) {
            break next;
        }
    };
    let (id, row) = table.rows.range_mut(next.high + 1..).next().unwrap();
    row.status = 0;
    windows.heard(*id, Some(false));
    for _ in 0..60 {
        table.turn(&mut windows);
    }
    let readings = windows.readings(&windows.backlog());
    assert_eq!(readings.iter().map(|of| of.pending).sum::<u64>(), 1);
}
