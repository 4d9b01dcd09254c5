//! Our answers beside those of the operations guide's own queries, run on the same data: they agree, except where the
//! guide's are wrong or silent, and then the test says what is right.

use std::collections::BTreeMap;

use outpost::sources::postgres::Client;
use outpost::{
    domain::{
        campaign::{Attribution, Campaign},
        error_group::{ErrorStage, Severity},
        latency::Quantile,
        outcomes::{Counted, Outcomes, Sampled, Share, Slow},
        scorecard::{MetricId, MetricReading},
        stage::{MinuteBucket, StageReading, Totals},
    },
    effect::FeedId,
    msg::Fact,
};
use tokio_postgres::Row;

use crate::{
    database::{self, Db},
    queries::fetch,
    shapes::CLASSIC,
};

async fn traffic() -> Db {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    CLASSIC.fill(&db.client).await;
    db
}

async fn rows(client: &Client, sql: &str) -> Vec<Row> {
    client.query(sql, &[]).await.unwrap()
}

/// Two columns of the guide's answer, by its first.
async fn counts(client: &Client, sql: &str, column: &str) -> BTreeMap<String, u64> {
    rows(client, sql)
        .await
        .iter()
        .map(|row| (row.get(0), row.get::<_, i64>(column) as u64))
        .collect()
}

async fn stages(client: &Client) -> Vec<StageReading> {
    match fetch(client, "marketing", FeedId::Stages).await {
        Ok(Fact::Stages(readings)) => readings,
        other => panic!("{other:?}"),
    }
}

fn by_stage<T>(readings: &[StageReading], of: impl Fn(&StageReading) -> T) -> BTreeMap<String, T> {
    let pair = |reading: &StageReading| (reading.stage.label(), of(reading));
    readings.iter().map(pair).collect()
}

#[tokio::test]
async fn pending_events_are_those_of_the_guide() {
    let db = traffic().await;
    let guide = "SELECT event_type, COUNT(*) as pending_count
                 FROM marketing.pipeline_events
                 WHERE status = 'pending'
                 GROUP BY event_type";
    let guide = counts(&db.client, guide, "pending_count").await;
    assert_eq!(guide.len(), 3);
    let ours = stages(&db.client).await;
    assert_eq!(by_stage(&ours, |reading| reading.pending), guide);
}

#[tokio::test]
async fn mean_and_longest_latency_are_those_of_the_guide() {
    let db = traffic().await;
    let guide = "SELECT
                   event_type,
                   AVG(EXTRACT(EPOCH FROM (processed_at - created_at))) as avg_seconds,
                   MAX(EXTRACT(EPOCH FROM (processed_at - created_at))) as max_seconds
                 FROM marketing.pipeline_events
                 WHERE processed_at IS NOT NULL
                   AND created_at > NOW() - INTERVAL '1 hour'
                 GROUP BY event_type
                 ORDER BY avg_seconds DESC";
    let guide = format!(
        "SELECT event_type, round(avg_seconds * 1000)::bigint, round(max_seconds * 1000)::bigint FROM ({guide}) AS guide"
    );
    let guide: BTreeMap<String, (u64, u64)> = rows(&db.client, &guide)
        .await
        .iter()
        .map(|row| {
            let ms = |at| row.get::<_, i64>(at) as u64;
            (row.get(0), (ms(1), ms(2)))
        })
        .collect();
    let ours = stages(&db.client).await;
    let ours = by_stage(&ours, |reading| {
        (
            reading.latency.avg_ms.unwrap(),
            reading.latency.max_ms.unwrap(),
        )
    });
    assert_eq!(ours, guide);
}

#[tokio::test]
async fn percentiles_count_what_is_in_flight_where_the_guides_mean_is_blind_to_it() {
    let db = database::empty().await;
    CLASSIC.make(&db.client).await;
    // Ninety done in 1 s; ten that nobody has taken for 20 min.
    db.client
        .batch_execute(
            "INSERT INTO pipeline_events (event_type, payload, status, created_at, processed_at)
             SELECT 'slots_created', '{}', 'processed', now() - interval '30 min', now() - interval '30 min' + interval '1 s'
             FROM generate_series(1, 90);
             INSERT INTO pipeline_events (event_type, payload, created_at)
             SELECT 'slots_created', '{}', now() - interval '20 min' FROM generate_series(1, 10);",
        )
        .await
        .unwrap();
    let ours = stages(&db.client).await;
    let latency = ours[0].latency;
    let ended = |ms| {
        Some(Quantile {
            ms,
            at_least: false,
        })
    };
    assert_eq!((latency.n, latency.avg_ms), (90, Some(1_000)));
    assert_eq!(latency.p50, ended(1_000));
    for quantile in [latency.p95, latency.p99] {
        let quantile = quantile.unwrap();
        assert!(quantile.at_least);
        assert!(
            (1_200_000..1_230_000).contains(&quantile.ms),
            "{quantile:?}"
        );
    }
    // Once they are done they are no lower bound any more, though they were written long ago.
    db.client
        .batch_execute("UPDATE pipeline_events SET status = 'processed', processed_at = created_at + interval '19 min' WHERE status = 'pending'")
        .await
        .unwrap();
    let ours = stages(&db.client).await;
    assert_eq!(ours[0].latency.p95, ended(1_140_000));
    assert_eq!((ours[0].pending, ours[0].processed_5m), (0, 10));
}

