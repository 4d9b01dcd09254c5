//! The ways in which events are tried again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EventTarget, Mutation, Quiet};
use crate::domain::pipeline::{Pipeline, SideEffect};

/// A way to try an event again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Set it to pending again and notify.
    #[default]
    Requeue,
    /// Write a new pending event with the same type and payload; the old one keeps its state.
    Clone,
    /// Call the webhook of its stage.
    Webhook,
}

impl Strategy {
    /// Their words in the configuration and on the command line.
    pub const WORDS: &'static [&'static str] = &["requeue", "clone", "webhook"];

    /// The strategy of this word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "requeue" => Some(Self::Requeue),
            "clone" => Some(Self::Clone),
            "webhook" => Some(Self::Webhook),
            _ => None,
        }
    }

    /// Its name in plans and in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requeue => "requeue+notify",
            Self::Clone => "clone",
            Self::Webhook => "webhook",
        }
    }

    /// Whether the commit of its transaction alone says that the event was tried again. Of a call it says only that the
    /// call was about to leave.
    pub const fn ends_with_commit(self) -> bool {
        match self {
            Self::Requeue | Self::Clone => true,
            Self::Webhook => false,
        }
    }
}

/// Events to try again, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The events.
    pub targets: Vec<EventTarget>,
    /// How.
    pub strategy: Strategy,
    /// The address of the webhook of each of their stages that has one, by the stage's event; a path where it lies behind the
    /// address of n8n. Empty where none can be called.
    pub webhooks: BTreeMap<String, String>,
    /// The hours in which those that write to people are left alone, where there are such.
    #[serde(default)]
    pub quiet: Option<Quiet>,
}

impl Retry {
    /// The same events, by the next strategy that can be had.
    #[must_use]
    pub fn other_way(&self) -> Self {
        let strategy = match self.strategy {
            Strategy::Requeue => Strategy::Clone,
            Strategy::Clone if !self.webhooks.is_empty() => Strategy::Webhook,
            Strategy::Clone | Strategy::Webhook => Strategy::Requeue,
        };
        Self {
            strategy,
            ..self.clone()
        }
    }

    /// The same events, and people are written to in quiet hours too, or no more; `None` where no hours are quiet.
    pub fn at_any_hour(&self) -> Option<Self> {
        let quiet = self.quiet.clone()?;
        let is_overridden = !quiet.is_overridden;
        Some(Self {
            quiet: Some(Quiet {
                is_overridden,
                ..quiet
            }),
            ..self.clone()
        })
    }

    /// Whether some of its events write to people.
    pub fn writes(&self) -> bool {
        let mut targets = self.targets.iter();
        targets.any(|it| it.side_effect == SideEffect::PersonFacing)
    }

    /// Whether people are written to all the same, whatever the hour.
    pub fn is_overridden(&self) -> bool {
        self.quiet.as_ref().is_some_and(|quiet| quiet.is_overridden)
    }

    /// The address of the webhook that takes `target`, if one is known.
    pub fn webhook(&self, target: &EventTarget) -> Option<&str> {
        self.webhooks.get(target.stage.raw()).map(String::as_str)
    }
}

impl From<Vec<EventTarget>> for Retry {
    /// They are set to pending again.
    fn from(targets: Vec<EventTarget>) -> Self {
        Self {
            targets,
            strategy: Strategy::default(),
            webhooks: BTreeMap::new(),
            quiet: None,
        }
    }
}

/// How events are tried again at this site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retrying {
    /// What is proposed first.
    pub strategy: Strategy,
    /// What stands before the path of each webhook: an address, or a path behind that of n8n; `None` where n8n has none.
    pub webhooks: Option<String>,
    /// When people are not to be written to.
    pub quiet: Option<Quiet>,
}

impl Retrying {
    /// The same, and people are written to in quiet hours too, where that is said.
    #[must_use]
    pub fn at(mut self, any_hour: bool) -> Self {
        if let Some(quiet) = &mut self.quiet {
            quiet.is_overridden = any_hour;
        }
        self
    }

    /// The change that tries `targets` again, as it is proposed first.
    pub fn propose(&self, pipeline: &Pipeline, targets: Vec<EventTarget>) -> Mutation {
        let address = |target: &EventTarget| {
            let base = self.webhooks.as_deref()?.trim_end_matches('/');
            let stage = pipeline.find(&target.stage)?;
            let path = stage.webhook.trim_start_matches('/');
            Some((stage.event.clone(), format!("{base}/{path}")))
        };
        Mutation::RetryEvents(Retry {
            webhooks: targets.iter().filter_map(address).collect(),
            targets,
            strategy: self.strategy,
            quiet: self.quiet.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::{EventType, RowId},
        pipeline::SideEffect,
        untrusted::Untrusted,
    };

    fn target(stage: &str) -> EventTarget {
        EventTarget {
            id: RowId::from(1),
            stage: EventType::from(stage),
            side_effect: SideEffect::Internal,
            raw_status: Untrusted::from("failed"),
            retries: 0,
        }
    }

    fn proposed(webhooks: Option<&str>) -> Retry {
        let here = Retrying {
            strategy: Strategy::Requeue,
            webhooks: webhooks.map(str::to_owned),
            ..Retrying::default()
        };
        let targets = vec![target("company_created"), target("a stage of the site")];
        let Mutation::RetryEvents(retry) = here.propose(Pipeline::guide(), targets) else {
            unreachable!("another change");
        };
        retry
    }

    #[test]
    fn each_stage_has_the_webhook_of_the_pipeline_and_one_it_does_not_know_has_none() {
        let retry = proposed(Some("https://n8n.example/webhook/"));
        let addresses: Vec<Option<&str>> =
            retry.targets.iter().map(|it| retry.webhook(it)).collect();
        let first = "https://n8n.example/webhook/validate-company";
        assert_eq!(addresses, [Some(first), None]);
    }

    #[test]
    fn the_other_ways_come_round_and_leave_out_what_cannot_be_had() {
        let round = |retry: Retry| {
            let ways = std::iter::successors(Some(retry), |retry| Some(retry.other_way()));
            let names = ways.take(4).map(|retry| retry.strategy.name());
            names.collect::<Vec<_>>()
        };
        assert_eq!(
            round(proposed(Some("/webhook"))),
            ["requeue+notify", "clone", "webhook", "requeue+notify"]
        );
        assert_eq!(
            round(proposed(None)),
            ["requeue+notify", "clone", "requeue+notify", "clone"]
        );
    }

    #[test]
    fn every_word_names_a_strategy_and_no_other_does() {
        assert!(
            Strategy::WORDS
                .iter()
                .all(|word| Strategy::parse(word).is_some())
        );
        assert_eq!(Strategy::parse("Clone"), None);
    }
}
