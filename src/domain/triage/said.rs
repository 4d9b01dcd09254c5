//! What comes of groups by what was said of them.

use chrono::SubsecRound as _;

use super::{Change, Deed, GroupTarget, Ignored, Until, Whose};
use crate::domain::{Timestamp, untrusted::Untrusted};

/// Groups with something said of them, and what that is.
pub type Said = (Deed, Vec<GroupTarget>);

/// `targets` as they become where somebody has them, or something is noted of them.
///
/// # Errors
/// That nothing would change, in a sentence.
pub fn assigned(mut targets: Vec<GroupTarget>, said: &Whose) -> Result<Said, String> {
    for target in &mut targets {
        said.owner.make(&mut target.becomes.owner);
        said.note.make(&mut target.becomes.note);
    }
    let deed = if said.owner == Change::Keep {
        Deed::Note
    } else {
        Deed::Assign
    };
    changing(deed, targets)
}

/// `targets` as they become where `who` leaves them alone from `since` on `until` something, which may be noted of them.
///
/// # Errors
/// As [`assigned`].
pub fn ignored(
    mut targets: Vec<GroupTarget>,
    (until, note): &(Until, Change),
    (who, since): (&str, Timestamp),
) -> Result<Said, String> {
    for target in &mut targets {
        target.becomes.ignored = Some(Ignored {
            until: *until,
            since: since.trunc_subsecs(3),
            by: Untrusted::from(who),
        });
        note.make(&mut target.becomes.note);
    }
    changing(Deed::Ignore, targets)
}

/// `targets` as they become where nobody leaves them alone any more.
///
/// # Errors
/// As [`assigned`].
pub fn woken(mut targets: Vec<GroupTarget>) -> Result<Said, String> {
    for target in &mut targets {
        target.becomes.ignored = None;
    }
    changing(Deed::Wake, targets)
}

/// Those of `targets` of which something would change.
fn changing(deed: Deed, mut targets: Vec<GroupTarget>) -> Result<Said, String> {
    targets.retain(|target| target.becomes != target.was);
    if targets.is_empty() {
        return Err("that is how it is already: nothing would change".to_owned());
    }
    Ok((deed, targets))
}
