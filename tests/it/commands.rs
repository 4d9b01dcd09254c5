//! The command line that lists and changes: what is applied is what was printed, or nothing.

use std::process::Output;

use serde_json::Value;

use crate::{database, headless::run_in};

/// A console without a screen on one database, with a home of its own.
pub(crate) struct Shell {
    home: tempfile::TempDir,
    url: String,
    /// `TZ`.
    zone: String,
}

impl Shell {
    pub(crate) fn on(url: &str) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            url: url.to_owned(),
            zone: "UTC".to_owned(),
        }
    }

    /// Exit code, output, complaints; neither has an escape sequence.
    pub(crate) async fn run(&self, args: &[&str]) -> (i32, String, String) {
        let (home, url) = (self.home.path().to_owned(), self.url.clone());
        let zone = self.zone.clone();
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let run = move || {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            run_in(
                &home,
                &args,
                &[("DATABASE_URL", &url), ("USER", "ann"), ("TZ", &zone)],
            )
        };
        let Output {
            status,
            stdout,
            stderr,
        } = tokio::task::spawn_blocking(run).await.unwrap();
        let text = |bytes| {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains('\u{1b}'), "{text:?}");
            text
        };
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    pub(crate) async fn json(&self, args: &[&str]) -> Value {
        let (code, out, err) = self.run(args).await;
        assert!(code < 2, "{code}: {err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out} {err}"))
    }
}

const EVENTS: &str = "
    INSERT INTO marketing.pipeline_events (event_type, payload, status, error_message)
    SELECT 'email_opened', jsonb_build_object('record_id', 'rec-' || n), 'failed', 'HTTP 429' FROM generate_series(1, 3) n;
    INSERT INTO marketing.pipeline_events (event_type, payload, status)
    SELECT 'email_opened', jsonb_build_object('record_id', 'rec-9'), 'processed';
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
    SELECT 'email_opened', 'rec-' || n, E'HTTP 429 \\x1b[31m' FROM generate_series(1, 2) n";

