//! A frozen set of changes, shown before anything runs, and what became of it.

mod examination;
mod insert;
mod outcome;
mod paced;
mod printed;
mod purge;
mod quiet;
mod run;
mod strategy;
mod taken;
mod tier;
mod words;

use serde::{Deserialize, Serialize};

pub use self::{
    examination::{Chance, Examination, Leaf, Version},
    insert::{INSERTED_BY, MOST_BYTES, NewEvent, TEST},
    outcome::{EventClone, Marks, Outcome},
    purge::{Old, Pace, Progress, Purge, PurgeStep, Purging, Retention, Table},
    quiet::Quiet,
    run::{Revision, RunTarget, unretriable, unstoppable},
    strategy::{Retry, Retrying, Strategy},
    taken::{Taken, taken},
    tier::{Tier, Unready},
};
use super::{
    Timestamp,
    audit::about,
    batch::Pacing,
    event::{EventType, RowId},
    pipeline::SideEffect,
    triage::{self, Deed, Place, TriageTarget},
    untrusted::Untrusted,
};

/// An event to retry, in the state it was shown in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTarget {
    /// Its key.
    pub id: RowId,
    /// Its stage.
    pub stage: EventType,
    /// What its workflow does outside when it runs again.
    pub side_effect: SideEffect,
    /// The status it was shown with, in the database's own word; a row that has another by now is skipped.
    pub raw_status: Untrusted,
    /// The retry count it was shown with; a row that has another by now is skipped.
    pub retries: u32,
}

/// A change to the outside world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mutation {
    /// Try events again.
    RetryEvents(Retry),
    /// Delete clones that nobody has touched: the undo of retrying by them.
    DeleteClones(Vec<EventClone>),
    /// Mark errors as resolved, with a note.
    ResolveErrors {
        /// The errors, all unresolved when shown.
        ids: Vec<RowId>,
        /// Why, in the operator's words; not empty.
        note: String,
    },
    /// Mark errors as unresolved again: the undo of resolving them.
    ReopenErrors {
        /// The errors, all resolved when shown.
        ids: Vec<RowId>,
        /// Why.
        note: String,
        /// Who resolved them; what somebody else has resolved since is left alone. Empty where an older program wrote it down.
        #[serde(default)]
        by: String,
        /// What tells that from any later resolution, of each; empty where an older program wrote it down.
        #[serde(default)]
        marks: Marks,
    },
    /// Activate or deactivate a workflow.
    SetWorkflowActive {
        /// Its key.
        id: RowId,
        /// Its name.
        name: Untrusted,
        /// What it is to become; it was the other when shown.
        active: bool,
    },
    /// Deactivate a workflow, wait, and activate it again, so that its webhooks are registered anew.
    BounceWorkflow {
        /// Its key.
        id: RowId,
        /// Its name.
        name: Untrusted,
    },
    /// Stop executions that have not ended.
    StopExecutions(Vec<RunTarget>),
    /// Run failed executions again from the node that failed.
    RetryExecutions {
        /// Which.
        targets: Vec<RunTarget>,
        /// The version of the workflow to run.
        revision: Revision,
    },
    /// Write a test event, as pending.
    InsertEvent(Box<NewEvent>),
    /// Delete test events that nobody has touched: the undo of writing them.
    DeleteTestEvents {
        /// Which; all inserted by us.
        ids: Vec<RowId>,
        /// Who inserted them.
        by: String,
    },
    /// Say who has groups of errors, what is noted of them, until when they are left alone; the same of alert rules.
    Triage {
        /// What it is about.
        deed: Deed,
        /// The groups, or the rules.
        targets: Vec<TriageTarget>,
        /// Where it is kept.
        place: Place,
    },
    /// Delete what is old and done.
    Purge(Purge),
    /// Write down that something happened, such as a deployment; changes nothing else.
    Note {
        /// What, in the operator's words; not empty.
        note: String,
    },
}

/// A mutation as it is shown, and exactly as it will run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What will change.
    pub mutation: Mutation,
    /// When the set was frozen.
    pub frozen_at: Timestamp,
    /// What the database said of it; `None` until it has.
    pub examined: Option<Examination>,
    /// Why, in the operator's words, where the plan asked for it.
    pub reason: Option<String>,
    /// How it goes about its rows, where it is carried out as a batch; else all are changed at once.
    #[serde(default)]
    pub pacing: Option<Pacing>,
    /// What was chosen and is not in it, with the numbers and why.
    #[serde(default)]
    pub left_out: Option<Box<str>>,
}

