//! Deleting what is old and done: exactly that, page by page, and never what somebody still needs.

mod console;

use std::time::Duration;

use chrono::DateTime;
use outpost::{
    domain::{
        audit::Entry,
        plan::{Mutation, Old, Pace, Plan, Progress, Purge, PurgeStep, Retention, Table, Unready},
    },
    msg::Fault,
    sources::postgres::{Client, Settings, mutations::Writer},
};
use pretty_assertions::assert_eq;
use tokio::sync::watch;

use crate::{
    audit, connect,
    database::{self, Db},
    mutations::{shown, writer},
    shapes::{CLASSIC, Shape},
};

/// Events and errors of every kind, each about 40 days old but for those called young. What is called `old` is to go.
const KINDS: &str = "
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT kind, '{}', status, now() - created, now() - processed
    FROM (VALUES
      ('old', 'processed', interval '40 days', interval '40 days'), ('old', 'processed', '41 days', '31 days 1 hour'),
      ('named', 'processed', '40 days', '40 days'), ('young', 'processed', '40 days', '29 days'), ('young', 'processed', '1 hour', '1 minute'),
      ('open', 'pending', '40 days', NULL), ('open', 'processing', '40 days', NULL), ('open', 'failed', '40 days', '40 days'),
      ('odd', 'processed', '40 days', NULL), ('open', 'pending', '40 days', '40 days')) AS t (kind, status, created, processed);
    INSERT INTO marketing.pipeline_errors (event_type, error_message, resolved, created_at, resolved_at)
    SELECT kind, 'no', resolved, now() - created, now() - done
    FROM (VALUES
      ('old', true, interval '100 days', interval '99 days'), ('young', true, '100 days', '89 days'),
      ('open', false, '100 days', NULL)) AS t (kind, resolved, created, done)";

