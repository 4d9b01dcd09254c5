//! What was typed about groups of errors.

use chrono::SubsecRound as _;

use crate::{
    action::TimeMode,
    domain::{
        Timestamp,
        triage::{Change, Deed, GroupTarget, Ignored, until, whose},
        untrusted::Untrusted,
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
) -> Result<(Deed, Vec<GroupTarget>), String> {
    let mut targets = targets.to_vec();
    if deed == Deed::Assign {
        let said = whose(text, &model.options.actor)?;
        for target in &mut targets {
            said.owner.make(&mut target.becomes.owner);
            said.note.make(&mut target.becomes.note);
        }
        let deed = if said.owner == Change::Keep {
            Deed::Note
        } else {
            Deed::Assign
        };
        return changing(deed, targets);
    }
    if text.trim() == "-" {
        for target in &mut targets {
            target.becomes.ignored = None;
        }
        return changing(Deed::Wake, targets);
    }
    let now = clock(model);
    let offset = if model.time_mode == TimeMode::Utc {
        0
    } else {
        model.options.local_offset_s
    };
    let (until, note) = until(text, now, offset)?;
    for target in &mut targets {
        target.becomes.ignored = Some(Ignored {
            until,
            since: now.trunc_subsecs(3),
            by: Untrusted::from(model.options.actor.as_str()),
        });
        note.make(&mut target.becomes.note);
    }
    changing(Deed::Ignore, targets)
}

/// Those of `targets` of which something would change.
fn changing(deed: Deed, mut targets: Vec<GroupTarget>) -> Result<(Deed, Vec<GroupTarget>), String> {
    targets.retain(|target| target.becomes != target.was);
    if targets.is_empty() {
        return Err("that is how it is already: nothing would change".to_owned());
    }
    Ok((deed, targets))
}

/// The database's clock, by which errors are counted.
fn clock(model: &Model) -> Timestamp {
    if model.store.clock == Timestamp::default() {
        model.now
    } else {
        model.store.clock
    }
}
