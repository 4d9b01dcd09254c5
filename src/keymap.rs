//! The one table of keys. Dispatch, the footer, the help, the palette, the names in the configuration and the
//! README are all made from it.

mod chord;

pub use self::chord::{Chord, Key};

use crate::action::{Action, ScreenId};

/// Where a binding holds. The first scope on the stack that knows a chord wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A plan is shown.
    Plan,
    /// A line is being typed: the filter, a note, the palette. Characters go into it.
    Line,
    /// What can be taken back is shown.
    Undo,
    /// How far a purge is is shown.
    Purge,
    /// A form is filled in. Characters go into its fields.
    Form,
    /// The help is open.
    Help,
    /// An event is shown whole.
    Detail,
    /// An error is shown whole.
    Sample,
    /// An entry of the audit history is shown whole.
    Entry,
    /// An execution of n8n is shown whole.
    Run,
    /// Something is explained.
    Why,
    /// A moment that is past is shown.
    Past,
    /// A screen is shown.
    Screen(ScreenId),
    /// Nothing lies over the screen.
    Global,
    /// Always, whatever lies over the screen.
    Always,
}

/// Where a binding is advertised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// In the footer and in the help.
    Footer,
    /// In the footer where there is room behind the others, and in the help.
    Wide,
    /// In the help only.
    Help,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where it holds.
    pub scope: Scope,
    /// The chords; the first is shown.
    pub chords: &'static [Chord],
    /// What it does.
    pub action: Action,
    /// Its name in the configuration and in the palette, in `snake_case`.
    pub name: &'static str,
    /// One word for the footer.
    pub label: &'static str,
    /// One sentence for the help.
    pub help: &'static str,
    /// Where it is advertised.
    pub hint: Hint,
}

