//! New events beside the old ones.

use outpost::domain::{
    event::RowId,
    plan::{Plan, Strategy},
};
use pretty_assertions::assert_eq;
use serde_json::json;

use super::{blocked, both, events, failed, four, one, plan, states, target, undo, whys};
use crate::{
    database,
    mutations::{shown, writer},
    shapes::{CLASSIC, Shape},
};

const CLONE: (Strategy, Option<&str>) = (Strategy::Clone, None);

#[tokio::test]
async fn each_event_of_the_plan_gets_a_clone_and_no_other_row_is_touched() {
    for db in both().await {
        four(&db.client).await;
        let before = events(&db.client).await;
        let plan = plan(&db.client, CLONE, failed(&[1, 3])).await.unwrap();
        assert_eq!(plan.strategy_name(), "clone");
        let (_listener, mut heard) = db.listen().await;
        let outcome = writer(&db).carry_out(&plan).await.unwrap();
        assert_eq!(outcome.done, [1, 3].map(RowId::from));
        let clones: Vec<(String, &str)> = outcome
            .clones
            .iter()
            .map(|clone| (clone.id.to_string(), clone.of.as_str()))
            .collect();
        assert_eq!(clones, [("5".to_owned(), "1"), ("6".to_owned(), "3")]);
        assert_eq!(whys(&outcome.remarks), [("1", "as 5"), ("3", "as 6")]);
        assert_eq!(
            states(&db.client).await,
            "failed2,failed1,failed2,processed1,pending2,pending2"
        );
        let after = events(&db.client).await;
        assert_eq!(after[..4], before[..], "but for the counts");
        let clone = "SELECT (payload - 'record_id' = '{\"big\": 12345678901234567890.10, \"retry_of\": 3}')::text
            || event_type || coalesce(error_message, '') || (processed_at IS NULL)::text FROM marketing.pipeline_events WHERE id = 6";
        assert_eq!(
            one::<String>(&db.client, clone).await,
            "truecompany_createdtrue"
        );
        let heard = db.heard_so_far(&mut heard).await.join("\n");
        for id in ["5", "6"] {
            assert!(heard.contains(id), "{heard}");
        }
        assert!(!heard.contains("\"op\": \"status\""), "{heard}");
    }
}

#[tokio::test]
async fn a_clone_that_nobody_took_is_deleted_again_and_one_that_was_taken_is_not() {
    for db in both().await {
        four(&db.client).await;
        let before = events(&db.client).await;
        let plan = plan(&db.client, CLONE, failed(&[1, 2, 3])).await.unwrap();
        let outcome = writer(&db).carry_out(&plan).await.unwrap();
        let undo = shown(&db.client, undo(&plan, &outcome)).await;
        assert_eq!(undo.running(), 3);
        // Between the plan and the yes a workflow takes the second.
        db.client
            .batch_execute(
                "UPDATE marketing.pipeline_events SET status = 'processing' WHERE id = 6",
            )
            .await
            .unwrap();
        let taken = writer(&db).carry_out(&undo).await.unwrap();
        assert_eq!(taken.done, [5, 7].map(RowId::from));
        let why = "somebody has taken or retried it: it is processing now";
        assert_eq!(whys(&taken.skipped), [("6", why)]);
        assert_eq!(
            states(&db.client).await,
            "failed1,failed2,failed1,processed1,processing2"
        );
        assert_eq!(events(&db.client).await[..4], before[..]);
        let again = shown(&db.client, undo.mutation.clone()).await;
        assert_eq!(
            blocked(&again),
            [("5", "it is gone"), ("6", why), ("7", "it is gone")]
        );
    }
}

#[tokio::test]
async fn the_same_plan_by_two_operators_makes_one_clone_of_each() {
    for db in both().await {
        four(&db.client).await;
        let mine = plan(&db.client, CLONE, failed(&[1, 2])).await.unwrap();
        let theirs = plan(&db.client, CLONE, failed(&[1])).await.unwrap();
        let (mut mine_writes, mut theirs_writes) = (writer(&db), writer(&db));
        let (mine, theirs) = tokio::join!(
            mine_writes.carry_out(&mine),
            theirs_writes.carry_out(&theirs)
        );
        let (mine, theirs) = (mine.unwrap(), theirs.unwrap());
        let made = mine.clones.len() + theirs.clones.len();
        assert_eq!(made, 2, "{mine:?} {theirs:?}");
        let of = "SELECT string_agg(payload->>'retry_of', ',' ORDER BY payload->>'retry_of') FROM marketing.pipeline_events";
        assert_eq!(one::<String>(&db.client, of).await, "1,2");
    }
}

