//! Silent drops turn by turn on a real database: whatever happened to the events, after some turns they are what one look at all
//! of them says, and a turn reads what is new.

use std::sync::Arc;

use outpost::{
    domain::{
        drops::{Count, Dropped, Drops},
        pipeline::Pipeline,
    },
    effect::FeedId,
    msg::Fact,
    sources::postgres::{
        Client,
        catalog::Catalog,
        queries::{self, Memory},
    },
};

use crate::{
    database::{self, Db},
    drops::{FIELD, OURS, REMOVE, filled, look, named},
};

/// A console that looks again and again.
struct Console<'a> {
    client: &'a Client,
    catalog: Catalog,
    memory: Memory,
}

impl<'a> Console<'a> {
    async fn over(client: &'a Client) -> Self {
        Self {
            client,
            catalog: database::catalog(client, "marketing").await,
            memory: Memory::default(),
        }
    }

    async fn turn(&mut self) -> Drops {
        let drops = FeedId::Drops;
        let answer = queries::fetch(self.client, &self.catalog, drops, &mut self.memory).await;
        match answer {
            Ok(Fact::Drops(drops)) => drops,
            other => panic!("{other:?}"),
        }
    }

    /// So many turns, and the last of them is what a new console sees.
    async fn agrees(&mut self, turns: usize, what: &str) -> Drops {
        for _ in 1..turns {
            self.turn().await;
        }
        let drops = self.turn().await;
        let whole = look(self.client, Pipeline::guide()).await;
        assert_eq!(drops.links, whole.links, "{what}");
        assert_eq!(
            (drops.since, drops.newest),
            (whole.since, whole.newest),
            "{what}"
        );
        drops
    }
}

/// Turns in which each of the thousands of events of the fixture has had its turn.
const ROUND: usize = 14;

/// Ten minutes ago two slots were done, and the child of one came.
const NEW: &str = "
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at) VALUES
      ('slots_created', '{\"slot_id\": \"a\"}', 'processed', now() - interval '11 minutes', now() - interval '10 minutes'),
      ('slots_created', '{\"slot_id\": \"b\"}', 'processed', now() - interval '11 minutes', now() - interval '10 minutes'),
      ('contact_enriched', '{\"slot_id\": \"b\"}', 'pending', now() - interval '10 minutes', NULL),
      ('slots_created', '{\"slot_id\": \"c\"}', 'pending', now() - interval '11 minutes', NULL);";

