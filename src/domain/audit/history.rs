//! What is known of what was written down, page by page: the table and the file of this machine, as one history.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{
    Answer, Entry, EntryId, Filed, Page, Question, TakenBack, Takers, Whole,
    about::{self, Subject},
};
use crate::domain::{Timestamp, untrusted::Untrusted};

/// Entries of the table that are held; who wants more exports them.
pub const MOST: usize = 5_000;

/// Clocks that differ by no more are one: what follows from another takes longer to be asked for.
const CLOSE: TimeDelta = TimeDelta::seconds(1);

/// The history, as far as it was read.
#[derive(Debug, Clone, Default)]
pub struct History {
    rows: BTreeMap<i64, Entry>,
    file: Filed,
    /// How far the clock of the table is ahead of ours, by which the file is written.
    ahead: TimeDelta,
    /// Whether there is nothing in the table before what is held.
    is_whole: bool,
    /// Why the table cannot be read, if it cannot.
    missing: Option<String>,
    /// Why the last question was not answered, if it was not.
    fault: Option<String>,
    /// What was asked and not answered yet.
    asked: Vec<Question>,
    /// When the table last answered.
    at: Option<Timestamp>,
    /// The entry that was last read whole; `None` in it where it is gone.
    whole: Option<(EntryId, Option<Box<Whole>>)>,
    /// What was done about the rows that were last asked after.
    about: Option<about::Known>,
}

/// What is known of all of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    /// It is not read yet.
    NotYet,
    /// It is not there any more.
    Gone,
    /// This.
    Whole(&'a Whole),
}

impl<'a> Known<'a> {
    /// All of it, where it was read.
    pub const fn read(self) -> Option<&'a Whole> {
        match self {
            Self::Whole(whole) => Some(whole),
            Self::NotYet | Self::Gone => None,
        }
    }
}

impl History {
    /// Every entry that is known, the newest first. One that is in the table and in the file is told once.
    pub fn entries(&self) -> Vec<&Entry> {
        let reads_table = self.missing.is_none() && self.at.is_some();
        let batches = self.rows.values().filter_map(|entry| entry.batch.as_ref());
        let batches: BTreeSet<&Untrusted> = batches.collect();
        let is_in_table = |entry: &Entry| {
            let is_known = entry.batch.as_ref().is_some_and(|it| batches.contains(it));
            reads_table && (entry.is_in_both || is_known)
        };
        let own = self.file.entries.iter();
        let own = own.filter(|entry| !is_in_table(entry));
        let mut all: Vec<&Entry> = self.rows.values().chain(own).collect();
        let when = |entry: &Entry| self.when(entry);
        all.sort_by(|a, b| when(b).cmp(&when(a)).then_with(|| b.id.cmp(&a.id)));
        all
    }

    /// When `entry` was, by the clock of the table: what takes something back is after it, wherever either is written down.
    fn when(&self, entry: &Entry) -> Timestamp {
        match entry.id {
            EntryId::Row(_) => entry.at,
            EntryId::Line(_) => entry.at + self.ahead,
        }
    }

    /// The clock of the table is so far `ahead` of ours.
    pub fn beside(&mut self, ahead: TimeDelta) {
        let moves = (self.ahead - ahead).abs() > CLOSE;
        if moves {
            self.ahead = ahead;
            self.match_up();
        }
    }

    /// The entry `id`.
    pub fn find(&self, id: EntryId) -> Option<&Entry> {
        match id {
            EntryId::Row(key) => self.rows.get(&key),
            EntryId::Line(_) => self.file.entries.iter().find(|entry| entry.id == id),
        }
    }

