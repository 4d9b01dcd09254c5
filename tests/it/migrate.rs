//! `outpost migrate` on databases of every kind: what it makes, what it leaves alone, what it says.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use outpost::migrate::{MigrateError, Options, Report, migrate};
use tokio_postgres::Client;

use crate::database::{self, Db};

pub(crate) async fn run(db: &mut Db) -> Result<Report, MigrateError> {
    migrate(&mut db.client, &Options::default()).await
}

pub(crate) async fn texts(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Everything about the catalog that a migration could change.
pub(crate) async fn catalog(client: &Client) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', n.nspname, c.relname, c.relkind, c.reloptions::text, a.attname,
                 format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
         FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
         UNION ALL SELECT concat_ws(' ', oid::regprocedure, prosrc) FROM pg_proc WHERE oid >= 16384
         UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
         UNION ALL SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE oid >= 16384
         ORDER BY 1";
    texts(client, sql).await
}

pub(crate) fn reason<'a>(report: &'a Report, object: &str) -> &'a str {
    let found = report.left_alone.iter().find(|left| left.object == object);
    let found = found.unwrap_or_else(|| panic!("{object} is not in {:#?}", report.left_alone));
    &found.reason
}

/// What of ours is built on request only.
const ON_REQUEST: &str = "index marketing.pe_record";

/// The only object that was left alone, if any was.
fn left(report: &Report) -> Option<&str> {
    assert!(report.left_alone.len() < 2, "{:#?}", report.left_alone);
    report.left_alone.first().map(|it| it.object.as_str())
}

#[tokio::test]
async fn an_empty_database_gets_everything_and_a_second_run_does_nothing() {
    let mut db = database::empty().await;
    let report = run(&mut db).await.unwrap();
    assert_eq!(left(&report), Some(ON_REQUEST));
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname IN ('marketing', 'intake')";
    assert_eq!(count(&db.client, tables).await, 31);
    let before = catalog(&db.client).await;
    assert_eq!(run(&mut db).await.unwrap(), Report::default());
    assert_eq!(catalog(&db.client).await, before);
}

#[tokio::test]
async fn every_file_is_a_migration() {
    let db = database::fresh().await;
    let applied = texts(&db.client, "SELECT version FROM outpost.migrations").await;
    let mut files = BTreeSet::new();
    for folder in ["console", "schema"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("sql")
            .join(folder);
        for entry in fs::read_dir(path).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            files.insert(format!("{folder}/{}", name.trim_end_matches(".sql")));
        }
    }
    assert!(files.remove("schema/trail"), "applied on request");
    assert_eq!(applied.into_iter().collect::<BTreeSet<_>>(), files);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_its_script_does_what_the_migration_does() {
    let mut db = database::empty().await;
    let before = catalog(&db.client).await;
    let options = Options {
        dry_run: true,
        ..Options::default()
    };
    let report = migrate(&mut db.client, &options).await.unwrap();
    assert_eq!(catalog(&db.client).await, before);
    db.client.batch_execute(&report.sql).await.unwrap();
    assert_eq!(run(&mut db).await.unwrap(), Report::default());
    let mut other = database::empty().await;
    assert_eq!(run(&mut other).await.unwrap(), report);
    assert_eq!(catalog(&other.client).await, catalog(&db.client).await);
}

