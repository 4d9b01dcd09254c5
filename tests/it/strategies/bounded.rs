//! What is looked at before events are tried again is bounded where no index finds it, and what was not looked at is told.

use outpost::{
    domain::{
        event::{EventType, RowId},
        plan::{EventClone, Mutation, Strategy},
    },
    sources::postgres::mutations::Replay,
};
use pretty_assertions::assert_eq;

use super::{blocked, failed, one, plan, target};
use crate::{
    database,
    mutations::{shown, writer},
    shapes::{CLASSIC, Shape},
};

const REQUEUE: (Strategy, Option<&str>) = (Strategy::Requeue, None);

fn unknown(plan: &outpost::domain::plan::Plan) -> Vec<&str> {
    let examined = plan.examined.as_ref().unwrap();
    examined.unknown.iter().map(String::as_str).collect()
}

/// Events whose keys are far apart, each tried once: as where 300,000 others were written between them.
const APART: &str = "
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status, retry_count) VALUES
      (1, 'company_created', '{}', 'failed', 1), (2, 'company_created', '{\"retry_of\": \"1\"}', 'processed', 0), (3, 'company_created', '{}', 'failed', 1),
      (300000, 'company_created', '{}', 'failed', 1), (300001, 'company_created', '{}', 'failed', 1),
      (300002, 'company_created', '{\"retry_of\": \"300000\"}', 'pending', 0), (300003, 'company_created', '{\"retry_of\": \"3\"}', 'pending', 0);";

#[tokio::test]
async fn clones_are_looked_for_among_the_newest_rows_and_of_an_older_event_it_is_unknown() {
    for db in super::both().await {
        db.client.batch_execute(APART).await.unwrap();
        let new = plan(&db.client, REQUEUE, failed(&[300_000, 300_001])).await;
        let new = new.unwrap();
        let waits = [("300000", "its clone 300002 is pending")];
        assert_eq!((blocked(&new), unknown(&new)), (waits.into(), vec![]));
        // The clone of the first stands before what is looked at, that of the third behind.
        let old = plan(&db.client, REQUEUE, failed(&[1, 3])).await.unwrap();
        assert_eq!(blocked(&old), [("3", "its clone 300003 is pending")]);
        let said =
            "1 of these events may have a clone: only the newest 200,000 rows were looked at";
        assert_eq!(unknown(&old), [said]);
        // What was never tried again has no clone, however old it is.
        let fresh = "UPDATE marketing.pipeline_events SET retry_count = 0 WHERE id = 1";
        db.client.batch_execute(fresh).await.unwrap();
        let targets = vec![target("1", "company_created", "failed", 0)];
        let fresh = plan(&db.client, REQUEUE, targets).await.unwrap();
        assert_eq!((blocked(&fresh), unknown(&fresh)), (vec![], vec![]));
    }
}

#[tokio::test]
async fn where_keys_have_no_order_clones_are_looked_for_among_the_newest_by_time_if_an_index_finds_those()
 {
    let shape = Shape {
        key: "uuid DEFAULT gen_random_uuid()",
        ..CLASSIC
    };
    let db = database::empty().await;
    shape.make(&db.client).await;
    let [old, new, clone] = [1, 2, 3].map(|n| format!("0c9d3b7e-6f0a-4c4e-9d7e-0d2f5a1b2c3{n}"));
    db.client
        .batch_execute(&format!(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
             SELECT 'x', '{{}}', 'processed', now() - interval '1 day' FROM generate_series(1, 200000);
             INSERT INTO marketing.pipeline_events (id, event_type, payload, status, retry_count, created_at) VALUES
               ('{old}', 'company_created', '{{}}', 'failed', 1, now() - interval '2 days'), ('{new}', 'company_created', '{{}}', 'failed', 1, now()),
               ('{clone}', 'company_created', '{{\"retry_of\": \"{new}\"}}', 'processed', 0, now());
             ANALYZE marketing.pipeline_events;"
        ))
        .await
        .unwrap();
    let targets = || {
        let ids = [&old, &new].into_iter();
        ids.map(|id| target(id, "company_created", "failed", 1))
            .collect()
    };
    let said = |n: u8| {
        format!("{n} of these events may have a clone: only the newest 200,000 rows were looked at")
    };
    // Without an index on time alone, the newest are not found either.
    let blind = plan(&db.client, REQUEUE, targets()).await.unwrap();
    assert_eq!(
        (blocked(&blind), unknown(&blind)),
        (vec![], vec![&*said(2)])
    );
    assert_eq!(blind.examined.as_ref().unwrap().chance, None);
    let index = "CREATE INDEX ON marketing.pipeline_events (created_at)";
    db.client.batch_execute(index).await.unwrap();
    let found = plan(&db.client, REQUEUE, targets()).await.unwrap();
    let why = format!("its clone {clone} is processed");
    assert_eq!(
        (blocked(&found), unknown(&found)),
        (vec![(&*new, &*why)], vec![&*said(1)])
    );
}

