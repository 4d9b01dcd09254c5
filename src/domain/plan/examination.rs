//! What a look at the database said about a plan before anybody may confirm it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    super::{batch::Usual, error_group::Fingerprint, event::RowId},
    Old,
};

/// A row as the look found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its key.
    pub id: RowId,
    /// The transaction that wrote it, as the server says; `None` where rows have no versions, as in a view.
    pub xmin: Option<String>,
}

/// What of a plan is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Leaf {
    /// What it does.
    #[default]
    Facts,
    /// Its statement or request.
    Statement,
    /// The rows that must not run, and why.
    Blocked,
}

/// How earlier retries of the same went: of the same stages, after the same errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chance {
    /// Those that ended well.
    pub ok: u32,
    /// All that have ended, of the newest.
    pub of: u32,
}

/// What was found. Rows that are blocked are shown with the reason, and are not run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    /// The rows that may run, each in the version it was found in.
    pub eligible: Vec<Version>,
    /// The rows that must not run, and why.
    pub blocked: Vec<(RowId, String)>,
    /// People who would receive something, each counted once.
    pub people: usize,
    /// Campaigns they are in.
    pub campaigns: usize,
    /// What could not be looked at, in sentences: then nobody knows whether somebody is written to twice.
    pub unknown: Vec<String>,
    /// The statement that would run, as this database gets it.
    pub statement: String,
    /// What there is to purge, by table.
    #[serde(default)]
    pub old: Vec<Old>,
    /// What rows failed with before, where that is known.
    #[serde(default)]
    pub causes: BTreeMap<RowId, Fingerprint>,
    /// How earlier retries of the same went; `None` where that is not known.
    #[serde(default)]
    pub chance: Option<Chance>,
    /// What the stages of its events do in a usual minute.
    #[serde(default)]
    pub usual: Usual,
}

impl Examination {
    /// The version that the row `id` was found in; `None` for one that must not run.
    pub fn version(&self, id: &RowId) -> Option<&Version> {
        self.eligible.iter().find(|version| version.id == *id)
    }

    /// The rows that may run, by key: what is asked of each row of a plan, which may have 100,000.
    pub fn versions(&self) -> HashMap<&RowId, &Version> {
        let rows = self.eligible.iter();
        rows.map(|version| (&version.id, version)).collect()
    }
}
