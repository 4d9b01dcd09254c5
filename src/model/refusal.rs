//! Why something cannot be done now: said when it is asked for, and shown where it is offered.

use super::{Model, Overlay};
use crate::{
    action::{Action, ScreenId, Writes},
    domain::{audit::EntryId, plan::EventTarget, retry::Objection, server::Deed},
    msg::Link,
    screens::{errors, room::Room},
};

impl Model {
    /// Why `action` cannot be done now, if it cannot; shown in the notice, and dims the footer.
    pub fn refusal(&self, action: Action) -> Option<&'static str> {
        if action == Action::Undo && self.undo_here().is_none() {
            return Some(match self.overlays.last() {
                Some(Overlay::Audit { id, .. }) if self.is_of_unknown_database(*id) => {
                    "it is not known in which database this was done, so it is not taken back"
                }
                Some(Overlay::Audit { .. }) if self.taken_back_here().is_some() => {
                    "this was taken back already"
                }
                Some(Overlay::Audit { .. }) => "nothing takes this entry back",
                _ => {
                    "there is nothing to take back: a retry starts workflows, and nothing else was done"
                }
            });
        }
        self.barred(action)
            .or_else(|| self.chart_refusal(action))
            .or_else(|| self.place_refusal(action))
    }

    fn chart_refusal(&self, action: Action) -> Option<&'static str> {
        let charts = matches!(action, Action::LongerWindow | Action::ShorterWindow);
        let body = Room::of(self.size.1, false).body;
        let is_shown = errors::tells_of_audit((self.size.0, body));
        (charts && self.screen == ScreenId::Errors && !is_shown)
            .then_some("there is no room for the chart of errors: it stands at 200x60")
    }

    fn is_of_unknown_database(&self, id: EntryId) -> bool {
        let entry = self.store.audit.find(id);
        entry.is_some_and(|entry| entry.remark().is_some())
    }

    /// Why `action` can never be done in this session, if it cannot: what was decided at the start, what the server is, or
    /// what was not granted. Struck out where it is offered.
    pub fn barred(&self, action: Action) -> Option<&'static str> {
        let undoes = self.undo_here().filter(|_| action == Action::Undo);
        let undoes = undoes.map(|undo| {
            if undo.is_in_n8n() {
                Writes::N8n
            } else if undo.is_local() {
                Writes::Triage
            } else {
                Writes::Database
            }
        });
        let writes = action.writes().or(undoes);
        let writes_down = matches!(action, Action::Confirm | Action::Note);
        if (writes.is_some() || writes_down) && self.options.read_only {
            return Some(if self.options.read_only_by_file {
                "read-only: safety.read_only is on in the configuration"
            } else {
                "read-only: outpost was started with --read-only"
            });
        }
        if action == Action::Purge && !self.options.allow_destructive {
            return Some("off: set safety.allow_destructive = true to purge");
        }
        match writes {
            Some(Writes::Database) => self.database_refusal(action),
            Some(Writes::N8n) => self.n8n_refusal(action),
            // Where the database does not take what is said of groups, it is kept on this machine.
            Some(Writes::Triage) | None => None,
        }
    }

    fn database_refusal(&self, action: Action) -> Option<&'static str> {
        let server = self.store.server.value()?;
        if server.standby {
            return Some("this server is a standby: nothing can be written here");
        }
        if server.read_only {
            return Some("this session is read-only: the database refuses writes");
        }
        let denied = |deed| server.denied.contains(&deed);
        if action == Action::Retry && denied(Deed::Retry) {
            return Some("this role may not retry: have UPDATE on pipeline_events granted");
        }
        if action == Action::Resolve && denied(Deed::Resolve) {
            return Some("this role may not resolve: have UPDATE on pipeline_errors granted");
        }
        if action == Action::Purge && denied(Deed::Purge) {
            return Some(
                "this role may not purge: have DELETE and UPDATE on pipeline_events granted",
            );
        }
        (action == Action::Insert && denied(Deed::Insert))
            .then_some("this role may not insert: have INSERT on pipeline_events granted")
    }

    /// Why no execution of n8n is read whole now, where none is.
    pub fn why_no_run(&self) -> Option<String> {
        if matches!(self.store.n8n, Link::Off(_)) {
            return Some("n8n is not set up: give N8N_BASE_URL and N8N_API_KEY".to_owned());
        }
        let access = self.store.access.value();
        if access.is_some_and(|access| !access.may("execution:read")) {
            return Some("the n8n key lacks the scope execution:read".to_owned());
        }
        let silence = self.store.runs.silence(self.now)?.num_seconds() + 1;
        Some(format!("n8n asked to be left alone, for {silence} s more"))
    }

    fn n8n_refusal(&self, action: Action) -> Option<&'static str> {
        if matches!(self.store.n8n, Link::Off(_)) {
            return Some("n8n is not set up: give N8N_BASE_URL and N8N_API_KEY");
        }
        let access = self.store.access.value();
        let may = |scope| access.is_none_or(|access| access.may(scope));
        // An execution is looked at before it is touched, and after it was stopped.
        let reads = may("execution:read");
        if action == Action::StopExecutions {
            return match (reads, may("execution:stop")) {
                (true, true) => None,
                (true, false) => Some("the n8n key lacks the scope execution:stop"),
                (false, true) => Some(
                    "the n8n key lacks the scope execution:read: an execution is looked at before it is stopped",
                ),
                (false, false) => {
                    Some("the n8n key lacks the scopes execution:read and execution:stop")
                }
            };
        }
        if action == Action::RetryExecutions {
            return match (reads, may("execution:retry")) {
                (true, true) => None,
                (true, false) => Some("the n8n key lacks the scope execution:retry"),
                (false, true) => Some(
                    "the n8n key lacks the scope execution:read: an execution is looked at before it is retried",
                ),
                (false, false) => {
                    Some("the n8n key lacks the scopes execution:read and execution:retry")
                }
            };
        }
        (!may("workflow:activate") && !may("workflow:deactivate"))
            .then_some("the n8n key lacks the scopes workflow:activate and workflow:deactivate")
    }

    /// What speaks against it where it is asked: in what lies on top, or on the screen.
    fn place_refusal(&self, action: Action) -> Option<&'static str> {
        match self.overlays.last() {
            Some(Overlay::Detail { .. }) if action == Action::Retry => {
                match self.store.detail.as_ref() {
                    Some(Ok(detail)) => {
                        EventTarget::of(&self.store.pipeline, &detail.row, self.store.tail.at())
                            .err()
                            .map(Objection::sentence)
                    }
                    Some(Err(_)) | None => Some("this event is not read yet"),
                }
            }
            Some(Overlay::Plan { plan, .. }) if action == Action::EditPace => plan
                .pacing
                .is_none()
                .then_some("this plan has no pace: all its rows are changed at once"),
            Some(Overlay::Plan { plan, .. }) if action == Action::Blocked => match &plan.examined {
                None => Some("the guard has not said yet what is blocked"),
                Some(examined) => examined
                    .blocked
                    .is_empty()
                    .then_some("no row of this plan is blocked"),
            },
            Some(Overlay::Plan { plan, .. }) if action == Action::OtherWay => plan
                .mutation
                .other_way()
                .is_none()
                .then_some("this plan has no other way"),
            Some(Overlay::Plan { plan, .. }) if action == Action::AnyHour => plan
                .mutation
                .at_any_hour()
                .is_none()
                .then_some("no hours are quiet for this plan (retry.quiet_hours)"),
            Some(
                Overlay::Detail { .. }
                | Overlay::Errors { .. }
                | Overlay::Why { .. }
                | Overlay::Past { .. }
                | Overlay::Audit { .. }
                | Overlay::Run { .. }
                | Overlay::Help(_)
                | Overlay::Ledger(_)
                | Overlay::Cost(_)
                | Overlay::Plan { .. }
                | Overlay::Undo(_)
                | Overlay::Purge
                | Overlay::Form(_)
                | Overlay::Line(_),
            ) => None,
            None if action == Action::Purge => self
                .store
                .server
                .value()
                .is_none()
                .then_some("the database has not answered yet"),
            None if action == Action::OpenScenarios && self.options.scenarios.is_empty() => {
                Some("scenarios exist in the demo only: outpost demo")
            }
            None => self.screens.refusal(self.screen, &self.store, action),
        }
    }
}
