//! One thorough look at a database, for the doctor: facts only, judged elsewhere. Nothing is written but one
//! notification to ourselves.

mod notifier;

use tokio_postgres::{
    Error, Row,
    types::{ToSql, Type},
};

use super::{
    Client, Opened, Purpose, Settings,
    catalog::{Catalog, Recent},
    connect, fault_of, listener,
    queries::{self, template},
    reader::server,
    relation, rollup,
};
use crate::{
    domain::{drops::Drops, event::StatusWords, server::Server, untrusted::Untrusted},
    msg::Fault,
};

pub use self::notifier::{Mode, Notifier};

/// What was found. Each part may have failed alone.
#[derive(Debug, Clone)]
pub struct Probe {
    /// What the connection is like.
    pub opened: Opened,
    /// The server, and what its schema lacks for some panel.
    pub server: Result<Server, Fault>,
    /// What the server holds ready for our role.
    pub session: Result<SessionFacts, Fault>,
    /// Whether a notification to ourselves arrived; the remark when it did not.
    pub hearing: Result<Option<String>, Fault>,
    /// The triggers on the tables of the pipeline.
    pub triggers: Result<Vec<Trigger>, Fault>,
    /// How our notifier is switched.
    pub notifier: Result<Notifier, Fault>,
    /// The events of the last day, by type.
    pub flow: Result<Vec<Flow>, Fault>,
    /// Silent drops.
    pub drops: Result<Drops, Fault>,
    /// The rows that came in the last day, by the event each should have written.
    pub arrivals: Result<Vec<Arrivals>, Fault>,
    /// The words for a state that events bear, and how many bear each.
    pub statuses: Result<Vec<(Untrusted, u64)>, Fault>,
    /// The words for states that are the site's own.
    pub words: StatusWords,
    /// How far the newest event lies in the future, s; `None` without events.
    pub newest_ahead: Result<Option<f64>, Fault>,
    /// How far the roll-ups have come; `None` where there are none, or not for our role to see.
    pub rollup: Result<Option<rollup::Lag>, Fault>,
    /// What our role may change.
    pub rights: Rights,
    /// Columns of time without a zone, of the two tables that everything is judged by.
    pub naive: Vec<Untrusted>,
}

/// What the server holds ready for our role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// The version, in its own words.
    pub version: Untrusted,
    /// The bound on the run time of our queries that is in force, in the server's words.
    pub statement_timeout: Untrusted,
    /// After how long without a query a session is ended, ms; 0 for never.
    pub idle_session_ms: u64,
    /// Tables of which row security may hide rows from us.
    pub guarded: Vec<Untrusted>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its table, with its schema.
    pub table: Untrusted,
    /// Its name.
    pub name: Untrusted,
    /// Whether it runs in an ordinary session.
    pub is_enabled: bool,
    /// When it runs.
    pub on: Occasions,
    /// The text of its function.
    pub source: Untrusted,
}

/// When a trigger runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasions {
    /// On insert.
    pub insert: bool,
    /// On update.
    pub update: bool,
}

/// The events of one type in the last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The type.
    pub event: Untrusted,
    /// How many were written.
    pub written: u64,
    /// How many of those were processed.
    pub processed: u64,
    /// How many of those have been pending for more than 5 min.
    pub stuck: u64,
}

/// The rows that came into one table in the last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrivals {
    /// The event that each should have written.
    pub event: Untrusted,
    /// The table.
    pub table: Untrusted,
    /// How many came; counting stops at 1,000.
    pub rows: u64,
    /// How many of its rows were looked at, the newest, where that was not all; none where nothing finds what came of late.
    pub looked: Option<u64>,
}

/// What our role may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Our role.
    pub role: Untrusted,
    /// The table of events and whether its state may be changed, which a retry does; `None` without it.
    pub retry: Option<(Untrusted, bool)>,
    /// The same for the table of errors, and resolving.
    pub resolve: Option<(Untrusted, bool)>,
}

/// Looks at everything. The fault is one of connecting; later ones are part of what was found.
pub async fn probe(settings: &Settings) -> Result<Probe, Fault> {
    let session = connect(settings, Purpose::Reader).await?;
    let (client, mut driver, opened) = (session.client, session.driver, session.opened);
    let look = async {
        let catalog = Catalog::read(&client, &settings.schema, &settings.words).await?;
        Ok::<_, Fault>(Probe {
            hearing: Ok(None),
            server: server::fetch(&client, &catalog, settings.read_only).await,
            session: session_facts(&client, &settings.schema).await,
            triggers: triggers(&client, &settings.schema).await,
            notifier: notifier::fetch(&client, &settings.schema).await,
            flow: flow(&client, &catalog).await,
            drops: queries::silent_drops(&client, &catalog, &settings.pipeline).await,
            arrivals: arrivals(&client, &catalog).await,
            statuses: statuses(&client, &catalog).await,
            words: settings.words.clone(),
            newest_ahead: newest_ahead(&client, &catalog).await,
            rollup: rollup::lag(&client, &settings.schema).await,
            rights: rights(&catalog),
            naive: naive(&catalog),
            opened: opened.clone(),
        })
    };
    let mut probe: Probe = driver.run(settings.deadline() * 4, look).await??;
    probe.hearing = if opened.is_standby {
        Ok(None)
    } else {
        listener::hears(settings).await
    };
    Ok(probe)
}

