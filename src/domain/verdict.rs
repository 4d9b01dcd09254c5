//! The verdict: one line that says how bad it is, where, since when, and why; and what to press.

mod cause;
mod finding;
mod hush;
mod old;

pub use cause::workflow::workflow_of;

use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
    alert::{Alert, RuleId},
    drops::Drops,
    duration,
    error_group::ErrorGroup,
    event::EventType,
    flow::FlowLine,
    outcomes::BounceReason,
    pipeline::Pipeline,
    workflow::{Executions, Workflow},
};

/// How things stand, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Act now.
    Critical,
    /// A source the verdict needs is old: what is shown may no longer hold.
    Stale,
    /// It cannot be known.
    Unknown,
    /// Watch closely.
    Warning,
    /// Starved by a stage above.
    Starving,
    /// Everything flows.
    Ok,
    /// Nothing to do, and that is proven.
    Idle,
}

impl Health {
    /// The word for it, at most 7 letters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "CRIT",
            Self::Stale => "STALE",
            Self::Unknown => "UNKNOWN",
            Self::Warning => "WARN",
            Self::Starving => "STRV",
            Self::Ok => "OK",
            Self::Idle => "IDLE",
        }
    }
}

/// What an operator could do about it, safest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Look at the errors.
    Errors,
    /// Look at the backlog.
    Queue,
    /// Look at the events.
    Stream,
    /// Look at the workflows of n8n.
    Workflows,
    /// Look at the alerts.
    Alerts,
    /// Look at the campaigns.
    Campaigns,
    /// Run `outpost doctor`.
    Doctor,
}

/// How far a source can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is not set up, and why.
    Off(String),
    /// Nothing came yet.
    Waiting,
    /// What came is fresh.
    Fresh,
    /// What came is old; its age, and why nothing newer comes.
    Stale(i64, Option<String>),
    /// What came is old; its age: nothing is asked, for nobody looks and nothing came.
    Resting(i64),
    /// Nothing ever came, since then, and why.
    Down(Timestamp, String),
}

/// What a verdict is made from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Now, by the database's clock.
    pub now: Timestamp,
    /// The pipeline that is watched.
    pub pipeline: &'a Pipeline,
    /// The database's readings of the stages.
    pub database: &'a Source,
    /// Whether nothing comes from it because it starts, or wakes.
    pub is_waking: bool,
    /// The database's outcomes of deliveries, replies and syncs.
    pub outcomes: &'a Source,
    /// n8n.
    pub n8n: &'a Source,
    /// Whether the listener listens.
    pub listening: bool,
    /// The stages, in the order of the pipeline.
    pub flow: &'a [FlowLine],
    /// Every rule, judged.
    pub alerts: &'a [Alert],
    /// Unresolved errors, grouped.
    pub groups: &'a [ErrorGroup],
    /// Silent drops.
    pub drops: Option<&'a Drops>,
    /// Why messages bounced, the most frequent reason first.
    pub bounces: &'a [BounceReason],
    /// Workflows of n8n.
    pub workflows: &'a [Workflow],
    /// Executions of n8n.
    pub executions: &'a Executions,
    /// The last verdict made from fresh data.
    pub known: &'a Verdict,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// How bad.
    pub health: Health,
    /// What, where, how much, which way, since when; safe to print, without the health word.
    pub headline: String,
    /// The same in fewer words, the longest first.
    pub headline_short: Vec<String>,
    /// The likeliest reason and how sure it is; empty when nothing is wrong.
    pub why: String,
    /// The same in fewer words, the longest first.
    pub why_short: Vec<String>,
    /// What to do, in a few words each.
    pub steps: Vec<(Step, String)>,
    /// The stage at the root of it.
    pub root: Option<EventType>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// How many things are wrong that call for an act, and how many to be watched: what the headline begins to list.
    #[serde(default)]
    pub found: (u64, u64),
    /// Whether the headline is from a moment ago: it is held for calm, and what stands beside it is newer.
    #[serde(default)]
    pub is_held: bool,
}

impl Verdict {
    /// The verdict before anything is known.
    pub fn connecting() -> Self {
        Self {
            health: Health::Unknown,
            headline: "connecting".to_owned(),
            headline_short: Vec::new(),
            why: String::new(),
            why_short: Vec::new(),
            steps: Vec::new(),
            root: None,
            since: None,
            found: (0, 0),
            is_held: false,
        }
    }

    /// The headline in all its forms, the longest first: a narrow place takes the first that fits.
    pub fn headlines(&self) -> impl Iterator<Item = &str> {
        forms(&self.headline, &self.headline_short)
    }

    /// The reason in all its forms, the longest first.
    pub fn whys(&self) -> impl Iterator<Item = &str> {
        forms(&self.why, &self.why_short)
    }
}

fn forms<'a>(long: &'a str, short: &'a [String]) -> impl Iterator<Item = &'a str> {
    std::iter::once(long).chain(short.iter().map(String::as_str))
}