const fn key(c: char) -> Chord {
    plain(Key::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord {
        key: Key::Char(c),
        ctrl: true,
    }
}

const fn plain(key: Key) -> Chord {
    Chord { key, ctrl: false }
}

macro_rules! bindings {
    ($($scope:expr => { $($action:expr, $name:literal, [$($chord:expr),+], $hint:ident, $label:literal, $help:literal;)+ })+) => {
        /// Every binding, in the order of the help.
        pub const BINDINGS: &[Binding] = &[$($(
            Binding { scope: $scope, chords: &[$($chord),+], action: $action, name: $name, label: $label, help: $help, hint: Hint::$hint },
        )+)+];
    };
}

#[rustfmt::skip]
bindings! {
    Scope::Screen(ScreenId::Stream) => {
        Action::Pause,      "pause",       [key('p')],                          Footer, "pause",    "Stop or resume the stream; what comes meanwhile is counted.";
        Action::Follow,     "follow",      [key('f')],                          Footer, "follow",   "Follow the newest event.";
        Action::Retry,      "retry",       [key('R')],                          Footer, "retry",    "Plan to retry the marked events, or the selected one.";
        Action::Insert,     "insert",      [key('I')],                          Footer, "insert",   "Fill in a test event, and plan to insert it.";
    }
    Scope::Screen(ScreenId::Queue) => {
        Action::Insert,     "queue_insert", [key('I')],                         Footer, "insert",   "Fill in a test event of the selected stage, and plan to insert it.";
    }
    Scope::Screen(ScreenId::Queue) => {
        Action::NextTab,       "next_tab",       [key(']')],                    Footer, "tab",      "Go to the next tab: queue, latency, records, drops.";
        Action::PreviousTab,   "previous_tab",   [key('[')],                    Help,   "tab",      "Go to the previous tab.";
        Action::LongerWindow,  "longer_window",  [key('}')],                    Footer, "window",   "Look at latency and records over a longer window, up to 30 days.";
        Action::ShorterWindow, "shorter_window", [key('{')],                    Help,   "window",   "Look at them over a shorter window, down to an hour.";
    }
    Scope::Screen(ScreenId::Errors) => {
        Action::Retry,      "retry_errors", [key('R')],                         Footer, "retry",    "Plan to retry the events of the marked errors, or of the selected ones.";
        Action::Resolve,    "resolve",     [key('X')],                          Footer, "resolve",  "Plan to resolve the marked errors, or the selected ones.";
        Action::Assign,     "assign",      [key('A')],                          Footer, "assign",   "Say who has the groups, marked or selected, or of the errors that are, and plan that: me, a name, - for nobody; behind a semicolon, a note.";
        Action::Ignore,     "ignore",      [key('Z')],                          Footer, "ignore",   "Leave them alone until a time, a number of errors or a rate, by a plan; on ignored ones, plan to end that.";
        Action::NextMode,   "mode",        [key('m')],                          Footer, "mode",     "List groups, single errors, stages, or records.";
        Action::NextOrder,  "sort",        [key('s')],                          Help,   "sort",     "Sort the groups by impact, newest, count, people, or first.";
        Action::ReverseOrder, "sort_reversed", [key('S')],                      Help,   "reverse",  "Sort the groups the other way round.";
        Action::NextTab,    "next_kind",   [key(']')],                          Help,   "tab",      "Of the groups, show the next kind: open, new, regressed, ignored, resolved.";
        Action::PreviousTab, "previous_kind", [key('[')],                       Help,   "tab",      "Of the groups, show the previous kind.";
        Action::Insert,     "errors_insert", [key('I')],                        Wide,   "test",     "Fill in a test event of the stage of the selected errors, and plan to insert it.";
        Action::Timeline,   "timeline",    [key('T')],                          Wide,   "timeline", "Show the selected error whole, what happened to its record first.";
        Action::LongerWindow,  "errors_longer",  [key('}')],                     Help,   "window",   "Look at the chart of errors over a longer window, up to a week (the chart stands at 200x60).";
        Action::ShorterWindow, "errors_shorter", [key('{')],                     Help,   "window",   "Look at it over a shorter window, down to two hours by five minutes.";
        Action::Wrap,       "wrap",        [key('w')],                          Help,   "wrap",     "Wrap long messages in the list of errors, or cut them.";
    }
    Scope::Sample => {
        Action::Back,       "close_error", [plain(Key::Esc), key('q')],         Footer, "close",    "Close this error.";
        Action::NextProblem, "next_sample", [key('n')],                         Footer, "next",     "Show the next error of the list or the group.";
        Action::PreviousProblem, "previous_sample", [key('N')],                 Help,   "previous", "Show the previous one.";
        Action::Down,       "error_down",  [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll down.";
        Action::Up,         "error_up",    [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll up.";
        Action::HalfDown,   "error_half_down", [ctrl('d'), plain(Key::PageDown)], Help, "down",     "Scroll half a page down.";
        Action::HalfUp,     "error_half_up",   [ctrl('u'), plain(Key::PageUp)], Help,   "up",       "Scroll half a page up.";
        Action::Raw,        "raw",         [key('e')],                          Footer, "raw",      "Show details and payload as they came, or laid out.";
        Action::Fold,       "fold",        [key('f')],                          Footer, "fold",     "Fold the details and the payload a level, or unfold them.";
        Action::Timeline,   "error_timeline", [key('T')],                       Footer, "timeline", "Show what happened to the record before all else, or after it.";
        Action::Wrap,       "error_wrap",  [key('w')],                          Help,   "wrap",     "Wrap long lines, or cut them.";
        Action::Explain,    "error_explain", [key('x')],                        Footer, "why",      "Explain why errors like this one come.";
        Action::Reveal,     "error_reveal", [key('M')],                         Help,   "people",   "Show names and addresses of this error, or mask them again; each showing is audited.";
        Action::Retry,      "error_retry", [key('R')],                          Footer, "retry",    "Plan to retry the event of this error.";
        Action::Resolve,    "error_resolve", [key('X')],                        Footer, "resolve",  "Plan to resolve this error.";
        Action::Copy,       "error_copy",  [key('y')],                          Wide,   "copy",     "Copy this error as JSON.";
        Action::ToggleHelp, "error_help",  [key('?'), plain(Key::F(1))],        Footer, "help",     "Show the help.";
    }
    Scope::Screen(ScreenId::Alerts) => {
        Action::Assign,     "ack",         [key('A')],                          Footer, "ack",      "Acknowledge the marked alerts that fire, or the selected one, by a plan: me or a name; behind a semicolon, a note; on acked ones, plan to take that back.";
        Action::Ignore,     "silence",     [key('Z')],                          Footer, "silence",  "Silence the marked alerts, or the selected one, until a time, by a plan; on silenced ones, plan to end that.";
    }
    Scope::Screen(ScreenId::N8n) => {
        Action::Publish,    "publish",     [key('P')],                          Footer, "publish",  "Plan to activate, deactivate or bounce the selected workflow.";
        Action::RetryExecutions, "retry_executions", [key('R')],                Footer, "retry",    "Plan to retry the marked executions, or the selected one.";
        Action::Inspect,    "inspect",     [key('i')],                          Footer, "inspect",  "Show the selected execution whole: its nodes, where it failed, which event it is of; reads its data.";
        Action::StopExecutions,  "stop_executions",  [key('K')],                Footer, "stop",     "Plan to stop the marked executions, or the selected one.";
    }
    Scope::Screen(ScreenId::Batches) => {
        Action::Pause,      "pause_batch", [key('p')],                          Footer, "pause",    "Pause the selected batch: nothing more is sent, what was sent is waited for.";
        Action::Retry,      "resume_batch", [key('R')],                         Footer, "resume",   "Go on with the selected batch, once the number of events that are left is typed.";
        Action::StopBatch,  "stop_batch",  [key('K')],                          Footer, "stop",     "End the selected batch, once `stop` is typed: what was not sent never will be.";
        Action::EditPace,   "batch_pace",  [key('e')],                          Footer, "pace",     "Change the pace of the selected batch, its brake, and its least to a quiet stage.";
    }
    Scope::Screen(ScreenId::Audit) => {
        Action::Export,     "export",      [key('E')],                          Footer, "export",   "Write what is listed into files: CSV, and JSON a line an entry, with what became of each row.";
    }
    Scope::Entry => {
        Action::Back,       "close_entry", [plain(Key::Esc), key('q')],         Footer, "close",    "Close this entry.";
        Action::Undo,       "entry_undo",  [key('u')],                          Footer, "undo",     "Plan to take back what this entry did, where the data allows it.";
        Action::Copy,       "entry_copy",  [key('y')],                          Footer, "copy",     "Copy this entry as JSON, with what became of each row.";
        Action::Down,       "entry_down",  [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll down.";
        Action::Up,         "entry_up",    [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll up.";
        Action::HalfDown,   "entry_half_down", [ctrl('d'), plain(Key::PageDown)], Help, "down",     "Scroll half a page down.";
        Action::HalfUp,     "entry_half_up",   [ctrl('u'), plain(Key::PageUp)], Help,   "up",       "Scroll half a page up.";
        Action::ToggleHelp, "entry_help",  [key('?'), plain(Key::F(1))],        Footer, "help",     "Show the help.";
    }
    Scope::Run => {
        Action::Back,       "close_run",   [plain(Key::Esc), key('q'), key('i')], Footer, "close",  "Close this execution.";
        Action::Open,       "run_event",   [plain(Key::Enter)],                 Footer, "event",    "Open the event that it names as its own.";
        Action::Copy,       "run_copy",    [key('y')],                          Footer, "copy",     "Copy what is known of this execution as JSON.";
        Action::Down,       "run_down",    [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll down.";
        Action::Up,         "run_up",      [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll up.";
        Action::HalfDown,   "run_half_down", [ctrl('d'), plain(Key::PageDown)], Help,   "down",     "Scroll half a page down.";
        Action::HalfUp,     "run_half_up",   [ctrl('u'), plain(Key::PageUp)],   Help,   "up",       "Scroll half a page up.";
        Action::ToggleHelp, "run_help",    [key('?'), plain(Key::F(1))],        Footer, "help",     "Show the help.";
    }
    Scope::Detail => {
        Action::Back,       "close",       [plain(Key::Esc), key('q')],         Footer, "close",    "Close this event.";
        Action::Down,       "detail_down", [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll down.";
        Action::Up,         "detail_up",   [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll up.";
        Action::HalfDown,   "detail_half_down", [ctrl('d'), plain(Key::PageDown)], Help, "down",    "Scroll half a page down.";
        Action::HalfUp,     "detail_half_up",   [ctrl('u'), plain(Key::PageUp)],   Help, "up",      "Scroll half a page up.";
        Action::Retry,      "detail_retry", [key('R')],                         Footer, "retry",    "Plan to retry this event.";
        Action::Copy,       "detail_copy", [key('y')],                          Footer, "copy",     "Copy this event as JSON.";
        Action::Explain,    "detail_explain", [key('x')],                       Help,   "why",      "Explain why events of this stage are stuck or fail.";
        Action::Reveal,     "reveal",      [key('M')],                          Footer, "people",   "Show names and addresses of this event, or mask them again; each showing is audited.";
        Action::Wrap,       "detail_wrap", [key('w')],                          Footer, "wrap",     "Wrap long lines, or cut them.";
        Action::ToggleHelp, "detail_help", [key('?'), plain(Key::F(1))],        Footer, "help",     "Show the help.";
    }
    Scope::Why => {
        Action::Back,       "close_why",   [plain(Key::Esc), key('q'), key('x')], Footer, "close",  "Close the explanation.";
        Action::Down,       "why_down",    [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll down.";
        Action::Up,         "why_up",      [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll up.";
        Action::HalfDown,   "why_half_down", [ctrl('d'), plain(Key::PageDown)], Help,   "down",     "Scroll half a page down.";
        Action::HalfUp,     "why_half_up", [ctrl('u'), plain(Key::PageUp)],     Help,   "up",       "Scroll half a page up.";
        Action::Retry,      "why_retry",   [key('R')],                          Footer, "retry",    "Plan to retry what is explained.";
        Action::Resolve,    "why_resolve", [key('X')],                          Footer, "resolve",  "Plan to resolve what is explained.";
        Action::ToggleHelp, "why_help",    [key('?'), plain(Key::F(1))],        Footer, "help",     "Show the help.";
    }
    Scope::Past => {
        Action::Back,       "close_past",  [plain(Key::Esc), key('q')],         Footer, "close",    "Close the moment that is past.";
        Action::Earlier,    "earlier",     [key(',')],                          Footer, "-1 min",   "Go to the moment a minute earlier.";
        Action::Later,      "later",       [key('.')],                          Footer, "+1 min",   "Go to the moment a minute later, at most to now.";
        Action::MuchEarlier, "much_earlier", [key('<')],                        Footer, "-10 min",  "Go to the moment ten minutes earlier.";
        Action::MuchLater,  "much_later",  [key('>')],                          Footer, "+10 min",  "Go to the moment ten minutes later.";
        Action::Refresh,    "past_refresh", [key('r'), plain(Key::F(5))],       Help,   "again",    "Look at the rows of that moment again.";
        Action::Copy,       "past_copy",   [key('y')],                          Footer, "copy",     "Copy it as a Markdown table.";
        Action::Down,       "past_down",   [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll down.";
        Action::Up,         "past_up",     [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll up.";
        Action::HalfDown,   "past_half_down", [ctrl('d'), plain(Key::PageDown)], Help,  "down",     "Scroll half a page down.";
        Action::HalfUp,     "past_half_up", [ctrl('u'), plain(Key::PageUp)],    Help,   "up",       "Scroll half a page up.";
        Action::ToggleHelp, "past_help",   [key('?'), plain(Key::F(1))],        Footer, "help",     "Show the help.";
    }
    Scope::Global => {
        Action::Down,         "down",       [key('j'), plain(Key::Down)],       Help,   "down",     "Select the next row.";
        Action::Up,           "up",         [key('k'), plain(Key::Up)],         Help,   "up",       "Select the previous row.";
        Action::First,        "first",      [key('g'), plain(Key::Home)],       Help,   "first",    "Select the first row.";
        Action::Last,         "last",       [key('G'), plain(Key::End)],        Help,   "last",     "Select the last row.";
        Action::HalfDown,     "half_down",  [ctrl('d')],                        Help,   "half",     "Half a page down.";
        Action::HalfUp,       "half_up",    [ctrl('u')],                        Help,   "half",     "Half a page up.";
        Action::PageDown,     "page_down",  [plain(Key::PageDown), ctrl('f')],  Help,   "page",     "A page down.";
        Action::PageUp,       "page_up",    [plain(Key::PageUp), ctrl('b')],    Help,   "page",     "A page up.";
        Action::NextProblem,  "next_problem", [key('n')],                       Help,   "problem",  "Select the next row that is a problem.";
        Action::PreviousProblem, "previous_problem", [key('N')],                Help,   "problem",  "Select the previous row that is a problem.";
        Action::Explain,      "explain",    [key('x')],                         Wide,   "why",      "Explain why the selected stage, event or error is stuck or fails.";
        Action::NextPane,     "next_pane",  [plain(Key::Tab)],                  Help,   "pane",     "Go to the next pane.";
        Action::PreviousPane, "previous_pane", [plain(Key::BackTab)],           Help,   "pane",     "Go to the previous pane.";
        Action::Open,         "open",       [plain(Key::Enter)],                Footer, "open",     "Open what is selected.";
        Action::Mark,         "mark",       [key(' ')],                         Wide,   "mark",     "Mark or unmark the selected row.";
        Action::MarkAll,      "mark_all",   [key('*')],                         Wide,   "all",      "Mark every row that the filter shows.";
        Action::MarkRange,    "mark_range", [key('v')],                         Wide,   "range",    "Begin a range of marks at the selected row; again ends it.";
        Action::ClearMarks,   "clear_marks", [key('\\')],                       Help,   "clear",    "Remove every mark.";
        Action::Copy,         "copy",       [key('y')],                         Wide,   "copy",     "Copy the selected row to the clipboard (OSC 52).";
        Action::Purge,        "purge",      [key('D')],                         Help,   "purge",    "Plan to delete events and errors that are done and older than the retention.";
        Action::Undo,         "undo",       [key('u')],                           Wide,   "undo",     "Plan to take back what the last plan did, where that can be; `:undo` lists all that can.";
        Action::Note,         "note",       [key(';')],                         Help,   "note",     "Write down that something happened, such as a deployment, for every console: `:note deploy billing 1.4`.";
        Action::OpenFilter,   "filter",     [key('/')],                         Footer, "filter",   "Filter this screen; on the overview, the stream.";
        Action::OpenKept,     "kept_filters", [key('\'')],                     Help,   "kept",     "Set a filter that is kept under a name, or keep the one that is set.";
        Action::OpenPalette,  "palette",    [key(':'), ctrl('p')],              Footer, "command",  "Open the palette of commands.";
        Action::ToggleHelp,   "help",       [key('?'), plain(Key::F(1))],       Footer, "help",     "Show or hide this help.";
        Action::Go(ScreenId::Overview),  "overview",  [key('1')],               Help,   "overview", "Show the overview: verdict, stages, alerts, errors.";
        Action::Go(ScreenId::Stream),    "stream",    [key('2')],               Help,   "stream",   "Show the live stream of events.";
        Action::Go(ScreenId::Queue),     "queue",     [key('3')],               Help,   "queue",    "Show backlog, flow and latency by stage.";
        Action::Go(ScreenId::Errors),    "errors",    [key('4')],               Help,   "errors",   "Show the unresolved errors.";
        Action::Go(ScreenId::Alerts),    "alerts",    [key('5')],               Help,   "alerts",   "Show the alert rules and where each stands.";
        Action::Go(ScreenId::N8n),       "n8n",       [key('6')],               Help,   "n8n",      "Show workflows and executions of n8n.";
        Action::Go(ScreenId::Campaigns), "campaigns", [key('7')],               Help,   "campaigns", "Show the campaigns as funnels.";
        Action::Go(ScreenId::Scorecard), "scorecard", [key('8')],               Help,   "scorecard", "Show the success metrics in their bands.";
        Action::Go(ScreenId::Batches),   "batches",   [key('B')],               Wide,   "batches",  "Show retries that go row by row, and what became of each event.";
        Action::Go(ScreenId::Audit),     "audit",     [key('H')],               Wide,   "audit",    "Show what operators did: who, when, what, why, and what became of it.";
        Action::LastScreen,   "last_screen", [key('-'), plain(Key::Backspace)], Help,   "last",     "Show the screen that was shown before.";
        Action::Refresh,      "refresh",    [key('r'), ctrl('r'), plain(Key::F(5))], Help, "refresh", "Ask every feed for fresh data.";
        Action::NextTimeMode, "time",       [key('t')],                         Help,   "time",     "Show times as ages, in local time, or in UTC.";
        Action::OpenScenarios, "scenario",  [key('F')],                         Help,   "scenario", "In the demo: start a scenario.";
        Action::Redraw,       "redraw",     [ctrl('l')],                        Help,   "redraw",   "Paint the screen anew.";
        Action::Suspend,      "suspend",    [ctrl('z')],                        Help,   "suspend",  "Hand the terminal back to the shell; `fg` resumes.";
        Action::Escape,       "escape",     [plain(Key::Esc)],                  Help,   "back",     "Drop marks, then the filter; never leaves.";
        Action::Back,         "back",       [key('q')],                         Footer, "quit",     "Close what is open; with nothing open, leave outpost.";
    }
    Scope::Help => {
        Action::ToggleHelp, "close_help",  [key('?'), plain(Key::Esc), key('q'), plain(Key::F(1))], Footer, "close", "Close this help.";
        Action::Down,       "help_down",   [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll the help down.";
        Action::Up,         "help_up",     [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll the help up.";
        Action::HalfDown,   "help_half_down", [plain(Key::PageDown), ctrl('d')], Footer, "page",    "Scroll the help half a page down.";
        Action::HalfUp,     "help_half_up",   [plain(Key::PageUp), ctrl('u')],  Help,   "page",     "Scroll the help half a page up.";
    }
    Scope::Plan => {
        Action::Confirm,    "confirm",     [key('y')],                          Footer, "yes",      "Carry out exactly this plan.";
        Action::Cancel,     "cancel",      [key('n'), plain(Key::Esc), key('q')], Footer, "no",     "Leave it; nothing is changed.";
        Action::Statement,  "statement",   [key('d')],                          Footer, "statement", "Show the statement or request that would run, or hide it.";
        Action::Blocked,    "blocked",     [key('b')],                          Help,   "blocked",  "Show the rows that must not run, each with the reason, or hide them.";
        Action::Copy,       "plan_copy",   [key('c')],                          Wide,   "copy",     "Copy the plan as JSON, with its hash, its rows and its statement (OSC 52).";
        Action::EditPace,   "pace",        [key('e')],                          Help,   "pace",     "Where the plan is a batch, change its pace, its canaries, its brake, and its least to a quiet stage.";
        Action::OtherWay,   "other_way",   [key('v')],                          Help,   "other way", "Do it the other way, where the plan offers one.";
        Action::AnyHour,    "any_hour",    [key('o')],                          Help,   "any hour", "Take in what is left out for quiet hours, or leave it out again; it takes more to confirm.";
        Action::Down,       "plan_down",   [key('j'), plain(Key::Down)],        Help,   "down",     "Scroll the plan down.";
        Action::Up,         "plan_up",     [key('k'), plain(Key::Up)],          Help,   "up",       "Scroll the plan up.";
        Action::HalfDown,   "plan_half_down", [ctrl('d'), plain(Key::PageDown)], Help,  "down",     "Scroll the plan half a page down.";
        Action::HalfUp,     "plan_half_up", [ctrl('u'), plain(Key::PageUp)],    Help,   "up",       "Scroll the plan half a page up.";
    }
    Scope::Undo => {
        Action::Open,       "undo_plan",   [plain(Key::Enter)],                 Footer, "plan",     "Show the plan that takes back what is selected.";
        Action::Back,       "undo_leave",  [plain(Key::Esc), key('q')],         Footer, "leave",    "Close the list; nothing is changed.";
        Action::Down,       "undo_down",   [key('j'), plain(Key::Down)],        Help,   "down",     "Select the one before it.";
        Action::Up,         "undo_up",     [key('k'), plain(Key::Up)],          Help,   "up",       "Select the one after it.";
    }
    Scope::Purge => {
        Action::Pause,      "purge_pause", [key('p')],                         Footer, "pause",    "Pause the purge after this batch, or let it go on.";
        Action::Stop,       "purge_stop",  [key('s')],                         Footer, "stop",     "Stop the purge after this batch; what is deleted stays deleted.";
        Action::Back,       "purge_leave", [plain(Key::Esc), key('q')],        Footer, "hide",     "Hide how far it is; the purge goes on.";
    }
    Scope::Form => {
        Action::Submit,     "form_submit", [plain(Key::Enter)],                 Footer, "plan",     "Show the plan for what is filled in.";
        Action::Cancel,     "form_leave",  [plain(Key::Esc)],                   Footer, "leave",    "Close the form; nothing is changed.";
        Action::NextPane,   "next_field",  [plain(Key::Tab), plain(Key::Down)], Footer, "next field", "Go to the next field.";
        Action::PreviousPane, "previous_field", [plain(Key::BackTab), plain(Key::Up)], Help, "previous", "Go to the previous field.";
        Action::NextSuggestion, "next_stage", [ctrl('n')],                      Footer, "next stage", "Fill in a sample of the next stage.";
        Action::PreviousSuggestion, "previous_stage", [ctrl('p')],              Help,   "previous", "Fill in a sample of the stage before.";
    }
    Scope::Line => {
        Action::Submit,     "submit",      [plain(Key::Enter)],                 Footer, "take",     "Take what was typed.";
        Action::Cancel,     "abandon",     [plain(Key::Esc)],                   Footer, "leave",    "Close the line; nothing is changed.";
        Action::Complete,   "complete",    [plain(Key::Tab)],                   Footer, "complete", "Complete with the selected suggestion.";
        Action::NextSuggestion,     "next_suggestion",     [plain(Key::Down), ctrl('n')], Help, "next", "Select the next suggestion.";
        Action::PreviousSuggestion, "previous_suggestion", [plain(Key::Up), ctrl('p')],   Help, "previous", "Select the previous suggestion, or an earlier line.";
    }
    Scope::Always => {
        Action::Quit,       "quit",        [ctrl('c')],                         Help,   "quit",     "Leave outpost; twice while a batch is under way.";
    }
}

/// The keys in force: the table, with the chords that the configuration put in the place of its own.
#[derive(Debug, Clone, Default)]
pub struct Keymap {
    overrides: Vec<(&'static str, Vec<Chord>)>,
}

impl Keymap {
    /// A keymap with other chords for the bindings so named. The caller has checked them.
    pub const fn with(overrides: Vec<(&'static str, Vec<Chord>)>) -> Self {
        Self { overrides }
    }

    /// The bindings that have other chords than the table's, by name.
    pub fn overrides(&self) -> &[(&'static str, Vec<Chord>)] {
        &self.overrides
    }

    /// The chords of `binding` in force.
    pub fn chords<'a>(&'a self, binding: &Binding) -> &'a [Chord]
    where
        'static: 'a,
    {
        self.overrides
            .iter()
            .find(|(name, _)| *name == binding.name)
            .map_or(binding.chords, |(_, chords)| chords.as_slice())
    }

    /// The action of `chord`, looked up in `scopes`, innermost first.
    pub fn lookup(&self, scopes: &[Scope], chord: Chord) -> Option<Action> {
        in_scopes(scopes)
            .find(|b| self.chords(b).contains(&chord))
            .map(|b| b.action)
    }

    /// The chord to show for `action` in `scopes`.
    pub fn shown(&self, scopes: &[Scope], action: Action) -> Option<Chord> {
        let binding = in_scopes(scopes).find(|b| b.action == action)?;
        self.chords(binding).first().copied()
    }
}

/// The bindings that hold in `scopes`, innermost scope first.
pub fn in_scopes(scopes: &[Scope]) -> impl Iterator<Item = &'static Binding> {
    scopes
        .iter()
        .flat_map(|scope| BINDINGS.iter().filter(move |b| b.scope == *scope))
}

#[cfg(test)]
mod tests;
