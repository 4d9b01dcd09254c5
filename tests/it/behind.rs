//! The events behind errors in a large table without an index on time: looked for by key, a bounded number of them, and of what
//! was not found it is told where it may still be.

use outpost::{
    domain::{
        error_group::{Look, Seen, Wanted},
        event::RowId,
    },
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::{commands::Shell, database};

/// 150,000 events of the last 20 hours and 30 days, and errors: of an event that stands just before, of one three weeks ago, of one
/// that lies farther back than is looked, of none, and of one that ended well.
const FILL: &str = "
    SET session_replication_role = replica;
    TRUNCATE marketing.pipeline_events, marketing.pipeline_errors RESTART IDENTITY;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
    SELECT 'stage_' || i % 5, jsonb_build_object('record_id', 'r' || i, 'tier', 'gold'), CASE WHEN i % 5 = 4 THEN 'processed' ELSE 'failed' END,
      now() - CASE WHEN i <= 10000 THEN interval '1 day' + interval '30 days' * (1 - i / 10000.0)
        ELSE interval '20 hours' * (1 - (i - 10000) / 140000.0) END
    FROM generate_series(1, 150000) AS i;
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, created_at)
    SELECT 'stage_' || i % 5, 'r' || i, 'HTTP 500', CASE WHEN i = 20000 THEN now() ELSE e.created_at + interval '1 second' END
    FROM unnest(ARRAY[149990, 3001, 20000, 149984]) AS i JOIN marketing.pipeline_events AS e ON e.id = i;
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, created_at) VALUES
      ('stage_0', 'none', 'HTTP 500', now() - interval '30 days'), ('stage_0', NULL, 'HTTP 500', now());
    ANALYZE marketing.pipeline_events, marketing.pipeline_errors;";

/// Rows of the table of events that were read so far in this transaction, as the server counts them.
async fn read(client: &Client) -> i64 {
    let sql = "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables
               WHERE schemaname = 'marketing' AND relname = 'pipeline_events'";
    client.query_typed_one(sql, &[]).await.unwrap().get("n")
}

async fn look(client: &Client, catalog: &Catalog, look: Look) -> Seen {
    let mut memory = Memory::default();
    let seen = queries::look(client, catalog, &mut memory, &look).await;
    seen.unwrap()
}

fn ids(keys: impl IntoIterator<Item = i64>) -> Vec<RowId> {
    keys.into_iter().map(RowId::from).collect()
}

#[tokio::test]
async fn events_behind_errors_are_looked_for_by_key_and_what_may_lie_farther_back_is_told() {
    let db = database::classic().await;
    db.client.batch_execute(FILL).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    db.client.batch_execute("BEGIN").await.unwrap();
    let before = read(&db.client).await;
    let behind = Look::Behind(Wanted::Events, ids(1..=6), Vec::new());
    let Seen::Found(found) = look(&db.client, &catalog, behind).await else {
        panic!("nothing found");
    };
    let n = read(&db.client).await - before;
    assert!(n <= 108_000, "{n} rows of 150,000");
    let mut events: Vec<i64> = found
        .events
        .iter()
        .filter_map(|(event, _)| event.id.number())
        .collect();
    events.sort_unstable();
    assert_eq!((events, found.beyond), (vec![3_001, 149_984, 149_990], 1));
    // Where all are found, no more than a stretch is looked at, however old they are.
    let before = read(&db.client).await;
    let fields = vec!["payload.tier".to_owned()];
    let payloads = Look::Payloads(fields.clone(), ids([1, 2, 4]));
    let Seen::Payloads(found) = look(&db.client, &catalog, payloads).await else {
        panic!("nothing found");
    };
    let n = read(&db.client).await - before;
    assert!(n <= 13_000, "{n} rows of 150,000");
    let gold = found
        .found
        .iter()
        .filter(|(_, values)| values[0] == Some("gold".into()));
    assert_eq!((gold.count(), found.beyond), (3, Vec::new()));
    let payloads = Look::Payloads(fields, ids([1, 3, 5]));
    let Seen::Payloads(found) = look(&db.client, &catalog, payloads).await else {
        panic!("nothing found");
    };
    assert_eq!((found.found.len(), found.beyond), (1, ids([3])));
    db.client.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn the_command_line_says_which_events_it_did_not_find_and_which_it_did_not_look_at() {
    let db = database::classic().await;
    db.client.batch_execute(FILL).await.unwrap();
    let shell = Shell::on(&db.url);
    let rows = |plan: &Value| -> Vec<String> {
        let rows = plan["rows"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let plan = shell.json(&["errors", "retry", "--plan"]).await;
    // What ended well is not tried again.
    assert_eq!(rows(&plan), ["3001", "149990"], "{plan:#}");
    let remark = plan["remark"].as_str().unwrap();
    let said = "without 1 whose event is not among the 100,000 looked at";
    assert_eq!(remark, said);

    let open = ["events", "retry", "--filter", "id=60", "--limit", "100000"];
    let plan = shell.json(&[&open[..], &["--plan"]].concat()).await;
    assert!(rows(&plan).is_empty(), "{plan:#}");
    let remark = plan["remark"].as_str().unwrap();
    assert!(
        remark.starts_with("only events since ") && remark.contains("nobody has ended well"),
        "{remark}"
    );
    let near = ["events", "retry", "--filter", "id=149991", "--limit", "100"];
    let plan = shell.json(&[&near[..], &["--plan"]].concat()).await;
    assert_eq!(rows(&plan), ["149991"], "{plan:#}");
    assert_eq!(
        plan["remark"],
        "only the newest 100 rows were looked at; --limit looks further"
    );
}
