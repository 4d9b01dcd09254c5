//! Unresolved errors in a large table without an index that finds them: few of very many, on the classic shape. They are
//! found by key, a bounded number of rows at a time, and until the oldest was looked at counts are lower bounds.

use outpost::{
    domain::{
        error_group::{Errors, Look, PagePlace, Seen, Severity},
        event::RowId,
        stage::Totals,
    },
    effect::FeedId,
    msg::Fact,
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use serde_json::Value;

use crate::{
    commands::Shell,
    database::{self, Db},
};

/// 150,000 errors, one in an hour's second, of which every 25,000th from the third on is unresolved: six of them.
const FILL: &str = "
    TRUNCATE marketing.pipeline_errors RESTART IDENTITY;
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, severity, resolved, resolved_at, created_at)
    SELECT 'stage_' || i % 7, 'r' || i, 'HTTP 500 for ' || i, CASE WHEN i % 50000 = 3 THEN 'critical' ELSE 'error' END, i % 25000 <> 3,
      CASE WHEN i % 25000 <> 3 THEN now() END, now() - interval '30 days' * (1 - i / 150000.0)
    FROM generate_series(1, 150000) AS i;
    ANALYZE marketing.pipeline_errors;";

/// Rows of the table that were read so far by who is `client`, as the server counts them.
async fn read(client: &Client) -> i64 {
    let sql = "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables
               WHERE schemaname = 'marketing' AND relname = 'pipeline_errors'";
    client.query_typed_one(sql, &[]).await.unwrap().get("n")
}

async fn site() -> (Db, Catalog) {
    let db = database::classic().await;
    db.client.batch_execute(FILL).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    (db, catalog)
}

async fn errors(client: &Client, catalog: &Catalog, memory: &mut Memory) -> Errors {
    match queries::fetch(client, catalog, FeedId::Errors, memory).await {
        Ok(Fact::Errors(errors)) => errors,
        other => panic!("{other:?}"),
    }
}

async fn totals(client: &Client, catalog: &Catalog, memory: &mut Memory) -> Totals {
    match queries::fetch(client, catalog, FeedId::Totals, memory).await {
        Ok(Fact::Totals(totals)) => totals,
        other => panic!("{other:?}"),
    }
}

/// Refreshes until `is_seen`.
async fn until(
    (client, catalog, memory): (&Client, &Catalog, &mut Memory),
    is_seen: impl Fn(&Errors) -> bool,
) -> Errors {
    for _ in 0..60 {
        let errors = errors(client, catalog, memory).await;
        if is_seen(&errors) {
            return errors;
        }
    }
    panic!("not seen in sixty refreshes");
}

#[tokio::test]
async fn few_of_very_many_are_found_by_key_and_until_then_counts_are_lower_bounds() {
    let (db, catalog) = site().await;
    let mut memory = Memory::default();
    let first = errors(&db.client, &catalog, &mut memory).await;
    assert!(first.open() < 6 && first.since.is_some(), "{first:?}");
    assert!(!first.coverage.has_all_open);
    let told = totals(&db.client, &catalog, &mut memory).await;
    assert_eq!(
        (told.unresolved_errors, told.errors_since),
        (first.open(), first.since)
    );
    let all = until((&db.client, &catalog, &mut memory), |it| it.since.is_none()).await;
    assert_eq!(
        all.unresolved,
        [(Severity::Critical, 3), (Severity::Error, 3)]
    );
    assert!(all.coverage.has_all_open);
    assert_eq!(all.stages.iter().map(|it| it.unresolved).sum::<u64>(), 6);
    // 5,000 of the 150,000 came in the last day.
    let day: u64 = all.stages.iter().map(|it| it.errors_24h).sum();
    assert!((4_990..=5_000).contains(&day), "{day}");
    let told = totals(&db.client, &catalog, &mut memory).await;
    assert_eq!((told.unresolved_errors, told.errors_since), (6, None));
}

