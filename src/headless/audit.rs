//! What operators did, on the command line: the table a page at a time, with what only the file of this machine has.

use std::{collections::BTreeSet, io, iter::Peekable};

use chrono::TimeDelta;

use super::rows::{Look, Unfound};
use crate::{
    domain::{
        Timestamp,
        audit::{Entry, EntryId, Takers, VOCABULARY, Whole},
        filter::{Filter, FilterError},
        mask,
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::queries,
};

/// Entries asked for at once.
const PAGE: i64 = 1_000;

/// Which entries are wanted, and how.
#[derive(Debug)]
pub struct Wanted {
    filter: Filter,
    since: Filter,
    limit: usize,
    is_whole: bool,
}

impl Wanted {
    /// Those that pass `filter` and are no older than `since` says, at most `limit`; with what became of each row where they
    /// are to be `is_whole`.
    ///
    /// # Errors
    /// What is wrong with one of the two.
    pub fn new(
        filter: &str,
        since: Option<&str>,
        (limit, is_whole): (usize, bool),
    ) -> Result<Self, FilterError> {
        let read = |text: &str| -> Result<Filter, FilterError> {
            let mut filter = Filter::default();
            filter.set(text, &VOCABULARY)?;
            Ok(filter)
        };
        let since = since.map_or_else(String::new, |since| format!("since:{since}"));
        Ok(Self {
            filter: read(filter)?,
            since: read(&since)?,
            limit,
            is_whole,
        })
    }
}

/// What was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Entries.
    pub entries: usize,
    /// Why the table told nothing, if it did not.
    pub missing: Option<String>,
    /// The batches that the table told of.
    batches: BTreeSet<Untrusted>,
    /// What takes something back, of all that was come upon, wanted or not.
    takers: Takers,
    /// How far the clock of the table is ahead of ours, by which the file is written.
    ahead: TimeDelta,
}

/// What the file of this machine has, the newest first.
pub type OfFile<'a> = dyn Iterator<Item = io::Result<Whole>> + 'a;

/// Takes an entry, and all of it where that is wanted.
pub type Take<'a> = dyn FnMut(&Entry, Option<&Whole>) -> io::Result<()> + 'a;

/// Tells every entry that is `wanted`, the newest first: those of the table of `database`, and of `file` those that are not in it.
///
/// # Errors
/// What the database answered instead, or why an entry could not be taken.
pub async fn tell(
    (look, database): (&mut Look, &str),
    file: &mut OfFile<'_>,
    wanted: &Wanted,
    take: &mut Take<'_>,
) -> Result<Told, Unfound> {
    let clocks = look.run(|client, _| queries::clocks(client)).await??;
    let (clock, ahead) = clocks;
    let mut own = file.peekable();
    let mut before = None;
    let mut told = Told {
        ahead,
        ..Told::default()
    };
    loop {
        let page = look.run(|client, catalog| queries::page(client, catalog, before, PAGE));
        let mut page = page.await??;
        if told.missing.is_none() {
            told.missing.clone_from(&page.missing);
        }
        for entry in &mut page.entries {
            entry.stands_in(database);
            told.batches.extend(entry.batch.clone());
            tell_file(&mut told, (&mut own, Some(entry.at)), (wanted, clock), take)?;
            entry.taken_back = told.takers.see(entry);
            let is_asked = wanted.is_whole && told.entries < wanted.limit;
            let whole = match entry.id {
                EntryId::Row(key) if is_asked && passes(entry, wanted, clock) => {
                    let read = look.run(|client, catalog| queries::whole(client, catalog, key));
                    read.await??
                }
                EntryId::Row(_) | EntryId::Line(_) => None,
            };
            give(&mut told, (entry, whole.as_ref()), (wanted, clock), take)?;
            before = match entry.id {
                EntryId::Row(key) => Some(key),
                EntryId::Line(_) => before,
            };
        }
        let is_past = page
            .entries
            .last()
            .is_some_and(|entry| !wanted.since.matches(entry, clock));
        if page.is_last || is_past || told.entries >= wanted.limit {
            break;
        }
    }
    tell_file(&mut told, (&mut own, None), (wanted, clock), take)?;
    Ok(told)
}

/// Tells those of `file` that are `wanted`, where the table cannot be asked: `fault` says why.
///
/// # Errors
/// Why an entry could not be taken.
pub fn tell_alone(
    file: &mut OfFile<'_>,
    wanted: &Wanted,
    (fault, now): (&Fault, Timestamp),
    take: &mut Take<'_>,
) -> io::Result<Told> {
    let mut told = Told {
        missing: Some(fault.to_string()),
        ..Told::default()
    };
    let mut own = file.peekable();
    tell_file(&mut told, (&mut own, None), (wanted, now), take)?;
    Ok(told)
}

/// Tells those of `own` that are no older than `until`, but for those that the table tells.
fn tell_file(
    told: &mut Told,
    (own, until): (&mut Peekable<&mut OfFile<'_>>, Option<Timestamp>),
    wanted: (&Wanted, Timestamp),
    take: &mut Take<'_>,
) -> io::Result<()> {
    let ahead = told.ahead;
    while told.entries < wanted.0.limit {
        let is_due = |whole: &io::Result<Whole>| match (whole, until) {
            (Ok(whole), Some(until)) => whole.entry.at + ahead >= until,
            (Ok(_), None) | (Err(_), _) => true,
        };
        let Some(whole) = own.next_if(is_due) else {
            break;
        };
        let mut whole = whole?;
        let batch = whole.entry.batch.as_ref();
        let is_told = batch.is_some_and(|batch| told.batches.contains(batch));
        if !((whole.entry.is_in_both || is_told) && told.missing.is_none()) {
            whole.entry.taken_back = told.takers.see(&whole.entry);
            give(told, (&whole.entry, Some(&whole)), wanted, take)?;
        }
    }
    Ok(())
}

fn passes(entry: &Entry, wanted: &Wanted, clock: Timestamp) -> bool {
    wanted.since.matches(entry, clock) && wanted.filter.matches(entry, clock)
}

fn give(
    told: &mut Told,
    (entry, whole): (&Entry, Option<&Whole>),
    (wanted, clock): (&Wanted, Timestamp),
    take: &mut Take<'_>,
) -> io::Result<()> {
    if told.entries < wanted.limit && passes(entry, wanted, clock) {
        told.entries += 1;
        take(entry, whole.filter(|_| wanted.is_whole))?;
    }
    Ok(())
}

/// An entry as a line of text, its columns set apart by tabs.
pub fn line(entry: &Entry) -> String {
    let cut = |text: Option<&Untrusted>, n| {
        text.map_or_else(|| "-".to_owned(), |text| text.display_cut(n))
    };
    let note = entry.note.as_ref().map(mask::message);
    let mut why = cut(note.as_ref(), 200);
    if let Some(remark) = entry.remark() {
        why = format!("{remark}: {why}");
    }
    if let Some(back) = &entry.taken_back {
        let when = back.at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        why = format!("{}: {why}", back.words(&when));
    }
    [
        entry.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        entry.actor.display_cut(64),
        cut(entry.role.as_ref(), 64),
        entry.action.display_cut(64),
        entry.targets.to_string(),
        entry.outcome(),
        why,
    ]
    .join("\t")
}

/// What the columns of `line` are.
pub const HEAD: &str = "at\twho\trole\twhat\tn\toutcome\twhy";
