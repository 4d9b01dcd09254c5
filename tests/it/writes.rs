//! Writing through the console, as an operator does it: the program in a terminal, its keys, its screen, and a second
//! connection that sees what really stands in the database.

mod ways;

use std::{thread, time::Duration};

use outpost::{
    demo::{self, Demo},
    domain::{
        event::{EventType, RowId},
        pipeline::SideEffect,
        plan::{EventTarget, Mutation},
        untrusted::Untrusted,
    },
    sources::postgres::{Settings, address::Address, mutations::Writer},
};
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::{
    database,
    terminal::{Terminal, program},
};

/// A hand does not type faster; what does is taken for a paste.
const A_KEY: Duration = Duration::from_millis(100);

/// The program in a terminal, and where it keeps its audit file.
struct Hands {
    terminal: Terminal,
    state: TempDir,
}

impl Hands {
    fn on(url: &str, args: &[&str], env: &[(&str, &str)]) -> Self {
        let state = tempfile::tempdir().unwrap();
        let home = state.path().to_str().unwrap();
        let mut all = vec![
            ("DATABASE_URL", url),
            ("XDG_STATE_HOME", home),
            ("USER", "ann"),
        ];
        all.extend(env);
        let mut terminal = Terminal::start(program(), args, &all, (160, 45));
        terminal.wait_for("outpost");
        Self { terminal, state }
    }

    fn on_demo(demo: &Demo, args: &[&str]) -> Self {
        let n8n = [
            ("N8N_BASE_URL", demo.n8n_base_url.as_str()),
            ("N8N_API_KEY", demo.n8n_api_key.as_str()),
        ];
        Self::on(&demo.database_url, args, &n8n)
    }

    /// Types like a hand.
    fn types(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            thread::sleep(A_KEY);
            self.terminal.send(key.encode_utf8(&mut [0; 4]));
            self.terminal.drain();
        }
        self
    }

    #[track_caller]
    fn sees(&mut self, text: &str) -> &mut Self {
        self.terminal.wait_for(text);
        self
    }

    /// The lines of the audit file.
    fn audit(&self) -> Vec<serde_json::Value> {
        let path = self.state.path().join("outpost/audit.jsonl");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> T {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Three failed events and two errors that nothing else has to do with: the world does not know their records.
async fn make_work(client: &Client) {
    client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status, error_message)
             SELECT 'email_opened', jsonb_build_object('record_id', 'hand-' || n), 'failed', 'HTTP 429' FROM generate_series(1, 3) n;
             INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
             SELECT 'email_opened', 'hand-' || n, 'HTTP 429' FROM generate_series(1, 2) n",
        )
        .await
        .unwrap();
}

const RETRIES: &str =
    "SELECT string_agg(coalesce(retry_count, 0)::text, ',' ORDER BY payload->>'record_id')
    FROM marketing.pipeline_events WHERE payload->>'record_id' LIKE 'hand-%'";
const RESOLVED: &str = "SELECT string_agg(coalesce(resolved_by, '-') || coalesce(' ' || resolution_notes, ''), ',' ORDER BY record_id)
    FROM marketing.pipeline_errors WHERE record_id LIKE 'hand-%'";

/// Retries the three events through the screen; the second is mended by somebody else while the plan is shown.
async fn retry(hands: &mut Hands, client: &Client) {
    hands.types("2/record:hand\r").sees("hand-3");
    hands.types("*R").sees("PLAN retry 3 events");
    assert_eq!(one::<String>(client, RETRIES).await, "0,0,0", "only shown");
    client
        .batch_execute(
            "UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now() WHERE payload->>'record_id' = 'hand-2'",
        )
        .await
        .unwrap();
    hands.types("y").sees("retried 2 events; skipped 1: ");
    hands.sees("it was failed, it is processed now");
    assert_eq!(one::<String>(client, RETRIES).await, "1,0,1");
}

