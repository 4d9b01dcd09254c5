//! Silent drops on a real database, in both shapes: exactly what was removed is named, nothing that ended rightly is.

use std::{sync::Arc, time::Duration};

use outpost::{
    domain::{
        drops::{Certainty, Count, Drops},
        event::RowId,
        pipeline::Pipeline,
        untrusted::Untrusted,
    },
    effect::{Effect, FeedId},
    msg::Fact,
    sources::postgres::{
        Client,
        queries::{self, Memory},
    },
};

use crate::{
    database::{self, Db},
    scenario::{Scenario, World, link as counted, start},
    screen::{paint, text},
};

/// A thousand companies through the whole of phase 1, as their triggers write it: 9 events each, each done a second
/// after it came, its children a second later. `$promoted` is the payload of a promotion.
const RECORDS: &str = "
    SET session_replication_role = replica;
    TRUNCATE marketing.pipeline_events, marketing.pipeline_errors, marketing.contact_enrichment, intake.company_raw_intake CASCADE;
    INSERT INTO intake.company_raw_intake (id, company_name, validated) SELECT n, 'Company ' || n, true FROM generate_series(1, 1000) AS n;
    INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
    SELECT event, payload, 'processed', at, at + interval '1 second'
    FROM generate_series(1, 1000) AS n
    CROSS JOIN LATERAL (
      SELECT 0 AS step, 'company_created' AS event, jsonb_build_object('record_id', n, 'company_name', 'Company ' || n) AS payload
      UNION ALL SELECT 1, 'company_validated', jsonb_build_object('record_id', n, 'company_name', 'Company ' || n)
      UNION ALL SELECT 2, 'company_promoted', $promoted
      UNION ALL SELECT 3, 'slots_created', jsonb_build_object('slot_id', n || slot, 'company_id', 'c' || n) FROM unnest(ARRAY['.CEO', '.CFO', '.HR']) AS slot
      UNION ALL SELECT 4, 'contact_enriched', jsonb_build_object('slot_id', n || slot, 'email', 'p' || n || '@c.example') FROM unnest(ARRAY['.CEO', '.CFO', '.HR']) AS slot
    ) AS steps
    CROSS JOIN LATERAL (SELECT now() - interval '3 hours' + n * interval '6 seconds' + step * interval '2 seconds' AS at) AS times
    ORDER BY at;";

/// What our triggers put into the event of a promoted company, and what those of the field do.
pub(crate) const OURS: &str = "jsonb_build_object('company_unique_id', 'c' || n, 'company_name', 'Company ' || n, 'intake_id', n)";
pub(crate) const FIELD: &str =
    "jsonb_build_object('company_unique_id', 'c' || n, 'company_name', 'Company ' || n)";

/// Takes away seven children at three stages, and those of five records that ended rightly: two rejected, one whose
/// enrichment failed, two with an error row.
pub(crate) const REMOVE: &str = "
    CREATE TABLE taken AS SELECT * FROM marketing.pipeline_events
    WHERE (event_type = 'company_validated' AND payload->>'record_id' IN ('11', '12', '41', '42', '43'))
       OR (event_type = 'company_promoted' AND payload->>'company_unique_id' IN ('c21', 'c22', 'c23'))
       OR (event_type = 'contact_enriched' AND payload->>'slot_id' IN ('31.CEO', '32.HR', '51.CEO', '52.CFO'));
    DELETE FROM marketing.pipeline_events WHERE id IN (SELECT id FROM taken);
    UPDATE intake.company_raw_intake SET validated = false WHERE id IN (41, 42);
    INSERT INTO marketing.contact_enrichment (company_slot_unique_id, enrichment_status) VALUES ('51.CEO', 'failed');
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
    VALUES ('company_created', '43', 'website does not answer'), ('slots_created', '52.CFO', 'nobody found');";

pub(crate) async fn look(client: &Client, pipeline: &Pipeline) -> Drops {
    let catalog = database::catalog(client, "marketing").await;
    let mut memory = Memory::default().over(Arc::new(pipeline.clone()));
    match queries::fetch(client, &catalog, FeedId::Drops, &mut memory).await {
        Ok(Fact::Drops(drops)) => drops,
        other => panic!("{other:?}"),
    }
}

