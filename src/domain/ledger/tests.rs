use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

mod recount;

/// A table as the account sees it: transactions hold keys until they end.
#[derive(Default)]
struct Table {
    next_key: i64,
    next_number: i64,
    open: Vec<(i64, Vec<i64>)>,
    rows: BTreeSet<i64>,
    holes: BTreeSet<i64>,
    /// Keys that sessions have put aside; no transaction holds them.
    aside: Vec<i64>,
}

impl Table {
    fn begin(&mut self, keys: i64) {
        let held = (self.next_key + 1..=self.next_key + keys).collect();
        self.next_key += keys;
        self.next_number += 1;
        self.open.push((self.next_number, held));
    }

    fn end(&mut self, which: usize, commits: bool) {
        if self.open.is_empty() {
            return;
        }
        let (_, keys) = self.open.remove(which % self.open.len());
        if commits {
            self.rows.extend(keys);
        } else {
            self.holes.extend(keys);
        }
    }

    fn put_aside(&mut self, keys: i64) {
        self.aside.extend(self.next_key + 1..=self.next_key + keys);
        self.next_key += keys;
    }

    fn put_to_use(&mut self, which: usize) {
        if !self.aside.is_empty() {
            let key = self.aside.swap_remove(which % self.aside.len());
            self.rows.insert(key);
        }
    }

    fn answer(&self, asked: &Asked) -> Swept {
        let mut keys = Vec::new();
        for (low, high) in &asked.ranges {
            keys.extend(self.rows.range(low..=high).take(CHUNK as usize).copied());
        }
        let (low, high) = asked.recount;
        let counted = if low > high {
            0
        } else {
            self.rows.range(low..=high).count()
        };
        let xmax = self.next_number + 1;
        Swept {
            keys,
            counted: counted as u64,
            xmin: self
                .open
                .iter()
                .map(|(number, _)| *number)
                .min()
                .unwrap_or(xmax),
            xmax,
        }
    }

    fn sweep(&self, account: &mut Account) {
        let asked = account.ask();
        account.sweep(&asked, self.answer(&asked));
    }
}

fn count(account: &Account) -> Count {
    account.count(|_, _| String::new())
}

#[derive(Debug, Clone)]
enum Step {
    Begin(i64),
    End(usize, bool),
    Delete(usize),
    /// The stream reads this many of the newest rows.
    Tail(usize),
    Sweep,
    /// The keys above this one, of those handed out, are accounted for apart.
    Watch(usize),
}

#[derive(Debug, Clone)]
enum CacheStep {
    Usual(Step),
    PutAside(i64),
    PutToUse(usize),
}

fn cache_step() -> impl Strategy<Value = CacheStep> {
    prop_oneof![
        4 => step().prop_map(CacheStep::Usual),
        1 => (1_i64..30).prop_map(CacheStep::PutAside),
        2 => any::<usize>().prop_map(CacheStep::PutToUse),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_i64..30).prop_map(Step::Begin),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(which, commits)| Step::End(which, commits)),
        1 => any::<usize>().prop_map(Step::Delete),
        3 => (0_usize..40).prop_map(Step::Tail),
        3 => Just(Step::Sweep),
        1 => any::<usize>().prop_map(Step::Watch),
    ]
}

proptest! {
    #[test]
    fn every_key_is_found_waiting_proven_or_removed_and_none_twice(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let (mut table, mut account) = (Table::default(), Account::default());
        let (mut deleted, mut stretches) = (0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Begin(keys) => table.begin(keys),
                Step::End(which, commits) => table.end(which, commits),
                Step::Delete(which) => {
                    let at = table.rows.iter().nth(which % table.rows.len().max(1)).copied();
                    deleted += u64::from(at.is_some_and(|key| table.rows.remove(&key)));
                }
                Step::Tail(newest) => {
                    let keys: Vec<i64> = table.rows.iter().rev().take(newest).copied().collect();
                    account.take(&keys, true);
                }
                Step::Sweep => table.sweep(&mut account),
                Step::Watch(which) => {
                    stretches += 1;
                    let handed_out = which as i64 % (table.next_key + 1);
                    account.watch(stretches, handed_out);
                }
            }
            for stretch in account.stretches() {
                let keys = (stretch.up_to - stretch.after).unsigned_abs();
                prop_assert_eq!(stretch.rows + stretch.proven + stretch.waiting, keys);
            }
            let count = count(&account);
            // What counts as proven never comes back: those keys were rolled back, or deleted unseen.
            prop_assert_eq!(count.late, 0);
            let keys = (count.reach - account.base).unsigned_abs();
            let swept = (account.base + 1, account.reach);
            let removed = account.removed.count(swept);
            prop_assert_eq!(keys + account.unread, count.rows + account.short + removed
                + account.proven.keys() + count.waiting);
            prop_assert_eq!(count.lost, 0);
        }
        while !table.open.is_empty() {
            table.end(0, true);
        }
        for _ in 0..8 + stretches.min(32) {
            table.sweep(&mut account);
        }
        let count = count(&account);
        if !table.rows.is_empty() {
            prop_assert_eq!(count.stretches.len() as u64, stretches.min(32));
        }
        for stretch in &count.stretches {
            prop_assert!(stretch.is_proven(), "{stretch:?}");
            let inside = |key: &&i64| stretch.after < **key && **key <= stretch.up_to;
            let rows = table.rows.iter().filter(inside).count() as u64;
            prop_assert!((rows..=rows + deleted).contains(&stretch.rows), "{stretch:?}");
        }
        prop_assert_eq!(count.rows + count.ahead, table.rows.len() as u64);
        prop_assert_eq!((count.lost, count.waiting, count.unproven), (0, 0, 0));
        prop_assert!(count.removed <= deleted);
        prop_assert!(count.proven <= table.holes.len() as u64 + deleted);
    }
}

