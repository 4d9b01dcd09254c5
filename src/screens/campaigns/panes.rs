//! Which panes there is room for: what is painted, and so what is asked for.

use super::{State, rows};
use crate::{
    action::Action,
    domain::{
        Timestamp,
        ab_test::{AbTest, Side},
        campaign::Attribution,
        event::RowId,
    },
    screens::cursor,
    store::Store,
};

/// Rows the funnel takes beside the list, border included; and those of the list without which it is not shown.
const FUNNEL: u16 = 11;
const LIST: u16 = 6;
/// Rows of the funnel alone, close and airy.
const CLOSE: u16 = 10;
const AIRY: u16 = 18;
/// Rows of the tests at least, and those that each test takes.
const TESTS: u16 = 8;

/// Rows of the tests that none of their lines gets: two of the border, and the heads of the columns, which stay.
const FIXED: usize = 3;

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

/// Cells from which on what a side is stands behind its rates.
pub(super) const WIDE: usize = 110;
/// Cells that stand before what is said of a test.
pub(super) const INDENT: usize = 3;

/// How many lines the tests of the selected campaign have, below the heads of the columns.
pub(super) fn lines(state: &State, store: &Store) -> usize {
    let selected = state.cursor.selected();
    let known = store.ab_tests.as_ref();
    let known = known.filter(|(of, ..)| Some(of) == selected);
    let Some((.., Ok(found))) = known else {
        return 0;
    };
    let width = usize::from(state.size.0.saturating_sub(2));
    let room = width.saturating_sub(INDENT).max(1);
    // Words wrap before the end of their line, so that a few more lines may come of them than fill it.
    let wrapped = |text: &String| match text.chars().count() {
        n if n <= room => 1,
        n => 1 + n / (room * 3 / 4).max(1),
    };
    let of = |test: &AbTest| -> usize {
        let said = said(test, (store.clock, width >= WIDE), |n| n.to_string());
        // Its name, its sides and their chances.
        4 + said.iter().map(|(_, text)| wrapped(text)).sum::<usize>()
    };
    let by_time = usize::from(found.by == Attribution::Time);
    found.tests.iter().map(of).sum::<usize>() + by_time
}

/// What kind of a remark it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remark {
    /// The numbers speak against what was written down.
    Contradiction,
    /// Why it stands so.
    Why,
    /// What else is to be known.
    Aside,
}

/// What is said of a test below its numbers; `grouped` writes how many.
pub(super) fn said(
    test: &AbTest,
    (now, wide): (Timestamp, bool),
    grouped: fn(u64) -> String,
) -> Vec<(Remark, String)> {
    let mut said: Vec<(Remark, String)> = Vec::new();
    let contradiction = test.contradiction();
    said.extend(contradiction.map(|it| (Remark::Contradiction, it)));
    said.push((Remark::Why, test.why(now)));
    for (n, of) in [
        (test.both, "more than one side"),
        (test.neither, "neither side"),
    ] {
        if n > 0 {
            let words = format!("{} contacts with messages of {of} are left out", grouped(n));
            said.push((Remark::Aside, words));
        }
    }
    if !wide {
        let variants = Side::BOTH.into_iter().filter_map(|side| {
            let shown = test.variant(side)?.display_cut(70);
            Some((Remark::Aside, format!("{} {shown}", side.word())))
        });
        said.extend(variants);
    }
    said
}

/// Scrolls the tests of the campaign that is open, where there is more of them that way; whether it did. Where not, the next
/// campaign is shown.
pub(super) fn scroll(state: &mut State, store: &Store, action: Action) -> bool {
    let tests = Panes::of(state.size.1, 0, true).tests;
    let shown = usize::from(tests).saturating_sub(FIXED);
    let last = match shown {
        0 => 0,
        shown => lines(state, store).saturating_sub(shown),
    };
    let at = state.scroll.min(last);
    let Some(to) = cursor::moved(action, at, (last, shown)) else {
        return false;
    };
    let to = to.min(last);
    let moves = to != at;
    state.scroll = to;
    moves
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
