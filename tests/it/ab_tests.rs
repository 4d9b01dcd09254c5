//! A/B tests of a campaign: what came of each side is counted by contact, and what it says is no more than the numbers do.

use outpost::{
    domain::{
        ab_test::{AbTest, AbTests, Arm, Side, Standing},
        campaign::Attribution,
        error_group::{Look, Seen},
        event::RowId,
    },
    effect::Effect,
    msg::{Fact, Fault, Msg},
    sources::postgres::{Client, queries},
};

use crate::{database, headless::run_in, scenario::Scenario, screens::world};

/// Campaign 1: contacts 1 to 100 got side a, 101 to 200 side b, 201 to 205 a message of each, 206 one of a word that nobody knows, and 300 a
/// message before the test began. All but the tenth of each ten was delivered to; of a 4 replied, of b 20, one of whom was not
/// delivered to. Campaign 2 has the same contacts, other engagement, and no test.
const TESTED: &str = "SET session_replication_role = replica;
    INSERT INTO marketing.campaigns (id, campaign_name, created_at) VALUES (1, 'Spring', now() - interval '3 days'), (2, 'Summer', now() - interval '1 day');
    INSERT INTO marketing.ab_tests (test_name, campaign_id, variant_a, variant_b, start_date, end_date, winner) VALUES
      ('Subject', 1, '{\"subject\": \"An idea\"}', '{\"subject\": \"12 minutes\"}', now() - interval '2 days', now() + interval '1 day', 'a'),
      ('Later', 1, NULL, NULL, now() + interval '1 day', NULL, NULL);
    INSERT INTO marketing.message_queue (campaign_id, contact_id, variant, status, created_at)
      SELECT 1, i, CASE WHEN i <= 100 THEN 'a' ELSE 'b' END, 'sent', now() - interval '40 hours' FROM generate_series(1, 200) AS i
      UNION ALL SELECT 1, i, v, 'sent', now() - interval '40 hours' FROM generate_series(201, 205) AS i, (VALUES ('a'), ('b')) AS side (v)
      UNION ALL SELECT 1, 300, 'a', 'sent', now() - interval '60 hours'
      UNION ALL SELECT 2, i, 'a', 'sent', now() - interval '20 hours' FROM generate_series(1, 200) AS i;
    INSERT INTO marketing.delivery_log (campaign_id, contact_id, status, created_at)
      SELECT 1, i, CASE WHEN i % 10 = 0 THEN 'bounced' ELSE 'delivered' END, now() - interval '39 hours' FROM generate_series(1, 300) AS i;
    INSERT INTO marketing.engagement_events (campaign_id, contact_id, event_type, created_at)
      SELECT 1, i, 'open', now() - interval '38 hours' FROM generate_series(1, 200) AS i WHERE i % 4 = 1
      UNION ALL SELECT 1, i, 'open', now() - interval '37 hours' FROM generate_series(1, 200) AS i WHERE i % 4 = 1
      UNION ALL SELECT 1, i, 'click', now() - interval '37 hours' FROM generate_series(1, 200) AS i WHERE i % 20 = 1
      UNION ALL SELECT 2, i, 'click', now() - interval '300 hours' FROM generate_series(1, 200) AS i;
    INSERT INTO marketing.responses (campaign_id, contact_id, created_at)
      SELECT 1, i, now() - interval '36 hours' FROM generate_series(1, 4) AS i
      UNION ALL SELECT 1, i, now() - interval '36 hours' FROM generate_series(101, 121) AS i
      UNION ALL SELECT 2, i, now() - interval '300 hours' FROM generate_series(1, 200) AS i;
    SET session_replication_role = origin;";

async fn read(client: &Client, campaign: i64) -> Result<AbTests, Fault> {
    let catalog = database::catalog(client, "marketing").await;
    queries::ab_tests(client, &catalog, &RowId::from(campaign)).await
}

/// What [`TESTED`] comes to.
fn assert_counted(tests: &[AbTest], neither: u64) {
    let [later, subject] = tests else {
        panic!("{tests:?}");
    };
    assert_eq!(later.arms, [Arm::default(); 2]);
    assert_eq!(later.standing(), Standing::Few(20));
    let arm = |delivered, opened, clicked, replied| Arm {
        contacts: 100,
        delivered,
        opened,
        clicked,
        replied,
    };
    assert_eq!(subject.arms, [arm(90, 25, 5, 4), arm(90, 25, 5, 19)]);
    assert_eq!((subject.both, subject.neither), (5, neither));
    assert_eq!(subject.standing(), Standing::Leads(Side::B));
    let said = "a is recorded as the winner; these numbers do not say so: b leads";
    assert_eq!(subject.contradiction().as_deref(), Some(said));
    let variant = subject.variant(Side::B).map(|text| text.display());
    assert_eq!(variant.as_deref(), Some("12 minutes"));
}

