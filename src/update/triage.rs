//! What was typed about groups of errors.

use crate::{
    action::TimeMode,
    domain::{
        Timestamp,
        triage::{Deed, GroupTarget, Said, assigned, ignored, until, whose, woken},
        zone::Zone,
    },
    model::Model,
};

/// What `text` says of `targets`, and what that is.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub(super) fn said(
    model: &Model,
    deed: Deed,
    targets: &[GroupTarget],
    text: &str,
) -> Result<Said, String> {
    let (targets, me) = (targets.to_vec(), model.options.actor.as_str());
    if deed == Deed::Assign {
        return assigned(targets, &whose(text, me)?);
    }
    if text.trim() == "-" {
        return woken(targets);
    }
    let (now, utc) = (clock(model), Zone::default());
    let zone = if model.time_mode == TimeMode::Utc {
        &utc
    } else {
        &model.options.zone
    };
    ignored(targets, &until(text, now, zone)?, (me, now))
}

/// The database's clock, by which errors are counted.
fn clock(model: &Model) -> Timestamp {
    if model.store.clock == Timestamp::default() {
        model.now
    } else {
        model.store.clock
    }
}
