//! The shapes of databases met in the field: on each, every panel works, works partly and says what is missing, or
//! says what to run.

use outpost::{
    domain::{event::EventStatus, server::Gap, stage::StageReading},
    effect::FeedId,
    msg::{Fact, Fault},
    sources::postgres::{
        Client,
        queries::{self, Memory},
    },
};

use crate::{
    database::{self, Db},
    queries::{FEEDS, fetch},
    shapes::{CLASSIC, Shape},
};

/// The feeds that the spine alone can answer.
const SPINE: [FeedId; 5] = [
    FeedId::Stages,
    FeedId::Trend,
    FeedId::Totals,
    FeedId::Tail,
    FeedId::Errors,
];

async fn stages(client: &Client, schema: &str) -> Vec<StageReading> {
    match fetch(client, schema, FeedId::Stages).await {
        Ok(Fact::Stages(mut readings)) => {
            readings.sort_by_key(|reading| reading.stage.label());
            readings
        }
        other => panic!("{other:?}"),
    }
}

async fn filled(shape: &Shape) -> Db {
    let db = database::empty().await;
    shape.make(&db.client).await;
    shape.fill(&db.client).await;
    db
}

/// What the traffic of [`Shape::fill`] must be read as, whatever the shape.
async fn reads_like_the_classic_one(shape: Shape) {
    let db = filled(&shape).await;
    let readings = stages(&db.client, shape.schema).await;
    assert_eq!(readings.len(), 3, "{shape:?}");
    let pending: u64 = readings.iter().map(|reading| reading.pending).sum();
    assert_eq!(pending, 300, "{shape:?}");
    // One event each 20 s, every tenth of them pending: those of the last 5 min are 1, of 1 h 18.
    let stuck: u64 = readings.iter().map(|reading| reading.stuck).sum();
    assert_eq!(stuck, 299, "{shape:?}");
    let in_5m: u64 = readings.iter().map(|reading| reading.created_5m).sum();
    assert_eq!(in_5m, 14, "{shape:?}");
    let of_the_hour: u64 = readings.iter().map(|reading| reading.created_1h).sum();
    assert_eq!(of_the_hour, 179, "{shape:?}");
    assert!(
        readings
            .iter()
            .all(|reading| reading.processed_1h > 0 && reading.processing > 0)
    );
    for feed in SPINE {
        let answer = fetch(&db.client, shape.schema, feed).await;
        assert!(answer.is_ok(), "{shape:?}, {feed:?}: {answer:?}");
    }
    let Ok(Fact::Tail(rows)) = fetch(&db.client, shape.schema, FeedId::Tail).await else {
        panic!("{shape:?}: no tail");
    };
    assert_eq!(rows.len(), 500, "{shape:?}");
    let newest = rows.iter().max_by_key(|row| row.created_at).unwrap();
    assert_eq!(
        newest.subject.as_ref().unwrap().display(),
        "Acme 1",
        "{shape:?}"
    );
    assert_eq!(newest.record.as_ref().unwrap().display(), "1", "{shape:?}");
    let catalog = database::catalog(&db.client, shape.schema).await;
    let detail = queries::event(&db.client, &catalog, &newest.id)
        .await
        .unwrap();
    assert_eq!(detail.row, *newest, "{shape:?}");
    assert!(detail.payload.display().contains("Acme 1"), "{shape:?}");
    assert!(
        !detail.errors.is_empty() && !detail.siblings.is_empty(),
        "{shape:?}"
    );
}

#[tokio::test]
async fn the_classic_shape_is_read() {
    reads_like_the_classic_one(CLASSIC).await;
}

#[tokio::test]
async fn keys_that_are_uuids_and_moments_with_a_zone_are_read() {
    reads_like_the_classic_one(Shape {
        key: "uuid DEFAULT gen_random_uuid()",
        time: "timestamptz",
        ..CLASSIC
    })
    .await;
}

#[tokio::test]
async fn a_schema_of_another_name_with_keys_of_eight_bytes_is_read() {
    reads_like_the_classic_one(Shape {
        schema: "Out reach",
        key: "bigint GENERATED ALWAYS AS IDENTITY",
        ..CLASSIC
    })
    .await;
}

#[tokio::test]
async fn payloads_that_are_text_or_json_are_read() {
    for payload in ["text", "json"] {
        reads_like_the_classic_one(Shape { payload, ..CLASSIC }).await;
    }
}

#[tokio::test]
async fn upper_case_words_are_understood_with_and_without_a_list_of_them() {
    let words = ["NEW", "RUNNING", "DONE", "ERROR"];
    for status in [
        "varchar(20)",
        "text CHECK (status IN ('NEW', 'RUNNING', 'DONE', 'ERROR'))",
    ] {
        reads_like_the_classic_one(Shape {
            status,
            words,
            ..CLASSIC
        })
        .await;
    }
}

