mod detail;
mod list;
mod stages;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};

use super::{Pane, State};
use crate::{store::Store, ui::Context};

/// From this width on, both panes stand side by side.
const WIDE: u16 = 130;
/// From this height on, they stand one under the other.
const TALL: u16 = 20;

/// Paints the errors screen.
pub fn view(state: &State, store: &Store, cx: &Context<'_>, frame: &mut Frame<'_>, area: Rect) {
    let buf = frame.buffer_mut();
    let panes = if area.width >= WIDE {
        let side = if state.open { area.width * 2 / 5 } else { 64 };
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(side)]).areas(area)
    } else if area.height >= TALL {
        let below = if state.open {
            area.height / 2
        } else {
            area.height / 3
        };
        Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(area)
    } else {
        return alone(state, store, cx, buf, area);
    };
    let [first, second] = panes;
    list::paint(state, store, cx, buf, first);
    if state.open {
        detail::paint(state, store, cx, buf, second);
    } else {
        stages::paint(state, store, cx, buf, second);
    }
}

/// With room for one pane only, the one that was asked for.
fn alone(state: &State, store: &Store, cx: &Context<'_>, buf: &mut Buffer, area: Rect) {
    match state.pane {
        Pane::Stages => stages::paint(state, store, cx, buf, area),
        Pane::Recent if state.open => detail::paint(state, store, cx, buf, area),
        Pane::Recent => list::paint(state, store, cx, buf, area),
    }
}
