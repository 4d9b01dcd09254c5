//! What operators change: exactly the rows that were shown, each only in the state it was shown in, and never twice.

use chrono::DateTime;
use outpost::{
    domain::{
        event::{EventType, RowId},
        pipeline::SideEffect,
        plan::{EventTarget, Examination, Mutation, Outcome, Plan, Version},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{
        Client,
        mutations::{self, Writer},
    },
};

use crate::{
    connect, database,
    shapes::{CLASSIC, Shape},
};

fn target(id: i64, status: &str, retries: u32) -> EventTarget {
    EventTarget {
        id: RowId::from(id),
        stage: EventType::from("slots_created"),
        side_effect: SideEffect::PaidApi,
        raw_status: Untrusted::from(status),
        retries,
    }
}

/// What writes to `db`, as ann.
pub(crate) fn writer(db: &database::Db) -> Writer {
    Writer::new(connect::settings(&db.url), "ann@host".to_owned())
}

/// The plan of `mutation`, as an operator would be shown it.
pub(crate) async fn shown(client: &Client, mutation: Mutation) -> Plan {
    let catalog = database::catalog(client, "marketing").await;
    let examined = mutations::examine(client, &catalog, &mutation).await;
    Plan {
        examined: Some(examined.unwrap()),
        ..Plan::new(mutation, DateTime::UNIX_EPOCH)
    }
}

/// A plan to retry `targets`, as it would have been when they were shown.
fn plan_of(targets: &[EventTarget]) -> Plan {
    let mutation = Mutation::RetryEvents(targets.to_vec().into());
    let version = |target: &EventTarget| Version {
        id: target.id.clone(),
        xmin: None,
    };
    let examined = Examination {
        eligible: targets.iter().map(version).collect(),
        ..Examination::default()
    };
    Plan {
        examined: Some(examined),
        ..Plan::new(mutation, DateTime::UNIX_EPOCH)
    }
}

async fn retry(db: &database::Db, targets: &[EventTarget]) -> Result<Outcome, Fault> {
    writer(db).carry_out(&plan_of(targets)).await
}

async fn three_failed(client: &Client) {
    client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status, error_message, processed_at, retry_count)
             SELECT 'slots_created', jsonb_build_object('record_id', n), 'failed', 'no', now(), 1 FROM generate_series(1, 3) n",
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_retry_requeues_what_is_as_it_was_shown_and_says_what_is_not() {
    let db = database::fresh().await;
    three_failed(&db.client).await;
    // Between the plan and the yes, somebody mended the second and deleted the third.
    db.client
        .batch_execute(
            "UPDATE marketing.pipeline_events SET status = 'processed' WHERE id = 2;
             DELETE FROM marketing.pipeline_events WHERE id = 3",
        )
        .await
        .unwrap();
    let targets = [
        target(1, "failed", 1),
        target(2, "failed", 1),
        target(3, "failed", 1),
    ];
    let outcome = retry(&db, &targets).await.unwrap();
    assert_eq!(outcome.done, [RowId::from(1)]);
    let skipped: Vec<&str> = outcome.skipped.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(skipped, ["2", "3"]);
    assert!(
        outcome.skipped[0].1.contains("processed"),
        "{:?}",
        outcome.skipped
    );
    assert!(outcome.audited_in_database);
    let row = db
        .client
        .query_one(
            "SELECT status, retry_count, processed_at IS NULL AND error_message IS NULL AS clean,
                    (SELECT actor || ' ' || action FROM outpost.audit) AS audit
             FROM marketing.pipeline_events WHERE id = 1",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>("status"), "pending");
    assert_eq!(row.get::<_, i32>("retry_count"), 2);
    assert!(row.get::<_, bool>("clean"));
    assert!(row.get::<_, String>("audit").starts_with("ann@host "));
    // The same plan again finds nothing as it was shown.
    assert_eq!(retry(&db, &targets).await.unwrap().done, []);
}

#[tokio::test]
async fn a_retry_is_heard_once_whether_the_schema_notifies_or_not() {
    let ours = database::fresh().await;
    let classic = database::empty().await;
    CLASSIC.make(&classic.client).await;
    for db in [ours, classic] {
        three_failed(&db.client).await;
        let (_listener, mut heard) = db.listen().await;
        let outcome = retry(&db, &[target(1, "failed", 1), target(2, "failed", 1)])
            .await
            .unwrap();
        assert_eq!(outcome.done.len(), 2);
        let messages = db.heard_so_far(&mut heard).await;
        let said = messages.iter().flat_map(|message| {
            let said: serde_json::Value = serde_json::from_str(message).unwrap();
            said["ids"].as_array().unwrap().clone()
        });
        assert_eq!(said.collect::<Vec<_>>(), [1, 2], "{messages:?}");
    }
}

#[tokio::test]
async fn errors_are_resolved_once_with_who_and_why() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
             SELECT 'slots_created', n::text, 'no' FROM generate_series(1, 3) n;
             UPDATE marketing.pipeline_errors SET resolved = true, resolved_by = 'ben' WHERE id = 2",
        )
        .await
        .unwrap();
    let resolve = Mutation::ResolveErrors {
        ids: [1, 2, 3].map(RowId::from).to_vec(),
        note: "key rotated".to_owned(),
    };
    let plan = shown(&db.client, resolve).await;
    let blocked = &plan.examined.as_ref().unwrap().blocked;
    let by_ben = "it is resolved already, by ben".to_owned();
    assert_eq!(*blocked, [(RowId::from(2), by_ben)]);
    // Between the plan and the yes, somebody wrote to the third.
    db.client
        .batch_execute("UPDATE marketing.pipeline_errors SET severity = 'critical' WHERE id = 3")
        .await
        .unwrap();
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done, [RowId::from(1)]);
    let moved = "somebody changes it just now, or did since it was shown".to_owned();
    assert_eq!(outcome.skipped, [(RowId::from(3), moved)]);
    let row = db
        .client
        .query_one("SELECT resolved, resolved_by, resolution_notes FROM marketing.pipeline_errors WHERE id = 1", &[])
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0));
    assert_eq!(row.get::<_, Option<String>>(1).as_deref(), Some("ann@host"));
    assert_eq!(
        row.get::<_, Option<String>>(2).as_deref(),
        Some("key rotated")
    );
}

