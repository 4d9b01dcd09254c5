//! What the events of errors hold at the paths that a filter asks for. A list holds no payloads: they are looked up, for so
//! many errors at a time.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::ErrorRow;
use crate::domain::{event::RowId, filter::Filter, payload, untrusted::Untrusted};

/// Characters of a value that are kept.
const VALUE: usize = 256;

/// What was found for some errors, each with the values at the paths, in their order.
pub type Values = Vec<(RowId, Vec<Option<Untrusted>>)>;

/// What is known of the payloads behind errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payloads {
    /// The fields of the filter that lead into a payload, such as `payload.contact.id`.
    paths: Vec<String>,
    values: HashMap<RowId, Vec<Option<Untrusted>>>,
}

impl Payloads {
    /// What `filter` asks of payloads; still nothing is known.
    pub fn of(filter: &Filter) -> Self {
        Self {
            paths: filter.fields("payload."),
            values: HashMap::new(),
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
        self.values.extend(found);
    }

    /// Forgets errors that are not held any more, where more than `most` are known.
    pub fn forget(&mut self, held: impl Fn(&RowId) -> bool, most: usize) {
        if self.values.len() > most {
            self.values.retain(|id, _| held(id));
        }
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
