//! What comes of groups and alerts by what was said of them.

use chrono::SubsecRound as _;

use super::{Change, Deed, Ignored, TriageTarget, Until, Whose};
use crate::domain::{Timestamp, untrusted::Untrusted};

/// Groups, or alerts, with something said of them, and what that is.
pub type Said = (Deed, Vec<TriageTarget>);

/// Groups as they become where somebody has them, from when that is carried out, or something is noted of them.
///
/// # Errors
/// That nothing would change, in a sentence.
pub fn assigned(mut targets: Vec<TriageTarget>, said: &Whose) -> Result<Said, String> {
    for target in &mut targets {
        said.owner.make(&mut target.becomes.owner);
        if target.becomes.owner != target.was.owner {
            target.becomes.owned_at = None;
        }
        said.note.make(&mut target.becomes.note);
    }
    let deed = if said.owner == Change::Keep {
        Deed::Note
    } else {
        Deed::Assign
    };
    changing(deed, targets)
}

/// Alerts as they become where somebody acknowledges from `since` on that they fire: `me`, where no name was said.
///
/// # Errors
/// As [`assigned`].
pub fn acknowledged(
    mut targets: Vec<TriageTarget>,
    said: &Whose,
    (me, since): (&str, Timestamp),
) -> Result<Said, String> {
    if said.owner == Change::Clear {
        return unacknowledged(targets, since);
    }
    for target in &mut targets {
        target.becomes.owner = Some(Untrusted::from(me));
        said.owner.make(&mut target.becomes.owner);
        target.becomes.owned_at = Some(since.trunc_subsecs(3));
        said.note.make(&mut target.becomes.note);
    }
    changing(Deed::Acknowledge, targets)
}

/// Alerts as they become where, `now` by the database's clock, nobody acknowledges any more that they fire.
///
/// # Errors
/// As [`assigned`].
pub fn unacknowledged(mut targets: Vec<TriageTarget>, now: Timestamp) -> Result<Said, String> {
    for target in &mut targets {
        (target.becomes.owner, target.becomes.owned_at) = (None, None);
        // What is still silenced keeps its note.
        let ignored = target.becomes.ignored.as_ref();
        if !ignored.is_some_and(|it| matches!(it.until, Until::Time(at) if now < at)) {
            target.becomes.note = None;
        }
    }
    changing(Deed::Unacknowledge, targets)
}

/// Alerts as they become where `who` silences them from `since` on until a time, which may be noted of them.
///
/// # Errors
/// That it is no time that was said; else as [`assigned`].
pub fn silenced(
    targets: Vec<TriageTarget>,
    said: &(Until, Change),
    by: (&str, Timestamp),
) -> Result<Said, String> {
    let Until::Time(_) = said.0 else {
        return Err(
            "an alert is silenced until a time, not until more errors come: 1h, until 18:00, tomorrow 9:00"
                .to_owned(),
        );
    };
    let (_, targets) = ignored(targets, said, by)?;
    Ok((Deed::Silence, targets))
}

/// `targets` as they become where `who` leaves them alone from `since` on `until` something, which may be noted of them.
///
/// # Errors
/// As [`assigned`].
pub fn ignored(
    mut targets: Vec<TriageTarget>,
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
pub fn woken(mut targets: Vec<TriageTarget>) -> Result<Said, String> {
    let is_of_alerts = targets.iter().any(|target| target.rule().is_some());
    // A note that is left of what is over is no reason to wake anything.
    targets.retain(|target| target.becomes.ignored.is_some());
    for target in &mut targets {
        target.becomes.ignored = None;
    }
    let deed = if is_of_alerts {
        Deed::Unsilence
    } else {
        Deed::Wake
    };
    changing(deed, targets)
}

/// Those of `targets` of which something would change.
fn changing(deed: Deed, mut targets: Vec<TriageTarget>) -> Result<Said, String> {
    targets.retain(|target| target.becomes != target.was);
    if targets.is_empty() {
        return Err("that is how it is already: nothing would change".to_owned());
    }
    Ok((deed, targets))
}