#[tokio::test]
async fn what_a_clone_tries_again_is_tried_by_no_other_strategy_unless_the_clone_failed() {
    for db in both().await {
        four(&db.client).await;
        let first = plan(&db.client, CLONE, failed(&[1, 2, 3])).await.unwrap();
        writer(&db).carry_out(&first).await.unwrap();
        db.client
            .batch_execute(
                "UPDATE marketing.pipeline_events SET status = 'processed' WHERE id = 6;
                 UPDATE marketing.pipeline_events SET status = 'failed' WHERE id = 7",
            )
            .await
            .unwrap();
        let targets = || -> Vec<_> {
            let ids = ["1", "2", "3"].iter();
            ids.map(|id| target(id, "company_created", "failed", 2))
                .collect()
        };
        for strategy in [Strategy::Requeue, Strategy::Clone, Strategy::Webhook] {
            let how = (strategy, Some("http://localhost:1/webhook"));
            let plan = plan(&db.client, how, targets()).await.unwrap();
            let why = [
                ("1", "its clone 5 is pending"),
                ("2", "its clone 6 is processed"),
            ];
            assert_eq!(blocked(&plan), why, "{strategy:?}");
            assert_eq!(plan.running(), 1, "{strategy:?}");
        }
    }
}

#[tokio::test]
async fn an_event_that_may_still_run_is_not_cloned() {
    let db = database::fresh().await;
    db.client
        .batch_execute("INSERT INTO marketing.pipeline_events (event_type, status) VALUES ('x', 'pending'), ('x', 'processing')")
        .await
        .unwrap();
    let targets = vec![
        target("1", "x", "pending", 0),
        target("2", "x", "processing", 0),
    ];
    let plan = plan(&db.client, CLONE, targets).await.unwrap();
    assert_eq!(
        blocked(&plan),
        [
            ("1", "it is pending: beside a clone it may run as well"),
            ("2", "it is processing: beside a clone it may run as well")
        ]
    );
}

#[tokio::test]
async fn on_a_site_of_another_shape_a_clone_has_what_every_row_must_have() {
    let shape = Shape {
        key: "uuid DEFAULT gen_random_uuid()",
        payload: "text",
        status: "text CHECK (status IN ('NEW', 'RUNNING', 'DONE', 'ERROR'))",
        words: ["NEW", "RUNNING", "DONE", "ERROR"],
        ..CLASSIC
    };
    let db = database::empty().await;
    shape.make(&db.client).await;
    let keys = [1, 2, 3].map(|n| format!("0c9d3b7e-6f0a-4c4e-9d7e-0d2f5a1b2c3{n}"));
    let [good, list, broken] = &keys;
    db.client
        .batch_execute(&format!(
            "ALTER TABLE marketing.pipeline_events DROP COLUMN retry_count, ADD COLUMN tenant int NOT NULL, ADD COLUMN note text,
               ADD COLUMN doubled int GENERATED ALWAYS AS (tenant * 2) STORED NOT NULL, ADD COLUMN seen timestamptz NOT NULL DEFAULT now();
             INSERT INTO marketing.pipeline_events (id, event_type, payload, status, tenant, note)
             VALUES ('{good}', 'x', '{{\"a\": 1.50}}', 'ERROR', 7, 'n'), ('{list}', 'x', '[1]', 'ERROR', 7, 'n'), ('{broken}', 'x', '{{no', 'ERROR', 7, 'n')"
        ))
        .await
        .unwrap();
    let targets = || {
        keys.iter()
            .map(|key| target(key, "x", "ERROR", 0))
            .collect()
    };
    let first = plan(&db.client, CLONE, targets()).await.unwrap();
    let odd = "its payload is no JSON object that could name what it clones";
    assert_eq!(
        blocked(&first),
        [(list.as_str(), odd), (broken.as_str(), odd)]
    );
    let outcome = writer(&db).carry_out(&first).await.unwrap();
    assert_eq!(outcome.clones.len(), 1, "{outcome:?}");
    let clone: serde_json::Value = one(
        &db.client,
        "SELECT to_jsonb(e) - 'id' - 'created_at' - 'seen' FROM marketing.pipeline_events AS e WHERE status = 'NEW'",
    )
    .await;
    let payload = format!("{{\"a\": 1.50, \"retry_of\": \"{good}\"}}");
    assert_eq!(
        clone,
        json!({ "event_type": "x", "status": "NEW", "payload": payload, "tenant": 7, "doubled": 14, "note": null, "error_message": null, "processed_at": null })
    );
    let again = plan(&db.client, CLONE, targets()).await.unwrap();
    assert!(
        blocked(&again)[2].1.ends_with(" is NEW"),
        "{:?}",
        blocked(&again)
    );
    let undo = shown(&db.client, undo(&first, &outcome)).await;
    let undone = writer(&db).carry_out(&undo).await.unwrap();
    assert_eq!(undone.done.len(), 1, "{undone:?}");
    assert_eq!(events(&db.client).await.len(), 3);
}

#[tokio::test]
async fn what_the_operator_says_stands_in_the_audit_log_with_the_clones() {
    let db = database::fresh().await;
    four(&db.client).await;
    let plan = Plan {
        reason: Some("key rotated".to_owned()),
        ..plan(&db.client, CLONE, failed(&[2])).await.unwrap()
    };
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert!(outcome.audited_in_database);
    let audit = "SELECT action || ' ' || note || ' ' || (outcome->'clones'->0->>'id') || ' ' || (outcome->'clones'->0->>'of') FROM outpost.audit";
    assert_eq!(
        one::<String>(&db.client, audit).await,
        "retry_events key rotated 5 2"
    );
}
