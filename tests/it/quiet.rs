//! Quiet hours: who would be written to in them is left out of a plan and of what runs, unless somebody says otherwise.

use chrono::{DateTime, TimeDelta, Utc};
use outpost::{
    domain::{
        event::{EventType, RowId},
        pipeline::Pipeline,
        plan::{EventTarget, Mutation, Plan, Quiet, Retrying, Tier},
        untrusted::Untrusted,
    },
    sources::postgres::Client,
};
use pretty_assertions::assert_eq;

use crate::{
    database,
    mutations::{shown, writer},
};

/// Two contacts, of whom each has a message that failed to be sent, and a lead for the CRM.
const ROWS: &str = "
    SET session_replication_role = replica;
    INSERT INTO marketing.campaigns (id, campaign_name) VALUES (7, 'spring');
    INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, email)
    SELECT n, 's' || n, 'person' || n || '@example.com' FROM generate_series(1, 2) AS n;
    INSERT INTO marketing.pipeline_events (id, event_type, payload, status, created_at)
    SELECT n, CASE WHEN n < 3 THEN 'message_queued' ELSE 'lead_qualified' END,
      jsonb_build_object('record_id', n, 'contact_id', n, 'campaign_id', 7, 'email', 'person' || n || '@example.com'), 'failed', now() - interval '1 hour'
    FROM generate_series(1, 3) AS n;
    RESET session_replication_role;";

/// Hours from so many to so many minutes from now.
fn hours(from: i64, until: i64, zone: &str) -> Quiet {
    let clock = |minutes| (Utc::now() + TimeDelta::minutes(minutes)).format("%H:%M");
    Quiet::parse(&format!("{}-{}", clock(from), clock(until)), zone).unwrap()
}

fn retry(quiet: Option<Quiet>) -> Mutation {
    let target = |(id, stage): (i64, &str)| EventTarget {
        id: RowId::from(id),
        stage: EventType::from(stage),
        side_effect: Pipeline::guide().side_effect(&EventType::from(stage)),
        raw_status: Untrusted::from("failed"),
        retries: 0,
    };
    let all = [
        (1, "message_queued"),
        (2, "message_queued"),
        (3, "lead_qualified"),
    ];
    let here = Retrying {
        quiet,
        ..Retrying::default()
    };
    here.propose(Pipeline::guide(), all.map(target).to_vec())
}

async fn plan(client: &Client, quiet: Option<Quiet>) -> Plan {
    shown(client, retry(quiet)).await
}

fn blocked(plan: &Plan) -> Vec<(&str, &str)> {
    let rows = &plan.examined.as_ref().unwrap().blocked;
    rows.iter()
        .map(|(id, why)| (id.as_str(), why.as_str()))
        .collect()
}

fn typed(text: &str, reason: bool) -> Tier {
    Tier::Typed {
        text: text.to_owned(),
        reason,
    }
}

async fn pending(client: &Client) -> Vec<i64> {
    let sql = "SELECT coalesce(array_agg(id::bigint ORDER BY id), '{}') FROM marketing.pipeline_events WHERE status = 'pending'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn in_quiet_hours_who_would_be_written_to_is_left_out_until_somebody_says_otherwise() {
    let db = database::fresh().await;
    db.client.batch_execute(ROWS).await.unwrap();
    let later = plan(&db.client, Some(hours(60, 120, "UTC"))).await;
    assert_eq!(
        (blocked(&later), later.tier()),
        (vec![], Ok(typed("3", true)))
    );

    let now = hours(-60, 60, "UTC");
    let why = format!("quiet hours until {} (UTC)", now.until);
    let quiet = plan(&db.client, Some(now)).await;
    let expected = vec![("1", why.as_str()), ("2", why.as_str())];
    assert_eq!(
        (blocked(&quiet), quiet.tier()),
        (expected, Ok(typed("1", false)))
    );

    // It takes a word of its own to confirm, and is another plan.
    let over = quiet.mutation.at_any_hour().unwrap();
    let over = shown(&db.client, over).await;
    assert_eq!(
        (blocked(&over), over.tier()),
        (vec![], Ok(typed("quiet 3", true)))
    );
    assert_ne!(over.hash(), later.hash());
    let outcome = writer(&db).carry_out(&over).await.unwrap();
    assert_eq!(outcome.done.len(), 3);
    assert_eq!(pending(&db.client).await, [1, 2, 3]);
}

#[tokio::test]
async fn where_quiet_hours_begin_while_the_plan_is_shown_nobody_is_written_to() {
    let db = database::fresh().await;
    db.client.batch_execute(ROWS).await.unwrap();
    let before = plan(&db.client, Some(hours(60, 120, "UTC"))).await;
    let now = hours(-1, 60, "UTC");
    let why = now.why();
    let begun = Plan {
        mutation: retry(Some(now)),
        reason: Some("mail is back".to_owned()),
        ..before
    };
    let outcome = writer(&db).carry_out(&begun).await.unwrap();
    let skipped = [(RowId::from(1), why.clone()), (RowId::from(2), why)];
    assert_eq!(
        (outcome.done, outcome.skipped),
        (vec![RowId::from(3)], skipped.to_vec())
    );
    assert_eq!(pending(&db.client).await, [3]);
}

#[tokio::test]
async fn hours_in_a_zone_that_the_server_does_not_know_are_not_known() {
    let db = database::fresh().await;
    db.client.batch_execute(ROWS).await.unwrap();
    let lost = plan(&db.client, Some(hours(-60, 60, "Europe/Atlantis"))).await;
    let unknown = &lost.examined.as_ref().unwrap().unknown;
    assert!(
        unknown[0].starts_with("whether these are quiet hours: "),
        "{unknown:?}"
    );
    assert!(unknown[0].contains("Europe/Atlantis"), "{unknown:?}");
    assert_eq!(lost.tier(), Ok(typed("unchecked 3", true)));
    // Half the world away it is another time of the day.
    let away = plan(&db.client, Some(hours(-60, 60, "Pacific/Kiritimati"))).await;
    assert_eq!(
        (blocked(&away), away.frozen_at),
        (vec![], DateTime::UNIX_EPOCH)
    );
}