#[tokio::test]
async fn recent_errors_and_errors_by_stage_are_those_of_the_guide() {
    let db = traffic().await;
    let Ok(Fact::Errors(ours)) = fetch(&db.client, "marketing", FeedId::Errors).await else {
        panic!("no errors");
    };
    let guide = "SELECT
                   event_type,
                   record_id,
                   error_message,
                   severity,
                   created_at
                 FROM marketing.pipeline_errors
                 WHERE resolved = FALSE
                 ORDER BY created_at DESC
                 LIMIT 20";
    let guide = rows(&db.client, guide).await;
    assert_eq!(guide.len(), 20);
    for (guide, ours) in guide.iter().zip(&ours.recent) {
        assert_eq!(ours.stage.label(), guide.get::<_, &str>("event_type"));
        assert_eq!(
            ours.record.as_ref().unwrap().display(),
            guide.get::<_, &str>("record_id")
        );
        assert_eq!(
            ours.message.display(),
            guide.get::<_, &str>("error_message")
        );
        assert_eq!(ours.severity, Severity::of(guide.get("severity")));
        let at: chrono::NaiveDateTime = guide.get("created_at");
        assert_eq!(ours.created_at.naive_utc(), at);
    }

    let guide = "SELECT
                   event_type,
                   COUNT(*) as error_count,
                   COUNT(*) FILTER (WHERE severity = 'critical') as critical_count
                 FROM marketing.pipeline_errors
                 WHERE created_at > NOW() - INTERVAL '24 hours'
                 GROUP BY event_type
                 ORDER BY error_count DESC";
    let errors = counts(&db.client, guide, "error_count").await;
    let critical = counts(&db.client, guide, "critical_count").await;
    let ours_by = |of: fn(&ErrorStage) -> u64| -> BTreeMap<String, u64> {
        let pair = |stage: &ErrorStage| (stage.stage.label(), of(stage));
        ours.stages.iter().map(pair).collect()
    };
    assert_eq!(ours_by(|stage| stage.errors_24h), errors);
    assert_eq!(ours_by(|stage| stage.critical_24h), critical);
    let unresolved: u64 = ours.unresolved.iter().map(|(_, n)| n).sum();
    assert_eq!(unresolved, 160);
}

#[tokio::test]
async fn an_error_nobody_marked_as_unresolved_is_not_lost() {
    let db = traffic().await;
    db.client
        .batch_execute("INSERT INTO pipeline_errors (event_type, error_message, severity, resolved) VALUES ('x', 'odd', NULL, NULL)")
        .await
        .unwrap();
    let Ok(Fact::Errors(ours)) = fetch(&db.client, "marketing", FeedId::Errors).await else {
        panic!("no errors");
    };
    assert_eq!(ours.recent[0].message.display(), "odd");
    assert_eq!(ours.recent[0].severity, Severity::of(""));
}

#[tokio::test]
async fn the_error_rate_has_a_denominator_and_the_stall_an_age() {
    let db = traffic().await;
    let ours = stages(&db.client).await;
    let errors = "SELECT event_type, count(*) AS n FROM marketing.pipeline_errors
                  WHERE created_at > now() - interval '1 hour' GROUP BY 1";
    let processed = "SELECT event_type, count(*) AS n FROM marketing.pipeline_events
                     WHERE status = 'processed' AND processed_at > now() - interval '1 hour' GROUP BY 1";
    let errors = counts(&db.client, errors, "n").await;
    let processed = counts(&db.client, processed, "n").await;
    assert_eq!(errors.values().sum::<u64>(), 5);
    for reading in &ours {
        let stage = reading.stage.label();
        let (e, p) = (errors[&stage], processed[&stage]);
        assert_eq!(
            reading.error_rate(),
            (Some(e as f64 / (e + p) as f64), e + p)
        );
    }
    let stuck = "SELECT event_type, count(*) AS n FROM marketing.pipeline_events
                 WHERE status = 'pending' AND created_at < now() - interval '5 minutes' GROUP BY 1";
    assert_eq!(
        by_stage(&ours, |reading| reading.stuck),
        counts(&db.client, stuck, "n").await
    );
}

