//! Errors that say the same of the same stage, and which of such groups comes first.

use std::{fmt, ops::Deref, sync::Arc};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Class, Facet, Fingerprint, Past, Severity};
use crate::domain::{
    Timestamp,
    event::{EventType, RowId},
    triage::Standing,
    untrusted::Untrusted,
};

/// Keys of errors, the newest first. Shared, for there may be a hundred thousand of them, of which a refresh changes a few.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Vec<RowId>", into = "Vec<RowId>")]
pub struct Members(Arc<[RowId]>);

impl Deref for Members {
    type Target = [RowId];

    fn deref(&self) -> &[RowId] {
        &self.0
    }
}

impl FromIterator<RowId> for Members {
    fn from_iter<T: IntoIterator<Item = RowId>>(ids: T) -> Self {
        Self(ids.into_iter().collect())
    }
}

impl From<Vec<RowId>> for Members {
    fn from(ids: Vec<RowId>) -> Self {
        Self(ids.into())
    }
}

impl From<Members> for Vec<RowId> {
    fn from(ids: Members) -> Self {
        ids.to_vec()
    }
}

/// Keys of a group that are told, the newest.
pub const MEMBERS: usize = 1_000;

/// Hours of the trend.
pub(super) const HOURS: usize = 24;

/// What tells a group from others: made of its stage, its fingerprint and its node, the same in every run. An alert rule has one as
/// well, under which what is said of it is kept beside what is said of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupId(u64);

impl GroupId {
    /// The key of the group of these, by FNV-1a.
    pub fn of(stage: &EventType, fingerprint: &Fingerprint, node: Option<&Untrusted>) -> Self {
        let node = node.map_or("", Untrusted::raw);
        Self::hashed(&[stage.raw(), "\0", fingerprint.as_str(), "\0", node])
    }

    /// The key of the rule of that name. No text of a database has a zero byte, so that of no group is made of three.
    pub(crate) fn of_rule(name: &str) -> Self {
        Self::hashed(&["alert", "\0\0\0", name])
    }

    fn hashed(parts: &[&str]) -> Self {
        let bytes = parts.iter().flat_map(|part| part.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// It whole, as what is said of the group is kept under: 16 hexadecimal digits.
    pub fn key(self) -> RowId {
        RowId::from_digits(self.0)
    }

    /// The key that `text` spells in 16 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok();
        number.filter(|_| is_plain).map(Self)
    }
}

impl fmt::Display for GroupId {
    /// Its first four digits, which is enough to name one among a few hundred.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04x}", self.0 >> 48))
    }
}

/// Where a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupState {
    /// First seen within 24 h, and never before as far back as the past is known.
    New,
    /// It came again after it had been resolved.
    Regressed,
    /// It has unresolved errors.
    Open,
    /// Left alone until something an operator said.
    Ignored,
    /// Every error of it is resolved.
    Resolved,
}

impl GroupState {
    /// Its name, and its word in a filter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Regressed => "regressed",
            Self::Open => "open",
            Self::Ignored => "ignored",
            Self::Resolved => "resolved",
        }
    }

    /// Whether somebody should look.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Regressed | Self::Open)
    }
}

/// So many of the newest events are looked at for those that were tried again.
pub const RETRIED_OF: u64 = 50_000;

/// How events went that were tried again after an error of the group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// Events tried again that ended, well or not.
    pub tried: u64,
    /// Of those, the ones that ended well.
    pub ok: u64,
}

/// What most of a group share, and how common that is among all unresolved errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// What it is.
    pub facet: Facet,
    /// The commonest value of it in the group.
    pub value: Untrusted,
    /// Errors of the group with that value, of those that have any.
    pub part: u64,
    /// Errors of the group that have any.
    pub of: u64,
    /// Unresolved errors with that value, whatever their group.
    pub base_part: u64,
    /// Unresolved errors that have any.
    pub base_of: u64,
}

impl Shared {
    /// How many times as common the value is in the group as among the errors outside it; `None` where there are none
    /// outside, or none with it.
    pub fn lift(&self) -> Option<f64> {
        let outside = self.base_of.saturating_sub(self.of);
        let with = self.base_part.saturating_sub(self.part);
        if outside == 0 || with == 0 || self.of == 0 {
            return None;
        }
        let share = self.part as f64 / self.of as f64;
        Some(share / (with as f64 / outside as f64))
    }

    /// Errors outside the group with that value, and all that have any.
    pub const fn outside(&self) -> (u64, u64) {
        (
            self.base_part.saturating_sub(self.part),
            self.base_of.saturating_sub(self.of),
        )
    }
}

