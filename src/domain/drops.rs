//! Silent drops: events that are done, and whose child never came, though nothing says why. The worst failure of a
//! cascade has no error row: a workflow that ends well without its write-back, a trigger that is switched off.

mod book;
mod cascade;
mod judge;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::{
    book::{Book, Counted, Found, Plan, ROWS, Range, Tally},
    cascade::{Cascade, Pair, Seen, State, pairs},
    judge::{Judged, judge},
};

use super::{
    Timestamp, duration,
    event::{EventType, RowId},
    pipeline::Children,
    untrusted::Untrusted,
};

/// A child is waited for at least so long, s.
pub const LEAST_GAP_S: u64 = 60;

/// A drop younger than this is news, and makes a warning, s. An older one stays listed.
pub const NEWS_S: i64 = 3_600;

/// From fewer pairs than this a usual gap is a guess.
const FEW_PAIRS: u64 = 20;

/// A record that was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The event that is done.
    pub id: RowId,
    /// The record it is about.
    pub record: Option<Untrusted>,
    /// Whom it is about; never yet masked.
    pub subject: Option<Untrusted>,
    /// When it was done.
    pub ended_at: Timestamp,
}

/// What was counted of one link, from a parent's event to its child's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// The parent's event.
    pub stage: EventType,
    /// The child's.
    pub child: EventType,
    /// How many children are due, by the word of [`Children`].
    pub children_due: String,
    /// Parents that are done, in the window.
    pub parents: u64,
    /// Of those, without any of the fields that join them to a child.
    pub keyless: u64,
    /// Of those with one, older than the gap, so that their child is due: these were judged.
    pub checked: u64,
    /// Children in the window.
    pub children: u64,
    /// Of those, without any of the fields that join them to a parent.
    pub nameless: u64,
    /// Parents whose child came after them, which the gap is learnt from.
    pub pairs: u64,
    /// The gap that 99 of 100 of them stay below, ms.
    pub p99_ms: Option<u64>,
    /// The gap that was waited, s.
    pub gap_s: u64,
    /// Judged parents that ended rightly with no child: by an error row, or by an end of the description.
    pub ended: u64,
    /// Judged parents without child or end, the newest first.
    pub dropped: Vec<Dropped>,
    /// Why an end could not be looked for, if one could not.
    pub blind: Option<String>,
}

/// How the links of the cascade stand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Drops {
    /// One count a link, in the order of the pipeline.
    pub links: Vec<Count>,
    /// The oldest event that was looked at.
    pub since: Option<Timestamp>,
    /// How many events were looked at, where there are more; `None` where the window held all of the day.
    pub newest: Option<u64>,
    /// Now, by the database's clock.
    pub now: Timestamp,
}

/// How far a count can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certainty {
    /// It is what it says.
    Exact,
    /// There may be more.
    AtLeast(String),
    /// It cannot be told, and why. Never to be shown as none.
    CannotTell(String),
    /// There was nothing to judge.
    Idle,
}

/// Fewer parents than this say nothing of how many children come of one.
const FEW_PARENTS: u64 = 20;

impl Drops {
    /// How many `child` come of one `stage` that is done, and of how many that was seen; nothing where those are few.
    pub fn children(&self, stage: &str, child: &str) -> Option<(f64, u64)> {
        let is_it = |count: &&Count| count.stage.raw() == stage && count.child.raw() == child;
        let count = self.links.iter().find(is_it)?;
        let each = count.children as f64 / count.parents.max(1) as f64;
        (count.parents >= FEW_PARENTS).then_some((each, count.parents))
    }
}

impl Count {
    /// How many children are due, as the description says it.
    fn due(&self) -> Children {
        let mut words = Children::WORDS.iter();
        words
            .find(|(word, _)| *word == self.children_due)
            .map_or(Children::Any, |(_, due)| *due)
    }

    /// How far the count can be trusted.
    pub fn certainty(&self, drops: &Drops) -> Certainty {
        let due = self.due();
        let (stage, child) = (self.stage.label(), self.child.label());
        let found = self.dropped.len();
        if matches!(due, Children::OneAtMost | Children::Any) {
            let word = due.word();
            return Certainty::CannotTell(format!("{child} need not come of it ({word})"));
        }
        if self.parents == 0 {
            return Certainty::Idle;
        }
        if self.keyless == self.parents {
            return Certainty::CannotTell(format!(
                "no {stage} names what joins it to its {child}: see its `keys` in the description"
            ));
        }
        if self.checked == 0 {
            return self.nothing_due(drops);
        }
        if self.children == 0 {
            let n = self.parents;
            return Certainty::CannotTell(format!(
                "{n} were done and not one {child} came: all are dropped, or this site writes none"
            ));
        }
        if self.nameless > 0 && found > 0 {
            let n = self.nameless;
            return Certainty::CannotTell(format!("{n} {child} name no {stage} they came of"));
        }
        if self.pairs == 0 && found as u64 == self.checked {
            return Certainty::CannotTell(format!(
                "no {child} fits any {stage}: the `keys` of the description may be wrong"
            ));
        }
        if let Some(blind) = self.blind.as_ref().filter(|_| found > 0) {
            return Certainty::CannotTell(format!("some may have ended rightly: {blind}"));
        }
        self.counted(due)
    }

