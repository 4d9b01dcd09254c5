//! Why something is as it is: the hypotheses, the likeliest first, with what speaks for and against each.

use ratatui::text::{Line, Span};

use super::{Context, Role, text};
use crate::domain::why::{Hypothesis, Weight};

/// The hypotheses as lines of `width` cells.
pub fn lines(cx: &Context<'_>, hypotheses: &[Hypothesis], width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (place, hypothesis) in hypotheses.iter().enumerate() {
        lines.push(head(cx, place + 1, hypothesis));
        for clue in &hypothesis.clues {
            let (sign, role) = match clue.weight {
                Weight::Supports => ("+ supports   ", Role::Warn),
                Weight::Contradicts => ("- contradicts", Role::Dim),
                Weight::Unknown => ("? unknown    ", Role::Stale),
            };
            let room = width.saturating_sub(18);
            lines.push(Line::from(vec![
                Span::styled(format!("   {sign} "), cx.style(role)),
                Span::styled(text::cut(&clue.says, room), cx.style(Role::Text)),
            ]));
        }
        if hypothesis.count(Weight::Supports) > hypothesis.count(Weight::Contradicts) {
            let next = format!("   next          {}", hypothesis.next);
            lines.push(Line::styled(
                text::cut(&next, width),
                cx.style(Role::Strong),
            ));
        }
    }
    lines
}

fn head(cx: &Context<'_>, place: usize, hypothesis: &Hypothesis) -> Line<'static> {
    let n = |weight| hypothesis.count(weight);
    let (yes, no) = (n(Weight::Supports), n(Weight::Contradicts));
    let role = if yes > no {
        Role::Bad
    } else if yes == 0 && no > 0 {
        Role::Dim
    } else {
        Role::Text
    };
    let counts = format!("  {yes} for, {no} against, {} unknown", n(Weight::Unknown));
    Line::from(vec![
        Span::styled(format!("{place:>2} "), cx.style(Role::Header)),
        Span::styled(hypothesis.name, cx.style(role)),
        Span::styled(counts, cx.style(Role::Dim)),
    ])
}
