//! The audit history: what is kept of each plan, read back page by page, exported harmlessly, and taken back by a new plan.

mod back;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use outpost::{
    domain::{
        audit::{
            Answer, Counts, Entry, EntryId, Fate, Filed, Page, Question, RowFate, Whole, lines,
            sheet,
        },
        event::RowId,
        plan::{Marks, Mutation},
        untrusted::Untrusted,
    },
    effect::Effect,
    model::{Options, Overlay},
    msg::Msg,
    sources::postgres::{Client, mutations::Writer, queries},
};
use pretty_assertions::assert_eq;

use crate::{
    connect, database,
    mutations::{shown, writer},
    scenario::Scenario,
    snapshots::snapshot,
    worlds,
};

pub(crate) async fn page(client: &Client, before: Option<i64>, limit: i64) -> Page {
    let catalog = database::catalog(client, "marketing").await;
    queries::page(client, &catalog, before, limit)
        .await
        .unwrap()
}

async fn whole(client: &Client, entry: &Entry) -> Whole {
    let EntryId::Row(key) = entry.id else {
        panic!("{entry:?}");
    };
    let catalog = database::catalog(client, "marketing").await;
    queries::whole(client, &catalog, key)
        .await
        .unwrap()
        .unwrap()
}

async fn errors(client: &Client, n: i64) {
    let sql = format!(
        "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
         SELECT 'slots_created', n::text, 'no' FROM generate_series(1, {n}) n"
    );
    client.batch_execute(&sql).await.unwrap();
}

fn resolve(ids: impl IntoIterator<Item = i64>) -> Mutation {
    Mutation::ResolveErrors {
        ids: ids.into_iter().map(RowId::from).collect(),
        note: "key rotated".to_owned(),
    }
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

const RESOLVED: &str = "SELECT count(*) FROM marketing.pipeline_errors WHERE resolved";

#[tokio::test]
async fn an_entry_keeps_what_became_of_each_row_and_is_taken_back_by_a_new_plan() {
    let db = database::fresh().await;
    errors(&db.client, 3).await;
    let plan = shown(&db.client, resolve(1..=3)).await;
    let moved = "UPDATE marketing.pipeline_errors SET severity = 'critical' WHERE id = 3";
    db.client.batch_execute(moved).await.unwrap();
    writer(&db).carry_out(&plan).await.unwrap();

    let read = page(&db.client, None, 9).await;
    assert!(read.is_last && read.missing.is_none());
    let entry = &read.entries[0];
    assert_eq!(entry.outcome(), "2 done, 1 skipped");
    assert_eq!(entry.note, Some(Untrusted::from("key rotated")));
    assert_eq!((entry.targets, entry.is_undoable), (3, true));
    assert_eq!(entry.role, Some(Untrusted::from("postgres")));
    let whole = whole(&db.client, entry).await;
    let fates: Vec<(String, Fate)> = whole
        .rows
        .iter()
        .map(|row| (row.id.display(), row.fate))
        .collect();
    let expected = [("3", Fate::Skipped), ("1", Fate::Done), ("2", Fate::Done)];
    assert_eq!(fates, expected.map(|(id, fate)| (id.to_owned(), fate)));
    assert!(whole.rows[0].why.is_some());

    let undo = shown(&db.client, whole.undo.unwrap()).await;
    let outcome = writer(&db).carry_out(&undo).await.unwrap();
    assert_eq!(outcome.done.len(), 2);
    assert_eq!(count(&db.client, RESOLVED).await, 0);
    let read = page(&db.client, None, 9).await;
    assert_eq!(read.entries[0].action, Untrusted::from("reopen_errors"));
    assert!(!read.entries[0].is_undoable);
}

#[tokio::test]
async fn what_another_operator_resolved_is_reopened_but_for_what_a_third_resolved_since() {
    let db = database::fresh().await;
    errors(&db.client, 3).await;
    let plan = shown(&db.client, resolve(1..=3)).await;
    let mut ben = Writer::new(connect::settings(&db.url), "ben@host".to_owned());
    ben.carry_out(&plan).await.unwrap();
    let third = "UPDATE marketing.pipeline_errors SET resolved_by = 'carol@host', resolved_at = now() WHERE id = 2";
    db.client.batch_execute(third).await.unwrap();

    let entry = page(&db.client, None, 9).await.entries.remove(0);
    assert_eq!(entry.actor, Untrusted::from("ben@host"));
    let undo = whole(&db.client, &entry).await.undo.unwrap();
    let plan = shown(&db.client, undo).await;
    let blocked = &plan.examined.as_ref().unwrap().blocked;
    let why = "it is resolved already, by carol@host, not by ben@host";
    assert_eq!(*blocked, [(RowId::from(2), why.to_owned())]);
    // Between the plan and the yes, the third takes another.
    db.client
        .batch_execute(&third.replace("id = 2", "id = 3"))
        .await
        .unwrap();
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done, [RowId::from(1)]);
    let why = "it is resolved by carol@host now".to_owned();
    assert_eq!(outcome.skipped, [(RowId::from(3), why)]);
    assert_eq!(count(&db.client, RESOLVED).await, 2);
}

