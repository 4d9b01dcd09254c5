//! The sweep: every key the table has handed out is found, whether or not anything told of it; where keys have no order,
//! every row that bears a time since then.

use tokio_postgres::{Row, types::Type};

use super::{
    super::{fault_of, syntax::literal},
    Ask, Query, files,
    memory::Memory,
};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        ledger::{AskedByTime, CHUNK, Count, Micros, Swept, SweptByTime, place},
    },
    msg::Fault,
};

/// Sweeps once and says how the account stands.
pub(super) async fn fetch(ask: &Ask<'_>, memory: &mut Memory) -> Result<Count, Fault> {
    if !ask.catalog.is_ordered_by_key() {
        return by_time(ask, memory).await;
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
    let sql = by_hand(ask, files::RECOUNT)?;
    let fill = |after: i64, reach: i64| filled(&sql, [&after.to_string(), &reach.to_string()]);
    Ok(memory.account.count(fill))
}

/// The same, where keys have no order.
async fn by_time(ask: &Ask<'_>, memory: &mut Memory) -> Result<Count, Fault> {
    let asked = memory.by_time.ask();
    let readings = asked.readings.iter();
    let after: Vec<_> = readings.clone().map(|it| moment(it.after)).collect();
    let keys: Vec<_> = readings.clone().map(|it| it.after_key.as_deref()).collect();
    let up_to: Vec<_> = readings.map(|it| it.up_to.map(moment)).collect();
    let counts = asked.counts.iter();
    let (from, to): (Vec<_>, Vec<_>) = counts
        .map(|(from, to)| (moment(*from), moment(*to)))
        .unzip();
    let shown = memory.tail.in_turn();
    let sent = chrono::Utc::now();
    let rows = ask
        .rows(
            files::SWEEP_BY_TIME,
            &[
                (&after, Type::TIMESTAMPTZ_ARRAY),
                (&keys, Type::TEXT_ARRAY),
                (&up_to, Type::TIMESTAMPTZ_ARRAY),
                (&CHUNK, Type::INT8),
                (&from, Type::TIMESTAMPTZ_ARRAY),
                (&to, Type::TIMESTAMPTZ_ARRAY),
                (&shown, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    let came = chrono::Utc::now();
    let struck = struck(&rows).map_err(|error| fault_of(&error))?;
    memory.tail.forget(&struck);
    let mut swept = swept(&rows, &asked).map_err(|error| fault_of(&error))?;
    // Where our clock is off, that of a writer may be.
    let ahead = (swept.now - came.timestamp_micros()).max(0);
    swept.skew = ahead.max((sent.timestamp_micros() - swept.now).max(0));
    memory.by_time.sweep(&asked, swept);
    let sql = by_hand(ask, files::RECOUNT_BY_TIME)?;
    let fill = |after: Micros, reach: Micros| {
        let moment = |at| literal(&place(at, true));
        filled(&sql, [&moment(after), &moment(reach)])
    };
    let count = memory.by_time.count(fill);
    Ok(Count { struck, ..count })
}

fn moment(at: Micros) -> Timestamp {
    Timestamp::from_timestamp_micros(at).unwrap_or_default()
}

/// The keys of shown rows that are there no more.
fn struck(rows: &[Row]) -> Result<Vec<RowId>, tokio_postgres::Error> {
    let gone: Option<Vec<&str>> = rows.first().map(|row| row.try_get("gone")).transpose()?;
    Ok(gone
        .into_iter()
        .flatten()
        .filter_map(RowId::parse)
        .collect())
}

/// The rows by the readings they answer.
fn swept(rows: &[Row], asked: &AskedByTime) -> Result<SweptByTime, tokio_postgres::Error> {
    let mut swept = SweptByTime {
        rows: vec![Vec::new(); asked.readings.len()],
        counted: Vec::new(),
        now: 0,
        skew: 0,
    };
    if let Some(first) = rows.first() {
        let counted: Vec<i64> = first.try_get("counted")?;
        swept.counted = counted.into_iter().map(i64::unsigned_abs).collect();
        swept.now = first.try_get::<_, Timestamp>("now")?.timestamp_micros();
    }
    for row in rows {
        // A look that finds nothing still has its one row, with the counts alone.
        let Some(stretch) = row.try_get::<_, Option<i64>>("stretch")? else {
            continue;
        };
        let at: Timestamp = row.try_get("at")?;
        if let Some(of) = swept.rows.get_mut(stretch as usize) {
            of.push((at.timestamp_micros(), row.try_get("id")?));
        }
    }
    Ok(swept)
}

/// The statement of `query` in one line, for an operator.
fn by_hand(ask: &Ask<'_>, query: Query) -> Result<String, Fault> {
    let sql = ask.catalog.text(query, None)?;
    let is_said = |line: &&str| !line.starts_with("--");
    Ok(sql.lines().filter(is_said).collect())
}

fn filled(sql: &str, [after, reach]: [&str; 2]) -> String {
    format!("{};", sql.replace("$1", after).replace("$2", reach))
}
