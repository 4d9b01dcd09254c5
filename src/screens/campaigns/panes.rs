//! Which panes there is room for: what is painted, and so what is asked for.

use super::{State, rows};
use crate::{domain::event::RowId, store::Store};

/// Rows the funnel takes beside the list, border included; and those of the list without which it is not shown.
const FUNNEL: u16 = 11;
const LIST: u16 = 6;
/// Rows of the funnel alone, close and airy.
const CLOSE: u16 = 10;
const AIRY: u16 = 18;
/// Rows of the tests at least, and those that each test takes.
const TESTS: u16 = 8;

/// The rows of each pane, from the top; one of 0 is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Panes {
    /// The campaigns.
    pub(super) list: u16,
    /// The funnel of the selected one.
    pub(super) funnel: u16,
    /// Its A/B tests.
    pub(super) tests: u16,
}

impl Panes {
    /// Of a screen of so many rows that lists so many campaigns, or has one of them open.
    pub(super) fn of(height: u16, campaigns: usize, open: bool) -> Self {
        let (list, below, funnel) = if open {
            let airy = height >= AIRY + 2 * TESTS;
            (0, height, if airy { AIRY } else { CLOSE })
        } else if height >= FUNNEL + LIST {
            let wanted = (campaigns as u16 + 3).max(LIST);
            let below = height.saturating_sub(wanted).max(FUNNEL);
            (height - below, below, FUNNEL)
        } else {
            (height, 0, FUNNEL)
        };
        let tests = below.saturating_sub(funnel);
        let tests = if tests >= TESTS { tests } else { 0 };
        Self {
            list,
            funnel: below - tests,
            tests,
        }
    }
}

/// The campaign whose tests a screen of so many rows shows, if it shows any.
pub(super) fn tested(state: &State, store: &Store, height: u16) -> Option<RowId> {
    let shown = rows::shown(state, store);
    let selected = state.cursor.selected()?;
    let campaign = shown.iter().find(|row| row.id == *selected)?;
    let panes = Panes::of(height, shown.len(), state.open);
    (panes.tests > 0).then(|| campaign.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_fill_the_height_and_the_tests_are_the_last_to_find_room() {
        for (campaigns, height) in (0..40).flat_map(|n| (0..120).map(move |height| (n, height))) {
            for open in [false, true] {
                let panes = Panes::of(height, campaigns, open);
                assert_eq!(panes.list + panes.funnel + panes.tests, height);
                assert!(panes.tests == 0 || panes.tests >= TESTS && panes.funnel >= CLOSE);
                assert_eq!(open, panes.list == 0 && (height > 0 || open));
            }
        }
        // The bodies of terminals of 24, 40 and 60 rows.
        let tests = |open| [18, 34, 54].map(|height| Panes::of(height, 8, open).tests);
        assert_eq!((tests(false), tests(true)), ([0, 12, 32], [8, 16, 36]));
    }
}