    /// What is known of all of the entry `id`.
    pub fn whole(&self, id: EntryId) -> Known<'_> {
        match &self.whole {
            Some((known, Some(whole))) if *known == id => Known::Whole(whole),
            Some((known, None)) if *known == id => Known::Gone,
            Some(_) | None => Known::NotYet,
        }
    }

    /// What to ask for the entries before those that are held; `None` where there are none, or enough.
    pub fn older(&self) -> Option<Question> {
        let first = self.rows.keys().next()?;
        let wanted = Question::Page(Some(*first));
        let is_open = !self.is_whole && self.rows.len() < MOST && !self.asked.contains(&wanted);
        is_open.then_some(wanted)
    }

    /// Whether there are entries in the table before those that are held.
    pub fn has_more(&self) -> bool {
        !self.is_whole && !self.rows.is_empty()
    }

    /// Whether no more of the table is held however often it is asked.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= MOST
    }

    /// How many entries of the table that are held do not say of which schema they are.
    pub fn of_unknown_schema(&self) -> usize {
        let rows = self.rows.values();
        rows.filter(|entry| entry.is_of_unknown_schema).count()
    }

    /// How many entries in the file of this machine are of other databases, and are not among these.
    pub const fn elsewhere(&self) -> u64 {
        self.file.elsewhere
    }

    /// Why the table cannot be read, if it cannot.
    pub fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// Why the last question was not answered, if it was not.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// When the table last answered.
    pub const fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// What to ask to know what was done about `subject`, unless that was asked since `since`; at `now`.
    pub fn after(&mut self, subject: Subject, since: Timestamp, now: Timestamp) -> Vec<Question> {
        let known = self.about.as_mut();
        if known
            .as_ref()
            .is_some_and(|known| known.holds(&subject, since))
        {
            return Vec::new();
        }
        let questions = about::questions(&subject);
        if !known.is_some_and(|known| known.again(&subject, now)) {
            self.about = Some(about::Known::asking(subject, now));
        }
        questions.into()
    }

    /// Something was done: what is known of the rows that were last asked after may not hold any more.
    pub fn doubt(&mut self) {
        self.about = None;
    }

    /// What is known of what was done about the rows that were last asked after.
    pub const fn about(&self) -> Option<&about::Known> {
        self.about.as_ref()
    }

    /// Notes that `question` is asked; whether it was not under way already.
    pub fn ask(&mut self, question: &Question) -> bool {
        let is_new = !self.asked.contains(question);
        if is_new {
            self.asked.push(question.clone());
        }
        is_new
    }

    /// Takes in what became of `question`.
    pub fn answered(&mut self, at: Timestamp, question: Question, answer: Result<Answer, String>) {
        self.asked.retain(|asked| *asked != question);
        match (question, answer) {
            (Question::About(source, subject), answer) => {
                if let Some(known) = &mut self.about {
                    known.take((source, &subject), answer);
                }
            }
            (_, Err(fault)) => self.fault = Some(fault),
            (Question::Page(before), Ok(Answer::Page(page))) => {
                self.take(at, before, page);
                self.match_up();
            }
            (Question::File, Ok(Answer::File(file))) => {
                self.file = file;
                self.match_up();
            }
            (Question::Whole(id), Ok(Answer::Whole(whole))) => {
                self.whole = Some((id, whole));
                self.match_up();
            }
            (_, Ok(Answer::Page(_) | Answer::File(_) | Answer::Whole(_) | Answer::Deeds(_))) => {}
        }
    }

    /// Finds for each entry whether one after it took it back.
    fn match_up(&mut self) {
        let opened = self.whole.as_ref();
        let opened = opened.and_then(|(id, whole)| Some((*id, whole.as_ref()?.undo.as_ref()?)));
        // What an older program wrote down without a key has one once it is read whole.
        let opened = opened.and_then(|(id, undo)| Some((id, undo.undo_key()?)));
        let mut takers = Takers::default();
        let mut found: BTreeMap<EntryId, TakenBack> = BTreeMap::new();
        for entry in self.entries() {
            let own = opened.as_ref().filter(|(id, _)| *id == entry.id);
            let own = own.and_then(|(_, key)| takers.of(key));
            if let Some(back) = takers.see(entry).or(own) {
                found.insert(entry.id, back);
            }
        }
        let held = self.rows.values_mut().chain(&mut self.file.entries);
        let whole = self
            .whole
            .iter_mut()
            .filter_map(|(_, whole)| whole.as_mut());
        for entry in held.chain(whole.map(|whole| &mut whole.entry)) {
            entry.taken_back = found.get(&entry.id).cloned();
        }
    }

    fn take(&mut self, at: Timestamp, before: Option<i64>, page: Page) {
        (self.at, self.fault) = (Some(at), None);
        self.missing = page.missing;
        let keys = page.entries.iter().filter_map(|entry| match entry.id {
            EntryId::Row(key) => Some((key, entry.clone())),
            EntryId::Line(_) => None,
        });
        let new: BTreeMap<i64, Entry> = keys.collect();
        if before.is_none() {
            // More came meanwhile than a page holds: what is held would have a hole in it.
            let lowest = new.keys().next();
            let highest = self.rows.keys().next_back();
            let has_hole = !page.is_last && lowest.zip(highest).is_some_and(|(new, old)| new > old);
            if has_hole || self.rows.is_empty() {
                self.rows.clear();
                self.is_whole = page.is_last;
            }
        } else {
            self.is_whole = page.is_last;
        }
        self.rows.extend(new);
        while self.rows.len() > MOST {
            if before.is_some() {
                break;
            }
            self.rows.pop_first();
            self.is_whole = false;
        }
    }
}
