//! The schema at work: every event from its change of data, notifications of any size, roles.

use std::collections::BTreeMap;

use outpost::sources::postgres::Client;
use outpost::{domain::pipeline::Pipeline, migrate::ROLES};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_postgres::error::SqlState;

use crate::database::{self, Db};

/// What a workflow, an import or a hand writes, and the events that must come of it.
const WALK: &[(&str, &[(&str, i64)])] = &[
    (
        "INSERT INTO intake.company_raw_intake (company_name, website) VALUES ('Acme', 'https://acme.example'), ('Bust', NULL)",
        &[("company_created", 2)],
    ),
    (
        "UPDATE intake.company_raw_intake SET validated = true WHERE company_name = 'Acme'",
        &[("company_validated", 1)],
    ),
    (
        "UPDATE intake.company_raw_intake SET validated = false WHERE company_name = 'Bust'",
        &[],
    ),
    (
        "UPDATE intake.company_raw_intake SET website = 'https://new.example'",
        &[],
    ),
    (
        "INSERT INTO marketing.company_master (company_unique_id, company_name, intake_id)
         SELECT '04.04.01.00.00001.001', company_name, id FROM intake.company_raw_intake WHERE validated",
        &[("company_promoted", 1)],
    ),
    (
        "INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type)
         SELECT company_unique_id || slot, company_unique_id, slot
         FROM marketing.company_master, (VALUES ('CEO'), ('CFO'), ('HR')) AS slots (slot)",
        &[("slots_created", 3)],
    ),
    (
        "INSERT INTO marketing.contact_enrichment (company_slot_unique_id, full_name, email)
         SELECT company_slot_unique_id, 'Ann Lee', 'ann@acme.example' FROM marketing.company_slots WHERE slot_type = 'CEO'",
        &[],
    ),
    (
        "UPDATE marketing.contact_enrichment SET enrichment_status = 'completed'",
        &[("contact_enriched", 1)],
    ),
    (
        "INSERT INTO marketing.campaigns (campaign_name) VALUES ('Q4')",
        &[("campaign_created", 1)],
    ),
    (
        "INSERT INTO marketing.campaign_contacts (campaign_id, contact_id)
         SELECT c.id, p.id FROM marketing.campaigns AS c, marketing.contact_enrichment AS p",
        &[],
    ),
    (
        "UPDATE marketing.campaigns SET segment_ready_at = now()",
        &[("segment_ready", 1)],
    ),
    (
        "INSERT INTO marketing.message_queue (campaign_id, contact_id)
         SELECT campaign_id, contact_id FROM marketing.campaign_contacts",
        &[],
    ),
    (
        "UPDATE marketing.message_queue SET status = 'personalized'",
        &[("message_personalized", 1)],
    ),
    (
        "UPDATE marketing.message_queue SET status = 'queued'",
        &[("message_queued", 1)],
    ),
    (
        "UPDATE marketing.message_queue SET status = 'sent', sent_at = now()",
        &[],
    ),
    (
        "INSERT INTO marketing.delivery_log (message_id, campaign_id, contact_id, status)
         SELECT id, campaign_id, contact_id, 'failed' FROM marketing.message_queue",
        &[],
    ),
    (
        "INSERT INTO marketing.delivery_log (message_id, campaign_id, contact_id)
         SELECT id, campaign_id, contact_id FROM marketing.message_queue",
        &[("message_sent", 1)],
    ),
    (
        "UPDATE marketing.delivery_log SET status = 'delivered' WHERE status = 'sent'",
        &[],
    ),
    (
        "INSERT INTO marketing.engagement_events (message_id, campaign_id, contact_id, event_type)
         SELECT id, campaign_id, contact_id, kind FROM marketing.message_queue,
           (VALUES ('open'), ('open'), ('click'), ('reply'), ('unsubscribe')) AS kinds (kind)",
        &[("email_opened", 2), ("email_clicked", 1)],
    ),
    (
        "INSERT INTO marketing.responses (message_id, campaign_id, contact_id, subject, body)
         SELECT id, campaign_id, contact_id, 'Re: an idea', 'a secret of theirs' FROM marketing.message_queue",
        &[("reply_received", 1)],
    ),
    (
        "INSERT INTO marketing.lead_scores (contact_id, score) SELECT id, 12 FROM marketing.contact_enrichment",
        &[],
    ),
    (
        "UPDATE marketing.lead_scores SET score = 82, qualified = true, qualified_at = now()",
        &[("lead_qualified", 1)],
    ),
    (
        "INSERT INTO marketing.follow_up_queue (contact_id, due_at)
         SELECT id, now() - interval '1 minute' FROM marketing.contact_enrichment",
        &[],
    ),
    (
        "SELECT marketing.release_follow_ups(20)",
        &[("follow_up_due", 1)],
    ),
];

