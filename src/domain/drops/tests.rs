//! The book beside a table that writes, commits late, ends, is corrected, tries again and deletes: after some turns it says what
//! one whole look says.

mod table;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::pipeline::Pipeline;

const SECOND: i64 = 1_000_000;
const START: i64 = 1_800_000_000 * SECOND;

/// Three stages, of which the last has either of two fields.
fn pipeline() -> Pipeline {
    let stage = |event: &str, rest: &str| {
        format!(
            "[[stage]]\nevent = '{event}'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\n{rest}\n"
        )
    };
    let text = [
        "[[phase]]\nname = 'A'\n".to_owned(),
        stage("first", ""),
        stage(
            "second",
            "parent = 'first'\nchildren = '1'\nkeys = ['id = of']",
        ),
        stage(
            "third",
            "parent = 'second'\nchildren = '1..n'\nkeys = ['id = of', 'name']",
        ),
    ];
    Pipeline::parse(&text.concat()).unwrap()
}

const STAGES: [&str; 4] = ["first", "second", "third", "other"];
const FIELDS: [&str; 3] = ["id", "of", "name"];

#[derive(Debug, Clone)]
struct Row {
    stage: usize,
    created: i64,
    ended: Option<i64>,
    state: State,
    /// What its fields hold; 0 for nothing.
    values: [i64; 3],
    version: u32,
    is_visible: bool,
}

#[derive(Debug)]
struct Table {
    cascade: Cascade,
    rows: BTreeMap<i64, Row>,
    now: i64,
    started: i64,
    last: i64,
    version: u32,
}

impl Table {
    fn new() -> Self {
        Self {
            cascade: Cascade::of(&pipeline()),
            rows: BTreeMap::new(),
            now: START,
            started: START,
            last: 0,
            version: 1,
        }
    }

    fn seen(&self, row: &Row) -> Seen {
        let ended = row.ended.unwrap_or(row.created);
        let mut seen = Seen::new((row.created, ended), row.state, row.version);
        for (n, (event, field)) in self.cascade.columns().enumerate() {
            if event == STAGES[row.stage] && row.created > self.now - 86_400 * SECOND {
                let at = FIELDS.iter().position(|known| Some(*known) == field);
                let value = at.map(|at| row.values[at]).filter(|value| *value != 0);
                seen.fill(&self.cascade, n, value);
            }
        }
        seen
    }

    fn visible(&self) -> impl DoubleEndedIterator<Item = (i64, &Row)> {
        let rows = self.rows.iter().filter(|(_, row)| row.is_visible);
        rows.map(|(key, row)| (*key, row))
    }

    /// What one statement of the database answers.
    fn answer(&self, plan: &Plan) -> Found {
        let within = |low, high| {
            let rows = self.visible();
            rows.filter(move |(key, _)| (low..=high).contains(key))
        };
        let range = |range: &Range| {
            let rows = within(range.low, range.high).take(range.rows as usize);
            rows.map(|(key, row)| (key, self.seen(row))).collect()
        };
        let tally = |stretch: &Counted| {
            let rows = within(stretch.low, stretch.high);
            let young = rows.filter(|(_, row)| row.created > self.now - 86_400 * SECOND);
            young.fold(Tally::default(), |tally, (_, row)| Tally {
                rows: tally.rows + 1,
                versions: tally.versions + i64::from(row.version),
            })
        };
        Found {
            now: self.now,
            started: self.started,
            ranges: plan.ranges.iter().map(range).collect(),
            counted: plan.counted.iter().map(tally).collect(),
        }
    }

    fn look(&self, newest: usize) -> Book {
        let rows = self.visible().rev().take(newest);
        let rows = rows.map(|(key, row)| (key, self.seen(row))).collect();
        let cascade = Cascade::of(&pipeline());
        Book::new((cascade, true), rows, newest, (self.now, self.started))
    }

    fn turn(&self, book: &mut Book) -> bool {
        let mut statements = 0;
        loop {
            let plan = book.plan(statements);
            book.take(&plan, self.answer(&plan));
            statements += 1;
            match book.wants_more(statements) {
                _ if book.is_lost() => return false,
                Some(true) => {}
                Some(false) => return true,
                None => return false,
            }
        }
    }

    fn write(&mut self, of: usize, state: State, values: [i64; 3], is_visible: bool) {
        self.last += 1 + of as i64 % 2;
        self.version += 1;
        let row = Row {
            stage: of,
            created: self.now,
            ended: (state != State::Open).then_some(self.now),
            state,
            values,
            version: self.version,
            is_visible,
        };
        self.rows.insert(self.last, row);
    }

    fn change(&mut self, nth: usize, with: impl FnOnce(&mut Row, i64)) {
        let n = self.rows.len().max(1);
        self.version += 1;
        let (version, now) = (self.version, self.now);
        if let Some(row) = self.rows.values_mut().nth(nth % n) {
            row.version = version;
            with(row, now);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize, State, [i64; 3], bool),
    Commit,
    End(usize, State),
    Retry(usize),
    Correct(usize, [i64; 3]),
    Delete(usize),
    Purge(usize),
    Wait(i64),
    Turn,
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::Open), Just(State::Done), Just(State::Other)]
}