/// Resolves the two errors through the screen; the second is resolved by somebody else while the plan is shown.
async fn resolve(hands: &mut Hands, client: &Client) {
    hands.types("4/record:hand\r").sees("hand-2");
    hands.types("*X").types("quota raised\r");
    hands.sees("PLAN resolve 2 errors").sees("quota raised");
    assert_eq!(one::<String>(client, RESOLVED).await, "-,-", "only shown");
    client
        .batch_execute(
            "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now(), resolved_by = 'ben' WHERE record_id = 'hand-2'",
        )
        .await
        .unwrap();
    hands.types("y").sees("resolved 1 error; skipped 1: ");
    hands.sees("it is resolved already, by ben");
    let resolved: String = one(client, RESOLVED).await;
    assert!(resolved.starts_with("ann@"), "{resolved}");
    assert!(resolved.ends_with(" quota raised,ben"), "{resolved}");
}

/// Whether n8n says that every workflow is active.
async fn all_active(demo: &Demo) -> bool {
    // Any client wants a provider of TLS, also where it speaks without; the second one is refused.
    drop(rustls::crypto::ring::default_provider().install_default());
    let url = format!("{}/api/v1/workflows?limit=100", demo.n8n_base_url);
    let answer = reqwest::Client::new()
        .get(url)
        .header("X-N8N-API-KEY", &demo.n8n_api_key)
        .send();
    let text = answer.await.unwrap().text().await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    let workflows = body["data"].as_array().unwrap();
    assert!(!workflows.is_empty());
    workflows.iter().all(|workflow| workflow["active"] == true)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_demo_each_write_is_shown_confirmed_carried_out_and_audited() {
    let demo = demo::start(demo::Options::default()).await.unwrap();
    let client = database::connect(&demo.database_url).await;
    make_work(&client).await;
    let mut hands = Hands::on_demo(&demo, &[]);

    retry(&mut hands, &client).await;
    resolve(&mut hands, &client).await;

    assert!(all_active(&demo).await);
    hands.types("6").sees("Slot Creator");
    // Right after the screen changed, a key that writes was meant for what stood there before.
    thread::sleep(3 * A_KEY);
    hands.types("P").sees("PLAN deactivate 1 workflow");
    assert!(all_active(&demo).await, "only shown");
    hands.types("n").sees("left undone: nothing was changed");
    assert!(all_active(&demo).await, "and declined");
    hands.types("P").sees("PLAN deactivate 1 workflow");
    hands.types("d").sees("POST /api/v1/workflows/");
    hands
        .types("y")
        .sees("deactivated 1 workflow; u takes it back");
    assert!(!all_active(&demo).await);
    hands.types("u").sees("PLAN activate 1 workflow");
    assert!(!all_active(&demo).await, "only shown");
    hands
        .types("y")
        .sees("activated 1 workflow; u takes it back");
    assert!(all_active(&demo).await);

    let audit = "SELECT string_agg(action || ' ' || jsonb_array_length(targets) || ' ' || jsonb_array_length(outcome->'done')
        || coalesce(' ' || substring(note from '^[a-z]+ [a-z]+'), ''), ', ' ORDER BY id) FROM outpost.audit WHERE actor LIKE 'ann@%'";
    assert_eq!(
        one::<String>(&client, audit).await,
        "retry_events 3 2, resolve_errors 2 1 quota raised, set_workflow_active 1 1 deactivate workflow, set_workflow_active 1 1 activate workflow"
    );
    let lines = hands.audit();
    let phases: Vec<&str> = lines
        .iter()
        .map(|line| line["what"]["phase"].as_str().unwrap())
        .collect();
    assert_eq!(phases, ["begin", "end"].repeat(4));
    hands.types("q");
    assert!(hands.terminal.wait().0.success());
    hands.terminal.assert_restored();
    demo.stop().await;
}

