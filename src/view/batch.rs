//! What the frame says of batches.

use crate::{
    action::{Action, ScreenId},
    domain::batch::{BatchId, Order},
    keymap::Scope,
    model::Model,
    ui::Role,
};

/// What is to be typed so that the batch `id` is told that.
pub(super) fn asks(model: &Model, id: &BatchId, order: Order) -> String {
    let known = model.store.batches.get(id);
    let left = known.map_or(0, |known| known.batch.report().waiting);
    match order {
        Order::Resume => format!("type {left} and enter: so many events are left to send"),
        Order::Stop => format!("type stop and enter: {left} events are never sent"),
        Order::Pace {
            per_minute,
            brake,
            least,
        } => {
            format!("pace, brake, least; now pace={per_minute} brake={brake} least={least}")
        }
        Order::Pause => String::new(),
    }
}

/// The batch under way, or that some wait: `BATCH 41/47 ok 38 fail 3 20/min B`.
pub(super) fn segment(model: &Model) -> Option<Vec<(String, Role)>> {
    let global = [Scope::Global];
    let shown = Action::Go(ScreenId::Batches);
    let chord = model.options.keymap.shown(&global, shown);
    let key = chord.map_or_else(String::new, |chord| format!(" {chord}"));
    let batches = &model.store.batches;
    if let Some(known) = batches.here() {
        let report = known.batch.report();
        let word = match known.word() {
            "running" => "BATCH".to_owned(),
            word => format!("BATCH {word}"),
        };
        let failed = report.failed();
        let role = if failed > 0 { Role::Bad } else { Role::Dim };
        return Some(vec![
            (word, Role::Strong),
            (
                format!(" {}/{} ok {}", report.ended(), report.all, report.ok),
                Role::Text,
            ),
            (format!(" fail {failed}"), role),
            (
                format!(" {}/min{key}", known.batch.rate().per_minute),
                Role::Text,
            ),
        ]);
    }
    match batches.unfinished() {
        0 => None,
        1 => Some(vec![(format!("BATCH unfinished{key}"), Role::Warn)]),
        n => Some(vec![(format!("BATCH {n} unfinished{key}"), Role::Warn)]),
    }
}
