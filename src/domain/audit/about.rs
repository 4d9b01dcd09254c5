//! What was done about certain rows, as it was written down.

use serde::{Deserialize, Serialize};

pub use super::kind::{ACTIONS, Kind, note};
use super::{Answer, EntryId, Fate, Question, Whole};
use crate::domain::{Timestamp, event::RowId, untrusted::Untrusted};

/// Where entries are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The table.
    Table,
    /// The file of this machine.
    File,
}

/// Rows that are asked after.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Their keys, each once.
    pub named: Vec<(Kind, RowId)>,
    /// What was done before that is left out.
    pub since: Timestamp,
}

/// What an operator did about one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The entry that says so.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// Who: the operator and the host.
    pub actor: Untrusted,
    /// What, as `resolve_errors`.
    pub action: Untrusted,
    /// About what.
    pub about: (Kind, RowId),
    /// What became of that row; `None` where the entry does not say.
    pub fate: Option<Fate>,
    /// Why it was not changed, or what is to be said of it.
    pub why: Option<Untrusted>,
    /// Why it was done, or what exactly.
    pub note: Option<Untrusted>,
    /// Of one in the file: whether it is in the table as well.
    pub is_in_both: bool,
}

/// What is written down about the rows of a [`Subject`], in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deeds {
    /// In any order.
    pub all: Vec<Deed>,
    /// Why it cannot be read there, if it cannot.
    pub missing: Option<String>,
}

impl Whole {
    /// What it says of the rows of `subject`.
    pub fn deeds(&self, subject: &Subject) -> Vec<Deed> {
        let entry = &self.entry;
        let kind = Kind::of(entry.action.raw()).filter(|_| entry.at >= subject.since);
        let Some(kind) = kind else { return Vec::new() };
        let deed = |key: &RowId, fate: Option<Fate>, why: Option<&Untrusted>| Deed {
            id: entry.id,
            at: entry.at,
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            about: (kind, key.clone()),
            fate,
            why: why.cloned(),
            note: entry.note.clone(),
            is_in_both: entry.is_in_both,
        };
        let named = subject.named.iter().filter(|(its, _)| *its == kind);
        if kind == Kind::Table {
            // One entry tells of both tables.
            let fate = (entry.counts.done > 0).then_some(Fate::Done);
            return named
                .take(1)
                .map(|(_, key)| deed(key, fate, None))
                .collect();
        }
        let rows = |key: &&RowId| {
            let mut rows = self.rows.iter();
            rows.find(|row| row.id.raw() == key.as_str())
        };
        named
            .filter_map(|(_, key)| {
                let row = rows(&key)?;
                let fate = if row.fate == Fate::Remark {
                    Fate::Done
                } else {
                    row.fate
                };
                Some(deed(key, Some(fate), row.why.as_ref()))
            })
            .collect()
    }
}

/// What is known of what was done about the rows that were last asked after.
#[derive(Debug, Clone)]
pub struct Known {
    subject: Subject,
    asked: Timestamp,
    table: Option<Result<Deeds, String>>,
    file: Option<Result<Deeds, String>>,
}

impl Known {
    /// Nothing yet of `subject`, which is asked after at `now`.
    pub(super) const fn asking(subject: Subject, now: Timestamp) -> Self {
        Self {
            subject,
            asked: now,
            table: None,
            file: None,
        }
    }

    /// Whether it is of `subject`, and was asked since then.
    pub(super) fn holds(&self, subject: &Subject, since: Timestamp) -> bool {
        self.subject == *subject && self.asked >= since
    }

    /// The same subject anew, at `now`; what is known stays until the answer.
    pub(super) fn again(&mut self, subject: &Subject, now: Timestamp) -> bool {
        let is_same = self.subject == *subject;
        if is_same {
            self.asked = now;
        }
        is_same
    }

    /// Takes in the answer from `source`, where it is of what was asked last.
    pub(super) fn take(
        &mut self,
        (source, subject): (Source, &Subject),
        answer: Result<Answer, String>,
    ) {
        if self.subject != *subject {
            return;
        }
        let answer = match answer {
            Ok(Answer::Deeds(deeds)) => Ok(deeds),
            Ok(_) => return,
            Err(fault) => Err(fault),
        };
        match source {
            Source::Table => self.table = Some(answer),
            Source::File => self.file = Some(answer),
        }
    }

    /// What was asked after.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Everything that is known, what is in both places once.
    pub fn deeds(&self) -> impl Iterator<Item = &Deed> {
        let (table, file) = (read(self.table.as_ref()), read(self.file.as_ref()));
        let reads_table = table.is_some_and(|deeds| deeds.missing.is_none());
        let own = file.into_iter().flat_map(|deeds| &deeds.all);
        let own = own.filter(move |deed| !(reads_table && deed.is_in_both));
        table.into_iter().flat_map(|deeds| &deeds.all).chain(own)
    }

    /// Why some of it is not known, in a few words; `None` where all is.
    pub fn lack(&self) -> Option<String> {
        let of = |answer: &Option<Result<Deeds, String>>| match answer {
            None => Some("being looked up".to_owned()),
            Some(Err(fault)) => Some(fault.clone()),
            Some(Ok(deeds)) => deeds.missing.clone(),
        };
        of(&self.table).or_else(|| of(&self.file))
    }
}