#[tokio::test]
async fn each_side_is_counted_by_contact_among_the_messages_that_were_queued_while_the_test_ran() {
    let db = database::fresh().await;
    db.client.batch_execute(TESTED).await.unwrap();
    let found = read(&db.client, 1).await.unwrap();
    assert_eq!(found.by, Attribution::Campaign);
    assert_counted(&found.tests, 0);
    assert_eq!(read(&db.client, 2).await.unwrap().tests, []);
}

#[tokio::test]
async fn where_a_log_names_no_campaign_what_came_within_a_week_of_the_message_counts() {
    let db = database::fresh().await;
    db.client.batch_execute(TESTED).await.unwrap();
    let grown = "ALTER TABLE marketing.delivery_log DROP COLUMN campaign_id CASCADE;
        ALTER TABLE marketing.engagement_events DROP COLUMN campaign_id CASCADE;
        ALTER TABLE marketing.responses DROP COLUMN campaign_id CASCADE;
        ALTER TABLE marketing.message_queue DROP CONSTRAINT message_queue_variant;
        INSERT INTO marketing.message_queue (campaign_id, contact_id, variant, created_at) SELECT 1, 206, 'green', now() - interval '1 hour'
          WHERE set_config('session_replication_role', 'replica', false) <> '';
        SET session_replication_role = origin";
    db.client.batch_execute(grown).await.unwrap();
    let found = read(&db.client, 1).await.unwrap();
    assert_eq!(found.by, Attribution::Time);
    assert_counted(&found.tests, 1);
}

#[tokio::test]
async fn what_is_missing_is_named_and_what_would_read_a_large_table_whole_is_not_asked() {
    let db = database::fresh().await;
    db.client.batch_execute(TESTED).await.unwrap();
    let large = "DROP INDEX marketing.mq_campaign;
        INSERT INTO marketing.message_queue (campaign_id, contact_id, status)
          SELECT 2, 1, 'sent' FROM generate_series(1, 60000) WHERE set_config('session_replication_role', 'replica', false) <> '';
        SET session_replication_role = origin;
        ANALYZE marketing.message_queue";
    db.client.batch_execute(large).await.unwrap();
    assert_eq!(read(&db.client, 1).await, Err(Fault::TooSlow(0)));
    let indexed = "CREATE INDEX ON marketing.message_queue (campaign_id)";
    db.client.batch_execute(indexed).await.unwrap();
    assert_counted(&read(&db.client, 1).await.unwrap().tests, 0);
    for (sql, lacks) in [
        (
            "ALTER TABLE marketing.message_queue DROP COLUMN variant",
            "marketing.message_queue.variant",
        ),
        (
            "ALTER TABLE marketing.ab_tests DROP COLUMN campaign_id",
            "marketing.ab_tests.campaign_id",
        ),
        ("DROP TABLE marketing.ab_tests", "marketing.ab_tests"),
    ] {
        db.client.batch_execute(sql).await.unwrap();
        let answer = read(&db.client, 1).await;
        assert_eq!(answer, Err(Fault::Missing(lacks.into())), "{sql}");
        let gaps = database::catalog(&db.client, "marketing").await.gaps();
        let gap = gaps.iter().find(|gap| gap.what.display() == lacks);
        let gap = gap.unwrap_or_else(|| panic!("{sql}: {gaps:?}"));
        assert!(gap.hides.contains("A/B tests"), "{gap:?}");
    }
}

#[tokio::test]
async fn a_log_whose_index_has_the_campaign_finds_campaigns_and_the_doctor_wants_none_on_the_contact()
 {
    let db = database::fresh().await;
    let large = "SET session_replication_role = replica;
        INSERT INTO marketing.delivery_log (campaign_id, contact_id) SELECT 1, i FROM generate_series(1, 60000) AS i;
        INSERT INTO marketing.campaign_contacts (campaign_id, contact_id) SELECT 1, i FROM generate_series(1, 10) AS i;
        SET session_replication_role = origin;
        DROP INDEX marketing.dl_contact;
        ANALYZE marketing.delivery_log";
    db.client.batch_execute(large).await.unwrap();
    let wanted = async || {
        let gaps = database::catalog(&db.client, "marketing").await.gaps();
        let ours = gaps.into_iter().filter(|gap| gap.hides == "campaigns");
        ours.map(|gap| gap.what.display()).collect::<Vec<_>>()
    };
    assert_eq!(wanted().await, [""; 0]);
    let dropped = "DROP INDEX marketing.dl_campaign";
    db.client.batch_execute(dropped).await.unwrap();
    let index = "an index on marketing.delivery_log (\"campaign_id\")";
    assert_eq!(wanted().await, [index]);
    // Where campaigns are told by time the contact has to find it.
    let by_time = "ALTER TABLE marketing.responses DROP COLUMN campaign_id CASCADE";
    db.client.batch_execute(by_time).await.unwrap();
    let index = "an index on marketing.delivery_log (\"contact_id\")";
    assert_eq!(wanted().await, [index]);
    let with = "CREATE INDEX ON marketing.delivery_log (\"campaign_id\")";
    db.client.batch_execute(with).await.unwrap();
    assert_eq!(wanted().await, [index]);
}