/// Every row that is left, by its kind.
const LEFT: &str = "SELECT (SELECT string_agg(event_type, ' ' ORDER BY id) FROM marketing.pipeline_events) || ' | '
    || (SELECT string_agg(event_type, ' ' ORDER BY id) FROM marketing.pipeline_errors)";

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> T {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

fn purge() -> Mutation {
    let now = chrono::Utc::now();
    Mutation::Purge(Purge::at(now, Retention::default(), "prod".to_owned()))
}

fn old(plan: &Plan) -> Vec<(Table, Option<u64>, bool)> {
    let old = plan.examined.as_ref().unwrap().old.iter();
    old.map(|old: &Old| (old.table, old.count, old.more))
        .collect()
}

/// A table that holds `n` old events and nothing else.
async fn only_old(db: &Db, n: u32) {
    let sql = format!(
        "SET session_replication_role = replica;
         INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
         SELECT 'old', '{{}}', 'processed', now() - interval '40 days', now() - interval '40 days' FROM generate_series(1, {n});
         RESET session_replication_role; ANALYZE marketing.pipeline_events"
    );
    db.client.batch_execute(&sql).await.unwrap();
}

async fn events(db: &Db) -> i64 {
    one(&db.client, "SELECT count(*) FROM marketing.pipeline_events").await
}

/// A pace that nobody changes.
fn steady() -> (watch::Sender<Pace>, watch::Receiver<Pace>) {
    watch::channel(Pace::Run)
}

#[tokio::test]
async fn what_is_old_and_done_goes_and_nothing_else_on_both_shapes() {
    let classic = database::empty().await;
    CLASSIC.make(&classic.client).await;
    for (db, is_ours) in [(database::fresh().await, true), (classic, false)] {
        db.client.batch_execute(KINDS).await.unwrap();
        if is_ours {
            let link = "INSERT INTO marketing.pipeline_errors (event_type, event_id, resolved, resolved_at)
                SELECT 'open', id, false, NULL::timestamptz FROM marketing.pipeline_events WHERE event_type = 'named'
                UNION ALL SELECT 'young', min(id), true, now() FROM marketing.pipeline_events WHERE event_type = 'old'";
            db.client.batch_execute(link).await.unwrap();
        }
        let plan = Plan {
            reason: Some("the disk is full".to_owned()),
            ..shown(&db.client, purge()).await
        };
        let counted = [
            (Table::Events, Some(3), false),
            (Table::Errors, Some(1), false),
        ];
        assert_eq!(old(&plan), counted);
        // Between the plan and the yes, one is put back into the queue.
        let back = "UPDATE marketing.pipeline_events SET status = 'pending', event_type = 'open' WHERE id = 2";
        db.client.batch_execute(back).await.unwrap();

        let (_go_on, pace) = steady();
        let outcome = writer(&db).purge(&plan, pace, |_| {}).await.unwrap();
        let named = if is_ours { "named " } else { "" };
        let errors = if is_ours { " open young" } else { "" };
        assert_eq!(
            one::<String>(&db.client, LEFT).await,
            format!("open {named}young young open open open odd open | young open{errors}")
        );
        let gone = if is_ours { 1 } else { 2 };
        assert_eq!(outcome.deleted_from(Table::Events), gone);
        assert_eq!(outcome.deleted_from(Table::Errors), 1);
        assert_eq!((outcome.skipped.len(), outcome.failed.len()), (0, 0));
        for (table, said) in &outcome.remarks {
            assert!(
                said.starts_with("vacuumed and analysed in "),
                "{table}: {said}"
            );
        }
        assert!(is_vacuumed(&db).await);
        if is_ours {
            let audit = "SELECT string_agg(action || ' ' || (targets->>0) || ' ' || note || ' ' || (outcome->'deleted'->0->>1), ', ' ORDER BY id) FROM outpost.audit WHERE phase = 'row'";
            assert_eq!(
                one::<String>(&db.client, audit).await,
                "purge pipeline_events the disk is full 1, purge pipeline_errors the disk is full 1"
            );
        }
        // What an open error names is counted all the same, and kept again.
        let again = shown(&db.client, purge()).await;
        let counted = [(Table::Events, Some(1), false)];
        assert_eq!(old(&again), counted[..usize::from(is_ours)]);
        assert_eq!(again.tier().is_err(), !is_ours);
    }
}

/// Whether both tables have been vacuumed; the statistics follow within a second or so.
async fn is_vacuumed(db: &Db) -> bool {
    let sql = "SELECT count(last_vacuum) FROM pg_stat_user_tables WHERE relname IN ('pipeline_events', 'pipeline_errors')";
    for _ in 0..100 {
        if one::<i64>(&db.client, sql).await == 2 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test]
async fn it_goes_page_by_page_each_audited_and_says_how_far_it_is() {
    let db = database::fresh().await;
    only_old(&db, 5_000).await;
    let plan = shown(&db.client, purge()).await;
    let mut told: Vec<Progress> = Vec::new();
    let (_go_on, pace) = steady();
    let tell = |progress: &Progress| told.push(progress.clone());
    let outcome = writer(&db).purge(&plan, pace, tell).await.unwrap();
    assert_eq!(outcome.deleted, [(Table::Events, 5_000)]);
    let steps: Vec<(PurgeStep, u64, Option<u16>)> = told
        .iter()
        .map(|progress| (progress.step, progress.events, progress.share))
        .collect();
    assert_eq!(
        steps,
        [
            (PurgeStep::Deletes, 2_000, Some(399)),
            (PurgeStep::Deletes, 4_000, Some(799)),
            (PurgeStep::Deletes, 5_000, Some(999)),
            (PurgeStep::Vacuums, 5_000, None),
        ]
    );
    let audit = "SELECT string_agg(phase || ' ' || coalesce(outcome->'deleted'->0->>1, '-'), ', ' ORDER BY id) FROM outpost.audit";
    assert_eq!(
        one::<String>(&db.client, audit).await,
        "begin -, row 2000, row 2000, row 1000, end 5000"
    );
    // Which is one entry of the history; without its last line as well.
    for words in ["5000 done", "5000 done, no end written"] {
        let history = audit::page(&db.client, None, 10).await;
        let told: Vec<String> = history.entries.iter().map(Entry::outcome).collect();
        assert_eq!(told, [words]);
        let cut = "DELETE FROM outpost.audit WHERE phase = 'end'";
        db.client.batch_execute(cut).await.unwrap();
    }
    assert_eq!(events(&db).await, 0);
}

#[tokio::test]
async fn it_pauses_and_stops_between_pages_and_what_is_left_goes_the_next_time() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    only_old(&db, 5_000).await;
    let plan = shown(&db.client, purge()).await;
    let (go_on, pace) = watch::channel(Pace::Pause);
    let (waits, mut waiting) = tokio::sync::mpsc::unbounded_channel();
    let told = go_on.clone();
    let tell = move |progress: &Progress| {
        waits.send(progress.step).unwrap();
        // One page, and no more.
        if progress.step == PurgeStep::Deletes {
            told.send_replace(Pace::Stop);
        }
    };
    let mut writes = writer(&db);
    let work = tokio::spawn({
        let plan = plan.clone();
        async move { writes.purge(&plan, pace, tell).await }
    });
    assert_eq!(waiting.recv().await, Some(PurgeStep::Waits));
    assert_eq!(events(&db).await, 5_000, "nothing goes while it pauses");
    go_on.send_replace(Pace::Run);
    let outcome = work.await.unwrap().unwrap();
    assert_eq!(outcome.deleted, [(Table::Events, 2_000)]);
    assert_eq!(outcome.skipped[0].1, "stopped: the rest stays");
    assert_eq!(events(&db).await, 3_000);
    let (_go_on, pace) = steady();
    let plan = shown(&db.client, purge()).await;
    let outcome = writer(&db).purge(&plan, pace, |_| {}).await.unwrap();
    assert_eq!(outcome.deleted, [(Table::Events, 3_000)]);

    // Where nobody can tell it to stop any more, it stops.
    only_old(&db, 10).await;
    let plan = shown(&db.client, purge()).await;
    let (go_on, pace) = steady();
    drop(go_on);
    let outcome = writer(&db).purge(&plan, pace, |_| {}).await.unwrap();
    assert_eq!(outcome.deleted, []);
    assert_eq!(events(&db).await, 10);
}

/// Rows of ten days, and between them and after them some that were written late with old times: of each table 2,100, and one
/// that is spared.
const LATE: &str = "
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT 'young', '{}', 'processed', now() - interval '10 days' + n * interval '1 second', now() - interval '1 day' FROM generate_series(1, 5000) AS n;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT 'late', '{}', 'processed', now() - interval '50 days', now() - interval '50 days' FROM generate_series(1, 2100) AS n;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at)
    SELECT CASE n % 20 WHEN 0 THEN 'open' ELSE 'young' END, '{}', 'failed', now() - interval '1 hour' * CASE n % 20 WHEN 0 THEN 1200 ELSE 1 END FROM generate_series(1, 20) AS n;
    INSERT INTO marketing.pipeline_errors (event_type, error_message, resolved, created_at, resolved_at)
    SELECT CASE WHEN n = 300 THEN 'open' WHEN n > 200 THEN 'late' ELSE 'young' END, 'no', n < 300,
      now() - CASE WHEN n > 200 THEN interval '100 days' ELSE interval '1 day' END, CASE WHEN n < 300 THEN now() - CASE WHEN n > 200 THEN interval '99 days' ELSE interval '1 day' END END
    FROM generate_series(1, 300) AS n;";