async fn changes(db: Db, promoted: &str, round: usize) {
    filled(&db, promoted).await;
    let mut console = Console::over(&db.client).await;
    let run = async |sql: &str| db.client.batch_execute(sql).await.unwrap();
    console.agrees(2, "as it was").await;
    run(REMOVE).await;
    let drops = console.agrees(round, "children removed").await;
    assert_eq!(named(&drops).len(), 7);
    // What is new is seen at once, and so is an end of what had none.
    run(NEW).await;
    let drops = console.agrees(1, "new").await;
    assert_eq!(named(&drops).len(), 8);
    run("UPDATE marketing.pipeline_events SET status = 'processed', processed_at = now() - interval '9 minutes'
         WHERE payload->>'slot_id' = 'c'")
    .await;
    let drops = console.agrees(1, "ended").await;
    assert!(named(&drops).contains(&"slots_created c".to_owned()));
    // A child that comes late, and one that commits after rows with higher keys were read.
    let other = db.connect().await;
    let sql = "BEGIN;
        INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('contact_enriched', '{\"slot_id\": \"a\"}')";
    other.batch_execute(sql).await.unwrap();
    run("INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('contact_enriched', '{\"slot_id\": \"c\"}')").await;
    let drops = console.agrees(1, "a late child").await;
    assert_eq!(named(&drops).len(), 8);
    other.batch_execute("COMMIT").await.unwrap();
    let drops = console.agrees(1, "a late commit").await;
    assert_eq!(named(&drops).len(), 7);
    // An error row ends one rightly.
    run("INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message) VALUES ('company_created', '11', 'no')").await;
    let drops = console.agrees(1, "excused").await;
    assert_eq!(named(&drops).len(), 6);
    run("DELETE FROM marketing.pipeline_errors WHERE record_id = '11'").await;
    // Tried again, corrected, removed anywhere.
    run("UPDATE marketing.pipeline_events SET status = 'pending', processed_at = NULL WHERE payload->>'record_id' IN ('300', '12');
         UPDATE marketing.pipeline_events SET payload = payload || '{\"slot_id\": \"nobody\"}' WHERE event_type = 'contact_enriched' AND payload->>'slot_id' = '400.CFO';
         DELETE FROM marketing.pipeline_events WHERE event_type = 'company_validated' AND payload->>'record_id' = '500'")
    .await;
    // What was excused is taken to be so for ten minutes.
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(601)).await;
    tokio::time::resume();
    let drops = console.agrees(round, "changed").await;
    let all = named(&drops);
    assert!(all.contains(&"slots_created 400.CFO".to_owned()), "{all:?}");
    assert!(all.contains(&"company_created 500".to_owned()), "{all:?}");
    // A purge of the oldest, and a table that begins anew.
    run("DELETE FROM marketing.pipeline_events WHERE id IN (SELECT id FROM marketing.pipeline_events ORDER BY id LIMIT 2000)").await;
    console.agrees(round, "purged").await;
    filled(&db, promoted).await;
    run("DROP TABLE taken").await;
    console.agrees(round, "filled anew").await;
    run("SET session_replication_role = replica; TRUNCATE marketing.pipeline_events RESTART IDENTITY CASCADE;").await;
    run(NEW).await;
    let drops = console.agrees(2, "keys that went back").await;
    assert_eq!(named(&drops), ["slots_created a"]);
}

#[tokio::test]
async fn after_any_change_turns_say_what_a_look_at_all_says_on_our_schema() {
    changes(database::fresh().await, OURS, ROUND).await;
}

#[tokio::test]
async fn after_any_change_turns_say_what_a_look_at_all_says_on_the_classic_shape() {
    changes(database::classic().await, FIELD, ROUND).await;
}

#[tokio::test]
async fn where_rows_tell_no_version_changes_are_found_by_reading_all_of_them_in_turn() {
    let db = database::fresh().await;
    filled(&db, OURS).await;
    // Who may not read every column may not read the versions.
    let sql = "CREATE ROLE blindfold;
         GRANT USAGE ON SCHEMA marketing, intake TO blindfold;
         GRANT SELECT ON ALL TABLES IN SCHEMA marketing, intake TO blindfold;
         ALTER TABLE marketing.pipeline_events ADD COLUMN secret text;
         REVOKE SELECT ON marketing.pipeline_events FROM blindfold;
         GRANT SELECT (id, event_type, status, payload, created_at, processed_at) ON marketing.pipeline_events TO blindfold";
    db.client.batch_execute(sql).await.unwrap();
    let blind = db.connect().await;
    blind.batch_execute("SET ROLE blindfold").await.unwrap();
    let mut console = Console::over(&blind).await;
    console.agrees(2, "as it was").await;
    let sql = "UPDATE marketing.pipeline_events SET payload = '{\"slot_id\": \"nobody\"}' WHERE event_type = 'contact_enriched' AND payload->>'slot_id' = '400.CFO'";
    db.client.batch_execute(sql).await.unwrap();
    let drops = console.agrees(40, "corrected").await;
    assert_eq!(named(&drops), ["slots_created 400.CFO"]);
    drop(blind);
    let sql = "DROP OWNED BY blindfold; DROP ROLE blindfold";
    db.client.batch_execute(sql).await.unwrap();
}

#[tokio::test]
async fn keys_without_order_are_looked_at_by_time_and_the_same_are_named() {
    let db = database::classic().await;
    let sql = "ALTER TABLE marketing.pipeline_events RENAME TO old;
         CREATE TABLE marketing.pipeline_events (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text, payload jsonb,
           status text DEFAULT 'pending', created_at timestamptz DEFAULT now(), processed_at timestamptz);
         ALTER TABLE marketing.pipeline_errors DROP COLUMN IF EXISTS event_id;";
    db.client.batch_execute(sql).await.unwrap();
    filled(&db, FIELD).await;
    let mut console = Console::over(&db.client).await;
    assert_eq!(named(&console.agrees(2, "as it was").await), [""; 0]);
    db.client.batch_execute(REMOVE).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(601)).await;
    tokio::time::resume();
    let drops = console.agrees(1, "children removed").await;
    assert_eq!(named(&drops).len(), 7);
}

#[tokio::test]
async fn another_pipeline_begins_anew() {
    let db = database::fresh().await;
    filled(&db, OURS).await;
    db.client.batch_execute(REMOVE).await.unwrap();
    let mut console = Console::over(&db.client).await;
    assert_eq!(named(&console.turn().await).len(), 7);
    let own = Pipeline::parse(
        "[[phase]]\nname = 'A'\n\
         [[stage]]\nevent = 'slots_created'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nends = [{ payload = 'slot_id', is = '31.ceo' }]\n\
         [[stage]]\nevent = 'contact_enriched'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nparent = 'slots_created'\nchildren = '1'\nkeys = ['slot_id']\n",
    )
    .unwrap();
    console.memory = console.memory.over(Arc::new(own.clone()));
    let drops = console.turn().await;
    assert_eq!(drops.links, look(&db.client, &own).await.links);
    assert_eq!(
        named(&drops),
        ["slots_created 32.HR", "slots_created 51.CEO"]
    );
}