/// What the last step asked about tests.
fn looks(script: &Scenario) -> Vec<i64> {
    let mut asked = Vec::new();
    for effect in &script.effects {
        if let Effect::Look(Look::Tests(id)) = effect {
            asked.push(id.as_str().parse().unwrap());
        }
    }
    asked
}

#[test]
fn tests_are_asked_for_only_while_they_are_shown_and_once_an_answer_about_campaigns() {
    let campaigns = || Fact::Campaigns(world::campaigns());
    let script = Scenario::start().fact(campaigns()).keys("2");
    assert_eq!(looks(&script), [0; 0]);
    let script = script.keys("7");
    assert_eq!(looks(&script), [12]);
    let script = script.wait(5);
    assert_eq!(looks(&script), [0; 0]);
    let script = script.keys("j");
    assert_eq!(looks(&script), [11]);
    // The answer about the one before is of no use any more.
    let told = |script: Scenario, id: i64| {
        let found = AbTests {
            tests: Vec::new(),
            by: Attribution::Campaign,
        };
        let look = Look::Tests(RowId::from(id));
        script.tell(Msg::Looked(look, Ok(Seen::Tests(found))))
    };
    let script = told(script, 12);
    assert_eq!(script.model.store.ab_tests, None);
    let script = told(script, 11);
    let known = script.model.store.ab_tests.as_ref();
    assert_eq!(known.map(|(id, ..)| id.as_str()), Some("11"));
    let script = script.wait(1).fact(campaigns());
    assert_eq!(looks(&script), [11]);
    let script = script.keys("1").wait(1).fact(campaigns());
    assert_eq!(looks(&script), [0; 0]);
    // A terminal of 24 rows has room for them where a campaign is open.
    let script = script.tell(Msg::Resized(80, 24)).keys("7");
    assert_eq!(looks(&script), [0; 0]);
    let script = script.key(outpost::keymap::Key::Enter);
    assert_eq!(looks(&script), [11]);
}

/// What `outpost campaigns` prints on this database, with `more` arguments.
async fn told(url: &str, more: &'static [&'static str]) -> String {
    let url = url.to_owned();
    let run = move || {
        let home = tempfile::tempdir().unwrap();
        let args = [&["campaigns"], more].concat();
        run_in(home.path(), &args, &[("DATABASE_URL", &url)])
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_command_line_tells_campaigns_with_their_tests_or_why_none_is_known() {
    let db = database::fresh().await;
    db.client.batch_execute(TESTED).await.unwrap();
    let json = async |filter| -> serde_json::Value {
        serde_json::from_str(&told(&db.url, filter).await).unwrap()
    };
    let all = json(&["--json"]).await;
    assert_eq!(all["campaigns"].as_array().unwrap().len(), 2, "{all}");
    let one = json(&["--json", "--filter", "campaign:spring"]).await;
    let campaigns = one["campaigns"].as_array().unwrap();
    assert_eq!(campaigns.len(), 1, "{one}");
    let test = &campaigns[0]["ab_tests"][1];
    assert_eq!(test["standing"], "b leads", "{test}");
    assert_eq!(test["judged_by"], "replied");
    assert_eq!(test["b"]["replied"]["n"], 19);
    assert_eq!(test["b"]["delivered"], 90);
    assert!(test["p"]["replied"].as_f64().unwrap() < 0.001, "{test}");
    assert_eq!(campaigns[0]["ab_tests"][0]["a"]["lown"], true);
    let printed = told(&db.url, &[]).await;
    // It runs for a day more, which its numbers do not know.
    let says = "replied p <0.001; it still runs";
    assert!(
        printed.contains(&format!("Subject: b leads; {says}")),
        "{printed}"
    );
    assert!(test["why"].as_str().unwrap().starts_with(says), "{test}");
    let sql = "DROP TABLE marketing.ab_tests";
    db.client.batch_execute(sql).await.unwrap();
    let none = json(&["--json"]).await;
    let error = none["ab_tests_error"].as_str().unwrap();
    assert!(error.contains("marketing.ab_tests"), "{error}");
    assert_eq!(none["campaigns"][0]["ab_tests"], serde_json::Value::Null);
}
