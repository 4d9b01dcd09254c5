//! How the pipeline stood at a moment that is past, as far as its rows still tell: a row that was tried again tells of its last
//! try alone, and one that was purged of nothing.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    Timestamp, duration, event::EventType, flow::STUCK_S, outcomes::Share, pipeline::Pipeline,
};

/// What came and ended is counted over so long before the moment, s: as the stages of now are (`stages.sql`).
pub const WINDOW: i64 = 300;

/// From this share on, of what ended in the window, much failed. A decision of its own, whatever a site's alert on errors says
/// today: that one counts errors of an hour.
const FAILED_MUCH: f64 = 0.1;

/// What the rows cannot tell any more.
const LIMITS: &str =
    "A retried event stands as its last try left it. Rows that were purged since are missing.";

/// One stage at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePast {
    /// Which.
    pub stage: EventType,
    /// Events that were written and had not ended.
    pub waiting: u64,
    /// Those of them that were ever tried again: they may have failed by then, and wait by the rows of now.
    pub retried: u64,
    /// When the oldest that waited was written.
    pub oldest: Option<Timestamp>,
    /// Events written in the [`WINDOW`] before.
    pub arrived: u64,
    /// Events that ended well in it.
    pub done: u64,
    /// Events that failed in it, by when they ended.
    pub failed: u64,
    /// How long those that ended well had taken on average, ms.
    pub avg_ms: Option<u64>,
    /// The longest of these, ms.
    pub max_ms: Option<u64>,
    /// Its errors that were not resolved.
    pub errors_open: u64,
    /// Its errors that are resolved nobody knows since when.
    pub errors_untimed: u64,
    /// Its errors of the hour before.
    pub errors_hour: u64,
}

impl StagePast {
    /// A stage of which nothing is known to have been there.
    pub const fn none(stage: EventType) -> Self {
        Self {
            stage,
            waiting: 0,
            retried: 0,
            oldest: None,
            arrived: 0,
            done: 0,
            failed: 0,
            avg_ms: None,
            max_ms: None,
            errors_open: 0,
            errors_untimed: 0,
            errors_hour: 0,
        }
    }

    /// Of what ended in the window, what failed.
    pub const fn ended(&self) -> Share {
        Share {
            part: self.failed,
            of: self.done + self.failed,
        }
    }

    /// How long it had stood still at `at`: the age of the oldest where nothing ended well.
    pub fn still(&self, at: Timestamp) -> Option<TimeDelta> {
        let age = at - self.oldest?;
        (self.done == 0 && age.num_seconds() > STUCK_S).then_some(age)
    }
}

/// What is to be said of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing stood still or failed much.
    Well,
    /// Something did.
    Bad,
    /// Too little was looked at to tell.
    Unknown,
}

/// The pipeline at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The moment, by the database's clock.
    pub at: Timestamp,
    /// The stages that had anything, in any order.
    pub stages: Vec<StagePast>,
    /// Events written before this were not looked at; none were left out where there is no such moment.
    pub since: Option<Timestamp>,
    /// The same of errors.
    pub errors_since: Option<Timestamp>,
    /// Why nothing is known of errors, where that is so.
    pub errors_lack: Option<String>,
    /// Whether keys are in no order of time, so that rows may have been missed.
    pub is_unordered: bool,
}

impl Past {
    /// A moment of which no row is known.
    pub const fn nothing(at: Timestamp) -> Self {
        Self {
            at,
            stages: Vec::new(),
            since: None,
            errors_since: None,
            errors_lack: None,
            is_unordered: false,
        }
    }

    /// The stages in the order of `pipeline`, each of it, and then those it does not know.
    pub fn ordered(&self, pipeline: &Pipeline) -> Vec<StagePast> {
        let of = |name: &EventType| self.stages.iter().find(|it| it.stage == *name);
        let known = pipeline.stages.iter().map(|stage| {
            let name = EventType::from(stage.event.as_str());
            of(&name).cloned().unwrap_or_else(|| StagePast::none(name))
        });
        let is_strange = |it: &&StagePast| pipeline.find(&it.stage).is_none();
        let strange = self.stages.iter().filter(is_strange).cloned();
        known.chain(strange).collect()
    }

    /// Over how long before the moment events are known, s: [`WINDOW`], or less where there were very many.
    pub fn window(&self) -> i64 {
        let known = self.since.map(|since| (self.at - since).num_seconds());
        known.map_or(WINDOW, |known| known.clamp(1, WINDOW))
    }

    /// So many in the window, as a minute's.
    pub fn a_minute(&self, n: u64) -> f64 {
        n as f64 * 60.0 / self.window() as f64
    }

    /// Whether more may have waited than are known, and longer.
    pub const fn is_bound(&self) -> bool {
        self.since.is_some() || self.is_unordered
    }

    /// Whether more errors of `stage` may have been open than are known.
    pub const fn is_bound_of_errors(&self, stage: &StagePast) -> bool {
        self.errors_since.is_some() || self.is_unordered || stage.errors_untimed > 0
    }

    /// Whether not all errors of the hour before were looked at.
    pub fn lacks_errors_of_hour(&self) -> bool {
        let hour = self.at - TimeDelta::hours(1);
        self.is_unordered || self.errors_since.is_some_and(|since| since > hour)
    }