/// The rows that `sql`, a template, finds in the database of `catalog`, each decoded; events before a key are left out where it says
/// so.
async fn ask<T>(
    client: &Client,
    catalog: &Catalog,
    (sql, floor): (&str, Option<i64>),
    decode: impl Fn(&Row) -> Result<T, Error>,
) -> Result<Vec<T>, Fault> {
    let sql = template::render(catalog, sql, floor)?;
    let rows = client.query_typed(&sql, &[]).await;
    let rows = rows.map_err(|e| fault_of(&e))?;
    let decoded: Result<_, Error> = rows.iter().map(decode).collect();
    decoded.map_err(|e| fault_of(&e))
}

fn text(row: &Row, column: &str) -> Result<Untrusted, Error> {
    let text: Option<&str> = row.try_get(column)?;
    Ok(Untrusted::from(text.unwrap_or("")))
}

fn count(row: &Row, column: &str) -> Result<u64, Error> {
    row.try_get::<_, i64>(column).map(i64::unsigned_abs)
}

async fn session_facts(client: &Client, schema: &str) -> Result<SessionFacts, Fault> {
    let of: [(&(dyn ToSql + Sync), Type); 1] = [(&schema, Type::TEXT)];
    let ask = client.query_typed_one(include_str!("../../../sql/doctor/session.sql"), &of);
    let row = ask.await.map_err(|e| fault_of(&e))?;
    let read = || {
        let guarded: Vec<String> = row.try_get("guarded")?;
        Ok(SessionFacts {
            version: text(&row, "version")?,
            statement_timeout: text(&row, "statement_timeout")?,
            idle_session_ms: count(&row, "idle_session_ms")?,
            guarded: guarded.into_iter().map(Untrusted::from).collect(),
        })
    };
    read().map_err(|e: Error| fault_of(&e))
}

async fn triggers(client: &Client, schema: &str) -> Result<Vec<Trigger>, Fault> {
    let of: [(&(dyn ToSql + Sync), Type); 1] = [(&schema, Type::TEXT)];
    let ask = client.query_typed(include_str!("../../../sql/doctor/triggers.sql"), &of);
    let rows = ask.await.map_err(|e| fault_of(&e))?;
    let trigger = |row: &Row| {
        let (schema, table): (&str, &str) = (row.try_get("schema")?, row.try_get("table")?);
        Ok(Trigger {
            table: format!("{schema}.{table}").into(),
            name: text(row, "name")?,
            is_enabled: row.try_get("enabled")?,
            on: Occasions {
                insert: row.try_get("on_insert")?,
                update: row.try_get("on_update")?,
            },
            source: text(row, "source")?,
        })
    };
    let decoded: Result<_, Error> = rows.iter().map(trigger).collect();
    decoded.map_err(|e| fault_of(&e))
}

async fn flow(client: &Client, catalog: &Catalog) -> Result<Vec<Flow>, Fault> {
    let sql = include_str!("../../../sql/doctor/flow.sql");
    let flow = |row: &Row| {
        Ok(Flow {
            event: text(row, "event_type")?,
            written: count(row, "written")?,
            processed: count(row, "processed")?,
            stuck: count(row, "stuck")?,
        })
    };
    let floor = queries::floor(client, catalog).await?;
    ask(client, catalog, (sql, floor), flow).await
}

async fn arrivals(client: &Client, catalog: &Catalog) -> Result<Vec<Arrivals>, Fault> {
    let sql = include_str!("../../../sql/doctor/arrivals.sql");
    let found = template::recent(catalog, sql);
    let looked = |table: &str| {
        let found = found.iter().find(|(name, _)| *name == table);
        match found.map_or(Recent::All, |(_, recent)| *recent) {
            Recent::All => None,
            Recent::Newest => Some(Recent::NEWEST.into()),
            Recent::None => Some(0),
        }
    };
    let arrivals = |row: &Row| {
        Ok(Arrivals {
            event: text(row, "event_type")?,
            table: text(row, "table")?,
            rows: count(row, "n")?,
            looked: looked(row.try_get("table")?),
        })
    };
    ask(client, catalog, (sql, None), arrivals).await
}

async fn statuses(client: &Client, catalog: &Catalog) -> Result<Vec<(Untrusted, u64)>, Fault> {
    let sql = include_str!("../../../sql/doctor/statuses.sql");
    let status = |row: &Row| Ok((text(row, "status")?, count(row, "n")?));
    ask(client, catalog, (sql, None), status).await
}

async fn newest_ahead(client: &Client, catalog: &Catalog) -> Result<Option<f64>, Fault> {
    let sql = include_str!("../../../sql/doctor/newest.sql");
    let rows: Vec<Option<f64>> =
        ask(client, catalog, (sql, None), |row| row.try_get("ahead")).await?;
    Ok(rows.into_iter().next().flatten())
}

fn rights(catalog: &Catalog) -> Rights {
    let may_update = |table: &str, column: &str| {
        let relation = catalog.relation(table)?;
        let wanted = relation::wanted(table)?
            .columns
            .iter()
            .find(|c| c.name == column)?;
        let column = relation.column(wanted)?;
        Some((relation.sql().into(), column.update))
    };
    let resolver = catalog.may_use_schema && catalog.function("resolve_pipeline_error").is_some();
    Rights {
        role: catalog.role.as_str().into(),
        retry: may_update("pipeline_events", "status"),
        resolve: may_update("pipeline_errors", "resolved")
            .map(|(table, may)| (table, may || resolver)),
    }
}

fn naive(catalog: &Catalog) -> Vec<Untrusted> {
    ["pipeline_events", "pipeline_errors"]
        .iter()
        .filter_map(|name| catalog.relation(name))
        .flat_map(|relation| {
            let naive =
                |column: &&relation::Column| column.data_type.ends_with("without time zone");
            let label =
                |column: &relation::Column| format!("{}.{}", relation.name, column.name).into();
            relation.columns.iter().filter(naive).map(label)
        })
        .collect()
}
