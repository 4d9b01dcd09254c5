//! Trying events again by clones and by webhooks: each event at most once, exactly those of the plan, and no other row.

mod bounded;
mod chance;
mod clones;
mod lost;
mod webhooks;

use chrono::DateTime;
use outpost::{
    domain::{
        event::{EventType, RowId},
        pipeline::Pipeline,
        plan::{EventTarget, Mutation, Plan, Retrying, Strategy},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{Client, mutations},
};

use crate::{
    database::{self, Db},
    shapes::CLASSIC,
};

/// Our schema, and the shape most often met.
async fn both() -> [Db; 2] {
    let classic = database::empty().await;
    CLASSIC.make(&classic.client).await;
    [database::fresh().await, classic]
}

/// Three events that failed, and one that went well.
async fn four(client: &Client) {
    client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status, error_message, processed_at, retry_count)
             SELECT 'company_created', jsonb_build_object('record_id', n, 'big', 12345678901234567890.10), CASE WHEN n < 4 THEN 'failed' ELSE 'processed' END,
               CASE WHEN n < 4 THEN 'no' END, now() - interval '1 minute', 1
             FROM generate_series(1, 4) n",
        )
        .await
        .unwrap();
}

fn target(id: &str, stage: &str, status: &str, retries: u32) -> EventTarget {
    let stage = EventType::from(stage);
    EventTarget {
        id: RowId::parse(id).unwrap(),
        side_effect: Pipeline::guide().side_effect(&stage),
        stage,
        raw_status: Untrusted::from(status),
        retries,
    }
}

fn failed(ids: &[i64]) -> Vec<EventTarget> {
    let one = |id: &i64| target(&id.to_string(), "company_created", "failed", 1);
    ids.iter().map(one).collect()
}

/// The plan for `targets`, as an operator would be shown it.
async fn plan(
    client: &Client,
    (strategy, webhooks): (Strategy, Option<&str>),
    targets: Vec<EventTarget>,
) -> Result<Plan, Fault> {
    let here = Retrying {
        strategy,
        webhooks: webhooks.map(str::to_owned),
        ..Retrying::default()
    };
    let retry = here.propose(Pipeline::guide(), targets);
    let catalog = database::read_catalog(client, "marketing").await?;
    let examined = mutations::examine(client, &catalog, &retry).await?;
    Ok(Plan {
        examined: Some(examined),
        ..Plan::new(retry, DateTime::UNIX_EPOCH)
    })
}

/// Every event whole but for its retry count, oldest first.
async fn events(client: &Client) -> Vec<String> {
    let sql = "SELECT (to_jsonb(e) - 'retry_count')::text FROM marketing.pipeline_events AS e ORDER BY id";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The states and retry counts of all events, oldest first.
async fn states(client: &Client) -> String {
    one(client, "SELECT string_agg(concat(status, retry_count), ',' ORDER BY id) FROM marketing.pipeline_events").await
}

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> T {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

fn whys(rows: &[(RowId, String)]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|(id, why)| (id.as_str(), why.as_str()))
        .collect()
}

fn blocked(plan: &Plan) -> Vec<(&str, &str)> {
    whys(&plan.examined.as_ref().unwrap().blocked)
}

fn undo(plan: &Plan, outcome: &outpost::domain::plan::Outcome) -> Mutation {
    plan.mutation.undo(outcome, "ann@host").unwrap()
}