impl Plan {
    /// A plan that nobody has looked into yet.
    pub const fn new(mutation: Mutation, frozen_at: Timestamp) -> Self {
        Self {
            mutation,
            frozen_at,
            examined: None,
            reason: None,
            pacing: None,
            left_out: None,
        }
    }

    /// Whether a row that was left alone for this reason was for the hour of the day alone.
    pub fn is_for_the_hour(&self, why: &str) -> bool {
        let Mutation::RetryEvents(retry) = &self.mutation else {
            return false;
        };
        retry.quiet.as_ref().is_some_and(|quiet| quiet.why() == why)
    }

    /// About how many lines it takes to show it, at most.
    pub fn lines(&self) -> usize {
        let said = self.examined.as_ref().map_or(0, |examined| {
            3 * (examined.blocked.len() + examined.unknown.len())
                + examined.statement.lines().count() * 2
        });
        self.mutation.len() + said + 24
    }

    /// The name of the way in which it is carried out.
    pub const fn strategy_name(&self) -> &'static str {
        if let Mutation::RetryEvents(retry) = &self.mutation {
            retry.strategy.name()
        } else {
            "update"
        }
    }

    /// Whether the commits of its transactions alone say what became of it.
    pub const fn ends_with_commit(&self) -> bool {
        if let Mutation::RetryEvents(retry) = &self.mutation {
            retry.strategy.ends_with_commit()
        } else {
            !self.mutation.is_in_n8n()
        }
    }

    /// The keys of the rows that would run, as they were chosen: those that are not blocked.
    pub fn runs(&self) -> Vec<RowId> {
        let mut ids = self.mutation.ids();
        if let Some(examined) = self
            .examined
            .as_ref()
            .filter(|_| !self.mutation.is_in_n8n())
        {
            let versions = examined.versions();
            ids.retain(|id| versions.contains_key(id));
        }
        ids
    }

    /// How many rows would run: those of the mutation that are not blocked.
    pub fn running(&self) -> usize {
        match &self.examined {
            Some(examined) if !self.mutation.is_in_n8n() => examined.eligible.len(),
            Some(_) | None => self.mutation.len(),
        }
    }
}

impl Mutation {
    /// How many rows it would change.
    pub const fn len(&self) -> usize {
        match self {
            Self::RetryEvents(retry) => retry.targets.len(),
            Self::DeleteClones(clones) => clones.len(),
            Self::Purge(_) => Table::ALL.len(),
            Self::ResolveErrors { ids, .. }
            | Self::ReopenErrors { ids, .. }
            | Self::DeleteTestEvents { ids, .. } => ids.len(),
            Self::SetWorkflowActive { .. }
            | Self::BounceWorkflow { .. }
            | Self::InsertEvent(_)
            | Self::Note { .. } => 1,
            Self::StopExecutions(targets) | Self::RetryExecutions { targets, .. } => targets.len(),
            Self::Triage { targets, .. } => targets.len(),
        }
    }

    /// Whether it is n8n that it changes, and not the database.
    pub const fn is_in_n8n(&self) -> bool {
        match self {
            Self::RetryEvents(_)
            | Self::DeleteClones(_)
            | Self::ResolveErrors { .. }
            | Self::ReopenErrors { .. }
            | Self::InsertEvent(_)
            | Self::DeleteTestEvents { .. }
            | Self::Triage { .. }
            | Self::Note { .. }
            | Self::Purge(_) => false,
            Self::SetWorkflowActive { .. }
            | Self::BounceWorkflow { .. }
            | Self::StopExecutions(_)
            | Self::RetryExecutions { .. } => true,
        }
    }

