//! What one turn asks of the table.

use super::{Book, Counted, LATE, ROWS};

/// Events that have a turn to be counted, at least, and the turns in which all have had theirs; and those with the highest keys that
/// always have.
const IN_TURN: usize = 1_000;
const TURNS: usize = 40;
const YOUNG: usize = 20_000;
/// Rows with lower keys that commit late may come to an idle table too: so many of its newest are counted.
const FEW: usize = 16;

/// Where rows have no versions, changes of those that ended show only to who reads them again: so many in turn.
const REREAD: usize = 250;

/// Rows read again at most since they had not ended.
const UNSETTLED: usize = 40_000;

/// Parents without child that are looked at again, in turn as well.
const ORPHANS: usize = 250;

/// Of two that are read again, what lies between is read with them where it is no more than this.
const BETWEEN: usize = 2;

/// Of two that are counted, what lies between is counted with them where their keys are no further apart than this, and the whole
/// has no more keys than that: to find the begin of a stretch costs as much as some rows.
const APART: i64 = 16;
const LONGEST: i64 = 1_000;

/// Statements of one turn at most.
const STATEMENTS: u32 = 18;

/// A range of keys to read: from its begin, so many rows at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The lowest key.
    pub low: i64,
    /// The highest key.
    pub high: i64,
    /// Rows at most.
    pub rows: u64,
}

/// What to ask in one statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Ranges to read.
    pub ranges: Vec<Range>,
    /// Stretches to count.
    pub counted: Vec<Counted>,
    /// Whether the first range is what is new.
    pub(super) has_news: bool,
    /// Whether the others were doubted, and how many they are.
    pub(super) is_again: bool,
    pub(super) doubts: usize,
    /// The highest key that is known.
    pub(super) young: i64,
    /// The lowest key of the youngest, all of which are counted.
    pub(super) young_from: i64,
    /// How far those in turn come.
    pub(super) counted_to: i64,
    pub(super) watched_to: i64,
}

impl Book {
    /// Whether, after so many statements, the turn goes on: `None` where it cannot catch up, so that the book is to be made anew.
    pub fn wants_more(&self, statements: u32) -> Option<bool> {
        match self.is_behind || !self.doubts.is_empty() {
            true if statements < STATEMENTS => Some(true),
            // What is doubted still is so in the next turn.
            true => (!self.is_behind).then_some(false),
            false => Some(false),
        }
    }

    /// What statement number `statement` of a turn is to ask.
    pub fn plan(&self, statement: u32) -> Plan {
        let mut plan = Plan {
            counted_to: self.counted_to,
            watched_to: self.watched_to,
            is_again: statement > 0,
            young: self.top,
            young_from: i64::MIN,
            ..Plan::default()
        };
        if statement == 0 || self.is_behind {
            plan.has_news = true;
            plan.ranges.push(Range {
                low: self.top.saturating_add(1),
                high: i64::MAX,
                rows: ROWS,
            });
        }
        if statement > 0 {
            plan.doubts = self.doubts_at_once();
            let again = self.doubts.iter().take(plan.doubts).map(|doubt| Range {
                low: doubt.low,
                high: doubt.high,
                rows: ROWS,
            });
            plan.ranges.extend(again);
            return plan;
        }
        self.watch(&mut plan);
        self.count(&mut plan);
        plan
    }

    /// How many of the stretches that are doubted one statement reads.
    fn doubts_at_once(&self) -> usize {
        let mut rows = 0;
        let fit = self.doubts.iter().take_while(|doubt| {
            let held = self.events.range(doubt.low..=doubt.high).count();
            rows += held.max(1) as u64;
            rows <= ROWS
        });
        fit.count().max(1).min(self.doubts.len())
    }

    /// What had not ended, the newest first, and some parents without child. What is young will have changed, and is read; of the
    /// rest it is asked whether it has.
    fn watch(&self, plan: &mut Plan) {
        let mut runs: Vec<Range> = Vec::new();
        let mut rows = 0;
        let mut between = usize::MAX;
        let mut orphans = self.orphans_in_turn(plan);
        let mut is_orphan = |key: i64| {
            while orphans.last().is_some_and(|orphan| *orphan > key) {
                orphans.pop();
            }
            orphans.last() == Some(&key)
        };
        for (key, seen) in self.events.iter().rev() {
            if !is_orphan(*key) && !self.is_unsettled(seen) {
                between = between.saturating_add(1);
                continue;
            }
            let more = match runs.last_mut() {
                Some(run) if between <= BETWEEN => {
                    run.low = *key;
                    between + 1
                }
                _ => {
                    let (low, high, rows) = (*key, *key, 0);
                    runs.push(Range { low, high, rows });
                    1
                }
            };
            between = 0;
            rows += more;
            if let Some(run) = runs.last_mut() {
                run.rows += more as u64;
            }
            if rows >= UNSETTLED {
                break;
            }
        }
        for run in &mut runs {
            // Some may have come between them meanwhile.
            run.rows += if run.low < run.high { 16 } else { 0 };
        }
        let late = self.now - LATE;
        let is_young = |run: &Range| {
            let youngest = self.events.get(&run.high);
            !self.has_versions || youngest.is_none_or(|seen| seen.created > late)
        };
        let (young, old): (Vec<Range>, Vec<Range>) = runs.into_iter().partition(is_young);
        plan.ranges.extend(young);
        plan.counted.extend(stretches(&old));
    }

    /// The keys of some, the lowest first.
    fn orphans_in_turn(&self, plan: &mut Plan) -> Vec<i64> {
        let from = self.orphans.partition_point(|key| *key <= plan.watched_to);
        let (before, after) = self.orphans.split_at(from);
        let turn = after.iter().chain(before).take(ORPHANS);
        let mut turn: Vec<i64> = turn.copied().collect();
        plan.watched_to = turn.last().copied().unwrap_or(i64::MIN);
        turn.sort_unstable();
        turn
    }

    /// The youngest keys, and those whose turn it is.
    fn count(&self, plan: &mut Plan) {
        let mark = self.marks.front().map_or(i64::MIN, |(_, mark)| *mark);
        let nth = |n: usize| self.events.keys().rev().nth(n).copied();
        let low = mark.saturating_add(1);
        let low = low.min(nth(FEW).unwrap_or(low));
        let low = low.max(nth(YOUNG).unwrap_or(low));
        let high = self.top;
        if low <= high {
            plan.counted.push(Counted { low, high });
            plan.young_from = low;
        }
        let next = plan.counted_to.saturating_add(1);
        let begin = if (self.floor..low).contains(&next) {
            next
        } else {
            self.floor
        };
        if begin >= low {
            return;
        }
        let n = if self.has_versions {
            IN_TURN.max(self.events.len() / TURNS)
        } else {
            REREAD
        };
        let end = self.events.range(begin..low).nth(n - 1);
        let high = end.map_or(low - 1, |(key, _)| *key);
        plan.counted_to = high;
        if self.has_versions {
            plan.counted.push(Counted { low: begin, high });
        } else {
            plan.ranges.push(Range {
                low: begin,
                high,
                rows: ROWS,
            });
        }
    }
}

/// The stretches that hold `runs`, of which the highest keys come first.
fn stretches(runs: &[Range]) -> Vec<Counted> {
    let mut stretches: Vec<Counted> = Vec::new();
    for run in runs {
        match stretches.last_mut() {
            Some(last) if last.low - run.high <= APART && last.high - run.low < LONGEST => {
                last.low = run.low;
            }
            _ => stretches.push(Counted {
                low: run.low,
                high: run.high,
            }),
        }
    }
    stretches
}
