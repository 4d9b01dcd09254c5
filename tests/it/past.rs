//! How the pipeline stood at a moment that is past, on real databases, and how the console is asked for it.

use chrono::{SubsecRound as _, TimeDelta};
use outpost::{
    domain::{
        Timestamp,
        error_group::{Look, Seen},
        event::EventType,
        past::{Past, StagePast, Standing},
    },
    effect::Effect,
    headless,
    model::{Model, Overlay},
    msg::{Fault, Msg},
    sources::postgres::{
        Settings,
        address::Address,
        queries::{self, Memory},
    },
};
use pretty_assertions::assert_eq;

use crate::{
    database::{self, Db},
    scenario::Scenario,
    snapshots::{snapshot, under},
    worlds,
};

async fn asked(db: &Db, at: Timestamp) -> Result<Past, Fault> {
    let catalog = database::catalog(&db.client, "marketing").await;
    let look = Look::Past(at);
    let seen = queries::look(&db.client, &catalog, &mut Memory::brief(), &look).await?;
    let Seen::Past(past) = seen else {
        panic!("{seen:?}")
    };
    Ok(*past)
}

async fn now(db: &Db) -> Timestamp {
    let clock = queries::clock(&db.client).await.unwrap();
    clock.trunc_subsecs(0)
}

fn of(past: &Past, stage: &str) -> StagePast {
    let stage = EventType::from(stage);
    let found = past.stages.iter().find(|it| it.stage == stage);
    found.cloned().unwrap_or_else(|| StagePast::none(stage))
}

/// What happened around the moment three hours before `now`, by minutes from it: what was written, and what ended and how.
fn history(at: Timestamp) -> String {
    let mut rows = Vec::new();
    for (stage, status, written, ended) in [
        // Ended well in the five minutes before, in 60 s and 180 s; one just before those.
        ("company_created", "processed", -3, Some(-2)),
        ("company_created", "processed", -4, Some(-1)),
        ("company_created", "processed", -9, Some(-6)),
        // Waited then: one ended since, one failed since, one waits still.
        ("company_validated", "processed", -12, Some(30)),
        ("company_validated", "failed", -2, Some(1)),
        ("company_validated", "pending", -1, None),
        // Failed just before, was put back since, and kept the time of that end.
        ("company_validated", "pending", -8, Some(-2)),
        // Failed in the five minutes before; one failed nobody knows when.
        ("contact_enriched", "failed", -20, Some(-4)),
        ("contact_enriched", "failed", -20, None),
        // Came later.
        ("contact_enriched", "pending", 1, None),
        ("slots_created", "processed", 2, Some(3)),
    ] {
        let moment = |minute: i64| format!("'{}'", (at + TimeDelta::minutes(minute)).to_rfc3339());
        let ended = ended.map_or_else(|| "NULL".to_owned(), moment);
        rows.push(format!(
            "('{stage}', '{status}', {}::timestamptz, {ended}::timestamptz)",
            moment(written)
        ));
    }
    let errors = format!(
        "INSERT INTO marketing.pipeline_errors (event_type, error_message, resolved, resolved_at, created_at)
         SELECT stage, 'x', resolved, '{at}'::timestamptz + ended, '{at}'::timestamptz + came FROM (VALUES
           ('contact_enriched', true, interval '10 min', interval '-4 min'),
           ('contact_enriched', true, interval '-1 min', interval '-4 min'),
           ('contact_enriched', false, NULL, interval '-90 min'),
           ('contact_enriched', false, NULL, interval '1 min'),
           ('slots_created', false, NULL, interval '-2 min')) AS e (stage, resolved, ended, came)",
        at = at.to_rfc3339()
    );
    format!(
        "SET session_replication_role = replica;
         INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at) VALUES {};
         UPDATE marketing.pipeline_events SET retry_count = 1 WHERE status = 'pending' AND processed_at IS NOT NULL;
         {errors};
         SET session_replication_role = origin;",
        rows.join(", ")
    )
}

fn check(past: &Past, at: Timestamp) {
    let minutes = |n| Some(at - TimeDelta::minutes(n));
    assert_eq!(
        of(past, "company_created"),
        StagePast {
            arrived: 2,
            done: 2,
            avg_ms: Some(120_000),
            max_ms: Some(180_000),
            ..StagePast::none("company_created".into())
        }
    );
    assert_eq!(
        of(past, "company_validated"),
        StagePast {
            waiting: 4,
            retried: 1,
            oldest: minutes(12),
            arrived: 2,
            ..StagePast::none("company_validated".into())
        }
    );
    assert_eq!(
        of(past, "contact_enriched"),
        StagePast {
            failed: 1,
            errors_open: 2,
            errors_hour: 2,
            ..StagePast::none("contact_enriched".into())
        }
    );
    let slots = of(past, "slots_created");
    assert_eq!((slots.errors_open, slots.arrived), (1, 0));
    assert_eq!(
        (past.since, past.errors_since, &past.errors_lack),
        (None, None, &None)
    );
    let (standing, words) = past.verdict();
    assert_eq!(standing, Standing::Bad);
    assert_eq!(
        words,
        "company_validated stood still: 4 waited, the oldest for 12m, and none ended well in 5m00s; 1 of them were tried again at some time"
    );
}