/// Resolves or reopens by `mutation`, and gives the entry of that, whole.
async fn done(db: &database::Db, mutation: Mutation) -> Whole {
    let plan = shown(&db.client, mutation).await;
    let outcome = writer(db).carry_out(&plan).await.unwrap();
    assert!(!outcome.done.is_empty(), "{outcome:?}");
    let entry = page(&db.client, None, 9).await.entries.remove(0);
    whole(&db.client, &entry).await
}

#[tokio::test]
async fn an_old_undo_leaves_alone_what_the_same_operator_resolved_again_later() {
    let db = database::fresh().await;
    errors(&db.client, 3).await;
    let first = done(&db, resolve(1..=3)).await;
    let Some(Mutation::ReopenErrors {
        note, by, marks, ..
    }) = first.undo.clone()
    else {
        panic!("{first:?}");
    };
    let second = Mutation::ReopenErrors {
        ids: vec![RowId::from(2)],
        note,
        by,
        marks,
    };
    done(&db, second).await;
    done(&db, resolve([2])).await;

    let plan = shown(&db.client, first.undo.clone().unwrap()).await;
    let blocked = &plan.examined.as_ref().unwrap().blocked;
    let why = "it was resolved anew since: that is not what is taken back here";
    assert_eq!(*blocked, [(RowId::from(2), why.to_owned())]);
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done, [1, 3].map(RowId::from));
    assert_eq!(count(&db.client, RESOLVED).await, 1);
    // What an older program wrote down does not tell them apart.
    let Some(Mutation::ReopenErrors { ids, note, by, .. }) = first.undo else {
        panic!("it was there");
    };
    let older = Mutation::ReopenErrors {
        ids,
        note,
        by,
        marks: Marks::default(),
    };
    let plan = shown(&db.client, older).await;
    assert_eq!(plan.runs(), [RowId::from(2)]);
}

#[tokio::test]
async fn where_no_moment_is_kept_the_version_tells_one_resolution_from_another() {
    let db = database::classic().await;
    db.client
        .batch_execute(
            "DROP FUNCTION marketing.resolve_pipeline_error;
             ALTER TABLE marketing.pipeline_errors DROP COLUMN resolved_at CASCADE;
             INSERT INTO marketing.pipeline_errors (id, event_type, record_id, error_message) VALUES (9001, 'slots_created', '1', 'no'), (9002, 'slots_created', '2', 'no')",
        )
        .await
        .unwrap();
    let plan = shown(&db.client, resolve([9001, 9002])).await;
    let outcome = writer(&db).carry_out(&plan).await.unwrap();
    assert_eq!(outcome.done, [9001, 9002].map(RowId::from));
    let undo = plan.mutation.undo(&outcome, "ann@host").unwrap();
    let touched = "UPDATE marketing.pipeline_errors SET error_message = 'no!' WHERE id = 9001";
    db.client.batch_execute(touched).await.unwrap();
    let plan = shown(&db.client, undo).await;
    let blocked = &plan.examined.as_ref().unwrap().blocked;
    assert_eq!(plan.runs(), [RowId::from(9002)], "{blocked:?}");
}

