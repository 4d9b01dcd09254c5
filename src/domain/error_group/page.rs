//! Unresolved errors one by one, a page at a time: so many are held, however many there are.

use serde::{Deserialize, Serialize};

use super::ErrorRow;
use crate::domain::event::RowId;

/// Errors in a page, at most.
pub const PAGE: usize = 500;

/// Errors held beside the newest, at most.
pub const HELD: usize = 4 * PAGE;

/// Errors looked at for one page, at most, where a filter leaves some out.
pub const SEARCHED: usize = 20_000;

/// Where a page stands among the unresolved errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagePlace {
    /// Directly behind this one: older.
    Before(RowId),
    /// Directly before this one: newer.
    After(RowId),
    /// At the end: the oldest.
    Oldest,
}

/// A page of unresolved errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The errors that the filter lets through, newest first.
    pub rows: Vec<ErrorRow>,
    /// The last that was looked at, seen from where the page begins; `None` where there was none.
    pub edge: Option<RowId>,
    /// How many were looked at.
    pub read: u64,
    /// Whether there is nothing beyond it.
    pub is_end: bool,
    /// Of the end of the list: whether there may be older ones, which were not looked at.
    #[serde(default)]
    pub has_unknown: bool,
    /// Of how many that were looked at the filter could not know the payload: their event may lie farther back than was looked.
    #[serde(default)]
    pub beyond: u64,
    /// How many unresolved errors are newer than its first, let through or not; `None` where that cannot be known.
    pub newer: Option<u64>,
}

/// A stretch of errors that was paged to: it follows the newest, which every refresh brings, or stands apart from them.
#[derive(Debug, Clone, Default)]
pub struct Older {
    /// Newest first.
    rows: Vec<ErrorRow>,
    /// The newest, as they were when this stretch was last seen to follow them.
    head: Vec<ErrorRow>,
    is_apart: bool,
    newer: Option<u64>,
    /// Where the next older page begins.
    edge: Option<RowId>,
    has_oldest: bool,
    read: u64,
    beyond: u64,
    filter: String,
}

impl Older {
    /// A stretch of what `filter` lets through, still without a row.
    pub fn of(filter: &str) -> Self {
        Self {
            filter: filter.to_owned(),
            ..Self::default()
        }
    }

    /// Its rows, newest first.
    pub fn rows(&self) -> &[ErrorRow] {
        &self.rows
    }

    /// The filter that its rows passed.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Whether anything was paged to.
    pub const fn is_begun(&self) -> bool {
        self.edge.is_some() || self.is_apart
    }

    /// Whether it stands apart from the newest, so that those are not listed with it.
    pub const fn is_apart(&self) -> bool {
        self.is_apart
    }

    /// Whether nothing unresolved is older than its last row.
    pub const fn has_oldest(&self) -> bool {
        self.has_oldest
    }

    /// How many unresolved errors are newer than its first row, as of the last page, where it stands apart.
    pub const fn newer(&self) -> Option<u64> {
        self.newer
    }

    /// How many unresolved errors were looked at for it.
    pub const fn read(&self) -> u64 {
        self.read
    }

    /// Of how many of those the filter could not know the payload.
    pub const fn beyond(&self) -> u64 {
        self.beyond
    }

    /// Where the next older page stands, when the newest errors are `recent`. From then on this follows them.
    pub fn next(&mut self, recent: &[ErrorRow]) -> Option<PagePlace> {
        if self.has_oldest {
            return None;
        }
        if self.edge.is_none() {
            last(recent)?.id.number()?;
            self.edge = Some(last(recent)?.id.clone());
            self.head = recent.to_vec();
        }
        self.edge.clone().map(PagePlace::Before)
    }

    /// Where the next newer page stands, if it stands apart.
    pub fn previous(&self) -> Option<PagePlace> {
        let first = self.rows.first().filter(|_| self.is_apart)?;
        Some(PagePlace::After(first.id.clone()))
    }

