//! The pipeline: its phases, its stages in order, the workflow each one starts, and which event leads to which.
//! Built in is that of the operations guide; a site may describe its own.

mod description;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use self::description::Slip;
use super::event::EventType;

/// What happens outside the database when an event's workflow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideEffect {
    /// Nothing leaves the system.
    Internal,
    /// A paid service is called.
    PaidApi,
    /// A person receives something.
    PersonFacing,
    /// The CRM is written to.
    CrmWrite,
}

impl SideEffect {
    /// Every one, under its word in a description.
    pub(crate) const WORDS: [(&str, Self); 4] = [
        ("internal", Self::Internal),
        ("paid", Self::PaidApi),
        ("person", Self::PersonFacing),
        ("crm", Self::CrmWrite),
    ];

    /// A few words for a plan.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::PaidApi => "paid API call",
            Self::PersonFacing => "sends e-mail to people",
            Self::CrmWrite => "writes to the CRM",
        }
    }
}

/// Whom the record of an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A company.
    Company,
    /// A campaign.
    Campaign,
    /// A person, who is masked.
    Person,
}

impl About {
    /// Every one, under its word in a description.
    pub(crate) const WORDS: [(&str, Self); 3] = [
        ("company", Self::Company),
        ("campaign", Self::Campaign),
        ("person", Self::Person),
    ];
}

/// How many events come of one event of the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Children {
    /// Exactly one.
    One,
    /// One or more.
    OneOrMore,
    /// One, or none.
    OneAtMost,
    /// Any number, or none.
    Any,
}

impl Children {
    /// Every one, under its word in a description.
    pub(crate) const WORDS: [(&str, Self); 4] = [
        ("1", Self::One),
        ("1..n", Self::OneOrMore),
        ("0..1", Self::OneAtMost),
        ("0..n", Self::Any),
    ];

    /// Its word in a description.
    pub fn word(self) -> &'static str {
        let mut words = Self::WORDS.iter();
        words
            .find(|(_, it)| *it == self)
            .map_or("", |(word, _)| word)
    }
}

/// Two fields that hold the same in a parent's payload and in its child's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// The field of the parent.
    pub parent: String,
    /// The field of the child.
    pub child: String,
}

/// The event that leads to a stage's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// That event.
    pub event: String,
    /// How many of the stage's own come of it.
    pub children: Children,
    /// What joins them; of several the first that the child has counts. Empty where nothing is known to.
    pub keys: Vec<KeyPair>,
}

/// A way in which a record may end at a stage, rightly and with no child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A field of the payload holds one of these words.
    Payload {
        /// The field.
        field: String,
        /// The words, in lower case.
        is: Vec<String>,
    },
    /// A column of a row holds one of these words.
    Row {
        /// The field of the payload that finds the row.
        field: String,
        /// The table, as the queries call it.
        table: String,
        /// The column that holds what the field does.
        key: String,
        /// The column that tells.
        column: String,
        /// The words, in lower case.
        is: Vec<String>,
    },
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// How long a record should take through it at most, s.
    pub end_to_end_s: Option<u64>,
}

/// One stage of the cascade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The event that starts it.
    pub event: String,
    /// Its phase, from 1.
    pub phase: u8,
    /// The workflow that takes the event.
    pub workflow: String,
    /// The path of that workflow's webhook.
    pub webhook: String,
    /// What a run of it does outside.
    pub side_effect: SideEffect,
    /// Whom its record is.
    pub about: About,
    /// The event whose processing leads to this one, if another event does.
    pub parent: Option<Parent>,
    /// How its record may end with no child.
    pub ends: Vec<End>,
    /// How long it should take at most, s.
    pub latency_s: Option<u64>,
}

impl Stage {
    /// The event whose processing leads to this one, if another event does.
    pub fn parent_event(&self) -> Option<&str> {
        self.parent.as_ref().map(|parent| parent.event.as_str())
    }
}

/// The phases and the stages, both in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// What it is called.
    pub name: String,
    /// Its phases.
    pub phases: Vec<Phase>,
    /// Its stages.
    pub stages: Vec<Stage>,
}

/// The description of the guide's pipeline. Source: the operations guide, "Three Operational Phases".
const GUIDE: &str = include_str!("../../pipelines/guide.toml");

impl Default for Pipeline {
    fn default() -> Self {
        Self::guide().clone()
    }
}

impl Pipeline {
    /// That of the operations guide.
    pub fn guide() -> &'static Self {
        static PIPELINE: LazyLock<Pipeline> = LazyLock::new(|| {
            // A test holds that the file has no slip.
            Pipeline::parse(GUIDE).unwrap_or_else(|_slips| Pipeline {
                name: String::new(),
                phases: Vec::new(),
                stages: Vec::new(),
            })
        });
        &PIPELINE
    }

    /// The pipeline that `text` describes.
    ///
    /// # Errors
    /// Every slip in it.
    pub fn parse(text: &str) -> Result<Self, Vec<Slip>> {
        description::parse(text)
    }

    /// The stage that `event` starts, if there is one.
    pub fn find(&self, event: &EventType) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.event == event.raw())
    }

    /// The place of that stage; behind all others for an event of none.
    pub fn place(&self, event: &EventType) -> usize {
        let mut stages = self.stages.iter();
        stages
            .position(|stage| stage.event == event.raw())
            .unwrap_or(usize::MAX)
    }

    /// What a retry of `event` does outside; an unknown stage is taken for person-facing, the careful guess.
    pub fn side_effect(&self, event: &EventType) -> SideEffect {
        self.find(event)
            .map_or(SideEffect::PersonFacing, |stage| stage.side_effect)
    }

    /// Whether the record of `event` is a person; that of an unknown stage is taken for one.
    pub fn is_personal(&self, event: &EventType) -> bool {
        self.find(event)
            .is_none_or(|stage| stage.about == About::Person)
    }

    /// The stages that `event` leads to.
    pub fn children(&self, event: &str) -> impl Iterator<Item = &Stage> {
        self.stages
            .iter()
            .filter(move |stage| stage.parent_event() == Some(event))
    }

    /// The stages above `event`, nearest first.
    pub fn ancestors(&self, event: &EventType) -> impl Iterator<Item = &str> {
        let parent = |event: &str| {
            let stage = self.stages.iter().find(|stage| stage.event == event)?;
            stage.parent_event()
        };
        std::iter::successors(parent(event.raw()), move |above| parent(above))
    }

    /// The phase with this number.
    pub fn phase(&self, number: u8) -> Option<&Phase> {
        self.phases.get(usize::from(number).checked_sub(1)?)
    }

    /// `guide: 3 phases, 15 stages`.
    pub fn summary(&self) -> String {
        let n = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        format!(
            "{}: {}, {}",
            self.name,
            n(self.phases.len(), "phase"),
            n(self.stages.len(), "stage")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pipeline_of_the_guide_has_no_slip() {
        let guide = Pipeline::parse(GUIDE).unwrap();
        assert_eq!(guide.summary(), "guide: 3 phases, 15 stages");
        assert_eq!(&guide, Pipeline::guide());
        let ancestors: Vec<&str> = guide.ancestors(&EventType::from("slots_created")).collect();
        assert_eq!(
            ancestors,
            ["company_promoted", "company_validated", "company_created"]
        );
        assert!(!guide.is_personal(&EventType::from("slots_created")));
        assert!(guide.is_personal(&EventType::from("a_stage_of_their_own")));
    }
}