#[tokio::test]
async fn many_errors_are_resolved_a_thousand_a_transaction_and_reopened_the_same_way() {
    let db = database::fresh().await;
    // The newest 500 are not of the plan; one of it is resolved by somebody else meanwhile.
    let fill = "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
                SELECT 'slots_created', n::text, 'no' FROM generate_series(1, 3000) n";
    db.client.batch_execute(fill).await.unwrap();
    let resolve = Mutation::ResolveErrors {
        ids: (1..=2_500).map(RowId::from).collect(),
        note: "key rotated".to_owned(),
    };
    let plan = shown(&db.client, resolve).await;
    let meanwhile =
        "UPDATE marketing.pipeline_errors SET resolved = true, resolved_by = 'ben' WHERE id = 2222";
    db.client.batch_execute(meanwhile).await.unwrap();
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!((outcome.done.len(), outcome.failed.len()), (2_499, 0));
    let by_ben = "it is resolved already, by ben".to_owned();
    assert_eq!(outcome.skipped, [(RowId::from(2_222), by_ben)]);
    let standing = "SELECT string_agg(n, ' ' ORDER BY n) FROM (
                      SELECT concat(coalesce(resolved_by, 'open'), ':', count(*), ':', count(DISTINCT xmin::text)) AS n
                      FROM marketing.pipeline_errors GROUP BY resolved_by) AS all_of_them";
    let standing = async || -> String {
        let row = db.client.query_one(standing, &[]).await.unwrap();
        row.get(0)
    };
    assert_eq!(standing().await, "ann@host:2499:3 ben:1:1 open:500:1");
    let undo = plan.mutation.undo(&outcome, "ann@host").unwrap();
    let undo = shown(&db.client, undo).await;
    let undone = writer(&db).carry_out(&undo).await.unwrap();
    assert_eq!((undone.done.len(), undone.skipped), (2_499, Vec::new()));
    assert_eq!(standing().await, "ben:1:1 open:2999:4");
}

#[tokio::test]
async fn a_role_that_may_only_read_is_told_which_grant_it_lacks() {
    let db = database::fresh().await;
    three_failed(&db.client).await;
    let name = connect::role(&db, "").await;
    db.client
        .batch_execute(&format!(
            "GRANT USAGE ON SCHEMA marketing TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA marketing TO {name}"
        ))
        .await
        .unwrap();
    let mut settings = connect::settings(&db.url);
    settings.address = connect::settings(&db.url.replace("postgres@", &format!("{name}@"))).address;
    let plan = plan_of(&[target(1, "failed", 1)]);
    let fault = Writer::new(settings, "ann@host".to_owned())
        .carry_out(&plan)
        .await
        .unwrap_err();
    assert!(matches!(fault, Fault::Forbidden(_)), "{fault:?}");
    assert!(fault.to_string().contains("pipeline_events"), "{fault}");
    let failed = db.client.query_one(
        "SELECT count(*) FROM marketing.pipeline_events WHERE status = 'failed'",
        &[],
    );
    assert_eq!(failed.await.unwrap().get::<_, i64>(0), 3);
}

