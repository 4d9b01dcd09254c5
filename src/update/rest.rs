//! Rest: where a site lets its database sleep, nothing is asked of it while nobody looks and nothing comes.

use crate::{effect::FeedId, model::Model};

use std::collections::BTreeSet;

/// A key was pressed, or something new came.
pub(super) fn stir(model: &mut Model) {
    model.stirred_at = model.now;
    if model.store.wake(model.now) {
        model.revision += 1;
    }
}

/// Begins a rest, where it is time and nothing is under way that has to be watched.
pub(super) fn tick(model: &mut Model) {
    let Some(after) = model.options.rest_after else {
        return;
    };
    let quiet = (model.now - model.stirred_at).to_std().unwrap_or_default();
    let is_busy = model.store.purging.is_some() || model.store.batches.here().is_some();
    if quiet >= after && !is_busy {
        model.store.resting.get_or_insert(model.now);
    }
}

/// What is needed of the feeds that what is shown needs: at rest those of n8n alone.
pub(super) fn needed(model: &Model, mut feeds: BTreeSet<FeedId>) -> BTreeSet<FeedId> {
    if model.store.resting.is_some() {
        feeds.retain(|feed| feed.is_n8n());
    }
    feeds
}