/// The records that are named, each with its stage.
pub(crate) fn named(drops: &Drops) -> Vec<String> {
    let name = |(link, it): (&Count, _)| {
        let it: &outpost::domain::drops::Dropped = it;
        let record = it
            .record
            .as_ref()
            .map_or_else(String::new, Untrusted::display);
        format!("{} {record}", link.stage.label())
    };
    let mut names: Vec<String> = drops.records().into_iter().map(name).collect();
    names.sort();
    names
}

fn link<'a>(drops: &'a Drops, stage: &str) -> &'a Count {
    let mut links = drops.links.iter();
    links.find(|link| link.stage.label() == stage).unwrap()
}

pub(crate) async fn filled(db: &Db, promoted: &str) {
    let sql = RECORDS.replace("$promoted", promoted);
    db.client.batch_execute(&sql).await.unwrap();
}

async fn exactly_the_seven(db: Db, promoted: &str) {
    filled(&db, promoted).await;
    let guide = Pipeline::guide();
    assert_eq!(named(&look(&db.client, guide).await), [""; 0]);
    db.client.batch_execute(REMOVE).await.unwrap();
    let drops = look(&db.client, guide).await;
    assert_eq!(
        named(&drops),
        [
            "company_created 11",
            "company_created 12",
            "company_validated 21",
            "company_validated 22",
            "company_validated 23",
            "slots_created 31.CEO",
            "slots_created 32.HR",
        ]
    );
    let created = link(&drops, "company_created");
    assert_eq!(created.certainty(&drops), Certainty::Exact);
    assert_eq!(
        created.basis(),
        "1000 judged, 3 ended rightly, gap 1m00s (p99 1.0s of 995 pairs)"
    );
    assert_eq!(link(&drops, "company_validated").word(&drops), "3");
    // A company has one to three slots: that none is missing altogether does not say that none is missing.
    let promoted = link(&drops, "company_promoted");
    assert_eq!(
        (promoted.word(&drops).as_str(), promoted.checked),
        ("?", 997)
    );
    assert_eq!(
        link(&drops, "message_queued").certainty(&drops),
        Certainty::Idle
    );

    let back = "INSERT INTO marketing.pipeline_events SELECT * FROM taken";
    db.client.batch_execute(back).await.unwrap();
    let drops = look(&db.client, guide).await;
    assert_eq!(named(&drops), [""; 0]);
    assert_eq!(link(&drops, "company_created").word(&drops), "0");
}

#[tokio::test]
async fn exactly_the_seven_removed_children_are_named_on_our_schema_and_none_of_the_rejected() {
    exactly_the_seven(database::fresh().await, OURS).await;
}

#[tokio::test]
async fn exactly_the_seven_removed_children_are_named_on_the_classic_shape_and_none_of_the_rejected()
 {
    exactly_the_seven(database::classic().await, FIELD).await;
}

/// Errors of before, so many that no index would find those of a record in good time.
const PAST: &str = "
    INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message, resolved, created_at)
    SELECT 'email_opened', n::text, 'HTTP 500', true, now() - interval '30 days' + n * interval '10 seconds' FROM generate_series(1, 60000) AS n;
    ANALYZE marketing.pipeline_errors;";

#[tokio::test]
async fn in_a_large_table_of_errors_the_newest_excuse_and_what_was_not_looked_at_is_told() {
    let db = database::classic().await;
    filled(&db, FIELD).await;
    let sql = format!("{PAST} {REMOVE} BEGIN");
    db.client.batch_execute(&sql).await.unwrap();
    let read = async || -> i64 {
        let sql = "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables WHERE relname = 'pipeline_errors'";
        db.client.query_one(sql, &[]).await.unwrap().get(0)
    };
    let before = read().await;
    let drops = look(&db.client, Pipeline::guide()).await;
    let n = read().await - before;
    assert!(n < 3_000, "{n} of 60,002 errors");
    assert_eq!(named(&drops).len(), 7);
    let created = link(&drops, "company_created");
    assert_eq!(
        (created.certainty(&drops), created.ended),
        (Certainty::Exact, 3)
    );
    // So many came since that those of then are not among the newest.
    let storm = "INSERT INTO marketing.pipeline_errors (event_type, error_message, created_at)
        SELECT 'email_opened', 'HTTP 500', now() FROM generate_series(1, 20000)";
    db.client.batch_execute(storm).await.unwrap();
    let before = read().await;
    let drops = look(&db.client, Pipeline::guide()).await;
    let n = read().await - before;
    assert!(n < 24_000, "{n} of 80,002 errors");
    let created = link(&drops, "company_created");
    let Certainty::CannotTell(why) = created.certainty(&drops) else {
        panic!("{created:?}");
    };
    assert!(why.contains("only errors since "), "{why}");
    db.client.batch_execute("ROLLBACK").await.unwrap();
}