/// Errors that say the same of the same stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorGroup {
    /// What tells it from others.
    pub id: GroupId,
    /// The stage they happened in.
    pub stage: EventType,
    /// What their messages have in common.
    pub fingerprint: Fingerprint,
    /// The node that failed, where the details name one.
    pub node: Option<Untrusted>,
    /// What the newest of them says.
    pub message: Untrusted,
    /// How bad the worst of them is.
    pub severity: Severity,
    /// What kind of mistake they are.
    pub class: Class,
    /// The rule that said so.
    pub rule: String,
    /// Where it stands.
    pub state: GroupState,
    /// Unresolved errors.
    pub open: u64,
    /// Resolved errors that are known.
    pub resolved: u64,
    /// Records they are about; of the unresolved where there are some, else of the resolved. So are the people.
    pub records: u64,
    /// People they are about: contacts or addresses in the details, and the record where those name nobody.
    pub people: u64,
    /// Their keys, newest first, at most [`MEMBERS`]: the unresolved where there are some, else the resolved.
    pub ids: Members,
    /// When the first that is known happened, resolved or not.
    pub first_at: Timestamp,
    /// When the last one happened.
    pub last_at: Timestamp,
    /// When one of them was last resolved.
    pub resolved_at: Option<Timestamp>,
    /// How many came in each of the last 24 hours, resolved or not, oldest hour first.
    pub trend: Vec<u64>,
    /// How often it came before.
    #[serde(default)]
    pub past: Past,
    /// How events went that were tried again after it.
    pub retries: Retries,
    /// What they share, a row a facet.
    pub shared: Vec<Shared>,
    /// What operators said of it.
    pub standing: Standing,
    /// When what it was ignored for came about, where it has: it is shown again since then.
    pub woken: Option<Timestamp>,
    /// Errors that came since it was ignored, where it was.
    pub came: u64,
}

impl ErrorGroup {
    /// How many errors it stands for: the unresolved where there are some.
    pub const fn count(&self) -> u64 {
        if self.open > 0 {
            self.open
        } else {
            self.resolved
        }
    }

    /// Whether it is what a word of a filter says of its state, of who has it, and of whether it woke.
    pub fn is(&self, word: &str) -> bool {
        match word {
            "woken" => self.woken.is_some() && self.state.is_open(),
            "assigned" => self.standing.owner.is_some(),
            _ => self.state.name() == word,
        }
    }

    /// How urgent it is to look: people x severity x recency, with new and regressed groups lifted.
    pub fn impact(&self, now: Timestamp) -> f64 {
        let is_woken = self.woken.is_some();
        impact(
            &self.severity,
            (self.state, is_woken),
            self.people,
            now - self.last_at,
        )
    }

    /// Whether trying again is likely to help, from its class and how retries went.
    pub const fn outlook(&self) -> Outlook {
        let Retries { tried, ok } = self.retries;
        match self.class.retry_helps() {
            Some(true) if tried >= 3 && ok * 2 < tried => Outlook::RetryOne,
            Some(true) => Outlook::Retry,
            None if tried >= 3 && ok * 5 >= tried * 4 => Outlook::Retry,
            None => Outlook::Look,
            Some(false) => Outlook::Mend,
        }
    }

    /// What to do about it, in a few words, from its class and how retries went.
    pub fn advice(&self) -> String {
        let Retries { tried, ok } = self.retries;
        match self.outlook() {
            Outlook::RetryOne => format!("retry one first: {ok} of {tried} retries went well"),
            Outlook::Retry if tried > 0 => format!("retry: {ok} of {tried} retries went well"),
            Outlook::Retry | Outlook::Look | Outlook::Mend => self.class.advice().to_owned(),
        }
    }
}

/// Whether trying the events of a group again is likely to help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outlook {
    /// It is.
    Retry,
    /// It may; earlier retries of it went ill more often than well.
    RetryOne,
    /// It cannot be told from what the errors say.
    Look,
    /// Not before something is mended.
    Mend,
}

/// How urgent it is to look at a group of that state and severity, about so many people, whose last error is so old.
pub(super) fn impact(
    severity: &Severity,
    (state, is_woken): (GroupState, bool),
    people: u64,
    age: TimeDelta,
) -> f64 {
    let weight = match severity {
        Severity::Critical => 24.0,
        Severity::Error => 3.0,
        Severity::Warning => 1.0,
        Severity::Other(_) => 0.5,
    };
    let hours = age.max(TimeDelta::zero()).as_seconds_f64() / 3_600.0;
    let recency = 0.5_f64.powf(hours / 6.0).max(0.02);
    let lift = match state {
        GroupState::New | GroupState::Regressed => 1.5,
        GroupState::Open if is_woken => 1.5,
        GroupState::Open => 1.0,
        GroupState::Ignored | GroupState::Resolved => 0.01,
    };
    weight * people.max(1) as f64 * recency * lift
}
