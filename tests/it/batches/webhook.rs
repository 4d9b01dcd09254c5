//! A batch by webhook, end to end: a real HTTP server with recorded answers, one of which asks to be called later; and n8n's
//! room, which holds the pace.

use std::time::Duration;

use outpost::{
    domain::{
        batch::{Bound, Load, Mode, Order, Pacing, Record, Standing},
        pipeline::Pipeline,
        plan::{Mutation, Plan, Retrying, Strategy},
    },
    msg::{Msg, Told},
    sources::{
        Inbox,
        n8n::{Settings, Webhooks, measure},
        postgres::mutations,
    },
};
use tokio::sync::mpsc;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, query_param},
};

use super::{Desk, FAST, PATIENCE, WORK, begun, one, plan, run};
use crate::{
    database::{self, Db},
    n8n_standin::recorded::fixture,
    shapes::CLASSIC,
};

const JSON: &str = "application/json; charset=utf-8";

/// The plan to call the webhooks of these rows.
async fn by_webhook(db: &Db, server: &MockServer, ids: std::ops::RangeInclusive<i64>) -> Plan {
    let requeue = plan(&db.client, ids, FAST).await;
    let webhooks = Webhooks::of(&server.uri()).unwrap();
    let here = Retrying {
        strategy: Strategy::Webhook,
        webhooks: Some(webhooks.root().to_owned()),
        ..Retrying::default()
    };
    let mutation = here.propose(Pipeline::guide(), requeue.targets().to_vec());
    let catalog = database::read_catalog(&db.client, "marketing")
        .await
        .unwrap();
    let examined = mutations::examine(&db.client, &catalog, &mutation)
        .await
        .unwrap();
    assert!(matches!(mutation, Mutation::RetryEvents(_)));
    Plan {
        mutation,
        examined: Some(examined),
        ..requeue
    }
}

/// The row that a call is about.
fn row(request: &Request) -> i64 {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    body["event_id"].as_i64().unwrap()
}

/// An n8n that accepts each call but the third, which is asked to come later.
async fn busy_once() -> MockServer {
    let server = MockServer::start().await;
    let ok = || {
        let body = fixture("2.41.1", "webhook_ok_onReceived.json");
        ResponseTemplate::new(200).set_body_raw(body, JSON)
    };
    let later = ResponseTemplate::new(429)
        .insert_header("retry-after", "1")
        .set_body_raw("{\"message\":\"Too many requests\"}", JSON);
    for (priority, answer, times) in [(1, ok(), 2), (2, later, 1), (3, ok(), u64::MAX)] {
        Mock::given(method("POST"))
            .respond_with(answer)
            .up_to_n_times(times)
            .with_priority(priority)
            .mount(&server)
            .await;
    }
    server
}

/// The rows that were called, in order.
async fn called(server: &MockServer) -> Vec<i64> {
    let seen = server.received_requests().await.unwrap();
    seen.iter().map(row).collect()
}