#[tokio::test]
async fn what_waited_came_and_ended_at_a_moment_is_told_by_the_rows_of_now() {
    let db = database::fresh().await;
    let at = now(&db).await - TimeDelta::hours(3);
    db.client.batch_execute(&history(at)).await.unwrap();
    check(&asked(&db, at).await.unwrap(), at);
    // A minute later one of them had failed.
    let later = asked(&db, at + TimeDelta::minutes(1)).await.unwrap();
    let stage = of(&later, "company_validated");
    assert_eq!((stage.waiting, stage.failed), (3, 1));
    let before = asked(&db, at - TimeDelta::days(2)).await.unwrap();
    assert_eq!(before.stages, []);
    let words = "no row that was written before is left".to_owned();
    assert_eq!(before.verdict(), (Standing::Unknown, words));
}

#[tokio::test]
async fn keys_without_an_order_are_followed_by_time() {
    let db = database::empty().await;
    let at = now(&db).await - TimeDelta::hours(3);
    let uuids = "CREATE SCHEMA marketing;
                 CREATE TABLE marketing.pipeline_events
                   (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text NOT NULL, payload jsonb, retry_count integer,
                    status text, created_at timestamptz, processed_at timestamptz);
                 CREATE TABLE marketing.pipeline_errors
                   (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), event_type text, error_message text,
                    resolved boolean, resolved_at timestamptz, created_at timestamptz)";
    db.client.batch_execute(uuids).await.unwrap();
    db.client.batch_execute(&history(at)).await.unwrap();
    check(&asked(&db, at).await.unwrap(), at);
}

#[tokio::test]
async fn of_very_many_events_the_newest_before_it_are_looked_at_and_it_says_since_when() {
    let db = database::fresh().await;
    let fill = "SET session_replication_role = replica;
                INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
                SELECT 'company_created', CASE WHEN n % 100 = 0 THEN 'pending' ELSE 'processed' END, at, CASE WHEN n % 100 > 0 THEN at END
                FROM generate_series(1, 300000) AS n, LATERAL (SELECT now() - interval '4 h' + n * interval '10 ms' AS at) AS t;
                SET session_replication_role = origin; ANALYZE marketing.pipeline_events;
                DROP TABLE marketing.pipeline_errors CASCADE";
    db.client.batch_execute(fill).await.unwrap();
    let at = now(&db).await - TimeDelta::minutes(195);
    let past = asked(&db, at).await.unwrap();
    let since = past.since.unwrap();
    assert!(
        (at - since - TimeDelta::seconds(2_000)).num_seconds().abs() < 30,
        "{since} {at}"
    );
    let stage = of(&past, "company_created");
    assert!((1_990..=2_000).contains(&stage.waiting), "{stage:?}");
    assert!((29_000..=30_001).contains(&stage.arrived), "{stage:?}");
    let lack = past.errors_lack.clone().unwrap();
    assert!(lack.contains("pipeline_errors"), "{lack}");
    // Without an index on time they are found by key, and an old row that was put in since does not reach any further.
    let stray = "DROP INDEX marketing.pe_created, marketing.pe_pending; SET session_replication_role = replica;
                 UPDATE marketing.pipeline_events SET created_at = created_at - interval '2 years' WHERE id = 150001;
                 SET session_replication_role = origin; ANALYZE marketing.pipeline_events";
    db.client.batch_execute(stray).await.unwrap();
    let by_key = asked(&db, at).await.unwrap();
    assert!(
        (by_key.since.unwrap() - since).num_seconds().abs() < 2,
        "{by_key:?}"
    );
    assert_eq!(of(&by_key, "company_created").waiting, stage.waiting);
}