#[tokio::test]
async fn two_migrations_at_once_are_one_after_the_other() {
    let mut db = database::empty().await;
    let mut second = db.connect().await;
    let options = Options::default();
    let (one, two) = tokio::join!(
        migrate(&mut db.client, &options),
        migrate(&mut second, &options)
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    let idle = Report::default();
    assert!((one == idle) != (two == idle));
    assert_eq!(left(&one).or(left(&two)), Some(ON_REQUEST));
}

#[tokio::test]
async fn a_migration_gives_up_when_another_does_not_end() {
    let mut db = database::empty().await;
    let other = db.connect().await;
    let lock = include_str!("../../sql/migrate/lock.sql");
    other.batch_execute(lock).await.unwrap();
    let options = Options {
        wait: Duration::ZERO,
        ..Options::default()
    };
    let error = migrate(&mut db.client, &options).await.unwrap_err();
    assert!(matches!(error, MigrateError::Busy), "{error}");
}

/// Rows of the classic tables, as far as their own columns go, and the text of the site's functions and views.
async fn classic_state(client: &Client) -> Vec<String> {
    let mut state = Vec::new();
    for table in [
        "intake.company_raw_intake",
        "marketing.pipeline_events",
        "marketing.pipeline_errors",
        "marketing.workflow_stats",
        "marketing.company_master",
        "marketing.company_slots",
        "marketing.contact_enrichment",
        "marketing.email_verification",
    ] {
        let columns = format!(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass
             AND attnum > 0 AND attname NOT IN ('event_id', 'n8n_execution_id', 'started_at', 'industry', 'country',
               'employee_count', 'intake_id', 'validated_at', 'validation_notes')"
        );
        let columns = texts(client, &columns).await.remove(0);
        let rows = format!(
            "SELECT '{table}' || md5(string_agg(r::text, '|' ORDER BY r::text)) FROM (SELECT {columns} FROM {table}) AS r"
        );
        state.extend(texts(client, &rows).await);
        let types = format!(
            "SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull) FROM pg_attribute
             WHERE attrelid = '{table}'::regclass AND attname = ANY (string_to_array('{columns}', ', ')) ORDER BY attnum"
        );
        state.extend(texts(client, &types).await);
    }
    let code = "SELECT oid::regprocedure || prosrc FROM pg_proc WHERE pronamespace = 'marketing'::regnamespace AND proname
                IN ('notify_pipeline_event', 'mark_event_processed', 'mark_event_failed', 'log_pipeline_error', 'resolve_pipeline_error')
                UNION ALL SELECT pg_get_viewdef('marketing.vw_unresolved_errors'::regclass)
                UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'trigger\\_%'
                ORDER BY 1";
    state.extend(texts(client, code).await);
    state
}

#[tokio::test]
async fn the_classic_shape_gains_what_is_absent_and_keeps_all_it_had() {
    let mut db = database::classic().await;
    let before = classic_state(&db.client).await;
    let node = "SELECT string_agg(pg_relation_filenode(oid)::text, ' ' ORDER BY oid) FROM pg_class
                WHERE relnamespace = 'marketing'::regnamespace AND relname IN ('pipeline_events', 'pipeline_errors')";
    let files = texts(&db.client, node).await;
    let report = run(&mut db).await.unwrap();
    assert_eq!(classic_state(&db.client).await, before);
    assert_eq!(
        texts(&db.client, node).await,
        files,
        "a table was rewritten"
    );

    for made in [
        "table marketing.campaigns",
        "column marketing.pipeline_events.n8n_execution_id",
        "column marketing.pipeline_errors.event_id",
        "trigger outpost_notify_status",
        "index marketing.pe_pending",
        "view marketing.vw_error_rate_24h",
        "foreign key campaign_contacts_contact",
    ] {
        assert!(report.applied.iter().any(|it| it == made), "{made}");
    }
    assert!(report.sql.contains("CREATE INDEX CONCURRENTLY pe_pending"));
    for function in ["mark_event_processed", "log_pipeline_error"] {
        let object = format!("function marketing.{function}");
        assert_eq!(
            reason(&report, &object),
            "there is one of that name already"
        );
    }
    let events = reason(&report, "table marketing.pipeline_events");
    assert!(
        events.contains("created_at is timestamp without time zone"),
        "{events}"
    );
    let emitter = "trigger outpost_company_insert on intake.company_raw_intake";
    assert!(reason(&report, emitter).contains("its own trigger trigger_company_intake"));
    let notifier = "trigger outpost_notify_insert on marketing.pipeline_events";
    assert!(reason(&report, notifier).contains("marketing.notify_pipeline_event notifies already"));
    let again = run(&mut db).await.unwrap();
    assert_eq!(again, Report::default());
}

#[tokio::test]
async fn callers_in_two_zones_roll_times_without_a_zone_up_to_the_same_hours() {
    let mut db = database::classic().await;
    run(&mut db).await.unwrap();
    let rolled = "SELECT array_agg(format('%s %s %s', extract(epoch FROM bucket), event_type, n_created) ORDER BY bucket, event_type)
                  FROM marketing.event_hour";
    let mut seen: Vec<Option<Vec<String>>> = Vec::new();
    for zone in ["Asia/Kolkata", "America/New_York", "UTC"] {
        let tick = format!("SET TimeZone = '{zone}'; SELECT marketing.rollup_tick()");
        db.client.batch_execute(&tick).await.unwrap();
        seen.push(db.client.query_one(rolled, &[]).await.unwrap().get(0));
    }
    let raw = "SELECT count(*) FROM marketing.pipeline_events";
    let total = "SELECT sum(n_created)::int8 FROM marketing.event_hour";
    assert!(seen[0].is_some(), "{seen:?}");
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    assert_eq!(count(&db.client, total).await, count(&db.client, raw).await);
}

#[tokio::test]
async fn after_a_migration_the_classic_shape_works_through_all_three_phases() {
    let mut db = database::classic().await;
    run(&mut db).await.unwrap();
    let sql = "INSERT INTO intake.company_raw_intake (company_name) VALUES ('New');
               UPDATE intake.company_raw_intake SET validated = true WHERE company_name = 'New';
               INSERT INTO marketing.campaigns (campaign_name) VALUES ('Q4');
               INSERT INTO marketing.campaign_contacts (campaign_id, contact_id) SELECT c.id, p.id
                 FROM marketing.campaigns c, marketing.contact_enrichment p;
               INSERT INTO marketing.message_queue (campaign_id, contact_id, status)
                 SELECT campaign_id, contact_id, 'queued' FROM marketing.campaign_contacts LIMIT 5;
               SELECT marketing.rollup_tick(), marketing.campaign_stats_refresh();";
    db.client.batch_execute(sql).await.unwrap();
    let events = "SELECT count(*) FROM marketing.pipeline_events WHERE event_type = ";
    for (event, n) in [
        (
            "'company_validated' AND payload->>'company_name' = 'New'",
            1,
        ),
        ("'campaign_created'", 1),
        ("'message_queued'", 5),
    ] {
        assert_eq!(
            count(&db.client, &format!("{events}{event}")).await,
            n,
            "{event}"
        );
    }
    let rolled = "SELECT sum(n_created)::int8 FROM marketing.event_hour";
    let raw = "SELECT count(*) FROM marketing.pipeline_events";
    assert_eq!(
        count(&db.client, rolled).await,
        count(&db.client, raw).await
    );
}

#[tokio::test]
async fn a_missing_column_is_added_and_old_rows_read_its_default_without_a_rewrite() {
    let mut db = database::classic().await;
    let sql = "ALTER TABLE marketing.pipeline_errors DROP COLUMN severity CASCADE, DROP COLUMN created_at CASCADE";
    db.client.batch_execute(sql).await.unwrap();
    let node = "SELECT pg_relation_filenode('marketing.pipeline_errors')::text";
    let before = texts(&db.client, node).await;
    run(&mut db).await.unwrap();
    assert_eq!(texts(&db.client, node).await, before);
    let odd = "SELECT count(*) FROM marketing.pipeline_errors WHERE severity <> 'error' OR created_at IS NOT NULL";
    assert_eq!(count(&db.client, odd).await, 0);
}

#[tokio::test]
async fn an_index_whose_build_broke_off_is_built_again() {
    let mut db = database::classic().await;
    let sql = "CREATE INDEX pe_created ON marketing.pipeline_events (created_at);
               UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'marketing.pe_created'::regclass";
    db.client.batch_execute(sql).await.unwrap();
    run(&mut db).await.unwrap();
    let valid = "SELECT count(*) FROM pg_index WHERE indexrelid = 'marketing.pe_created'::regclass AND indisvalid";
    assert_eq!(count(&db.client, valid).await, 1);
}

#[tokio::test]
async fn an_index_that_is_there_under_another_name_is_not_built_twice() {
    let mut db = database::classic().await;
    let sql = "CREATE INDEX theirs ON marketing.pipeline_events (created_at) INCLUDE (event_type) WHERE status = 'pending'";
    db.client.batch_execute(sql).await.unwrap();
    let report = run(&mut db).await.unwrap();
    assert_eq!(
        reason(&report, "index marketing.pe_pending"),
        "marketing.theirs is the same index"
    );
}

#[tokio::test]
async fn a_held_table_is_given_up_after_two_seconds_and_the_file_undone() {
    let mut db = database::classic().await;
    let mut other = db.connect().await;
    let reading = other.transaction().await.unwrap();
    reading
        .batch_execute("SELECT FROM marketing.pipeline_events")
        .await
        .unwrap();
    let error = run(&mut db).await.unwrap_err();
    assert!(matches!(error, MigrateError::Locked(_)), "{error}");
    let done = texts(&db.client, "SELECT version FROM outpost.migrations").await;
    assert_eq!(
        done,
        [
            "console/001_console",
            "console/002_triage",
            "console/003_audit",
            "console/004_triage"
        ]
    );
    reading.rollback().await.unwrap();
    let report = run(&mut db).await.unwrap();
    assert!(
        report
            .applied
            .iter()
            .any(|it| it == "table marketing.event_hour")
    );
}

#[tokio::test]
async fn a_role_without_rights_is_told_which_grants_it_needs() {
    let mut db = database::classic().await;
    let role = format!("weak_{}", db.url.len() + std::process::id() as usize);
    let sql = format!(
        "DROP ROLE IF EXISTS {role}; CREATE ROLE {role};
         GRANT USAGE ON SCHEMA marketing, intake TO {role}; SET SESSION AUTHORIZATION {role}"
    );
    db.client.batch_execute(&sql).await.unwrap();
    let before = catalog(&db.client).await;
    let error = run(&mut db).await.unwrap_err();
    let MigrateError::Privileges(grants) = &error else {
        panic!("{error}")
    };
    assert!(grants.contains(&format!("GRANT CREATE ON SCHEMA marketing TO {role};")));
    assert!(
        grants.contains(&format!("GRANT postgres TO {role};")),
        "{grants:?}"
    );
    assert!(
        grants
            .iter()
            .any(|it| it.starts_with("GRANT CREATE ON DATABASE"))
    );
    assert_eq!(catalog(&db.client).await, before);
}

#[tokio::test]
async fn a_session_that_may_only_read_is_refused() {
    let mut db = database::empty().await;
    db.client
        .batch_execute("SET default_transaction_read_only = on")
        .await
        .unwrap();
    let error = run(&mut db).await.unwrap_err();
    assert!(matches!(error, MigrateError::ReadOnly), "{error}");
}

#[tokio::test]
async fn a_file_changed_after_it_ran_and_one_from_the_future_are_refused() {
    let mut db = database::fresh().await;
    let change =
        "UPDATE outpost.migrations SET checksum = 'x' WHERE version = 'schema/003_messaging'";
    db.client.batch_execute(change).await.unwrap();
    let error = run(&mut db).await.unwrap_err();
    assert!(
        matches!(&error, MigrateError::Changed(it) if it == "schema/003_messaging"),
        "{error}"
    );
    let mut db = database::fresh().await;
    let change = "INSERT INTO outpost.migrations VALUES ('schema/999_later', '', now(), '', '{}')";
    let change = change.replace(
        "VALUES",
        "(version, checksum, applied_at, applied_by, created) VALUES",
    );
    db.client.batch_execute(&change).await.unwrap();
    let error = run(&mut db).await.unwrap_err();
    assert!(
        matches!(&error, MigrateError::Newer(it) if it == "schema/999_later"),
        "{error}"
    );
}

#[tokio::test]
async fn a_schema_of_another_name_gets_the_same() {
    let mut db = database::empty().await;
    let options = Options {
        schema: "Outreach Ops".to_owned(),
        ..Options::default()
    };
    let report = migrate(&mut db.client, &options).await.unwrap();
    assert_eq!(left(&report), Some("index Outreach Ops.pe_record"));
    let sql = r#"INSERT INTO "Outreach Ops".campaigns (campaign_name) VALUES ('Q4')"#;
    db.client.batch_execute(sql).await.unwrap();
    let events = r#"SELECT count(*) FROM "Outreach Ops".pipeline_events"#;
    assert_eq!(count(&db.client, events).await, 1);
    let stray = "SELECT count(*) FROM pg_namespace WHERE nspname = 'marketing'";
    assert_eq!(count(&db.client, stray).await, 0);
}

/// Shapes that ours does not fit: nothing may fail, and no trigger of ours may make the site's writes fail.
#[tokio::test]
async fn strange_shapes_are_left_working() {
    for strange in [
        "CREATE TABLE marketing.pipeline_events (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text, payload text, status text)",
        "CREATE TABLE marketing.store (id int, event_type text, payload jsonb, status text);
         CREATE VIEW marketing.pipeline_events AS SELECT * FROM marketing.store",
        "CREATE TABLE marketing.pipeline_events (id bigint, event_type text, payload jsonb, status text,
           created_at timestamptz, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
         CREATE TABLE marketing.pipeline_events_all PARTITION OF marketing.pipeline_events DEFAULT",
        "CREATE TABLE marketing.contact_enrichment (id uuid PRIMARY KEY, email text)",
        "CREATE TABLE marketing.campaigns (campaign_id int PRIMARY KEY, title text)",
    ] {
        let mut db = database::empty().await;
        let sql = format!("CREATE SCHEMA marketing; {strange}");
        db.client.batch_execute(&sql).await.unwrap();
        let report = run(&mut db).await.unwrap_or_else(|error| panic!("{strange}: {error}"));
        assert!(!report.left_alone.is_empty(), "{strange}");
        let write = "INSERT INTO intake.company_raw_intake (company_name) VALUES ('one');
                     INSERT INTO marketing.company_master (company_unique_id, company_name) VALUES ('1', 'one');
                     UPDATE marketing.pipeline_events SET status = 'processed'";
        let outcome = db.client.batch_execute(write).await;
        outcome.unwrap_or_else(|error| panic!("{strange}: {error}"));
        assert_eq!(run(&mut db).await.unwrap(), Report::default(), "{strange}");
    }
}