/// Ends well whatever was called and not put off; for ever.
async fn workflow(db: &Db, server: &MockServer) {
    let writer = db.connect().await;
    let sql = "UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now()
        WHERE retry_count = 1 AND status <> 'processed' AND id::text = ANY ($1)";
    loop {
        let ids = called(server).await.into_iter().enumerate();
        let accepted: Vec<String> = ids
            .filter(|(n, _)| *n != 2)
            .map(|(_, id)| id.to_string())
            .collect();
        writer.execute(sql, &[&accepted]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn each_row_is_called_once(db: Db) {
    db.client.batch_execute(WORK).await.unwrap();
    let server = busy_once().await;
    let desk = Desk::on(&db);
    let mut means = desk.means("ann@host");
    means.targets.webhooks = Some(Webhooks::of(&server.uri()).unwrap());
    let (runner, _orders) = begun(&means, by_webhook(&db, &server, 3..=9).await).await;
    let batch = tokio::select! {
        batch = run(runner) => batch,
        () = workflow(&db, &server) => unreachable!(),
    };
    assert_eq!(batch.mode, Mode::Over, "{:#?}", batch.rows);
    assert_eq!(
        batch.report().to_string(),
        "7: ok 7, failed 0, pending 0, skipped 0"
    );
    assert_eq!(
        called(&server).await,
        [3, 4, 5, 5, 6, 7, 8, 9],
        "only what was put off is called again"
    );
    let kept = desk.journals().read(&batch.head.batch).unwrap();
    let mut moments = Vec::new();
    for record in &kept.records {
        if let Record::Deferred { id, at, until, .. } = record {
            assert_eq!((id.as_str(), (*until - *at).num_seconds()), ("5", 1));
            moments.push(*until);
        }
        if let Record::Begun { id, at, .. } = record
            && id.as_str() == "5"
        {
            moments.push(*at);
        }
    }
    let [_, until, again] = moments.try_into().unwrap();
    assert!(again >= until, "{again} is before {until}");
    assert_eq!(kept.batch().rows, batch.rows, "the journal tells the same");
}

#[tokio::test]
async fn a_batch_by_webhook_calls_each_row_once_and_obeys_retry_after() {
    each_row_is_called_once(database::fresh().await).await;
}

#[tokio::test]
async fn a_batch_by_webhook_does_the_same_on_a_database_in_the_classic_shape() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    each_row_is_called_once(db).await;
}

/// An n8n in which so many run, of ids that count up; its lists are in the shape of recorded ones.
async fn running(server: &MockServer, status: &str, n: usize) {
    let whole: serde_json::Value =
        serde_json::from_slice(&fixture("2.41.1", "executions_list_status_running.json")).unwrap();
    let one = whole["data"][0].clone();
    assert!(one.is_object(), "{whole}");
    let data: Vec<serde_json::Value> = (0..n)
        .map(|id| {
            let mut run = one.clone();
            run["id"] = (900 + id).to_string().into();
            run
        })
        .collect();
    let page = serde_json::json!({ "data": data, "nextCursor": null });
    Mock::given(method("GET"))
        .and(path("/api/v1/executions"))
        .and(query_param("status", status))
        .respond_with(ResponseTemplate::new(200).set_body_raw(page.to_string(), JSON))
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_batch_sends_nothing_while_n8n_has_no_room_and_says_so() {
    let db = database::fresh().await;
    db.client.batch_execute(WORK).await.unwrap();
    let server = MockServer::start().await;
    running(&server, "running", 5).await;
    running(&server, "new", 2).await;
    let settings = Settings::new(&server.uri(), "key").unwrap();
    let (told, mut heard) = mpsc::channel(1);
    // Once is enough.
    let tell = move |load| {
        told.try_send(load).unwrap();
        false
    };
    let counts = measure(settings.clone(), tell);
    tokio::time::timeout(PATIENCE, counts).await.unwrap();
    let load = Load {
        running: 5,
        queued: 2,
    };
    assert_eq!(heard.recv().await, Some(Some(load)));

    let desk = Desk::on(&db);
    let mut means = desk.means("ann@host");
    means.targets.n8n = Some(settings);
    let (inbox, mut messages) = Inbox::new();
    means.inbox = inbox;
    // What is sent before its first answer is a canary, which nobody takes.
    let pacing = Pacing {
        patience_s: 2,
        ..FAST
    };
    let (runner, orders) = begun(&means, plan(&db.client, 1..=6, pacing).await).await;
    let runs = tokio::spawn(run(runner));
    let held = async {
        while let Some((_, msg)) = messages.recv().await {
            if let Msg::Batch(Told::Limited(_, limits)) = msg
                && limits.n8n == Some(load)
            {
                return;
            }
        }
        panic!("the batch has ended");
    };
    tokio::time::timeout(PATIENCE, held).await.unwrap();
    tokio::spawn(async move { while messages.recv().await.is_some() {} });
    // Where a canary has braked it, it rests already.
    let _braked = orders.send(Order::Pause).await;
    let batch = runs.await.unwrap();
    assert_eq!(batch.rate().by, Bound::Queue(2));
    assert_eq!(batch.rate().per_minute, 0);
    let sent = batch
        .rows
        .iter()
        .filter(|row| row.standing != Standing::Waiting);
    let count = "SELECT count(*)::text FROM marketing.sends";
    assert_eq!(one(&db.client, count).await, sent.count().to_string());
}