async fn retries(client: &outpost::sources::postgres::Client) -> String {
    let sql = "SELECT string_agg(status || coalesce(retry_count, 0), ',' ORDER BY id) FROM marketing.pipeline_events";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_plan_is_printed_with_its_hash_and_exactly_that_is_applied_once() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let shell = Shell::on(&db.url);
    let filter = ["events", "retry", "--filter", "stage:email_opened"];
    let plan = shell.json(&[&filter[..], &["--plan"]].concat()).await;
    assert_eq!(plan["rows"].as_array().unwrap().len(), 3, "{plan:#}");
    assert_eq!(plan["action"], "retry_events");
    assert_eq!(plan["strategy"], "requeue+notify");
    assert_eq!(plan["needs"], "hash");
    assert!(plan["statement"].as_str().unwrap().contains("UPDATE"));
    let again = shell.json(&[&filter[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    assert_eq!(again["hash"], hash, "time makes no other plan");
    assert_eq!(
        retries(&db.client).await,
        "failed0,failed0,failed0,processed0"
    );

    let apply = [&filter[..], &["--apply", hash]].concat();
    let (code, out, err) = shell.run(&apply).await;
    assert_eq!(code, 0, "{out} {err}");
    let outcome: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(outcome["done"].as_array().unwrap().len(), 3, "{out}");
    assert_eq!(
        retries(&db.client).await,
        "pending1,pending1,pending1,processed0"
    );
    let audit = "SELECT actor LIKE 'ann@%' AND action = 'retry_events' FROM outpost.audit";
    assert!(
        db.client
            .query_one(audit, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );

    let (code, out, err) = shell.run(&apply).await;
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(
        err.contains("nothing was changed: the plan is another one by now"),
        "{err}"
    );
    assert!(err.contains("3 rows left it: 1, 2, 3"), "{err}");
}

#[tokio::test]
async fn another_strategy_is_another_plan_and_only_its_own_hash_applies_it() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let shell = Shell::on(&db.url);
    let filter = ["events", "retry", "--filter", "id=2"];
    let requeue = shell.json(&[&filter[..], &["--plan"]].concat()).await;
    let by_clone = [&filter[..], &["--strategy", "clone"]].concat();
    let plan = shell.json(&[&by_clone[..], &["--plan"]].concat()).await;
    assert_eq!(plan["strategy"], "clone", "{plan:#}");
    assert!(plan["statement"].as_str().unwrap().contains("INSERT"));
    let (mine, other) = (plan["hash"].as_str().unwrap(), &requeue["hash"]);
    assert_ne!(other, mine);
    let apply = [&filter[..], &["--apply", mine]].concat();
    let (code, _, err) = shell.run(&apply).await;
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("the strategy was clone, it is requeue+notify"),
        "{err}"
    );
    let apply = [&by_clone[..], &["--apply", mine]].concat();
    let (code, out, err) = shell.run(&apply).await;
    assert_eq!(code, 0, "{out} {err}");
    let outcome: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(outcome["clones"][0]["of"], "2", "{out}");
    assert_eq!(
        retries(&db.client).await,
        "failed0,failed1,failed0,processed0,pending1"
    );
    let by_webhook = [&filter[..], &["--strategy", "webhook", "--plan"]].concat();
    let plan = shell.json(&by_webhook).await;
    assert_eq!(plan["needs"], "nothing to run", "{plan:#}");
}

#[tokio::test]
async fn a_purge_is_applied_by_its_hash_with_a_reason_and_only_where_it_is_allowed() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
             SELECT 'x', CASE n WHEN 4 THEN 'failed' ELSE 'processed' END, now() - interval '40 days', now() - interval '40 days' FROM generate_series(1, 4) AS n",
        )
        .await
        .unwrap();
    let shell = Shell::on(&db.url);
    let plan = shell.json(&["purge", "--plan"]).await;
    assert_eq!(plan["old"][0]["count"], 3, "{plan:#}");
    assert_eq!(plan["needs"], "hash and reason");
    let hash = plan["hash"].as_str().unwrap();
    let apply = ["purge", "--apply", hash, "--reason", "the disk is full"];
    let (code, _, err) = shell.run(&apply).await;
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("safety.allow_destructive"), "{err}");

    let file = shell.home.path().join("allowed.toml");
    std::fs::write(&file, "[safety]\nallow_destructive = true\n").unwrap();
    let allowed = ["--config", file.to_str().unwrap()];
    let (code, _, err) = shell.run(&[&allowed[..], &apply[..3]].concat()).await;
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("--reason"), "{err}");
    let touch = "UPDATE marketing.pipeline_events SET processed_at = now() WHERE id = 1";
    db.client.batch_execute(touch).await.unwrap();
    let apply = [&allowed[..], &apply[..]].concat();
    let (code, _, err) = shell.run(&apply).await;
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("what is old is another number by now: pipeline_events 2"),
        "{err}"
    );
    assert_eq!(
        retries(&db.client).await,
        "processed0,processed0,processed0,failed0"
    );

    let plan = shell.json(&["purge", "--plan"]).await;
    let hash = plan["hash"].as_str().unwrap();
    let apply = [
        &allowed[..],
        &["purge", "--apply", hash, "--reason", "the disk is full"],
    ]
    .concat();
    let (code, out, err) = shell.run(&apply).await;
    assert_eq!(code, 0, "{out} {err}");
    let outcome: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(outcome["deleted"][0][1], 2, "{out}");
    assert!(err.contains("purge pipeline_events"), "{err}");
    assert_eq!(retries(&db.client).await, "processed0,failed0");
}

