//! What is too long for one line of the file: cut into parts, each a line, and put together again.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Bytes of what was done that a line holds at most.
pub const LONGEST: usize = 64 * 1024;

/// What is kept of others while one is put together: as many as may be written side by side, and those whose rest is lost.
const KEPT: usize = 16;

/// A part of what was done, as its line has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What tells it from the parts of anything else.
    pub id: String,
    /// Which it is, from 0 on.
    pub n: usize,
    /// How many there are.
    pub of: usize,
    /// Its piece of the JSON.
    pub text: String,
}

/// `json` in parts that are called `id`; `None` where it fits one line.
pub fn cut(json: &str, id: &str) -> Option<Vec<Part>> {
    if json.len() <= LONGEST {
        return None;
    }
    let mut rest = json;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(LONGEST));
        pieces.push(piece);
        rest = after;
    }
    let of = pieces.len();
    let part = |(n, piece): (usize, &str)| Part {
        id: id.to_owned(),
        n,
        of,
        text: piece.to_owned(),
    };
    Some(pieces.into_iter().enumerate().map(part).collect())
}

/// Parts that wait for the others.
#[derive(Debug, Default)]
pub struct Parts(VecDeque<(String, BTreeMap<usize, String>)>);

impl Parts {
    /// Takes a part; the whole, when it was the last that was missing.
    pub fn take(&mut self, part: Part) -> Option<String> {
        let place = self.0.iter().position(|(id, _)| *id == part.id);
        let (id, mut found) = place
            .and_then(|place| self.0.remove(place))
            .unwrap_or_else(|| (part.id, BTreeMap::new()));
        found.insert(part.n, part.text);
        if found.len() >= part.of && found.keys().copied().eq(0..part.of) {
            return Some(found.into_values().collect());
        }
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back((id, found));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_put_together_in_any_order_and_never_half() {
        let text: String = (0..40_000).map(|n| format!("é{n}")).collect();
        let parts = cut(&text, "a").unwrap();
        assert!(parts.len() > 3);
        assert!(parts.iter().all(|part| part.text.len() <= LONGEST));
        let other = cut(&text.replace('é', "ü"), "b").unwrap();
        let mut waits = Parts::default();
        let mut whole = Vec::new();
        for (a, b) in parts.iter().rev().zip(&other) {
            whole.extend(waits.take(b.clone()));
            whole.extend(waits.take(a.clone()));
        }
        assert_eq!(whole, [text.replace('é', "ü"), text]);
        for part in &parts[1..] {
            assert_eq!(waits.take(part.clone()), None);
        }
        assert_eq!(cut("short", "c"), None);
    }
}