#[tokio::test]
async fn what_is_old_among_newer_rows_is_counted_and_goes_too() {
    let classic = database::empty().await;
    CLASSIC.make(&classic.client).await;
    for db in [database::fresh().await, classic] {
        only_old(&db, 3).await;
        db.client.batch_execute(LATE).await.unwrap();
        let plan = shown(&db.client, purge()).await;
        let found = plan.examined.as_ref().unwrap().old.iter();
        let counted: Vec<String> = found.map(Old::counted).collect();
        assert_eq!(
            counted,
            [
                "3, and 2,100 older among newer rows",
                "0, and 99 older among newer rows"
            ]
        );
        let (_go_on, pace) = steady();
        let outcome = writer(&db).purge(&plan, pace, |_| {}).await.unwrap();
        assert_eq!(
            outcome.deleted,
            [(Table::Events, 2_103), (Table::Errors, 99)]
        );
        let left = "SELECT (SELECT string_agg(DISTINCT event_type, ' ') FROM marketing.pipeline_events) || ' | '
            || (SELECT string_agg(DISTINCT event_type, ' ') FROM marketing.pipeline_errors)";
        assert_eq!(
            one::<String>(&db.client, left).await,
            "open young | open young"
        );
        let again = shown(&db.client, purge()).await;
        assert_eq!(again.tier(), Err(Unready::Blocked));
    }
}

#[tokio::test]
async fn what_is_old_among_newer_rows_goes_in_smaller_pages_where_larger_ones_take_too_long() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    only_old(&db, 3).await;
    db.client.batch_execute(LATE).await.unwrap();
    db.client
        .batch_execute(
            "CREATE FUNCTION marketing.drag() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.005); RETURN OLD; END';
             CREATE TRIGGER drag BEFORE DELETE ON marketing.pipeline_events FOR EACH ROW WHEN (OLD.event_type = 'late') EXECUTE FUNCTION marketing.drag()",
        )
        .await
        .unwrap();
    let plan = shown(&db.client, purge()).await;
    let mut settings = connect::settings(&db.url);
    settings.statement_timeout = Duration::from_secs(1);
    let mut writer = Writer::new(settings, "ann@host".to_owned());
    let (_go_on, pace) = steady();
    let outcome = writer.purge(&plan, pace, |_| {}).await.unwrap();
    assert_eq!(
        outcome.deleted,
        [(Table::Events, 2_103), (Table::Errors, 99)]
    );
    assert_eq!(outcome.failed, []);
}

