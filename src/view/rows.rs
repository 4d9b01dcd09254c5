//! Where each row of the frame stands, and which goes first where there is no room.

use ratatui::layout::Rect;

/// The rows of the frame. One without height is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    /// The program, the profile, the tabs, the clock.
    pub title: Rect,
    /// How bad it is, and where.
    pub verdict: Rect,
    /// Why.
    pub why: Rect,
    /// What to press.
    pub steps: Rect,
    /// The screen.
    pub body: Rect,
    /// How far it can be trusted; or what was last said.
    pub trust: Rect,
    /// The keys.
    pub footer: Rect,
    /// Where a line is typed.
    pub line: Rect,
    /// Where overlays lie: below the verdict where that leaves enough, and never over the footer.
    pub over: Rect,
}

/// From how many rows of terminal on each row is shown.
struct Heights {
    title: u16,
    why: u16,
    steps: u16,
    trust: u16,
    footer: u16,
}

/// The overview is the verdict before anything else; elsewhere the list is.
const OVERVIEW: Heights = Heights {
    title: 9,
    why: 3,
    steps: 4,
    trust: 5,
    footer: 8,
};
const ELSEWHERE: Heights = Heights {
    title: 5,
    why: 18,
    steps: 14,
    trust: 7,
    footer: 4,
};

/// The rows of a terminal of size `area`.
pub(super) fn rows(area: Rect, is_overview: bool) -> Rows {
    let heights = if is_overview { OVERVIEW } else { ELSEWHERE };
    let mut left = area;
    let mut top = |from: u16| {
        let height = u16::from(area.height >= from).min(left.height);
        let row = Rect { height, ..left };
        left.y += height;
        left.height -= height;
        row
    };
    let title = top(heights.title);
    let verdict = top(1);
    let why = top(heights.why);
    let steps = top(heights.steps);
    let mut bottom = |from: u16| {
        let height = u16::from(area.height >= from).min(left.height);
        left.height -= height;
        Rect {
            y: left.bottom(),
            height,
            ..left
        }
    };
    let footer = bottom(heights.footer);
    let trust = bottom(heights.trust);
    let bottom = area.bottom() - footer.height;
    let top = if left.height >= 12 { left.y } else { area.y };
    let over = Rect {
        y: top,
        height: bottom - top,
        ..area
    };
    let line = Rect {
        y: bottom.saturating_sub(1).max(area.y),
        height: (bottom - area.y).min(1),
        ..area
    };
    Rows {
        title,
        verdict,
        why,
        steps,
        body: left,
        trust,
        footer,
        line,
        over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_shown_at_every_height_and_no_row_is_lost_or_shared() {
        for is_overview in [false, true] {
            for height in 1..80 {
                let rows = rows(Rect::new(0, 0, 80, height), is_overview);
                assert_eq!(rows.verdict.height, 1);
                let all = [
                    rows.title,
                    rows.verdict,
                    rows.why,
                    rows.steps,
                    rows.body,
                    rows.trust,
                    rows.footer,
                ];
                assert_eq!(all.iter().map(|row| row.height).sum::<u16>(), height);
                let mut y = 0;
                for row in all {
                    assert_eq!(row.y, y, "{rows:?}");
                    y += row.height;
                }
            }
        }
    }

    #[test]
    fn a_terminal_of_24_rows_has_room_for_15_stages_their_header_and_two_tickers() {
        assert_eq!(rows(Rect::new(0, 0, 80, 24), true).body.height, 18);
    }
}
