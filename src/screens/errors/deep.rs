//! What the list asks for beyond what every refresh brings: older errors, whether those are still unresolved, and what
//! payloads hold where the filter asks for it.

use super::{Mode, State, lines, rows, settle};
use crate::{
    action::Action,
    domain::{
        Timestamp,
        error_group::{Errors, Look, Older, PAGE, Page, PagePlace, Payloads, Values},
        event::RowId,
    },
    msg::Fault,
    screens::Answer,
    store::Store,
};

/// The next page is asked for when so few rows are left before the end of what is held.
const NEAR: usize = 100;

/// An answer that has not come after so many seconds is asked for again.
const LOST_S: i64 = 15;

/// Payloads that are asked for at once.
const PAYLOADS: usize = PAGE;

/// Errors whose payloads are remembered, at most.
const REMEMBERED: usize = 10 * PAGE;

/// What was asked for, and when.
#[derive(Debug, Default)]
pub(super) struct Asked {
    page: Option<(PagePlace, Timestamp)>,
    payloads: Option<(Vec<RowId>, Timestamp)>,
    /// Whether the older errors are to be looked at again.
    is_doubted: bool,
    /// Why payloads cannot be looked at, for this filter.
    refused: Option<Fault>,
}

fn is_awaited<T>(asked: Option<&(T, Timestamp)>, store: &Store) -> bool {
    asked.is_some_and(|(_, at)| (store.clock - *at).num_seconds() < LOST_S)
}

/// Begins anew where the filter is another one than before.
pub(super) fn begin(state: &mut State) {
    if state.filter.error().is_some() {
        // The last good filter goes on, and so does what it found.
        return;
    }
    if state.older.filter() != state.filter.text() {
        state.older = Older::of(state.filter.text());
        state.asked.page = None;
    }
    if state.payloads.paths() != state.filter.fields("payload.") {
        state.payloads = Payloads::of(&state.filter);
        state.asked.payloads = None;
        state.asked.refused = None;
    }
}

/// How many unresolved errors there are beside the newest that every refresh brings.
fn beyond(store: &Store) -> u64 {
    let total = store.errors.value().map_or(0, Errors::open);
    total.saturating_sub(lines::held(store).len() as u64)
}

/// Whether older errors can be paged to: their keys have an order, and no mark is asked for, which the server knows nothing
/// of.
fn can_page(state: &State, store: &Store) -> bool {
    let mut held = lines::held(store).iter();
    held.all(|row| row.id.number().is_some())
        && beyond(store) > 0
        && !state.filter.asks("marked")
        && state.filter.error().is_none()
}

/// After `action` in the list: the page that is needed next, if one is.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other action comes near an end of the list"
)]
pub(super) fn further(state: &mut State, store: &Store, action: Action) -> Option<Answer> {
    if state.mode != Mode::List {
        return None;
    }
    if action == Action::First && state.older.is_apart() {
        state.older = Older::of(state.filter.text());
        state.asked.page = None;
        settle(state, store);
        let keys = rows::keys(state, store);
        state.recent.select(keys.first().cloned());
        return None;
    }
    if !can_page(state, store) || is_awaited(state.asked.page.as_ref(), store) {
        return None;
    }
    let keys = rows::keys(state, store);
    let at = state.recent.position(&keys).unwrap_or_default();
    let is_near_end = keys.len() - at.min(keys.len()) <= NEAR;
    let place = match action {
        Action::Last if !state.older.has_oldest() => Some(PagePlace::Oldest),
        Action::Down | Action::HalfDown | Action::PageDown | Action::Mark if is_near_end => {
            state.older.next(lines::held(store))
        }
        Action::Up | Action::HalfUp | Action::PageUp if at < NEAR => state.older.previous(),
        _ => None,
    }?;
    state.asked.page = Some((place.clone(), store.clock));
    let filter = state.older.filter().to_owned();
    Some(Answer::Look(Look::Page(place, filter)))
}

/// What is to be said while a page is awaited at the end of the list.
pub(super) fn is_paging(state: &State) -> bool {
    state.asked.page.is_some()
}

/// Why payloads are not looked at, if they are not.
pub(super) fn refused(state: &State) -> Option<&Fault> {
    state.asked.refused.as_ref()
}

impl State {
    /// Takes in the page at `place` of what `filter` lets through.
    ///
    /// # Errors
    /// The fault, where it was still waited for.
    pub fn paged(
        &mut self,
        store: &Store,
        (place, filter): (&PagePlace, &str),
        answer: Result<Page, Fault>,
    ) -> Result<(), Fault> {
        let is_awaited = self
            .asked
            .page
            .as_ref()
            .is_some_and(|(asked, _)| asked == place);
        if !is_awaited || self.older.filter() != filter {
            return Ok(());
        }
        self.asked.page = None;
        self.older.take(place, answer?, lines::held(store));
        settle(self, store);
        if *place == PagePlace::Oldest {
            let keys = rows::keys(self, store);
            self.recent.select(keys.last().cloned());
        }
        settle(self, store);
        Ok(())
    }

    /// Errors came anew: some of the older ones may be resolved.
    pub const fn doubt(&mut self) {
        self.asked.is_doubted = true;
    }

    /// What is to be looked up for what is listed.
    pub fn wanted(&mut self, store: &Store) -> Vec<Look> {
        let mut looks = Vec::new();
        if std::mem::take(&mut self.asked.is_doubted)
            && let Some((from, to)) = self.older.range()
        {
            looks.push(Look::Still(from, to));
        }
        let may_ask = self.payloads.is_asked()
            && self.asked.refused.is_none()
            && !is_awaited(self.asked.payloads.as_ref(), store);
        if may_ask {
            let unknown = self.payloads.unknown(lines::held(store).iter(), PAYLOADS);
            if !unknown.is_empty() {
                self.asked.payloads = Some((unknown.clone(), store.clock));
                let paths = self.payloads.paths().to_vec();
                looks.push(Look::Payloads(paths, unknown));
            }
        }
        looks
    }

    /// Of the older errors from one key to another, only `keys` are unresolved.
    pub fn still(&mut self, store: &Store, range: (&RowId, &RowId), keys: &[RowId]) {
        if self.older.keep(range, keys) {
            settle(self, store);
        }
    }

    /// These errors are resolved.
    pub fn resolved(&mut self, store: &Store, ids: &[RowId]) {
        self.older.forget(ids);
        settle(self, store);
    }

    /// Takes in what the events of `ids` hold at `paths`.
    pub fn found(
        &mut self,
        store: &Store,
        (paths, ids): (&[String], &[RowId]),
        answer: Result<Values, Fault>,
    ) {
        if self.payloads.paths() != paths {
            return;
        }
        self.asked.payloads = None;
        match answer {
            Ok(found) => self.payloads.take(ids, found),
            Err(fault) => self.asked.refused = Some(fault),
        }
        let held: std::collections::HashSet<&RowId> =
            lines::held(store).iter().map(|row| &row.id).collect();
        self.payloads.forget(|id| held.contains(id), REMEMBERED);
        settle(self, store);
    }
}
