//! How earlier retries of the same went, as a plan says it.

use outpost::domain::plan::{Chance, EventTarget, Strategy};
use pretty_assertions::assert_eq;

use super::{both, plan, target};
use crate::database::Db;

/// Events as `(key, stage, status, retries, what they failed with)`. The mail server's were tried again four times and
/// three ended well; the same of another stage, and the bad record, are other groups.
const EVENTS: [(i64, &str, &str, u32, Option<&str>); 12] = [
    (
        1,
        "company_created",
        "processed",
        1,
        Some("503 from host a1.example (request 17)"),
    ),
    (
        2,
        "company_created",
        "processed",
        2,
        Some("503 from host b2.example (request 18)"),
    ),
    (
        3,
        "company_created",
        "failed",
        1,
        Some("503 from host a1.example (request 19)"),
    ),
    (
        4,
        "company_created",
        "processed",
        1,
        Some("503 from host a1.example (request 20)"),
    ),
    (
        5,
        "company_created",
        "pending",
        1,
        Some("503 from host a1.example (request 21)"),
    ),
    (
        6,
        "company_created",
        "processed",
        0,
        Some("503 from host a1.example (request 22)"),
    ),
    (
        7,
        "company_created",
        "failed",
        1,
        Some("null value in column name"),
    ),
    (
        8,
        "company_created",
        "failed",
        3,
        Some("null value in column name"),
    ),
    (
        9,
        "email_opened",
        "processed",
        1,
        Some("503 from host a1.example (request 23)"),
    ),
    (
        10,
        "company_created",
        "failed",
        0,
        Some("503 from host c3.example (request 24)"),
    ),
    (
        11,
        "company_created",
        "failed",
        0,
        Some("null value in column name"),
    ),
    (
        12,
        "company_created",
        "failed",
        0,
        Some("an error that nobody has seen before"),
    ),
];

async fn fill(db: &Db) {
    for (key, stage, status, retries, error) in EVENTS {
        let said = error.unwrap_or_default();
        let sql = format!(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status, error_message, retry_count)
             VALUES ('{stage}', jsonb_build_object('record_id', '{key}'), '{status}', CASE WHEN '{status}' = 'failed' THEN '{said}' END, {retries});
             INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, severity)
             VALUES ('{stage}', '{key}', '{said}', 'error')",
        );
        db.client.batch_execute(&sql).await.unwrap();
    }
}

fn targets(keys: &[i64]) -> Vec<EventTarget> {
    let of = |key: &i64| target(&key.to_string(), "company_created", "failed", 0);
    keys.iter().map(of).collect()
}

#[tokio::test]
async fn the_chance_of_a_retry_is_how_those_of_the_same_stage_and_error_ended() {
    for db in both().await {
        fill(&db).await;
        let cases: [(&[i64], u32, u32); 4] = [
            (&[10], 3, 4),
            (&[11], 0, 2),
            (&[10, 11], 3, 6),
            (&[12], 0, 0),
        ];
        for (keys, ok, of) in cases {
            for strategy in [Strategy::Requeue, Strategy::Clone] {
                let plan = plan(&db.client, (strategy, None), targets(keys)).await;
                let examined = plan.unwrap().examined.unwrap();
                assert_eq!(
                    examined.chance,
                    Some(Chance { ok, of }),
                    "{keys:?} {strategy:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn where_retries_are_not_counted_the_chance_is_not_known() {
    for db in both().await {
        fill(&db).await;
        let gone = "ALTER TABLE marketing.pipeline_events DROP COLUMN retry_count CASCADE";
        db.client.batch_execute(gone).await.unwrap();
        let plan = plan(&db.client, (Strategy::Requeue, None), targets(&[10])).await;
        let examined = plan.unwrap().examined.unwrap();
        assert_eq!((examined.eligible.len(), examined.chance), (1, None));
    }
}
