//! What was typed about groups of errors, and about alerts.

use super::answer;
use crate::{
    action::{Action, TimeMode},
    domain::{
        Timestamp,
        alert::RuleId,
        plan::Mutation,
        triage::{
            Deed, Said, TriageTarget, acknowledged, assigned, ignored, silence, silenced, until,
            whose, woken,
        },
        zone::Zone,
    },
    effect::Effect,
    model::Model,
    screens::alerts,
};

/// What `text` says of `targets`, and what that is.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub(super) fn said(
    model: &Model,
    deed: Deed,
    targets: &[TriageTarget],
    text: &str,
) -> Result<Said, String> {
    let (targets, me) = (targets.to_vec(), model.options.actor.as_str());
    let now = clock(model);
    if deed == Deed::Assign {
        return assigned(targets, &whose(text, me)?);
    }
    if deed == Deed::Acknowledge {
        return acknowledged(targets, &whose(text, me)?, (me, now));
    }
    if text.trim() == "-" {
        return woken(targets);
    }
    let utc = Zone::default();
    let zone = if model.time_mode == TimeMode::Utc {
        &utc
    } else {
        &model.options.zone
    };
    if deed == Deed::Silence {
        return silenced(targets, &silence(text, now, zone)?, (me, now));
    }
    ignored(targets, &until(text, now, zone)?, (me, now))
}

/// Plans what `text` says of `rule`, wherever that was typed.
pub(super) fn of_rule(model: &mut Model, deed: Deed, rule: RuleId, text: &str) -> Vec<Effect> {
    let action = if deed == Deed::Acknowledge {
        Action::Assign
    } else {
        Action::Ignore
    };
    let store = &model.store;
    let said = match store.alerts.iter().find(|alert| alert.rule == rule) {
        None => Err("this rule is switched off, or not judged yet".to_owned()),
        Some(alert) => {
            let refused = model.barred(action);
            match refused.or_else(|| alerts::refused(store, &[alert], action)) {
                Some(why) => Err(why.to_owned()),
                None => said(model, deed, &alerts::targets(store, &[alert]), text),
            }
        }
    };
    match said {
        Ok((deed, targets)) => {
            let place = model.store.said_in();
            let mutation = Mutation::Triage {
                deed,
                targets,
                place,
            };
            answer::propose(model, mutation).into_iter().collect()
        }
        Err(why) => {
            model.say(why);
            Vec::new()
        }
    }
}

/// The database's clock, by which errors are counted and alerts fire.
fn clock(model: &Model) -> Timestamp {
    if model.store.clock == Timestamp::default() {
        model.now
    } else {
        model.store.clock
    }
}
