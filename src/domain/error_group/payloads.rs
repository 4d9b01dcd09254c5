//! What the events of errors hold at the paths that a filter asks for. A list holds no payloads: they are looked up, for so
//! many errors at a time.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::ErrorRow;
use crate::domain::{event::RowId, filter::Filter, payload, untrusted::Untrusted};

/// Characters of a value that are kept.
const VALUE: usize = 256;

/// Events that one look behind errors looks at, at most, in a large table without an index on time.
pub const LOOKED: u64 = 100_000;

/// What is said of errors whose event that look did not find, though it may be there.
pub const BEYOND: &str = "whose event is not among the 100,000 looked at";

/// What was found for some errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// Each with the values at the paths, in their order.
    pub found: Vec<(RowId, Vec<Option<Untrusted>>)>,
    /// Those whose event may lie farther back than was looked.
    pub beyond: Vec<RowId>,
}

/// What is known of the payloads behind errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payloads {
    /// The fields of the filter that lead into a payload, such as `payload.contact.id`.
    paths: Vec<String>,
    values: HashMap<RowId, Vec<Option<Untrusted>>>,
    beyond: HashSet<RowId>,
}

impl Payloads {
    /// What `filter` asks of payloads; still nothing is known.
    pub fn of(filter: &Filter) -> Self {
        Self {
            paths: filter.fields("payload."),
            values: HashMap::new(),
            beyond: HashSet::new(),
        }
    }

    /// The fields that are looked for.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Whether anything is looked for.
    pub const fn is_asked(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Those of `rows` of which nothing is known, at most `most`.
    pub fn unknown<'a>(&self, rows: impl Iterator<Item = &'a ErrorRow>, most: usize) -> Vec<RowId> {
        let unknown = rows.filter(|row| !self.values.contains_key(&row.id));
        unknown.map(|row| row.id.clone()).take(most).collect()
    }

    /// Takes in what was found for `asked`; of what is not among it, nothing is there.
    pub fn take(&mut self, asked: &[RowId], found: Values) {
        for id in asked {
            self.values.entry(id.clone()).or_default();
        }
        self.values.extend(found.found);
        self.beyond.extend(found.beyond);
    }

    /// Forgets errors that are not held any more, where more than `most` are known.
    pub fn forget(&mut self, held: impl Fn(&RowId) -> bool, most: usize) {
        if self.values.len() > most {
            self.values.retain(|id, _| held(id));
            self.beyond.retain(|id| held(id));
        }
    }

    /// Of how many errors the event may lie farther back than was looked, so that what it holds is not known.
    pub fn beyond(&self) -> usize {
        self.beyond.len()
    }

    /// What the event of `row` holds in `field`.
    pub fn value(&self, row: &ErrorRow, field: &str) -> Option<&str> {
        let at = self.paths.iter().position(|path| path == field)?;
        let value = self.values.get(&row.id)?.get(at)?.as_ref()?;
        Some(value.raw())
    }
}

/// What `payload` holds in each of `fields`.
pub fn values(payload: &Untrusted, fields: &[String]) -> Vec<Option<Untrusted>> {
    let of = |field: &String| {
        let (_, path) = field.split_once('.')?;
        let value = payload::at(payload, path)?;
        let end = value
            .char_indices()
            .nth(VALUE)
            .map_or(value.len(), |(at, _)| at);
        Some(Untrusted::from(value.get(..end).unwrap_or_default()))
    };
    fields.iter().map(of).collect()
}