#[tokio::test]
async fn the_totals_are_those_of_the_hybrid_dashboard() {
    let db = traffic().await;
    let Ok(Fact::Totals(ours)) = fetch(&db.client, "marketing", FeedId::Totals).await else {
        panic!("no totals");
    };
    let sql = "SELECT count(*), count(*) FILTER (WHERE status = 'processed'), count(*) FILTER (WHERE status = 'failed'),
                 count(*) FILTER (WHERE status = 'processed' AND processed_at > now() - interval '5 minutes'),
                 round(avg(extract(epoch FROM processed_at - created_at)) FILTER (WHERE status = 'processed') * 1000)::bigint,
                 (SELECT count(*) FROM marketing.pipeline_errors WHERE resolved = FALSE)
               FROM marketing.pipeline_events WHERE created_at > now() - interval '24 hours'";
    let row = db.client.query_one(sql, &[]).await.unwrap();
    let n = |at| row.get::<_, i64>(at) as u64;
    let expected = Totals {
        events: n(0),
        processed: n(1),
        failed: n(2),
        processed_5m: n(3),
        avg_latency_ms: Some(n(4)),
        unresolved_errors: n(5),
        errors_since: None,
        errors_counted: None,
        since: None,
        is_unordered: false,
    };
    assert_eq!(ours, expected);
    assert_eq!(ours.events, 3_000);
}

#[tokio::test]
async fn the_trend_adds_up_to_the_hour() {
    let db = traffic().await;
    let Ok(Fact::Trend(minutes)) = fetch(&db.client, "marketing", FeedId::Trend).await else {
        panic!("no trend");
    };
    let sql = "SELECT count(*) FILTER (WHERE created_at >= date_trunc('minute', now()) - interval '59 minutes'),
                 count(*) FILTER (WHERE status = 'processed' AND processed_at >= date_trunc('minute', now()) - interval '59 minutes')
               FROM marketing.pipeline_events";
    let row = db.client.query_one(sql, &[]).await.unwrap();
    assert_eq!(
        minutes.iter().map(|m| m.created).sum::<u64>(),
        row.get::<_, i64>(0) as u64
    );
    assert_eq!(
        minutes.iter().map(|m| m.processed).sum::<u64>(),
        row.get::<_, i64>(1) as u64
    );
    let minute = |m: &MinuteBucket| m.minute.timestamp() % 60;
    assert!(minutes.iter().all(|m| minute(m) == 0));
}

/// Two campaigns with 100 contacts each, 50 of them in both. The first: 90 delivered, 10 bounced, 40 opened, 20 clicked,
/// 5 replied, 2 unsubscribed. The second delivered to its own 50 alone, and nobody opened.
async fn two_campaigns(client: &Client) {
    client
        .batch_execute(
            "SET session_replication_role = replica;
             INSERT INTO marketing.campaigns (id, campaign_name, created_at) VALUES
               (1, 'Spring', now() - interval '3 days'), (2, 'Summer', now() - interval '1 day'),
               (3, 'Long ago', now() - interval '9 days');
             INSERT INTO marketing.campaign_contacts (campaign_id, contact_id, added_at)
               SELECT 1, i, now() - interval '3 days' FROM generate_series(1, 100) AS i
               UNION ALL SELECT 2, i, now() - interval '1 day' FROM generate_series(51, 150) AS i;
             INSERT INTO marketing.message_queue (campaign_id, contact_id, status)
               SELECT 2, i, 'queued' FROM generate_series(51, 57) AS i;
             INSERT INTO marketing.delivery_log (campaign_id, contact_id, status, created_at)
               SELECT 1, i, CASE WHEN i <= 90 THEN 'delivered' ELSE 'bounced' END, now() - interval '2 days' FROM generate_series(1, 100) AS i
               UNION ALL SELECT 2, i, 'delivered', now() - interval '10 hours' FROM generate_series(101, 150) AS i;
             INSERT INTO marketing.engagement_events (campaign_id, contact_id, event_type, created_at)
               SELECT 1, i, 'open', now() - interval '40 hours' FROM generate_series(41, 80) AS i
               UNION ALL SELECT 1, i, 'open', now() - interval '39 hours' FROM generate_series(41, 80) AS i
               UNION ALL SELECT 1, i, 'click', now() - interval '39 hours' FROM generate_series(61, 80) AS i
               UNION ALL SELECT 1, i, 'reply', now() - interval '38 hours' FROM generate_series(71, 80) AS i
               UNION ALL SELECT 1, i, 'unsubscribe', now() - interval '38 hours' FROM generate_series(1, 2) AS i;
             INSERT INTO marketing.responses (campaign_id, contact_id, created_at)
               SELECT 1, i, now() - interval '38 hours' FROM generate_series(71, 75) AS i;
             SET session_replication_role = origin;",
        )
        .await
        .unwrap();
}

