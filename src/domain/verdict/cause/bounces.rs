//! Why messages bounce.

use super::{Evidence, Why, group_words, groups_of, in_words, strength};
use crate::domain::{
    alert::{Reading, RuleId},
    event::EventType,
    outcomes::{BounceReason, Share},
};

/// What the delivery log says of the bounces; else the errors of the stage that sends. A bounce is a row of the
/// log, not an error: errors explain the bounces only where the largest group is at least half as many.
pub(super) fn why(e: &Evidence<'_>, stage: Option<&EventType>) -> Option<Why> {
    if let Some(top) = e.bounces.first() {
        return Some(logged(top));
    }
    let bounced = match &e.alert(RuleId::DeliverabilityDrop)?.reading {
        Reading::Value { value, n, .. } => value * *n as f64,
        Reading::Idle | Reading::Unknown(_) => return None,
    };
    let largest = groups_of(e, stage).map(|group| group.open).max()?;
    if largest as f64 * 2.0 >= bounced {
        group_words(e, stage)
    } else {
        None
    }
}

/// The most frequent reason, with its share of the bounces.
fn logged(top: &BounceReason) -> Why {
    let Share { part: n, of: all } = top.share;
    let strength = strength(n, all);
    let text = top.reason.display_cut(120);
    let mut forms: Vec<String> = [120, 60, 48]
        .map(|length| {
            let text = in_words(&text, length);
            format!("{text} x{n} of {all} bounces ({strength})")
        })
        .into();
    forms.extend([40, 30].map(|length| {
        let text = in_words(&text, length);
        format!("{text} x{n} of {all} ({strength})")
    }));
    forms
}
