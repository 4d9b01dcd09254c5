//! What has changed since something was done that can be taken back.

use super::Store;
use crate::domain::{
    alert::{self, RuleId},
    event::RowId,
    plan::Mutation,
    triage::{Place, Standing, TriageTarget},
};

impl Store {
    /// What is known to have changed of the rows that `undo` is about, in a few words; what was looked at last is asked
    /// again when its plan is shown.
    pub fn since(&self, undo: &Mutation) -> String {
        match undo {
            Mutation::ReopenErrors { ids, .. } => self.errors_since(ids),
            Mutation::SetWorkflowActive { id, active, .. } => self.workflow_since(id, *active),
            Mutation::DeleteTestEvents { ids, .. } => self.events_since(ids),
            Mutation::DeleteClones(_) => self.events_since(&undo.ids()),
            Mutation::Triage { targets, .. } => self.said_since(targets),
            Mutation::RetryEvents(_)
            | Mutation::ResolveErrors { .. }
            | Mutation::BounceWorkflow { .. }
            | Mutation::StopExecutions(_)
            | Mutation::RetryExecutions { .. }
            | Mutation::InsertEvent(_)
            | Mutation::Note { .. }
            | Mutation::Purge(_) => "not known".to_owned(),
        }
    }

    /// Whether what `undo` would set is seen to be otherwise, whoever did that: a workflow is switched in n8n as well.
    pub fn is_otherwise(&self, undo: &Mutation) -> bool {
        let Mutation::SetWorkflowActive { id, active, .. } = undo else {
            return false;
        };
        let mut known = self.workflows.value().into_iter().flatten();
        known.any(|workflow| workflow.id == *id && workflow.active != *active)
    }

    fn errors_since(&self, ids: &[RowId]) -> String {
        let Some(errors) = self.errors.value() else {
            return "not known".to_owned();
        };
        let open = |id: &&RowId| errors.recent.iter().any(|row| row.id == **id);
        match ids.iter().filter(open).count() {
            0 => "nothing".to_owned(),
            n => format!("{n} of {} are open again", ids.len()),
        }
    }

    fn said_since(&self, targets: &[TriageTarget]) -> String {
        let Some(errors) = self.errors.value() else {
            return "not known".to_owned();
        };
        let nothing = Standing::default();
        let changed = targets.iter().find_map(|target| {
            if let Some(rule) = target.rule() {
                return target.objection(self.said_of(rule).unwrap_or(&nothing));
            }
            let mut groups = errors.groups.iter();
            let group = groups.find(|group| group.id == target.id)?;
            target.objection(&group.standing)
        });
        changed.unwrap_or_else(|| "nothing".to_owned())
    }

    /// What operators say of `rule`, whether it holds or not; `None` where nothing is said, and where nothing is known.
    pub fn said_of(&self, rule: RuleId) -> Option<&Standing> {
        let mut said = self.errors.value()?.alerts.iter();
        let own = said.find(|triage| triage.id == rule.key());
        own.map(|triage| &triage.standing)
    }

    /// Where what operators say is kept.
    pub fn said_in(&self) -> Place {
        let place = self.errors.value().map(|errors| errors.place.clone());
        place.unwrap_or_default()
    }

    /// How many alerts wait for somebody to acknowledge them, and how many are silenced; `None` where what is said of them, which is
    /// read with the errors, is not known.
    pub fn unacked_and_silenced(&self) -> Option<(usize, usize)> {
        self.errors.value().map(|_| alert::counted(&self.alerts))
    }

    fn workflow_since(&self, id: &RowId, wanted: bool) -> String {
        let Some(workflows) = self.workflows.value() else {
            return "not known".to_owned();
        };
        match workflows.iter().find(|workflow| workflow.id == *id) {
            None => "it is gone".to_owned(),
            Some(now) if now.active == wanted && wanted => "it is active already".to_owned(),
            Some(now) if now.active == wanted => "it is off already".to_owned(),
            Some(_) => "nothing".to_owned(),
        }
    }

    fn events_since(&self, ids: &[RowId]) -> String {
        let moved: Vec<String> = ids
            .iter()
            .filter_map(|id| self.stream.get(id))
            .filter(|row| row.status != crate::domain::event::EventStatus::Pending)
            .map(|row| format!("{} is {}", row.id, row.status.label()))
            .collect();
        if moved.is_empty() {
            "nothing".to_owned()
        } else {
            moved.join(", ")
        }
    }
}
