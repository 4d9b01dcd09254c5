//! What one turn asks of the table.

use std::cmp::Reverse;

use super::{Check, GROWN, Plan, ROWS, Range, STRIDE, Windows, chunk::Chunk};

/// A chunk with more rows that have not ended is looked at in its turn; in others each such row is looked at by its key.
pub(super) const HOT: usize = 32;

/// Rows looked at by key in a turn.
const WATCHED: usize = 256;

/// Statements of one turn, at most, until the last hour is known.
const STATEMENTS: u32 = 4;

/// How far back the first turn tries to reach, s.
const HOUR: i64 = 3_660;

/// A chunk whose youngest row is no older than this, in s, is looked at often: rows with lower keys may still commit.
const LATE: i64 = 150;

/// Merged chunks of more rows than this are read again in parts.
pub(super) const REREAD: u64 = STRIDE;

/// Chunks that are not known to have changed are looked at once in so many turns.
const EVERY: u64 = 5;

/// Rows of chunks known to have changed that are read again at once.
const DIRTY_ROWS: u64 = 6 * ROWS;

/// Rows of chunks with many that have not ended, looked at in a turn: at least so many, and a twelfth of them up to eight times that;
const HOT_ROWS: u64 = ROWS;

/// of young chunks;
const YOUNG_ROWS: u64 = 8 * ROWS;

/// and of all, each in its turn.
const OTHER_ROWS: u64 = 2 * ROWS;

impl Windows {
    /// What statement number `statement` of a turn is to ask.
    pub fn plan(&self, statement: u32) -> Plan {
        let mut plan = Plan::default();
        if statement == 0 {
            plan.ranges.push(Range {
                low: self.newest(),
                high: i64::MAX,
                rows: STRIDE,
            });
        }
        if let Some((low, high)) = self.unknown() {
            plan.ranges.push(Range {
                low,
                high,
                rows: STRIDE,
            });
        }
        let is_due = |urgent: bool| urgent || self.turns.is_multiple_of(EVERY);
        if let Some(parts) = self
            .parts
            .as_ref()
            .filter(|parts| statement == 0 && is_due(parts.is_urgent))
        {
            plan.ranges.push(parts.range());
        }
        let mut again = Vec::new();
        choose(&mut again, self.dirty(), DIRTY_ROWS);
        plan.ranges.extend(again.iter().map(|chunk| whole(chunk)));
        if statement == 0 {
            let others = self.in_turn(&again);
            for chunk in &others {
                // One that waits to be read again since it changed is read when it has its turn.
                match check(chunk).filter(|_| !chunk.is_dirty) {
                    Some(check) => plan.checks.push(check),
                    None => plan.ranges.push(whole(chunk)),
                }
            }
            plan.watched = self.watch(&[again, others].concat());
        }
        plan
    }

    /// Whether, after so many statements, the turn goes on: the last hour is not known yet, or a row was found changed.
    pub fn wants_more(&self, statements: u32) -> bool {
        if statements >= STATEMENTS {
            return false;
        }
        (statements == 1 && self.dirty().next().is_some())
            || self.unknown().is_some_and(|(_, high)| {
                let above = self.chunks.iter().find(|chunk| chunk.low > high);
                let oldest = above.and_then(|chunk| chunk.oldest);
                oldest.is_none_or(|at| at / 1_000 > self.now.timestamp() - HOUR)
            })
    }

    /// The chunks that are known to be out of date and read again at once, the newest first.
    pub(super) fn dirty(&self) -> impl Iterator<Item = &Chunk> {
        let closed = self.closed().rev();
        closed.filter(|chunk| chunk.is_dirty && chunk.rows <= REREAD)
    }

    /// Whether rows with lower keys than its youngest may still commit.
    pub(super) fn is_young(&self, chunk: &Chunk) -> bool {
        let late = (self.now.timestamp() - LATE) * 1_000;
        chunk.youngest.is_some_and(|at| at > late)
    }

    /// The chunks besides `again` whose turn it is to be looked at.
    fn in_turn(&self, again: &[&Chunk]) -> Vec<&Chunk> {
        let is_other = |chunk: &&Chunk| again.iter().all(|known| known.low != chunk.low);
        let mut others: Vec<&Chunk> = self
            .closed()
            .filter(|chunk| chunk.rows <= REREAD)
            .filter(is_other)
            .collect();
        others.sort_by_key(|chunk| (chunk.read, Reverse(chunk.low)));
        let mut chosen = Vec::new();
        let hot = others
            .iter()
            .copied()
            .filter(|chunk| chunk.open.len() > HOT);
        let rows: u64 = hot.clone().map(|chunk| chunk.rows).sum();
        choose(&mut chosen, hot, (rows / 12).clamp(HOT_ROWS, 8 * HOT_ROWS));
        if self.turns.is_multiple_of(EVERY) {
            let young = others.iter().copied().filter(|chunk| self.is_young(chunk));
            choose(&mut chosen, young, YOUNG_ROWS);
            choose(&mut chosen, others.iter().copied(), OTHER_ROWS);
        }
        chosen
    }

    /// Rows to look at by key, each in its turn.
    fn watch(&self, again: &[&Chunk]) -> Vec<(i64, bool)> {
        let rows: Vec<(i64, bool)> = self
            .closed()
            .filter(|chunk| chunk.open.len() <= HOT)
            .filter(|chunk| again.iter().all(|known| known.low != chunk.low))
            .flat_map(|chunk| chunk.open.iter().map(|row| (row.id, row.is_running)))
            .collect();
        let skip = self.watched.checked_rem(rows.len()).unwrap_or(0);
        let most = WATCHED.min(rows.len());
        rows.iter().cycle().skip(skip).take(most).copied().collect()
    }
}

/// Reads all of `chunk`, and what may have come since.
const fn whole(chunk: &Chunk) -> Range {
    Range {
        low: chunk.low,
        high: chunk.high,
        rows: 8 * STRIDE,
    }
}

/// Looks whether `chunk` is as it was; nothing where its rows tell no versions.
fn check(chunk: &Chunk) -> Option<Check> {
    Some(Check {
        low: chunk.low,
        high: chunk.high,
        rows: chunk.rows,
        versions: chunk.versions?,
    })
}

/// Adds the first of `chunks` that are not chosen yet, of about so many rows together; one that has few counts as a small one.
fn choose<'a>(chosen: &mut Vec<&'a Chunk>, chunks: impl Iterator<Item = &'a Chunk>, rows: u64) {
    let known: Vec<i64> = chosen.iter().map(|chunk| chunk.low).collect();
    let mut left = rows;
    for chunk in chunks.filter(|chunk| !known.contains(&chunk.low)) {
        let Some(less) = left.checked_sub(chunk.rows.max(GROWN).min(rows)) else {
            break;
        };
        left = less;
        chosen.push(chunk);
    }
}
