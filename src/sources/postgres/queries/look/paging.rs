//! Unresolved errors a page at a time, and those that a filter finds. Which keys are unresolved the book knows, as far as
//! it goes: a page of them costs as many looks by key, however many resolved ones lie between. Beyond it the table is read
//! backwards from a key.

use std::collections::BTreeSet;

use super::{
    super::{
        Ask, COUNT_CAP, Memory,
        errors::{
            self, CHUNK,
            by_key::{self, Stretch},
        },
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
    /// Errors whose payload could not be known, since their event may lie farther back than was looked.
    beyond: u64,
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
            beyond: 0,
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
            self.beyond += found.beyond.len() as u64;
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
        page.beyond = sieve.beyond;
        if part.is_last {
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
    // Of what is known by key, the oldest that is known is the end.
    page.has_unknown = *place == PagePlace::Oldest
        && ask.catalog.lacks_open_index()
        && memory.errors.reaches() != Some(i64::MIN);
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
    /// Whether there are no more.
    is_last: bool,
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
        return keyed(ask, keys, (true, most)).await;
    }
    if ask.catalog.lacks_open_index() {
        let stretch = by_key::below(ask, Some(before), false).await?;
        return among(ask, stretch, (true, most)).await;
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
    let is_by_key = ask.catalog.lacks_open_index();
    let is_known = memory
        .errors
        .reaches()
        .is_some_and(|from| after.map_or(from == i64::MIN || is_by_key, |after| from <= after));
    let after = after.unwrap_or(i64::MIN);
    if is_known {
        let keys = memory.errors.book().open_after(after, most);
        return keyed(ask, keys, (false, most)).await;
    }
    if is_by_key {
        let stretch = by_key::above(ask, after).await?;
        return among(ask, stretch, (false, most)).await;
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
        is_last: rows.len() < most,
        rows,
    })
}

/// Of the errors that were looked at in a stretch, those that are unresolved.
async fn among(
    ask: &Ask<'_>,
    mut stretch: Stretch,
    (is_back, most): (bool, usize),
) -> Result<Part, Fault> {
    let is_cut = stretch.cut(most);
    let far = stretch
        .ends
        .map(|(low, high)| if is_back { low } else { high });
    let keys: Vec<RowId> = stretch.keys.iter().copied().map(RowId::from).collect();
    let edge = if is_cut {
        keys.last().cloned()
    } else {
        far.map(RowId::from)
    };
    let looked = stretch.looked as usize;
    Ok(Part {
        edge,
        read: if is_cut { keys.len() } else { looked },
        is_last: !is_cut && stretch.looked < by_key::ROWS,
        ..keyed(ask, keys, (is_back, most)).await?
    })
}

/// The errors with these keys that are still unresolved, in that order: the highest key first, or the lowest.
async fn keyed(
    ask: &Ask<'_>,
    keys: Vec<RowId>,
    (is_back, most): (bool, usize),
) -> Result<Part, Fault> {
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
        is_last: read < most,
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
        let part = if ask.catalog.lacks_open_index() {
            older(ask, memory, before, CHUNK as usize).await?
        } else {
            let before = before.unwrap_or(i64::MAX);
            table(ask, files::ERRORS_OPEN, before, CHUNK as usize).await?
        };
        read += part.read as u64;
        let (passing, is_spent) = sieve.passing(ask, part.rows).await?;
        errors.extend(passing.into_iter().map(|row| row.id));
        let lowest = part.edge.as_ref().and_then(RowId::number);
        let is_last = part.is_last || lowest.is_none();
        if is_last || is_spent || read >= COUNT_CAP {
            return Ok(Found {
                errors: errors.into_iter().collect(),
                is_cut: !is_last,
                events: Vec::new(),
                beyond: sieve.beyond,
            });
        }
        before = lowest;
    }
}
