//! In which order the groups are listed.

use std::cmp::{Ordering, Reverse};

use crate::domain::error_group::ErrorGroup;

/// What puts the groups in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Key {
    /// How urgent they are: the order they come in.
    #[default]
    Impact,
    /// The last one, the newest first.
    Newest,
    /// How many errors, the most first.
    Count,
    /// How many people, the most first.
    People,
    /// The first one, the oldest first: what has gone on for longest.
    First,
}

impl Key {
    const ALL: [Self; 5] = [
        Self::Impact,
        Self::Newest,
        Self::Count,
        Self::People,
        Self::First,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Impact => "impact",
            Self::Newest => "newest",
            Self::Count => "count",
            Self::People => "people",
            Self::First => "first",
        }
    }

    fn compare(self, a: &ErrorGroup, b: &ErrorGroup) -> Ordering {
        match self {
            Self::Impact => Ordering::Equal,
            Self::Newest => b.last_at.cmp(&a.last_at),
            Self::Count => Reverse(a.count()).cmp(&Reverse(b.count())),
            Self::People => Reverse(a.people).cmp(&Reverse(b.people)),
            Self::First => a.first_at.cmp(&b.first_at),
        }
    }
}

/// The order of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Order {
    key: Key,
    is_reversed: bool,
}

impl Order {
    /// The same by the next key, in its own direction.
    pub(super) fn next(self) -> Self {
        let at = Key::ALL.iter().position(|key| *key == self.key);
        let next = at.map_or(0, |at| (at + 1) % Key::ALL.len());
        Self {
            key: Key::ALL.get(next).copied().unwrap_or_default(),
            is_reversed: false,
        }
    }

    /// The same the other way round.
    pub(super) const fn reversed(self) -> Self {
        Self {
            is_reversed: !self.is_reversed,
            ..self
        }
    }

    /// Whether nobody asked for another.
    pub(super) fn is_usual(self) -> bool {
        self == Self::default()
    }

    /// `newest`; `newest, reversed`.
    pub(super) fn words(self) -> String {
        let reversed = if self.is_reversed { ", reversed" } else { "" };
        format!("{}{reversed}", self.key.name())
    }

    /// Puts `places` of `groups`, which come by impact, in this order. What is alike stays by impact.
    pub(super) fn sort(self, places: &mut [usize], groups: &[ErrorGroup]) {
        places.sort_by(|a, b| match (groups.get(*a), groups.get(*b)) {
            (Some(a), Some(b)) => self.key.compare(a, b),
            _ => Ordering::Equal,
        });
        if self.is_reversed {
            places.reverse();
        }
    }
}
