//! A line that breaks in the commit, and transactions that get in each other's way: what stands in the database is what
//! is said, and what nobody can know is said as that.

use std::time::Duration;

use outpost::{
    domain::{
        event::RowId,
        plan::{Mutation, Outcome, Plan},
    },
    msg::Fault,
    sources::postgres::{Client, mutations::Writer},
};

use crate::{
    database::{self, Db},
    mutations::shown,
    proxy::{Line, Proxy},
    sources::through,
};

async fn two_errors() -> (Db, Plan) {
    let db = database::fresh().await;
    db.client
        .batch_execute(
            "INSERT INTO marketing.pipeline_errors (event_type, record_id, error_message)
             SELECT 'slots_created', n::text, 'no' FROM generate_series(1, 2) n",
        )
        .await
        .unwrap();
    let resolve = Mutation::ResolveErrors {
        ids: [1, 2].map(RowId::from).to_vec(),
        note: "key rotated".to_owned(),
    };
    let plan = shown(&db.client, resolve).await;
    (db, plan)
}

async fn resolved(client: &Client) -> i64 {
    let sql = "SELECT count(*) FROM marketing.pipeline_errors WHERE resolved";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Carries out the plan over a line that does this.
async fn over(line: Line) -> (Db, Result<Outcome, Fault>) {
    let (db, plan) = two_errors().await;
    let proxy = Proxy::start(&db.url, line).await;
    let mut settings = through(&proxy, &db);
    settings.patience = Duration::from_millis(500);
    let outcome = Writer::new(settings, "ann@host".to_owned())
        .carry_out(&plan)
        .await;
    (db, outcome)
}

#[tokio::test]
async fn a_change_whose_line_broke_after_the_commit_was_sent_is_found_to_stand() {
    let (db, outcome) = over(Line::BreaksAfterCommit).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.done, [1, 2].map(RowId::from));
    assert!(outcome.audited_in_database);
    assert_eq!(resolved(&db.client).await, 2);
}

#[tokio::test]
async fn a_change_whose_line_broke_before_the_commit_was_sent_is_found_not_to_stand() {
    let (db, outcome) = over(Line::BreaksBeforeCommit).await;
    let fault = outcome.unwrap_err();
    assert!(fault.to_string().contains("nothing was changed"), "{fault}");
    assert!(matches!(fault, Fault::Unreachable(_)), "{fault:?}");
    assert_eq!(resolved(&db.client).await, 0);
}

#[tokio::test]
async fn a_change_that_nobody_can_be_asked_about_is_said_to_be_unknown() {
    let (db, outcome) = over(Line::BreaksForGood).await;
    let outcome = outcome.unwrap();
    assert_eq!((outcome.done.len(), outcome.unknown.len()), (0, 2));
    for (_, why) in &outcome.unknown {
        let said = "outcome unknown: the line broke in the commit of transaction ";
        assert!(why.starts_with(said), "{why}");
    }
    // Which it was is not ours to say; here it stands.
    assert_eq!(resolved(&db.client).await, 2);
}

#[tokio::test]
async fn a_change_that_loses_a_deadlock_is_tried_again_until_it_stands() {
    let (db, plan) = two_errors().await;
    // To resolve an error here takes a lock that somebody has who wants the error.
    db.client
        .batch_execute(
            "CREATE TABLE marketing.gate (id int PRIMARY KEY); INSERT INTO marketing.gate VALUES (1);
             CREATE SEQUENCE marketing.tries;
             CREATE FUNCTION marketing.through_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
               PERFORM nextval('marketing.tries');
               PERFORM FROM marketing.gate FOR UPDATE;
               RETURN NEW;
             END $$;
             CREATE TRIGGER gate BEFORE UPDATE ON marketing.pipeline_errors FOR EACH ROW EXECUTE FUNCTION marketing.through_the_gate();",
        )
        .await
        .unwrap();
    let mut other = db.connect().await;
    // The other one is patient: ours is the one that the server lets fall.
    other
        .batch_execute("SET deadlock_timeout = '20s'")
        .await
        .unwrap();
    let transaction = other.transaction().await.unwrap();
    transaction
        .batch_execute("SELECT FROM marketing.gate FOR UPDATE")
        .await
        .unwrap();
    let mut writer = crate::mutations::writer(&db);
    let ours = tokio::spawn(async move { writer.carry_out(&plan).await });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db
        .client
        .query_one(waits, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        == 0
    {
        tokio::task::yield_now().await;
    }
    transaction
        .batch_execute("SELECT FROM marketing.pipeline_errors WHERE id = 1 FOR SHARE")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let outcome = ours.await.unwrap().unwrap();
    assert_eq!(outcome.done, [1, 2].map(RowId::from));
    assert_eq!(resolved(&db.client).await, 2);
    let tries = "SELECT last_value FROM marketing.tries";
    let tries: i64 = db.client.query_one(tries, &[]).await.unwrap().get(0);
    assert!(tries > 2, "it was not tried again: {tries}");
}

#[tokio::test]
async fn a_change_that_others_keep_out_for_good_is_given_up_and_says_why() {
    let (db, plan) = two_errors().await;
    let mut other = db.connect().await;
    let transaction = other.transaction().await.unwrap();
    transaction
        .batch_execute("LOCK TABLE marketing.pipeline_errors IN SHARE MODE")
        .await
        .unwrap();
    let fault = crate::mutations::writer(&db)
        .carry_out(&plan)
        .await
        .unwrap_err();
    assert!(matches!(fault, Fault::Conflict(_)), "{fault:?}");
    transaction.rollback().await.unwrap();
    assert_eq!(resolved(&db.client).await, 0);
}