    /// What is missing in what is known, in sentences; `moment` writes one down.
    pub fn notes(&self, moment: impl Fn(Timestamp) -> String) -> Vec<String> {
        let reach = |what: &str, since: Option<Timestamp>| {
            let since = moment(since?);
            Some(format!(
                "Only {what} since {since} were looked at: there were more."
            ))
        };
        let untimed: u64 = self.stages.iter().map(|it| it.errors_untimed).sum();
        let retried: u64 = self.stages.iter().map(|it| it.retried).sum();
        let some = |n: u64, words: &str| (n > 0).then(|| format!("{n} {words}"));
        let lack = |lack: &String| format!("Of errors nothing is known: {lack}");
        let unordered = "Keys are in no order of time: rows may have been missed.";
        [
            reach("events", self.since),
            reach("errors", self.errors_since),
            self.errors_lack.as_ref().map(lack),
            self.is_unordered.then(|| unordered.to_owned()),
            some(
                untimed,
                "errors are resolved nobody knows since when: they may have been open.",
            ),
            some(
                retried,
                "of those that waited were tried again at some time: they may have failed by then.",
            ),
            Some(LIMITS.to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// It as a Markdown table below its verdict, without the stages that had nothing; moments in UTC.
    pub fn markdown(&self, pipeline: &Pipeline) -> String {
        let (_, verdict) = self.verdict();
        let moment = |at: Timestamp| at.format("%Y-%m-%d %H:%M:%SZ").to_string();
        let mut lines = vec![
            format!("As of {}: {verdict}.", moment(self.at)),
            String::new(),
            "| stage | waited | oldest | in/min | done/min | failed | avg | max | errors open | errors of the hour |".to_owned(),
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|".to_owned(),
        ];
        let is_there = |it: &StagePast| *it != StagePast::none(it.stage.clone());
        let there = self.ordered(pipeline).into_iter().filter(is_there);
        lines.extend(there.map(|it| self.row(&it)));
        lines.extend([String::new(), self.notes(moment).join(" ")]);
        lines.join("\n") + "\n"
    }

    fn row(&self, it: &StagePast) -> String {
        let took = |ms: Option<u64>| ms.map_or_else(String::new, duration::format_ms);
        let more = |is_bound: bool| if is_bound { ">" } else { "" };
        let age = |oldest: Timestamp| {
            let age = duration::format((self.at - oldest).num_seconds());
            format!("{}{age}", more(self.is_bound()))
        };
        let count = |n: u64, is_bound: bool| format!("{n}{}", if is_bound { "+" } else { "" });
        let errors = |n: u64, is_bound: bool| match self.errors_lack {
            Some(_) => "?".to_owned(),
            None => count(n, is_bound),
        };
        let cells = [
            it.stage.label().replace('|', "\\|"),
            count(it.waiting, self.is_bound()),
            it.oldest.map_or_else(String::new, age),
            format!("{:.1}", self.a_minute(it.arrived)),
            format!("{:.1}", self.a_minute(it.done)),
            it.failed.to_string(),
            took(it.avg_ms),
            took(it.max_ms),
            errors(it.errors_open, self.is_bound_of_errors(it)),
            errors(it.errors_hour, self.lacks_errors_of_hour()),
        ];
        format!("| {} |", cells.join(" | "))
    }

    /// What was wrong, in a sentence, and how bad that is: what stood still the longest, else where the most failed.
    pub fn verdict(&self) -> (Standing, String) {
        if let Some(words) = self.stood_still().or_else(|| self.failed_much()) {
            return (Standing::Bad, words);
        }
        let window = duration::format(self.window());
        let is_short = |since: Timestamp| (self.at - since).num_seconds() <= STUCK_S;
        if self.since.is_some_and(is_short) {
            let words = format!(
                "so many came that only {window} were looked at: what stood still cannot be told"
            );
            return (Standing::Unknown, words);
        }
        if self.stages.is_empty() {
            let words = "no row that was written before is left".to_owned();
            return (Standing::Unknown, words);
        }
        let sum = |of: fn(&StagePast) -> u64| self.stages.iter().map(of).sum::<u64>();
        let (bound, _) = self.hedges();
        let words = format!(
            "nothing stood still or failed much: {bound}{} waited, {} ended in {window}",
            sum(|it| it.waiting),
            sum(|it| it.ended().of),
        );
        (Standing::Well, words)
    }

    /// What makes a number a bound, and what ended a part, where they are.
    const fn hedges(&self) -> (&'static str, &'static str) {
        if self.is_bound() {
            ("at least ", " of those looked at")
        } else {
            ("", "")
        }
    }

    fn stood_still(&self) -> Option<String> {
        let still = self
            .stages
            .iter()
            .filter_map(|it| Some((it.still(self.at)?, it)));
        let (age, it) = still.max_by_key(|(age, _)| *age)?;
        let (bound, looked) = self.hedges();
        let retried = if it.retried > 0 {
            format!("; {} of them were tried again at some time", it.retried)
        } else {
            String::new()
        };
        let purged = if self.stages.iter().all(|it| it.done == 0) {
            "; what ended well may have been purged since"
        } else {
            ""
        };
        Some(format!(
            "{} stood still: {bound}{} waited, the oldest for {bound}{}, and none{looked} ended well in {}{retried}{purged}",
            it.stage.label(),
            it.waiting,
            duration::format(age.num_seconds()),
            duration::format(self.window()),
        ))
    }

    fn failed_much(&self) -> Option<String> {
        let rate = |it: &StagePast| it.ended().rate().unwrap_or(0.0);
        let is_failing = |it: &&StagePast| !it.ended().is_low() && rate(it) >= FAILED_MUCH;
        let failing = self.stages.iter().filter(is_failing);
        let it = failing.max_by(|a, b| rate(a).total_cmp(&rate(b)))?;
        let (Share { part, of }, (_, looked)) = (it.ended(), self.hedges());
        Some(format!(
            "{} failed: {part} of the {of}{looked} that ended in {}",
            it.stage.label(),
            duration::format(self.window()),
        ))
    }
}

#[cfg(test)]
mod tests;