#[tokio::test]
async fn of_several_pipelines_in_a_database_each_has_its_own_history() {
    let db = database::fresh().await;
    errors(&db.client, 1).await;
    done(&db, resolve([1])).await;
    let others = "INSERT INTO outpost.audit (actor, action, targets, outcome, schema_name) VALUES
          ('ann@host', 'resolve_errors', '[1]', '{}', 'sales'), ('ann@host', 'retry_events', '[2]', '{}', NULL);
        UPDATE outpost.audit SET outcome = (SELECT outcome FROM outpost.audit WHERE schema_name = 'marketing')";
    db.client.batch_execute(others).await.unwrap();
    let read = page(&db.client, None, 9).await.entries;
    let listed: Vec<(String, bool, bool)> = read
        .iter()
        .map(|entry| {
            let action = entry.action.display();
            (action, entry.is_of_unknown_schema, entry.is_undoable)
        })
        .collect();
    let wanted = [
        ("retry_events", true, false),
        ("resolve_errors", false, true),
    ];
    assert_eq!(listed, wanted.map(|(what, a, b)| (what.to_owned(), a, b)));
    assert_eq!(read[0].remark(), Some("unknown schema"));
    assert_eq!(whole(&db.client, &read[0]).await.undo, None);
    assert!(whole(&db.client, &read[1]).await.undo.is_some());

    // A table that was not migrated yet tells nothing apart, and takes and gives what it always did.
    let older =
        "ALTER TABLE outpost.audit DROP COLUMN schema_name, DROP COLUMN batch, DROP COLUMN phase";
    db.client.batch_execute(older).await.unwrap();
    let read = page(&db.client, None, 9).await.entries;
    assert_eq!(read.len(), 3);
    assert!(
        read.iter()
            .all(|entry| entry.remark().is_none() && entry.has_ended)
    );
    assert!(whole(&db.client, &read[0]).await.undo.is_some());
    errors(&db.client, 1).await;
    done(&db, resolve([2])).await;
    assert_eq!(page(&db.client, None, 9).await.entries.len(), 4);
}

#[tokio::test]
async fn a_plan_on_thousands_of_errors_is_one_entry_with_what_takes_it_back() {
    let db = database::fresh().await;
    errors(&db.client, 5_003).await;
    let plan = shown(&db.client, resolve(1..=5_003)).await;
    writer(&db).carry_out(&plan).await.unwrap();
    let told = async || -> (Entry, Whole) {
        let entries = page(&db.client, None, 9).await.entries;
        let [entry] = entries.as_slice() else {
            panic!("{entries:#?}");
        };
        (entry.clone(), whole(&db.client, entry).await)
    };
    let (entry, read) = told().await;
    assert_eq!(
        (entry.outcome().as_str(), entry.targets),
        ("5003 done", 5_003)
    );
    assert_eq!((&entry.batch, entry.is_undoable), (&None, true));
    // Of one fate 5,000 rows are kept, and 2,000 are told; what takes it back names all.
    let kept = "SELECT jsonb_array_length(outcome->'done') FROM outpost.audit WHERE phase = 'end'";
    let kept: i32 = db.client.query_one(kept, &[]).await.unwrap().get(0);
    assert_eq!((kept, read.rows.len(), read.more), (5_000, 2_000, 3_003));
    let undo = read.undo.unwrap();
    assert_eq!(undo.len(), 5_003);

    // Of a program that was killed in it there are the lines of its parts.
    let killed = "DELETE FROM outpost.audit WHERE phase = 'end'";
    db.client.batch_execute(killed).await.unwrap();
    let (entry, read) = told().await;
    assert_eq!(entry.outcome(), "5003 done, no end written");
    assert_eq!(read.undo.as_ref(), Some(&undo));

    let back = shown(&db.client, undo).await;
    assert_eq!(back.running(), 5_003);
    writer(&db).carry_out(&back).await.unwrap();
    let entries = page(&db.client, None, 9).await.entries;
    let said: Vec<(String, String)> = entries
        .iter()
        .map(|entry| (entry.action.display(), entry.outcome()))
        .collect();
    let of = |action: &str, outcome: &str| (action.to_owned(), outcome.to_owned());
    assert_eq!(
        said,
        [
            of("reopen_errors", "5003 done"),
            of("resolve_errors", "5003 done, no end written")
        ]
    );
}

