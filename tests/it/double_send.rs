//! The guard against sending twice: forty failed sends, six that the delivery log has, two to people who unsubscribed,
//! and one more that leaves while the plan is shown.

use chrono::DateTime;
use outpost::{
    domain::{
        event::{EventType, RowId},
        pipeline::Pipeline,
        plan::{EventTarget, Examination, Marks, Mutation, Plan, Retrying, Strategy, Tier},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::{
        n8n::Webhooks,
        postgres::{Client, mutations},
    },
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use crate::{
    database,
    mutations::{shown, writer},
    shapes::CLASSIC,
};

/// Forty contacts in one campaign, each with a message that failed to be sent.
const FORTY: &str = "
    SET session_replication_role = replica;
    INSERT INTO marketing.campaigns (id, campaign_name) VALUES (7, 'spring');
    INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, email)
    SELECT n, 's' || n, 'Person' || n || '@example.com' FROM generate_series(1, 40) AS n;
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status, created_at)
    SELECT 1000 + n, 'message_queued', jsonb_build_object('record_id', n, 'contact_id', n, 'campaign_id', 7, 'email', 'person' || n || '@example.com'), 'failed', now() - interval '1 hour'
    FROM generate_series(1, 40) AS n;
    INSERT INTO marketing.delivery_log (campaign_id, contact_id, status, created_at)
    SELECT 7, n, 'delivered', now() - interval '40 days' FROM generate_series(1, 6) AS n;
    INSERT INTO marketing.delivery_log (campaign_id, contact_id, status) VALUES (7, 20, 'failed');
    INSERT INTO marketing.suppression_list (email, reason) VALUES ('person7@example.com', 'unsubscribed'), ('person8@example.com', 'unsubscribed');
    RESET session_replication_role;";

