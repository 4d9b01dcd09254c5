//! The sweep: every key the table has handed out is found, whether or not anything told of it.

use tokio_postgres::types::Type;

use super::{super::fault_of, Ask, files, memory::Memory};
use crate::{
    domain::ledger::{CHUNK, Count, Swept},
    msg::Fault,
};

/// Sweeps once and says how the account stands.
pub(super) async fn fetch(ask: &Ask<'_>, memory: &mut Memory) -> Result<Count, Fault> {
    if !ask.catalog.is_ordered_by_key() {
        return Err(Fault::Unsupported(
            "the keys of pipeline_events are not numbers: rows are found by time and not counted"
                .to_owned(),
        ));
    }
    memory.account.caches(ask.catalog.keys_aside());
    let asked = memory.account.ask();
    let (lows, highs): (Vec<i64>, Vec<i64>) = asked.ranges.iter().copied().unzip();
    let (from, to) = asked.recount;
    let rows = ask
        .rows(
            files::SWEEP,
            &[
                (&lows, Type::INT8_ARRAY),
                (&highs, Type::INT8_ARRAY),
                (&CHUNK, Type::INT8),
                (&from, Type::INT8),
                (&to, Type::INT8),
            ],
        )
        .await?;
    let swept = rows
        .first()
        .map(|row| -> Result<Swept, tokio_postgres::Error> {
            Ok(Swept {
                keys: row.try_get("keys")?,
                counted: row.try_get::<_, i64>("counted")?.unsigned_abs(),
                xmin: row.try_get("xmin")?,
                xmax: row.try_get("xmax")?,
            })
        })
        .transpose()
        .map_err(|error| fault_of(&error))?
        .ok_or_else(|| Fault::Missing("the answer of a sweep".into()))?;
    memory.account.sweep(&asked, swept);
    let sql = ask.catalog.text(files::RECOUNT, None)?;
    let is_said = |line: &&str| !line.starts_with("--");
    let sql: String = sql.lines().filter(is_said).collect();
    Ok(memory.account.count(|after, reach| {
        let sql = sql.replace("$1", &after.to_string());
        format!("{};", sql.replace("$2", &reach.to_string()))
    }))
}