/// Contacts of other companies, so many that the rows of a slot are not found in good time.
const CONTACTS: &str = "
    INSERT INTO marketing.contact_enrichment (company_slot_unique_id, enrichment_status)
    SELECT 'x' || n, 'completed' FROM generate_series(1, 60000) AS n;
    ANALYZE marketing.contact_enrichment;";

#[tokio::test]
async fn in_a_large_table_the_newest_rows_say_what_ended_rightly_and_what_was_not_looked_at_is_told()
 {
    let db = database::classic().await;
    filled(&db, FIELD).await;
    let sql = format!("SET session_replication_role = replica; {CONTACTS} {REMOVE} BEGIN");
    db.client.batch_execute(&sql).await.unwrap();
    let read = async || -> i64 {
        let sql = "SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables WHERE relname = 'contact_enrichment'";
        db.client.query_one(sql, &[]).await.unwrap().get(0)
    };
    let before = read().await;
    let drops = look(&db.client, Pipeline::guide()).await;
    let n = read().await - before;
    assert!(n <= 20_000, "{n} of 60,001 contacts");
    let slots = link(&drops, "slots_created");
    // One ended by its row, one by an error; of the two that are left it is not known.
    assert_eq!((slots.ended, slots.dropped.len()), (2, 2));
    let Certainty::CannotTell(why) = slots.certainty(&drops) else {
        panic!("{slots:?}");
    };
    let said = "only the newest 20000 rows of contact_enrichment";
    assert!(why.contains(said), "{why}");
    db.client.batch_execute("ROLLBACK").await.unwrap();
}