/// A log of deliveries that no index finds a contact in: 60,000 rows, the first five far before the others by key.
const LOG: &str = "
    CREATE TABLE marketing.delivery_log (id serial PRIMARY KEY, contact_id int, campaign_id int, message_id int, status text, sent_at timestamp);
    CREATE TABLE marketing.suppression_list (email text);
    INSERT INTO marketing.delivery_log (id, contact_id, campaign_id, status, sent_at) SELECT n, n, 7, 'sent', now() - interval '9 days' FROM generate_series(1, 5) AS n;
    INSERT INTO marketing.delivery_log (id, contact_id, campaign_id, status, sent_at)
    SELECT 300000 + n, 100000 + n, 7, 'sent', now() - interval '2 days' FROM generate_series(1, 60000) AS n;
    INSERT INTO marketing.delivery_log (id, contact_id, campaign_id, status, sent_at) VALUES (400000, 11, 7, 'sent', now());
    ANALYZE marketing.delivery_log;
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status, created_at)
    SELECT n, CASE WHEN n < 20 THEN 'message_queued' ELSE 'follow_up_due' END, jsonb_build_object('contact_id', n, 'campaign_id', 7, 'email', n || '@example.com'), 'failed',
      now() - CASE WHEN n = 21 THEN interval '5 days' ELSE interval '1 hour' END
    FROM generate_series(1, 22) AS n;";

#[tokio::test]
async fn what_has_left_is_looked_for_among_the_newest_deliveries_and_what_may_have_left_before_is_unknown()
 {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    db.client.batch_execute(LOG).await.unwrap();
    let one = |id: &str| target(id, "message_queued", "failed", 0);
    let sends = || ["1", "10", "11"].map(one).to_vec();
    let said = |n: u8| {
        format!(
            "{n} of these events may have been sent long ago: only the newest 200,000 rows of the delivery log were looked at"
        )
    };
    let before = plan(&db.client, REQUEUE, sends()).await.unwrap();
    let held = |plan: &outpost::domain::plan::Plan| -> Vec<String> {
        let blocked = blocked(plan);
        blocked.iter().map(|(id, _)| (*id).to_owned()).collect()
    };
    // The first was sent nine days ago, which nobody saw.
    assert_eq!(
        (held(&before), unknown(&before)),
        (vec!["11".to_owned()], vec![&*said(3)])
    );
    // A follow-up is measured by what left since it fell due: an hour ago that is within what is looked at.
    let due = |id: &str| target(id, "follow_up_due", "failed", 0);
    let follow = plan(&db.client, REQUEUE, ["21", "22"].map(due).to_vec()).await;
    assert_eq!(unknown(&follow.unwrap()), [&*said(1)]);
    // In the transaction it is one event that is looked at, not three: nothing new that is unknown.
    let outcome = writer(&db).carry_out(&before).await.unwrap();
    assert_eq!(outcome.done, [1, 10].map(RowId::from));
    let index = "CREATE INDEX ON marketing.delivery_log (contact_id); UPDATE marketing.pipeline_events SET status = 'failed', retry_count = 0";
    db.client.batch_execute(index).await.unwrap();
    let after = plan(&db.client, REQUEUE, sends()).await.unwrap();
    assert_eq!(
        (held(&after), unknown(&after)),
        (vec!["1".to_owned(), "11".to_owned()], vec![])
    );
}

