//! Records from end to end: from the tables of the guide's pipeline, else from the events of a phase. What is looked at is
//! the newest, so that it costs the same however much there is behind it.

mod fields;

use tokio_postgres::{Error, Row, types::Type};

use self::fields::Fields;

use super::{super::fault_of, Ask, Parameter, drops, files, memory::Memory, where_possible};
use crate::{
    domain::{
        latency::{
            Quantile,
            end_to_end::{self, EndToEnd, InFlight, Path, Records, SlowRecord},
            window::Span,
        },
        pipeline::Pipeline,
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Records that came, and contacts that were verified, looked at: each costs the server about ten looks into an index.
const NEWEST: i64 = 128;

/// Records over `span`.
pub(super) async fn fetch(ask: &Ask<'_>, span: Span, memory: &Memory) -> Result<Records, Fault> {
    let pipeline = &*memory.pipeline;
    // The tables are those of the guide's pipeline; of another they say nothing.
    let by_tables = if pipeline == Pipeline::guide() {
        where_possible(tables(ask, span).await)?
    } else {
        None
    };
    let end_to_end = match by_tables {
        Some(known) => Some(known),
        None => cascade(ask, span, pipeline).await?,
    };
    Ok(Records { span, end_to_end })
}

/// From a raw company to its first verified contact.
async fn tables(ask: &Ask<'_>, span: Span) -> Result<EndToEnd, Fault> {
    let seconds = span.seconds() as f64;
    let parameters: [Parameter<'_>; 2] = [(&seconds, Type::FLOAT8), (&NEWEST, Type::INT8)];
    let rows = ask.rows(files::RECORDS_TABLES, &parameters).await?;
    read(&rows, NEWEST).map_err(|error| fault_of(&error))
}

/// Records through the phase that starts the pipeline, by its events; `None` where nothing joins them.
async fn cascade(
    ask: &Ask<'_>,
    span: Span,
    pipeline: &Pipeline,
) -> Result<Option<EndToEnd>, Fault> {
    let way = end_to_end::way(pipeline);
    let [first, .., last] = &way[..] else {
        return Ok(None);
    };
    let fields = Fields::along(&way);
    let [link, stage, is_child, pair, field] = fields.parameters();
    let seconds = span.seconds() as f64;
    let parameters: [Parameter<'_>; 9] = [
        link,
        stage,
        is_child,
        pair,
        field,
        (&first.event, Type::TEXT),
        (&last.event, Type::TEXT),
        (&seconds, Type::FLOAT8),
        (&drops::NEWEST, Type::INT8),
    ];
    let rows = ask.rows(files::RECORDS_CASCADE, &parameters).await;
    let Some(rows) = where_possible(rows)? else {
        return Ok(None);
    };
    let known = read(&rows, drops::NEWEST).map_err(|error| fault_of(&error))?;
    let path = Path {
        first: first.event.clone(),
        last: last.event.clone(),
    };
    Ok(Some(EndToEnd {
        path: Some(path),
        ..known
    }))
}

/// What the rows of either file say: a row each of those that took longest, or one without any where none ended.
fn read(rows: &[Row], newest: i64) -> Result<EndToEnd, Error> {
    let mut known = EndToEnd {
        path: None,
        n: 0,
        p50: None,
        p95: None,
        p99: None,
        max_ms: None,
        in_flight: InFlight::default(),
        newest: None,
        slowest: rows
            .iter()
            .filter_map(|row| slow(row).transpose())
            .collect::<Result<_, Error>>()?,
    };
    known.max_ms = known.slowest.first().map(|slow| slow.took_ms);
    let Some(row) = rows.first() else {
        return Ok(known);
    };
    known.n = row.try_get::<_, i64>("n")?.unsigned_abs();
    known.in_flight = InFlight {
        n: row.try_get::<_, i64>("in_flight")?.unsigned_abs(),
        oldest_ms: row.try_get::<_, Option<f64>>("oldest_ms")?.map(whole),
    };
    let is_cut: bool = row.try_get("is_cut")?;
    known.newest = is_cut.then_some(newest.unsigned_abs());
    // Twice the milliseconds, and one more where the record has not ended.
    let quantiles: Option<Vec<i64>> = row.try_get("quantiles")?;
    let quantile = |twice: i64| Quantile {
        ms: (twice / 2).unsigned_abs(),
        at_least: twice % 2 == 1,
    };
    if let Some([p50, p95, p99]) = quantiles.as_deref() {
        known.p50 = Some(quantile(*p50));
        known.p95 = Some(quantile(*p95));
        known.p99 = Some(quantile(*p99));
    }
    Ok(known)
}

fn whole(ms: f64) -> u64 {
    ms.max(0.0).round() as u64
}

fn slow(row: &Row) -> Result<Option<SlowRecord>, Error> {
    let Some(ms) = row.try_get::<_, Option<f64>>("ms")? else {
        return Ok(None);
    };
    let company: Option<&str> = row.try_get("company")?;
    Ok(Some(SlowRecord {
        record: Untrusted::from(row.try_get::<_, &str>("id")?),
        company: company.map(Untrusted::from),
        began: row.try_get("began")?,
        ended: row.try_get("ended")?,
        took_ms: whole(ms),
    }))
}