#[tokio::test]
async fn of_a_plan_that_cannot_begin_its_entry_says_that_nothing_was_done() {
    let db = database::fresh().await;
    errors(&db.client, 1_500).await;
    let plan = shown(&db.client, resolve(1..=1_500)).await;
    let bar = "CREATE FUNCTION marketing.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not today''; END';
               CREATE TRIGGER no BEFORE UPDATE ON marketing.pipeline_errors FOR EACH ROW EXECUTE FUNCTION marketing.no()";
    db.client.batch_execute(bar).await.unwrap();
    writer(&db).carry_out(&plan).await.unwrap_err();
    let entries = page(&db.client, None, 9).await.entries;
    let said: Vec<String> = entries.iter().map(Entry::outcome).collect();
    assert_eq!(said, ["1000 failed, 500 not tried"]);
    assert!(!entries[0].is_undoable);
}

#[tokio::test]
async fn pages_follow_by_key_and_entries_of_an_older_program_or_a_strange_shape_are_counted() {
    let db = database::fresh().await;
    let old = r#"
        INSERT INTO outpost.audit (actor, action, targets, outcome)
        SELECT 'ann@host', 'retry_events', '[1]', '{"done": ["1"], "skipped": [{"id": "2", "why": "gone"}]}' FROM generate_series(1, 447);
        INSERT INTO outpost.audit (actor, action, targets, outcome) VALUES
          ('x', 'strange', '[]', '{"done": 7, "counts": "many", "undo": {"RetryEvents": []}}'),
          ('x', 'strange', '[]', '[1, 2]'), ('x', 'strange', '[]', '"text"')"#;
    db.client.batch_execute(old).await.unwrap();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let read = page(&db.client, before, 200).await;
        for entry in &read.entries {
            let EntryId::Row(key) = entry.id else {
                panic!("{entry:?}");
            };
            before = Some(key);
            seen.push(key);
        }
        if read.is_last {
            break;
        }
    }
    assert_eq!(seen, (1..=450).rev().collect::<Vec<i64>>());
    let read = page(&db.client, None, 4).await.entries;
    assert_eq!(read[3].outcome(), "1 done, 1 skipped");
    for strange in &read[..3] {
        assert_eq!(strange.counts, Counts::default());
        let whole = whole(&db.client, strange).await;
        assert_eq!(whole.undo, None, "only what takes back is made anew");
    }
}

#[tokio::test]
async fn a_table_that_is_not_there_or_may_not_be_read_is_named() {
    let db = database::classic().await;
    let why = page(&db.client, None, 9).await.missing.unwrap();
    assert!(why.contains("outpost migrate"), "{why}");
    let db = database::fresh().await;
    let name = connect::role(&db, "").await;
    let grants = format!(
        "GRANT USAGE ON SCHEMA marketing, outpost TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA marketing TO {name}"
    );
    db.client.batch_execute(&grants).await.unwrap();
    let client = database::connect(&db.url.replace("postgres@", &format!("{name}@"))).await;
    let why = page(&client, None, 9).await.missing.unwrap();
    assert_eq!(why, "this role may not read outpost.audit");
}

fn entry(id: EntryId, minutes: i64, action: &str) -> Entry {
    Entry {
        id,
        at: worlds::now() - TimeDelta::minutes(minutes),
        actor: Untrusted::from("anna@ops"),
        database: Some(Untrusted::from("db:5432/prod marketing")),
        role: Some(Untrusted::from("outpost_operator")),
        action: Untrusted::from(action),
        targets: 12,
        counts: Counts {
            done: 12,
            ..Counts::default()
        },
        note: None,
        fault: None,
        has_ended: true,
        is_undoable: false,
        undo_key: None,
        takes_back: None,
        taken_back: None,
        is_in_both: false,
        batch: None,
        is_of_unknown_schema: false,
    }
}

