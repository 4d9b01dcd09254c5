//! Test events on a real database: what is written, who hears of it, and what may be deleted again.

use outpost::{
    domain::{
        event::{EventType, RowId},
        pipeline::SideEffect,
        plan::{Mutation, NewEvent, Outcome, Plan},
        server::Deed,
    },
    msg::Fault,
    sources::postgres::{
        Purpose, Session, Settings,
        address::Address,
        catalog::Catalog,
        connect,
        mutations::{self, Writer},
    },
};
use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::database::{self, Db};

fn event(stage: &str, effect: SideEffect, email: &str) -> NewEvent {
    NewEvent::compose(
        (EventType::from(stage), effect),
        &[("record_id", "999"), ("email", email)],
        "",
        ("ann@host", chrono::Utc::now()),
    )
    .unwrap()
}

/// Looks at `mutation`, then carries it out as the console does.
async fn carry_out(db: &Db, catalog: &Catalog, mutation: Mutation) -> Result<Outcome, Fault> {
    let settings = Settings::new(Address::parse(Some(&db.url), |_| None).unwrap());
    write(db, catalog, mutation, settings).await
}

async fn write(
    db: &Db,
    catalog: &Catalog,
    mutation: Mutation,
    settings: Settings,
) -> Result<Outcome, Fault> {
    let examined = mutations::examine(&db.client, catalog, &mutation).await?;
    let plan = Plan {
        examined: Some(examined),
        ..Plan::new(mutation, chrono::DateTime::UNIX_EPOCH)
    };
    Writer::new(settings, "ann@host".to_owned())
        .carry_out(&plan)
        .await
}

async fn text(db: &Db, sql: &str) -> String {
    db.client.query_one(sql, &[]).await.unwrap().get(0)
}

const STANDS: &str = "SELECT coalesce(string_agg(event_type || ' ' || status || ' ' || (payload->>'inserted_by') || ' ' || (payload->>'test'), ','), 'none')
    FROM marketing.pipeline_events WHERE payload->>'record_id' = '999'";

#[tokio::test]
async fn a_test_event_is_pending_marked_heard_of_once_and_deleted_again_on_both_shapes() {
    for (db, form) in [
        (database::fresh().await, "op"),
        (database::classic().await, "event_type"),
    ] {
        let (_ear, mut heard) = db.listen().await;
        let catalog = database::catalog(&db.client, "marketing").await;
        let insert = Mutation::InsertEvent(Box::new(event(
            "company_created",
            SideEffect::Internal,
            "a@b.example",
        )));
        let outcome = carry_out(&db, &catalog, insert.clone()).await.unwrap();
        assert_eq!(outcome.done.len(), 1, "{form}");
        assert_eq!(
            text(&db, STANDS).await,
            "company_created pending ann@host true"
        );
        let notice: Value = serde_json::from_str(&heard.recv().await.unwrap()).unwrap();
        assert!(notice.get(form).is_some(), "{notice}");
        let id = outcome.done[0].as_str().parse::<i64>().unwrap();
        if form == "event_type" {
            assert_eq!(notice["event_id"], id);
            assert_eq!(notice["payload"]["record_id"], 999);
        }
        let undo = insert.undo(&outcome, "ann@host").unwrap();
        let deleted = carry_out(&db, &catalog, undo.clone()).await.unwrap();
        assert_eq!(deleted.done, outcome.done);
        assert_eq!(text(&db, STANDS).await, "none");
        let again = carry_out(&db, &catalog, undo).await.unwrap();
        assert_eq!(again.skipped, [(RowId::from(id), "it is gone".to_owned())]);
        assert!(heard.try_recv().is_err(), "heard of it once");
    }
}

#[tokio::test]
async fn what_somebody_has_taken_or_inserted_himself_is_not_deleted() {
    let db = database::fresh().await;
    let catalog = database::catalog(&db.client, "marketing").await;
    db.client
        .batch_execute(
            r#"INSERT INTO marketing.pipeline_events (id, event_type, payload, status) OVERRIDING SYSTEM VALUE VALUES
               (1, 'company_created', '{"record_id": 999, "test": true, "inserted_by": "ann@host"}', 'processing'),
               (2, 'company_created', '{"record_id": 999, "test": true, "inserted_by": "ben@host"}', 'pending'),
               (3, 'company_created', '{"record_id": 999}', 'pending')"#,
        )
        .await
        .unwrap();
    let delete = Mutation::DeleteTestEvents {
        ids: (1..=3).map(RowId::from).collect(),
        by: "ann@host".to_owned(),
    };
    let outcome = carry_out(&db, &catalog, delete).await.unwrap();
    assert_eq!(outcome.done, []);
    let why: Vec<&str> = outcome
        .skipped
        .iter()
        .map(|(_, why)| why.as_str())
        .collect();
    assert_eq!(
        why,
        [
            "its workflow has taken it: it is processing now",
            "it is not a test event of ours",
            "it is not a test event of ours"
        ]
    );
    assert_eq!(
        text(&db, "SELECT count(*)::text FROM marketing.pipeline_events").await,
        "3"
    );
}