fn targets(ids: impl Iterator<Item = i64>, stage: &str) -> Vec<EventTarget> {
    let target = |id: i64| EventTarget {
        id: RowId::from(id),
        stage: EventType::from(stage),
        side_effect: Pipeline::guide().side_effect(&EventType::from(stage)),
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    ids.map(target).collect()
}

async fn plan(client: &Client, targets: Vec<EventTarget>) -> Result<Plan, Fault> {
    plan_by(client, Strategy::Requeue, None, targets).await
}

async fn plan_by(
    client: &Client,
    strategy: Strategy,
    webhooks: Option<&str>,
    targets: Vec<EventTarget>,
) -> Result<Plan, Fault> {
    let catalog = database::read_catalog(client, "marketing").await?;
    let here = Retrying {
        strategy,
        webhooks: webhooks.map(str::to_owned),
        ..Retrying::default()
    };
    let retry = here.propose(Pipeline::guide(), targets);
    let examined = mutations::examine(client, &catalog, &retry).await?;
    Ok(Plan {
        examined: Some(examined),
        ..Plan::new(retry, DateTime::UNIX_EPOCH)
    })
}

fn found(plan: &Plan) -> &Examination {
    plan.examined.as_ref().unwrap()
}

fn typed(text: &str) -> Tier {
    Tier::Typed {
        text: text.to_owned(),
        reason: true,
    }
}

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> T {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn of_forty_failed_sends_eight_are_blocked_and_one_that_leaves_meanwhile_is_skipped() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    let plan = plan(&db.client, targets(1001..=1040, "message_queued"))
        .await
        .unwrap();
    let examined = found(&plan);
    assert_eq!(examined.unknown, [] as [String; 0]);
    assert_eq!((examined.eligible.len(), examined.blocked.len()), (32, 8));
    assert_eq!((examined.people, examined.campaigns), (32, 1));
    let of = |reason: &str| -> Vec<&str> {
        let with = examined
            .blocked
            .iter()
            .filter(|(_, why)| why.contains(reason));
        with.map(|(id, _)| id.as_str()).collect()
    };
    assert_eq!(
        of("already in the delivery log: delivered, 20"),
        ["1001", "1002", "1003", "1004", "1005", "1006"]
    );
    assert_eq!(of("must not be written to: unsubscribed"), ["1007", "1008"]);
    assert_eq!(plan.tier(), Ok(typed("32")));

    // While the plan is shown, one more message leaves.
    db.client
        .batch_execute(
            "INSERT INTO marketing.delivery_log (campaign_id, contact_id) VALUES (7, 33)",
        )
        .await
        .unwrap();
    let plan = Plan {
        reason: Some("mail is back".to_owned()),
        ..plan
    };
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!((outcome.done.len(), outcome.skipped.len()), (31, 1));
    let (id, why) = &outcome.skipped[0];
    assert_eq!(id.as_str(), "1033");
    assert!(
        why.starts_with("already in the delivery log: sent"),
        "{why}"
    );
    let pending = "SELECT count(*) FILTER (WHERE status = 'pending' AND retry_count = 1) * 100 + count(*) FILTER (WHERE status = 'failed' AND retry_count = 0)
        FROM marketing.pipeline_events WHERE event_type = 'message_queued'";
    assert_eq!(one::<i64>(&db.client, pending).await, 3109);
    let audit = "SELECT actor || ' ' || (db_role = current_user) || ' ' || note || ' ' || jsonb_array_length(outcome->'done') || ' ' || jsonb_array_length(outcome->'skipped') FROM outpost.audit";
    assert_eq!(
        one::<String>(&db.client, audit).await,
        "ann@host true mail is back 31 1"
    );
}

#[tokio::test]
async fn the_guard_holds_for_clones_and_calls_and_in_the_race_with_each_of_them() {
    for strategy in [Strategy::Clone, Strategy::Webhook] {
        let db = database::fresh().await;
        db.client.batch_execute(FORTY).await.unwrap();
        let n8n = MockServer::start().await;
        Mock::given(path("/webhook/send-message"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&n8n)
            .await;
        let webhooks = Webhooks::of(&n8n.uri()).unwrap();
        let targets = targets(1001..=1040, "message_queued");
        let plan = plan_by(&db.client, strategy, Some(webhooks.root()), targets)
            .await
            .unwrap();
        let (eligible, blocked) = (found(&plan).eligible.len(), found(&plan).blocked.len());
        assert_eq!((eligible, blocked, found(&plan).people), (32, 8, 32));
        assert_eq!(plan.tier(), Ok(typed("32")));
        db.client
            .batch_execute(
                "INSERT INTO marketing.delivery_log (campaign_id, contact_id) VALUES (7, 33)",
            )
            .await
            .unwrap();
        let mut writer = writer(&db).with_webhooks(Some(webhooks));
        let outcome = writer.carry_out(&plan).await.unwrap();
        assert_eq!((outcome.done.len(), outcome.skipped.len()), (31, 1));
        assert_eq!(outcome.skipped[0].0.as_str(), "1033");
        let calls = n8n.received_requests().await.unwrap().len();
        let clones = "SELECT count(*) FROM marketing.pipeline_events WHERE payload ? 'retry_of'";
        let clones: i64 = one(&db.client, clones).await;
        let made = if strategy == Strategy::Clone {
            (31, 0)
        } else {
            (0, 31)
        };
        assert_eq!((clones, calls), made);
        // The same plan once more, as a second console would have it.
        let again = writer.carry_out(&plan).await.unwrap();
        assert_eq!((again.done.len(), again.skipped.len()), (0, 32));
    }
}

#[tokio::test]
async fn a_row_that_was_written_since_the_plan_was_shown_is_skipped_though_it_looks_the_same() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    let plan = plan(&db.client, targets(1031..=1032, "message_queued"))
        .await
        .unwrap();
    db.client
        .batch_execute(
            "UPDATE marketing.pipeline_events SET error_message = 'again' WHERE id = 1032",
        )
        .await
        .unwrap();
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done, [RowId::from(1031)]);
    assert!(outcome.skipped[0].1.contains("since it was shown"));
}

#[tokio::test]
async fn a_follow_up_is_measured_by_what_was_sent_since_it_fell_due() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    db.client
        .batch_execute(
            "UPDATE marketing.pipeline_events SET event_type = 'follow_up_due';
             INSERT INTO marketing.delivery_log (campaign_id, contact_id) VALUES (7, 2)",
        )
        .await
        .unwrap();
    // The first was written to long ago, which is why it is followed up; the second just now.
    let plan = plan(&db.client, targets(1001..=1002, "follow_up_due"))
        .await
        .unwrap();
    let blocked: Vec<&str> = found(&plan)
        .blocked
        .iter()
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(blocked, ["1002"]);
}

