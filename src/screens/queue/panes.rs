//! Which panes of the tab Queue there is room for: what it paints, and so what it asks for.

use super::{State, Tab, rows};
use crate::{domain::flow::FlowLine, store::Store};

/// Rows the pane of the selected stage wants, and takes at most, border included.
const DETAIL: u16 = 7;
const DETAIL_AT_MOST: u16 = 12;
/// Rows below it from which on the spread of its latency is shown too, border included.
const SPREAD: u16 = 8;

/// The rows of each pane, from the top; one of 0 is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Panes {
    /// The stages.
    pub(super) list: u16,
    /// The selected one, in sentences.
    pub(super) detail: u16,
    /// How its latency is spread.
    pub(super) spread: u16,
}

impl Panes {
    /// Of a screen of so many rows that lists so many stages.
    pub(super) fn of(height: u16, stages: usize) -> Self {
        let wanted = (stages as u16 + 4).max(6);
        if height < wanted + DETAIL {
            return Self {
                list: height,
                detail: 0,
                spread: 0,
            };
        }
        let detail = (height - wanted).min(DETAIL_AT_MOST);
        let left = height - wanted - detail;
        Self {
            list: wanted,
            detail,
            spread: if left >= SPREAD { left } else { 0 },
        }
    }
}

/// The stage of `shown` that is selected.
pub(super) fn selected<'a>(state: &State, shown: &[&'a FlowLine]) -> Option<&'a FlowLine> {
    let selected = state.cursor.selected()?;
    shown.iter().copied().find(|line| line.stage == *selected)
}

/// Whether a screen of so many rows shows how the latency of the selected stage is spread.
pub(super) fn shows_spread(state: &State, store: &Store, height: u16) -> bool {
    if state.tab != Tab::Queue {
        return false;
    }
    let shown = rows::shown(state, store);
    Panes::of(height, shown.len()).spread > 0 && selected(state, &shown).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_fill_the_height_and_the_spread_is_the_last_to_find_room() {
        for stages in 0..40 {
            for height in 0..120 {
                let panes = Panes::of(height, stages);
                assert!(panes.list + panes.detail + panes.spread <= height);
                assert!(panes.spread == 0 || panes.spread >= SPREAD && panes.detail > 0);
                assert!(panes.detail == 0 || panes.list > stages as u16);
            }
        }
        // The bodies of terminals of 24, 40 and 60 rows, and the guide's 15 stages.
        let spread = [18, 34, 54].map(|height| Panes::of(height, 15).spread);
        assert_eq!(spread, [0, 0, 23]);
    }
}
