//! Where each row of the frame stands.

use ratatui::layout::Rect;

use crate::screens::room::Room;

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

/// The rows of a terminal of size `area`.
pub(super) fn rows(area: Rect, is_overview: bool) -> Rows {
    let room = Room::of(area.height, is_overview);
    let mut y = area.y;
    let mut next = |height: u16| {
        let row = Rect { y, height, ..area };
        y += height;
        row
    };
    let title = next(room.title);
    let verdict = next(room.verdict);
    let why = next(room.why);
    let steps = next(room.steps);
    let body = next(room.body);
    let trust = next(room.trust);
    let footer = next(room.footer);
    let bottom = area.bottom() - footer.height;
    let top = if body.height >= 12 { body.y } else { area.y };
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
        body,
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
