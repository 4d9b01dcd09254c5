//! What lies over the screen.

use super::form::Form;
use crate::domain::{
    Timestamp,
    audit::EntryId,
    batch::{BatchId, Order},
    error_group::GroupId,
    event::{EventType, RowId},
    filter::FilterError,
    plan::{Leaf, Plan, Tier},
    triage::{Deed, Place, TriageTarget},
};

/// What a typed line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The filter of the screen; applied while it is typed.
    Filter,
    /// A filter that is kept, or the name for the one that is set.
    Kept,
    /// A command.
    Palette,
    /// The note with which these errors are to be resolved.
    ResolveNote(Vec<RowId>),
    /// What is to be said of these groups of errors, and where that is kept.
    Triage(Deed, Vec<TriageTarget>, Place),
    /// What happened, to be written down.
    Note,
    /// What confirms the plan that lies below.
    Confirm(Tier),
    /// The pace of the plan that lies below.
    Pace,
    /// What confirms that this batch is told so, or the pace it is told.
    Order(BatchId, Order),
}

/// A line being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is for.
    pub purpose: Purpose,
    /// What stands in it.
    pub text: String,
    /// Where the next character goes, in bytes, on a character boundary.
    pub cursor: usize,
    /// The suggestion that is selected, of [`crate::palette`].
    pub suggestion: usize,
    /// What stood there before the line was opened: leaving the line brings it back.
    pub before: String,
    /// What is wrong with the text, if something is.
    pub error: Option<FilterError>,
}

/// What lies over the screen; the last of a stack is on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// The help, scrolled down by so many lines.
    Help(usize),
    /// The ledger of the stream, scrolled down by so many lines.
    Ledger(usize),
    /// What outpost costs the database, scrolled down by so many lines.
    Cost(usize),
    /// An event, whole.
    Detail {
        /// Which.
        id: RowId,
        /// Lines scrolled down.
        scroll: usize,
        /// Whether long lines are wrapped.
        wrap: bool,
        /// Whether people are shown unmasked.
        reveal: bool,
    },
    /// Errors whole, one after another.
    Errors {
        /// Which, fixed when they were opened.
        ids: Vec<RowId>,
        /// The one that is shown.
        at: usize,
        /// Lines scrolled down.
        scroll: usize,
        /// How they are shown.
        look: Reading,
    },
    /// An execution of n8n whole.
    Run {
        /// Which.
        id: RowId,
        /// Lines scrolled down.
        scroll: usize,
    },
    /// An entry of the audit history whole.
    Audit {
        /// Which.
        id: EntryId,
        /// Lines scrolled down.
        scroll: usize,
    },
    /// Why a stage, or a group of its errors, is as it is.
    Why {
        /// The stage.
        stage: EventType,
        /// The group.
        group: Option<GroupId>,
        /// Lines scrolled down.
        scroll: usize,
    },
    /// How the pipeline stood at a moment.
    Past {
        /// The moment.
        at: Timestamp,
        /// Lines scrolled down.
        scroll: usize,
    },
    /// A plan, fixed when it was made.
    Plan {
        /// What would change.
        plan: Box<Plan>,
        /// Lines scrolled down.
        scroll: usize,
        /// What of it is shown.
        leaf: Leaf,
    },
    /// What can be taken back, and which of it is selected.
    Undo(usize),
    /// How far the purge is that runs.
    Purge,
    /// A test event being filled in.
    Form(Form),
    /// A line being typed.
    Line(Line),
}

/// How an error is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, a key each"
)]
pub struct Reading {
    /// Whether long lines are wrapped.
    pub wrap: bool,
    /// Whether people are shown unmasked.
    pub reveal: bool,
    /// Whether details and payload are shown as they came.
    pub raw: bool,
    /// How many levels of them are unfolded; all where there is no number.
    pub depth: Option<usize>,
    /// Whether what happened to its record stands first.
    pub timeline: bool,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            wrap: true,
            reveal: false,
            raw: false,
            timeline: false,
            depth: None,
        }
    }
}
