//! Alert rules as data, and the state each one is in.
//!
//! [`RULES`] is the table, [`reading::of`] measures what a rule is judged on, [`Alert::step`] judges it.

mod engine;
pub mod reading;
mod rules;
mod said;
mod watch;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Timestamp, duration, event::EventType, outcomes::Share};

pub use rules::RULES;
pub use said::{Acked, Said, Silenced, counted};
pub use watch::Look;

use watch::Watch;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleId {
    /// Too many events stuck in pending.
    PipelineStalled,
    /// Too many errors in a stage.
    HighErrorRate,
    /// Too many bounces.
    DeliverabilityDrop,
    /// No lead reaches the CRM.
    CrmSyncFailure,
    /// Events take too long.
    SlowProcessing,
    /// Too few e-mails are found.
    LowEnrichment,
    /// Too few people reply.
    ReplyRateDrop,
}

/// How urgent a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Act now.
    Critical,
    /// Watch closely.
    Warning,
}

/// What a threshold is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Rows.
    Rows,
    /// A share of 1, shown in percent.
    Share,
    /// Seconds.
    Seconds,
}

/// On which side of its threshold a rule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Above it.
    Above,
    /// Below it.
    Below,
}

/// What a rule is about to be judged on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// The value, the cases behind it, and the stage it is worst in, where it has one.
    Value {
        /// In the rule's unit.
        value: f64,
        /// Cases behind it; rows, for a count.
        n: u64,
        /// The stage the value is of, for a rule that looks at each stage.
        stage: Option<EventType>,
    },
    /// There is nothing to do, so nothing can be wrong.
    Idle,
    /// It cannot be known, in a few words.
    Unknown(String),
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// On the right side of its threshold.
    Ok,
    /// On the wrong side since then, but not yet for long enough.
    Pending(Timestamp),
    /// Firing since then.
    Firing(Timestamp),
    /// Nothing to judge: no traffic of its kind.
    Idle,
    /// Fewer cases than the rule needs.
    LowN,
    /// Cannot be known since then; it keeps its last reading.
    NoData(Timestamp),
}

/// A rule: a row of [`RULES`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Which.
    pub id: RuleId,
    /// Its name in the configuration and in `--json`.
    pub name: &'static str,
    /// Its name in the guide.
    pub title: &'static str,
    /// How urgent it is when it fires.
    pub level: Level,
    /// The guide's condition, with what the guide leaves open decided; `{fire}` and `{n}` stand for the limits.
    pub(super) condition: &'static str,
    /// The guide's action.
    pub advice: &'static str,
    /// What its value is in.
    pub unit: Unit,
    /// On which side of the threshold it fires.
    pub side: Side,
    /// It fires beyond this.
    pub fire: f64,
    /// It ends only when the value is back on the good side of this: the gap to `fire` is the hysteresis.
    pub clear: f64,
    /// How long the value must stay beyond the threshold before it fires.
    pub hold: Duration,
    /// How long the value must stay good before a firing alert ends; keeps it from flapping.
    pub keep: Duration,
    /// Fewer cases than this prove nothing.
    pub min_n: u64,
    /// What the value is measured over.
    pub window: &'static str,
    /// The stage that is to be looked at when the reading names none.
    pub home: Option<&'static str>,
}

impl Rule {
    /// Whether `value` is beyond the threshold.
    pub fn fires(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.fire,
            Side::Below => value < self.fire,
        }
    }

    /// Whether `value` lets a firing alert end.
    pub fn clears(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value < self.clear,
            Side::Below => value > self.clear,
        }
    }

    /// When it fires, in a sentence, with the limits in force.
    pub fn condition(&self) -> String {
        let fire = self.format(self.fire).replace(".0", "");
        let n = self.min_n.to_string();
        self.condition.replace("{fire}", &fire).replace("{n}", &n)
    }

    /// `value` in the unit of the rule: `412`, `12.5%`, `38m`.
    pub fn format(&self, value: f64) -> String {
        match self.unit {
            Unit::Rows => format!("{value:.0}"),
            Unit::Share => format!("{:.1}%", value * 100.0),
            Unit::Seconds if value < 60.0 => format!("{value:.1}s"),
            Unit::Seconds => duration::format(value as i64),
        }
    }

    /// The threshold with its side: `>100`, `<70.0%`.
    pub fn threshold(&self) -> String {
        let sign = match self.side {
            Side::Above => '>',
            Side::Below => '<',
        };
        format!("{sign}{}", self.format(self.fire))
    }
}

/// The rules in force, in the order of [`RULES`]; all of these unless some are switched off or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules(Vec<Rule>);

impl Default for Rules {
    fn default() -> Self {
        Self(RULES.to_vec())
    }
}

impl FromIterator<Rule> for Rules {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        Self(rules.into_iter().collect())
    }
}

impl Rules {
    /// Every rule, not yet judged at `now`.
    pub fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        self.0.iter().map(|rule| Alert::new(*rule, now)).collect()
    }
}