#[tokio::test]
async fn what_was_unknown_of_sixty_events_is_no_news_of_fifty_of_them() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (id, event_type, payload, status, created_at)
             SELECT n, 'message_queued', jsonb_build_object('contact_id', n, 'email', n || '@example.com'), 'failed', now() - interval '1 hour'
             FROM generate_series(1, 60) AS n",
        )
        .await
        .unwrap();
    let targets = (1..=60).map(|n| target(&n.to_string(), "message_queued", "failed", 0));
    let plan = plan(&db.client, REQUEUE, targets.collect()).await.unwrap();
    assert_eq!(unknown(&plan), ["60 of these events name no campaign"]);
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!((outcome.done.len(), outcome.failed), (60, vec![]));
}

#[tokio::test]
async fn clones_are_deleted_a_thousand_a_transaction() {
    for db in super::both().await {
        db.client
            .batch_execute(
                "INSERT INTO marketing.pipeline_events (id, event_type, payload, status, retry_count)
                 SELECT n, 'x', '{}', 'failed', 1 FROM generate_series(1, 1003) AS n;
                 INSERT INTO marketing.pipeline_events (id, event_type, payload, status, retry_count)
                 SELECT 2000 + n, 'x', jsonb_build_object('retry_of', n::text), CASE n WHEN 1002 THEN 'processing' ELSE 'pending' END, 1
                 FROM generate_series(1, 1003) AS n",
            )
            .await
            .unwrap();
        let clones = (1..=1003).map(|n| EventClone {
            id: RowId::from(2000 + n),
            of: RowId::from(n),
            retries: 1,
        });
        let plan = shown(&db.client, Mutation::DeleteClones(clones.collect())).await;
        assert_eq!(plan.running(), 1002);
        let outcome = writer(&db).carry_out(&plan).await.unwrap();
        assert_eq!(outcome.done.len(), 1002);
        let left = "SELECT string_agg(id::text || status, ',') FROM marketing.pipeline_events WHERE id > 2000";
        assert_eq!(one::<String>(&db.client, left).await, "3002processing");
        let counted = "SELECT sum(retry_count) FROM marketing.pipeline_events WHERE id < 2000";
        assert_eq!(one::<i64>(&db.client, counted).await, 1);
        if outcome.audited_in_database {
            let lines = "SELECT string_agg(jsonb_array_length(targets)::text, ',' ORDER BY id) FROM outpost.audit";
            assert_eq!(one::<String>(&db.client, lines).await, "1002,1000,2,0");
        }
    }
}

#[tokio::test]
async fn the_queue_of_a_stage_is_measured_among_the_newest_rows_of_a_large_table_whatever_index_there_is()
 {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    db.client
        .batch_execute(
            "DROP INDEX marketing.pipeline_events_status_created_at_idx;
             INSERT INTO marketing.pipeline_events (id, event_type, payload, status)
             SELECT CASE WHEN n < 10 THEN n ELSE 300000 + n END, 'x', '{}', CASE WHEN n % 20000 < 10 THEN 'pending' ELSE 'processed' END FROM generate_series(1, 60000) AS n;
             ANALYZE marketing.pipeline_events;",
        )
        .await
        .unwrap();
    let stage = EventType::from("x");
    let stages = std::slice::from_ref(&stage);
    let settings = crate::connect::settings(&db.url);
    let unended = async || {
        let mut replay = Replay::open(&settings, stages).await.unwrap();
        replay.unended(stages).await.unwrap()
    };
    // Nine of the thirty stand before what is looked at.
    assert_eq!(unended().await, [(stage.clone(), 21)]);
    let index = "CREATE INDEX ON marketing.pipeline_events (status)";
    db.client.batch_execute(index).await.unwrap();
    assert_eq!(unended().await, [(stage.clone(), 21)]);
    // A small table is looked at as a whole.
    let small = "DELETE FROM marketing.pipeline_events WHERE status <> 'pending'; VACUUM ANALYZE marketing.pipeline_events";
    for sql in small.split("; ") {
        db.client.batch_execute(sql).await.unwrap();
    }
    assert_eq!(unended().await, [(stage.clone(), 30)]);
}