#[tokio::test]
async fn counting_ends_at_a_limit_and_says_so() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    only_old(&db, 100_001).await;
    let plan = shown(&db.client, purge()).await;
    assert_eq!(old(&plan), [(Table::Events, Some(100_000), true)]);
    let counted = plan.examined.as_ref().unwrap().old[0].counted();
    assert_eq!(counted, "100,000+ (of 100,000 looked at)");
}

/// Rows of a table of the classic shape that its transaction has read so far, as the server counts them.
async fn read(db: &Db, table: &str) -> i64 {
    let sql = format!(
        "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables WHERE schemaname = 'marketing' AND relname = '{table}'"
    );
    one(&db.client, &sql).await
}

/// Errors and events that are all young, but for one each: the last that lies before the bound, or the last of all.
const FEW: &str = "
    INSERT INTO marketing.pipeline_errors (event_type, error_message, resolved, created_at, resolved_at)
    SELECT 'x', 'no', true, now() - interval '100 days', now() - CASE WHEN i = 150000 THEN interval '99 days' ELSE interval '1 day' END
    FROM generate_series(1, 150000) AS i;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT 'x', '{}', 'processed', at, at FROM (
      SELECT now() - CASE WHEN i = 150000 THEN interval '50 days' ELSE interval '1 day' END AS at FROM generate_series(1, 150000) AS i) AS t;
    ANALYZE marketing.pipeline_errors; ANALYZE marketing.pipeline_events; BEGIN";

/// However few of them are old, no more rows are looked at at once, and none found is not called none.
#[tokio::test]
async fn counts_and_pages_are_bounded_by_the_rows_they_look_at_and_the_last_row_goes() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    db.client.batch_execute(FEW).await.unwrap();
    let plan = shown(&db.client, purge()).await;
    // Each is looked at once, and halving the keys looks at some.
    for table in ["pipeline_errors", "pipeline_events"] {
        let n = read(&db, table).await;
        assert!((100_000..=100_300).contains(&n), "{table}: {n}");
    }
    db.client.batch_execute("COMMIT").await.unwrap();
    let none = |table| (table, Some(0), true);
    let found = &plan.examined.as_ref().unwrap().old;
    let above: Vec<_> = found
        .iter()
        .map(|old| (old.table, old.among, old.among_more))
        .collect();
    assert_eq!(above[0], none(Table::Events));
    assert_eq!(old(&plan)[1], none(Table::Errors));
    assert_eq!(
        found[1].counted(),
        "0+ (of 100,000 looked at)",
        "{:?}",
        found[1]
    );
    let (_go_on, pace) = steady();
    let outcome = writer(&db).purge(&plan, pace, |_| {}).await.unwrap();
    assert_eq!(outcome.deleted, [(Table::Events, 1), (Table::Errors, 1)]);
    let again = shown(&db.client, purge()).await;
    assert!(again.tier().is_ok(), "they were not all looked at");
}

#[tokio::test]
async fn keys_that_are_no_numbers_and_words_of_the_site_are_purged_all_the_same() {
    let shape = Shape {
        key: "uuid DEFAULT gen_random_uuid()",
        status: "text CHECK (status IN ('NEW', 'RUNNING', 'DONE', 'ERROR'))",
        words: ["NEW", "RUNNING", "DONE", "ERROR"],
        ..CLASSIC
    };
    let db = database::empty().await;
    shape.make(&db.client).await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
             SELECT CASE WHEN n % 3 = 0 THEN 'old' ELSE 'open' END, '{}', CASE n % 3 WHEN 0 THEN 'DONE' WHEN 1 THEN 'ERROR' ELSE 'NEW' END,
               now() - interval '40 days', now() - interval '40 days' FROM generate_series(1, 6000) AS n",
        )
        .await
        .unwrap();
    let plan = shown(&db.client, purge()).await;
    let found = &plan.examined.as_ref().unwrap().old[0];
    assert_eq!((found.count, &found.bound), (Some(2_000), &None));
    let (_go_on, pace) = steady();
    let outcome = writer(&db).purge(&plan, pace, |_| {}).await.unwrap();
    assert_eq!(outcome.deleted, [(Table::Events, 2_000)]);
    assert_eq!(events(&db).await, 4_000);
    let kinds = "SELECT string_agg(DISTINCT event_type, ' ') FROM marketing.pipeline_events";
    assert_eq!(one::<String>(&db.client, kinds).await, "open");
}

