//! The footer: the keys that work here, made from the keymap.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr as _;

use super::{Context, Role, panel};
use crate::{
    action::{Action, ScreenId},
    keymap::{Binding, Hint, Keymap, Scope, in_scopes},
};

/// Whether something can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// It can.
    Can,
    /// Not now.
    NotNow,
    /// Never in this session.
    Never,
}

/// A hint: the chord, what it does, and whether that is refused now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHint {
    /// The chord, as it is shown.
    pub chord: String,
    /// What it does, in a word.
    pub label: &'static str,
    /// Whether it can be done.
    pub ability: Ability,
    /// Whether it is kept when others go for want of room.
    pub kept: bool,
}

/// The hints of `scopes`, innermost first.
pub fn hints(
    keymap: &Keymap,
    scopes: &[Scope],
    ability: impl Fn(Action) -> Ability,
) -> Vec<KeyHint> {
    let hint = |binding: &Binding| {
        let chord = keymap.chords(binding).first()?;
        Some(KeyHint {
            chord: chord.to_string(),
            label: binding.label,
            ability: ability(binding.action),
            kept: matches!(binding.action, Action::ToggleHelp | Action::Cancel),
        })
    };
    let of = |wanted: Hint| in_scopes(scopes).filter(move |binding| binding.hint == wanted);
    let mut hints = ranges(keymap, scopes);
    let place = hints.len();
    hints.extend(of(Hint::Footer).filter_map(hint));
    // What belongs to this screen comes first, then how to move, then the rest.
    let first = hints.split_off(place);
    let here = first.len().min(inner(scopes));
    let mut all: Vec<KeyHint> = first.iter().take(here).cloned().collect();
    all.append(&mut hints);
    all.extend(first.into_iter().skip(here));
    all.extend(of(Hint::Wide).filter_map(hint));
    all
}

/// How many hints the innermost scope has.
fn inner(scopes: &[Scope]) -> usize {
    let innermost = scopes.first().map_or(&[][..], std::slice::from_ref);
    in_scopes(innermost)
        .filter(|binding| binding.hint == Hint::Footer)
        .count()
}

/// Hints that stand for several keys, where the whole screen has the keys.
fn ranges(keymap: &Keymap, scopes: &[Scope]) -> Vec<KeyHint> {
    if !scopes.contains(&Scope::Global) {
        return Vec::new();
    }
    let between = |from: Action, to: Action, sign: &str, label: &'static str| {
        let (from, to) = (keymap.shown(scopes, from)?, keymap.shown(scopes, to)?);
        Some(KeyHint {
            chord: format!("{from}{sign}{to}"),
            label,
            ability: Ability::Can,
            kept: false,
        })
    };
    let (first, last) = (ScreenId::Overview, ScreenId::Scorecard);
    let screens = between(Action::Go(first), Action::Go(last), "-", "screens");
    let moves = between(Action::Down, Action::Up, "/", "move");
    screens.into_iter().chain(moves).collect()
}

/// A chord as it is shown: where nothing can be struck out, one that is barred stands between dashes.
pub(super) fn struck(cx: &Context<'_>, chord: &str, barred: bool) -> String {
    if barred && !cx.theme.strikes() {
        format!("-{chord}-")
    } else {
        chord.to_owned()
    }
}

/// Paints as many whole hints as fit; those that are kept, and then the first ones; behind them `why` some are barred.
pub fn footer(
    cx: &Context<'_>,
    buf: &mut Buffer,
    area: Rect,
    hints: &[KeyHint],
    why: Option<&str>,
) {
    let whole = usize::from(area.width);
    let why = why.map(|why| reason(why, whole));
    // The reason is said before keys that are offered on every screen.
    // Nothing need stand behind the last one, where it is the last.
    let slack = if why.is_some() { 0 } else { 2 };
    let mut room = whole.saturating_sub(why.map_or(0, str::width));
    let mut shown = vec![false; hints.len()];
    for kept in [true, false] {
        for (hint, shown) in hints
            .iter()
            .zip(&mut shown)
            .filter(|(hint, _)| hint.kept == kept)
        {
            let dashes = if hint.ability == Ability::Never { 2 } else { 0 };
            let width = hint.chord.width() + hint.label.width() + 3 + dashes;
            if width > room + slack {
                break;
            }
            room = room.saturating_sub(width);
            *shown = true;
        }
    }
    let mut spans = Vec::with_capacity(hints.len() * 4);
    for (hint, _) in hints.iter().zip(&shown).filter(|(_, shown)| **shown) {
        let (key, label) = match hint.ability {
            Ability::Can => (Role::Key, Role::Text),
            Ability::NotNow => (Role::Dim, Role::Dim),
            Ability::Never => (Role::Barred, Role::Barred),
        };
        let chord = struck(cx, &hint.chord, hint.ability == Ability::Never);
        spans.push(Span::styled(chord, cx.style(key)));
        spans.push(Span::styled(format!(" {}", hint.label), cx.style(label)));
        spans.push(Span::raw("  "));
    }
    if let Some(why) = why {
        spans.push(Span::styled(why.to_owned(), cx.style(Role::Dim)));
    }
    panel::put(buf, area, 0, &Line::from(spans));
}

/// `why` something is barred; where there is little room only what stands before the colon, which is the reason, and not what
/// to do about it: the help has all of it, and so has the key.
fn reason(why: &str, room: usize) -> &str {
    let short = why.split_once(": ").map_or(why, |(short, _)| short);
    if why.width() * 3 <= room { why } else { short }
}
