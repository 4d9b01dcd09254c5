//! The windows beside a table that writes, commits late, ends, tries again and deletes.

mod changed;
mod parts;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::stage::StageReading;

#[derive(Debug, Clone)]
struct Row {
    stage: u8,
    created: i64,
    ended: Option<i64>,
    /// 0 pending, 1 processing, 2 processed, 3 failed.
    status: u8,
    is_visible: bool,
    version: i64,
}

/// A table with rows in the order of time, s since 1970.
#[derive(Debug, Default)]
struct Table {
    rows: BTreeMap<i64, Row>,
    now: i64,
    last: i64,
    transaction: i64,
}

impl Table {
    fn insert(&mut self, stage: u8, status: u8, took: i64, is_visible: bool) {
        self.last += 1 + i64::from(stage);
        self.transaction += 1;
        let row = Row {
            stage,
            created: self.now,
            ended: (status > 1).then_some(self.now + took),
            status,
            is_visible,
            version: self.transaction,
        };
        self.rows.insert(self.last, row);
    }

    fn parts(&self, rows: &[(&i64, &Row)]) -> Vec<Part> {
        let names: Vec<String> = (0..4).map(|stage| format!("stage_{stage}")).collect();
        let row = |(id, row): &(&i64, &Row)| count::Row {
            id: **id,
            stage: &names[usize::from(row.stage)],
            created: Some(row.created as f64),
            ended: row.ended.map(|at| at as f64),
            state: Some(match row.status {
                0 => count::State::Pending,
                1 => count::State::Processing,
                2 => count::State::Processed,
                _ => count::State::Failed,
            }),
            version: Some(row.version),
        };
        let rows: Vec<count::Row<'_>> = rows.iter().map(row).collect();
        count::count(&rows, self.now as f64)
    }

    /// What one statement of the database answers.
    fn answer(&self, plan: &Plan) -> Found {
        let range = |range: &Range| {
            let found = self.rows.range(range.low..=range.high);
            let found = found.filter(|(_, row)| row.is_visible).rev();
            let mut rows: Vec<(&i64, &Row)> = found.take(range.rows as usize).collect();
            rows.reverse();
            self.parts(&rows)
        };
        let is_changed = |(id, running): &&(i64, bool)| {
            let row = self.rows.get(id).filter(|row| row.is_visible);
            row.is_none_or(|row| row.status != u8::from(*running))
        };
        let is_another = |check: &&Check| {
            let rows = self.rows.range(check.low..=check.high);
            let rows = rows.filter(|(_, row)| row.is_visible);
            let (rows, versions) =
                rows.fold((0, 0), |(n, sum), (_, row)| (n + 1, sum + row.version));
            (rows, versions) != (check.rows, check.versions)
        };
        let watched = plan.watched.iter().filter(is_changed).map(|(id, _)| *id);
        let checked = plan.checks.iter().filter(is_another).map(|check| check.low);
        Found {
            now: Timestamp::from_timestamp(self.now, 0).unwrap(),
            ranges: plan.ranges.iter().map(range).collect(),
            changed: watched.chain(checked).collect(),
        }
    }

    fn turn(&self, windows: &mut Windows) -> u32 {
        let mut statements = 0;
        loop {
            let plan = windows.plan(statements);
            windows.take(&plan, self.answer(&plan));
            statements += 1;
            check(windows);
            if !windows.wants_more(statements) {
                return statements;
            }
        }
    }

    fn count(&self, is_one: impl Fn(&Row) -> bool) -> u64 {
        let visible = self.rows.values().filter(|row| row.is_visible);
        visible.filter(|row| is_one(row)).count() as u64
    }
}

/// Chunks stand in order, apart from each other, each row in the one that answers for its key.
fn check(windows: &Windows) {
    for pair in windows.chunks.windows(2) {
        assert!(pair[0].high < pair[1].low, "{pair:?}");
    }
    for chunk in &windows.chunks {
        assert!(chunk.low <= chunk.high, "{chunk:?}");
        assert!(
            chunk
                .open
                .iter()
                .all(|row| (chunk.low..=chunk.high).contains(&row.id))
        );
    }
    // What is being read again in parts is not merged with its neighbours meanwhile.
    assert!(windows.chunks.len() <= windows.most + 2);
}

