//! Scrolling what lies over the screen.

use crate::{
    action::Action,
    keymap::BINDINGS,
    model::{Model, Overlay},
};

/// Scrolls what lies on top, no further than it can be long.
pub(super) fn scroll(model: &mut Model, action: Action) {
    let page = usize::from(model.size.1) / 2;
    let last = match model.overlays.last() {
        Some(Overlay::Help(_)) => BINDINGS.len() + 21,
        Some(Overlay::Ledger(_)) => 26 + 2 * model.store.reconnects.iter().count(),
        Some(Overlay::Cost(_)) => 24,
        Some(Overlay::Run { id, .. }) => {
            let room = usize::from(model.size.0).min(110).saturating_sub(14);
            let known = model.store.runs.of(id).and_then(|run| run.as_ref().ok());
            // Lines that break between words are no emptier than half.
            known.map_or(0, |run| run.lines(room / 2) + 20)
        }
        // Fourteen hypotheses, of a head, a step and a few clues each.
        Some(Overlay::Why { .. }) => 80,
        // Lines above and below the stages, of which a site may have many.
        Some(Overlay::Past { .. }) => model.store.pipeline.stages.len() + 40,
        Some(Overlay::Audit { id, .. }) => {
            let whole = model.store.audit.whole(*id).read();
            whole.map_or(0, |whole| whole.rows.len() + 16)
        }
        Some(Overlay::Errors { .. }) => match &model.store.sample {
            Some((_, Ok(detail))) => detail.rows() * if model.size.0 < 80 { 4 } else { 2 },
            Some((_, Err(_))) | None => 0,
        },
        Some(Overlay::Detail { .. }) => match &model.store.detail {
            Some(Ok(detail)) => detail.rows() * if model.size.0 < 80 { 4 } else { 2 },
            Some(Err(_)) | None => 0,
        },
        Some(Overlay::Plan { plan, .. }) => plan.lines(),
        Some(Overlay::Undo(_) | Overlay::Purge | Overlay::Form(_) | Overlay::Line(_)) | None => 0,
    };
    let top = match model.overlays.last_mut() {
        Some(
            Overlay::Help(top)
            | Overlay::Ledger(top)
            | Overlay::Cost(top)
            | Overlay::Plan { scroll: top, .. }
            | Overlay::Detail { scroll: top, .. }
            | Overlay::Errors { scroll: top, .. }
            | Overlay::Audit { scroll: top, .. }
            | Overlay::Run { scroll: top, .. }
            | Overlay::Past { scroll: top, .. }
            | Overlay::Why { scroll: top, .. },
        ) => top,
        Some(Overlay::Undo(_) | Overlay::Purge | Overlay::Form(_) | Overlay::Line(_)) | None => {
            return;
        }
    };
    *top = if action == Action::Down {
        *top + 1
    } else if action == Action::Up {
        top.saturating_sub(1)
    } else if action == Action::HalfDown {
        *top + page
    } else {
        top.saturating_sub(page)
    }
    .min(last);
}
