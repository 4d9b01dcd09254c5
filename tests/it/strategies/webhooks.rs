//! Calls to webhooks, over real HTTP.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use outpost::{
    domain::{
        event::RowId,
        plan::{Outcome, Plan, Strategy},
    },
    msg::Fault,
    sources::{
        n8n::Webhooks,
        postgres::{
            Client,
            mutations::{Fate, Witness, Writer, fate},
        },
    },
};
use pretty_assertions::assert_eq;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_util::task::AbortOnDropHandle;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::{blocked, both, events, failed, four, one, plan, states, target, whys};
use crate::{
    connect,
    database::{self, Db},
    mutations::writer,
    n8n_standin::recorded::fixture,
};

const JSON: &str = "application/json; charset=utf-8";

/// An n8n that gives every call this answer.
async fn n8n(status: u16, content_type: &str, body: Vec<u8>) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body, content_type);
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn accepting() -> MockServer {
    n8n(200, JSON, fixture("2.41.1", "webhook_ok_onReceived.json")).await
}

fn calling(db: &Db, base_url: &str) -> Writer {
    writer(db).with_webhooks(Some(Webhooks::of(base_url).unwrap()))
}

async fn by_webhook(client: &Client, base_url: &str, ids: &[i64]) -> Plan {
    let root = Webhooks::of(base_url).unwrap();
    let how = (Strategy::Webhook, Some(root.root()));
    plan(client, how, failed(ids)).await.unwrap()
}

async fn retry(db: &Db, base_url: &str, ids: &[i64]) -> Outcome {
    let plan = by_webhook(&db.client, base_url, ids).await;
    calling(db, base_url).carry_out(&plan).await.unwrap()
}

#[tokio::test]
async fn each_event_is_posted_once_as_a_relay_would_and_no_other_row_is_touched() {
    let [ours, classic] = both().await;
    let telling = database::fresh().await;
    // Whoever listens to this one would take the event as well.
    let trigger = "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('pipeline_event', NEW.status) WHERE NEW.status <> OLD.status; RETURN NULL; END $$;
        CREATE TRIGGER told AFTER UPDATE OF status ON marketing.pipeline_events FOR EACH ROW EXECUTE FUNCTION told()";
    telling.client.batch_execute(trigger).await.unwrap();
    for (db, after) in [
        (ours, "pending2,failed1,pending2,processed1"),
        (classic, "pending2,failed1,pending2,processed1"),
        (telling, "failed2,failed1,failed2,processed1"),
    ] {
        four(&db.client).await;
        let before = events(&db.client).await;
        let server = accepting().await;
        let (_listener, mut heard) = db.listen().await;
        let outcome = retry(&db, &server.uri(), &[1, 3]).await;
        assert_eq!(outcome.done, [1, 3].map(RowId::from), "{outcome:?}");
        assert_eq!(states(&db.client).await, after);
        let now = events(&db.client).await;
        assert_eq!((&now[1], &now[3]), (&before[1], &before[3]));
        assert_eq!(db.heard_so_far(&mut heard).await, [] as [String; 0]);

        let calls = server.received_requests().await.unwrap();
        let calls: Vec<(String, String, String, String)> = calls
            .iter()
            .map(|call| {
                let header = |name: &str| call.headers[name].to_str().unwrap().to_owned();
                let body = String::from_utf8(call.body.clone()).unwrap();
                let to = format!("{} {}", call.method, call.url.path());
                (to, header("content-type"), header("idempotency-key"), body)
            })
            .collect();
        let call = |n: u32| {
            (
                "POST /webhook/validate-company".to_owned(),
                "application/json".to_owned(),
                format!("outpost-{n}-2"),
                format!(
                    r#"{{"event_id":{n},"event_type":"company_created","payload":{{"big": 12345678901234567890.10, "record_id": {n}}}}}"#
                ),
            )
        };
        assert_eq!(calls, [call(1), call(3)]);
    }
}

