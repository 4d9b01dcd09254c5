//! The overview's places: which pane stands where at which size, and what goes first.

mod alerts;
mod campaigns;
mod errors;
mod flow;
mod n8n;
mod places;
mod scorecard;
mod stream;
mod tickers;
mod totals;

use ratatui::{Frame, buffer::Buffer, layout::Rect};

use super::{Pane, State};
use crate::{
    store::Store,
    ui::{
        Context, Role,
        panel::{self, Badge},
    },
};

use self::places::Place;

/// What every pane paints from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    state: &'a State,
    store: &'a Store,
    cx: &'a Context<'a>,
}

/// Paints the overview screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let scene = Scene { state, store, cx };
    let buf = frame.buffer_mut();
    for (place, area) in places::places(area, state.pane) {
        match place {
            Place::Strip => flow::strip(&scene, buf, area),
            Place::Worst => flow::worst(&scene, buf, area),
            Place::Tickers => tickers::tickers(&scene, buf, area),
            Place::Boxed(Pane::Flow) => flow::boxed(&scene, buf, area),
            Place::Boxed(Pane::Alerts) => alerts::alerts(&scene, buf, area),
            Place::Boxed(Pane::Errors) => errors::errors(&scene, buf, area),
            Place::Boxed(Pane::Stream) => stream::stream(&scene, buf, area),
            Place::Boxed(Pane::N8n) => n8n::n8n(&scene, buf, area),
            Place::Boxed(Pane::Campaigns) => campaigns::campaigns(&scene, buf, area),
            Place::Boxed(Pane::Scorecard) => scorecard::scorecard(&scene, buf, area),
            Place::Totals => totals::totals(&scene, buf, area),
        }
    }
}

impl Scene<'_> {
    /// Paints the border of `pane`; what is left for its content. `summary` gives way to what is wrong with the
    /// data.
    fn boxed(
        &self,
        buf: &mut Buffer,
        area: Rect,
        (pane, title): (Pane, &str),
        trouble: Badge,
        summary: Badge,
    ) -> Rect {
        let badge = if trouble.0.is_empty() {
            summary
        } else {
            trouble
        };
        panel::panel(self.cx, buf, area, title, &badge, self.state.pane == pane)
    }

    fn has_keys(&self, pane: Pane) -> bool {
        self.state.pane == pane
    }
}

/// A summary that asks for nothing.
fn quiet(text: String) -> Badge {
    (text, Role::Dim)
}
