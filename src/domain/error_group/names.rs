//! Small numbers in the place of words that come again and again.

use std::collections::HashMap;

use super::{ErrorRow, Facet, Facets, Severity, facets::FACETS};
use crate::domain::untrusted::Untrusted;

/// Values kept apart; what comes after so many has no number.
const VALUES: usize = 20_000;

/// Severities of a site's own that are kept apart; the rest counts as the last of them.
const SEVERITIES: usize = 200;

/// The words, each with its number.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// The words of severities this program does not know.
    severities: Vec<Untrusted>,
    values: Vec<Untrusted>,
    known: HashMap<Untrusted, u32>,
}

impl Names {
    /// A number for a severity, the worst the smallest.
    pub(super) fn rank(&mut self, severity: &Severity) -> u8 {
        match severity {
            Severity::Critical => 0,
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Other(word) => {
                let known = self.severities.iter().position(|known| known == word);
                let place = known.unwrap_or_else(|| {
                    if self.severities.len() < SEVERITIES {
                        self.severities.push(word.clone());
                    }
                    self.severities.len() - 1
                });
                3 + u8::try_from(place).unwrap_or_default()
            }
        }
    }

    /// The severity of that number.
    pub(super) fn severity(&self, rank: u8) -> Severity {
        match rank {
            0 => Severity::Critical,
            1 => Severity::Error,
            2 => Severity::Warning,
            other => {
                let place = usize::from(other) - 3;
                Severity::Other(self.severities.get(place).cloned().unwrap_or_default())
            }
        }
    }

    /// A number for a value, from 1 on; 0 where there are too many.
    pub(super) fn number(&mut self, value: &Untrusted) -> u32 {
        if let Some(known) = self.known.get(value) {
            return *known;
        }
        if self.values.len() >= VALUES {
            return 0;
        }
        self.values.push(value.clone());
        let number = u32::try_from(self.values.len()).unwrap_or_default();
        self.known.insert(value.clone(), number);
        number
    }

    /// A number a facet of `row`, whose details say `facets`; 0 for none.
    pub(super) fn values(&mut self, row: &ErrorRow, facets: &Facets) -> [u32; FACETS] {
        Facet::ALL.map(|facet| match facet {
            Facet::Hour => {
                let hour = row.created_at.format("%Hh").to_string();
                self.number(&Untrusted::from(hour))
            }
            Facet::Stage => self.number(&Untrusted::from(row.stage.raw())),
            Facet::Node
            | Facet::Http
            | Facet::Campaign
            | Facet::Segment
            | Facet::Domain
            | Facet::Version => facets.get(facet).map_or(0, |value| self.number(value)),
        })
    }

    /// The value of that number.
    pub(super) fn value(&self, number: u32) -> Untrusted {
        let place = (number as usize).checked_sub(1);
        let value = place.and_then(|place| self.values.get(place));
        value.cloned().unwrap_or_default()
    }
}
