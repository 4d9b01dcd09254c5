//! Where each pane stands. Pure geometry.

use ratatui::layout::{Constraint, Layout, Rect};

use super::super::Pane;

/// Something that is painted in a place of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The stages, without a border.
    Strip,
    /// The stages that are worst, without a header.
    Worst,
    /// Totals, errors and the newest events, a line each.
    Tickers,
    /// A pane in its border.
    Boxed(Pane),
    /// The totals of the guide's dashboard, the server, the feeds.
    Totals,
}

/// Rows of the stage table: 15 stages and their header.
const STAGES: u16 = 16;

/// What stands where in `area`, with the keys in pane `focused`. Every pane can be had at every size: one that
/// has no place of its own takes another's while it has the keys.
pub(super) fn places(area: Rect, focused: Pane) -> Vec<(Place, Rect)> {
    let (width, height) = (area.width, area.height);
    if width >= 176 && height >= 48 {
        large(area)
    } else if width >= 116 && height >= 30 {
        medium(area)
    } else if width >= 116 && height >= 14 {
        wide(area, focused)
    } else if width >= 60 && height >= 30 {
        tall(area, focused)
    } else {
        compact(area, focused)
    }
}

fn large(area: Rect) -> Vec<(Place, Rect)> {
    let [top, middle, bottom] = rows(
        area,
        [
            Constraint::Length(20),
            Constraint::Fill(1),
            Constraint::Length(15),
        ],
    );
    let side = ((area.width - 118) / 2).clamp(30, 60);
    let [flow, alerts, errors] = columns(
        top,
        [
            Constraint::Fill(1),
            Constraint::Length(side),
            Constraint::Length(side),
        ],
    );
    let [stream, n8n] = columns(middle, [Constraint::Fill(9), Constraint::Fill(6)]);
    let [campaigns, scorecard, totals] = columns(
        bottom,
        [
            Constraint::Fill(7),
            Constraint::Fill(6),
            Constraint::Fill(6),
        ],
    );
    vec![
        (Place::Boxed(Pane::Flow), flow),
        (Place::Boxed(Pane::Alerts), alerts),
        (Place::Boxed(Pane::Errors), errors),
        (Place::Boxed(Pane::Stream), stream),
        (Place::Boxed(Pane::N8n), n8n),
        (Place::Boxed(Pane::Campaigns), campaigns),
        (Place::Boxed(Pane::Scorecard), scorecard),
        (Place::Totals, totals),
    ]
}

fn medium(area: Rect) -> Vec<(Place, Rect)> {
    let bottom = if area.height >= 34 { 6 } else { 5 };
    let [top, middle, bottom] = rows(
        area,
        [
            Constraint::Length(19),
            Constraint::Fill(1),
            Constraint::Length(bottom),
        ],
    );
    let right = (area.width - 80).clamp(36, 60);
    let sides = [Constraint::Fill(1), Constraint::Length(right)];
    let [flow, side] = columns(top, sides);
    let [alerts, errors] = rows(side, [Constraint::Length(10), Constraint::Fill(1)]);
    let [stream, n8n] = columns(middle, sides);
    let [campaigns, scorecard] = columns(bottom, [Constraint::Fill(1), Constraint::Fill(1)]);
    vec![
        (Place::Boxed(Pane::Flow), flow),
        (Place::Boxed(Pane::Alerts), alerts),
        (Place::Boxed(Pane::Errors), errors),
        (Place::Boxed(Pane::Stream), stream),
        (Place::Boxed(Pane::N8n), n8n),
        (Place::Boxed(Pane::Campaigns), campaigns),
        (Place::Boxed(Pane::Scorecard), scorecard),
    ]
}

/// Wide and short: the stages left, two panes right.
fn wide(area: Rect, focused: Pane) -> Vec<(Place, Rect)> {
    let right = (area.width / 3).clamp(36, 70);
    let [left, side] = columns(area, [Constraint::Fill(1), Constraint::Length(right)]);
    let [first, second] = rows(side, [Constraint::Fill(1), Constraint::Fill(1)]);
    let (one, two) = pair(focused);
    let mut places = stripped(left);
    places.push((Place::Boxed(one), first));
    places.push((Place::Boxed(two), second));
    places
}

