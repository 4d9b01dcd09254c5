//! What operators said of groups of errors: who has one, what is noted of it, and until when it is left alone.

mod said;
mod typed;
mod wake;

use serde::{Deserialize, Serialize};

pub use said::{Said, assigned, ignored, woken};
pub use typed::{Change, UNTIL, Whose, until, whose};

use super::{
    Timestamp,
    error_group::{ErrorGroup, GroupId},
    event::{EventType, RowId},
    untrusted::Untrusted,
};

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

/// What was said of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Who has it.
    pub owner: Option<Untrusted>,
    /// Since when.
    pub owned_at: Option<Timestamp>,
    /// What is noted of it.
    pub note: Option<Untrusted>,
    /// That it is left alone.
    pub ignored: Option<Ignored>,
}

/// What was said of one group, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triage {
    /// The group.
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

/// What a plan does about groups.
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
}

/// A group that a plan is about, as it was shown and as it is to become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupTarget {
    /// The group.
    pub id: GroupId,
    /// Its stage.
    pub stage: EventType,
    /// What its errors have in common.
    pub says: Untrusted,
    /// What was said of it when it was shown; where that has changed, it is left as it is.
    pub was: Standing,
    /// What is to be said of it; what is the same as before is not touched.
    pub becomes: Standing,
}

impl GroupTarget {
    /// `group`, with everything as it is.
    pub fn of(group: &ErrorGroup) -> Self {
        Self {
            id: group.id,
            stage: group.stage.clone(),
            says: Untrusted::from(group.fingerprint.as_str()),
            was: group.standing.clone(),
            becomes: group.standing.clone(),
        }
    }

    /// The key of its row, in a plan and in its outcome.
    pub fn key(&self) -> RowId {
        self.id.key()
    }

    /// What takes it back.
    #[must_use]
    pub fn back(&self) -> Self {
        Self {
            was: self.becomes.clone(),
            becomes: self.was.clone(),
            ..self.clone()
        }
    }

    /// Why it must be left as it is, given that `now` is what is said of it; `None` where it still stands as it was shown.
    pub fn objection(&self, now: &Standing) -> Option<String> {
        let Self { was, becomes, .. } = self;
        if becomes.owner != was.owner && now.owner != was.owner {
            return Some(match (&now.owner, now.owned_at) {
                (Some(owner), Some(at)) => format!(
                    "{} has it since {}",
                    owner.display_cut(64),
                    at.format("%H:%M:%SZ")
                ),
                (Some(owner), None) => format!("{} has it", owner.display_cut(64)),
                (None, _) => "nobody has it any more".to_owned(),
            });
        }
        if becomes.ignored != was.ignored && now.ignored != was.ignored {
            return Some(match &now.ignored {
                Some(ignored) => format!(
                    "{} has it ignored {} meanwhile",
                    ignored.by.display_cut(64),
                    ignored.until.words()
                ),
                None => "it is not ignored any more".to_owned(),
            });
        }
        (becomes.note != was.note && now.note != was.note).then(|| match &now.note {
            Some(note) => format!("its note says {:?} by now", note.display_cut(80)),
            None => "its note is gone".to_owned(),
        })
    }

    /// What is said of the group when this is carried out at `at` upon `now`.
    pub fn applied(&self, now: &Standing, at: Timestamp) -> Standing {
        let Self { was, becomes, .. } = self;
        let mut after = now.clone();
        if becomes.owner != was.owner {
            after.owner.clone_from(&becomes.owner);
            after.owned_at = becomes.owner.as_ref().map(|_| at);
        }
        if becomes.note != was.note {
            after.note.clone_from(&becomes.note);
        }
        if becomes.ignored != was.ignored {
            after.ignored.clone_from(&becomes.ignored);
        }
        after
    }

    /// What becomes of it, in words: `owner ben (was anna); ignored until 15:00`.
    pub fn words(&self) -> String {
        let Self { was, becomes, .. } = self;
        let account = |owner: &Untrusted| {
            let owner = owner.display_cut(64);
            owner.split('@').next().unwrap_or(&owner).to_owned()
        };
        let accounts: Vec<String> = [&becomes.owner, &was.owner]
            .into_iter()
            .flatten()
            .map(account)
            .collect();
        // The host only where it tells one from the other.
        let is_same = matches!(accounts.as_slice(), [one, other] if one == other);
        let name = |owner: &Option<Untrusted>| match owner {
            None => "nobody".to_owned(),
            Some(owner) if is_same => owner.display_cut(64),
            Some(owner) => account(owner),
        };
        let mut words = Vec::new();
        if becomes.owner != was.owner {
            words.push(format!(
                "owner {} (was {})",
                name(&becomes.owner),
                name(&was.owner)
            ));
        }
        if becomes.note != was.note {
            words.push(match &becomes.note {
                Some(note) => format!("note {:?}", note.display_cut(LONGEST)),
                None => "no note".to_owned(),
            });
        }
        if becomes.ignored != was.ignored {
            words.push(match &becomes.ignored {
                Some(ignored) => format!("ignored {}", ignored.until.words()),
                None => "not ignored".to_owned(),
            });
        }
        if words.is_empty() {
            words.push("as it is".to_owned());
        }
        words.join("; ")
    }
}

impl Until {
    /// What wakes a group: `until 2026-03-02 15:00Z`, `until 50 more came`, `until 20 came in an hour`.
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
pub fn back(targets: &[GroupTarget], done: &[RowId]) -> Vec<GroupTarget> {
    let targets = targets.iter();
    let done = targets.filter(|target| done.contains(&target.key()));
    done.map(GroupTarget::back).collect()
}

/// What `deed` does about `targets`: `assign 2 groups: owner ben (was nobody)`.
pub fn words(deed: Deed, targets: &[GroupTarget]) -> String {
    let (n, (verb, _)) = (targets.len(), deed.verbs());
    let plural = if n == 1 { "" } else { "s" };
    let text = format!("{verb} {n} group{plural}");
    let all: std::collections::BTreeSet<String> = targets.iter().map(GroupTarget::words).collect();
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
        }
    }

    /// What it does: `ignore`, and what it did: `ignored`.
    pub const fn verbs(self) -> (&'static str, &'static str) {
        match self {
            Self::Ignore => ("ignore", "ignored"),
            Self::Wake => ("un-ignore", "un-ignored"),
            Self::Assign => ("assign", "assigned"),
            Self::Note => ("note on", "noted on"),
            Self::TakeBack => ("set back", "set back"),
        }
    }
}

#[cfg(test)]
mod tests;