#[tokio::test]
async fn a_pending_event_is_told_of_although_its_status_stays_what_it_was() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type) VALUES ('slots_created')",
        )
        .await
        .unwrap();
    let (_listener, mut heard) = db.listen().await;
    let outcome = retry(&db, &[target(1, "pending", 0)]).await.unwrap();
    assert_eq!(outcome.done, [RowId::from(1)]);
    let said: serde_json::Value = serde_json::from_str(&heard.recv().await.unwrap()).unwrap();
    assert_eq!(said["ids"], serde_json::json!([1]), "{said}");
}

#[tokio::test]
async fn an_event_that_somebody_is_changing_is_left_alone_without_waiting() {
    let db = database::fresh().await;
    three_failed(&db.client).await;
    let mut other = db.connect().await;
    let transaction = other.transaction().await.unwrap();
    transaction
        .batch_execute("UPDATE marketing.pipeline_events SET status = 'processing' WHERE id = 1")
        .await
        .unwrap();
    let targets = [target(1, "failed", 1), target(2, "failed", 1)];
    let outcome = retry(&db, &targets).await.unwrap();
    assert_eq!(outcome.done, [RowId::from(2)]);
    let busy = "somebody changes it just now, or did since it was shown".to_owned();
    assert_eq!(outcome.skipped, [(RowId::from(1), busy)]);

    transaction.commit().await.unwrap();
    let outcome = retry(&db, &targets[..1]).await.unwrap();
    let taken = "it was failed, it is processing now".to_owned();
    assert_eq!(outcome.skipped, [(RowId::from(1), taken)]);
    assert_eq!(outcome.done, []);
}

#[tokio::test]
async fn a_large_retry_notifies_in_messages_that_fit() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status)
             SELECT repeat('stage ', 20) || i, '{}', 'failed' FROM generate_series(1, 120) AS i",
        )
        .await
        .unwrap();
    let (_listener, mut heard) = db.listen().await;
    let targets: Vec<EventTarget> = (1..=120).map(|id| target(id, "failed", 0)).collect();
    let outcome = retry(&db, &targets).await.unwrap();
    assert_eq!(outcome.done.len(), 120);
    let mut told = Vec::new();
    while told.len() < 120 {
        let message = heard.recv().await.unwrap();
        assert!(message.len() < 8_000);
        let said: serde_json::Value = serde_json::from_str(&message).unwrap();
        told.extend(
            said["ids"]
                .as_array()
                .unwrap()
                .iter()
                .map(|id| id.as_i64().unwrap()),
        );
    }
    told.sort_unstable();
    assert_eq!(told, (1..=120).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_retry_writes_the_words_of_the_site_and_does_without_columns_it_lacks() {
    let shape = Shape {
        key: "uuid DEFAULT gen_random_uuid()",
        status: "text CHECK (status IN ('NEW', 'RUNNING', 'DONE', 'ERROR'))",
        words: ["NEW", "RUNNING", "DONE", "ERROR"],
        ..CLASSIC
    };
    let db = database::empty().await;
    shape.make(&db.client).await;
    let key = "0c9d3b7e-6f0a-4c4e-9d7e-0d2f5a1b2c3d";
    db.client
        .batch_execute(&format!(
            "ALTER TABLE pipeline_events DROP COLUMN retry_count, DROP COLUMN error_message;
             INSERT INTO pipeline_events (id, event_type, payload, status) VALUES ('{key}', 'x', '{{}}', 'ERROR');"
        ))
        .await
        .unwrap();
    let shown = EventTarget {
        id: RowId::parse(key).unwrap(),
        ..target(0, "ERROR", 0)
    };
    let outcome = retry(&db, std::slice::from_ref(&shown)).await.unwrap();
    assert_eq!(outcome.done, [shown.id]);
    let row = db
        .client
        .query_one("SELECT status FROM pipeline_events", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "NEW");
}

#[tokio::test]
async fn a_sites_own_function_is_called_and_not_believed() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    db.client
        .batch_execute(
            "CREATE FUNCTION marketing.resolve_pipeline_error(error_id int, resolved_by text, notes text) RETURNS void
             LANGUAGE sql AS $$ INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('called', '{}') $$;
             INSERT INTO marketing.pipeline_errors (id, event_type) VALUES (1, 'x');",
        )
        .await
        .unwrap();
    let resolve = Mutation::ResolveErrors {
        ids: vec![RowId::from(1)],
        note: "n".to_owned(),
    };
    let plan = shown(&db.client, resolve).await;
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    let left = "resolve_pipeline_error left it unresolved".to_owned();
    assert_eq!(outcome.skipped, [(RowId::from(1), left)]);
    let sql = "SELECT count(*) FROM marketing.pipeline_events WHERE event_type = 'called'";
    let called: i64 = db.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(called, 1);
}
