//! The roll-ups of the schema, brought up to the present step by step. Each step is a short transaction of its own, and
//! the server lets one at a time through, so any number of schedules may ask for it.

use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};

use super::{
    Client, Purpose, Settings,
    catalog::Catalog,
    connect, fault_of, queries,
    syntax::{in_schema, quoted},
};
use crate::msg::Fault;

/// A first fill of a big history takes minutes; longer than this, something hangs.
const PATIENCE: Duration = Duration::from_hours(6);

/// What one run came to.
#[derive(Debug)]
pub struct Rolled {
    /// Steps taken, each of at most 6 h of history.
    pub steps: u32,
    /// Whether another run was met at work, which goes on with the events.
    pub is_elsewhere: bool,
    /// Campaigns computed again, or why none could be; `None` where another run is at it.
    pub campaigns: Result<Option<u64>, Fault>,
    /// Metrics of the scorecard measured again, or why none could be; `None` where that was done within 5 min.
    pub scorecard: Result<Option<u64>, Fault>,
}

/// How far the roll-up has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// How far it is behind the present, s; `None` when it never ran.
    pub behind_s: Option<u64>,
}

/// What of the roll-ups is there for our role.
struct State {
    is_read_only: bool,
    role: String,
    may_look: bool,
    may_roll_up: Option<bool>,
    may_refresh: Option<bool>,
}

/// Brings the roll-ups of events up to the present, then those of campaigns.
///
/// # Errors
/// When the server cannot be reached, the session may only read, the schema has no roll-ups, the role may not run them,
/// or a step fails. Steps before it stand.
pub async fn roll_up(settings: &Settings) -> Result<Rolled, Fault> {
    let session = connect(settings, Purpose::Writer).await?;
    let (client, mut driver) = (session.client, session.driver);
    driver.run(PATIENCE, catch_up(&client, settings)).await?
}

async fn catch_up(client: &Client, settings: &Settings) -> Result<Rolled, Fault> {
    let schema = settings.schema.as_str();
    let state = state(client, schema).await?;
    if state.is_read_only {
        let why =
            "this session may only read: a standby, or outpost was told so (safety.read_only)";
        return Err(Fault::Unsupported(why.to_owned()));
    }
    require(
        &state,
        state.may_roll_up,
        schema,
        "rollup_tick(timestamptz)",
    )?;
    client
        .batch_execute(include_str!("../../../sql/rollup/session.sql"))
        .await
        .map_err(|e| fault_of(&e))?;
    let mut steps = 0;
    let is_elsewhere = loop {
        let sql = in_schema(include_str!("../../../sql/rollup/events.sql"), schema);
        let row = client.query_typed_one(&sql, &[]).await;
        let row = row.map_err(|e| fault_of(&e))?;
        match row.try_get("behind_s").map_err(|e| fault_of(&e))? {
            None => break true,
            Some(behind) => {
                steps += 1;
                let behind: f64 = behind;
                if behind <= 0.0 {
                    break false;
                }
            }
        }
    };
    Ok(Rolled {
        steps,
        is_elsewhere,
        campaigns: refresh(client, &state, schema).await,
        scorecard: measure(client, settings).await,
    })
}

/// Campaigns computed again. A site whose own tables lack a column that this needs still has its events rolled up.
async fn refresh(client: &Client, state: &State, schema: &str) -> Result<Option<u64>, Fault> {
    let function = "campaign_stats_refresh(timestamptz)";
    require(state, state.may_refresh, schema, function)?;
    let sql = in_schema(include_str!("../../../sql/rollup/campaigns.sql"), schema);
    let row = client.query_typed_one(&sql, &[]).await;
    let row = row.map_err(|e| fault_of(&e))?;
    let campaigns: Option<i64> = row.try_get("campaigns").map_err(|e| fault_of(&e))?;
    Ok(campaigns.map(i64::unsigned_abs))
}

/// The scorecard measured again, by the queries that a console would ask.
async fn measure(client: &Client, settings: &Settings) -> Result<Option<u64>, Fault> {
    let schema = settings.schema.as_str();
    let sql = in_schema(
        include_str!("../../../sql/rollup/scorecard_age.sql"),
        schema,
    );
    let row = client.query_typed_one(&sql, &[]).await;
    let row = row.map_err(|e| fault_of(&e))?;
    if !row.try_get::<_, bool>("is_due").map_err(|e| fault_of(&e))? {
        return Ok(None);
    }
    let catalog = Catalog::read(client, schema, &settings.words).await?;
    let readings = queries::metrics(client, &catalog).await?;
    let measured = readings.len() as u64;
    let mut names: Vec<&str> = readings.iter().map(|reading| reading.id.name()).collect();
    let mut values: Vec<Option<f64>> = readings.iter().map(|reading| reading.value).collect();
    let mut cases: Vec<i64> = readings.iter().map(|reading| reading.n as i64).collect();
    if let Some(replies) = queries::replies(client, &catalog).await? {
        names.push(queries::REPLIES_KEPT);
        values.push(replies.rate());
        cases.push(replies.of as i64);
    }
    let parameters: [(&(dyn ToSql + Sync), Type); 3] = [
        (&names, Type::TEXT_ARRAY),
        (&values, Type::FLOAT8_ARRAY),
        (&cases, Type::INT8_ARRAY),
    ];
    let sql = in_schema(include_str!("../../../sql/rollup/scorecard.sql"), schema);
    let kept = client.query_typed(&sql, &parameters).await;
    kept.map_err(|e| fault_of(&e))?;
    Ok(Some(measured))
}

/// How far the roll-up has come; `None` where there is none, or not for our role to see.
///
/// # Errors
/// When the server does not answer.
pub async fn lag(client: &Client, schema: &str) -> Result<Option<Lag>, Fault> {
    if !state(client, schema).await?.may_look {
        return Ok(None);
    }
    let sql = in_schema(include_str!("../../../sql/rollup/behind.sql"), schema);
    let rows = client.query_typed(&sql, &[]).await;
    let rows = rows.map_err(|e| fault_of(&e))?;
    let behind = rows.first().map(|row| row.try_get::<_, i64>("behind_s"));
    let behind = behind.transpose().map_err(|e| fault_of(&e))?;
    let behind_s = behind.map(i64::unsigned_abs);
    Ok(Some(Lag { behind_s }))
}

async fn state(client: &Client, schema: &str) -> Result<State, Fault> {
    let of: [(&(dyn ToSql + Sync), Type); 1] = [(&schema, Type::TEXT)];
    let ask = client.query_typed_one(include_str!("../../../sql/rollup/state.sql"), &of);
    let row = ask.await.map_err(|e| fault_of(&e))?;
    let read = || {
        Ok(State {
            is_read_only: row.try_get("is_read_only")?,
            role: row.try_get("role")?,
            may_look: row.try_get("may_look")?,
            may_roll_up: row.try_get("may_roll_up")?,
            may_refresh: row.try_get("may_refresh")?,
        })
    };
    read().map_err(|e: tokio_postgres::Error| fault_of(&e))
}

/// Whether the function is there and ours to run; if not, with the statement that would make it so.
fn require(state: &State, may: Option<bool>, schema: &str, function: &str) -> Result<(), Fault> {
    let name = format!("{}.{function}", quoted(schema));
    match may {
        Some(true) => Ok(()),
        Some(false) => {
            let role = quoted(&state.role);
            let grant = format!("GRANT EXECUTE ON FUNCTION {name} TO {role};");
            Err(Fault::Forbidden(grant.into()))
        }
        None => Err(Fault::Missing(
            format!("function {name}, which outpost migrate makes").into(),
        )),
    }
}