#[tokio::test]
async fn an_address_that_must_not_be_written_to_blocks_and_an_unreadable_list_is_said() {
    let db = database::fresh().await;
    let client = db.connect().await;
    db.client
        .batch_execute("INSERT INTO marketing.suppression_list (email, reason) VALUES ('gone@test.example', 'unsubscribed')")
        .await
        .unwrap();
    let catalog = database::catalog(&client, "marketing").await;
    let facing = |email: &str| {
        Mutation::InsertEvent(Box::new(event(
            "follow_up_due",
            SideEffect::PersonFacing,
            email,
        )))
    };
    let blocked = mutations::examine(&client, &catalog, &facing("Gone@Test.example"))
        .await
        .unwrap();
    assert_eq!(blocked.blocked.len(), 1);
    assert!(blocked.blocked[0].1.contains("unsubscribed"), "{blocked:?}");
    let fine = mutations::examine(&client, &catalog, &facing("test@test.example"))
        .await
        .unwrap();
    assert_eq!(
        (fine.blocked.len(), fine.unknown.len(), fine.people),
        (0, 0, 1)
    );
    let bare = database::classic().await;
    let client = bare.connect().await;
    let catalog = database::catalog(&client, "marketing").await;
    let blind = mutations::examine(&client, &catalog, &facing("test@test.example"))
        .await
        .unwrap();
    assert_eq!(blind.unknown.len(), 1, "{blind:?}");
}

#[tokio::test]
async fn a_role_that_may_not_insert_is_told_so_before_the_plan_can_be_confirmed() {
    let db = database::fresh().await;
    let role = format!("outpost_reader_{}", std::process::id());
    let reader = db.connect().await;
    let grant = format!(
        "CREATE ROLE {role}; GRANT USAGE ON SCHEMA marketing TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA marketing TO {role}; SET ROLE {role}"
    );
    reader.batch_execute(&grant).await.unwrap();
    let catalog = database::catalog(&reader, "marketing").await;
    let insert =
        Mutation::InsertEvent(Box::new(event("company_created", SideEffect::Internal, "")));
    let fault = mutations::examine(&reader, &catalog, &insert)
        .await
        .unwrap_err();
    assert_eq!(
        fault.to_string(),
        "not allowed: INSERT on marketing.pipeline_events"
    );
}

#[tokio::test]
async fn the_server_itself_refuses_every_write_of_a_session_that_was_opened_read_only() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            r#"INSERT INTO marketing.pipeline_events (id, event_type, payload, status) OVERRIDING SYSTEM VALUE VALUES
               (1, 'email_opened', '{"record_id": 999, "test": true, "inserted_by": "ann@host"}', 'pending');
               INSERT INTO marketing.pipeline_errors (id, event_type) OVERRIDING SYSTEM VALUE VALUES (1, 'email_opened')"#,
        )
        .await
        .unwrap();
    let mut settings = Settings::new(Address::parse(Some(&db.url), |_| None).unwrap());
    settings.read_only = true;
    let writes = [
        Mutation::InsertEvent(Box::new(event("company_created", SideEffect::Internal, ""))),
        Mutation::DeleteTestEvents {
            ids: vec![RowId::from(1)],
            by: "ann@host".to_owned(),
        },
    ];
    let catalog = database::catalog(&db.client, "marketing").await;
    for mutation in writes {
        let name = mutation.name();
        let outcome = write(&db, &catalog, mutation, settings.clone()).await;
        let fault = outcome.unwrap_err().to_string();
        assert!(fault.contains("read-only"), "{name}: {fault}");
    }
    assert_eq!(
        text(&db, STANDS).await,
        "email_opened pending ann@host true"
    );
}

#[tokio::test]
async fn consoles_see_each_other_by_the_names_of_their_connections() {
    let db = database::fresh().await;
    let mut settings = Settings::new(Address::parse(Some(&db.url), |_| None).unwrap());
    let mut open = Vec::new();
    for who in ["anna@ops", "ben@ops; DROP TABLE x", "carl@söme wide/host"] {
        settings.who = who.to_owned();
        settings.console = who.starts_with("anna").then_some(7);
        let Session { client, driver, .. } = connect(&settings, Purpose::Reader).await.unwrap();
        open.push((client, tokio::spawn(driver)));
    }
    let sql = "SELECT string_agg(DISTINCT application_name, '|' ORDER BY application_name) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'outpost %@%'";
    assert_eq!(
        text(&db, sql).await,
        "outpost anna@ops/7|outpost ben@ops;DROPTABLEx|outpost carl@smewide/host"
    );
}

#[tokio::test]
async fn what_a_role_may_not_write_is_read_from_its_grants() {
    let db = database::fresh().await;
    let all = db.connect().await;
    assert_eq!(database::catalog(&all, "marketing").await.denied(), []);
    let role = format!("outpost_resolver_{}", std::process::id());
    let grant = format!(
        "CREATE ROLE {role}; GRANT USAGE ON SCHEMA marketing TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA marketing TO {role};
         GRANT UPDATE (resolved, resolved_at, resolved_by, resolution_notes) ON marketing.pipeline_errors TO {role}; SET ROLE {role}"
    );
    all.batch_execute(&grant).await.unwrap();
    let denied = database::catalog(&all, "marketing").await.denied();
    assert_eq!(denied, [Deed::Retry, Deed::Insert, Deed::Purge]);
}