    /// What it means that no child is due yet.
    fn nothing_due(&self, drops: &Drops) -> Certainty {
        let reach = drops
            .since
            .map_or(0, |since| (drops.now - since).num_seconds());
        match drops.newest {
            Some(newest) if reach < self.gap_s as i64 => Certainty::CannotTell(format!(
                "the newest {newest} events reach back {}, less than the gap",
                duration::format(reach)
            )),
            Some(_) | None => Certainty::Idle,
        }
    }

    fn counted(&self, due: Children) -> Certainty {
        let child = self.child.label();
        let mut more = Vec::new();
        if due == Children::OneOrMore {
            more.push(format!("of several {child} a missing one cannot be told"));
        }
        if self.keyless > 0 {
            more.push(format!("{} of {} name no key", self.keyless, self.parents));
        }
        match more.is_empty() {
            true => Certainty::Exact,
            false if self.dropped.is_empty() => Certainty::CannotTell(more.join("; ")),
            false => Certainty::AtLeast(more.join("; ")),
        }
    }

    /// How many are known to be dropped; `None` where that cannot be told, or there was nothing to judge.
    pub fn known(&self, drops: &Drops) -> Option<u64> {
        match self.certainty(drops) {
            Certainty::Exact | Certainty::AtLeast(_) => Some(self.dropped.len() as u64),
            Certainty::CannotTell(_) | Certainty::Idle => None,
        }
    }

    /// In at most five characters: `0`, `7`, `7+`, `?` where it cannot be told, `-` where nothing was judged.
    pub fn word(&self, drops: &Drops) -> String {
        let n = self.dropped.len();
        match self.certainty(drops) {
            Certainty::Exact => n.to_string(),
            Certainty::AtLeast(_) => format!("{n}+"),
            Certainty::CannotTell(_) => "?".to_owned(),
            Certainty::Idle => "-".to_owned(),
        }
    }

    /// What the count rests on: how many were judged, the gap and where it comes from.
    pub fn basis(&self) -> String {
        let gap = duration::format(self.gap_s as i64);
        let learnt = match (self.p99_ms, self.pairs) {
            (Some(p99), n) if n >= FEW_PAIRS => {
                format!("p99 {} of {n} pairs", duration::format_ms(p99))
            }
            (Some(_), n) => format!("a guess from {n} pairs"),
            (None, _) => "no pair to learn it from".to_owned(),
        };
        let ended = match self.ended {
            0 => String::new(),
            n => format!(", {n} ended rightly"),
        };
        format!("{} judged{ended}, gap {gap} ({learnt})", self.checked)
    }
}

impl Drops {
    /// The link at `stage` of which there is most to say: the one with the most drops, else the one that cannot be told.
    pub fn at(&self, stage: &EventType) -> Option<&Count> {
        let links = self.links.iter().filter(|link| link.stage == *stage);
        links.max_by_key(|link| {
            let cannot_tell = matches!(link.certainty(self), Certainty::CannotTell(_));
            (link.known(self), cannot_tell)
        })
    }

    /// How many records are known to be dropped, and how many links cannot be told.
    pub fn total(&self) -> (u64, usize) {
        let known = self.links.iter().filter_map(|link| link.known(self)).sum();
        let is_blind = |link: &&Count| matches!(link.certainty(self), Certainty::CannotTell(_));
        (known, self.links.iter().filter(is_blind).count())
    }

    /// The records of `link` that are surely dropped, the newest first.
    pub fn records_of<'a>(&self, link: &'a Count) -> &'a [Dropped] {
        match link.known(self) {
            Some(_) => &link.dropped,
            None => &[],
        }
    }

    /// Every record that is surely dropped, with its link: link by link, the newest first.
    pub fn records(&self) -> Vec<(&Count, &Dropped)> {
        let mut records = Vec::new();
        for link in &self.links {
            records.extend(self.records_of(link).iter().map(|it| (link, it)));
        }
        records
    }

    /// The link at `stage` that drops records now, and the most.
    pub fn news(&self, stage: &EventType) -> Option<&Count> {
        let fresh = |link: &&Count| {
            let newest = self.records_of(link).first();
            newest.is_some_and(|it| (self.now - it.ended_at).num_seconds() < NEWS_S)
        };
        let links = self.links.iter().filter(|link| link.stage == *stage);
        links.filter(fresh).max_by_key(|link| link.dropped.len())
    }
}