async fn by_type(client: &Client) -> BTreeMap<String, i64> {
    let sql = "SELECT event_type, count(*) FROM marketing.pipeline_events GROUP BY 1";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn each_of_the_fifteen_events_comes_from_its_change_and_from_no_other() {
    let db = database::fresh().await;
    for (statement, expected) in WALK {
        let mut then = by_type(&db.client).await;
        db.client.batch_execute(statement).await.unwrap();
        for (event, n) in *expected {
            *then.entry((*event).to_owned()).or_default() += n;
        }
        assert_eq!(by_type(&db.client).await, then, "{statement}");
    }
    let came: Vec<String> = by_type(&db.client).await.into_keys().collect();
    let mut stages: Vec<&str> = Pipeline::guide()
        .stages
        .iter()
        .map(|stage| stage.event.as_str())
        .collect();
    stages.sort_unstable();
    assert_eq!(came, stages);
    let without = "SELECT count(*) FROM marketing.pipeline_events WHERE payload->>'record_id' IS NULL OR status <> 'pending'";
    assert_eq!(count(&db.client, without).await, 0);
    let told = "SELECT count(*) FROM marketing.pipeline_events WHERE payload::text LIKE '%a secret of theirs%'";
    assert_eq!(
        count(&db.client, told).await,
        0,
        "a reply's text is in an event"
    );
}

/// What `statement` notifies of, in the order of its coming.
async fn notified_by(
    db: &Db,
    heard: &mut mpsc::UnboundedReceiver<String>,
    statement: &str,
) -> Vec<String> {
    db.client.batch_execute(statement).await.unwrap();
    db.heard_so_far(heard).await
}

/// The only notification of `said`, as it was written and as JSON.
fn only(said: &[String]) -> (&str, Value) {
    let [one] = said else {
        panic!("{} notifications", said.len())
    };
    (one, serde_json::from_str(one).unwrap())
}

#[tokio::test]
async fn ten_thousand_rows_in_one_statement_are_one_short_notification_of_ids() {
    let db = database::fresh().await;
    let (_listening, mut heard) = db.listen().await;
    let import = "INSERT INTO intake.company_raw_intake (company_name) SELECT 'Secret Co ' || n FROM generate_series(1, 10000) AS n";
    let said = notified_by(&db, &mut heard, import).await;
    let (one, hint) = only(&said);
    assert!(one.len() < 2_000, "{} bytes", one.len());
    assert!(!one.contains("Secret Co"), "a payload in {one}");
    assert_eq!(hint["op"], "insert");
    assert_eq!(hint["n"], 10_000);
    let ids = hint["ids"].as_array().unwrap().len() as u64;
    assert_eq!(ids + hint["more"].as_u64().unwrap(), 10_000);

    let by_workflow =
        "UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now()";
    assert_eq!(notified_by(&db, &mut heard, by_workflow).await, [""; 0]);
}

#[tokio::test]
async fn an_event_written_by_hand_is_notified_too() {
    let db = database::fresh().await;
    let (_listening, mut heard) = db.listen().await;
    let by_hand = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created')";
    assert_eq!(notified_by(&db, &mut heard, by_hand).await.len(), 1);
}

#[tokio::test]
async fn strange_types_and_wide_ids_never_make_a_notification_too_long() {
    let db = database::fresh().await;
    let (_listening, mut heard) = db.listen().await;
    let strange = r#"INSERT INTO marketing.pipeline_events (id, event_type, payload)
        SELECT 9223372036854775000 - n, repeat('"\é', 200) || n, jsonb_build_object('text', repeat('x', 20000))
        FROM generate_series(1, 400) AS n"#;
    let said = notified_by(&db, &mut heard, strange).await;
    let (one, hint) = only(&said);
    assert!(one.len() < 7_000, "{} bytes", one.len());
    assert_eq!(hint["n"], 400);
}

#[tokio::test]
async fn no_insert_fails_because_of_monitoring() {
    for (broken, how) in [
        ("settings are gone", "DROP TABLE outpost.settings"),
        ("everything of ours is gone", "DROP SCHEMA outpost CASCADE"),
        (
            "the roll-up is gone",
            "DROP TABLE marketing.event_minute, marketing.event_hour CASCADE",
        ),
        (
            "notifications are off",
            "INSERT INTO outpost.settings (name, value) VALUES ('notify', 'off')
             ON CONFLICT (name) DO UPDATE SET value = 'off'",
        ),
    ] {
        let db = database::fresh().await;
        db.client.batch_execute(how).await.unwrap();
        let write = "INSERT INTO intake.company_raw_intake (company_name) VALUES ('Acme');
                     UPDATE marketing.pipeline_events SET status = 'processed'";
        db.client.batch_execute(write).await.unwrap();
        let done = "SELECT count(*) FROM marketing.pipeline_events WHERE status = 'processed'";
        assert_eq!(count(&db.client, done).await, 1, "{broken}");
    }
}

#[tokio::test]
async fn no_insert_waits_for_a_lock_on_what_is_ours() {
    let db = database::fresh().await;
    let holder = db.connect().await;
    let lock = "BEGIN; LOCK TABLE outpost.settings IN ACCESS EXCLUSIVE MODE";
    holder.batch_execute(lock).await.unwrap();
    let write = "SET statement_timeout = '5s';
                 INSERT INTO intake.company_raw_intake (company_name) VALUES ('Acme');
                 UPDATE marketing.pipeline_events SET status = 'processed'";
    db.client.batch_execute(write).await.unwrap();
    let done = "SELECT count(*) FROM marketing.pipeline_events WHERE status = 'processed'";
    assert_eq!(count(&db.client, done).await, 1);
}

/// A migrated database with the roles of `sql/roles.sql`, and a session of `role` in it.
async fn session_of(role: &str) -> (Db, Client) {
    let db = database::fresh().await;
    db.client.batch_execute(ROLES).await.unwrap();
    let client = as_role(&db, role).await;
    (db, client)
}

async fn as_role(db: &Db, role: &str) -> Client {
    let client = db.connect().await;
    let sql = format!("SET ROLE {role}");
    client.batch_execute(&sql).await.unwrap();
    client
}

async fn assert_allowed(client: &Client, sql: &str) {
    let outcome = client.batch_execute(sql).await;
    assert!(outcome.is_ok(), "{sql}: {outcome:?}");
}

async fn assert_refused(client: &Client, sql: &str) {
    let error = client.batch_execute(sql).await.err();
    let code = error.as_ref().and_then(tokio_postgres::Error::code);
    assert_eq!(code, Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
}

#[tokio::test]
async fn who_imports_companies_needs_no_right_on_the_events() {
    let db = database::fresh().await;
    let role = format!("importer_{}", std::process::id());
    let sql = format!(
        "DROP ROLE IF EXISTS {role}; CREATE ROLE {role}; GRANT USAGE ON SCHEMA intake TO {role};
         GRANT INSERT ON intake.company_raw_intake TO {role}"
    );
    db.client.batch_execute(&sql).await.unwrap();
    let import = "INSERT INTO intake.company_raw_intake (company_name) VALUES ('Acme')";
    let importer = as_role(&db, &role).await;
    assert_allowed(&importer, import).await;
    let events = "SELECT count(*) FROM marketing.pipeline_events";
    assert_eq!(count(&db.client, events).await, 1);
    assert_refused(&importer, "SELECT FROM marketing.pipeline_events").await;
}

#[tokio::test]
async fn the_reader_reads_everything_and_writes_nothing() {
    let (db, reader) = session_of("outpost_reader").await;
    let tables = "SELECT format('SELECT FROM %I.%I', schemaname, tablename) FROM pg_tables
                  WHERE schemaname IN ('marketing', 'intake', 'outpost')
                  UNION ALL SELECT format('SELECT FROM %I.%I', schemaname, viewname) FROM pg_views WHERE schemaname = 'marketing'";
    let rows = db.client.query(tables, &[]).await.unwrap();
    assert!(rows.len() > 30, "{}", rows.len());
    for row in rows {
        assert_allowed(&reader, row.get(0)).await;
    }
    for sql in [
        "UPDATE marketing.pipeline_events SET status = 'pending'",
        "UPDATE marketing.pipeline_errors SET resolved = true",
        "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created')",
        "DELETE FROM marketing.pipeline_errors",
        "INSERT INTO outpost.audit (action) VALUES ('retry')",
        "SELECT marketing.rollup_tick()",
        "CREATE TABLE marketing.mine ()",
    ] {
        assert_refused(&reader, sql).await;
    }
}

#[tokio::test]
async fn the_operator_may_retry_resolve_and_roll_up_and_nothing_else() {
    let (_db, operator) = session_of("outpost_operator").await;
    for sql in [
        "UPDATE marketing.pipeline_events SET status = 'pending', retry_count = retry_count + 1, processed_at = NULL,
           started_at = NULL, error_message = NULL WHERE id = 1 AND status = 'failed'",
        "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now(), resolved_by = 'ann', resolution_notes = 'mended'",
        "SELECT marketing.rollup_tick()",
        "SELECT marketing.campaign_stats_refresh()",
        "SELECT pg_notify('pipeline_event', '{}')",
    ] {
        assert_allowed(&operator, sql).await;
    }
    for sql in [
        "UPDATE marketing.pipeline_events SET payload = '{}'",
        "UPDATE marketing.pipeline_events SET event_type = 'message_queued'",
        "UPDATE marketing.pipeline_errors SET error_message = ''",
        "INSERT INTO marketing.pipeline_events (event_type) VALUES ('message_queued')",
        "DELETE FROM marketing.pipeline_events",
        "TRUNCATE marketing.pipeline_errors",
        "UPDATE marketing.contact_enrichment SET email = ''",
        "UPDATE outpost.audit SET action = ''",
        "DELETE FROM outpost.audit",
    ] {
        assert_refused(&operator, sql).await;
    }
}

#[tokio::test]
async fn every_table_has_a_key_and_says_what_it_is_and_every_moment_has_a_zone() {
    let db = database::fresh().await;
    let mute = "SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c
                WHERE relnamespace::regnamespace::text IN ('marketing', 'intake', 'outpost') AND relkind IN ('r', 'v')
                  AND (obj_description(c.oid, 'pg_class') IS NULL
                    OR relkind = 'r' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p'))";
    let found: Option<String> = db.client.query_one(mute, &[]).await.unwrap().get(0);
    assert_eq!(found, None, "without a key or a comment");
    let naive = "SELECT count(*) FROM information_schema.columns
                 WHERE table_schema IN ('marketing', 'intake', 'outpost') AND data_type = 'timestamp without time zone'";
    assert_eq!(count(&db.client, naive).await, 0);
    for function in [
        "log_pipeline_error",
        "resolve_pipeline_error",
        "mark_event_processed",
        "mark_event_failed",
    ] {
        let sql = format!(
            "SELECT count(obj_description(oid, 'pg_proc')) FROM pg_proc
             WHERE pronamespace = 'marketing'::regnamespace AND proname = '{function}'"
        );
        assert_eq!(count(&db.client, &sql).await, 1, "{function}");
    }
}