#[tokio::test]
async fn two_events_to_one_person_in_one_plan_are_one_send() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    db.client
        .batch_execute(
            "UPDATE marketing.pipeline_events SET payload = payload || '{\"contact_id\": 31, \"email\": \"person31@example.com\"}' WHERE id = 1032",
        )
        .await
        .unwrap();
    let plan = plan(&db.client, targets(1031..=1032, "message_queued"))
        .await
        .unwrap();
    assert_eq!(found(&plan).eligible.len(), 1);
    assert_eq!(
        found(&plan).blocked[0].1,
        "event 1031 of this plan writes to the same person"
    );
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_said_and_takes_the_stronger_word() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    db.client
        .batch_execute(
            "DROP TABLE marketing.delivery_log, marketing.suppression_list CASCADE;
             UPDATE marketing.pipeline_events SET payload = '{\"contact_id\": \"nobody\"}' WHERE id = 1031",
        )
        .await
        .unwrap();
    let plan = plan(&db.client, targets(1031..=1033, "message_queued"))
        .await
        .unwrap();
    let unknown = found(&plan).unknown.join("\n");
    for said in [
        "marketing.delivery_log",
        "marketing.suppression_list",
        "1 of these events have no address",
    ] {
        assert!(unknown.contains(said), "{said}: {unknown}");
    }
    assert_eq!(plan.tier(), Ok(typed("unchecked 3")));
}

#[tokio::test]
async fn a_guard_that_goes_blind_after_the_plan_was_shown_stops_the_retry() {
    let db = database::fresh().await;
    db.client.batch_execute(FORTY).await.unwrap();
    let plan = plan(&db.client, targets(1031..=1033, "message_queued"))
        .await
        .unwrap();
    db.client
        .batch_execute("DROP TABLE marketing.suppression_list")
        .await
        .unwrap();
    let fault = writer(&db).carry_out(&plan).await.unwrap_err().to_string();
    assert!(fault.contains("nothing was changed"), "{fault}");
    let retried = "SELECT sum(retry_count) FROM marketing.pipeline_events";
    assert_eq!(one::<i64>(&db.client, retried).await, 0);
}

#[tokio::test]
async fn on_a_log_grown_by_hand_that_names_no_campaign_the_guard_says_how_far_it_sees() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    db.client
        .batch_execute(
            "DROP TABLE IF EXISTS marketing.delivery_log, marketing.suppression_list CASCADE;
             CREATE TABLE marketing.delivery_log (id serial, contact_id int, status text, sent_at timestamp);
             CREATE TABLE marketing.suppression_list (email text);
             INSERT INTO marketing.suppression_list VALUES ('Gone@Example.com');
             INSERT INTO marketing.pipeline_events (id, event_type, payload, status, created_at)
             SELECT n, 'message_queued', jsonb_build_object('contact_id', n, 'campaign_id', 7, 'email', CASE n WHEN 3 THEN 'gone@example.com' ELSE n || '@example.com' END), 'failed', now() - interval '1 hour'
             FROM generate_series(1, 3) AS n;
             INSERT INTO marketing.delivery_log (contact_id, status, sent_at) VALUES (1, 'sent', now()), (2, 'sent', now() - interval '1 day')",
        )
        .await
        .unwrap();
    let plan = plan(&db.client, targets(1..=3, "message_queued"))
        .await
        .unwrap();
    let blocked: Vec<&str> = found(&plan)
        .blocked
        .iter()
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(blocked, ["1", "3"]);
    assert!(found(&plan).unknown[0].contains("names no campaign"));
    assert_eq!(plan.tier(), Ok(typed("unchecked 1")));
}

#[tokio::test]
async fn what_was_resolved_is_reopened_and_what_somebody_else_resolved_is_not() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_errors (id, event_type, resolved, resolved_at, resolved_by)
             VALUES (1, 'x', true, now(), 'ann@host'), (2, 'x', true, now(), 'ben'), (3, 'x', false, NULL, NULL)",
        )
        .await
        .unwrap();
    let reopen = Mutation::ReopenErrors {
        ids: [1, 2, 3, 4].map(RowId::from).to_vec(),
        note: "undone".to_owned(),
        by: "ann@host".to_owned(),
        marks: Marks::default(),
    };
    let plan = shown(&db.client, reopen).await;
    let why = |rows: &[(RowId, String)]| -> Vec<String> {
        rows.iter().map(|(_, why)| why.clone()).collect()
    };
    assert_eq!(
        why(&found(&plan).blocked),
        [
            "it is resolved already, by ben, not by ann@host",
            "it is open already",
            "it is gone"
        ]
    );
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done, [RowId::from(1)]);
    assert_eq!(outcome.skipped, []);
    let row = "SELECT resolved || ' ' || (resolved_at IS NULL AND resolved_by IS NULL) || ' ' || resolution_notes FROM marketing.pipeline_errors WHERE id = 1";
    assert_eq!(one::<String>(&db.client, row).await, "false true undone");
}