fn read(answer: Option<&Result<Deeds, String>>) -> Option<&Deeds> {
    answer?.as_ref().ok()
}

/// What to ask to know what was done about `subject`.
pub(super) fn questions(subject: &Subject) -> [Question; 2] {
    [Source::Table, Source::File].map(|source| Question::About(source, Box::new(subject.clone())))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::{
        audit::{Counts, Entry, RowFate},
        plan::{Mutation, Retry},
        triage::Deed as Said,
    };

    fn at(second: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn row(id: &str, fate: Fate, why: Option<&str>) -> RowFate {
        RowFate {
            id: Untrusted::from(id),
            fate,
            why: why.map(Untrusted::from),
        }
    }

    fn whole(action: &str, rows: Vec<RowFate>) -> Whole {
        Whole {
            entry: Entry {
                id: EntryId::Line(7),
                at: at(60),
                actor: Untrusted::from("ann@host"),
                database: None,
                role: None,
                action: Untrusted::from(action),
                targets: rows.len() as u64,
                counts: Counts {
                    done: 1,
                    ..Counts::default()
                },
                note: None,
                fault: None,
                has_ended: true,
                is_undoable: false,
                undo_key: None,
                takes_back: None,
                taken_back: None,
                is_in_both: true,
                batch: None,
                is_of_unknown_schema: false,
            },
            rows,
            more: 0,
            undo: None,
        }
    }

    fn subject(named: &[(Kind, &str)]) -> Subject {
        let named = named.iter();
        let named = named.map(|(kind, id)| (*kind, RowId::parse(id).unwrap()));
        Subject {
            named: named.collect(),
            since: at(0),
        }
    }

    fn told(whole: &Whole, subject: &Subject) -> Vec<String> {
        let word = |deed: &Deed| {
            let fate = deed.fate.map_or("-", Fate::word);
            format!("{} {} {fate}", deed.about.0.word(), deed.about.1)
        };
        whole.deeds(subject).iter().map(word).collect()
    }

    #[test]
    fn a_key_of_an_event_is_not_that_of_an_error() {
        let both = subject(&[(Kind::Event, "1"), (Kind::Error, "1"), (Kind::Event, "3")]);
        let rows = vec![
            row("1", Fate::Done, None),
            row("2", Fate::Done, None),
            row("3", Fate::Skipped, Some("it is gone")),
        ];
        let retry = whole("retry_events", rows.clone());
        assert_eq!(told(&retry, &both), ["event 1 done", "event 3 skipped"]);
        let resolve = whole("resolve_errors", rows);
        assert_eq!(told(&resolve, &both), ["error 1 done"]);
        assert_eq!(told(&whole("reveal_people", Vec::new()), &both), [""; 0]);
    }

    #[test]
    fn what_was_done_before_is_left_out_and_a_purge_names_no_row() {
        let mut purge = whole("purge", Vec::new());
        let tables = subject(&[(Kind::Table, "events"), (Kind::Table, "errors")]);
        assert_eq!(told(&purge, &tables), ["table events done"]);
        purge.entry.at = at(-1);
        assert_eq!(told(&purge, &tables), [""; 0]);
    }

    #[test]
    fn every_action_that_names_rows_is_known() {
        let name = |mutation: Mutation| mutation.name();
        let retry = Mutation::RetryEvents(Retry::from(Vec::new()));
        let resolve = Mutation::ResolveErrors {
            ids: Vec::new(),
            note: String::new(),
        };
        assert_eq!(Kind::of(name(retry)), Some(Kind::Event));
        assert_eq!(Kind::of(name(resolve)), Some(Kind::Error));
        for deed in [
            Said::Ignore,
            Said::Wake,
            Said::Assign,
            Said::Note,
            Said::TakeBack,
        ] {
            assert_eq!(Kind::of(deed.name()), Some(Kind::Group));
        }
        for deed in [
            Said::Acknowledge,
            Said::Unacknowledge,
            Said::Silence,
            Said::Unsilence,
            Said::TakeBackAlert,
        ] {
            assert_eq!(Kind::of(deed.name()), Some(Kind::Alert));
        }
    }

    #[test]
    fn what_stands_in_the_table_and_in_the_file_is_told_once() {
        let subject = subject(&[(Kind::Event, "1")]);
        let deeds = |missing: Option<&str>, is_in_both| Deeds {
            all: whole("retry_events", vec![row("1", Fate::Done, None)])
                .deeds(&subject)
                .into_iter()
                .map(|deed| Deed { is_in_both, ..deed })
                .collect(),
            missing: missing.map(str::to_owned),
        };
        let known = |table: Deeds, file: Deeds| {
            let mut known = Known::asking(subject.clone(), at(0));
            known.take((Source::Table, &subject), Ok(Answer::Deeds(table)));
            known.take((Source::File, &subject), Ok(Answer::Deeds(file)));
            (known.deeds().count(), known.lack())
        };
        assert_eq!(known(deeds(None, false), deeds(None, true)), (1, None));
        assert_eq!(known(deeds(None, false), deeds(None, false)), (2, None));
        let unread = Deeds {
            all: Vec::new(),
            missing: Some("no table".to_owned()),
        };
        let lack = Some("no table".to_owned());
        assert_eq!(known(unread, deeds(None, true)), (1, lack));
    }
}