impl RuleId {
    /// Its row in [`RULES`]: its names and advice. The limits in force are those of [`Alert::rule`].
    pub const fn rule(self) -> &'static Rule {
        rules::row(self)
    }

    /// Its name in one word of at most 6 letters, for a column.
    pub const fn short(self) -> &'static str {
        match self {
            Self::PipelineStalled => "stall",
            Self::HighErrorRate => "errors",
            Self::DeliverabilityDrop => "bounce",
            Self::CrmSyncFailure => "CRM",
            Self::SlowProcessing => "slow",
            Self::LowEnrichment => "enrich",
            Self::ReplyRateDrop => "reply",
        }
    }
}

/// One rule, judged.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Which.
    pub rule: RuleId,
    /// By which limits it is judged.
    terms: Rule,
    /// Where it stands.
    pub state: State,
    /// What it was last judged on.
    pub reading: Reading,
    /// While there is no data: why, and where it stood before.
    pub blind: Option<(String, State)>,
    /// Firing, but good again since then: it ends when that has lasted long enough.
    pub calm_since: Option<Timestamp>,
    /// When it last fired and ended, if it did while we watched.
    pub resolved_at: Option<Timestamp>,
    /// What was seen of its firing.
    watch: Watch,
    /// What operators said of it, as far as that holds.
    pub said: Said,
}

impl PartialEq for Alert {
    /// Whether they say the same. When they were looked at says nothing: what follows from that is in what was said.
    fn eq(&self, other: &Self) -> bool {
        let Self {
            rule,
            terms,
            state,
            reading,
            blind,
            calm_since,
            resolved_at,
            watch: _,
            said,
        } = self;
        *rule == other.rule
            && *terms == other.terms
            && *state == other.state
            && *reading == other.reading
            && *blind == other.blind
            && *calm_since == other.calm_since
            && *resolved_at == other.resolved_at
            && *said == other.said
    }
}

impl Alert {
    /// A rule that was never judged.
    pub fn new(rule: Rule, now: Timestamp) -> Self {
        Self {
            rule: rule.id,
            terms: rule,
            state: State::NoData(now),
            reading: Reading::Unknown("not read yet".to_owned()),
            blind: Some(("not read yet".to_owned(), State::Ok)),
            calm_since: None,
            resolved_at: None,
            watch: Watch::default(),
            said: Said::default(),
        }
    }

    /// The rule, with the limits it is judged by.
    pub const fn rule(&self) -> &Rule {
        &self.terms
    }

    /// Whether it fires now; also while it is blind, if it fired before.
    pub fn is_firing(&self) -> bool {
        let held = self.blind.as_ref().map_or(self.state, |(_, held)| *held);
        matches!(held, State::Firing(_))
    }

    /// The stage to look at.
    pub fn stage(&self) -> Option<EventType> {
        match &self.reading {
            Reading::Value {
                stage: Some(stage), ..
            } => Some(stage.clone()),
            Reading::Value { .. } | Reading::Idle | Reading::Unknown(_) => {
                self.rule().home.map(EventType::from)
            }
        }
    }

    /// The 95 % interval of a share.
    pub fn interval(&self) -> Option<(f64, f64)> {
        match (&self.reading, self.rule().unit) {
            (Reading::Value { value, n, .. }, Unit::Share) => Share {
                part: (value * *n as f64).round() as u64,
                of: *n,
            }
            .wilson(),
            (Reading::Value { .. } | Reading::Idle | Reading::Unknown(_), _) => None,
        }
    }

    /// How far it is from firing, or from ending when it fires: `88 more to fire`, `2m10s to fire`,
    /// `4.5% less to clear`; nothing without a value.
    pub fn distance(&self, now: Timestamp) -> Option<String> {
        let rule = self.rule();
        let Reading::Value { value, .. } = self.reading else {
            return None;
        };
        let away = |limit: f64, up: bool, to: &str| {
            let word = match (rule.unit, up) {
                (_, true) => "more",
                (Unit::Rows, false) => "fewer",
                (Unit::Share | Unit::Seconds, false) => "less",
            };
            let step = if rule.unit == Unit::Rows { 1.0 } else { 0.0 };
            let gap = (limit - value).abs() + step;
            format!("{} {word} to {to}", rule.format(gap))
        };
        let above = rule.side == Side::Above;
        match self.state {
            State::Ok if !rule.fires(value) => Some(away(rule.fire, above, "fire")),
            State::Pending(since) => {
                let left = rule.hold.as_secs() as i64 - (now - since).num_seconds();
                Some(format!("{} to fire", duration::format(left)))
            }
            State::Firing(_) => Some(match self.calm_since {
                Some(calm) => {
                    let left = rule.keep.as_secs() as i64 - (now - calm).num_seconds();
                    format!("{} to clear", duration::format(left))
                }
                None => away(rule.clear, !above, "clear"),
            }),
            State::Ok | State::Idle | State::LowN | State::NoData(_) => None,
        }
    }
}

impl State {
    /// The word for it, at most 7 letters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Pending(_) => "pending",
            Self::Firing(_) => "FIRING",
            Self::Idle => "idle",
            Self::LowN => "low n",
            Self::NoData(_) => "no data",
        }
    }

    /// Since when, where that means something.
    pub const fn since(self) -> Option<Timestamp> {
        match self {
            Self::Pending(since) | Self::Firing(since) | Self::NoData(since) => Some(since),
            Self::Ok | Self::Idle | Self::LowN => None,
        }
    }
}