/// How many executions of this status n8n lists.
async fn executions(demo: &Demo, status: &str) -> usize {
    drop(rustls::crypto::ring::default_provider().install_default());
    let url = format!(
        "{}/api/v1/executions?limit=250&status={status}",
        demo.n8n_base_url
    );
    let answer = reqwest::Client::new()
        .get(url)
        .header("X-N8N-API-KEY", &demo.n8n_api_key)
        .send();
    let text = answer.await.unwrap().text().await.unwrap();
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    body["data"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_demo_an_execution_is_stopped_and_one_that_failed_is_retried() {
    let options = demo::Options {
        scenario: demo::scenario::Scenario::Slow,
        speed: 3.0,
        ..demo::Options::default()
    };
    let demo = demo::start(options).await.unwrap();
    let client = database::connect(&demo.database_url).await;
    let mut hands = Hands::on_demo(&demo, &[]);
    hands.types("6\t/running\r").sees("EXECUTIONS  /running");
    hands.sees(" running  ").sees(" webhook");
    assert_eq!(executions(&demo, "canceled").await, 0);
    hands.types("gK").sees("PLAN stop 1 execution");
    hands.types("y1\r").sees("stopped 1 execution");
    assert_eq!(executions(&demo, "canceled").await, 1);
    demo.scenario("errors").await.unwrap();
    hands.types("/\u{15}error\r").sees("EXECUTIONS  /error");
    hands.terminal.wait_until("a row that failed", |text| {
        let mut rows = text.lines();
        rows.any(|row| row.contains(" error  ") && row.contains(" webhook"))
    });
    hands.types("gR").sees("PLAN retry 1 execution");
    hands.types("v").sees("as it is saved now");
    hands.types("y");
    let needs = |hands: &mut Hands| hands.terminal.text().contains("confirm");
    thread::sleep(3 * A_KEY);
    hands.terminal.drain();
    if needs(&mut hands) {
        hands.types("1 the provider is back\r");
    }
    hands.sees("retried 1 execution; note 1: ");
    let audit = "SELECT string_agg(action || ' ' || jsonb_array_length(outcome->'done'), ', ' ORDER BY id) FROM outpost.audit WHERE actor LIKE 'ann@%'";
    assert_eq!(
        one::<String>(&client, audit).await,
        "stop_executions 1, retry_executions 1"
    );
    demo.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_site_grown_by_hand_each_write_is_audited_in_the_file() {
    let db = database::classic().await;
    make_work(&db.client).await;
    let mut hands = Hands::on(&db.url, &[], &[]);
    retry(&mut hands, &db.client).await;
    resolve(&mut hands, &db.client).await;
    let lines = hands.audit();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[3]["actor"].as_str().unwrap().starts_with("ann@"),
        "{}",
        lines[3]
    );
    let done = &lines[3]["what"]["outcome"]["done"];
    assert_eq!(done["audited_in_database"], false, "{done}");
    assert_eq!(done["skipped"].as_array().unwrap().len(), 1, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_left_already_is_blocked_and_the_others_take_their_number_and_a_reason() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "SET session_replication_role = replica;
             INSERT INTO marketing.pipeline_events (event_type, payload, status)
             SELECT 'message_queued', jsonb_build_object('record_id', 'hand-' || n, 'contact_id', n, 'campaign_id', 7, 'email', n || '@example.com'), 'failed'
             FROM generate_series(1, 3) AS n;
             INSERT INTO marketing.delivery_log (campaign_id, contact_id) VALUES (7, 2)",
        )
        .await
        .unwrap();
    let mut hands = Hands::on(&db.url, &[], &[]);
    hands.types("2/record:hand\r").sees("hand-3");
    hands.types("*R").sees("PLAN retry 3 events");
    hands.sees("2 eligible, 1 blocked");
    hands.sees("already in the delivery log: sent");
    hands
        .types("d")
        .sees("UPDATE \"marketing\".\"pipeline_events\"");
    hands
        .types("dy3\r")
        .sees("not confirmed: type 2 first, exactly");
    assert_eq!(one::<String>(&db.client, RETRIES).await, "0,0,0");
    hands
        .types("\u{15}2 mail is back\r")
        .sees("retried 2 events");
    assert_eq!(one::<String>(&db.client, RETRIES).await, "1,0,1");
    assert_eq!(
        one::<String>(&db.client, "SELECT note FROM outpost.audit").await,
        "mail is back"
    );
    // What was resolved is open again with one key and a yes.
    db.client
        .batch_execute("INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('email_opened', 'hand-1', 'HTTP 429')")
        .await
        .unwrap();
    hands.types("4/record:hand\r").sees("hand-1");
    thread::sleep(3 * A_KEY);
    hands
        .types("X")
        .types("rotated\r")
        .sees("PLAN resolve 1 error");
    hands.types("y").sees("resolved 1 error; u takes it back");
    assert!(
        one::<String>(&db.client, RESOLVED)
            .await
            .starts_with("ann@")
    );
    hands.types("u").sees("PLAN reopen 1 error");
    hands.types("y").sees("reopened 1 error");
    assert_eq!(
        one::<String>(&db.client, RESOLVED).await,
        "- undone: rotated"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_of_two_hundred_lines_opens_no_plan_and_writes_nothing() {
    let db = database::fresh().await;
    make_work(&db.client).await;
    let mut hands = Hands::on(&db.url, &[], &[]);
    hands.types("2/record:hand\r").sees("hand-3");
    thread::sleep(3 * A_KEY);
    // Marks all, then every key that writes, confirms and gives reasons.
    let lines = crate::hands::writing_line(1).repeat(200);
    hands
        .terminal
        .send(&format!("\u{1b}[200~{lines}\u{1b}[201~"));
    hands.sees("thrown away: no line is open");
    assert!(!hands.terminal.text().contains("PLAN"));
    // A terminal that does not mark what is pasted sends it as keys, faster than a hand.
    hands.terminal.send(&lines);
    hands.terminal.drain();
    thread::sleep(3 * A_KEY);
    hands.sees("thrown away: no line is open");
    assert!(!hands.terminal.text().contains("PLAN"));
    assert_eq!(one::<String>(&db.client, RETRIES).await, "0,0,0");
    assert_eq!(hands.audit(), [] as [serde_json::Value; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_refuses_every_key_that_writes_with_the_reason() {
    let demo = demo::start(demo::Options::default()).await.unwrap();
    let client = database::connect(&demo.database_url).await;
    make_work(&client).await;
    let mut hands = Hands::on_demo(&demo, &["--read-only"]);
    let reason = "read-only: outpost was started with --read-only";
    for (screen, row, key) in [
        ("2/record:hand\r", "hand-3", "R"),
        ("2/record:hand\r", "hand-3", "I"),
        ("6", "Slot Creator", "K"),
        ("4/record:hand\r", "hand-2", "X"),
        ("6", "Slot Creator", "P"),
    ] {
        hands.types(screen).sees(row).types(key).sees(reason);
        assert!(!hands.terminal.text().contains("PLAN"), "{key}");
        hands.types("y\u{1b}");
    }
    assert_eq!(one::<String>(&client, RETRIES).await, "0,0,0");
    assert_eq!(one::<String>(&client, RESOLVED).await, "-,-");
    assert!(all_active(&demo).await);
    assert_eq!(hands.audit(), [] as [serde_json::Value; 0]);
    demo.stop().await;
}

#[tokio::test]
async fn the_server_itself_refuses_what_a_read_only_console_would_write() {
    let db = database::fresh().await;
    make_work(&db.client).await;
    let mut settings = Settings::new(Address::parse(Some(&db.url), |_| None).unwrap());
    settings.read_only = true;
    let target = EventTarget {
        id: RowId::from(1),
        stage: EventType::from("email_opened"),
        side_effect: SideEffect::Internal,
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    let plan =
        crate::mutations::shown(&db.client, Mutation::RetryEvents(vec![target].into())).await;
    let outcome = Writer::new(settings, "ann@host".to_owned())
        .carry_out(&plan)
        .await;
    let fault = outcome.unwrap_err().to_string();
    assert!(fault.contains("read-only"), "{fault}");
    assert_eq!(one::<String>(&db.client, RETRIES).await, "0,0,0");
}

/// Claims the one group of errors, leaves, comes back, and sees the claim again.
fn claim(hands: &mut Hands, where_it_is_kept: &str) {
    hands.types("4/record:hand\r").sees("HTTP 429");
    hands.types("A").sees("who takes it");
    hands.types("me; with the vendor\r").sees("STORE");
    hands.sees(where_it_is_kept).sees("1 eligible");
    hands.types("y").sees("assigned 1 group; u takes it back");
    hands.sees("owner ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_site_grown_by_hand_a_claim_is_kept_on_this_machine_and_outlives_the_console() {
    let db = database::classic().await;
    make_work(&db.client).await;
    let mut hands = Hands::on(&db.url, &[], &[]);
    hands
        .types("4")
        .sees("local only, outpost.triage is not there");
    claim(&mut hands, "local only: outpost.triage is not there");
    hands.types("Z3 more\r").sees("WAKES").types("y");
    hands.sees("ignored 1 group").sees("(wakes after");
    let names: Vec<String> = hands
        .audit()
        .iter()
        .filter_map(|line| {
            Some(
                line["what"]["plan"]["mutation"]["Triage"]["deed"]
                    .as_str()?
                    .to_owned(),
            )
        })
        .collect();
    assert_eq!(names, ["assign", "ignore"]);
    let home = hands.state.path().to_str().unwrap().to_owned();
    hands.types("q");
    let mut again = Hands::on(&db.url, &[], &[("XDG_STATE_HOME", &home)]);
    again
        .types("4/record:hand\r")
        .types("[[")
        .sees("after 3 more")
        .sees("with the vendor");
    again.types("Z").sees("un-ignore").sees("1 eligible");
    again.types("y").sees("un-ignored 1 group");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_seen_on_every_console_of_the_database() {
    let db = database::fresh().await;
    make_work(&db.client).await;
    let mut ann = Hands::on(&db.url, &[], &[]);
    let mut ben = Hands::on(&db.url, &[], &[("USER", "ben")]);
    // Ben has his plan before him when ann says yes to hers.
    ben.types("4/record:hand\r").sees("HTTP 429");
    ben.types("A\r").sees("1 eligible");
    claim(&mut ann, "outpost.triage, where every console sees it");
    ben.types("y").sees("skipped 1").sees("ann@");
    ben.sees("owner ann").sees("with the vendor");
    ann.types("u").sees("set back 1 group").sees("1 eligible");
    ann.types("y").sees("unassigned");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_stands_in_the_history_and_is_taken_back_from_there() {
    for db in [database::fresh().await, database::classic().await] {
        make_work(&db.client).await;
        let mut hands = Hands::on(&db.url, &[], &[]);
        hands
            .types("4mjj/record:hand\r")
            .sees("hand-2")
            .types("*X")
            .sees("why these errors");
        hands
            .types("rotated\r")
            .sees("2 eligible")
            .types("y")
            .sees("resolved 2 errors");
        assert_eq!(
            one::<String>(&db.client, RESOLVED)
                .await
                .matches("rotated")
                .count(),
            2
        );
        hands.types("H").sees("resolve_errors").sees("2 done");
        hands.types("E").sees("written: audit");
        let exports = std::fs::read_dir(hands.state.path().join("outpost/exports")).unwrap();
        assert_eq!(exports.count(), 2);
        hands
            .types("\r")
            .sees("ROWS, and what became of each")
            .sees("u plans to reopen 2 errors");
        hands
            .types("u")
            .sees("PLAN reopen 2 errors")
            .sees("2 eligible");
        hands.types("y").sees("reopened 2 errors");
        assert_eq!(
            one::<String>(&db.client, RESOLVED).await,
            "- undone: rotated,- undone: rotated"
        );
        hands.types("\u{1b}").sees("reopen_errors");
    }
}
