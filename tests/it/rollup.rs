//! `outpost rollup` on real databases.

use outpost::{
    doctor::{self, Finding, Level},
    domain::{campaign::Campaign, outcomes::Share, pipeline::Pipeline, scorecard::MetricReading},
    effect::FeedId,
    headless,
    msg::{Fact, Fault},
    sources::{
        n8n::Absent,
        postgres::{
            Settings,
            address::Address,
            queries::{self, Memory},
            rollup::roll_up,
        },
    },
};

use crate::database::{self, Db};

fn settings(db: &Db) -> Settings {
    Settings::new(Address::parse(Some(&db.url), |_| None).unwrap())
}

/// A database with our schema, an event every 10 min of the last 30 h, and a campaign.
async fn with_history() -> Db {
    let db = database::fresh().await;
    let sql = "INSERT INTO marketing.pipeline_events (event_type, status, created_at, processed_at)
               SELECT 'company_created', 'processed', now() - n * interval '10 min', now() - n * interval '10 min' + interval '2 s'
               FROM generate_series(1, 180) AS n;
               INSERT INTO marketing.campaigns (campaign_name) VALUES ('Q4')";
    db.client.batch_execute(sql).await.unwrap();
    db
}

async fn rolled_events(db: &Db) -> i64 {
    let sql = "SELECT coalesce(sum(n_created), 0)::int8 FROM marketing.event_hour";
    db.client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn events(db: &Db) -> i64 {
    let sql = "SELECT count(*) FROM marketing.pipeline_events";
    db.client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_run_rolls_all_of_the_history_up_in_steps_and_the_next_one_only_what_came_since() {
    let db = with_history().await;
    let rolled = roll_up(&settings(&db)).await.unwrap();
    assert!(rolled.steps >= 5, "{rolled:?}");
    assert!(!rolled.is_elsewhere, "{rolled:?}");
    assert_eq!(rolled.campaigns.unwrap(), Some(1));
    assert_eq!(rolled.scorecard.unwrap(), Some(12));
    assert_eq!(rolled_events(&db).await, events(&db).await);
    let more = "INSERT INTO intake.company_raw_intake (company_name) VALUES ('Acme')";
    db.client.batch_execute(more).await.unwrap();
    let again = roll_up(&settings(&db)).await.unwrap();
    assert_eq!(again.steps, 1, "{again:?}");
    assert_eq!(again.scorecard, Ok(None));
    let minutes = "SELECT sum(n_created)::int8 FROM marketing.event_minute";
    let by_minute: i64 = db.client.query_one(minutes, &[]).await.unwrap().get(0);
    assert_eq!(by_minute, events(&db).await);
    assert_eq!(
        rolled_events(&db).await,
        by_minute - 1,
        "the hour was computed within 5 min"
    );
    let later = "UPDATE marketing.rollup_state SET hours_at = hours_at - interval '6 min'";
    db.client.batch_execute(later).await.unwrap();
    roll_up(&settings(&db)).await.unwrap();
    assert_eq!(rolled_events(&db).await, events(&db).await);
    assert!(headless::rolled(&again).contains("up to date"));
}

/// What a schedule of some seconds costs the writers does not grow with what comes within three minutes.
#[tokio::test]
async fn within_a_minute_a_step_counts_that_minute_and_in_a_new_one_what_came_late_too() {
    let db = database::fresh().await;
    // Seconds after a minute that is long over.
    let insert = async |seconds: i32| {
        let sql = "INSERT INTO marketing.pipeline_events (event_type, created_at)
                   VALUES ('company_created', date_trunc('hour', now()) - interval '3 h' + $1 * interval '1 s')";
        db.client
            .execute(sql, &[&f64::from(seconds)])
            .await
            .unwrap();
    };
    let rolled = async |seconds: i32| -> Vec<i64> {
        let sql = "SELECT marketing.rollup_tick(date_trunc('hour', now()) - interval '3 h' + $1 * interval '1 s')";
        db.client
            .execute(sql, &[&f64::from(seconds)])
            .await
            .unwrap();
        let sql = "SELECT n_created::int8 FROM marketing.event_minute ORDER BY bucket";
        let rows = db.client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    insert(0).await;
    insert(65).await;
    assert_eq!(rolled(70).await, [1, 1]);
    insert(30).await;
    insert(75).await;
    assert_eq!(rolled(80).await, [1, 2], "its own minute");
    assert_eq!(rolled(125).await, [2, 2], "a new one");
}

#[tokio::test]
async fn a_run_that_meets_another_leaves_the_work_to_it_and_says_so() {
    let db = with_history().await;
    let other = db.connect().await;
    let locks = "SELECT pg_advisory_lock(7267001), pg_advisory_lock(7267002)";
    other.batch_execute(locks).await.unwrap();
    let rolled = roll_up(&settings(&db)).await.unwrap();
    assert!(rolled.is_elsewhere, "{rolled:?}");
    let text = headless::rolled(&rolled);
    assert_eq!(text.matches("another run is at work").count(), 2, "{text}");
    assert_eq!(rolled_events(&db).await, 0);
}

#[tokio::test]
async fn who_may_only_read_rolls_nothing_up() {
    let db = with_history().await;
    let mut settings = settings(&db);
    settings.read_only = true;
    let fault = roll_up(&settings).await.unwrap_err();
    assert!(fault.to_string().contains("may only read"), "{fault}");
    assert_eq!(rolled_events(&db).await, 0);
}

#[tokio::test]
async fn where_there_are_no_roll_ups_a_run_says_what_makes_them() {
    let db = database::classic().await;
    let fault = roll_up(&settings(&db)).await.unwrap_err();
    assert!(matches!(fault, Fault::Missing(_)), "{fault:?}");
    assert!(fault.to_string().contains("outpost migrate"), "{fault}");
}

#[tokio::test]
async fn a_role_without_the_right_is_told_the_grant_it_lacks() {
    let db = with_history().await;
    db.client
        .batch_execute(outpost::migrate::ROLES)
        .await
        .unwrap();
    let mut settings = settings(&db);
    let role = format!("roller_{}", std::process::id());
    let make = format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} IN ROLE outpost_reader");
    db.client.batch_execute(&make).await.unwrap();
    let mark = if db.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{mark}options=-c%20role%3D{role}", db.url);
    settings.address = Address::parse(Some(&url), |_| None).unwrap();
    let fault = roll_up(&settings).await.unwrap_err();
    assert!(
        fault.to_string().contains("GRANT EXECUTE ON FUNCTION"),
        "{fault}"
    );
    assert!(fault.to_string().contains(&role), "{fault}");
}

#[tokio::test]
async fn the_doctor_says_when_roll_ups_have_fallen_behind_and_what_keeps_them() {
    let db = with_history().await;
    let about = async |db: &Db| {
        let findings = doctor::examine(
            Pipeline::guide(),
            Ok(&settings(db)),
            Err(Finding::no_n8n(Absent::Both)),
        )
        .await;
        let mut found = findings
            .into_iter()
            .filter(|f| f.what.display().contains("roll-ups"));
        found.next().unwrap()
    };
    assert_eq!(about(&db).await.level, Level::Ok);
    roll_up(&settings(&db)).await.unwrap();
    assert_eq!(about(&db).await.level, Level::Ok);
    let late = "UPDATE marketing.rollup_state SET done_until = done_until - interval '3 hours'";
    db.client.batch_execute(late).await.unwrap();
    let found = about(&db).await;
    assert_eq!(found.level, Level::Warn, "{found:?}");
    assert!(found.mend.display().contains("outpost rollup"), "{found:?}");
}

/// What the campaigns and the scorecard say to who looks for the first time.
async fn outcomes(db: &Db) -> (Vec<Campaign>, Vec<MetricReading>) {
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let mut facts = Vec::new();
    for feed in [FeedId::Campaigns, FeedId::Scorecard] {
        facts.push(
            queries::fetch(&db.client, &catalog, feed, &mut memory)
                .await
                .unwrap(),
        );
    }
    let [Fact::Campaigns(campaigns), Fact::Scorecard(scorecard)] = &facts[..] else {
        panic!("{facts:?}")
    };
    (campaigns.clone(), scorecard.clone())
}

/// The share of a week's replies to who looks for the first time, and when it was counted if that was before.
async fn replies(db: &Db) -> (Option<Share>, bool) {
    let catalog = database::catalog(&db.client, "marketing").await;
    let mut memory = Memory::default();
    let answer = queries::fetch(&db.client, &catalog, FeedId::Outcomes, &mut memory).await;
    let Ok(Fact::Outcomes(outcomes)) = answer else {
        panic!("{answer:?}")
    };
    (outcomes.replies_7d, outcomes.counted.replies.is_some())
}

#[tokio::test]
async fn campaigns_and_scorecard_say_the_same_from_the_roll_up_with_its_age_and_count_anew_when_it_is_old()
 {
    let db = with_history().await;
    let sql = "SET session_replication_role = replica;
               INSERT INTO marketing.campaign_contacts (campaign_id, contact_id) SELECT 1, n FROM generate_series(1, 100) AS n;
               INSERT INTO marketing.delivery_log (campaign_id, contact_id, status) SELECT 1, n, CASE WHEN n % 10 = 0 THEN 'bounced' ELSE 'delivered' END FROM generate_series(1, 100) AS n;
               INSERT INTO marketing.engagement_events (campaign_id, contact_id, event_type) SELECT 1, n, 'open' FROM generate_series(1, 40) AS n;
               INSERT INTO marketing.responses (campaign_id, contact_id) SELECT 1, n FROM generate_series(1, 7) AS n";
    db.client.batch_execute(sql).await.unwrap();
    let counted = outcomes(&db).await;
    assert_eq!(counted.0[0].as_of, None);
    let share = Some(Share { part: 7, of: 90 });
    assert_eq!(replies(&db).await, (share, false));
    roll_up(&settings(&db)).await.unwrap();
    assert_eq!(replies(&db).await, (share, true));
    let kept = outcomes(&db).await;
    assert!(
        kept.0[0].as_of.is_some() && kept.1.iter().all(|metric| metric.as_of.is_some()),
        "{kept:?}"
    );
    let without_age = |(mut campaigns, mut metrics): (Vec<Campaign>, Vec<MetricReading>)| {
        for campaign in &mut campaigns {
            campaign.as_of = None;
        }
        for metric in &mut metrics {
            metric.as_of = None;
        }
        (campaigns, metrics)
    };
    assert_eq!(without_age(kept), counted);
    let late = "UPDATE marketing.campaign_stats SET computed_at = now() - interval '1 hour';
                UPDATE marketing.scorecard_stats SET computed_at = now() - interval '1 hour', value = 0.5";
    db.client.batch_execute(late).await.unwrap();
    assert_eq!(outcomes(&db).await, counted);
    assert_eq!(replies(&db).await, (share, false));
}
