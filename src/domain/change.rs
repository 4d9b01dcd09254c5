//! What changed around the rows: alerts, and workflows of n8n.

use std::collections::VecDeque;

use super::{
    Timestamp,
    alert::{Alert, Level, RuleId},
    event::{EventType, RowId},
    untrusted::Untrusted,
    workflow::Workflow,
};

/// Changes that are kept, the newest.
const MOST: usize = 512;

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Changed,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// An alert began to fire, or ended.
    Alert {
        /// Its rule.
        rule: RuleId,
        /// Whether it fires from then on.
        fires: bool,
        /// The stage it was about.
        stage: Option<EventType>,
    },
    /// A workflow.
    Workflow {
        /// Its key.
        id: RowId,
        /// Its name then.
        name: Untrusted,
        /// How.
        how: Edit,
    },
}

/// How a workflow changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// It was saved: n8n has it as last changed then, and says no more.
    Saved,
    /// It was activated.
    Activated,
    /// It was deactivated.
    Deactivated,
    /// It was archived.
    Archived,
    /// It is there no more.
    Gone,
}

impl Edit {
    /// What was done, in a word or two.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Saved => "changed in n8n",
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Archived => "archived",
            Self::Gone => "gone from n8n",
        }
    }
}

impl Changed {
    /// How urgent it is, of an alert that begins to fire.
    pub const fn level(&self) -> Option<Level> {
        match self {
            Self::Alert {
                rule, fires: true, ..
            } => Some(rule.rule().level),
            Self::Alert { .. } | Self::Workflow { .. } => None,
        }
    }
}

/// What changed while somebody watched, the oldest first, and of each workflow when it was last changed before.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    log: VecDeque<Change>,
    since: Option<Timestamp>,
}

impl Changes {
    /// The changes, in the order in which they were noticed.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.log.iter()
    }

    /// Since when alerts are watched; what they did before nobody wrote down.
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    fn note(&mut self, at: Timestamp, what: Changed) {
        if self.log.len() >= MOST {
            self.log.pop_front();
        }
        self.log.push_back(Change { at, what });
    }

    /// Takes in how alerts stand at `at`, and how they stood before.
    pub fn alerts(&mut self, at: Timestamp, (before, after): (&[Alert], &[Alert])) {
        self.since.get_or_insert(at);
        for alert in after {
            let mut known = before.iter();
            let did = known.find(|known| known.rule == alert.rule);
            let did = did.is_some_and(Alert::is_firing);
            if did != alert.is_firing() {
                let what = Changed::Alert {
                    rule: alert.rule,
                    fires: !did,
                    stage: alert.stage(),
                };
                self.note(at, what);
            }
        }
    }

    /// Takes in the workflows as n8n has them at `at`, and as it had them before, if they were read before.
    pub fn workflows(
        &mut self,
        at: Timestamp,
        (before, after): (Option<&Vec<Workflow>>, &[Workflow]),
    ) {
        for workflow in after {
            let known = before.and_then(|all| all.iter().find(|known| known.id == workflow.id));
            let how = match known {
                Some(known) if !known.archived && workflow.archived => Edit::Archived,
                Some(known) if !known.active && workflow.active => Edit::Activated,
                Some(known) if known.active && !workflow.active => Edit::Deactivated,
                Some(known) if known.updated_at == workflow.updated_at => continue,
                Some(_) | None => Edit::Saved,
            };
            // What was not seen to happen is known by its time alone.
            let when = match (how, workflow.updated_at) {
                (_, Some(at)) if known.is_none_or(|known| known.updated_at != Some(at)) => at,
                (Edit::Saved, _) => continue,
                (_, _) => at,
            };
            self.workflow(when, workflow, how);
        }
        let gone = before.into_iter().flatten();
        for known in gone.filter(|known| after.iter().all(|now| now.id != known.id)) {
            self.workflow(at, known, Edit::Gone);
        }
    }

    fn workflow(&mut self, at: Timestamp, workflow: &Workflow, how: Edit) {
        let what = Changed::Workflow {
            id: workflow.id.clone(),
            name: workflow.name.clone(),
            how,
        };
        self.note(at, what);
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::alert::{Look, Reading, Rules};

    fn at(second: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn told(changes: &Changes) -> Vec<(i64, String)> {
        let word = |change: &Change| {
            let words = match &change.what {
                Changed::Alert { rule, fires, .. } => format!("{} {fires}", rule.rule().name),
                Changed::Workflow { id, how, .. } => format!("{id} {}", how.word()),
            };
            ((change.at - at(0)).num_seconds(), words)
        };
        changes.iter().map(word).collect()
    }

    #[test]
    fn an_alert_is_told_when_it_begins_and_when_it_ends() {
        let value = |value| Reading::Value {
            value,
            n: 500,
            stage: None,
        };
        let mut alerts = Rules::default().alerts(at(0));
        let mut changes = Changes::default();
        for (second, reading) in [(1, 101.0), (2, 400.0), (3, 1.0), (63, 1.0), (70, 1.0)] {
            let before = alerts.clone();
            for alert in &mut alerts {
                if alert.rule == RuleId::PipelineStalled {
                    alert.step(value(reading), Look::at_once(at(second)));
                }
            }
            changes.alerts(at(second), (&before, &alerts));
        }
        let name = RuleId::PipelineStalled.rule().name;
        let expected = [(1, format!("{name} true")), (63, format!("{name} false"))];
        assert_eq!(told(&changes), expected);
        assert_eq!(changes.since(), Some(at(1)));
    }

    #[test]
    fn a_workflow_is_told_when_it_was_last_changed_and_then_by_what_becomes_of_it() {
        let workflow = |id: i64, active, archived, second: Option<i64>| Workflow {
            id: RowId::from(id),
            name: Untrusted::from("CRM Syncer"),
            active,
            archived,
            updated_at: second.map(at),
            webhooks: Vec::new(),
        };
        let polls = [
            vec![
                workflow(1, true, false, Some(-900)),
                workflow(2, true, false, None),
            ],
            vec![
                workflow(1, true, false, Some(-900)),
                workflow(2, false, false, None),
            ],
            vec![
                workflow(1, true, false, Some(25)),
                workflow(2, true, true, None),
            ],
            vec![workflow(1, false, false, Some(38))],
        ];
        let mut changes = Changes::default();
        let mut before = None;
        for (nth, poll) in polls.into_iter().enumerate() {
            changes.workflows(at(nth as i64 * 10), (before.as_ref(), &poll));
            before = Some(poll);
        }
        let expected = [
            (-900, "1 changed in n8n"),
            (10, "2 deactivated"),
            (25, "1 changed in n8n"),
            (20, "2 archived"),
            (38, "1 deactivated"),
            (30, "2 gone from n8n"),
        ];
        let expected = expected.map(|(second, words)| (second, words.to_owned()));
        assert_eq!(told(&changes), expected);
    }

    #[test]
    fn no_more_than_a_bounded_number_is_kept() {
        let mut changes = Changes::default();
        for second in 0..2_000 {
            let what = Changed::Workflow {
                id: RowId::from(second),
                name: Untrusted::default(),
                how: Edit::Saved,
            };
            changes.note(at(second), what);
        }
        assert_eq!(changes.iter().count(), MOST);
        assert_eq!(changes.iter().next().unwrap().at, at(2_000 - MOST as i64));
    }
}
