//! What is told of batches, and what is wanted of them.

use chrono::TimeDelta;

use super::answer;
use crate::{
    action::ScreenId,
    domain::batch::{BatchId, Driver, Order, Pacing, Record},
    effect::{Effect, FeedId},
    model::{Model, Overlay, Purpose},
    msg::Told,
    store::batches::Known,
};

/// Who was told that a batch is under way leaves it by asking again within this time.
const AGAIN: TimeDelta = TimeDelta::seconds(10);

/// The batches of other processes are looked at no less often than each 2 s, given a tick a second.
const LOOK: TimeDelta = TimeDelta::milliseconds(1_500);

/// Whether the batches of other processes are to be looked at: when they come to be shown, and with the clock while they are,
/// or one is not over that is not ours.
pub(super) fn wanted(model: &mut Model, is_tick: bool) -> Option<Effect> {
    let is_foreign = |known: &Known| known.driver != Driver::Here && !known.batch.is_over();
    if model.screen != ScreenId::Batches && !model.store.batches.iter().any(is_foreign) {
        model.batches_looked = None;
        return None;
    }
    let is_due = |at| is_tick && model.now - at >= LOOK;
    if !model.batches_looked.is_none_or(is_due) {
        return None;
    }
    model.batches_looked = Some(model.now);
    Some(Effect::LookAtBatches)
}

/// Takes in what is told of a batch; what it touched is asked for.
pub(super) fn told(model: &mut Model, told: Told) -> Vec<Effect> {
    let touches = matches!(
        &told,
        Told::Noted(
            _,
            Record::Sent { .. } | Record::Ended { .. } | Record::Finished { .. }
        )
    );
    model.revision += 1;
    let stands = stood(&told).cloned();
    let has_failed = matches!(told, Told::Failed(..));
    let said = model.store.batches.absorb(told);
    let undoes = stands.is_some_and(|id| {
        let known = model.store.batches.get(&id).cloned();
        known.is_some_and(|known| model.stands(&known))
    });
    if let Some(mut said) = said {
        if undoes {
            said.push_str("; u takes it back");
        }
        if has_failed {
            model.insist(said);
        } else {
            model.say(said);
        }
    }
    model.screens.settle(model.screen, &model.store);
    let feeds = [FeedId::Tail, FeedId::Stages].into_iter();
    feeds.filter(|_| touches).map(Effect::Fetch).collect()
}

/// The batch that may stand by what is told, or stands no more.
fn stood(told: &Told) -> Option<&BatchId> {
    match told {
        Told::Known(head, ..) => Some(&head.batch),
        Told::Noted(id, record) => matches!(
            record,
            Record::Paused { .. }
                | Record::Resumed { .. }
                | Record::Stopped { .. }
                | Record::Finished { .. }
        )
        .then_some(id),
        Told::Left(id) => Some(id),
        Told::Held(..) | Told::Limited(..) | Told::Failed(..) => None,
    }
}

/// Leaves; while a batch or a purge is under way here, only when that was asked for twice.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let is_told = model.leaving.is_some_and(|told| now - told < AGAIN);
    let batch = model.store.batches.here().map(|known| {
        let id = &known.batch.head.batch;
        format!(
            "batch {id} goes on only while outpost runs; the journal keeps it: once more leaves"
        )
    });
    let purge = model.store.purging.as_ref().map(|_| {
        "the purge goes on only while outpost runs; what is deleted is gone, the rest stays: once more leaves"
            .to_owned()
    });
    match batch.or(purge) {
        Some(why) if !is_told => {
            model.leaving = Some(now);
            model.say(why);
            Vec::new()
        }
        Some(_) | None => vec![Effect::Quit],
    }
}

/// Opens the line for the pace of the plan on top.
pub(super) fn edit(model: &mut Model) {
    let Some(Overlay::Plan { plan, .. }) = model.overlays.last() else {
        return;
    };
    if let Some(typed) = plan.pacing.as_ref().map(Pacing::typed) {
        answer::open(model, Purpose::Pace, &typed);
    }
}

/// Gives the plan below the line the pace that was typed.
pub(super) fn pace(model: &mut Model, text: &str) {
    let below = model.overlays.len().checked_sub(2);
    let Some(Overlay::Plan { plan, .. }) = below.and_then(|at| model.overlays.get_mut(at)) else {
        return;
    };
    let Some(pacing) = plan.pacing else { return };
    match pacing.take(text) {
        Ok(pacing) => {
            plan.pacing = Some(pacing);
            model.overlays.pop();
        }
        Err(wrong) => model.say(wrong),
    }
}

/// Tells the batch `id` what was asked for, if what was typed confirms it.
pub(super) fn order(model: &mut Model, id: &BatchId, order: Order, text: &str) -> Vec<Effect> {
    let Some(known) = model.store.batches.get(id) else {
        return Vec::new();
    };
    let left = known.batch.report().waiting;
    let text = text.trim();
    let order = match order {
        Order::Resume if text == left.to_string() => Ok(Order::Resume),
        Order::Resume => Err(format!("not resumed: type {left}, exactly")),
        Order::Stop if text == "stop" => Ok(Order::Stop),
        Order::Stop => Err("not stopped: type stop".to_owned()),
        Order::Pace { .. } => known.batch.take_pace(text),
        Order::Pause => Ok(Order::Pause),
    };
    match order {
        Ok(order) => {
            model.overlays.pop();
            vec![Effect::Batch(id.clone(), order)]
        }
        Err(wrong) => {
            model.say(wrong);
            Vec::new()
        }
    }
}