#[tokio::test]
async fn both_halves_of_a_call_stand_in_the_audit_log() {
    let db = database::fresh().await;
    four(&db.client).await;
    let server = accepting().await;
    retry(&db, &server.uri(), &[2]).await;
    let audit = "SELECT string_agg(action || ' ' || coalesce(outcome->'unknown'->0->>'why', '-') || ' ' || jsonb_array_length(outcome->'done'), ', ' ORDER BY id) FROM outpost.audit";
    assert_eq!(
        one::<String>(&db.client, audit).await,
        "retry_events its webhook is about to be called 0, retry_events - 1"
    );
}

#[tokio::test]
async fn what_n8n_refuses_is_put_back_as_it_was_and_the_rest_is_not_tried() {
    let text = |name| fixture("2.41.1", name);
    let cases = [
        (
            404,
            JSON,
            text("webhook_404_not_registered.json"),
            "its webhook is not registered",
        ),
        (
            404,
            "text/html; charset=utf-8",
            b"<pre>Cannot POST /webhook/validate-company</pre>".to_vec(),
            "no webhook is at its address",
        ),
        (
            200,
            "text/html; charset=utf-8",
            text("starting_webhook_200.txt"),
            "n8n is starting up",
        ),
        (
            200,
            "text/html",
            text("not_api_html_200_wrong_base_path.txt"),
            "n8n's editor answers",
        ),
        (
            403,
            "text/html; charset=utf-8",
            text("webhook_403_missing_header_auth.txt"),
            "its webhook wants a credential: set n8n.webhook_header",
        ),
    ];
    for (status, content_type, body, why) in cases {
        for db in both().await {
            four(&db.client).await;
            let (before, counts) = (events(&db.client).await, states(&db.client).await);
            let server = n8n(status, content_type, body.clone()).await;
            let outcome = retry(&db, &server.uri(), &[1, 2, 3]).await;
            assert_eq!(outcome.done, [], "{outcome:?}");
            assert_eq!(outcome.unknown, [], "{outcome:?}");
            assert_eq!(outcome.failed.len(), 1, "{outcome:?}");
            assert!(outcome.failed[0].1.starts_with(why), "{outcome:?}");
            assert_eq!(outcome.untried, [2, 3].map(RowId::from));
            assert_eq!(events(&db.client).await, before, "{why}");
            assert_eq!(states(&db.client).await, counts, "{why}");
            assert_eq!(server.received_requests().await.unwrap().len(), 1);
        }
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_for_sure_leaves_it_unknown_and_nothing_is_sent_again() {
    for (status, body, says) in [
        (
            500,
            r#"{"message":"Error in workflow"}"#,
            "answered 500, and its workflow may have run: Error in workflow",
        ),
        (
            409,
            "<b>secret</b>",
            "answered 409, and its workflow may have run",
        ),
        (504, "", "answered 504"),
        (302, "", "answered 302"),
    ] {
        let [_, db] = both().await;
        four(&db.client).await;
        let server = n8n(status, JSON, body.as_bytes().to_vec()).await;
        let outcome = retry(&db, &server.uri(), &[1, 2]).await;
        assert_eq!((outcome.done.len(), outcome.failed.len()), (0, 0));
        assert_eq!(outcome.unknown.len(), 1, "{outcome:?}");
        assert!(outcome.unknown[0].1.contains(says), "{outcome:?}");
        assert!(!outcome.unknown[0].1.contains("secret"), "{outcome:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
        assert_eq!(
            states(&db.client).await,
            "pending2,failed1,failed1,processed1"
        );
    }
}

/// A server that reads a call, says what `answer` holds, and hangs up; it counts the calls.
async fn hanging_up(answer: &'static [u8]) -> (String, Arc<AtomicUsize>, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let mut read = Vec::new();
            while !read.ends_with(b"}}") {
                let Ok(byte) = stream.read_u8().await else {
                    break;
                };
                read.push(byte);
            }
            drop(stream.write_all(answer).await);
        }
    });
    (url, calls, AbortOnDropHandle::new(task))
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_unknown_and_is_not_sent_again() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"mess",
    ] {
        let [_, db] = both().await;
        four(&db.client).await;
        let (url, calls, _server) = hanging_up(answer).await;
        let outcome = retry(&db, &url, &[1, 2]).await;
        assert_eq!(outcome.unknown.len(), 1, "{outcome:?}");
        let why = &outcome.unknown[0].1;
        assert!(
            why.starts_with("the call left, and no answer came"),
            "{why}"
        );
        assert_eq!(outcome.untried, [RowId::from(2)]);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(
            states(&db.client).await,
            "pending2,failed1,failed1,processed1"
        );
    }
}