proptest! {
    #[test]
    fn where_sessions_put_keys_aside_no_hole_is_proven_and_a_row_in_one_is_not_late(
        steps in prop::collection::vec(cache_step(), 0..100),
    ) {
        let (mut table, mut account) = (Table::default(), Account::default());
        account.caches(32);
        let mut deletes = false;
        for step in steps {
            match step {
                CacheStep::PutAside(keys) => table.put_aside(keys),
                CacheStep::PutToUse(which) => table.put_to_use(which),
                CacheStep::Usual(Step::Begin(keys)) => table.begin(keys),
                CacheStep::Usual(Step::End(which, commits)) => table.end(which, commits),
                CacheStep::Usual(Step::Delete(which)) => {
                    deletes = true;
                    let at = table.rows.iter().nth(which % table.rows.len().max(1)).copied();
                    at.map(|key| table.rows.remove(&key));
                }
                CacheStep::Usual(Step::Tail(newest)) => {
                    let keys: Vec<i64> = table.rows.iter().rev().take(newest).copied().collect();
                    account.take(&keys, true);
                }
                CacheStep::Usual(Step::Sweep | Step::Watch(_)) => table.sweep(&mut account),
            }
            prop_assert_eq!((count(&account).late, count(&account).proven), (0, 0));
        }
        while !table.open.is_empty() {
            table.end(0, true);
        }
        for _ in 0..6 {
            table.sweep(&mut account);
        }
        let count = count(&account);
        prop_assert_eq!(count.rows + count.ahead, table.rows.len() as u64);
        prop_assert_eq!((count.lost, count.waiting, count.late), (0, 0, 0));
        if !deletes {
            let unused = (count.after + 1..=count.reach).filter(|key| !table.rows.contains(key));
            prop_assert_eq!(count.aside, unused.count() as u64);
        }
    }
}

#[test]
fn a_hole_is_not_proven_while_a_transaction_as_old_as_it_runs() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.begin(1);
    table.end(0, true);
    table.sweep(&mut account);
    table.begin(3);
    table.begin(1);
    table.end(1, true);
    for _ in 0..10 {
        table.sweep(&mut account);
    }
    assert_eq!((count(&account).waiting, count(&account).proven), (3, 0));
    table.end(0, false);
    table.sweep(&mut account);
    assert_eq!((count(&account).waiting, count(&account).proven), (0, 3));
}

#[test]
fn the_newest_row_that_is_removed_before_it_is_swept_is_counted_as_removed_and_not_as_there() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend([1, 2, 3]);
    account.take(&[3], true);
    table.rows.remove(&3);
    table.sweep(&mut account);
    let seen = count(&account);
    assert_eq!((seen.rows, seen.ahead, seen.removed), (2, 0, 1));
    table.rows.insert(4);
    for _ in 0..4 {
        table.sweep(&mut account);
    }
    let seen = count(&account);
    assert_eq!((seen.rows, seen.removed), (3, 1));
    assert_eq!((seen.waiting, seen.proven, seen.lost), (0, 0, 0));
}

#[test]
fn a_row_in_a_proven_hole_is_found_by_the_recount_and_is_called_late() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend([1, 2, 3, 5]);
    for _ in 0..4 {
        table.sweep(&mut account);
    }
    assert_eq!(count(&account).proven, 1);
    table.rows.insert(4);
    table.sweep(&mut account);
    assert_eq!(count(&account).lost, 1);
    table.sweep(&mut account);
    let count = count(&account);
    assert_eq!(
        (count.lost, count.late, count.rows, count.proven),
        (0, 1, 5, 0)
    );
}

#[test]
fn an_account_with_a_hole_at_every_second_key_stays_small_and_loses_no_row() {
    let (mut table, mut account) = (Table::default(), Account::default());
    table.rows.extend((1..=100_000).map(|key| key * 2));
    for _ in 0..40 {
        table.sweep(&mut account);
        assert!(account.found.pieces() + account.proven.pieces() <= 3 * PIECES);
    }
    let count = count(&account);
    assert_eq!((count.rows + count.closed, count.lost), (100_000, 0));
    // What is recounted by hand is what is still recounted here.
    let by_hand = table.rows.range(count.after + 1..=count.reach).count();
    assert_eq!(by_hand as u64, count.rows);
    assert!(count.closed > 0);
}
