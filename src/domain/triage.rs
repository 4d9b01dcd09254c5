//! What operators said of groups of errors: who has one, what is noted of it, and until when it is left alone. Of an alert rule
//! the same is said in the same places: who acknowledged that it fires, and until when it is silenced.

mod said;
mod target;
mod typed;
mod wake;

use serde::{Deserialize, Serialize};

pub use said::{Said, acknowledged, assigned, ignored, silenced, unacknowledged, woken};
pub use target::{Subject, TriageTarget};
pub use typed::{Change, SILENCE, UNTIL, Whose, silence, until, whose};

use super::{Timestamp, error_group::GroupId, event::RowId, untrusted::Untrusted};

/// Characters of a note or a name that are kept.
pub const LONGEST: usize = 400;

/// What a group waits for before it is to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// This moment.
    Time(Timestamp),
    /// So many more errors, 1 or more.
    More(u64),
    /// So many errors within one hour, 1 or more.
    Rate(u64),
}

/// That a group is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// Until when.
    pub until: Until,
    /// Since when, by the database's clock: errors are counted from here on.
    pub since: Timestamp,
    /// Who said so.
    pub by: Untrusted,
}

/// What was said of a group or an alert rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Who has it; of a rule, who acknowledged that it fires.
    pub owner: Option<Untrusted>,
    /// Since when, by the database's clock.
    pub owned_at: Option<Timestamp>,
    /// What is noted of it.
    pub note: Option<Untrusted>,
    /// That it is left alone.
    pub ignored: Option<Ignored>,
}

/// What was said of one group or alert rule, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triage {
    /// The group, or the rule.
    pub id: GroupId,
    /// What was said.
    pub standing: Standing,
}

/// Where what is said of groups is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the database, where every console sees it.
    #[default]
    Database,
    /// On this machine alone, and why.
    Local(String),
}

/// What a plan does about groups, or about alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Leaves them alone until something.
    Ignore,
    /// Leaves them alone no more.
    Wake,
    /// Says who has them, or that nobody does.
    Assign,
    /// Notes something of them.
    Note,
    /// Takes back what was said last.
    TakeBack,
    /// Says who looks after alerts that fire.
    Acknowledge,
    /// Says that nobody does.
    Unacknowledge,
    /// Keeps alerts out of the headline until a time.
    Silence,
    /// Lets them into it again.
    Unsilence,
    /// Takes back what was said last of alerts.
    TakeBackAlert,
}

impl Until {
    /// What ends it: `until 2026-03-02 15:00Z`, `until 50 more came`, `until 20 came in an hour`.
    pub fn words(self) -> String {
        match self {
            Self::Time(at) => format!("until {}", at.format("%Y-%m-%d %H:%MZ")),
            Self::More(1) => "until 1 more came".to_owned(),
            Self::More(n) => format!("until {n} more came"),
            Self::Rate(n) => format!("until {n} came in an hour"),
        }
    }
}

/// What takes back what was said of those of `targets` that are `done`.
pub fn back(targets: &[TriageTarget], done: &[RowId]) -> Vec<TriageTarget> {
    let targets = targets.iter();
    let done = targets.filter(|target| done.contains(&target.key()));
    done.map(TriageTarget::back).collect()
}

/// What `deed` does about `targets`: `assign 2 groups: owner ben (was nobody)`.
pub fn words(deed: Deed, targets: &[TriageTarget]) -> String {
    let (n, (verb, _)) = (targets.len(), deed.verbs());
    let plural = if n == 1 { "" } else { "s" };
    let mut text = format!("{verb} {n} {}{plural}", deed.noun());
    // There are few rules, and their keys say nothing.
    if deed.is_of_alerts() {
        let names: Vec<String> = targets
            .iter()
            .map(|target| target.says().display_cut(40))
            .collect();
        text = format!("{verb} {}", names.join(", "));
    }
    let all: std::collections::BTreeSet<String> = targets.iter().map(TriageTarget::words).collect();
    match (all.first(), all.len()) {
        (Some(same), 1) => format!("{text}: {same}"),
        _ => text,
    }
}

impl Standing {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Deed {
    /// Its name in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore_groups",
            Self::Wake => "wake_groups",
            Self::Assign => "assign_groups",
            Self::Note => "note_groups",
            Self::TakeBack => "restore_groups",
            Self::Acknowledge => "ack_alerts",
            Self::Unacknowledge => "unack_alerts",
            Self::Silence => "silence_alerts",
            Self::Unsilence => "unsilence_alerts",
            Self::TakeBackAlert => "restore_alerts",
        }
    }

    /// What it does: `ignore`, and what it did: `ignored`.
    pub const fn verbs(self) -> (&'static str, &'static str) {
        match self {
            Self::Ignore => ("ignore", "ignored"),
            Self::Wake => ("un-ignore", "un-ignored"),
            Self::Assign => ("assign", "assigned"),
            Self::Note => ("note on", "noted on"),
            Self::TakeBack | Self::TakeBackAlert => ("set back", "set back"),
            Self::Acknowledge => ("ack", "acked"),
            Self::Unacknowledge => ("un-ack", "un-acked"),
            Self::Silence => ("silence", "silenced"),
            Self::Unsilence => ("un-silence", "un-silenced"),
        }
    }

    /// Whether it is about alerts, and not about groups of errors.
    pub const fn is_of_alerts(self) -> bool {
        match self {
            Self::Ignore | Self::Wake | Self::Assign | Self::Note | Self::TakeBack => false,
            Self::Acknowledge
            | Self::Unacknowledge
            | Self::Silence
            | Self::Unsilence
            | Self::TakeBackAlert => true,
        }
    }

    /// What it is about, in a word.
    pub const fn noun(self) -> &'static str {
        if self.is_of_alerts() {
            "alert"
        } else {
            "group"
        }
    }

    /// What takes it back; `None` where it takes something back itself.
    pub const fn back(self) -> Option<Self> {
        match self {
            Self::TakeBack | Self::TakeBackAlert => None,
            Self::Ignore | Self::Wake | Self::Assign | Self::Note => Some(Self::TakeBack),
            Self::Acknowledge | Self::Unacknowledge | Self::Silence | Self::Unsilence => {
                Some(Self::TakeBackAlert)
            }
        }
    }
}

#[cfg(test)]
mod tests;
