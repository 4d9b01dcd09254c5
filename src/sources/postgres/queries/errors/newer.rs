//! What is new: the errors after the newest that was read, and of those before it the ones whose keys were committed late.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::types::Type;

use super::{
    super::{
        super::{decode, fault_of},
        Ask, Parameter, files,
    },
    CHUNK, CHUNKS, ErrorReading,
};
use crate::{domain::event::RowId, msg::Fault};

/// A key may be committed after higher ones: so many below the newest are looked at again.
const OVERLAP: i64 = 200;

/// The versions of the rows among which late ones may come, by key; none of a view.
#[derive(Debug, Default)]
pub(super) struct Overlap(BTreeMap<i64, Option<i64>>);

impl Overlap {
    /// How many rows after `key` are known, and the sum of their versions.
    fn after(&self, key: i64) -> (i64, Option<i64>) {
        let known = || self.0.range(key.saturating_add(1)..);
        (
            known().count() as i64,
            known().map(|(_, version)| *version).sum(),
        )
    }
}

/// Reads what is new, in a few chunks at most.
pub(super) async fn read(ask: &Ask<'_>, reading: &mut ErrorReading) -> Result<(), Fault> {
    for _ in 0..CHUNKS {
        let Some(newest) = reading.newest else { break };
        let after = newest.saturating_sub(OVERLAP);
        let (known, versions) = reading.overlap.after(after);
        let parameters: [Parameter<'_>; 5] = [
            (&after, Type::INT8),
            (&CHUNK, Type::INT8),
            (&newest, Type::INT8),
            (&known, Type::INT8),
            (&versions, Type::INT8),
        ];
        let mut rows = ask.rows(files::ERRORS_NEWER, &parameters).await?;
        let are_as_they_were: Option<bool> =
            decode::one(&rows, |row| Ok(row.try_get("are_as_they_were")?))?;
        // Where none comes there is a row all the same.
        rows.retain(|row| matches!(row.try_get("id"), Ok(Some::<&str>(_))));
        let noted = decode::all(&rows, decode::noted)?;
        let keys = || noted.iter().filter_map(|noted| noted.row.id.number());
        if are_as_they_were != Some(true) {
            // All of them came again that are still there.
            let there: BTreeSet<i64> = keys().collect();
            let known = std::mem::take(&mut reading.overlap.0).into_keys();
            for gone in known.filter(|key| !there.contains(key)) {
                reading.book.remove(&RowId::from(gone));
            }
        }
        for (key, row) in keys().zip(&rows) {
            let version = row.try_get("version").map_err(|error| fault_of(&error))?;
            reading.overlap.0.insert(key, version);
        }
        let highest = keys().max().max(Some(newest)).unwrap_or(newest);
        reading.newest = Some(highest);
        let lowest = highest.saturating_sub(OVERLAP).saturating_add(1);
        reading.overlap.0 = reading.overlap.0.split_off(&lowest);
        let has_more = rows.len() as i64 >= CHUNK;
        reading.book.take(noted);
        if !has_more {
            break;
        }
    }
    Ok(())
}