    /// The other way to do about the same, where there is one.
    pub fn other_way(&self) -> Option<Self> {
        match self {
            Self::SetWorkflowActive {
                id,
                name,
                active: false,
            } => Some(Self::BounceWorkflow {
                id: id.clone(),
                name: name.clone(),
            }),
            Self::BounceWorkflow { id, name } => Some(Self::SetWorkflowActive {
                id: id.clone(),
                name: name.clone(),
                active: false,
            }),
            Self::RetryExecutions { targets, revision } => Some(Self::RetryExecutions {
                targets: targets.clone(),
                revision: revision.other(),
            }),
            Self::RetryEvents(retry) => Some(Self::RetryEvents(retry.other_way())),
            Self::DeleteClones(_)
            | Self::ResolveErrors { .. }
            | Self::ReopenErrors { .. }
            | Self::SetWorkflowActive { .. }
            | Self::StopExecutions(_)
            | Self::InsertEvent(_)
            | Self::DeleteTestEvents { .. }
            | Self::Triage { .. }
            | Self::Note { .. }
            | Self::Purge(_) => None,
        }
    }

    /// The same, and people are written to in quiet hours too, or no more; `None` where that makes no difference.
    pub fn at_any_hour(&self) -> Option<Self> {
        let Self::RetryEvents(retry) = self else {
            return None;
        };
        let way = retry.writes().then(|| retry.at_any_hour())?;
        way.map(Self::RetryEvents)
    }

    /// Whether it is kept on this machine alone.
    pub const fn is_local(&self) -> bool {
        matches!(
            self,
            Self::Triage {
                place: Place::Local(_),
                ..
            }
        )
    }

    /// Whether it writes down why, as the note of each row.
    pub const fn takes_note(&self) -> bool {
        matches!(self, Self::ResolveErrors { .. } | Self::ReopenErrors { .. })
    }

    /// Whether it would change nothing.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys of its rows, as they were chosen.
    pub fn ids(&self) -> Vec<RowId> {
        match self {
            Self::RetryEvents(retry) => {
                let targets = retry.targets.iter();
                targets.map(|target| target.id.clone()).collect()
            }
            Self::DeleteClones(clones) => clones.iter().map(|clone| clone.id.clone()).collect(),
            Self::ResolveErrors { ids, .. }
            | Self::ReopenErrors { ids, .. }
            | Self::DeleteTestEvents { ids, .. } => ids.clone(),
            Self::Purge(_) => Table::ALL.map(Table::id).to_vec(),
            Self::Note { .. } => vec![about::note()],
            // It has no key before it is written.
            Self::InsertEvent(_) => Vec::new(),
            Self::SetWorkflowActive { id, .. } | Self::BounceWorkflow { id, .. } => {
                vec![id.clone()]
            }
            Self::StopExecutions(targets) | Self::RetryExecutions { targets, .. } => {
                targets.iter().map(|target| target.id.clone()).collect()
            }
            Self::Triage { targets, .. } => targets.iter().map(TriageTarget::key).collect(),
        }
    }

    /// What takes back what it did, as `outcome` says, where the data allows that: a retry starts a workflow, which nothing
    /// takes back, but a clone that no workflow has taken is deleted again. `who` did it.
    pub fn undo(&self, outcome: &Outcome, who: &str) -> Option<Self> {
        let done = outcome.done.as_slice();
        if done.is_empty() {
            return None;
        }
        match self {
            Self::RetryEvents(_) => {
                let clones = outcome.clones.clone();
                (!clones.is_empty()).then_some(Self::DeleteClones(clones))
            }
            Self::DeleteClones(_)
            | Self::ReopenErrors { .. }
            | Self::BounceWorkflow { .. }
            | Self::StopExecutions(_)
            | Self::RetryExecutions { .. }
            | Self::DeleteTestEvents { .. }
            | Self::Purge(_)
            | Self::Note { .. } => None,
            Self::Triage {
                deed,
                targets,
                place,
            } => Some(Self::Triage {
                deed: deed.back()?,
                targets: triage::back(targets, done),
                place: place.clone(),
            }),
            Self::InsertEvent(event) => Some(Self::DeleteTestEvents {
                ids: done.to_vec(),
                by: event.text(&[INSERTED_BY]).unwrap_or_default(),
            }),
            Self::ResolveErrors { note, .. } => Some(Self::ReopenErrors {
                ids: done.to_vec(),
                note: format!("undone: {note}"),
                by: who.to_owned(),
                marks: outcome.marks.clone(),
            }),
            Self::SetWorkflowActive { id, name, active } => Some(Self::SetWorkflowActive {
                id: id.clone(),
                name: name.clone(),
                active: !active,
            }),
        }
    }
}
