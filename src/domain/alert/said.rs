//! What operators said of an alert: who acknowledged that it fires, and until when it is silenced.
//!
//! An acknowledgement is of one firing. It holds while the firing goes on that it was given in, and where nobody saw whether that
//! is still the one, it does not hold: an alert is rather said to wait for somebody than not. So with one that is dated ahead: by its
//! date it would be of whatever fires until then. A silence is of the rule, whatever
//! fires, and ends by the clock.

use chrono::TimeDelta;

use super::{Alert, RULES, RuleId, watch::UNSEEN};
use crate::domain::{
    Timestamp,
    error_group::GroupId,
    presence,
    triage::{Standing, Until},
    untrusted::Untrusted,
};

/// That somebody acknowledged that it fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acked {
    /// Who.
    pub by: Untrusted,
    /// When, by the database's clock.
    pub at: Timestamp,
    /// Whether it is known to be of this firing. Else the alert may have ended since it was given, where this console did not
    /// see, or its date cannot be: it does not count.
    pub is_sure: bool,
}

impl Acked {
    /// `acked anna`.
    pub fn words(&self) -> String {
        format!("acked {}", account(&self.by))
    }
}

/// That it is kept out of the headline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// Who said so.
    pub by: Untrusted,
    /// Since when, by the database's clock.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What was said of an alert, as far as it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Who acknowledged it.
    pub acked: Option<Acked>,
    /// Until when it is silenced.
    pub silenced: Option<Silenced>,
    /// What was noted beside these.
    pub note: Option<Untrusted>,
}

impl Said {
    /// Whether a note of it may be there.
    pub const fn is_noted(&self) -> bool {
        self.acked.is_some() || self.silenced.is_some()
    }

    /// `acked anna 14:02Z`, `silenced until 15:02Z by anna`, with moments as `time` spells them; nothing where nothing holds. What
    /// may be of another firing ends with `?`.
    pub fn words(&self, time: impl Fn(Timestamp) -> String) -> String {
        let acked = self.acked.iter().map(|acked| {
            let doubt = if acked.is_sure { "" } else { "?" };
            format!("{} {}{doubt}", acked.words(), time(acked.at))
        });
        let silenced = self.silenced.iter().map(|silenced| {
            let until = time(silenced.until);
            format!("silenced until {until} by {}", account(&silenced.by))
        });
        silenced.chain(acked).collect::<Vec<_>>().join(", ")
    }

    /// The same by the clock of UTC, seen from `now`, for what is no screen.
    pub fn words_at(&self, now: Timestamp) -> String {
        self.words(|at| {
            let is_far = (now - at).num_hours().abs() >= 24;
            let pattern = if is_far { "%Y-%m-%d %H:%MZ" } else { "%H:%MZ" };
            at.format(pattern).to_string()
        })
    }
}

/// The account of `who`, short enough for a headline.
fn account(who: &Untrusted) -> String {
    presence::shown(who).chars().take(24).collect()
}

impl RuleId {
    /// What is said of it is kept under this.
    pub fn key(self) -> GroupId {
        GroupId::of_rule(self.rule().name)
    }

    /// The rule of which is said what is kept under `key`.
    pub fn of_key(key: GroupId) -> Option<Self> {
        let mut rules = RULES.iter().map(|rule| rule.id);
        rules.find(|rule| rule.key() == key)
    }
}

impl Alert {
    /// Takes in what is said of it, at `clock` by the database, which is `ahead` of the clock that it is judged by.
    pub fn hear(&mut self, standing: Option<&Standing>, (clock, ahead): (Timestamp, TimeDelta)) {
        let Some(standing) = standing else {
            self.said = Said::default();
            return;
        };
        let acked = self.acked(standing, (clock, ahead));
        let silenced = silenced(standing).filter(|silenced| clock < silenced.until);
        let mut said = Said {
            acked,
            silenced,
            note: None,
        };
        if said.is_noted() {
            said.note.clone_from(&standing.note);
        }
        self.said = said;
    }

    fn acked(&self, standing: &Standing, (clock, ahead): (Timestamp, TimeDelta)) -> Option<Acked> {
        let (by, at) = (standing.owner.clone()?, standing.owned_at?);
        let is_of_this = self.watch.is_of_this(at, ahead);
        let is_of_this = is_of_this.filter(|_| self.is_firing())?;
        let is_sure = is_of_this && at <= clock + UNSEEN;
        Some(Acked { by, at, is_sure })
    }

    /// Who acknowledged this firing, if somebody did.
    pub fn acked_by(&self) -> Option<&Acked> {
        self.said.acked.as_ref().filter(|acked| acked.is_sure)
    }

    /// Whether it is kept out of the headline.
    pub const fn is_silenced(&self) -> bool {
        self.said.silenced.is_some()
    }

    /// Whether it waits for somebody to acknowledge it.
    pub fn is_unacked(&self) -> bool {
        self.is_firing() && !self.is_silenced() && self.acked_by().is_none()
    }
}

/// The silence in `standing`; what ends by more errors, or by a rate, is none, for an alert has no errors to count.
fn silenced(standing: &Standing) -> Option<Silenced> {
    let ignored = standing.ignored.as_ref()?;
    let Until::Time(until) = ignored.until else {
        return None;
    };
    Some(Silenced {
        by: ignored.by.clone(),
        since: ignored.since,
        until,
    })
}

/// How many of `alerts` wait for somebody, and how many are silenced.
pub fn counted(alerts: &[Alert]) -> (usize, usize) {
    let count = |is: fn(&Alert) -> bool| alerts.iter().filter(|alert| is(alert)).count();
    (count(Alert::is_unacked), count(Alert::is_silenced))
}

#[cfg(test)]
mod tests;
