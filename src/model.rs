//! Everything the program knows and shows.

mod done;
mod form;
mod overlay;
mod refusal;
mod suggest;

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;

pub use done::Done;
pub use form::{Form, MORE, STAGE};
pub use overlay::{Line, Overlay, Purpose, Reading};

use crate::{
    action::{ScreenId, TimeMode},
    domain::{
        Timestamp, batch::Bulk, error_group::Look, event::RowId, plan::Retention, zone::Zone,
    },
    effect::{FeedId, KeptFilter},
    keymap::{Keymap, Scope},
    palette::Offer,
    screens::{Screens, feeds},
    store::Store,
};

/// What was decided before the program started.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent decisions")]
pub struct Options {
    /// Whether every write is refused.
    pub read_only: bool,
    /// Whether that stands in the configuration, and was not asked for at the start.
    pub read_only_by_file: bool,
    /// Whether this is the demo, whose world takes scenarios.
    pub demo: bool,
    /// The name of the profile, shown in the title.
    pub profile: String,
    /// The names of the themes, for the palette.
    pub themes: Vec<String>,
    /// The names of the scenarios of the demo's world; none outside the demo.
    pub scenarios: Vec<String>,
    /// The keys in force.
    pub keymap: Keymap,
    /// Who acts: the account on this machine, and the host.
    pub actor: String,
    /// What tells this console from others of theirs.
    pub console: Option<u32>,
    /// Whether rows may be purged.
    pub allow_destructive: bool,
    /// How long rows are kept from a purge.
    pub retention: Retention,
    /// When a retry is a batch, and how it goes about its rows.
    pub bulk: Bulk,
    /// What local time is.
    pub zone: Zone,
    /// After how long without a key or a new event the database is left alone, if it is to be.
    pub rest_after: Option<Duration>,
    /// When the listener is proven, as `database.canary` says it; nothing where that is not known.
    pub canary: Option<String>,
}

/// What was told for so long was seen by who presses a key.
const SEEN: TimeDelta = TimeDelta::seconds(1);

/// The state of the program.
#[derive(Debug)]
pub struct Model {
    /// The moment of the latest message.
    pub now: Timestamp,
    /// Counts up when something that is shown has changed. A tick counts, since ages and the clock are shown;
    /// an answer equal to the one before does not. The shell paints when this differs from what it painted.
    pub revision: u64,
    /// The size of the terminal, in cells.
    pub size: (u16, u16),
    /// How many times in 100 s data repaints at most, where the link to the terminal is slow.
    pub slow_link: Option<u32>,
    /// What was decided at the start.
    pub options: Options,
    /// What is known.
    pub store: Store,
    /// The screen shown.
    pub screen: ScreenId,
    /// The screen shown before it.
    pub last_screen: ScreenId,
    /// Where `Back` returns to, latest last: screens left by drilling down.
    pub trail: Vec<ScreenId>,
    /// The state of every screen.
    pub screens: Screens,
    /// What lies over the screen, top last.
    pub overlays: Vec<Overlay>,
    /// How moments are shown.
    pub time_mode: TimeMode,
    /// The last thing said to the operator, and when.
    pub notice: Option<(Timestamp, String)>,
    /// Whether that tells of something that failed: then it stays until a key is pressed by somebody who can have read it.
    pub insists: bool,
    /// Commands given before, latest last.
    pub history: Vec<String>,
    /// Filters that are kept under a name.
    pub kept: Vec<KeptFilter>,
    /// When the screen last changed under the operator's hands, or got the focus.
    pub(crate) shown_at: Option<Timestamp>,
    /// When it was last said that a batch is under way, to somebody who was about to leave.
    pub(crate) leaving: Option<Timestamp>,
    /// When the listener was last told that somebody is there.
    pub(crate) attended_at: Option<Timestamp>,
    /// When a key was last pressed, or something new came.
    pub(crate) stirred_at: Timestamp,
    /// The feeds that are asked: what is shown and judged needs them. The others of the database rest.
    pub needed: BTreeSet<FeedId>,
    /// What was done, newest last.
    pub(crate) done: Vec<Done>,
    /// How the tail is being asked for.
    pub(crate) tail: TailAsking,
    /// The error that is being read whole.
    pub(crate) sample_asked: Option<RowId>,
    /// The campaign whose A/B tests were last asked for, and how old the campaigns were then.
    pub(crate) tests_asked: Option<(RowId, Option<Timestamp>)>,
    /// The execution that is being read whole.
    pub(crate) run_asked: Option<RowId>,
    /// The execution that was last read for a panel, which nobody opened, and since when; nothing after a key.
    pub(crate) run_glanced: Option<(Timestamp, RowId)>,
    /// What is being looked for behind errors.
    pub(crate) looked_for: Option<Look>,
    /// When the newest of what was written down was last asked for.
    pub(crate) audit_asked: Option<Timestamp>,
    /// When the batches of other processes were last looked at.
    pub(crate) batches_looked: Option<Timestamp>,
}