/// What is told lies between the counts of a window half a slot shorter and half a slot longer.
fn assert_agrees(table: &Table, windows: &Windows) {
    let readings = windows.readings(&windows.backlog());
    let sum = |of: fn(&StageReading) -> u64| readings.iter().map(of).sum::<u64>();
    let now = table.now;
    let within =
        |what: &str, told: u64, seconds: i64, half: i64, of: &dyn Fn(&Row) -> Option<i64>| {
            let count = |seconds| table.count(|row| of(row).is_some_and(|at| now - at < seconds));
            let (least, most) = (count(seconds - half), count(seconds + half));
            assert!(
                (least..=most).contains(&told),
                "{what}: {told} of {least} to {most}"
            );
        };
    let created = |row: &Row| Some(row.created);
    let processed = |row: &Row| row.ended.filter(|_| row.status == 2);
    within("created 5 m", sum(|r| r.created_5m), 300, 6, &created);
    within("created 1 h", sum(|r| r.created_1h), 3_600, 31, &created);
    within("processed 5 m", sum(|r| r.processed_5m), 300, 6, &processed);
    within(
        "processed 1 h",
        sum(|r| r.processed_1h),
        3_600,
        31,
        &processed,
    );
    let totals = windows.totals();
    within("events", totals.events, 86_400, 301, &created);
    within("failed", totals.failed, 86_400, 301, &|row| {
        Some(row.created).filter(|_| row.status == 3)
    });
    assert_eq!(sum(|r| r.pending), table.count(|row| row.status == 0));
    assert_eq!(sum(|r| r.processing), table.count(|row| row.status == 1));
    assert_eq!(totals.since, None);
    let trend: u64 = windows.trend().iter().map(|bucket| bucket.created).sum();
    let first = now.div_euclid(60) * 60 - 59 * 60;
    assert_eq!(trend, table.count(|row| row.created >= first));
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u16),
    Write {
        n: u16,
        stage: u8,
        status: u8,
        took: u8,
        is_late: bool,
    },
    Commit,
    End(u8),
    Retry(u8),
    Delete(u8),
    Turn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..1_500_u16).prop_map(Step::Wait),
        6 => (1..800_u16, 0..4_u8, 0..4_u8, any::<u8>(), prop::bool::weighted(0.2))
            .prop_map(|(n, stage, status, took, is_late)| Step::Write { n, stage, status, took, is_late }),
        1 => Just(Step::Commit),
        3 => (1..5_u8).prop_map(Step::End),
        1 => (1..5_u8).prop_map(Step::Retry),
        1 => (1..5_u8).prop_map(Step::Delete),
        1 => (8_000..14_000_u16, 0..4_u8, 1..3_u8, any::<u8>(), prop::bool::weighted(0.3))
            .prop_map(|(n, stage, status, took, is_late)| Step::Write { n, stage, status, took, is_late }),
        5 => Just(Step::Turn),
    ]
}

fn take(table: &mut Table, step: &Step, windows: &mut Windows) {
    let now = table.now;
    match *step {
        Step::Wait(seconds) => table.now += i64::from(seconds),
        Step::Write {
            n,
            stage,
            status,
            took,
            is_late,
        } => {
            for _ in 0..n {
                table.insert(stage, status, i64::from(took), !is_late);
            }
            // What ended did so in the past.
            table.now += i64::from(took);
        }
        Step::Commit => table
            .rows
            .values_mut()
            .for_each(|row| row.is_visible = true),
        Step::End(part) => {
            let rows = table
                .rows
                .iter_mut()
                .filter(|(id, row)| row.status < 2 && *id % i64::from(part) == 0);
            for (_, row) in rows {
                row.status = 2 + u8::from(row.stage == 1);
                row.ended = Some(now);
                table.transaction += 1;
                row.version = table.transaction;
            }
        }
        Step::Retry(part) => {
            let rows = table
                .rows
                .iter_mut()
                .filter(|(id, row)| row.status == 3 && *id % i64::from(part) == 0);
            for (_, row) in rows {
                row.status = 0;
                table.transaction += 1;
                row.version = table.transaction;
            }
        }
        Step::Delete(part) => table
            .rows
            .retain(|id, row| row.status < 3 || id % i64::from(part) != 0),
        Step::Turn => {
            table.turn(windows);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn after_every_chunk_had_its_turn_the_windows_agree_with_the_table(
        steps in prop::collection::vec(step(), 1..40),
        most in prop_oneof![Just(CHUNKS), 2..9_usize],
    ) {
        let mut table = Table { now: 1_790_000_000, ..Table::default() };
        let mut windows = Windows { most, ..Windows::new(1) };
        for step in &steps {
            take(&mut table, step, &mut windows);
        }
        let parts = table.rows.len() / STRIDE as usize + 1;
        for _ in 0..5 * windows.chunks.len() + 20 * parts + 40 {
            table.turn(&mut windows);
        }
        assert_agrees(&table, &windows);
    }
}

#[test]
fn a_turn_reads_a_bounded_number_of_rows_however_long_the_history() {
    let mut table = Table {
        now: 1_790_000_000,
        ..Table::default()
    };
    let mut windows = Windows::new(1);
    for _ in 0..600 {
        table.now += 120;
        for _ in 0..500 {
            table.insert(1, 2, 1, true);
        }
    }
    // The newest first: the first two strides reach back an hour, the day follows.
    assert_eq!(table.turn(&mut windows), 2);
    assert!(windows.since().is_some());
    assert_eq!(windows.readings(&Backlog::default())[0].known_since, None);
    let mut turns = 0;
    while windows.since().is_some() {
        table.turn(&mut windows);
        turns += 1;
    }
    assert!((20..60).contains(&turns), "{turns}");
    assert_agrees(&table, &windows);
    for _ in 0..100 {
        table.now += 2;
        table.insert(0, 0, 0, true);
        let plan = windows.plan(0);
        let found = table.answer(&plan);
        let rows: u64 = found.ranges.iter().flatten().map(|part| part.rows).sum();
        assert!(rows <= 5 * ROWS, "{rows}");
        windows.take(&plan, found);
    }
}

#[test]
fn what_is_older_than_a_day_is_let_go() {
    let mut table = Table {
        now: 1_790_000_000,
        ..Table::default()
    };
    let mut windows = Windows::new(1);
    for _ in 0..40 {
        table.now += 3_600;
        for _ in 0..3_000 {
            table.insert(2, 2, 1, true);
        }
        table.turn(&mut windows);
    }
    for _ in 0..600 {
        table.turn(&mut windows);
    }
    assert!(windows.chunks.len() < 168, "{}", windows.chunks.len());
    assert_agrees(&table, &windows);
}