/// Rows of the events that were looked at in a transaction that is under way.
async fn rows(client: &Client) -> i64 {
    let sql = "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables WHERE relname = 'pipeline_events'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_turn_reads_what_is_new_and_a_stretch_and_asks_one_statement() {
    let db = database::fresh().await;
    filled(&db, OURS).await;
    db.client
        .batch_execute("ANALYZE marketing.pipeline_events")
        .await
        .unwrap();
    let mut console = Console::over(&db.client).await;
    console.turn().await;
    db.client.batch_execute("BEGIN").await.unwrap();
    db.client.batch_execute(NEW).await.unwrap();
    let (before, spent) = (rows(&db.client).await, db.client.spent());
    let drops = console.turn().await;
    let read = rows(&db.client).await - before;
    assert!(read < 1_200, "{read}");
    let asked = |drops: &Drops| {
        drops
            .links
            .iter()
            .map(|link: &Count| link.dropped.len())
            .sum::<usize>()
    };
    // The one that is new is looked up, and what might excuse it.
    assert_eq!(asked(&drops), 1);
    let n = db.client.spent().queries - spent.queries;
    assert!(n <= 5, "{n}");
    db.client.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn of_very_many_suspects_some_are_asked_again_in_each_turn() {
    let db = database::fresh().await;
    filled(&db, OURS).await;
    let sql = "DELETE FROM marketing.pipeline_events WHERE event_type = 'contact_enriched' AND payload->>'slot_id' LIKE '%.CEO'";
    db.client.batch_execute(sql).await.unwrap();
    let mut console = Console::over(&db.client).await;
    assert_eq!(named(&console.agrees(2, "as it was").await).len(), 1_000);
    let sql = "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
        SELECT 'slots_created', n || '.CEO', 'nobody found' FROM unnest(ARRAY[1, 400, 1000]) AS n";
    db.client.batch_execute(sql).await.unwrap();
    // Some 500 in a turn.
    let drops = console.agrees(3, "excused").await;
    assert_eq!(named(&drops).len(), 997);
    // What a payload says is read again, if not at once.
    let sql = "UPDATE marketing.pipeline_events SET payload = payload || '{\"company_name\": \"Renamed\"}'
        WHERE event_type = 'slots_created' AND payload->>'slot_id' = '2.CEO'";
    db.client.batch_execute(sql).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(601)).await;
    tokio::time::resume();
    let drops = console.agrees(1, "renamed").await;
    let is_renamed = |it: &Dropped| {
        let subject = it.subject.as_ref();
        subject.is_some_and(|name| name.display() == "Renamed")
    };
    let mut dropped = drops.links.iter().flat_map(|link| &link.dropped);
    assert!(dropped.any(is_renamed));
}

#[tokio::test]
async fn where_errors_could_not_be_read_nothing_is_told_as_dropped_until_they_were_for_all() {
    let db = database::fresh().await;
    filled(&db, OURS).await;
    let sql = "DELETE FROM marketing.pipeline_events WHERE event_type = 'contact_enriched' AND payload->>'slot_id' LIKE '%.CEO';
        INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
        SELECT 'slots_created', n || '.CEO', 'nobody found' FROM generate_series(1, 1000) AS n";
    db.client.batch_execute(sql).await.unwrap();
    let mut console = Console::over(&db.client).await;
    let lock = db.connect().await;
    let held = "BEGIN; LOCK TABLE marketing.pipeline_errors IN ACCESS EXCLUSIVE MODE";
    lock.batch_execute(held).await.unwrap();
    let bound = "SET statement_timeout = '500ms'";
    db.client.batch_execute(bound).await.unwrap();
    let drops = console.turn().await;
    let slots = |drops: &Drops| -> Count {
        let mut links = drops.links.iter();
        let link = links.find(|link| link.stage.label() == "slots_created");
        link.unwrap().clone()
    };
    let blind = slots(&drops).blind.unwrap();
    assert!(blind.contains("errors cannot be read"), "{blind}");
    lock.batch_execute("ROLLBACK").await.unwrap();
    let unbound = "SET statement_timeout = 0";
    db.client.batch_execute(unbound).await.unwrap();
    let drops = console.agrees(1, "all are excused").await;
    assert_eq!((slots(&drops).ended, named(&drops).len()), (1_000, 0));
}

#[tokio::test]
async fn a_turn_that_fails_loses_nothing() {
    let db = database::fresh().await;
    filled(&db, OURS).await;
    let mut console = Console::over(&db.client).await;
    console.turn().await;
    db.client.batch_execute(REMOVE).await.unwrap();
    db.client.batch_execute(NEW).await.unwrap();
    let sql = "ALTER TABLE marketing.pipeline_events RENAME COLUMN processed_at TO gone";
    db.client.batch_execute(sql).await.unwrap();
    let drops = FeedId::Drops;
    let answer = queries::fetch(&db.client, &console.catalog, drops, &mut console.memory).await;
    assert!(answer.is_err(), "{answer:?}");
    let sql = "ALTER TABLE marketing.pipeline_events RENAME COLUMN gone TO processed_at";
    db.client.batch_execute(sql).await.unwrap();
    let drops = console.agrees(ROUND, "again").await;
    assert_eq!(named(&drops).len(), 8);
}
