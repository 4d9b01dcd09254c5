//! What the server says no to: each write of outpost, on a session that is read-only and for roles that lack one grant.
//! However a plan came to be confirmed, nothing of it stands.

use chrono::DateTime;
use outpost::{
    domain::{
        event::{EventType, RowId},
        pipeline::{Pipeline, SideEffect},
        plan::{
            EventClone, EventTarget, Marks, Mutation, NewEvent, Outcome, Pace, Plan, Purge,
            Retention, Retrying, Strategy,
        },
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::{
        n8n::Webhooks,
        postgres::{Settings, mutations::Writer},
    },
};
use pretty_assertions::assert_eq;
use tokio::sync::watch;
use wiremock::MockServer;

use crate::{
    connect,
    database::{self, Db},
    mutations::shown,
    shapes::CLASSIC,
};

/// One row for each write: a failed event, a test event of ours, a clone of the first, an old one; an open error and one that
/// we resolved.
const ROWS: &str = r#"
    INSERT INTO marketing.pipeline_events (event_type, payload, status, retry_count, created_at, processed_at) VALUES
      ('email_opened', '{"record_id": 1}', 'failed', 0, now(), now()),
      ('email_opened', '{"record_id": 2, "test": true, "inserted_by": "ann@host"}', 'pending', 0, now(), NULL),
      ('email_opened', '{"record_id": 3, "retry_of": 4}', 'pending', 1, now(), NULL),
      ('email_opened', '{"record_id": 4}', 'failed', 1, now(), now());
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status, retry_count, created_at, processed_at) VALUES
      (0, 'email_opened', '{"record_id": 5}', 'processed', 0, now() - interval '40 days', now() - interval '40 days');
    INSERT INTO marketing.pipeline_errors (event_type, resolved, resolved_at, resolved_by) VALUES
      ('email_opened', false, NULL, NULL), ('email_opened', true, now(), 'ann@host')"#;

/// Every row of the two tables.
const WHOLE: &str =
    "SELECT (SELECT string_agg(e::text, E'\\n' ORDER BY id) FROM marketing.pipeline_events AS e)
    || (SELECT string_agg(e::text, E'\\n' ORDER BY id) FROM marketing.pipeline_errors AS e)";

async fn whole(db: &Db) -> String {
    db.client.query_one(WHOLE, &[]).await.unwrap().get(0)
}

async fn both() -> [Db; 2] {
    let classic = database::empty().await;
    CLASSIC.make(&classic.client).await;
    let both = [database::fresh().await, classic];
    for db in &both {
        db.client.batch_execute(ROWS).await.unwrap();
    }
    both
}