fn listed() -> Vec<Entry> {
    let note = |text: &str| Some(Untrusted::from(text));
    vec![
        Entry {
            note: note("bounced, suppressed; asked jane@umbrella.example"),
            is_undoable: true,
            counts: Counts {
                done: 11,
                skipped: 1,
                ..Counts::default()
            },
            ..entry(EntryId::Row(41), 21, "resolve_errors")
        },
        Entry {
            actor: Untrusted::from("ben@ops"),
            note: note("assign 1 group: owner ben (was nobody)"),
            targets: 1,
            counts: Counts {
                done: 1,
                ..Counts::default()
            },
            is_undoable: true,
            ..entry(EntryId::Row(40), 24, "assign_groups")
        },
        Entry {
            note: note("=cmd|' /C calc'!A0 \u{1b}[31m"),
            counts: Counts {
                done: 10,
                failed: 1,
                unknown: 1,
                ..Counts::default()
            },
            ..entry(EntryId::Row(39), 52, "retry_events")
        },
    ]
}

fn in_file() -> Filed {
    let own = |id, minutes, action| Entry {
        actor: Untrusted::from("ann@host"),
        role: None,
        ..entry(EntryId::Line(id), minutes, action)
    };
    let entries = vec![
        Entry {
            fault: Some(Untrusted::from("connection refused (db.example:5432)")),
            counts: Counts::default(),
            ..own(900, 30, "resolve_errors")
        },
        Entry {
            has_ended: false,
            counts: Counts::default(),
            ..own(400, 90, "stop_executions")
        },
        Entry {
            database: None,
            note: Some(Untrusted::from("rotated")),
            ..own(0, 120, "resolve_errors")
        },
    ];
    Filed {
        entries,
        elsewhere: 7,
    }
}

fn on_audit(size: (u16, u16), table: Page) -> Scenario {
    let options = Options {
        actor: "ann@host".to_owned(),
        ..Options::default()
    };
    let mut script = Scenario::with(options).links_up();
    script.now = worlds::now();
    script.model.size = size;
    let script = script.keys("H");
    let asked = [
        Effect::Audit(Question::Page(None)),
        Effect::Audit(Question::File),
    ];
    for effect in &asked {
        assert!(script.effects.contains(effect), "{:?}", script.effects);
    }
    script
        .tell(Msg::Audited(Question::Page(None), Ok(Answer::Page(table))))
        .tell(Msg::Audited(Question::File, Ok(Answer::File(in_file()))))
}

fn table() -> Page {
    Page {
        entries: listed(),
        is_last: true,
        missing: None,
    }
}

fn opened(script: Scenario) -> Scenario {
    let id = EntryId::Row(41);
    let script = script.keys("⏎");
    assert_eq!(script.effects, [Effect::Audit(Question::Whole(id))]);
    let row = |id: &str, fate, why: Option<&str>| RowFate {
        id: Untrusted::from(id),
        fate,
        why: why.map(Untrusted::from),
    };
    let mut rows = vec![row(
        "5204",
        Fate::Skipped,
        Some("it is resolved already, by ben"),
    )];
    rows.extend((5_190..5_201).map(|id| row(&format!("{id}"), Fate::Done, None)));
    let read = Whole {
        entry: listed().remove(0),
        rows,
        more: 0,
        undo: Some(Mutation::ReopenErrors {
            ids: (5_190..5_201).map(RowId::from).collect(),
            note: "undone: bounced".to_owned(),
            by: "anna@ops".to_owned(),
            marks: Marks::default(),
        }),
    };
    let answer = Answer::Whole(Some(Box::new(read)));
    script.tell(Msg::Audited(Question::Whole(id), Ok(answer)))
}

#[test]
fn the_history_says_who_did_what_when_and_why_and_what_became_of_it() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let script = on_audit(size, table());
        snapshot("audit_listed", &script.model, size);
        snapshot("audit_entry", &opened(script).model, size);
        let missing = Page {
            is_last: true,
            missing: Some("outpost.audit is not there: outpost migrate makes it".to_owned()),
            ..Page::default()
        };
        snapshot("audit_local_only", &on_audit(size, missing).model, size);
    }
    let script = on_audit(
        (120, 40),
        Page {
            is_last: true,
            ..Page::default()
        },
    );
    let script = script.tell(Msg::Audited(
        Question::File,
        Ok(Answer::File(Filed::default())),
    ));
    snapshot("audit_nothing_yet", &script.model, (120, 40));
}