    /// Takes in the page at `place`, when the newest errors are `recent`.
    pub fn take(&mut self, place: &PagePlace, page: Page, recent: &[ErrorRow]) {
        self.beyond += page.beyond;
        match place {
            PagePlace::Before(_) => {
                let before = self.rows.len() as u64;
                self.rows.extend(page.rows);
                self.edge = page.edge.or_else(|| self.edge.take());
                self.has_oldest = page.is_end;
                self.read += page.read;
                let surplus = self.rows.len().saturating_sub(HELD);
                if surplus > 0 {
                    self.rows.drain(..surplus);
                    self.is_apart = true;
                    self.head.clear();
                }
                if self.is_apart {
                    let newer = page.newer.map(|n| n.saturating_sub(before));
                    self.newer = newer.map(|n| n + surplus as u64);
                }
            }
            PagePlace::After(_) => {
                self.newer = page.newer;
                self.read += page.read;
                let is_end = page.is_end;
                let kept = std::mem::take(&mut self.rows);
                self.rows = page.rows;
                self.rows.extend(kept);
                if self.rows.len() > HELD {
                    self.rows.truncate(HELD);
                    self.has_oldest = false;
                    self.edge = self.rows.last().map(|row| row.id.clone());
                }
                if is_end {
                    self.is_apart = false;
                    self.newer = None;
                    self.join(recent);
                }
            }
            PagePlace::Oldest => {
                let lowest = page.rows.last().map(|row| row.id.clone());
                *self = Self {
                    rows: page.rows,
                    is_apart: true,
                    newer: page.newer,
                    has_oldest: !page.has_unknown,
                    edge: lowest.filter(|_| page.has_unknown),
                    read: page.read,
                    beyond: page.beyond,
                    filter: std::mem::take(&mut self.filter),
                    ..Self::default()
                };
                if page.is_end {
                    self.is_apart = false;
                    self.newer = None;
                    self.join(recent);
                }
            }
        }
    }

    /// The newest errors are now `recent`; `passes` tells which of them the filter lets through, `selected` is selected.
    /// What `recent` has no room for any more goes on being held here, as long as it stands here or not far above.
    pub fn follow(
        &mut self,
        recent: &[ErrorRow],
        passes: impl Fn(&ErrorRow) -> bool,
        selected: Option<&RowId>,
    ) {
        let is_same = |row: &ErrorRow, other: &ErrorRow| row.id == other.id;
        let is_known = self.head.len() == recent.len()
            && self.head.iter().zip(recent).all(|(a, b)| is_same(a, b));
        if self.is_apart || self.edge.is_none() || is_known {
            return;
        }
        let Some(seam) = last(recent).map(|row| &row.id) else {
            return;
        };
        let head = std::mem::take(&mut self.head);
        let is_torn = head.iter().all(|row| row.id < *seam) && !head.is_empty();
        let mut pushed: Vec<ErrorRow> = head
            .into_iter()
            .filter(|row| row.id < *seam && passes(row))
            .collect();
        pushed.sort_by(|a, b| b.id.cmp(&a.id));
        let is_here = |id: &RowId| self.rows.iter().chain(&pushed).any(|row| row.id == *id);
        let holds_selected = selected.is_some_and(is_here);
        if is_torn && !holds_selected {
            *self = Self::of(&self.filter);
            return;
        }
        pushed.extend(std::mem::take(&mut self.rows));
        self.rows = pushed;
        if is_torn || self.rows.len() > HELD + PAGE {
            self.is_apart = holds_selected;
            self.rows.truncate(HELD);
            self.newer = None;
            self.has_oldest = false;
            self.edge = self.rows.last().map(|row| row.id.clone());
        }
        if !self.is_apart {
            self.join(recent);
        }
    }

    /// Of its rows in the range of `keys`, which are all that are unresolved there, those that are among them stay.
    pub fn keep(&mut self, (from, to): (&RowId, &RowId), keys: &[RowId]) -> bool {
        let keys: std::collections::HashSet<&RowId> = keys.iter().collect();
        let held = self.rows.len();
        self.rows.retain(|row| {
            let is_asked = row.id >= *from && row.id <= *to;
            !is_asked || keys.contains(&row.id)
        });
        held != self.rows.len()
    }

    /// Forgets these rows: they are resolved.
    pub fn forget(&mut self, ids: &[RowId]) {
        if self.rows.is_empty() {
            return;
        }
        let gone: std::collections::HashSet<&RowId> = ids.iter().collect();
        self.rows.retain(|row| !gone.contains(&row.id));
        self.head.retain(|row| !gone.contains(&row.id));
    }

    /// The first and the last key that it holds, the lower one first.
    pub fn range(&self) -> Option<(RowId, RowId)> {
        let (first, last) = (self.rows.first()?, self.rows.last()?);
        Some((last.id.clone(), first.id.clone()))
    }

    /// Follows `recent` from now on: what stands there stands here no more.
    fn join(&mut self, recent: &[ErrorRow]) {
        if let Some(seam) = last(recent) {
            self.rows.retain(|row| row.id < seam.id);
        }
        self.head = recent.to_vec();
    }
}

/// The one with the lowest key.
fn last(recent: &[ErrorRow]) -> Option<&ErrorRow> {
    recent.iter().min_by(|a, b| a.id.cmp(&b.id))
}