fn retry(strategy: Strategy, n8n: &MockServer) -> Mutation {
    let target = EventTarget {
        id: RowId::from(1),
        stage: EventType::from("email_opened"),
        side_effect: SideEffect::Internal,
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    let here = Retrying {
        strategy,
        webhooks: Some(format!("{}/webhook", n8n.uri())),
        ..Retrying::default()
    };
    here.propose(Pipeline::guide(), vec![target])
}

/// Every write of the database, by what it is called here.
fn writes(n8n: &MockServer) -> Vec<(&'static str, Mutation)> {
    let by = || "ann@host".to_owned();
    let stage = (EventType::from("email_opened"), SideEffect::Internal);
    let event = NewEvent::compose(
        stage,
        &[("record_id", "9")],
        "",
        ("ann@host", DateTime::UNIX_EPOCH),
    );
    let now = chrono::Utc::now();
    vec![
        ("requeue", retry(Strategy::Requeue, n8n)),
        ("clone", retry(Strategy::Clone, n8n)),
        ("webhook", retry(Strategy::Webhook, n8n)),
        (
            "delete clone",
            Mutation::DeleteClones(vec![EventClone {
                id: RowId::from(3),
                of: RowId::from(4),
                retries: 1,
            }]),
        ),
        (
            "resolve",
            Mutation::ResolveErrors {
                ids: vec![RowId::from(1)],
                note: "n".to_owned(),
            },
        ),
        (
            "reopen",
            Mutation::ReopenErrors {
                ids: vec![RowId::from(2)],
                note: "n".to_owned(),
                by: "ann@host".to_owned(),
                marks: Marks::default(),
            },
        ),
        ("insert", Mutation::InsertEvent(Box::new(event.unwrap()))),
        (
            "delete test",
            Mutation::DeleteTestEvents {
                ids: vec![RowId::from(2)],
                by: by(),
            },
        ),
        (
            "purge",
            Mutation::Purge(Purge::at(now, Retention::default(), "prod".to_owned())),
        ),
    ]
}

async fn carry_out(settings: &Settings, n8n: &MockServer, plan: &Plan) -> Result<Outcome, Fault> {
    let mut writer = Writer::new(settings.clone(), "ann@host".to_owned())
        .with_webhooks(Some(Webhooks::of(&n8n.uri()).unwrap()));
    if matches!(plan.mutation, Mutation::Purge(_)) {
        let (_go_on, pace) = watch::channel(Pace::Run);
        writer.purge(plan, pace, |_| {}).await
    } else {
        writer.carry_out(plan).await
    }
}

/// Carries out `plan` as `settings`; nothing of it stands, and nobody was called.
async fn refused(
    db: &Db,
    settings: &Settings,
    n8n: &MockServer,
    (name, plan): (&str, &Plan),
) -> Fault {
    let before = whole(db).await;
    let outcome = carry_out(settings, n8n, plan).await;
    assert_eq!(whole(db).await, before, "{name}");
    assert_eq!(n8n.received_requests().await.unwrap().len(), 0, "{name}");
    outcome.map_or_else(|fault| fault, |done| panic!("{name}: {done:?}"))
}

#[tokio::test]
async fn a_read_only_session_refuses_every_write() {
    let n8n = MockServer::start().await;
    for db in both().await {
        let mut settings = connect::settings(&db.url);
        settings.read_only = true;
        for (name, mutation) in writes(&n8n) {
            let plan = shown(&db.client, mutation).await;
            assert!(plan.tier().is_ok(), "{name}: {:?}", plan.examined);
            let fault = refused(&db, &settings, &n8n, (name, &plan)).await;
            assert!(fault.to_string().contains("read-only"), "{name}: {fault}");
        }
    }
}

#[tokio::test]
async fn a_role_that_may_only_read_is_refused_every_write_and_told_the_grant() {
    let n8n = MockServer::start().await;
    for db in both().await {
        let settings = role(&db, &[]).await;
        for (name, mutation) in writes(&n8n) {
            let plan = shown(&db.client, mutation).await;
            let fault = refused(&db, &settings, &n8n, (name, &plan)).await;
            assert!(matches!(fault, Fault::Forbidden(_)), "{name}: {fault:?}");
            let said = fault.to_string();
            assert!(said.contains("pipeline_e"), "{name}: {said}");
        }
    }
}

/// A role that may read, and was granted these.
async fn role(db: &Db, grants: &[&str]) -> Settings {
    let name = connect::role(db, "").await;
    let mut sql = vec![
        format!("GRANT USAGE ON SCHEMA marketing TO {name}"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA marketing TO {name}"),
    ];
    sql.extend(
        grants
            .iter()
            .map(|grant| format!("GRANT {grant} TO {name}")),
    );
    db.client.batch_execute(&sql.join("; ")).await.unwrap();
    connect::settings(&db.url.replace("postgres@", &format!("{name}@")))
}

/// What each write needs, in grants; without any one of them it is refused, with all of them it is done.
const NEEDS: [(&str, &[&str]); 8] = [
    (
        "requeue",
        &[
            "UPDATE (status, processed_at, error_message) ON marketing.pipeline_events",
            "UPDATE (retry_count) ON marketing.pipeline_events",
        ],
    ),
    (
        "webhook",
        &[
            "UPDATE (status, processed_at, error_message) ON marketing.pipeline_events",
            "UPDATE (retry_count) ON marketing.pipeline_events",
        ],
    ),
    (
        "clone",
        &[
            "INSERT ON marketing.pipeline_events",
            "UPDATE (status, retry_count) ON marketing.pipeline_events",
            "USAGE ON SEQUENCE marketing.pipeline_events_id_seq",
        ],
    ),
    (
        "delete clone",
        &[
            "DELETE ON marketing.pipeline_events",
            "UPDATE (status, retry_count) ON marketing.pipeline_events",
        ],
    ),
    (
        "resolve",
        &[
            "UPDATE (resolved, resolved_at, resolved_by) ON marketing.pipeline_errors",
            "UPDATE (resolution_notes) ON marketing.pipeline_errors",
        ],
    ),
    (
        "reopen",
        &[
            "UPDATE (resolved, resolved_at) ON marketing.pipeline_errors",
            "UPDATE (resolved_by, resolution_notes) ON marketing.pipeline_errors",
        ],
    ),
    (
        "insert",
        &[
            "INSERT ON marketing.pipeline_events",
            "USAGE ON SEQUENCE marketing.pipeline_events_id_seq",
        ],
    ),
    (
        "purge",
        &[
            "DELETE ON marketing.pipeline_events, marketing.pipeline_errors",
            "UPDATE (status) ON marketing.pipeline_events",
        ],
    ),
];

#[tokio::test]
async fn each_write_needs_exactly_its_grants() {
    for (name, needs) in NEEDS {
        let n8n = MockServer::start().await;
        let [_, db] = both().await;
        let (_, mutation) = writes(&n8n)
            .into_iter()
            .find(|(of, _)| *of == name)
            .unwrap();
        let plan = shown(&db.client, mutation).await;
        for missing in needs {
            let others: Vec<&str> = needs
                .iter()
                .filter(|need| *need != missing)
                .copied()
                .collect();
            let settings = role(&db, &others).await;
            let fault = refused(&db, &settings, &n8n, (name, &plan)).await;
            assert!(
                matches!(fault, Fault::Forbidden(_)),
                "{name} without {missing}: {fault:?}"
            );
        }
        let settings = role(&db, needs).await;
        let before = whole(&db).await;
        let outcome = carry_out(&settings, &n8n, &plan).await;
        if name == "webhook" {
            // It was called, and n8n knows no such webhook.
            assert_eq!(
                n8n.received_requests().await.unwrap().len(),
                1,
                "{outcome:?}"
            );
        } else {
            assert!(outcome.is_ok(), "{name}: {outcome:?}");
            assert_ne!(whole(&db).await, before, "{name}");
        }
    }
}