/// What of the events is read, in pages of the table.
async fn pages(client: &Client) -> i64 {
    let sql = "SELECT pg_stat_force_next_flush()";
    client.batch_execute(sql).await.unwrap();
    let sql = "SELECT (heap_blks_read + heap_blks_hit)::bigint FROM pg_statio_user_tables WHERE relname = 'pipeline_events'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn between_two_looks_at_all_of_the_day_only_the_last_minutes_are_read_and_a_new_drop_is_found()
 {
    let db = database::fresh().await;
    filled(&db, OURS).await;
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let mut look = async || {
        let before = pages(&db.client).await;
        let answer = queries::fetch(&db.client, &catalog, FeedId::Drops, &mut memory).await;
        let Ok(Fact::Drops(drops)) = answer else {
            panic!("{answer:?}");
        };
        (drops, pages(&db.client).await - before)
    };
    let (first, all) = look().await;
    let (again, few) = look().await;
    assert_eq!(first.links, again.links);
    assert!(first.now < again.now);
    assert!(few * 4 < all, "{few} of {all} pages");
    // A look at all of them is allowed once in 500 times of what it takes.
    let pass = async |time| {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    };
    pass(Duration::from_secs(500)).await;
    let drop = "INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
                VALUES ('slots_created', '{\"slot_id\": \"new\"}', 'processed', now() - interval '5 minutes', now() - interval '4 minutes')";
    db.client.batch_execute(drop).await.unwrap();
    assert_eq!(named(&look().await.0), ["slots_created new"]);
    // While it stands, it is looked at beside the last minutes, and the others are not.
    pass(Duration::from_mins(5)).await;
    let (drops, few) = look().await;
    assert_eq!(named(&drops), ["slots_created new"]);
    assert!(few * 4 < all, "{few} of {all} pages");
    // Its child comes late: that is news.
    let child = "INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('contact_enriched', '{\"slot_id\": \"new\"}')";
    db.client.batch_execute(child).await.unwrap();
    pass(Duration::from_secs(500)).await;
    assert_eq!(named(&look().await.0), [""; 0]);
}

#[tokio::test]
async fn what_cannot_be_told_is_never_called_none() {
    let db = database::classic().await;
    filled(&db, FIELD).await;
    let guide = Pipeline::guide();
    let certainty = async |sql: &str, stage: &str| {
        db.client.batch_execute(sql).await.unwrap();
        let drops = look(&db.client, guide).await;
        link(&drops, stage).certainty(&drops)
    };
    let cannot_tell = |certainty: Certainty, part: &str| {
        let Certainty::CannotTell(why) = certainty else {
            panic!("{certainty:?}");
        };
        assert!(why.contains(part), "{why}");
    };
    // Fan-out: a company without any slot is surely dropped, but it may not be the only one.
    let none = "DELETE FROM marketing.pipeline_events WHERE event_type = 'slots_created' AND payload->>'company_id' = 'c7'";
    let found = certainty(none, "company_promoted").await;
    let Certainty::AtLeast(why) = found else {
        panic!("{found:?}");
    };
    assert!(why.contains("of several slots_created"), "{why}");
    // Children that do not say whose they are may be the missing ones.
    let nameless = "UPDATE marketing.pipeline_events SET payload = payload - 'slot_id'
                    WHERE event_type = 'contact_enriched' AND payload->>'slot_id' = '9.CEO'";
    cannot_tell(
        certainty(nameless, "slots_created").await,
        "1 contact_enriched name no slots_created",
    );
    // Parents that do not.
    let keyless =
        "UPDATE marketing.pipeline_events SET payload = '{}' WHERE event_type = 'company_created'";
    cannot_tell(
        certainty(keyless, "company_created").await,
        "no company_created names what joins it",
    );
    // Keys that fit nowhere, and children that do not come at all.
    let other = "UPDATE marketing.pipeline_events SET payload = '{\"company_name\": \"X\"}' WHERE event_type = 'company_promoted'";
    cannot_tell(
        certainty(other, "company_validated").await,
        "no company_promoted fits any",
    );
    let none = "DELETE FROM marketing.pipeline_events WHERE event_type = 'company_promoted'";
    cannot_tell(
        certainty(none, "company_validated").await,
        "not one company_promoted came",
    );
    // An end that cannot be looked up.
    let blind = "DELETE FROM marketing.pipeline_events WHERE event_type = 'contact_enriched';
                 INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
                 SELECT 'contact_enriched', payload, 'processed', created_at + interval '2 seconds', created_at + interval '3 seconds'
                 FROM marketing.pipeline_events WHERE event_type = 'slots_created' AND payload->>'slot_id' <> '5.CEO';
                 ALTER TABLE marketing.contact_enrichment DROP COLUMN company_slot_unique_id;";
    cannot_tell(
        certainty(blind, "slots_created").await,
        "some may have ended rightly",
    );
}

#[tokio::test]
async fn a_late_child_is_waited_for_as_long_as_is_usual_and_no_unfinished_event_is_called_dropped()
{
    let db = database::fresh().await;
    filled(&db, OURS).await;
    // Children of slots usually take two minutes here, so that one of 90 s ago is not late.
    db.client
        .batch_execute(
            "UPDATE marketing.pipeline_events SET created_at = created_at + interval '2 minutes', processed_at = processed_at + interval '2 minutes'
               WHERE event_type = 'contact_enriched';
             INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at) VALUES
               ('slots_created', '{\"slot_id\": \"late\"}', 'processed', now() - interval '95 seconds', now() - interval '90 seconds'),
               ('slots_created', '{\"slot_id\": \"lost\"}', 'processed', now() - interval '10 minutes', now() - interval '9 minutes'),
               ('slots_created', '{\"slot_id\": \"waits\"}', 'pending', now() - interval '10 minutes', NULL),
               ('slots_created', '{\"slot_id\": \"failed\"}', 'failed', now() - interval '10 minutes', now() - interval '9 minutes'),
               ('company_created', '{\"record_id\": 5001}', 'processed', now() - interval '50 seconds', now() - interval '45 seconds');",
        )
        .await
        .unwrap();
    let drops = look(&db.client, Pipeline::guide()).await;
    assert_eq!(named(&drops), ["slots_created lost"]);
    assert_eq!(link(&drops, "slots_created").gap_s, 121);
}

