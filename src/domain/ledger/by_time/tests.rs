use proptest::prelude::*;

use super::*;

const SECOND: Micros = 1_000_000;

/// A table whose keys have no order: transactions bear the time of their beginning.
#[derive(Default)]
struct Table {
    now: Micros,
    keys: u64,
    open: Vec<(Micros, Vec<String>)>,
    rows: BTreeSet<(Micros, String)>,
    /// Rows that were committed more than the overlap after the time they bear.
    late: u64,
    deleted: u64,
}

impl Table {
    fn new() -> Self {
        Self {
            now: 1_000 * SECOND,
            ..Self::default()
        }
    }

    fn pass(&mut self, time: Micros) {
        self.now += time;
    }

    fn begin(&mut self, keys: u64) {
        let new = self.keys + 1..=self.keys + keys;
        // As good as chance: no order of time, and no two alike.
        let key = |n: u64| format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        self.open.push((self.now, new.map(key).collect()));
        self.keys += keys;
    }

    fn end(&mut self, which: usize, commits: bool) {
        if self.open.is_empty() {
            return;
        }
        let (at, keys) = self.open.remove(which % self.open.len());
        if commits {
            self.late += u64::from(self.now - at > LEAST_OVERLAP) * keys.len() as u64;
            self.rows.extend(keys.into_iter().map(|key| (at, key)));
        }
    }

    fn write(&mut self, keys: u64) {
        self.begin(keys);
        self.end(self.open.len() - 1, true);
    }

    fn delete(&mut self, which: usize) {
        let at = which % self.rows.len().max(1);
        let row = self.rows.iter().nth(at).cloned();
        self.deleted += u64::from(row.is_some_and(|row| self.rows.remove(&row)));
    }

    fn count(&self, after: Micros, up_to: Micros) -> u64 {
        let is_in = |(at, _): &&(Micros, String)| after < *at && *at <= up_to;
        self.rows.iter().filter(is_in).count() as u64
    }

    fn answer(&self, asked: &AskedByTime) -> SweptByTime {
        let rows = |reading: &Reading| {
            let is_asked = |(at, key): &&(Micros, String)| {
                let is_above = *at > reading.after
                    || *at == reading.after
                        && reading.after_key.as_ref().is_some_and(|it| key > it);
                is_above && *at <= reading.up_to.unwrap_or(self.now)
            };
            let rows = self.rows.iter().filter(is_asked);
            rows.take(CHUNK as usize).cloned().collect()
        };
        let count = |range: &(Micros, Micros)| self.count(range.0, range.1);
        SweptByTime {
            rows: asked.readings.iter().map(rows).collect(),
            counted: asked.counts.iter().map(count).collect(),
            now: self.now,
            skew: 0,
        }
    }

    fn sweep(&self, account: &mut AccountByTime) {
        let asked = account.ask();
        account.sweep(&asked, self.answer(&asked));
    }

    /// The stream reads this many of the newest rows.
    fn tail(&self, account: &mut AccountByTime, newest: usize) {
        let rows: Vec<_> = self.rows.iter().rev().take(newest).collect();
        let is_whole = rows.len() < newest;
        account.take(rows.iter().map(|(at, key)| (*at, key.as_str())), is_whole);
    }
}

fn count(account: &AccountByTime) -> Count {
    account.count(|_, _| String::new())
}

#[derive(Debug, Clone)]
enum Step {
    Pass(i64),
    Begin(u64),
    End(usize, bool),
    Delete(usize),
    Tail(usize),
    Sweep,
    /// What came since so long ago is accounted for apart.
    Watch(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_i64..30).prop_map(Step::Pass),
        4 => (1_u64..12).prop_map(Step::Begin),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(which, commits)| Step::End(which, commits)),
        1 => any::<usize>().prop_map(Step::Delete),
        3 => (1_usize..40).prop_map(Step::Tail),
        4 => Just(Step::Sweep),
        1 => (0_i64..100).prop_map(Step::Watch),
    ]
}

proptest! {
    #[test]
    fn every_row_since_the_watch_began_is_counted_once_however_late_it_commits(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let (mut table, mut account) = (Table::new(), AccountByTime::default());
        let mut stretches = 0;
        for step in steps {
            match step {
                Step::Pass(seconds) => table.pass(seconds * SECOND),
                Step::Begin(keys) => table.begin(keys),
                Step::End(which, commits) => table.end(which, commits),
                Step::Delete(which) => table.delete(which),
                Step::Tail(newest) => table.tail(&mut account, newest),
                Step::Sweep => {
                    table.sweep(&mut account);
                    let count = count(&account);
                    // Nothing is counted that never was there, and what is called lost is there.
                    let known = count.rows + count.ahead + count.lost;
                    prop_assert!(known <= table.rows.len() as u64 + table.deleted, "{count:?}");
                }
                Step::Watch(ago) => {
                    stretches += 1;
                    account.watch(stretches, table.now - ago * SECOND);
                }
            }
        }
        while !table.open.is_empty() {
            table.end(0, true);
        }
        for _ in 0..8 + 4 * account.slices.len() {
            table.pass(SECOND);
            table.sweep(&mut account);
        }
        let count = count(&account);
        let opened = account.opened.unwrap_or(0);
        prop_assert_eq!(count.rows + count.ahead, table.count(opened, Micros::MAX));
        prop_assert_eq!(count.lost, 0);
        prop_assert!(count.removed <= table.deleted, "{count:?}");
        prop_assert!(count.late <= table.late + table.deleted, "{count:?}");
        for stretch in &count.stretches {
            prop_assert!(stretch.is_recounted && stretch.is_approximate, "{stretch:?}");
        }
    }
}