/// The settings of a role that was granted this on both tables, and may read them.
async fn role(db: &Db, grants: &str) -> Settings {
    let name = connect::role(db, "").await;
    let more = if grants.is_empty() {
        String::new()
    } else {
        format!("GRANT {grants} TO {name}")
    };
    let sql = format!(
        "GRANT USAGE ON SCHEMA marketing TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA marketing TO {name}; {more}"
    );
    db.client.batch_execute(&sql).await.unwrap();
    connect::settings(&db.url.replace("postgres@", &format!("{name}@")))
}

/// What `settings` would be shown.
async fn shown_to(settings: &Settings) -> Plan {
    let mut session =
        outpost::sources::postgres::connect(settings, outpost::sources::postgres::Purpose::Reader)
            .await
            .unwrap();
    let work = shown(&session.client, purge());
    session
        .driver
        .run(Duration::from_mins(1), work)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_role_that_may_not_delete_is_blocked_and_one_that_may_not_vacuum_says_so() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    db.client.batch_execute(KINDS).await.unwrap();
    let reader = role(&db, "").await;
    let plan = shown_to(&reader).await;
    let blocked = &plan.examined.as_ref().unwrap().blocked;
    assert_eq!(blocked.len(), 2);
    assert!(
        blocked[0].1.contains("DELETE on marketing.pipeline_events"),
        "{blocked:?}"
    );
    assert_eq!(plan.tier(), Err(Unready::Blocked));
    // Were it confirmed all the same, the server would say no.
    let forged = shown(&db.client, purge()).await;
    let (_go_on, pace) = steady();
    let mut writes = Writer::new(reader, "ann@host".to_owned());
    let fault = writes.purge(&forged, pace, |_| {}).await.unwrap_err();
    assert!(matches!(fault, Fault::Forbidden(_)), "{fault:?}");
    assert_eq!(events(&db).await, 10);

    let deletes = "DELETE ON marketing.pipeline_events";
    let cleaner = role(&db, deletes).await;
    db.client
        .batch_execute("GRANT UPDATE ON marketing.pipeline_events TO PUBLIC")
        .await
        .unwrap();
    let plan = shown_to(&cleaner).await;
    assert_eq!(old(&plan), [(Table::Events, Some(3), false)]);
    let (_go_on, pace) = steady();
    let mut writes = Writer::new(cleaner, "ann@host".to_owned());
    let outcome = writes.purge(&plan, pace, |_| {}).await.unwrap();
    assert_eq!(outcome.deleted, [(Table::Events, 3)]);
    let said = "not vacuumed: this role may not (the owner may; autovacuum will)";
    assert_eq!(outcome.remarks[0].1, said);
}

#[tokio::test]
async fn a_read_only_session_deletes_nothing() {
    let db = database::fresh().await;
    db.client.batch_execute(KINDS).await.unwrap();
    let plan = shown(&db.client, purge()).await;
    let mut settings = connect::settings(&db.url);
    settings.read_only = true;
    let (_go_on, pace) = steady();
    let mut writes = Writer::new(settings, "ann@host".to_owned());
    let fault = writes.purge(&plan, pace, |_| {}).await.unwrap_err();
    assert!(fault.to_string().contains("read-only"), "{fault}");
    assert_eq!(events(&db).await, 10);
}

#[tokio::test]
async fn a_row_that_others_point_at_stops_it_and_says_why() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    only_old(&db, 10).await;
    db.client
        .batch_execute(
            "CREATE TABLE marketing.notes (event int REFERENCES marketing.pipeline_events (id)); INSERT INTO marketing.notes VALUES (7)",
        )
        .await
        .unwrap();
    let plan = shown(&db.client, purge()).await;
    let (_go_on, pace) = steady();
    let fault = writer(&db).purge(&plan, pace, |_| {}).await.unwrap_err();
    assert!(fault.to_string().contains("notes"), "{fault}");
    assert_eq!(events(&db).await, 10);
}

#[test]
fn the_moment_of_a_plan_is_no_part_of_it() {
    let at = |text: &str| text.parse().unwrap();
    let of = |now: &str| {
        let purge = Purge::at(at(now), Retention::default(), "prod".to_owned());
        Plan::new(Mutation::Purge(purge), DateTime::UNIX_EPOCH).hash()
    };
    assert_eq!(of("2026-03-31T01:00:00Z"), of("2026-03-31T22:00:00Z"));
    assert_ne!(of("2026-03-31T01:00:00Z"), of("2026-04-01T01:00:00Z"));
}