#[tokio::test]
async fn without_a_screen_it_is_a_table_or_json() {
    let db = database::fresh().await;
    let at = now(&db).await - TimeDelta::hours(3);
    db.client.batch_execute(&history(at)).await.unwrap();
    let settings = Settings::new(Address::parse(Some(&db.url), |_| None).unwrap());
    let mut look = headless::rows::Look::open(&settings).await.unwrap();
    let text = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let past = look.past(&text).await.unwrap();
    check(&past, at);
    let pipeline = outpost::domain::pipeline::Pipeline::guide();
    let json: serde_json::Value =
        serde_json::from_str(&headless::past::json(&past, pipeline)).unwrap();
    assert_eq!(json["stages"][1]["stage"], "company_validated");
    assert_eq!(json["stages"][1]["waiting"], 4);
    assert_eq!(json["is_bad"], true);
    let table = past.markdown(pipeline);
    let row = "| company_validated | 4 | 12m | 0.4 | 0.0 | 0 |  |  | 0 | 0 |";
    assert!(table.lines().any(|line| line == row), "{table}");
    for wrong in ["teatime", "2999-01-01"] {
        let error = look.past(wrong).await.unwrap_err().to_string();
        assert!(error.contains("is no moment that is past"), "{error}");
    }
}

/// The moment that is shown, if one is.
fn shown(model: &Model) -> Option<Timestamp> {
    match model.overlays.last() {
        Some(Overlay::Past { at, .. }) => Some(*at),
        _ => None,
    }
}

#[test]
fn a_moment_is_asked_for_by_name_and_stepped_through_and_only_its_own_answer_is_shown() {
    let answer = |at| {
        let past = Box::new(Past::nothing(at));
        Msg::Looked(Look::Past(at), Ok(Seen::Past(past)))
    };
    let asks = |script: &Scenario, at| assert_eq!(script.effects, [Effect::Look(Look::Past(at))]);
    let script = Scenario::start().keys(":at 2h⏎");
    let at = shown(&script.model).unwrap();
    assert_eq!(at, script.now.trunc_subsecs(0) - TimeDelta::hours(2));
    asks(&script, at);
    let script = script.keys(",");
    let earlier = at - TimeDelta::minutes(1);
    asks(&script, earlier);
    let script = script.tell(answer(at));
    assert_eq!(script.model.store.past, None, "the moment before");
    let script = script.tell(answer(earlier));
    assert!(script.model.store.past.is_some());
    let script = script.keys("<>.");
    assert_eq!(shown(&script.model), Some(at));
    assert_eq!(script.model.store.past, None, "not that of another moment");
    let script = script.tell(answer(at)).keys("y");
    let copied = &script.effects;
    assert!(
        matches!(&copied[..], [Effect::Copy(text)] if text.starts_with("As of ")),
        "{copied:?}"
    );
    let mut script = script.keys("q");
    assert_eq!(shown(&script.model), None);
    for (typed, said) in [
        (":at teatime⏎", "say when"),
        (":at 2999-01-01⏎", "still to come"),
        (":at⏎", "needs a moment"),
    ] {
        script = script.keys(typed);
        let notice = script.model.notice.clone().unwrap().1;
        assert!(notice.contains(said), "{typed}: {notice}");
        script = script.keys("⎋");
    }
}

/// The stall's pipeline two hours before, when something else was wrong with it.
fn stalled() -> Past {
    let at = worlds::now() - TimeDelta::hours(2);
    let oldest = |minutes| Some(at - TimeDelta::minutes(minutes));
    let stage = |name: &str| StagePast::none(EventType::from(name));
    Past {
        stages: vec![
            StagePast {
                waiting: 2,
                oldest: oldest(1),
                arrived: 61,
                done: 60,
                avg_ms: Some(2_400),
                max_ms: Some(9_800),
                ..stage("company_created")
            },
            StagePast {
                waiting: 418,
                oldest: oldest(22),
                arrived: 58,
                errors_open: 3,
                errors_hour: 3,
                ..stage("company_validated")
            },
            StagePast {
                done: 14,
                failed: 9,
                avg_ms: Some(41_000),
                max_ms: Some(423_000),
                errors_open: 12_400,
                errors_hour: 31,
                ..stage("contact_enriched")
            },
            StagePast {
                waiting: 1,
                oldest: oldest(4),
                ..stage("homemade\u{202e}_stage_with_a_name_that_is_long")
            },
        ],
        since: oldest(50),
        errors_since: oldest(600),
        ..Past::nothing(at)
    }
}

#[test]
fn a_moment_that_is_past_is_shown_stage_by_stage_with_what_the_rows_cannot_tell() {
    let past = stalled();
    let overlay = Overlay::Past {
        at: past.at,
        scroll: 0,
    };
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut model = under(&worlds::stall(), overlay.clone(), size);
        model.store.past = Some(Ok(past.clone()));
        snapshot("over_past", &model, size);
    }
}