/// A workflow that takes its event and answers only at its end, which comes too late.
#[tokio::test]
async fn a_call_without_an_answer_is_looked_up_by_what_its_workflow_did_to_the_event() {
    let dbs = both().await;
    for db in &dbs {
        four(&db.client).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let workflow = database::connect(&db.url).await;
        let _server = AbortOnDropHandle::new(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut read = Vec::new();
                while !read.ends_with(b"}}") {
                    let Ok(byte) = stream.read_u8().await else {
                        break;
                    };
                    read.push(byte);
                }
                let sql = "UPDATE marketing.pipeline_events SET status = 'processing' WHERE id = 1";
                workflow.batch_execute(sql).await.unwrap();
            }
        }));
        let outcome = retry(db, &url, &[1]).await;
        assert_eq!(outcome.unknown, [], "{outcome:?}");
        assert_eq!(outcome.done.len(), 1, "{outcome:?}");
        let why = &outcome.remarks[0].1;
        assert!(
            why.starts_with("the call left, and no answer came"),
            "{why}"
        );
        assert!(
            why.ends_with("its workflow has taken it since: it is processing"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn where_nothing_could_be_sent_the_event_is_put_back() {
    let [_, db] = both().await;
    four(&db.client).await;
    let before = events(&db.client).await;
    let outcome = retry(&db, "http://127.0.0.1:1", &[1]).await;
    assert!(
        outcome.failed[0].1.starts_with("nothing was sent: "),
        "{outcome:?}"
    );
    assert_eq!(events(&db.client).await, before);
}

#[tokio::test]
async fn an_event_that_moved_since_it_was_shown_is_not_called() {
    for db in both().await {
        four(&db.client).await;
        let server = accepting().await;
        let plan = by_webhook(&db.client, &server.uri(), &[1, 2, 3]).await;
        db.client
            .batch_execute(
                "UPDATE marketing.pipeline_events SET status = 'processed' WHERE id = 1;
                 UPDATE marketing.pipeline_events SET error_message = 'again' WHERE id = 2",
            )
            .await
            .unwrap();
        let outcome = calling(&db, &server.uri()).carry_out(&plan).await.unwrap();
        assert_eq!(outcome.done, [RowId::from(3)]);
        assert_eq!(
            whys(&outcome.skipped),
            [
                ("1", "it was failed, it is processed now"),
                (
                    "2",
                    "somebody changes it just now, or did since it was shown"
                )
            ]
        );
        // The same plan once more finds nothing as it was shown.
        let outcome = calling(&db, &server.uri()).carry_out(&plan).await.unwrap();
        assert_eq!(outcome.done, []);
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_workflow_that_wrote_before_it_refused_is_not_overwritten() {
    let [_, db] = both().await;
    four(&db.client).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let other = db.connect().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"}}") {
            read.push(stream.read_u8().await.unwrap());
        }
        // The row is free while its webhook is called.
        let sql = "UPDATE marketing.pipeline_events SET status = 'processed' WHERE id = 1";
        other.batch_execute(sql).await.unwrap();
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 17\r\n\r\nis not registered";
        stream.write_all(answer).await.unwrap();
    });
    let outcome = retry(&db, &url, &[1]).await;
    server.await.unwrap();
    let why = &outcome.failed[0].1;
    assert!(
        why.ends_with("somebody changed it meanwhile, so it was not put back"),
        "{why}"
    );
    assert!(states(&db.client).await.starts_with("processed2,"));
}

#[tokio::test]
async fn a_stage_without_a_webhook_and_a_site_without_n8n_are_blocked_with_the_reason() {
    let db = database::fresh().await;
    db.client
        .batch_execute("INSERT INTO marketing.pipeline_events (event_type, status) VALUES ('their_own', 'failed'), ('email_opened', 'failed')")
        .await
        .unwrap();
    let targets = || {
        vec![
            target("1", "their_own", "failed", 0),
            target("2", "email_opened", "failed", 0),
        ]
    };
    let how = (Strategy::Webhook, Some("http://localhost:1/webhook"));
    let found = plan(&db.client, how, targets()).await.unwrap();
    assert_eq!(
        blocked(&found),
        [("1", "the pipeline names no webhook of their_own")]
    );
    let statement = &found.examined.as_ref().unwrap().statement;
    assert!(
        statement.contains("POST http://localhost:1/webhook/track-open"),
        "{statement}"
    );
    let found = plan(&db.client, (Strategy::Webhook, None), targets())
        .await
        .unwrap();
    let why = "no webhook can be called: give n8n.base_url, and a pipeline that names them";
    assert_eq!(blocked(&found), [("1", why), ("2", why)]);
}

#[tokio::test]
async fn the_header_of_the_configuration_is_sent_and_no_key() {
    let [_, db] = both().await;
    four(&db.client).await;
    let server = accepting().await;
    let plan = by_webhook(&db.client, &server.uri(), &[1]).await;
    let webhooks = Webhooks::of(&server.uri()).unwrap();
    let webhooks = webhooks.with_header(Some("X-Auth: s3cret")).unwrap();
    let mut writer = writer(&db).with_webhooks(Some(webhooks));
    writer.carry_out(&plan).await.unwrap();
    let calls = server.received_requests().await.unwrap();
    assert_eq!(calls[0].headers["x-auth"].to_str().unwrap(), "s3cret");
    assert!(!calls[0].headers.contains_key("x-n8n-api-key"));
}

/// Keeps the number of the transaction.
#[derive(Default)]
struct Kept(Option<String>);

impl Witness for Kept {
    fn key(&self) -> &'static str {
        "batch/1"
    }

    fn committing(&mut self, xid: &str, _outcome: &Outcome) -> io::Result<()> {
        self.0 = Some(xid.to_owned());
        Ok(())
    }
}

