//! Unresolved errors a page at a time, and those that a filter finds. Which keys are unresolved the book knows, as far as
//! it goes: a page of them costs as many looks by key, however many resolved ones lie between. Beyond it the table is read
//! backwards from a key.

use std::collections::BTreeSet;

use super::{
    super::{
        Ask, COUNT_CAP, Memory,
        errors::{self, CHUNK},
        files::{self, Query},
    },
    payloads, rows,
};
use crate::{
    domain::{
        Timestamp,
        error_group::{
            ErrorGroup, ErrorRow, Errors, Found, PAGE, Page, PagePlace, Payloads, SEARCHED,
            filtered::{RowLine, VOCABULARY},
        },
        event::RowId,
        filter::Filter,
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Payloads that one look reads for a filter, at most.
const PAYLOADS: usize = SEARCHED;

/// What a filter is held against.
struct Sieve {
    filter: Filter,
    groups: Vec<ErrorGroup>,
    payloads: Payloads,
    now: Timestamp,
    /// Payloads that may still be read.
    left: usize,
}

impl Sieve {
    fn new(memory: &Memory, text: &str) -> Result<Self, Fault> {
        let mut filter = Filter::default();
        filter
            .set(text, &VOCABULARY)
            .map_err(|error| Fault::Refused(Untrusted::from(error.to_string())))?;
        let now = chrono::Utc::now();
        let mut told = Errors::default();
        if !filter.is_empty() {
            memory.errors.book().tell(&mut told, now, true);
        }
        Ok(Self {
            payloads: Payloads::of(&filter),
            filter,
            groups: told.groups,
            now,
            left: PAYLOADS,
        })
    }

    /// Those of `rows` that pass; whether as many payloads were read as may be.
    async fn passing(
        &mut self,
        ask: &Ask<'_>,
        rows: Vec<ErrorRow>,
    ) -> Result<(Vec<ErrorRow>, bool), Fault> {
        let is_spent = self.payloads.is_asked() && self.left < rows.len();
        if self.payloads.is_asked() && !is_spent && !rows.is_empty() {
            self.left -= rows.len();
            let ids: Vec<RowId> = rows.iter().map(|row| row.id.clone()).collect();
            let found = payloads(ask, self.payloads.paths(), &ids).await?;
            self.payloads = Payloads::of(&self.filter);
            self.payloads.take(&ids, found);
        }
        let passes = |row: &ErrorRow| {
            let line = RowLine {
                row,
                is_marked: false,
                groups: &self.groups,
                payloads: &self.payloads,
            };
            self.filter.matches(&line, self.now)
        };
        Ok((rows.into_iter().filter(passes).collect(), is_spent))
    }
}

/// The page of unresolved errors at `place`, of those that the filter `text` lets through.
pub(super) async fn page(
    ask: &Ask<'_>,
    memory: &Memory,
    place: &PagePlace,
    text: &str,
) -> Result<Page, Fault> {
    let mut sieve = Sieve::new(memory, text)?;
    let chunk = if sieve.filter.is_empty() {
        PAGE
    } else {
        CHUNK as usize
    };
    let mut page = Page::default();
    let mut from = match place {
        PagePlace::Before(id) | PagePlace::After(id) => id.number(),
        PagePlace::Oldest => None,
    };
    let is_back = matches!(place, PagePlace::Before(_));
    while page.rows.len() < PAGE && (page.read as usize) < SEARCHED {
        let part = if is_back {
            older(ask, memory, from, chunk).await?
        } else {
            newer(ask, memory, from, chunk).await?
        };
        page.read += part.read as u64;
        from = part.edge.as_ref().and_then(RowId::number).or(from);
        page.edge = part.edge.or(page.edge);
        let (passing, is_spent) = sieve.passing(ask, part.rows).await?;
        page.rows.extend(passing);
        if part.read < chunk {
            page.is_end = true;
            break;
        }
        if is_spent {
            break;
        }
    }
    // More may have passed than a page holds: where it ends, the next one begins.
    if page.rows.len() > PAGE {
        page.rows.truncate(PAGE);
        page.edge = page.rows.last().map(|row| row.id.clone());
        page.is_end = false;
    }
    if !is_back {
        page.rows.reverse();
    }
    let first = page.rows.first().and_then(|row| row.id.number());
    let known = first.filter(|key| memory.errors.reaches().is_some_and(|from| from <= *key));
    page.newer = known.map(|key| memory.errors.book().newer(key));
    Ok(page)
}

/// Unresolved errors that were read, the nearest first.
struct Part {
    rows: Vec<ErrorRow>,
    /// The last key that was looked at.
    edge: Option<RowId>,
    /// How many were looked at; some may be resolved by now.
    read: usize,
}

/// Unresolved errors with lower keys.
async fn older(
    ask: &Ask<'_>,
    memory: &Memory,
    before: Option<i64>,
    most: usize,
) -> Result<Part, Fault> {
    let before = before.unwrap_or(i64::MAX);
    let keys = memory.errors.book().open_before(before, most);
    let lowest = keys.last().and_then(RowId::number);
    let reaches = memory.errors.reaches();
    let is_whole = reaches == Some(i64::MIN) || (keys.len() >= most && lowest >= reaches);
    if is_whole && reaches.is_some() {
        return keyed(ask, keys, true).await;
    }
    // The book does not go so far back; the table does.
    table(ask, files::ERRORS_OPEN, before, most).await
}

/// Unresolved errors with higher keys.
async fn newer(
    ask: &Ask<'_>,
    memory: &Memory,
    after: Option<i64>,
    most: usize,
) -> Result<Part, Fault> {
    let after = after.unwrap_or(i64::MIN);
    if memory.errors.reaches().is_some_and(|from| from <= after) {
        let keys = memory.errors.book().open_after(after, most);
        return keyed(ask, keys, false).await;
    }
    table(ask, files::ERRORS_OPEN_NEWER, after, most).await
}

/// A part of the table from `key` on.
async fn table(ask: &Ask<'_>, query: Query, key: i64, most: usize) -> Result<Part, Fault> {
    let (noted, _) = errors::part(ask, query, Some(key), most as i64).await?;
    let rows: Vec<ErrorRow> = noted.into_iter().map(|noted| noted.row).collect();
    Ok(Part {
        edge: rows.last().map(|row| row.id.clone()),
        read: rows.len(),
        rows,
    })
}

/// The errors with these keys that are still unresolved, in that order: the highest key first, or the lowest.
async fn keyed(ask: &Ask<'_>, keys: Vec<RowId>, is_back: bool) -> Result<Part, Fault> {
    let read = keys.len();
    let found = if keys.is_empty() {
        Vec::new()
    } else {
        rows(ask, &keys).await?
    };
    let open = found.into_iter().filter(|noted| !noted.resolved);
    let mut rows: Vec<ErrorRow> = open.map(|noted| noted.row).collect();
    rows.sort_by_cached_key(|row| row.id.number());
    if is_back {
        rows.reverse();
    }
    Ok(Part {
        edge: keys.into_iter().next_back(),
        read,
        rows,
    })
}

/// The keys of the unresolved errors from one to another, where the book knows them all.
pub(super) fn still(memory: &Memory, from: &RowId, to: &RowId) -> Option<Vec<RowId>> {
    let range = from.number()?..=to.number()?;
    let is_whole = memory.errors.reaches()? <= *range.start();
    is_whole.then(|| memory.errors.book().open_in(range))
}

/// The unresolved errors that `text` finds, newest first; read in chunks, as the filter cannot be said in SQL.
pub(super) async fn matching(ask: &Ask<'_>, memory: &Memory, text: &str) -> Result<Found, Fault> {
    let mut sieve = Sieve::new(memory, text)?;
    let mut errors: BTreeSet<RowId> = BTreeSet::new();
    let (mut before, mut read) = (None, 0_u64);
    loop {
        let (rows, lowest) = errors::chunk(ask, files::ERRORS_OPEN, before).await?;
        let n = rows.len();
        read += n as u64;
        let rows = rows.into_iter().map(|noted| noted.row).collect();
        let (passing, is_spent) = sieve.passing(ask, rows).await?;
        errors.extend(passing.into_iter().map(|row| row.id));
        let is_last = (n as i64) < CHUNK || lowest.is_none();
        if is_last || is_spent || read >= COUNT_CAP {
            return Ok(Found {
                errors: errors.into_iter().collect(),
                is_cut: !is_last,
                events: Vec::new(),
            });
        }
        before = lowest;
    }
}