#[tokio::test]
async fn what_is_resolved_reopened_deleted_or_new_among_them_is_noticed() {
    let (db, catalog) = site().await;
    let mut memory = Memory::default();
    until((&db.client, &catalog, &mut memory), |it| it.since.is_none()).await;
    // Known ones are asked for by key: at the next refresh.
    let change = "UPDATE marketing.pipeline_errors SET resolved = true, resolved_at = now() WHERE id = (SELECT min(id) FROM marketing.pipeline_errors WHERE NOT resolved);
        DELETE FROM marketing.pipeline_errors WHERE id = (SELECT max(id) FROM marketing.pipeline_errors WHERE NOT resolved);
        INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('stage_new', 'n', 'connection refused')";
    db.client.batch_execute(change).await.unwrap();
    let now = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((now.open(), now.since), (5, None));
    // One that was reopened is found when its stretch had its turn.
    let reopen = "UPDATE marketing.pipeline_errors SET resolved = NULL, resolved_at = NULL WHERE record_id = 'r77777'";
    db.client.batch_execute(reopen).await.unwrap();
    let now = until((&db.client, &catalog, &mut memory), |it| it.open() == 6).await;
    assert_eq!(now.recent.len(), 6);
}

#[tokio::test]
async fn no_refresh_page_or_look_reads_more_than_a_part_of_the_table() {
    let (db, catalog) = site().await;
    let client = &db.client;
    let mut memory = Memory::default();
    until((client, &catalog, &mut memory), |it| it.since.is_none()).await;
    // What a transaction read is told exactly within it.
    let most = async |what: &str, most: i64, before: i64| {
        let n = read(client).await - before;
        assert!(n <= most, "{what}: {n} rows of 150,000");
    };
    client.batch_execute("BEGIN").await.unwrap();
    let before = read(client).await;
    let seen = errors(client, &catalog, &mut memory).await;
    most("a refresh", 20_000, before).await;
    let before = read(client).await;
    totals(client, &catalog, &mut memory).await;
    most("the totals", 0, before).await;
    for place in [
        PagePlace::Oldest,
        PagePlace::Before(seen.recent[0].id.clone()),
    ] {
        let before = read(client).await;
        let look = Look::Page(place.clone(), String::new());
        let page = match queries::look(client, &catalog, &mut memory, &look).await {
            Ok(Seen::Page(page)) => page,
            other => panic!("{other:?}"),
        };
        assert!(!page.has_unknown && page.is_end, "{page:?}");
        assert!(page.rows.len() >= 5, "{place:?}: {}", page.rows.len());
        most("a page", 100, before).await;
    }
    let before = read(client).await;
    let look = Look::Matching(String::new());
    match queries::look(client, &catalog, &mut memory, &look).await {
        Ok(Seen::Found(found)) => assert_eq!((found.errors.len(), found.is_cut), (6, false)),
        other => panic!("{other:?}"),
    }
    most("all that match", 100, before).await;
    client.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn pages_go_on_where_older_ones_were_not_looked_at_yet() {
    let (db, catalog) = site().await;
    let mut memory = Memory::default();
    let first = errors(&db.client, &catalog, &mut memory).await;
    assert!(first.since.is_some());
    let mut place = PagePlace::Before(RowId::from(150_001));
    let mut found = 0;
    for _ in 0..20 {
        let look = Look::Page(place.clone(), String::new());
        let page = match queries::look(&db.client, &catalog, &mut memory, &look).await {
            Ok(Seen::Page(page)) => page,
            other => panic!("{other:?}"),
        };
        found += page.rows.len();
        if page.is_end {
            assert_eq!(found, 6);
            return;
        }
        place = PagePlace::Before(page.edge.unwrap());
    }
    panic!("no end of pages");
}

/// A cast that takes long where the errors of a day are counted, and nowhere else.
const SLOW: &str = "
    CREATE TYPE marketing.severity AS ENUM ('warning', 'error', 'critical');
    DROP VIEW marketing.vw_unresolved_errors;
    ALTER TABLE marketing.pipeline_errors DROP CONSTRAINT pipeline_errors_severity_check, ALTER COLUMN severity DROP DEFAULT,
      ALTER COLUMN severity TYPE marketing.severity USING severity::marketing.severity;
    CREATE FUNCTION marketing.said(marketing.severity) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
      IF current_query() LIKE '%errors_24h%' THEN PERFORM pg_sleep(0.02); END IF;
      RETURN enum_out($1)::text; END $$;
    CREATE CAST (marketing.severity AS text) WITH FUNCTION marketing.said(marketing.severity);
    DELETE FROM marketing.pipeline_errors WHERE created_at > now() - interval '24 hours' AND id % 1000 <> 0;
    UPDATE marketing.pipeline_errors SET resolved = true WHERE created_at > now() - interval '24 hours';
    ANALYZE marketing.pipeline_errors;";

#[tokio::test]
async fn what_is_dear_to_count_is_counted_rarely_and_says_when() {
    let (db, _) = site().await;
    db.client.batch_execute(SLOW).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let day = |errors: &Errors| errors.stages.iter().map(|it| it.errors_24h).sum::<u64>();
    let first = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((day(&first), first.counted), (5, None));
    // What is held is not what is there any more; that to count is dear is known of the second time.
    let delete = "DELETE FROM marketing.pipeline_errors WHERE created_at > now() - interval '24 hours' AND id % 5000 <> 0";
    db.client.batch_execute(delete).await.unwrap();
    let second = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((day(&second), second.counted), (1, None));
    let insert = "INSERT INTO marketing.pipeline_errors (event_type, error_message) VALUES ('stage_new', 'x')";
    db.client.batch_execute(insert).await.unwrap();
    let kept = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!(day(&kept), 1);
    assert!(kept.counted.is_some() && kept.open() > first.open());
}

#[tokio::test]
async fn the_doctor_names_the_indexes_that_are_missing_and_they_end_what_it_says() {
    let (db, catalog) = site().await;
    let gaps = catalog.gaps();
    let indexes = || {
        gaps.iter()
            .filter(|gap| gap.what.display().starts_with("an index on "))
    };
    let named: Vec<String> = indexes().map(|gap| gap.what.display()).collect();
    assert_eq!(
        named,
        [
            "an index on marketing.pipeline_errors (\"id\") WHERE NOT coalesce(\"resolved\", false)",
            "an index on marketing.pipeline_errors (\"created_at\")",
            "an index on marketing.pipeline_errors (\"record_id\", \"created_at\")",
        ]
    );
    for gap in indexes() {
        db.client.batch_execute(&gap.remedy).await.unwrap();
    }
    db.client
        .batch_execute("ANALYZE marketing.pipeline_errors")
        .await
        .unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    let has_index =
        |gap: &&outpost::domain::server::Gap| gap.what.display().contains("an index on ");
    assert_eq!(catalog.gaps().iter().find(has_index), None);
    // All that is unresolved is known at once, and little is read for it.
    let mut memory = Memory::default();
    let first = errors(&db.client, &catalog, &mut memory).await;
    assert_eq!((first.open(), first.since), (6, None));
    until((&db.client, &catalog, &mut memory), |it| {
        it.coverage.has_all_open
    })
    .await;
    db.client.batch_execute("BEGIN").await.unwrap();
    let before = read(&db.client).await;
    errors(&db.client, &catalog, &mut memory).await;
    let n = read(&db.client).await - before;
    assert!(n < 12_000, "{n} rows of 150,000");
    db.client.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn the_command_line_says_which_of_its_counts_are_lower_bounds() {
    let (db, _) = site().await;
    let shell = Shell::on(&db.url);
    for how in [
        &["errors", "assign", "--plan"][..],
        &["errors", "ignore", "--until", "4h", "--plan"],
        &["errors", "note", "--note", "x", "--plan"],
    ] {
        let plan = shell.json(how).await;
        let remark = plan["remark"].as_str().unwrap_or_default();
        assert!(
            remark.starts_with("only errors since ") && remark.contains("lower bounds"),
            "{plan:#}"
        );
    }
    let (code, _, err) = shell
        .run(&["errors", "assign", "--filter", "stage:nowhere", "--plan"])
        .await;
    assert!(code > 0 && err.contains("only errors since "), "{err}");
    let (_, line, _) = shell.run(&["check"]).await;
    let bound = "lower bounds: unresolved_errors (since 20";
    assert!(line.contains(bound), "{line}");
    assert!(line.find(bound) < line.find(" | "), "{line}");
    let (_, status, _) = shell.run(&["status", "--json"]).await;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["totals_24h"]["unresolved_errors_at_least"], true);
    // Once all were looked at, nothing is.
    let few =
        "DELETE FROM marketing.pipeline_errors WHERE id < 60000; ANALYZE marketing.pipeline_errors";
    db.client.batch_execute(few).await.unwrap();
    let plan = shell.json(&["errors", "assign", "--plan"]).await;
    assert_eq!(plan["remark"], Value::Null);
    let (_, line, _) = shell.run(&["check"]).await;
    assert!(!line.contains("lower bounds"), "{line}");
}

/// Refreshes until all is known, each of which reads but a part of the table.
async fn read_in_parts(db: &Db, what: &str) -> Errors {
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    db.client.batch_execute("BEGIN").await.unwrap();
    let first = errors(&db.client, &catalog, &mut memory).await;
    assert!(first.since.is_some(), "{what}: not all was looked at yet");
    for _ in 0..60 {
        let before = read(&db.client).await;
        let seen = errors(&db.client, &catalog, &mut memory).await;
        let n = read(&db.client).await - before;
        assert!(n <= 75_000, "{what}: {n} rows of 150,000");
        if seen.since.is_none() {
            db.client.batch_execute("COMMIT").await.unwrap();
            return seen;
        }
    }
    panic!("{what}: not seen in sixty refreshes");
}

#[tokio::test]
async fn an_index_that_does_not_have_them_by_key_is_not_relied_on() {
    for index in [
        // The server believes that they are spread evenly, and they are the oldest.
        "ALTER TABLE marketing.pipeline_errors ALTER COLUMN resolved SET NOT NULL;
         CREATE INDEX ON marketing.pipeline_errors (resolved, created_at)",
        // These are of something else.
        "CREATE INDEX ON marketing.pipeline_errors (id) WHERE resolved_at IS NULL",
        "ALTER TABLE marketing.pipeline_errors ALTER COLUMN resolved SET NOT NULL;
         CREATE INDEX ON marketing.pipeline_errors (id) WHERE resolved",
    ] {
        let db = database::classic().await;
        db.client.batch_execute(FILL).await.unwrap();
        let old = "UPDATE marketing.pipeline_errors SET resolved = id > 30000;";
        db.client
            .batch_execute(&format!("{old} {index}; ANALYZE marketing.pipeline_errors"))
            .await
            .unwrap();
        let all = read_in_parts(&db, index).await;
        assert_eq!(all.open(), 30_000, "{index}");
    }
}

#[tokio::test]
async fn a_table_that_has_grown_since_it_was_last_analysed_is_taken_for_as_large_as_it_is() {
    let db = database::classic().await;
    let few = "ALTER TABLE marketing.pipeline_errors SET (autovacuum_enabled = false);
        INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, resolved, resolved_at)
        SELECT 'stage_1', 'r' || i, 'HTTP 500 for ' || i, true, now() FROM generate_series(1, 1000) AS i;
        ANALYZE marketing.pipeline_errors;";
    db.client.batch_execute(few).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    assert!(!is_long(&catalog));
    let many = "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, resolved, resolved_at)
        SELECT 'stage_1', 'r' || i, 'HTTP 500 for ' || i, true, now() FROM generate_series(1, 150000) AS i";
    db.client.batch_execute(many).await.unwrap();
    let catalog = database::catalog(&db.client, "marketing").await;
    assert!(is_long(&catalog));
}

/// Whether what is unresolved has to be looked for by key.
fn is_long(catalog: &Catalog) -> bool {
    let gaps = catalog.gaps();
    let named = gaps.iter().map(|gap| gap.what.display());
    let mut open = named.filter(|what| what.contains("NOT coalesce(\"resolved\", false)"));
    open.next().is_some()
}
