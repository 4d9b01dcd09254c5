//! What our triggers tell of, in each of their modes, and that it never costs a writer more than it should.

use serde_json::Value;
use tokio_postgres::Client;

use crate::database::{self, Db};

const INSERT: &str =
    "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created')";

async fn set(db: &Db, mode: &str) {
    let sql = "UPDATE outpost.settings SET value = $1 WHERE name = 'notify'";
    db.client.execute(sql, &[&mode]).await.unwrap();
}

async fn run(client: &Client, sql: &str) {
    let outcome = client.batch_execute(sql).await;
    outcome.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// As JSON, the ids taken as they came.
fn parsed(said: &[String]) -> Vec<Value> {
    let json = said.iter().map(|one| serde_json::from_str(one).unwrap());
    json.collect()
}

#[tokio::test]
async fn one_row_is_told_with_its_id() {
    let db = database::fresh().await;
    let (_listening, mut heard) = db.listen().await;
    run(&db.client, INSERT).await;
    let said = parsed(&db.heard_so_far(&mut heard).await);
    let expected = r#"{"op": "insert", "n": 1, "ids": [1], "more": 0}"#.to_owned();
    assert_eq!(said, parsed(&[expected]));
}

/// A trigger that only finds that there is nothing to tell costs every change of status; the looks find those.
#[tokio::test]
async fn nothing_is_told_of_a_change_of_status_or_of_no_rows_and_no_trigger_is_left_for_it() {
    let db = database::fresh().await;
    run(&db.client, INSERT).await;
    let (_listening, mut heard) = db.listen().await;
    for quiet in [
        "UPDATE marketing.pipeline_events SET status = 'failed', retry_count = 1",
        "UPDATE marketing.pipeline_events SET status = 'pending'",
        "UPDATE marketing.pipeline_events SET status = 'processed' WHERE id > 70",
        "INSERT INTO marketing.pipeline_events (event_type) SELECT 'x' WHERE false",
    ] {
        run(&db.client, quiet).await;
        assert_eq!(db.heard_so_far(&mut heard).await, [""; 0], "{quiet}");
    }
    let updates = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'marketing.pipeline_events'::regclass AND tgtype & 16 <> 0 AND NOT tgisinternal";
    let left: i64 = db.client.query_one(updates, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_mode_is_in_force_with_its_commit_in_every_session_and_waits_for_no_writer() {
    let db = database::fresh().await;
    let mut writer = db.connect().await;
    let (_listening, mut heard) = db.listen().await;
    run(&writer, INSERT).await;
    assert_eq!(db.heard_so_far(&mut heard).await.len(), 1);
    // Open, with a lock on the table of events.
    let open = writer.transaction().await.unwrap();
    open.batch_execute(INSERT).await.unwrap();
    set(&db, "off").await;
    open.batch_execute(INSERT).await.unwrap();
    open.commit().await.unwrap();
    assert_eq!(
        db.heard_so_far(&mut heard).await.len(),
        1,
        "the one before the change"
    );
    run(&writer, INSERT).await;
    assert_eq!(db.heard_so_far(&mut heard).await, [""; 0]);
    for back in [
        "DELETE FROM outpost.settings",
        "INSERT INTO outpost.settings VALUES ('notify', 'off')",
        "TRUNCATE outpost.settings",
    ] {
        run(&db.client, back).await;
        run(&writer, INSERT).await;
        let told = usize::from(!back.starts_with("INSERT"));
        assert_eq!(db.heard_so_far(&mut heard).await.len(), told, "{back}");
    }
    let unknown = "INSERT INTO outpost.settings VALUES ('notify', 'sometimes')";
    assert!(db.client.batch_execute(unknown).await.is_err());
}

#[tokio::test]
async fn while_coalescing_a_hint_is_skipped_only_while_that_of_another_is_on_its_way() {
    let db = database::fresh().await;
    set(&db, "coalesce").await;
    let (_listening, mut heard) = db.listen().await;
    let mut first = db.connect().await;
    let hint = r#"{"op": "insert", "coalesced": true}"#;

    let open = first.transaction().await.unwrap();
    open.batch_execute(INSERT).await.unwrap();
    run(&db.client, INSERT).await;
    run(
        &db.client,
        "UPDATE marketing.pipeline_events SET status = 'processed'",
    )
    .await;
    assert_eq!(
        db.heard_so_far(&mut heard).await,
        [""; 0],
        "skipped: one is on its way"
    );
    open.commit().await.unwrap();
    assert_eq!(db.heard_so_far(&mut heard).await, [hint]);
    run(&db.client, INSERT).await;
    assert_eq!(
        db.heard_so_far(&mut heard).await,
        [hint],
        "nobody is on the way any more"
    );

    // What is taken back, or tells of nothing, keeps nobody from telling.
    let open = first.transaction().await.unwrap();
    open.batch_execute("UPDATE marketing.pipeline_events SET status = 'failed' WHERE id = 1")
        .await
        .unwrap();
    open.batch_execute(&format!("SAVEPOINT a; {INSERT}; ROLLBACK TO a"))
        .await
        .unwrap();
    run(&db.client, INSERT).await;
    assert_eq!(db.heard_so_far(&mut heard).await, [hint]);
    open.commit().await.unwrap();
    assert_eq!(db.heard_so_far(&mut heard).await, [""; 0]);
}

/// Puts another table of events in the place of ours, with our triggers.
async fn replace_events(client: &Client, columns: &str) {
    let sql = format!(
        "DROP TABLE marketing.pipeline_events CASCADE;
         CREATE TABLE marketing.pipeline_events ({columns});
         CREATE TRIGGER a AFTER INSERT ON marketing.pipeline_events REFERENCING NEW TABLE AS changed
           FOR EACH STATEMENT EXECUTE FUNCTION marketing.outpost_notify()"
    );
    run(client, &sql).await;
}

/// A writer may put anybody's functions before ours.
#[tokio::test]
async fn what_lies_in_the_writers_search_path_is_never_called() {
    let db = database::fresh().await;
    let columns = "id bigserial PRIMARY KEY, event_type varchar, status varchar DEFAULT 'pending'";
    replace_events(&db.client, columns).await;
    run(&db.client, "CREATE SCHEMA theirs;
        CREATE FUNCTION theirs.trap() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION SQLSTATE 'ZZ001'; END $$;
        CREATE FUNCTION theirs.left(varchar, int) RETURNS text LANGUAGE sql AS 'SELECT theirs.trap()';
        CREATE FUNCTION theirs.to_json(bigint) RETURNS text LANGUAGE sql AS 'SELECT theirs.trap()';
        CREATE FUNCTION theirs.pg_notify(text, text) RETURNS text LANGUAGE sql AS 'SELECT theirs.trap()';
        CREATE FUNCTION theirs.trap(varchar, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT theirs.trap() IS NULL';
        CREATE OPERATOR theirs.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = theirs.trap);
        CREATE FUNCTION theirs.trap(float8, numeric) RETURNS boolean LANGUAGE sql AS 'SELECT theirs.trap() IS NULL';
        CREATE OPERATOR theirs.> (LEFTARG = float8, RIGHTARG = numeric, FUNCTION = theirs.trap);
        SET search_path = theirs, public").await;
    let (_listening, mut heard) = db.listen().await;
    for told in [
        "INSERT INTO marketing.pipeline_events (event_type) VALUES ('a')",
        "INSERT INTO marketing.pipeline_events (event_type) VALUES ('a'), ('b')",
    ] {
        run(&db.client, told).await;
        assert_eq!(db.heard_so_far(&mut heard).await.len(), 1, "{told}");
    }
}

#[tokio::test]
async fn columns_of_other_types_are_told() {
    let db = database::fresh().await;
    run(
        &db.client,
        "CREATE TYPE kind AS ENUM ('a', 'b');
        CREATE TYPE state AS ENUM ('new', 'done')",
    )
    .await;
    let columns = "id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type kind, status state";
    replace_events(&db.client, columns).await;
    let (_listening, mut heard) = db.listen().await;
    for (sql, n) in [
        (
            "INSERT INTO marketing.pipeline_events (event_type) VALUES ('a')",
            1,
        ),
        (
            "INSERT INTO marketing.pipeline_events (event_type) VALUES ('a'), ('b'), (NULL)",
            3,
        ),
        (
            "INSERT INTO marketing.pipeline_events (event_type) VALUES (NULL)",
            1,
        ),
    ] {
        run(&db.client, sql).await;
        let said = parsed(&db.heard_so_far(&mut heard).await);
        assert_eq!(said.len(), 1, "{sql}");
        assert_eq!(
            (&said[0]["n"], said[0]["ids"].as_array().unwrap().len()),
            (&Value::from(n), n),
            "{sql}"
        );
        assert!(said[0]["ids"][0].is_string(), "{sql}: {said:?}");
    }
}

#[tokio::test]
async fn a_column_that_is_renamed_costs_no_event() {
    let db = database::fresh().await;
    run(
        &db.client,
        "ALTER TABLE marketing.pipeline_events RENAME event_type TO kind",
    )
    .await;
    run(
        &db.client,
        "INSERT INTO marketing.pipeline_events (kind) VALUES ('a')",
    )
    .await;
    run(
        &db.client,
        "UPDATE marketing.pipeline_events SET status = 'processed'",
    )
    .await;
    let rows = "SELECT count(*) FROM marketing.pipeline_events WHERE status = 'processed'";
    assert_eq!(
        db.client
            .query_one(rows, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        1
    );
}
