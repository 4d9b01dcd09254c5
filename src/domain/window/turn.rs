//! What one turn asks of the table.

use std::cmp::Reverse;

use super::{Plan, Range, STRIDE, Windows, chunk::Chunk};

/// A chunk with more of them is read again in its turn; in others each is looked at by its key.
pub(super) const HOT: usize = 32;

/// Rows looked at by key in a turn.
const WATCHED: usize = 256;

/// Statements of one turn, at most, until the last hour is known.
const STATEMENTS: u32 = 4;

/// How far back the first turn tries to reach, s.
const HOUR: i64 = 3_660;

/// A chunk whose youngest row is no older than this, in s, is read again often: rows with lower keys may still commit.
pub(super) const LATE: i64 = 150;

/// Merged chunks of more rows than this are read again in parts.
pub(super) const REREAD: u64 = STRIDE;

/// Chunks that are not known to have changed are read again once in so many turns.
const EVERY: u64 = 5;

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
        let again = self.again(statement);
        plan.ranges.extend(again.iter().map(|chunk| Range {
            low: chunk.low,
            high: chunk.high,
            // All of it, and what may have come since.
            rows: 8 * STRIDE,
        }));
        if statement == 0 {
            plan.watched = self.watch(&again);
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

    /// The chunks to read again.
    fn again(&self, statement: u32) -> Vec<&Chunk> {
        let mut again: Vec<&Chunk> = self.dirty().take(6).collect();
        if statement > 0 {
            return again;
        }
        let mut others: Vec<&Chunk> = self.closed().filter(|chunk| chunk.rows <= REREAD).collect();
        others.sort_by_key(|chunk| (chunk.read, Reverse(chunk.low)));
        let is_hot = |chunk: &Chunk| chunk.open.len() > HOT;
        let hot = others.iter().filter(|chunk| is_hot(chunk)).count();
        choose(
            &mut again,
            others.iter().copied().filter(|c| is_hot(c)),
            2 + (hot / 12).min(6),
        );
        if !self.turns.is_multiple_of(EVERY) {
            return again;
        }
        let late = (self.now.timestamp() - LATE) * 1_000;
        let is_young = |chunk: &&Chunk| chunk.youngest.is_some_and(|at| at > late);
        choose(&mut again, others.iter().copied().filter(is_young), 8);
        choose(&mut again, others.iter().copied(), 2);
        again
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

/// Adds the first of `chunks` that are not chosen yet.
fn choose<'a>(chosen: &mut Vec<&'a Chunk>, chunks: impl Iterator<Item = &'a Chunk>, most: usize) {
    let is_new = |chunk: &&Chunk| chosen.iter().all(|known| known.low != chunk.low);
    let new: Vec<&Chunk> = chunks.filter(is_new).take(most).collect();
    chosen.extend(new);
}
