//! The A/B tests of the campaign whose funnel is shown.

use crate::{
    action::ScreenId,
    domain::{
        error_group::{Look, Seen},
        event::RowId,
    },
    effect::Effect,
    model::Model,
    msg::Fault,
    screens::{campaigns, room::Room},
};

/// Asks for the tests that are shown, once for each answer about the campaigns themselves: at their pace, and never while
/// nothing of them is on the screen.
pub(super) fn wanted(model: &mut Model) -> Option<Effect> {
    if model.screen != ScreenId::Campaigns {
        return None;
    }
    let room = Room::of(model.size.1, false).body;
    campaigns::fit(&mut model.screens.campaigns, (model.size.0, room));
    let campaign = campaigns::tested(&model.screens.campaigns, &model.store, room)?;
    let wanted = (campaign, model.store.campaigns.at());
    if model.tests_asked.as_ref() == Some(&wanted) {
        return None;
    }
    let look = Look::Tests(wanted.0.clone());
    model.tests_asked = Some(wanted);
    Some(Effect::Look(look))
}

/// The tests of `campaign` came; those of one that is not shown any more are of no use.
pub(super) fn looked(model: &mut Model, campaign: &RowId, answer: Result<Seen, Fault>) {
    let is_asked = |(asked, _): &(RowId, _)| asked == campaign;
    if !model.tests_asked.as_ref().is_some_and(is_asked) {
        return;
    }
    let answer = match answer {
        Ok(Seen::Tests(tests)) => Ok(tests),
        Ok(_) => return,
        Err(fault) => Err(fault),
    };
    model.store.ab_tests = Some((campaign.clone(), model.now, answer));
    model.revision += 1;
}
