//! What a plan says something of, as it was shown and as it is to become.

use serde::{Deserialize, Serialize};

use super::{Ignored, LONGEST, Standing};
use crate::domain::{
    Timestamp,
    alert::{Alert, RuleId},
    error_group::{ErrorGroup, GroupId},
    event::{EventType, RowId},
    presence,
    untrusted::Untrusted,
};

/// What something is said of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// A group of errors.
    Group {
        /// Its stage.
        stage: EventType,
        /// What its errors have in common.
        says: Untrusted,
    },
    /// An alert rule.
    Rule {
        /// Which.
        rule: RuleId,
    },
}

/// A group, or a rule, that a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageTarget {
    /// What it is kept under.
    pub id: GroupId,
    /// Which group or rule it is.
    #[serde(flatten)]
    pub of: Subject,
    /// What was said of it when it was shown; where that has changed, it is left as it is.
    pub was: Standing,
    /// What is to be said of it; what is the same as before is not touched.
    pub becomes: Standing,
}

impl TriageTarget {
    /// `group`, with everything as it is.
    pub fn of(group: &ErrorGroup) -> Self {
        Self {
            id: group.id,
            of: Subject::Group {
                stage: group.stage.clone(),
                says: Untrusted::from(group.fingerprint.as_str()),
            },
            was: group.standing.clone(),
            becomes: group.standing.clone(),
        }
    }

    /// The rule of `alert`, of which `was` is said. A note goes with what it was said beside: one whose ack and silence are over is
    /// not there any more.
    pub fn of_alert(alert: &Alert, was: Standing) -> Self {
        let mut becomes = was.clone();
        if !alert.said.is_noted() {
            becomes.note = None;
        }
        Self {
            id: alert.rule.key(),
            of: Subject::Rule { rule: alert.rule },
            was,
            becomes,
        }
    }

    /// Its stage; of a rule, that it is an alert.
    pub fn place(&self) -> Untrusted {
        match &self.of {
            Subject::Group { stage, .. } => Untrusted::from(stage.raw()),
            Subject::Rule { .. } => Untrusted::from("alert"),
        }
    }

    /// What its errors have in common; of a rule, its name.
    pub fn says(&self) -> Untrusted {
        match &self.of {
            Subject::Group { says, .. } => says.clone(),
            Subject::Rule { rule } => Untrusted::from(rule.rule().title),
        }
    }

    /// The rule, where it is one.
    pub const fn rule(&self) -> Option<RuleId> {
        match self.of {
            Subject::Group { .. } => None,
            Subject::Rule { rule } => Some(rule),
        }
    }

    /// Whether it says anew who has it; of a rule also that the same one has it from another moment on, for that is of another
    /// firing.
    fn sets_owner(&self) -> bool {
        let Self { was, becomes, .. } = self;
        becomes.owner != was.owner || self.rule().is_some() && becomes.owned_at != was.owned_at
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
        let is_later = self.rule().is_some() && now.owned_at != was.owned_at;
        if self.sets_owner() && (now.owner != was.owner || is_later) {
            return Some(match (&now.owner, now.owned_at) {
                (Some(owner), Some(at)) => format!(
                    "{} {} since {}",
                    owner.display_cut(64),
                    self.has(),
                    at.format("%H:%M:%SZ")
                ),
                (Some(owner), None) => format!("{} {}", owner.display_cut(64), self.has()),
                (None, _) => format!("nobody {} any more", self.has()),
            });
        }
        if becomes.ignored != was.ignored && now.ignored != was.ignored {
            return Some(match &now.ignored {
                Some(ignored) => format!(
                    "{} has it {} {} meanwhile",
                    ignored.by.display_cut(64),
                    self.left_alone(),
                    ignored.until.words()
                ),
                None => format!("it is not {} any more", self.left_alone()),
            });
        }
        (becomes.note != was.note && now.note != was.note).then(|| match &now.note {
            Some(note) => format!("its note says {:?} by now", note.display_cut(80)),
            None => "its note is gone".to_owned(),
        })
    }

    const fn has(&self) -> &'static str {
        match self.of {
            Subject::Group { .. } => "has it",
            Subject::Rule { .. } => "has it acked",
        }
    }

    const fn left_alone(&self) -> &'static str {
        match self.of {
            Subject::Group { .. } => "ignored",
            Subject::Rule { .. } => "silenced",
        }
    }

    /// What is said of it when this is carried out at `at` upon `now`.
    pub fn applied(&self, now: &Standing, at: Timestamp) -> Standing {
        let Self { was, becomes, .. } = self;
        let mut after = now.clone();
        if self.sets_owner() {
            after.owner.clone_from(&becomes.owner);
            let owned_at = becomes.owned_at.unwrap_or(at);
            after.owned_at = becomes.owner.as_ref().map(|_| owned_at);
        }
        if becomes.note != was.note {
            after.note.clone_from(&becomes.note);
        }
        if becomes.ignored != was.ignored {
            after.ignored.clone_from(&becomes.ignored);
        }
        after
    }

    /// What becomes of it, in words: `owner ben (was anna); ignored until 15:00`, `acked by ben`.
    pub fn words(&self) -> String {
        let Self { was, becomes, .. } = self;
        let mut words = Vec::new();
        if self.sets_owner() {
            words.push(self.owner_words());
        }
        if becomes.note != was.note {
            words.push(match &becomes.note {
                Some(note) => format!("note {:?}", note.display_cut(LONGEST)),
                None => "no note".to_owned(),
            });
        }
        if becomes.ignored != was.ignored {
            let left_alone = self.left_alone();
            words.push(match &becomes.ignored {
                Some(Ignored { until, .. }) => format!("{left_alone} {}", until.words()),
                None => format!("not {left_alone}"),
            });
        }
        if words.is_empty() {
            words.push("as it is".to_owned());
        }
        words.join("; ")
    }

    /// Who has it, and who had it before.
    fn owner_words(&self) -> String {
        let Self { was, becomes, .. } = self;
        let accounts: Vec<String> = [&becomes.owner, &was.owner]
            .into_iter()
            .flatten()
            .map(presence::shown)
            .collect();
        // The host only where it tells one from the other.
        let is_same = matches!(accounts.as_slice(), [one, other] if one == other);
        let name = |owner: &Option<Untrusted>| match owner {
            None => "nobody".to_owned(),
            Some(owner) if is_same => owner.display_cut(64),
            Some(owner) => presence::shown(owner),
        };
        if matches!(self.of, Subject::Group { .. }) {
            return format!("owner {} (was {})", name(&becomes.owner), name(&was.owner));
        }
        match (&becomes.owner, &was.owner, was.owned_at) {
            (None, before, _) => format!("not acked (was by {})", name(before)),
            (Some(_), None, _) => format!("acked by {}", name(&becomes.owner)),
            (Some(_), Some(_), Some(at)) => format!(
                "acked by {} (before by {}, {})",
                name(&becomes.owner),
                name(&was.owner),
                at.format("%m-%d %H:%MZ")
            ),
            (Some(_), Some(_), None) => format!(
                "acked by {} (before by {})",
                name(&becomes.owner),
                name(&was.owner)
            ),
        }
    }
}