#[tokio::test]
async fn a_partitioned_table_is_read() {
    let db = filled(&CLASSIC).await;
    db.client
        .batch_execute(
            "ALTER TABLE pipeline_events RENAME TO old;
             CREATE TABLE pipeline_events (LIKE old INCLUDING DEFAULTS, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
             CREATE TABLE past PARTITION OF pipeline_events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
             CREATE TABLE present PARTITION OF pipeline_events DEFAULT;
             INSERT INTO pipeline_events SELECT * FROM old;",
        )
        .await
        .unwrap();
    let readings = stages(&db.client, "marketing").await;
    assert_eq!(
        readings.iter().map(|reading| reading.pending).sum::<u64>(),
        300
    );
    let changed = changes_are_told(&db, "present").await;
    assert_eq!(changed, 2);
}

#[tokio::test]
async fn a_view_is_read_and_its_changes_are_told_by_time() {
    let db = filled(&CLASSIC).await;
    db.client
        .batch_execute(
            "ALTER TABLE pipeline_events RENAME TO queue;
             CREATE VIEW pipeline_events AS
               SELECT id, event_type, payload, status, created_at, processed_at FROM queue;",
        )
        .await
        .unwrap();
    let readings = stages(&db.client, "marketing").await;
    assert_eq!(
        readings.iter().map(|reading| reading.pending).sum::<u64>(),
        300
    );
    // Everything of the last two minutes comes again: five events, and the two that changed.
    assert!(changes_are_told(&db, "queue").await >= 2);
}

/// Reads the tail, changes an event and writes one, and reads on: how many come the second time. Both must be
/// among them, and a third look must find nothing where changes are told by version.
async fn changes_are_told(db: &Db, table: &str) -> usize {
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let mut tail =
        async || match queries::fetch(&db.client, &catalog, FeedId::Tail, &mut memory).await {
            Ok(Fact::Tail(rows)) => rows,
            other => panic!("{other:?}"),
        };
    assert_eq!(tail().await.len(), 500);
    let sql = format!(
        "UPDATE {table} SET status = 'failed', processed_at = now() WHERE payload ->> 'company_name' = 'Acme 10';
         INSERT INTO {table} (id, event_type, payload) VALUES (9001, 'company_created', '{{\"record_id\": 7}}');"
    );
    db.connect()
        .await
        .batch_execute(&format!("SET search_path = marketing; {sql}"))
        .await
        .unwrap();
    let rows = tail().await;
    let failed = |row: &&outpost::domain::event::EventRow| {
        row.status == EventStatus::Failed
            && row
                .subject
                .as_ref()
                .is_some_and(|name| name.display() == "Acme 10")
    };
    assert_eq!(rows.iter().filter(failed).count(), 1);
    assert_eq!(
        rows.iter().filter(|row| row.id.as_str() == "9001").count(),
        1
    );
    rows.len()
}

#[tokio::test]
async fn the_tail_tells_what_changed_and_what_was_committed_late_exactly_once() {
    let db = filled(&CLASSIC).await;
    assert_eq!(changes_are_told(&db, "pipeline_events").await, 2);

    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let mut tail =
        async || match queries::fetch(&db.client, &catalog, FeedId::Tail, &mut memory).await {
            Ok(Fact::Tail(rows)) => rows
                .iter()
                .map(|row| row.id.to_string())
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
    let mut slow = db.connect().await;
    let transaction = slow.transaction().await.unwrap();
    transaction
        .batch_execute("INSERT INTO marketing.pipeline_events (id, event_type, payload) VALUES (10001, 'a', '{}')")
        .await
        .unwrap();
    db.client
        .batch_execute("INSERT INTO marketing.pipeline_events (id, event_type, payload) VALUES (10002, 'a', '{}')")
        .await
        .unwrap();
    assert!(tail().await.contains(&"10002".to_owned()));
    assert_eq!(tail().await, Vec::<String>::new());
    transaction.commit().await.unwrap();
    assert_eq!(tail().await, ["10001"]);
    assert_eq!(tail().await, Vec::<String>::new());
}

#[tokio::test]
async fn naive_moments_are_read_in_the_zone_they_were_written_in() {
    let db = database::empty().await;
    db.client
        .batch_execute("SET timezone = 'Asia/Kolkata'")
        .await
        .unwrap();
    CLASSIC.make(&db.client).await;
    CLASSIC.fill(&db.client).await;
    let readings = stages(&db.client, "marketing").await;
    assert_eq!(
        readings.iter().map(|reading| reading.stuck).sum::<u64>(),
        299
    );
    assert_eq!(
        readings
            .iter()
            .map(|reading| reading.created_5m)
            .sum::<u64>(),
        14
    );
    let Ok(Fact::Tail(rows)) = fetch(&db.client, "marketing", FeedId::Tail).await else {
        panic!("no tail");
    };
    let age = chrono::Utc::now() - rows.iter().map(|row| row.created_at).max().unwrap();
    assert!((15..60).contains(&age.num_seconds()), "{age}");
}

#[tokio::test]
async fn an_unknown_status_is_shown_as_it_stands() {
    let db = filled(&Shape {
        status: "text",
        ..CLASSIC
    })
    .await;
    db.client
        .batch_execute("INSERT INTO pipeline_events (event_type, payload, status) VALUES ('x', '[1]', 'Snoozed'), ('x', '3', NULL)")
        .await
        .unwrap();
    let Ok(Fact::Tail(rows)) = fetch(&db.client, "marketing", FeedId::Tail).await else {
        panic!("no tail");
    };
    let odd: Vec<&EventStatus> = rows
        .iter()
        .filter(|row| row.stage.label() == "x")
        .map(|row| &row.status)
        .collect();
    assert_eq!(odd.len(), 2);
    assert!(
        odd.contains(&&EventStatus::Other("Snoozed".into())),
        "{odd:?}"
    );
    let readings = stages(&db.client, "marketing").await;
    assert_eq!(readings.len(), 4);
}

fn gap<'a>(gaps: &'a [Gap], what: &str) -> &'a Gap {
    gaps.iter()
        .find(|gap| gap.what.display() == what)
        .unwrap_or_else(|| panic!("no gap {what} in {gaps:#?}"))
}