impl Evidence<'_> {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self.database {
            Source::Off(why) => cannot_tell("no database", why),
            Source::Waiting => Verdict::connecting(),
            Source::Down(since, why) => {
                let silent = self.silent("PostgreSQL", *since);
                let mut verdict = cannot_tell(&silent, why);
                verdict.since = Some(*since);
                self.woken(verdict, *since)
            }
            Source::Stale(age_s, why) => {
                let since = self.now - chrono::TimeDelta::seconds(*age_s);
                self.woken(self.stale(*age_s, why.as_deref()), since)
            }
            Source::Resting(age_s) => self.resting(*age_s),
            Source::Fresh => self.fresh(),
        }
    }

    /// That `backend` gives nothing, and for how long; what asks only once has no time to tell.
    fn silent(&self, backend: &str, since: Timestamp) -> String {
        match (self.now - since).num_seconds() {
            ..1 => format!("{backend} gives nothing"),
            age => format!("{backend} gives nothing for {}", duration::format(age)),
        }
    }

    /// What the findings say, the worst first; else what cannot be judged; else that all is well.
    fn fresh(&self) -> Verdict {
        let findings = finding::findings(self);
        let Some((first, others)) = findings.split_first() else {
            return self.blind_spot().unwrap_or_else(|| self.calm());
        };
        let cause = cause::of(self, first);
        let count = |health| findings.iter().filter(|it| it.health == health).count() as u64;
        let (headline, headline_short) = self.headline(first, others);
        let (why, why_short) = cause.with(&self.below());
        Verdict {
            health: first.health,
            headline,
            headline_short,
            why,
            why_short,
            steps: cause.steps,
            root: first.stage.clone(),
            since: first.since,
            found: (count(Health::Critical), count(Health::Warning)),
            is_held: false,
        }
    }

    /// The stages that starve below, by name and by number; empty without any.
    fn below(&self) -> Vec<String> {
        let starving: Vec<String> = self
            .flow
            .iter()
            .filter(|line| line.health == Health::Starving)
            .map(|line| line.stage.label())
            .collect();
        match starving.len() {
            0 => Vec::new(),
            1 => vec![format!("; starving below: {}", starving.join(", "))],
            n => vec![
                format!("; starving below: {}", starving.join(", ")),
                format!("; {n} stages starve below"),
                format!("; {n} starve"),
            ],
        }
    }

    /// A source that should be there and is not: all cannot be called well then.
    fn blind_spot(&self) -> Option<Verdict> {
        let flow = self.flow_words();
        let (headline, why) = match (self.n8n, self.outcomes) {
            (Source::Down(since, why), _) => {
                let silent = self.silent("n8n", *since);
                (format!("{silent}; {flow}"), why.clone())
            }
            (Source::Stale(age_s, why), _) => (
                format!("no data from n8n for {}; {flow}", duration::format(*age_s)),
                why.clone().unwrap_or_default(),
            ),
            (_, Source::Stale(age_s, why)) => (
                format!(
                    "outcomes are {} old, so 4 alert rules are not judged; {flow}",
                    duration::format(*age_s)
                ),
                why.clone().unwrap_or_default(),
            ),
            (Source::Off(_) | Source::Waiting | Source::Resting(_) | Source::Fresh, _) => {
                return None;
            }
        };
        Some(Verdict {
            health: Health::Warning,
            headline: format!("{headline}{}", self.unacked()),
            headline_short: vec![headline],
            why,
            why_short: Vec::new(),
            steps: vec![(Step::Doctor, "run outpost doctor".to_owned())],
            root: None,
            since: None,
            found: (0, 1),
            is_held: false,
        })
    }

    fn calm(&self) -> Verdict {
        let idle = self.flow.iter().all(|line| line.health == Health::Idle);
        let health = if idle { Health::Idle } else { Health::Ok };
        let flow = self.flow_words();
        Verdict {
            health,
            headline: format!("{flow}{}", self.unacked()),
            headline_short: vec![flow],
            why: self.silences(),
            why_short: Vec::new(),
            steps: Vec::new(),
            root: None,
            since: None,
            found: (0, 0),
            is_held: false,
        }
    }

    /// How the stages flow, in numbers.
    fn flow_words(&self) -> String {
        let how = if self.listening {
            "listening"
        } else {
            "polling"
        };
        let idle = self.count(Health::Idle);
        if idle == self.flow.len() {
            let last = self.flow.iter().filter_map(|l| l.reading.last_processed);
            let last = last.max().map_or_else(String::new, |at| {
                let age = duration::format((self.now - at).num_seconds());
                format!(", last processed {age} ago")
            });
            return format!("nothing pending and no event in 1h, {how}{last}");
        }
        // What a silenced rule points at, and what starves below it, does not flow.
        let well = |line: &&FlowLine| line.trouble.is_none() && line.health != Health::Idle;
        let flowing = self.flow.iter().filter(well).count();
        let idle = if idle > 0 {
            format!(", {idle} idle")
        } else {
            String::new()
        };
        let rate: f64 = self.flow.iter().map(|l| l.reading.in_per_min()).sum();
        let oldest = self.flow.iter().filter_map(|l| l.oldest_s).max();
        let oldest = oldest.map_or_else(
            || "nothing pending".to_owned(),
            |s| format!("oldest {}", duration::format(s)),
        );
        format!("{flowing} stages flowing{idle}, {rate:.0}/min, {oldest}")
    }

    /// What is known of `rule`.
    fn alert(&self, rule: RuleId) -> Option<&Alert> {
        self.alerts.iter().find(|alert| alert.rule == rule)
    }

    fn count(&self, health: Health) -> usize {
        self.flow
            .iter()
            .filter(|line| line.health == health)
            .count()
    }
}

fn cannot_tell(what: &str, why: &str) -> Verdict {
    Verdict {
        health: Health::Unknown,
        headline: format!("cannot tell: {what}"),
        headline_short: Vec::new(),
        why: why.to_owned(),
        why_short: Vec::new(),
        steps: vec![(Step::Doctor, "run outpost doctor".to_owned())],
        root: None,
        since: None,
        found: (0, 0),
        is_held: false,
    }
}