#[tokio::test]
async fn a_plan_whose_rows_were_touched_since_is_refused_and_says_which() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let shell = Shell::on(&db.url);
    let resolve = ["errors", "resolve", "--filter", "stage:email_opened"];
    let plan = shell.json(&[&resolve[..], &["--plan"]].concat()).await;
    assert_eq!(plan["needs"], "hash and reason");
    let hash = plan["hash"].as_str().unwrap();
    db.client
        .batch_execute(
            "UPDATE marketing.pipeline_errors SET severity = 'critical' WHERE id = 2;
             INSERT INTO marketing.pipeline_errors (event_type, record_id) VALUES ('email_opened', 'rec-3')",
        )
        .await
        .unwrap();
    let apply = [&resolve[..], &["--reason", "rotated", "--apply", hash]].concat();
    let (code, _, err) = shell.run(&apply).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("1 row came to it: 3"), "{err}");
    assert!(err.contains("1 row changed: 2"), "{err}");

    let plan = shell.json(&[&resolve[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    let (code, _, err) = shell
        .run(&[&resolve[..], &["--apply", hash]].concat())
        .await;
    assert_eq!(code, 1);
    assert!(err.contains("--reason"), "{err}");
    let apply = [&resolve[..], &["--reason", "rotated", "--apply", hash]].concat();
    let (code, out, err) = shell.run(&apply).await;
    assert_eq!(code, 0, "{out} {err}");
    let sql =
        "SELECT bool_and(resolved AND resolution_notes = 'rotated') FROM marketing.pipeline_errors";
    assert!(
        db.client
            .query_one(sql, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );

    let reopen = ["errors", "reopen", "--filter", "record=rec-1"];
    let plan = shell.json(&[&reopen[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    let apply = [&reopen[..], &["--reason", "not yet", "--apply", hash]].concat();
    let (code, out, err) = shell.run(&apply).await;
    assert_eq!(code, 0, "{out} {err}");
    let sql = "SELECT count(*) FROM marketing.pipeline_errors WHERE NOT resolved";
    assert_eq!(
        db.client
            .query_one(sql, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        1
    );
}

#[tokio::test]
async fn people_are_written_to_only_with_a_reason_also_without_a_screen() {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "SET session_replication_role = replica;
             INSERT INTO marketing.pipeline_events (event_type, payload, status)
             SELECT 'message_queued', jsonb_build_object('contact_id', n, 'campaign_id', 7, 'email', n || '@example.com'), 'failed'
             FROM generate_series(1, 3) AS n;
             INSERT INTO marketing.delivery_log (campaign_id, contact_id) VALUES (7, 2)",
        )
        .await
        .unwrap();
    let shell = Shell::on(&db.url);
    let retry = ["events", "retry"];
    let plan = shell.json(&[&retry[..], &["--plan"]].concat()).await;
    assert_eq!(plan["needs"], "hash and reason");
    assert_eq!(plan["people"], 2);
    assert_eq!(plan["blocked"][0]["id"], "2");
    let hash = plan["hash"].as_str().unwrap();
    let (code, _, err) = shell.run(&[&retry[..], &["--apply", hash]].concat()).await;
    assert_eq!(code, 1);
    assert!(err.contains("people are written to"), "{err}");
    assert_eq!(retries(&db.client).await, "failed0,failed0,failed0");
    let read_only = [
        &retry[..],
        &["--apply", hash, "--reason", "mail is back", "--read-only"],
    ]
    .concat();
    let (code, _, err) = shell.run(&read_only).await;
    assert_eq!(code, 2);
    assert!(err.contains("read-only"), "{err}");
    assert_eq!(retries(&db.client).await, "failed0,failed0,failed0");
    let (code, out, err) = shell
        .run(&[&retry[..], &["--apply", hash, "--reason", "mail is back"]].concat())
        .await;
    assert_eq!(code, 0, "{out} {err}");
    assert_eq!(retries(&db.client).await, "pending1,failed0,pending1");
}

#[tokio::test]
async fn errors_are_listed_as_text_as_json_and_by_line_and_their_events_are_retried() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let shell = Shell::on(&db.url);
    let list = ["errors", "list", "--filter", "record=rec-2"];
    let (code, text, _) = shell.run(&list).await;
    assert_eq!((code, text.lines().count()), (0, 2), "{text}");
    assert!(
        text.contains("email_opened") && text.contains("rec-2"),
        "{text}"
    );
    let all = shell.json(&["errors", "list", "--json"]).await;
    assert_eq!(all["rows"].as_array().unwrap().len(), 2);
    assert_eq!(all["is_bounded"], false);
    let (_, lines, _) = shell
        .run(&["events", "list", "--jsonl", "--limit", "2"])
        .await;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (lines.lines().count(), &first["status"]),
        (2, &Value::from("processed"))
    );

    let retry = ["errors", "retry", "--filter", "record=rec-2", "--plan"];
    let plan = shell.json(&retry).await;
    assert_eq!(plan["rows"].as_array().unwrap().len(), 1, "{plan:#}");
    assert_eq!(plan["rows"][0]["id"], "2");

    let (code, _, err) = shell.run(&["events", "list", "--filter", "stagge:x"]).await;
    assert_eq!(code, 1);
    assert!(err.contains("filter: "), "{err}");
    let (code, _, err) = shell.run(&["events", "retry"]).await;
    assert_eq!(code, 1, "neither --plan nor --apply: {err}");
}

#[tokio::test]
async fn errors_are_listed_by_what_only_their_group_can_tell() {
    let db = database::fresh().await;
    let made = "
        INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, created_at, resolved, resolved_at)
        VALUES ('a', '1', 'HTTP 500', now() - interval '3 days', true, now() - interval '2 days');
        INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, created_at)
        VALUES ('a', '2', 'HTTP 500', now() - interval '1 h'), ('b', '3', 'crm 401', now() - interval '2 h'),
               ('c', '4', 'null value', now() - interval '3 days');
        INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, resolved, resolved_at)
        VALUES ('d', '5', 'gone', true, now())";
    db.client.batch_execute(made).await.unwrap();
    let shell = Shell::on(&db.url);
    let mut found = Vec::new();
    for filter in [
        "is:new",
        "is:regressed",
        "!is:new !is:regressed",
        "n:1 is:new",
        "owner:x",
    ] {
        let listed = ["errors", "list", "--jsonl", "--filter", filter];
        let (code, out, err) = shell.run(&listed).await;
        assert_eq!(code, 0, "{filter}: {err}");
        let row = |line: &str| {
            let row: Value = serde_json::from_str(line).unwrap();
            row["record_id"].as_str().unwrap().to_owned()
        };
        let mut records: Vec<String> = out.lines().map(row).collect();
        records.sort();
        found.push((filter, records.join(" ")));
    }
    let expected = [
        ("is:new", "3"),
        ("is:regressed", "2"),
        ("!is:new !is:regressed", "4"),
        ("n:1 is:new", "3"),
        ("owner:x", ""),
    ];
    assert_eq!(
        found,
        expected.map(|(filter, records)| (filter, records.to_owned()))
    );
}

#[tokio::test]
async fn what_was_done_is_listed_and_exported_from_the_table_and_the_file() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let forged = "INSERT INTO outpost.audit (at, actor, action, targets, note, outcome)
        VALUES (now() - interval '9 days', E'=HYPERLINK(\"x\")\\x1b[31m', '+1', '[]', '+sum jane@umbrella.example', '{}')";
    db.client.batch_execute(forged).await.unwrap();
    let shell = Shell::on(&db.url);
    let act = [
        "errors",
        "resolve",
        "--filter",
        "stage:email_opened",
        "--reason",
        "rotated",
    ];
    let plan = shell.json(&[&act[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    let (code, out, err) = shell.run(&[&act[..], &["--apply", hash]].concat()).await;
    assert_eq!(code, 0, "{out} {err}");

    let (code, out, err) = shell.run(&["audit", "list"]).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(
        lines[1].contains("resolve_errors\t2\t2 done\trotated"),
        "{out}"
    );
    let (_, out, _) = shell
        .run(&["audit", "list", "--json", "--since", "1h"])
        .await;
    let row: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(
        (&row["source"], &row["undoable"]),
        (&"table".into(), &true.into())
    );
    let (_, out, _) = shell
        .run(&["audit", "list", "--json", "--filter", "who:nobody"])
        .await;
    assert_eq!(out, "");

    exported(&shell).await;

    // Without the table the file of this machine is what there is.
    db.client
        .batch_execute("DROP TABLE outpost.audit")
        .await
        .unwrap();
    let (code, out, err) = shell.run(&["audit", "list"]).await;
    assert_eq!(code, 1, "{out}");
    assert!(err.contains("outpost.audit is not there"), "{err}");
    assert!(out.contains("resolve_errors\t2\t2 done\trotated"), "{out}");
}

/// What the history holds goes into files: no cell a formula, each row with its fate, none written over.
async fn exported(shell: &Shell) {
    let (_, out, _) = shell.run(&["audit", "export", "--csv"]).await;
    assert!(
        out.contains("\"'=HYPERLINK")
            && out.contains("\"'+1\"")
            && out.contains("\"'+sum j***@umbrella.example\""),
        "{out}"
    );
    let path = shell.home.path().join("all.jsonl");
    let path = path.to_str().unwrap();
    let (code, out, err) = shell.run(&["audit", "export", "--output", path]).await;
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let all = std::fs::read_to_string(path).unwrap();
    let first: Value = serde_json::from_str(all.lines().next().unwrap()).unwrap();
    assert_eq!(first["rows"].as_array().unwrap().len(), 2, "{first:#}");
    assert_eq!(first["rows"][0]["fate"], "done");
    let (code, _, err) = shell.run(&["audit", "export", "--output", path]).await;
    assert_eq!(code, 2, "a file is never written over: {err}");
    let (code, _, err) = shell.run(&["audit", "list", "--since", "never"]).await;
    assert_eq!(code, 1, "{err}");
}

#[tokio::test]
async fn a_filter_of_the_command_line_looks_in_the_payloads_of_events() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let more = "UPDATE marketing.pipeline_events SET payload = payload || '{\"plan\": {\"tier\": \"gold\"}}' WHERE payload->>'record_id' = 'rec-2'";
    db.client.batch_execute(more).await.unwrap();
    let shell = Shell::on(&db.url);
    let list = [
        "errors",
        "list",
        "--json",
        "--filter",
        "payload.plan.tier=gold",
    ];
    let found = shell.json(&list).await;
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{found:#}");
    assert_eq!(rows[0]["record_id"], "rec-2");
}

#[tokio::test]
async fn of_two_databases_on_one_machine_each_history_has_its_own() {
    let (one, other) = tokio::join!(database::fresh(), database::fresh());
    for db in [&one, &other] {
        // The file is all there is of what was done.
        let sql = format!("{EVENTS}; DROP TABLE outpost.audit");
        db.client.batch_execute(&sql).await.unwrap();
    }
    let mut shell = Shell::on(&one.url);
    let resolve = ["errors", "resolve", "--reason", "rotated", "--filter"];
    let resolve = [&resolve[..], &["stage:email_opened"]].concat();
    let plan = shell.json(&[&resolve[..], &["--plan"]].concat()).await;
    let hash = plan["hash"].as_str().unwrap();
    let apply = ["--apply", hash];
    let (code, out, err) = shell.run(&[&resolve[..], &apply].concat()).await;
    assert_eq!(code, 0, "{out} {err}");
    let file = shell.home.path().join(".local/state/outpost/audit.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let place = line["database"].as_str().unwrap().to_owned();
    assert!(place.ends_with(" marketing"), "{place}");
    assert!(!place.contains('@'), "{place}");
    let (_, out, err) = shell.run(&["audit", "list"]).await;
    assert!(out.contains("resolve_errors\t2\t2 done\trotated"), "{out}");
    assert!(!err.contains("left out"), "{err}");

    shell.url.clone_from(&other.url);
    let (_, out, err) = shell.run(&["audit", "list"]).await;
    assert_eq!(out.lines().count(), 1, "{out}");
    let said = "1 entry of another database is left out (--all-databases)";
    assert!(err.contains(said), "{err}");
    let all = ["audit", "list", "--all-databases", "--json"];
    let (_, out, err) = shell.run(&all).await;
    let row: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(row["database"], Value::from(place));
    assert_eq!(row["undoable"], false, "its keys are not of this database");
    assert!(!err.contains("left out"), "{err}");
}

/// The triage of the one group, as text.
async fn said(client: &outpost::sources::postgres::Client) -> String {
    let sql = "SELECT coalesce(owner, '-') || ' ' || coalesce(note, '-') || ' ' || coalesce(to_char(ignored_until AT TIME ZONE 'UTC', 'HH24:MI'), '-') || ' ' || coalesce(ignored_more, 0) FROM outpost.triage";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn groups_are_assigned_noted_and_ignored_by_a_plan_and_by_exactly_that() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let shell = Shell::on(&db.url);
    let act = |args: &[&str]| -> Vec<String> {
        let whole = ["errors"].iter().chain(args);
        let whole = whole.chain(&["--filter", "stage:email_opened"]);
        whole.map(|arg| (*arg).to_owned()).collect()
    };
    let done = async |args: &[&str]| {
        let args = act(args);
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.push("--plan");
        let plan = shell.json(&args).await;
        assert_eq!(plan["rows"].as_array().unwrap().len(), 1, "{plan:#}");
        assert_eq!(plan["needs"], "hash");
        args.pop();
        let hash = plan["hash"].as_str().unwrap();
        args.extend(["--apply", hash]);
        let (code, out, err) = shell.run(&args).await;
        assert_eq!(code, 0, "{out} {err}");
        (
            plan["words"].as_str().unwrap().to_owned(),
            said(&db.client).await,
        )
    };
    let (words, after) = done(&["assign", "--to", "ben", "--note", "vendor asked"]).await;
    assert_eq!(
        words,
        "assign 1 group: owner ben (was nobody); note \"vendor asked\""
    );
    assert_eq!(after, "ben vendor asked - 0");
    let (_, after) = done(&["note", "--note", ""]).await;
    assert_eq!(after, "ben - - 0");
    let (words, after) = done(&["ignore", "--until", "50 more", "--note", "known"]).await;
    assert!(words.contains("ignored until 50 more came"), "{words}");
    assert_eq!(after, "ben known - 50");
    let (words, after) = done(&["ignore", "--end"]).await;
    assert!(words.contains("not ignored"), "{words}");
    assert_eq!(after, "ben known - 0");
    // A span is counted from when the plan was shown, so that the hash holds.
    let (words, _) = done(&["ignore", "--until", "4h"]).await;
    assert!(words.contains("ignored until 20"), "{words}");
}

#[tokio::test]
async fn what_is_planned_here_until_a_moment_is_applied_on_another_machine_by_that_moment() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    // Each has a state directory of its own.
    let (here, there) = (Shell::on(&db.url), Shell::on(&db.url));
    let plan = here
        .json(&["errors", "ignore", "--until", "4h", "--plan"])
        .await;
    let (until, hash) = (plan["until"].as_str(), plan["hash"].as_str());
    let (until, hash) = (until.unwrap(), hash.unwrap());
    let again = ["errors", "ignore", "--until", until];
    let same = there.json(&[&again[..], &["--plan"]].concat()).await;
    assert_eq!(
        (&same["hash"], &same["until"]),
        (&plan["hash"], &plan["until"])
    );
    let (code, out, err) = there.run(&[&again[..], &["--apply", hash]].concat()).await;
    assert_eq!(code, 0, "{out} {err}");
    let sql = "SELECT to_char(ignored_until AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM outpost.triage";
    let kept: String = db.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(kept, until);
}

#[tokio::test]
async fn a_group_that_somebody_takes_between_the_plan_and_the_hash_is_left_and_what_makes_no_sense_is_said()
 {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let shell = Shell::on(&db.url);
    let args = ["errors", "assign", "--to", "zoe"];
    let plan = shell.json(&[&args[..], &["--plan"]].concat()).await;
    let id = plan["rows"][0]["id"].as_str().unwrap();
    let other = format!(
        "INSERT INTO outpost.triage (id, stage, says, owner, owned_at, note, changed_by)
         VALUES ('{id}', 'email_opened', 'x', 'carol@ops', now(), 'known', 'carol@ops')"
    );
    db.client.batch_execute(&other).await.unwrap();
    let hash = plan["hash"].as_str().unwrap();
    let (code, _, err) = shell.run(&[&args[..], &["--apply", hash]].concat()).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("nothing was changed"), "{err}");
    for (wrong, why) in [
        (
            &["assign", "--to", "a b", "--plan"][..],
            "a name has no spaces",
        ),
        (&["assign", "--to", "ben;x", "--plan"], "no semicolon here"),
        (&["ignore", "--until", "soon", "--plan"], "say until when"),
        (
            &["note", "--note", "known", "--plan"],
            "nothing would change",
        ),
        (
            &["note", "--note", "x", "--filter", "stage:nowhere", "--plan"],
            "no group",
        ),
    ] {
        let (code, out, err) = shell.run(&[&["errors"], wrong].concat()).await;
        assert!(
            code > 0 && err.contains(why),
            "{wrong:?}: {code} {out} {err}"
        );
    }
}

#[tokio::test]
async fn a_time_of_day_is_read_by_the_clocks_that_will_hold_then() {
    let db = database::fresh().await;
    db.client.batch_execute(EVENTS).await.unwrap();
    let mut shell = Shell::on(&db.url);
    shell.zone = "CET-1CEST,M3.5.0,M10.5.0/3".to_owned();
    let today = chrono::Utc::now();
    let year = |month: u32| {
        use chrono::Datelike as _;
        today.year() + i32::from(today.month() >= month)
    };
    // One of the two is on the other side of a change from now.
    for (date, utc) in [
        (format!("{}-01-15 09:00", year(1)), "08:00Z"),
        (format!("{}-07-15 09:00", year(7)), "07:00Z"),
    ] {
        let args = ["errors", "ignore", "--until", &date, "--plan"];
        let plan = shell.json(&args).await;
        let words = plan["words"].as_str().unwrap();
        assert!(words.ends_with(utc), "{date}: {words}");
    }
}
