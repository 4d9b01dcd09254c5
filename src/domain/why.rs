//! Why a stage is stuck, or its events fail: every hypothesis there is, each with what speaks for it, against it, and what
//! is not known. Deterministic rules over facts at hand; a missing input is named, never guessed over.

mod rules;

use serde::{Deserialize, Serialize};

use super::{
    Timestamp,
    error_group::{ErrorDetail, ErrorGroup},
    flow::FlowLine,
    pipeline::Stage,
    untrusted::Untrusted,
    workflow::{Executions, Workflow},
};

/// Which way a clue points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It speaks for the hypothesis.
    Supports,
    /// It speaks against it.
    Contradicts,
    /// The input is missing.
    Unknown,
}

/// A fact, or the want of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// Which way it points.
    pub weight: Weight,
    /// What it is; of a missing input, what to do to have it.
    pub says: String,
}

/// What may be the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hypothesis {
    /// In a few words.
    pub name: &'static str,
    /// What is known of it.
    pub clues: Vec<Clue>,
    /// What to do next where it is the reason.
    pub next: &'static str,
}

/// What the database says of its own part, looked up when somebody asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Triggers on tables of the pipeline that are switched off, as `table.trigger`.
    pub switched_off: Vec<String>,
    /// Whether some trigger that runs notifies.
    pub notifies: bool,
    /// Sessions that wait for a lock.
    pub waiting: u64,
    /// For how long the longest of them has, s.
    pub longest_s: u64,
}

/// What became of the rows of a stage, as far as the stream has them, that may be nobody's doing whom n8n or the audit knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unexplained {
    /// Events that were seen and are not in the table any more.
    pub gone: u64,
    /// Events that have ended.
    pub ended: u64,
    /// Those of them that name no run.
    pub unnamed: u64,
    /// Whether the event that the sample names is not there.
    pub is_orphan: bool,
    /// Who purged last, and when, since the record of the sample began.
    pub purged: Option<(Untrusted, Timestamp)>,
    /// Why it is not known what operators did, if it is not.
    pub lack: Option<String>,
}

/// An input: what is known, or why it is not.
pub type Input<'a, T> = Result<&'a T, String>;

/// What is known of a stage, and of a group of its errors where one is asked about.
#[derive(Debug)]
pub struct Case<'a> {
    /// The stage, where the pipeline has it.
    pub stage: Option<&'a Stage>,
    /// How it flows.
    pub line: Option<&'a FlowLine>,
    /// How the stage above it flows.
    pub upstream: Option<&'a FlowLine>,
    /// The group of errors.
    pub group: Option<&'a ErrorGroup>,
    /// A sample of it.
    pub sample: Option<&'a ErrorDetail>,
    /// The workflows.
    pub workflows: Input<'a, Vec<Workflow>>,
    /// The executions.
    pub executions: Input<'a, Executions>,
    /// The database's own part.
    pub probe: Input<'a, Probe>,
    /// What became of its rows; nothing before the stream was read.
    pub rows: Option<Unexplained>,
    /// The database's clock minus ours, ms.
    pub skew_ms: Option<i64>,
}

impl Hypothesis {
    /// How many clues point that way.
    pub fn count(&self, weight: Weight) -> usize {
        self.clues
            .iter()
            .filter(|clue| clue.weight == weight)
            .count()
    }

    /// How much speaks for it: what contradicts weighs as much as what supports.
    fn balance(&self) -> i64 {
        let n = |weight| self.count(weight) as i64;
        n(Weight::Supports) - n(Weight::Contradicts)
    }
}

/// Every hypothesis of which something is known or could be, the likeliest first. Of two that stand alike, the one that
/// more is missing of comes later.
pub fn explain(case: &Case<'_>) -> Vec<Hypothesis> {
    let mut found: Vec<Hypothesis> = rules::ALL
        .iter()
        .map(|rule| Hypothesis {
            name: rule.name,
            clues: (rule.clues)(case),
            next: rule.next,
        })
        .filter(|hypothesis| !hypothesis.clues.is_empty())
        .collect();
    found.sort_by_key(|hypothesis| (-hypothesis.balance(), hypothesis.count(Weight::Unknown)));
    found
}

#[cfg(test)]
mod tests;