#[tokio::test]
async fn one_event_alone_goes_by_the_strategy_of_its_plan_and_its_witness_is_told_before() {
    let [_, db] = both().await;
    four(&db.client).await;
    let server = accepting().await;
    let plan = by_webhook(&db.client, &server.uri(), &[1, 2]).await;
    assert!(!plan.ends_with_commit());
    let mut kept = Kept::default();
    let id = RowId::from(2);
    let outcome = calling(&db, &server.uri())
        .retry_one(&plan, &id, &mut kept)
        .await
        .unwrap();
    assert_eq!(outcome.outcome.done, [id]);
    let xid = kept.0.unwrap();
    assert_eq!(fate(&db.client, &xid).await.unwrap(), Fate::Committed);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_read_only_session_calls_nobody() {
    let db = database::fresh().await;
    four(&db.client).await;
    let server = accepting().await;
    let plan = by_webhook(&db.client, &server.uri(), &[1]).await;
    let mut settings = connect::settings(&db.url);
    settings.read_only = true;
    let mut writer = Writer::new(settings, "ann@host".to_owned())
        .with_webhooks(Some(Webhooks::of(&server.uri()).unwrap()));
    let fault = writer.carry_out(&plan).await.unwrap_err();
    assert!(
        matches!(fault, Fault::Refused(_) | Fault::Forbidden(_)),
        "{fault:?}"
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}