/// Narrow and tall: the stages above, panes stacked below.
fn tall(area: Rect, focused: Pane) -> Vec<(Place, Rect)> {
    let [top, first, second, third] = rows(
        area,
        [
            Constraint::Length(STAGES + 2),
            Constraint::Fill(1),
            Constraint::Fill(1),
            Constraint::Fill(1),
        ],
    );
    let (one, two) = pair(focused);
    let mut places = stripped(top);
    if area.height - STAGES - 2 < 21 {
        let [first, second] = rows(
            Rect {
                y: first.y,
                height: area.bottom() - first.y,
                ..area
            },
            [Constraint::Fill(1), Constraint::Fill(1)],
        );
        places.push((Place::Boxed(one), first));
        places.push((Place::Boxed(two), second));
        return places;
    }
    let last = if matches!(
        focused,
        Pane::Flow | Pane::Alerts | Pane::Errors | Pane::Stream
    ) {
        Pane::Stream
    } else {
        Pane::Errors
    };
    let (one, two) = if last == Pane::Stream {
        (Pane::Alerts, Pane::Errors)
    } else {
        (one, two)
    };
    places.push((Place::Boxed(one), first));
    places.push((Place::Boxed(two), second));
    places.push((Place::Boxed(last), third));
    places
}

/// The two panes beside the stages, the focused one among them.
const fn pair(focused: Pane) -> (Pane, Pane) {
    match focused {
        Pane::Flow | Pane::Alerts | Pane::Errors => (Pane::Alerts, Pane::Errors),
        Pane::Stream | Pane::N8n | Pane::Campaigns | Pane::Scorecard => (Pane::Alerts, focused),
    }
}

fn compact(area: Rect, focused: Pane) -> Vec<(Place, Rect)> {
    match focused {
        Pane::Flow if area.height < 6 || area.width < 40 => vec![(Place::Worst, area)],
        Pane::Flow => stripped(area),
        Pane::Alerts
        | Pane::Errors
        | Pane::Stream
        | Pane::N8n
        | Pane::Campaigns
        | Pane::Scorecard => {
            vec![(Place::Boxed(focused), area)]
        }
    }
}

/// The stages, and below them as many tickers as there is room for.
fn stripped(area: Rect) -> Vec<(Place, Rect)> {
    let tickers = match area.height {
        0..=8 => 0,
        9..=11 => 1,
        _ => area.height.saturating_sub(STAGES).max(2),
    };
    let [strip, tickers] = rows(area, [Constraint::Fill(1), Constraint::Length(tickers)]);
    vec![(Place::Strip, strip), (Place::Tickers, tickers)]
}

fn rows<const N: usize>(area: Rect, constraints: [Constraint; N]) -> [Rect; N] {
    Layout::vertical(constraints).areas(area)
}

fn columns<const N: usize>(area: Rect, constraints: [Constraint; N]) -> [Rect; N] {
    Layout::horizontal(constraints).areas(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pane_with_the_keys_is_shown_at_every_size() {
        for pane in Pane::ALL {
            for (width, height) in [
                (20, 1),
                (60, 10),
                (80, 18),
                (80, 60),
                (100, 34),
                (120, 34),
                (200, 18),
                (200, 54),
            ] {
                let area = Rect::new(0, 0, width, height);
                let places = places(area, pane);
                let shown = places.iter().any(|(place, _)| match place {
                    Place::Strip | Place::Worst => pane == Pane::Flow,
                    Place::Boxed(boxed) => *boxed == pane,
                    Place::Tickers | Place::Totals => false,
                });
                assert!(shown, "{pane:?} at {width}x{height}");
                for (place, rect) in places {
                    assert_eq!(
                        rect.intersection(area),
                        rect,
                        "{place:?} leaves {width}x{height}"
                    );
                }
            }
        }
    }
}
