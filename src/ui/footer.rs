//! The footer: the keys that work here, made from the keymap.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use super::{Context, Role, panel};
use crate::{
    action::Action,
    keymap::{Hint, Keymap, Scope, in_scopes},
};

/// A hint: the chord, what it does, and whether that is refused now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHint {
    /// The chord, as it is shown.
    pub chord: String,
    /// What it does, in a word.
    pub label: &'static str,
    /// Whether it would be refused now.
    pub refused: bool,
    /// Whether it is kept when others go for want of room.
    pub kept: bool,
}

/// The hints of `scopes`, innermost first.
pub fn hints(keymap: &Keymap, scopes: &[Scope], refused: impl Fn(Action) -> bool) -> Vec<KeyHint> {
    let advertised = in_scopes(scopes).filter(|binding| binding.hint == Hint::Footer);
    advertised
        .filter_map(|binding| {
            let chord = keymap.chords(binding).first()?;
            Some(KeyHint {
                chord: chord.to_string(),
                label: binding.label,
                refused: refused(binding.action),
                kept: matches!(binding.action, Action::ToggleHelp | Action::Cancel),
            })
        })
        .collect()
}

/// Paints as many whole hints as fit; those that are kept, and then the first ones.
pub fn footer(cx: &Context<'_>, buf: &mut Buffer, area: Rect, hints: &[KeyHint]) {
    let mut room = usize::from(area.width);
    let mut shown = vec![false; hints.len()];
    for kept in [true, false] {
        for (hint, shown) in hints
            .iter()
            .zip(&mut shown)
            .filter(|(hint, _)| hint.kept == kept)
        {
            let width = hint.chord.width() + hint.label.width() + 3;
            if width > room + 2 {
                break;
            }
            room = room.saturating_sub(width);
            *shown = true;
        }
    }
    let mut spans = Vec::with_capacity(hints.len() * 4);
    for (hint, _) in hints.iter().zip(&shown).filter(|(_, shown)| **shown) {
        let (key, label) = if hint.refused {
            (Role::Dim, Role::Dim)
        } else {
            (Role::Key, Role::Text)
        };
        spans.push(Span::styled(hint.chord.clone(), cx.style(key)));
        spans.push(Span::styled(format!(" {}  ", hint.label), cx.style(label)));
    }
    panel::put(buf, area, 0, &Line::from(spans));
}