fn step() -> impl Strategy<Value = Step> {
    let values = [0..6_i64, 0..6_i64, 0..6_i64];
    prop_oneof![
        8 => (0..4_usize, state(), values.clone(), prop::bool::weighted(0.8))
            .prop_map(|(of, state, values, is_visible)| Step::Write(of, state, values, is_visible)),
        1 => Just(Step::Commit),
        2 => (any::<usize>(), state()).prop_map(|(nth, state)| Step::End(nth, state)),
        1 => any::<usize>().prop_map(Step::Retry),
        1 => (any::<usize>(), values).prop_map(|(nth, values)| Step::Correct(nth, values)),
        1 => any::<usize>().prop_map(Step::Delete),
        1 => (0..20_usize).prop_map(Step::Purge),
        3 => (0..200_i64).prop_map(Step::Wait),
        3 => Just(Step::Turn),
    ]
}

fn run(table: &mut Table, book: &mut Option<Book>, step: &Step) {
    match *step {
        Step::Write(of, state, values, is_visible) => table.write(of, state, values, is_visible),
        Step::Commit => {
            for row in table.rows.values_mut() {
                row.is_visible = true;
            }
        }
        Step::End(nth, state) => table.change(nth, |row, now| {
            row.state = state;
            row.ended = Some(now);
        }),
        Step::Retry(nth) => table.change(nth, |row, _| {
            row.state = State::Open;
            row.ended = None;
        }),
        Step::Correct(nth, values) => table.change(nth, |row, _| row.values = values),
        Step::Delete(nth) => {
            let n = table.rows.len().max(1);
            let key = table.rows.keys().nth(nth % n).copied();
            key.map(|key| table.rows.remove(&key));
        }
        Step::Purge(n) => {
            for _ in 0..n {
                table.rows.pop_first();
            }
        }
        Step::Wait(seconds) => table.now += seconds * SECOND,
        Step::Turn => take_turn(table, book),
    }
}

/// As who asks the database does it.
fn take_turn(table: &Table, book: &mut Option<Book>) {
    let kept = book.take().and_then(|mut book| {
        let is_known = table.turn(&mut book);
        (is_known && !book.is_empty()).then_some(book)
    });
    *book = Some(kept.unwrap_or_else(|| table.look(20_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_turns_end_in_what_one_whole_look_says(steps in prop::collection::vec(step(), 1..120)) {
        let mut table = Table::new();
        let mut book = None;
        for step in steps {
            run(&mut table, &mut book, &step);
        }
        // All that waits for its turn fits into one, which may begin with what has grown old meanwhile.
        for _ in 0..3 {
            take_turn(&table, &mut book);
        }
        let mut book = book.unwrap();
        let mut whole = table.look(20_000);
        prop_assert_eq!(book.judge(), whole.judge());
        prop_assert_eq!((book.since(), book.newest()), (whole.since(), whole.newest()));
    }
}

/// So many records of the first stage a second, each with its child but for the last of each minute.
fn flow(table: &mut Table, seconds: i64, rate: i64) {
    for second in 0..seconds {
        table.now += SECOND;
        for n in 0..rate / 2 {
            let id = table.now / SECOND * rate + n;
            table.write(0, State::Done, [id, 0, 0], true);
            if second % 60 > 0 || n > 0 {
                table.write(1, State::Done, [id, id, 0], true);
            }
        }
    }
}

#[test]
fn at_300_events_a_second_a_drop_is_seen_within_the_gap_and_a_minute() {
    let mut table = Table::new();
    flow(&mut table, 120, 300);
    let mut book = table.look(20_000);
    for minute in 0..10 {
        flow(&mut table, 60, 300);
        assert!(table.turn(&mut book), "{minute}");
        let judged = book.judge();
        let due = table.now - 60 * SECOND;
        // Each minute drops one, in its first second.
        let newest = judged[0].orphans.first().map(|(_, ended)| *ended);
        let late = newest.map(|ended| due - ended);
        assert!(
            late.is_some_and(|late| (0..60 * SECOND).contains(&late)),
            "{minute}: {late:?}"
        );
    }
    // It reaches back farther with each.
    let held = book.newest().unwrap();
    assert!(held > 90_000 && held <= 110_000, "{held}");
}

#[test]
fn a_storm_is_read_in_bounded_statements_and_what_cannot_be_caught_up_with_begins_anew() {
    let mut table = Table::new();
    flow(&mut table, 10, 300);
    let mut book = table.look(20_000);
    flow(&mut table, 60, 5_000);
    let mut statements = 0;
    loop {
        let plan = book.plan(statements);
        let rows: u64 = plan.ranges.iter().map(|range| range.rows).sum();
        assert!(rows <= 60_000, "{rows}");
        book.take(&plan, table.answer(&plan));
        statements += 1;
        match book.wants_more(statements) {
            Some(true) => {}
            more => {
                assert_eq!(more, Some(false));
                break;
            }
        }
    }
    assert!(statements > 10, "{statements}");
    let n = table.rows.len() as u64;
    assert_eq!(book.newest(), None);
    assert_eq!(
        book.judge()[0].count.parents + book.judge()[0].count.children,
        n
    );
    // What was dropped in the first second of the storm is due in the next turn.
    flow(&mut table, 60, 5_000);
    assert!(table.turn(&mut book));
    let dropped = table.now - 119 * SECOND;
    let judged = book.judge();
    assert!(judged[0].orphans.iter().any(|(_, ended)| *ended == dropped));
    flow(&mut table, 20, 20_000);
    assert!(!table.turn(&mut book));
    assert!(!book.is_lost());
}