async fn campaigns(client: &Client) -> Vec<Campaign> {
    match fetch(client, "marketing", FeedId::Campaigns).await {
        Ok(Fact::Campaigns(campaigns)) => campaigns,
        other => panic!("{other:?}"),
    }
}

/// Contacts, delivered, opened, replied.
async fn of_the_guide(client: &Client) -> Vec<[i64; 4]> {
    let guide = "SELECT
                   c.campaign_name,
                   COUNT(DISTINCT cc.contact_id) as total_contacts,
                   COUNT(DISTINCT dl.contact_id) FILTER (WHERE dl.status = 'delivered') as delivered,
                   COUNT(DISTINCT ee.contact_id) FILTER (WHERE ee.event_type = 'open') as opened,
                   COUNT(DISTINCT r.contact_id) as replied
                 FROM marketing.campaigns c
                 LEFT JOIN marketing.campaign_contacts cc ON c.id = cc.campaign_id
                 LEFT JOIN marketing.delivery_log dl ON cc.contact_id = dl.contact_id
                 LEFT JOIN marketing.engagement_events ee ON cc.contact_id = ee.contact_id
                 LEFT JOIN marketing.responses r ON cc.contact_id = r.contact_id
                 WHERE c.created_at > NOW() - INTERVAL '7 days'
                 GROUP BY c.id, c.campaign_name
                 ORDER BY c.created_at DESC";
    let rows = rows(client, guide).await;
    rows.iter()
        .map(|row| [1, 2, 3, 4].map(|at| row.get(at)))
        .collect()
}

#[tokio::test]
async fn campaigns_count_their_own_contacts_where_the_guides_join_counts_those_of_others() {
    let db = database::fresh().await;
    two_campaigns(&db.client).await;
    let ours = campaigns(&db.client).await;
    let steps = |campaign: &Campaign| {
        [
            campaign.contacts,
            campaign.delivered,
            campaign.bounced,
            campaign.opened,
            campaign.clicked,
            campaign.replied,
            campaign.unsubscribed,
            campaign.queued,
        ]
    };
    let names: Vec<String> = ours
        .iter()
        .map(|campaign| campaign.name.display())
        .collect();
    assert_eq!(names, ["Summer", "Spring"]);
    assert!(
        ours.iter()
            .all(|campaign| campaign.attribution == Attribution::Campaign)
    );
    assert_eq!(steps(&ours[0]), [100, 50, 0, 0, 0, 0, 0, 7]);
    assert_eq!(steps(&ours[1]), [100, 90, 10, 40, 20, 5, 2, 0]);
    // The guide gives the second campaign what the first did with the contacts they share.
    assert_eq!(
        of_the_guide(&db.client).await,
        [[100, 90, 30, 5], [100, 90, 40, 5]]
    );
}

#[tokio::test]
async fn without_the_campaigns_key_steps_count_by_time_and_are_marked_so() {
    let db = database::fresh().await;
    two_campaigns(&db.client).await;
    db.client
        .batch_execute(
            "ALTER TABLE marketing.delivery_log DROP COLUMN campaign_id CASCADE;
             ALTER TABLE marketing.engagement_events DROP COLUMN campaign_id CASCADE;
             ALTER TABLE marketing.responses DROP COLUMN campaign_id CASCADE;",
        )
        .await
        .unwrap();
    let ours = campaigns(&db.client).await;
    assert!(
        ours.iter()
            .all(|campaign| campaign.attribution == Attribution::Time)
    );
    // What happened before a contact was added to the second campaign is not that campaign's.
    let steps = |c: &Campaign| [c.contacts, c.delivered, c.opened, c.replied];
    assert_eq!(steps(&ours[0]), [100, 50, 0, 0]);
    assert_eq!(steps(&ours[1]), [100, 90, 40, 5]);
}