#[test]
fn an_entry_is_taken_back_by_a_plan_that_is_shown_first() {
    let script = opened(on_audit((120, 40), table()));
    let script = script.keys("u");
    let Some(Overlay::Plan { plan, .. }) = script.model.overlays.last() else {
        panic!("no plan: {}", script.notice());
    };
    assert!(matches!(plan.mutation, Mutation::ReopenErrors { .. }));
    assert!(
        matches!(script.effects.as_slice(), [Effect::Examine(_)]),
        "{:?}",
        script.effects
    );
    // What nothing takes back says so.
    let id = EntryId::Line(900);
    let script = on_audit((120, 40), table()).keys("jj⏎");
    assert_eq!(script.effects, [Effect::Audit(Question::Whole(id))]);
    let read = Whole {
        entry: in_file().entries.remove(0),
        rows: Vec::new(),
        more: 0,
        undo: None,
    };
    let answer = Answer::Whole(Some(Box::new(read)));
    let script = script.tell(Msg::Audited(Question::Whole(id), Ok(answer)));
    let script = script.keys("u");
    assert_eq!(script.notice(), "nothing takes this entry back");
}

#[test]
fn a_read_only_console_shows_the_history_and_takes_nothing_back() {
    let mut script = opened(on_audit((120, 40), table()));
    script.model.options.read_only = true;
    let script = script.keys("u");
    assert!(
        script.notice().starts_with("read-only: "),
        "{}",
        script.notice()
    );
}

#[test]
fn the_newest_are_asked_now_and_then_and_what_was_before_when_the_end_is_near() {
    let full = Page {
        entries: (1..=200)
            .rev()
            .map(|key| entry(EntryId::Row(key), 300 - key, "retry_events"))
            .collect(),
        is_last: false,
        missing: None,
    };
    let script = on_audit((120, 40), full);
    let older = Effect::Audit(Question::Page(Some(1)));
    assert!(!script.effects.contains(&older));
    let script = script.keys("G");
    assert_eq!(script.effects, [older]);
    let script = script.keys("k");
    assert_eq!(script.effects, [], "it is on its way");
    let script = script.wait(12);
    let newest = script.model.store.audit.older();
    assert_eq!(newest, None);
    // Another screen asks for nothing.
    let script = script.keys("1").wait(30);
    assert_eq!(script.effects, []);
}

#[test]
fn what_is_listed_is_exported_without_formulas() {
    let script = on_audit((120, 40), table()).keys("/who:anna⏎E");
    let [Effect::Export(name, entries)] = script.effects.as_slice() else {
        panic!("{:?}", script.effects);
    };
    assert!(name.starts_with("audit"), "{name}");
    let (sheet, lines) = (sheet(entries), lines(entries, &BTreeMap::new()));
    assert_eq!(sheet.lines().count(), 3, "{sheet}");
    assert!(sheet.contains("\"'=cmd|"), "{sheet}");
    for line in lines.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["actor"], "anna@ops");
    }
    for text in [&sheet, &lines] {
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("j***@umbrella.example"), "{text}");
        assert!(!text.contains("jane"), "{text}");
    }
}

#[test]
fn a_filter_of_the_history_knows_who_what_when_and_what_went_wrong() {
    for (filter, n) in [
        ("who:ben", 1),
        ("is:undoable", 2),
        ("is:problem", 3),
        ("is:unended", 1),
        ("action:resolve", 3),
        ("note:suppressed", 1),
        ("source:file", 3),
        ("database:unknown", 1),
        ("db:prod", 5),
        ("skipped>0", 1),
    ] {
        let script = on_audit((120, 40), table()).keys(&format!("/{filter}⏎E"));
        let [Effect::Export(_, entries)] = script.effects.as_slice() else {
            panic!("{filter}: {:?}", script.effects);
        };
        assert_eq!(entries.len(), n, "{filter}");
    }
}

#[test]
fn moments_are_plain() {
    let at = DateTime::from_timestamp(0, 0).unwrap();
    let entry = Entry {
        at,
        ..entry(EntryId::Row(1), 0, "x")
    };
    assert!(outpost::domain::audit::csv(&entry).starts_with("1970-01-01T00:00:00.000Z,"));
}
