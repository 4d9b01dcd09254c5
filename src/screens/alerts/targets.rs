//! What the keys say of the marked alerts, or of the selected one: who acknowledged them, until when they are silenced.

use super::{State, rows};
use crate::{
    action::Action,
    domain::{
        alert::Alert,
        plan::Mutation,
        triage::{Deed, Said, TriageTarget, unacknowledged, woken},
    },
    screens::Answer,
    store::Store,
};

/// The alerts that are meant.
fn meant<'a>(state: &State, store: &'a Store) -> Vec<&'a Alert> {
    let targets = state.cursor.targets();
    let found = targets.iter().filter_map(|id| rows::find(store, *id));
    found.collect()
}

/// Asks who acknowledges those that fire, or until when to silence them; where all are acknowledged, or silenced, plans to end that.
pub(super) fn triage(state: &State, store: &Store, action: Action) -> Vec<Answer> {
    let alerts = meant(state, store);
    if action == Action::Assign {
        vec![acknowledge(store, &alerts)]
    } else {
        vec![silence(store, &alerts)]
    }
}

/// Of those that fire.
fn acknowledge(store: &Store, alerts: &[&Alert]) -> Answer {
    let fires = alerts.iter().copied().filter(|alert| alert.is_firing());
    let firing: Vec<&Alert> = fires.collect();
    let waits = firing
        .iter()
        .copied()
        .filter(|alert| alert.acked_by().is_none());
    let waiting: Vec<&Alert> = waits.collect();
    if waiting.is_empty() {
        return planned(store, unacknowledged(targets(store, &firing), store.clock));
    }
    ask(store, Deed::Acknowledge, &waiting)
}

fn silence(store: &Store, alerts: &[&Alert]) -> Answer {
    if alerts.iter().all(|alert| alert.is_silenced()) {
        return planned(store, woken(targets(store, alerts)));
    }
    ask(store, Deed::Silence, alerts)
}

fn ask(store: &Store, deed: Deed, alerts: &[&Alert]) -> Answer {
    Answer::AskTriage(deed, targets(store, alerts), store.said_in())
}

/// `alerts`, each with what is said of it.
pub fn targets(store: &Store, alerts: &[&Alert]) -> Vec<TriageTarget> {
    let of = |alert: &&Alert| {
        let was = store.said_of(alert.rule).cloned().unwrap_or_default();
        TriageTarget::of_alert(alert, was)
    };
    alerts.iter().map(of).collect()
}

fn planned(store: &Store, said: Result<Said, String>) -> Answer {
    match said {
        Ok((deed, targets)) => Answer::Propose(Mutation::Triage {
            deed,
            targets,
            place: store.said_in(),
        }),
        Err(why) => Answer::Say(why),
    }
}

/// Why nothing can be said of the alerts that are meant, if nothing can.
pub(super) fn untold(state: &State, store: &Store, action: Action) -> Option<&'static str> {
    state
        .cursor
        .refusal(Action::Open, "no rule is selected")
        .or_else(|| refused(store, &meant(state, store), action))
}

/// Why nothing can be said of `alerts`, if nothing can.
pub fn refused(store: &Store, alerts: &[&Alert], action: Action) -> Option<&'static str> {
    if store.errors.value().is_none() {
        return Some("what is said of alerts is read with the errors, and those are not read");
    }
    // By its clock an ack is of this firing and not of another, and a silence ends.
    if store.server.value().is_none() {
        return Some("an alert is acknowledged by the database's clock, and that is not read yet");
    }
    let fires = alerts.iter().any(|alert| alert.is_firing());
    (action == Action::Assign && !fires)
        .then_some("it does not fire: there is nothing to acknowledge")
}
