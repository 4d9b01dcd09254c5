//! One transaction's worth of a plan, and what it works with.

use super::{
    commit::{Commit, Witness},
    purge::{Page, Place},
    webhooks::Claim,
};
use crate::domain::{
    event::RowId,
    plan::{Mutation, Outcome, Plan},
    triage::TriageTarget,
};

/// One transaction's worth of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// Try these events of the plan again, by what the database alone can do.
    Retry(&'a Plan, &'a [RowId]),
    /// Take this event of the plan for a call to its webhook.
    Claim(&'a Plan, &'a RowId),
    /// Put an event back that nobody accepted.
    PutBack(&'a Plan, &'a Claim, &'a Outcome),
    /// See what became of an event whose call got no clear answer.
    Settle(&'a Plan, &'a Claim, &'a Outcome),
    /// Purge this page of keys.
    Purge(&'a Plan, Place<'a>),
    /// Delete these clones of the plan.
    Clones(&'a Plan, &'a [RowId]),
    /// Resolve or reopen these errors of the plan.
    Errors(&'a Plan, &'a [RowId]),
    /// Insert the test event of the plan, or delete its test events.
    TestEvents(&'a Plan),
    /// Say what the plan says of these groups of errors.
    Triage(&'a Plan, &'a [TriageTarget]),
    /// Write into the audit log what the plan did outside the database.
    Note(&'a Plan, &'a Outcome),
    /// Write into the audit log that the batch of the plan begins, rests, is stopped or ends, and what came of it so far.
    Phase(&'a Plan, &'a Outcome, &'static str),
}

/// What a step works with, and what it leaves behind when its line breaks.
pub(super) struct Ticket<'a> {
    /// Who writes.
    pub(super) who: &'a str,
    /// Who is told before the commit.
    pub(super) witness: Option<&'a mut dyn Witness>,
    /// The commit, once it was sent.
    pub(super) commit: Option<Commit>,
    /// The event that was taken for a call.
    pub(super) claim: Option<Claim>,
    /// The version of the event that was put back.
    pub(super) put_back: Option<String>,
    /// The page of keys that was purged.
    pub(super) page: Option<Page>,
    /// What is carried out.
    pub(super) mutation: &'a Mutation,
    /// The batch that the line in the audit log is of, and what it tells of it.
    pub(super) batch: Option<(&'a str, &'static str)>,
}

/// What a step left that was carried out.
#[derive(Debug)]
pub(super) struct Left {
    /// The event that was taken for a call.
    pub(super) claim: Option<Claim>,
    /// The version of the event that was put back.
    pub(super) put_back: Option<String>,
    /// The page of keys that was purged.
    pub(super) page: Option<Page>,
}

impl<'a> Step<'a> {
    /// The plan that it is a step of.
    pub(super) const fn plan(self) -> &'a Plan {
        match self {
            Self::Retry(plan, _)
            | Self::Claim(plan, _)
            | Self::PutBack(plan, ..)
            | Self::Settle(plan, ..)
            | Self::Purge(plan, _)
            | Self::Clones(plan, _)
            | Self::Errors(plan, _)
            | Self::TestEvents(plan)
            | Self::Triage(plan, _)
            | Self::Note(plan, _)
            | Self::Phase(plan, ..) => plan,
        }
    }

    /// What its line in the audit log tells of a batch.
    pub(super) const fn phase(self) -> &'static str {
        if let Self::Phase(_, _, phase) = self {
            phase
        } else {
            "row"
        }
    }
}