#[tokio::test]
async fn what_is_absent_is_named_and_the_rest_is_shown() {
    let db = filled(&CLASSIC).await;
    db.client
        .batch_execute("ALTER TABLE pipeline_errors DROP COLUMN severity; ALTER TABLE pipeline_events DROP COLUMN retry_count;")
        .await
        .unwrap();
    for feed in SPINE {
        let answer = fetch(&db.client, "marketing", feed).await;
        assert!(answer.is_ok(), "{feed:?}: {answer:?}");
    }
    let campaigns = fetch(&db.client, "marketing", FeedId::Campaigns).await;
    assert_eq!(campaigns, Err(Fault::Missing("marketing.campaigns".into())));
    let Ok(Fact::Outcomes(outcomes)) = fetch(&db.client, "marketing", FeedId::Outcomes).await
    else {
        panic!("no outcomes");
    };
    assert_eq!((outcomes.deliveries_24h, outcomes.crm), (None, None));
    let gaps = database::catalog(&db.client, "marketing").await.gaps();
    assert_eq!(
        gap(&gaps, "marketing.delivery_log").remedy,
        "outpost migrate"
    );
    assert!(
        gap(&gaps, "marketing.pipeline_errors.severity")
            .hides
            .contains("unresolved errors")
    );
    assert!(
        gap(&gaps, "marketing.pipeline_events.retry_count")
            .hides
            .contains("part of the live stream")
    );

    db.client
        .batch_execute("DROP TABLE pipeline_errors")
        .await
        .unwrap();
    let readings = stages(&db.client, "marketing").await;
    // Failed events stand in for errors: in the last hour, one in ten, less two that are running.
    assert_eq!(
        readings
            .iter()
            .map(|reading| reading.errors_1h)
            .sum::<u64>(),
        16
    );
    let errors = fetch(&db.client, "marketing", FeedId::Errors).await;
    assert_eq!(
        errors,
        Err(Fault::Missing("marketing.pipeline_errors".into()))
    );
}

#[tokio::test]
async fn a_database_without_the_pipeline_says_what_to_run() {
    let db = database::empty().await;
    for feed in FEEDS {
        let answer = fetch(&db.client, "marketing", feed).await;
        if matches!(feed, FeedId::Outcomes | FeedId::Scorecard) {
            assert!(answer.is_ok(), "{feed:?}: {answer:?}");
        } else {
            let missing = Fault::Missing("schema marketing".into());
            assert_eq!(answer, Err(missing), "{feed:?}");
        }
    }
    let gaps = database::catalog(&db.client, "marketing").await.gaps();
    assert!(
        gap(&gaps, "schema marketing")
            .remedy
            .contains("outpost migrate")
    );
}

