//! Everything an operator can ask for, whatever key, palette entry or flag asks it.

use serde::{Deserialize, Serialize};

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScreenId {
    /// The health of everything at a glance.
    Overview,
    /// The live tail of events.
    Stream,
    /// Backlog, flow and latency by stage.
    Queue,
    /// Unresolved errors.
    Errors,
    /// The alert rules and where each stands.
    Alerts,
    /// Workflows and executions of n8n.
    N8n,
    /// Campaigns as funnels.
    Campaigns,
    /// The success metrics in their bands.
    Scorecard,
    /// Retries that go row by row.
    Batches,
    /// What operators did.
    Audit,
}

impl ScreenId {
    /// Every screen, in the order of the tabs.
    pub const ALL: [Self; 10] = [
        Self::Overview,
        Self::Stream,
        Self::Queue,
        Self::Errors,
        Self::Alerts,
        Self::N8n,
        Self::Campaigns,
        Self::Scorecard,
        Self::Batches,
        Self::Audit,
    ];

    /// The title of its tab.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Stream => "Stream",
            Self::Queue => "Queue",
            Self::Errors => "Errors",
            Self::Alerts => "Alerts",
            Self::N8n => "n8n",
            Self::Campaigns => "Campaigns",
            Self::Scorecard => "Scorecard",
            Self::Batches => "Batches",
            Self::Audit => "Audit",
        }
    }

    /// Whether it has a tab although it is not shown: those that a number leads to.
    pub const fn has_tab(self) -> bool {
        !matches!(self, Self::Audit)
    }
}

/// How moments are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeMode {
    /// As ages: `7m03s`.
    #[default]
    Age,
    /// In the operator's zone.
    Local,
    /// In UTC.
    Utc,
}

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Leave.
    Quit,
    /// Close the top layer; on a root screen, leave.
    Back,
    /// Close the top layer; never leaves.
    Escape,
    /// Show or hide the help.
    ToggleHelp,
    /// Open the palette.
    OpenPalette,
    /// Open the filter line.
    OpenFilter,
    /// Open the line of the filters that are kept.
    OpenKept,
    /// Open the palette at the demo's scenarios.
    OpenScenarios,
    /// Show a screen.
    Go(ScreenId),
    /// Show the screen that was shown before.
    LastScreen,
    /// Ask every feed for fresh data.
    Refresh,
    /// Paint everything anew.
    Redraw,
    /// Hand the terminal back to the shell until resumed.
    Suspend,
    /// Show times as ages, then in local time, then in UTC.
    NextTimeMode,
    /// Select the next row.
    Down,
    /// Select the previous row.
    Up,
    /// Select the first row.
    First,
    /// Select the last row.
    Last,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// The next row that is a problem.
    NextProblem,
    /// The previous row that is a problem.
    PreviousProblem,
    /// The next tab of this screen.
    NextTab,
    /// The previous tab of this screen.
    PreviousTab,
    /// The next longer window of time.
    LongerWindow,
    /// The next shorter window of time.
    ShorterWindow,
    /// The next pane of this screen.
    NextPane,
    /// The previous pane of this screen.
    PreviousPane,
    /// Open what is selected.
    Open,
    /// Mark or unmark the selected row.
    Mark,
    /// Mark every row that the filter shows.
    MarkAll,
    /// Remove every mark.
    ClearMarks,
    /// Begin a range of marks at the selected row, or end it.
    MarkRange,
    /// List something else on this screen: groups, single rows.
    NextMode,
    /// List the rows of this screen in another order.
    NextOrder,
    /// List them the other way round.
    ReverseOrder,
    /// Explain why the selected row is as it is.
    Explain,
    /// Show the selected execution whole.
    Inspect,
    /// Show the selected error with what happened to its record first.
    Timeline,
    /// Show what is open as it came, or laid out.
    Raw,
    /// Fold what is open a level, or unfold it.
    Fold,
    /// Go to the moment a minute earlier.
    Earlier,
    /// Go to the moment a minute later.
    Later,
    /// Go to the moment ten minutes earlier.
    MuchEarlier,
    /// Go to the moment ten minutes later.
    MuchLater,
    /// Stop or resume the stream.
    Pause,
    /// Follow the newest event.
    Follow,
    /// Wrap long lines, or cut them.
    Wrap,
    /// Show people unmasked, or mask them again.
    Reveal,
    /// Copy the obvious about the selected row.
    Copy,
    /// Write what is listed into files.
    Export,
    /// Plan to retry the marked events, or the selected one.
    Retry,
    /// Plan to resolve the marked errors, or the selected one.
    Resolve,
    /// Say until when the marked groups or alerts, or the selected one, are left alone, and plan that; or plan to end it.
    Ignore,
    /// Say who has the marked groups, or the selected one, or who acknowledges alerts, and plan that.
    Assign,
    /// Write down that something happened.
    Note,
    /// Fill in a test event, and plan to insert it.
    Insert,
    /// Plan to activate or deactivate the selected workflow.
    Publish,
    /// Plan to stop the marked executions, or the selected one.
    StopExecutions,
    /// Plan to retry the marked executions, or the selected one.
    RetryExecutions,
    /// Plan to delete what is old and done; while that runs, show how far it is.
    Purge,
    /// End what runs after its present batch.
    Stop,
    /// Plan to take back what the last plan did.
    Undo,
    /// End the selected batch: what was not sent never will be.
    StopBatch,
    /// Change the pace of the batch that is planned or selected.
    EditPace,
    /// Show the statement or request of the plan, or hide it.
    Statement,
    /// Show the rows of the plan that must not run, each with the reason, or hide them.
    Blocked,
    /// Choose the other way of the plan, where it has one.
    OtherWay,
    /// Take in what the plan leaves out for quiet hours, or leave it out again.
    AnyHour,
    /// Carry out the plan that is shown.
    Confirm,
    /// Leave the plan undone.
    Cancel,
    /// Take what was typed into the open line.
    Submit,
    /// The next suggestion, or the next line of history.
    NextSuggestion,
    /// The previous suggestion.
    PreviousSuggestion,
    /// Complete what is being typed with the selected suggestion.
    Complete,
}

/// What an action changes outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// The database.
    Database,
    /// n8n.
    N8n,
    /// What is said of groups of errors and of alerts: in the database, or on this machine.
    Triage,
}

impl Action {
    /// What the plan would change that this action leads to, if it leads to one; that of [`Self::Undo`] and
    /// [`Self::Confirm`] depends on the plan.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other action changes nothing outside"
    )]
    pub const fn writes(self) -> Option<Writes> {
        match self {
            Self::Retry | Self::Resolve | Self::Insert | Self::Purge => Some(Writes::Database),
            Self::Ignore | Self::Assign => Some(Writes::Triage),
            Self::Publish | Self::StopExecutions | Self::RetryExecutions => Some(Writes::N8n),
            _ => None,
        }
    }
}