#[tokio::test]
async fn a_record_can_end_by_a_word_in_its_payload_and_keys_may_be_called_differently() {
    let db = database::classic().await;
    let own = Pipeline::parse(
        "[[phase]]\nname = 'A'\n\
         [[stage]]\nevent = 'order_placed'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nends = [{ payload = 'outcome', is = 'refused' }]\n\
         [[stage]]\nevent = 'order_packed'\nphase = 'A'\nworkflow = 'W'\nwebhook = 'w'\nparent = 'order_placed'\nchildren = '1'\nkeys = ['id = order']\n",
    )
    .unwrap();
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
             SELECT 'order_placed', jsonb_build_object('id', n, 'record_id', n, 'outcome', CASE WHEN n = 3 THEN 'Refused' ELSE 'taken' END),
               'processed', now() - interval '1 hour', now() - interval '1 hour' FROM generate_series(1, 5) AS n;
             INSERT INTO marketing.pipeline_events (event_type, payload, created_at)
             SELECT 'order_packed', jsonb_build_object('order', n), now() - interval '59 minutes' FROM unnest(ARRAY[1, 2, 5]) AS n;",
        )
        .await
        .unwrap();
    let drops = look(&db.client, &own).await;
    assert_eq!(named(&drops), ["order_placed 4"]);
    assert_eq!(
        drops.links[0].basis(),
        "5 judged, 1 ended rightly, gap 1m00s (a guess from 3 pairs)"
    );
}

/// A calm world in which two records were dropped, and of one link it cannot be told.
fn dropping() -> Scenario {
    let found = crate::scenario::drops(vec![
        counted("company_created", "company_validated", "1", &[]),
        counted("company_promoted", "slots_created", "1..n", &[]),
        counted(
            "contact_enriched",
            "message_queued",
            "1",
            &[(71, 700), (70, 900)],
        ),
    ]);
    let world = World::calm(start());
    Scenario::start().links_up().world(&world).fact(found)
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn the_overview_and_the_queue_count_the_drops_and_say_where_they_cannot() {
    let script = dropping();
    for size in SIZES {
        let overview = text(&paint(&script.model, size)).join("\n");
        let says = overview.contains("silent drops 2, 1 link ?");
        assert_eq!(says, size.0 >= 200, "{overview}");
    }
    let queue = text(&paint(&script.keys("3").model, (200, 60)));
    assert!(queue.iter().any(|line| line.contains("DROP")));
    let row = queue
        .iter()
        .find(|line| line.contains(" company_promoted "))
        .unwrap();
    assert!(row.contains(" ? "), "{row}");
    let detail = queue.join("\n");
    let part = "0 before company_validated: 990 judged, 5 ended rightly, gap 1m40s (p99 1m40s of 980 pairs)";
    assert!(detail.contains(part), "{detail}");
}

#[test]
fn what_was_seen_to_come_of_a_stage_is_told_where_enough_was_seen() {
    let mut few = counted("company_promoted", "slots_created", "1..n", &[]);
    (few.parents, few.children) = (19, 60);
    let mut many = counted("slots_created", "contact_enriched", "1", &[]);
    (many.parents, many.children) = (1_000, 2_250);
    let Fact::Drops(drops) = crate::scenario::drops(vec![few, many]) else {
        panic!("drops");
    };
    assert_eq!(drops.children("company_promoted", "slots_created"), None);
    assert_eq!(drops.children("contact_enriched", "message_queued"), None);
    let seen = drops.children("slots_created", "contact_enriched");
    assert_eq!(seen, Some((2.25, 1_000)));
}

#[test]
fn the_last_tab_of_the_queue_names_the_dropped_records_and_opens_their_events() {
    let script = dropping().keys("3[");
    for size in SIZES {
        let shown = text(&paint(&script.model, size)).join("\n");
        for part in [
            "DROPS  2 done, and no child came",
            "contact_enriched",
            "71",
            "70",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        assert!(!shown.contains("Anna Schmidt"), "{shown}");
    }
    let shown = text(&paint(&script.model, (200, 60))).join("\n");
    assert!(shown.contains("A*** S***"), "{shown}");
    let blind = "cannot tell: of several slots_created a missing one cannot be told";
    assert!(shown.contains(blind), "{shown}");
    let opened = script.keys("j⏎");
    assert_eq!(opened.effects, [Effect::FetchEvent(RowId::from(70))]);
}