#[tokio::test]
async fn events_in_another_schema_than_the_one_that_is_watched_are_pointed_out() {
    let db = database::empty().await;
    let sql = "CREATE SCHEMA app; CREATE TABLE app.pipeline_events (id bigint PRIMARY KEY, event_type text, status text)";
    db.client.batch_execute(sql).await.unwrap();
    let told = "schema marketing, though events are in schema app: --schema app watches that";
    let answer = fetch(&db.client, "marketing", FeedId::Stages).await;
    assert_eq!(answer, Err(Fault::Missing(told.into())));
    let gaps = database::catalog(&db.client, "marketing").await.gaps();
    assert_eq!(gap(&gaps, told).remedy, "outpost --schema app");
    db.client
        .batch_execute("CREATE SCHEMA marketing")
        .await
        .unwrap();
    let answer = fetch(&db.client, "marketing", FeedId::Tail).await;
    let told = told.replace("schema marketing", "marketing.pipeline_events");
    assert_eq!(answer, Err(Fault::Missing(told.as_str().into())));
}

#[tokio::test]
async fn a_role_without_grants_is_told_which_to_ask_for() {
    let db = filled(&CLASSIC).await;
    let role = format!("clerk_{}", std::process::id());
    let become_clerk = format!("CREATE ROLE {role}; SET ROLE {role};");
    db.client.batch_execute(&become_clerk).await.unwrap();
    let answer = fetch(&db.client, "marketing", FeedId::Stages).await;
    assert_eq!(
        answer,
        Err(Fault::Forbidden("USAGE on schema marketing".into()))
    );

    let grant = format!("RESET ROLE; GRANT USAGE ON SCHEMA marketing TO {role}; SET ROLE {role};");
    db.client.batch_execute(&grant).await.unwrap();
    let answer = fetch(&db.client, "marketing", FeedId::Stages).await;
    assert_eq!(
        answer,
        Err(Fault::Forbidden(
            "SELECT on marketing.pipeline_events".into()
        ))
    );
    let gaps = database::catalog(&db.client, "marketing").await.gaps();
    assert_eq!(
        gap(&gaps, "SELECT on marketing.pipeline_errors").remedy,
        format!("GRANT SELECT ON \"marketing\".\"pipeline_errors\" TO \"{role}\";")
    );

    // Granted but for one column, everything that can do without it is shown.
    let grant = format!(
        "RESET ROLE;
         GRANT SELECT (id, event_type, status, error_message, retry_count, created_at, processed_at) ON pipeline_events TO {role};
         SET ROLE {role};"
    );
    db.client.batch_execute(&grant).await.unwrap();
    assert_eq!(stages(&db.client, "marketing").await.len(), 3);
    let Ok(Fact::Tail(rows)) = fetch(&db.client, "marketing", FeedId::Tail).await else {
        panic!("no tail");
    };
    assert!(rows.iter().all(|row| row.record.is_none()));
    db.client
        .batch_execute(&format!(
            "RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role};"
        ))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_large_table_without_an_index_on_time_is_read_from_a_key_on() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    // 250 000 events over 29 days, the last day of them as everywhere else here.
    db.client
        .batch_execute(
            "DROP INDEX pipeline_events_status_created_at_idx;
             INSERT INTO pipeline_events (event_type, payload, status, created_at, processed_at)
             SELECT 'slots_created', '{}', 'processed', now() - interval '29 days' + i * interval '10 s', now()
             FROM generate_series(1, 240000) AS i;",
        )
        .await
        .unwrap();
    CLASSIC.fill(&db.client).await;
    let gaps = database::catalog(&db.client, "marketing").await.gaps();
    let index = gap(
        &gaps,
        "an index on marketing.pipeline_events (\"created_at\")",
    );
    assert!(
        index.remedy.starts_with("CREATE INDEX CONCURRENTLY"),
        "{index:?}"
    );
    gap(
        &gaps,
        "an index on marketing.pipeline_events (\"status\", \"created_at\")",
    );

    let read = async || {
        let sql = "SELECT pg_stat_clear_snapshot(), coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname = 'pipeline_events'";
        db.client
            .query_one("SELECT pg_stat_force_next_flush()", &[])
            .await
            .unwrap();
        db.client
            .query_one(sql, &[])
            .await
            .unwrap()
            .get::<_, i64>(1)
    };
    let before = read().await;
    let readings = stages(&db.client, "marketing").await;
    assert_eq!(
        readings.iter().map(|reading| reading.pending).sum::<u64>(),
        300
    );
    for feed in SPINE {
        let answer = fetch(&db.client, "marketing", feed).await;
        assert!(answer.is_ok(), "{feed:?}: {answer:?}");
    }
    assert_eq!(read().await, before, "the table was read whole");
}
