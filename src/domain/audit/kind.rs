//! What the keys of an entry are of.

use serde::{Deserialize, Serialize};

use crate::domain::event::RowId;

/// What a key is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An event.
    Event,
    /// An error.
    Error,
    /// A group of errors.
    Group,
    /// An alert rule.
    Alert,
    /// A workflow of n8n.
    Workflow,
    /// An execution of n8n.
    Execution,
    /// A table, of which rows were deleted whose keys nobody kept.
    Table,
    /// Nothing but what was written down: [`note`].
    Note,
}

/// The key that every note of something that happened has: it is of no row.
pub fn note() -> RowId {
    RowId::from_word("note")
}

/// Whose keys the entries of an action name.
pub const ACTIONS: [(&str, Kind); 22] = [
    ("retry_events", Kind::Event),
    ("delete_clones", Kind::Event),
    ("insert_event", Kind::Event),
    ("delete_test_events", Kind::Event),
    ("resolve_errors", Kind::Error),
    ("reopen_errors", Kind::Error),
    ("ignore_groups", Kind::Group),
    ("wake_groups", Kind::Group),
    ("assign_groups", Kind::Group),
    ("note_groups", Kind::Group),
    ("restore_groups", Kind::Group),
    ("ack_alerts", Kind::Alert),
    ("unack_alerts", Kind::Alert),
    ("silence_alerts", Kind::Alert),
    ("unsilence_alerts", Kind::Alert),
    ("restore_alerts", Kind::Alert),
    ("set_workflow_active", Kind::Workflow),
    ("bounce_workflow", Kind::Workflow),
    ("stop_executions", Kind::Execution),
    ("retry_executions", Kind::Execution),
    ("purge", Kind::Table),
    ("note", Kind::Note),
];

impl Kind {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Error => "error",
            Self::Group => "group",
            Self::Alert => "alert",
            Self::Workflow => "workflow",
            Self::Execution => "execution",
            Self::Table => "table",
            Self::Note => "note",
        }
    }

    /// Whose keys the entries of `action` name; `None` where they name none.
    pub fn of(action: &str) -> Option<Self> {
        let known = ACTIONS.iter().find(|(name, _)| *name == action);
        known.map(|(_, kind)| *kind)
    }
}