#[test]
fn a_row_that_commits_within_the_overlap_is_found_by_its_key_and_is_not_late() {
    let (mut table, mut account) = (Table::new(), AccountByTime::default());
    table.write(1);
    table.tail(&mut account, 500);
    table.begin(1);
    table.pass(30 * SECOND);
    table.write(1);
    table.sweep(&mut account);
    assert_eq!(count(&account).rows, 2);
    table.end(0, true);
    table.sweep(&mut account);
    // The server counts one that nobody has seen; it is read at once, and not lost.
    assert_eq!((count(&account).rows, count(&account).lost), (3, 0));
    assert!(account.is_behind());
    table.sweep(&mut account);
    let count = count(&account);
    assert_eq!((count.rows, count.lost, count.late), (3, 0, 0));
}

#[test]
fn a_row_that_commits_after_the_overlap_is_counted_and_called_late() {
    let (mut table, mut account) = (Table::new(), AccountByTime::default());
    table.write(1);
    table.tail(&mut account, 500);
    table.begin(1);
    for _ in 0..10 {
        table.pass(20 * SECOND);
        table.write(1);
        table.sweep(&mut account);
    }
    assert!(account.sealed > 1_000 * SECOND, "{}", account.sealed);
    table.end(0, true);
    table.sweep(&mut account);
    assert_eq!((count(&account).rows, count(&account).lost), (12, 0));
    assert!(account.is_behind(), "it is counted a second time at once");
    table.sweep(&mut account);
    let count = count(&account);
    assert_eq!((count.rows, count.lost, count.late), (12, 0, 1));
}

#[test]
fn where_clocks_are_apart_the_overlap_is_twice_that() {
    let (mut table, mut account) = (Table::new(), AccountByTime::default());
    table.write(1);
    table.tail(&mut account, 500);
    let asked = account.ask();
    let mut answer = table.answer(&asked);
    answer.skew = 90 * SECOND;
    account.sweep(&asked, answer);
    assert_eq!(count(&account).overlap_s, Some(180));
}

#[test]
fn a_row_of_the_future_hides_none_of_the_present() {
    let (mut table, mut account) = (Table::new(), AccountByTime::default());
    table.write(1);
    let future = table.now + 3_600 * SECOND;
    table
        .rows
        .insert((future, "from a clock that is fast".to_owned()));
    table.tail(&mut account, 500);
    for _ in 0..5 {
        table.pass(SECOND);
        table.write(1);
        table.sweep(&mut account);
    }
    let count = count(&account);
    assert_eq!(
        (count.rows, count.ahead, count.late, count.lost),
        (6, 1, 0, 0)
    );
}

#[test]
fn rows_of_one_instant_beyond_all_bounds_are_counted_and_not_kept() {
    let (mut table, mut account) = (Table::new(), AccountByTime::default());
    table.write(1);
    table.tail(&mut account, 500);
    table.pass(SECOND);
    table.write(300_000);
    let mut sweeps = 0;
    while count(&account).rows < 300_001 || account.is_behind() {
        table.sweep(&mut account);
        assert!(account.young.len() <= 300_000, "{}", account.young.len());
        sweeps += 1;
        assert!(sweeps < 20, "{:?}", count(&account));
    }
    table.pass(100 * SECOND);
    table.write(1);
    for _ in 0..6 {
        table.sweep(&mut account);
    }
    let count = count(&account);
    assert_eq!((count.rows, count.lost, count.late), (300_002, 0, 0));
    assert!(account.young.len() < 10, "{}", account.young.len());
}

#[test]
fn an_hour_of_a_hundred_rows_a_second_takes_little_memory_and_every_part_of_it_is_recounted() {
    let (mut table, mut account) = (Table::new(), AccountByTime::default());
    table.write(1);
    table.tail(&mut account, 500);
    for _ in 0..60 {
        table.pass(60 * SECOND);
        table.write(6_000);
        table.sweep(&mut account);
    }
    assert!(account.young.len() <= 12_001, "{}", account.young.len());
    assert!(account.slices.len() < 12, "{}", account.slices.len());
    for at in [0, 40_000, 200_000] {
        table.delete(at);
    }
    for _ in 0..40 {
        table.sweep(&mut account);
    }
    let count = count(&account);
    assert_eq!((count.rows, count.removed, count.late), (359_998, 3, 0));
}