/// What came of companies, contacts, leads and syncs, beside [`two_campaigns`].
async fn other_phases(client: &Client) {
    client
        .batch_execute(
            "SET session_replication_role = replica;
             INSERT INTO intake.company_raw_intake (id, company_name, validated, created_at, validated_at)
               SELECT i, 'Acme', CASE WHEN i <= 18 THEN true WHEN i <= 20 THEN false END, now() - interval '2 hours', now() FROM generate_series(1, 25) AS i;
             INSERT INTO marketing.company_master (company_unique_id, company_name, intake_id) VALUES ('c1', 'Acme', 1);
             INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type) VALUES ('s1', 'c1', 'CEO');
             INSERT INTO marketing.contact_enrichment (id, company_slot_unique_id, email, enrichment_status, enriched_at)
               SELECT i, 's1', CASE WHEN i <= 7 THEN 'a@b.example' END, CASE WHEN i <= 8 THEN 'completed' WHEN i <= 10 THEN 'failed' ELSE 'pending' END, now() FROM generate_series(1, 12) AS i;
             INSERT INTO marketing.email_verification (enrichment_id, email, verification_status, verified_at)
               SELECT i, 'a@b.example', CASE WHEN i <= 6 THEN 'valid' WHEN i <= 8 THEN 'risky' ELSE 'pending' END, now() - interval '1 hour' FROM generate_series(1, 10) AS i;
             INSERT INTO marketing.lead_scores (contact_id, score, qualified) SELECT i, i, i <= 2 FROM generate_series(1, 10) AS i;
             INSERT INTO marketing.crm_sync_log (contact_id, crm, status, created_at) VALUES (1, 'x', 'success', now() - interval '2 hours'), (1, 'x', 'failed', now());
             INSERT INTO marketing.pipeline_events (event_type, status, created_at) VALUES
               ('lead_qualified', 'pending', now() - interval '50 minutes'), ('lead_qualified', 'pending', now()), ('lead_qualified', 'processed', now());
             INSERT INTO marketing.contact_timeline (contact_id, event_type) VALUES (1, 'meeting_booked'), (1, 'meeting_booked'), (2, 'deal_closed'), (999, 'deal_closed');
             SET session_replication_role = origin;",
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn outcomes_count_contacts_once() {
    let db = database::fresh().await;
    two_campaigns(&db.client).await;
    other_phases(&db.client).await;
    let Ok(Fact::Outcomes(outcomes)) = fetch(&db.client, "marketing", FeedId::Outcomes).await
    else {
        panic!("no outcomes");
    };
    let Outcomes {
        deliveries_24h,
        enrichments_24h,
        replies_7d,
        crm,
        bounces,
        slow,
        counted,
        sampled,
    } = outcomes;
    assert!(bounces.is_empty(), "{bounces:?}");
    assert_eq!(slow, Slow::default());
    assert_eq!(counted, Counted::default(), "all of it just now");
    assert_eq!(sampled, Sampled::default(), "all of it");
    assert_eq!(deliveries_24h, Some(Share { part: 0, of: 50 }));
    assert_eq!(enrichments_24h, Some(Share { part: 7, of: 10 }));
    assert_eq!(replies_7d, Some(Share { part: 5, of: 140 }));
    let crm = crm.unwrap();
    assert_eq!(crm.due_30m, 3);
    let age = chrono::Utc::now() - crm.last_success.unwrap();
    assert_eq!(age.num_hours(), 2);
    assert_eq!(
        (chrono::Utc::now() - crm.oldest_due.unwrap()).num_minutes(),
        50
    );
}

#[tokio::test]
async fn the_twelve_metrics_carry_their_n() {
    let db = database::fresh().await;
    two_campaigns(&db.client).await;
    other_phases(&db.client).await;
    let Ok(Fact::Scorecard(metrics)) = fetch(&db.client, "marketing", FeedId::Scorecard).await
    else {
        panic!("no scorecard");
    };
    let found: Vec<(MetricId, f64, u64)> = metrics
        .iter()
        .map(|MetricReading { id, value, n, .. }| (*id, (value.unwrap() * 1e4).round() / 1e4, *n))
        .collect();
    assert_eq!(
        found,
        [
            (MetricId::ValidationSuccess, 0.9, 20),
            (MetricId::EmailEnrichment, 0.7, 10),
            (MetricId::EmailDeliverability, 0.75, 8),
            (MetricId::EndToEndLatency, 3600.0, 1),
            (MetricId::DeliveryRate, 0.9333, 150),
            (MetricId::OpenRate, 0.2857, 140),
            (MetricId::ClickRate, 0.1429, 140),
            (MetricId::ReplyRate, 0.0357, 140),
            (MetricId::ResponseCapture, 0.5, 10),
            (MetricId::LeadQualification, 0.2, 10),
            (MetricId::MeetingBooking, 0.0071, 140),
            (MetricId::DealClose, 0.0071, 140),
        ]
    );
}
