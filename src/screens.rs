//! The screens, and the one place that lists them.
//!
//! A screen is a module with the same items: a `State`, `update`, `settle`, `refusal`, `filter`, and a `view`
//! in a file of its own.
//!
//! An action that cannot be done has a reason: `refusal` gives it, and the root says it instead of calling
//! `update`. A screen on which nothing is marked refuses [`Action::ClearMarks`]; that is how `esc` knows to
//! go on to the filter.

pub mod alerts;
pub mod audit;
pub mod batches;
pub mod campaigns;
pub mod cursor;
pub mod errors;
pub mod feeds;
pub mod json;
pub mod n8n;
pub mod overview;
pub mod queue;
pub mod room;
pub mod scorecard;
pub mod stream;

use ratatui::{Frame, layout::Rect};

use crate::{
    action::{Action, ScreenId},
    domain::{
        audit::{Entry, EntryId},
        batch::{BatchId, Order},
        error_group::{GroupId, Look},
        event::{EventType, RowId},
        plan::Mutation,
        triage::{Deed, Place, TriageTarget},
    },
    store::Store,
    ui::Context,
};

/// What a screen wants done about an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Show another screen, with this filter there if one is given.
    Go(ScreenId, Option<String>),
    /// Show this event whole.
    OpenEvent(RowId),
    /// Show a plan for this mutation; nothing runs before it is confirmed.
    Propose(Mutation),
    /// Open the form for a test event of this stage.
    FillIn(EventType),
    /// Ask for the note with which these errors are to be resolved, then show the plan.
    AskNote(Vec<RowId>),
    /// Ask what this deed is to say of these groups, to be kept there, then show the plan.
    AskTriage(Deed, Vec<TriageTarget>, Place),
    /// Show this entry of the audit history whole.
    OpenAudit(EntryId),
    /// Show this execution of n8n whole.
    OpenRun(RowId),
    /// Write these entries of the audit history into files of this name.
    Export(String, Vec<Entry>),
    /// Show these errors whole, one after another, from that one on.
    OpenErrors(Vec<RowId>, usize),
    /// The same, with what happened to their records first.
    OpenTimeline(Vec<RowId>, usize),
    /// Ask this about errors.
    Look(Look),
    /// Explain why this stage, or this group of its errors, is as it is.
    Explain(EventType, Option<GroupId>),
    /// Tell this batch to do that.
    Order(BatchId, Order),
    /// Tell it so once that is confirmed, or the number typed.
    AskOrder(BatchId, Order),
    /// Put text on the clipboard.
    Copy(String),
    /// Tell the operator.
    Say(String),
}

macro_rules! screens {
    ($($id:ident => $module:ident),+ $(,)?) => {
        /// The state of every screen; each keeps its own while another is shown.
        #[derive(Debug, Default)]
        pub struct Screens {
            $(
                #[doc = concat!("See [`", stringify!($module), "`].")]
                pub $module: $module::State,
            )+
        }

        impl Screens {
            /// Hands an action to a screen, whose list shows `page` rows.
            pub fn update(&mut self, id: ScreenId, store: &Store, action: Action, page: usize) -> Vec<Answer> {
                match id {
                    $(ScreenId::$id => $module::update(&mut self.$module, store, action, page),)+
                }
            }

            /// Paints a screen.
            pub fn view(&self, id: ScreenId, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
                match id {
                    $(ScreenId::$id => $module::view(&self.$module, store, cx, frame, area),)+
                }
            }

            /// Makes the state of a screen valid again after `store` or its filter changed. Only the screen that
            /// is shown needs it, and each when it comes to be shown.
            pub fn settle(&mut self, id: ScreenId, store: &Store) {
                match id {
                    $(ScreenId::$id => $module::settle(&mut self.$module, store),)+
                }
            }

            /// Why `action` cannot be done on screen `id` now, if it cannot.
            pub fn refusal(&self, id: ScreenId, store: &Store, action: Action) -> Option<&'static str> {
                match id {
                    $(ScreenId::$id => $module::refusal(&self.$module, store, action),)+
                }
            }

            /// The filter of a screen.
            pub fn filter(&self, id: ScreenId) -> &str {
                match id {
                    $(ScreenId::$id => self.$module.filter.text(),)+
                }
            }

            /// Whether what was typed as the filter of a screen is not understood.
            pub fn filter_error(&self, id: ScreenId) -> bool {
                match id {
                    $(ScreenId::$id => self.$module.filter.error().is_some(),)+
                }
            }

            /// How many of the events kept the stream's filter or pause hides.
            pub fn hidden_in_stream(&self, store: &Store) -> u64 {
                stream::hidden(&self.stream, store)
            }

            /// The error that is to be read whole while the errors screen is shown.
            pub fn sample(&self, store: &Store) -> Option<RowId> {
                errors::sample(&self.errors, store)
            }

            /// Whether the end of what is known of the audit history is near.
            pub fn wants_older(&self, store: &Store) -> bool {
                audit::wants_older(&self.audit, store)
            }

            /// What the filter of a screen understands.
            pub const fn vocabulary(id: ScreenId) -> &'static crate::domain::filter::Vocabulary {
                match id {
                    $(ScreenId::$id => &$module::VOCABULARY,)+
                }
            }

            /// Sets the filter of a screen; what is wrong with it, if something is: then the last good one
            /// goes on working.
            pub fn set_filter(&mut self, id: ScreenId, text: &str) -> Result<(), crate::domain::filter::FilterError> {
                match id {
                    $(ScreenId::$id => self.$module.filter.set(text, &$module::VOCABULARY),)+
                }
            }
        }
    };
}

screens! {
    Overview => overview,
    Stream => stream,
    Queue => queue,
    Errors => errors,
    Alerts => alerts,
    N8n => n8n,
    Campaigns => campaigns,
    Scorecard => scorecard,
    Batches => batches,
    Audit => audit,
}