/// How the tail is being asked for, so that a burst of notifications is one query.
#[derive(Debug, Default)]
pub(crate) struct TailAsking {
    /// When it was last asked for.
    pub asked_at: Option<Timestamp>,
    /// Whether that has not been answered yet.
    pub awaited: bool,
    /// Whether notifications came since.
    pub wanted: bool,
}

impl Model {
    /// The state before anything happened.
    pub fn new(now: Timestamp, size: (u16, u16), options: Options) -> Self {
        let screens = Screens::default();
        let store = Store::default();
        let needed = feeds::needed(&screens, &store, ScreenId::Overview, size.1);
        Self {
            now,
            revision: 0,
            size,
            slow_link: None,
            options,
            store,
            screen: ScreenId::Overview,
            last_screen: ScreenId::Overview,
            trail: Vec::new(),
            screens,
            overlays: Vec::new(),
            time_mode: TimeMode::default(),
            notice: None,
            insists: false,
            history: Vec::new(),
            kept: Vec::new(),
            shown_at: None,
            attended_at: None,
            stirred_at: now,
            leaving: None,
            needed,
            done: Vec::new(),
            tail: TailAsking::default(),
            sample_asked: None,
            tests_asked: None,
            run_asked: None,
            run_glanced: None,
            looked_for: None,
            audit_asked: None,
            batches_looked: None,
        }
    }

    /// Where keys are looked up, innermost first. An overlay hides what lies under it.
    pub fn scopes(&self) -> Vec<Scope> {
        match self.overlays.last() {
            Some(Overlay::Help(_) | Overlay::Ledger(_) | Overlay::Cost(_)) => {
                vec![Scope::Help, Scope::Always]
            }
            Some(Overlay::Detail { .. }) => vec![Scope::Detail, Scope::Always],
            Some(Overlay::Errors { .. }) => vec![Scope::Sample, Scope::Always],
            Some(Overlay::Audit { .. }) => vec![Scope::Entry, Scope::Always],
            Some(Overlay::Run { .. }) => vec![Scope::Run, Scope::Always],
            Some(Overlay::Why { .. }) => vec![Scope::Why, Scope::Always],
            Some(Overlay::Past { .. }) => vec![Scope::Past, Scope::Always],
            Some(Overlay::Plan { .. }) => vec![Scope::Plan, Scope::Always],
            Some(Overlay::Undo(_)) => vec![Scope::Undo, Scope::Always],
            Some(Overlay::Purge) => vec![Scope::Purge, Scope::Always],
            Some(Overlay::Form(_)) => vec![Scope::Form, Scope::Always],
            Some(Overlay::Line(_)) => vec![Scope::Line, Scope::Always],
            None => vec![Scope::Screen(self.screen), Scope::Global, Scope::Always],
        }
    }

    /// What the palette may offer here.
    pub fn offer(&self) -> Offer<'_> {
        Offer {
            screen: self.screen,
            keymap: &self.options.keymap,
            themes: &self.options.themes,
            scenarios: &self.options.scenarios,
            history: &self.history,
        }
    }

    /// Tells the operator.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        let mut text = text.into();
        if let Some((_, before)) = self.notice.take().filter(|_| self.insists) {
            // What failed and was not seen yet is not lost behind it.
            text = format!("{text}; before: {before}");
        }
        self.notice = Some((self.now, text));
        self.revision += 1;
    }

    /// Tells the operator that something failed.
    pub(crate) fn insist(&mut self, text: impl Into<String>) {
        self.say(text);
        self.insists = true;
    }

    /// A key was pressed: what was told a while ago was seen, and stays no longer than anything else.
    pub(crate) fn saw_notice(&mut self) {
        let now = self.now;
        if let Some((said, _)) = &mut self.notice
            && self.insists
            && now - *said >= SEEN
        {
            (*said, self.insists) = (now, false);
        }
    }
}
