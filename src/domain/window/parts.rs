//! A chunk of more rows than one statement may read is read again in parts, the highest keys first. What was known of it
//! stands until the last part was read, so that no row is missing meanwhile.

use super::{
    Part, ROWS, Range, STRIDE, Windows,
    chunk::Chunk,
    turn::{HOT, REREAD},
};

/// A large chunk that is being read again.
#[derive(Debug)]
pub(super) struct Parts {
    /// The first key that the chunk answers for.
    low: i64,
    /// The last one.
    high: i64,
    /// The highest key that was not read again yet.
    next: i64,
    /// Whether it is known to have changed, or is likely to: a part of it is read in each turn then.
    pub(super) is_urgent: bool,
    /// What was read, the lowest keys first.
    chunks: Vec<Chunk>,
}

impl Parts {
    /// What to read next.
    pub(super) const fn range(&self) -> Range {
        Range {
            low: self.low,
            high: self.next,
            rows: STRIDE,
        }
    }

    /// Whether they are parts of `chunk`.
    pub(super) const fn is_of(&self, chunk: &Chunk) -> bool {
        self.low == chunk.low && self.high == chunk.high
    }
}

impl Windows {
    /// Begins to read a large chunk again, unless one is being read. Three of four times it is one that is known to have changed,
    /// or to which rows may still commit; so that none waits for ever, the fourth is the one that was read longest ago.
    pub(super) fn begin(&mut self) {
        let is_there = |parts: &Parts| self.chunks.iter().any(|chunk| parts.is_of(chunk));
        if self.parts.as_ref().is_some_and(is_there) {
            return;
        }
        let is_in_turn = self.begun % 4 == 3;
        let next = self
            .closed()
            .filter(|chunk| chunk.rows > REREAD)
            .min_by_key(|chunk| {
                let can_wait = (!chunk.is_dirty, !self.is_young(chunk));
                (
                    if is_in_turn { (false, false) } else { can_wait },
                    chunk.read,
                )
            })
            .map(|chunk| Parts {
                low: chunk.low,
                high: chunk.high,
                next: chunk.high,
                is_urgent: chunk.is_dirty || chunk.open.len() > HOT,
                chunks: Vec::new(),
            });
        self.begun += u64::from(next.is_some());
        self.parts = next;
        // What is told of it from now on may be of a part that was read.
        if let Some(chunk) = self.in_parts() {
            chunk.is_dirty = false;
        }
    }

    fn in_parts(&mut self) -> Option<&mut Chunk> {
        let parts = self.parts.as_ref()?;
        self.chunks.iter_mut().find(|chunk| parts.is_of(chunk))
    }

    /// Takes in the next part; the last puts all of them in the place of what was known.
    pub(super) fn read_part(&mut self, found: Vec<Part>) {
        let Some(mut parts) = self.parts.take() else {
            return;
        };
        let range = parts.range();
        let rows: u64 = found.iter().map(|part| part.rows).sum();
        let low = match found.first() {
            Some(first) if rows >= range.rows => first.low,
            Some(_) | None => range.low,
        };
        let read = self.fit(found, low, range.high);
        drop(parts.chunks.splice(0..0, read));
        if low > parts.low {
            parts.next = low - 1;
            self.parts = Some(parts);
            return;
        }
        let Some(at) = self.chunks.iter().position(|chunk| parts.is_of(chunk)) else {
            return;
        };
        let was = &self.chunks[at];
        let is_dirty = was.is_dirty;
        self.is_lost |= was.rows > ROWS / 4 && parts.chunks.iter().all(|chunk| chunk.rows == 0);
        for chunk in &mut parts.chunks {
            chunk.is_dirty = is_dirty;
        }
        drop(self.chunks.splice(at..=at, parts.chunks));
    }
}
