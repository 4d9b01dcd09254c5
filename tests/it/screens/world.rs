//! A pipeline in a bad hour, as facts: what the screens are shown and asked about.

mod errors;
mod stages;

use chrono::{DateTime, TimeDelta};
use outpost::{
    domain::{
        Timestamp,
        ab_test::{AbTest, AbTests, Arm},
        campaign::{Attribution, Campaign},
        drops::{Count, Dropped, Drops},
        error_group::Errors,
        event::{EventRow, EventStatus, EventType, RowId},
        outcomes::{CrmSync, Outcomes, Share},
        pipeline::Pipeline,
        scorecard::{METRICS, MetricReading},
        stage::{StageReading, Totals},
        untrusted::Untrusted,
        workflow::{Access, Execution, ExecutionStatus, Executions, Workflow},
    },
    effect::FeedId,
    msg::{Fact, Fault, Link, LinkId},
    store::Store,
};

pub(super) use errors::errors;

/// 14:32:07 UTC.
pub(crate) fn now() -> Timestamp {
    DateTime::from_timestamp(1_763_994_727, 0).unwrap()
}

pub(crate) fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

pub(crate) fn event(id: i64, stage: &str, status: &str, age: i64) -> EventRow {
    let status_word = EventStatus::of(status);
    let ended = matches!(status_word, EventStatus::Processed | EventStatus::Failed);
    EventRow {
        id: RowId::from(id),
        stage: EventType::from(stage),
        raw_status: Untrusted::from(status),
        created_at: ago(age),
        processed_at: ended.then(|| ago(age) + TimeDelta::milliseconds(600 + id % 7 * 450)),
        retries: u32::from(matches!(status_word, EventStatus::Failed)),
        record: Some(Untrusted::from((8_800 + id % 100).to_string())),
        subject: Some(Untrusted::from(
            if stage.contains("company") || stage.contains("slots") {
                "Acme GmbH"
            } else {
                "anna@initech.example"
            },
        )),
        error: matches!(status_word, EventStatus::Failed)
            .then(|| Untrusted::from("401 Unauthorized: {\"error\":\"invalid_grant\"}")),
        execution: ended.then(|| Untrusted::from((88_000 + id % 100).to_string())),
        status: status_word,
    }
}

/// The newest events: one failed, one pending for long, one with a word of the site's own.
pub(crate) fn events() -> Vec<EventRow> {
    let cycle = [
        "slots_created",
        "message_sent",
        "company_promoted",
        "message_queued",
        "email_opened",
    ];
    let mut rows: Vec<EventRow> = (0..60)
        .map(|at| {
            let stage = cycle[at as usize % cycle.len()];
            let status = if at < 3 || stage == "slots_created" {
                "pending"
            } else {
                "processed"
            };
            event(90_412 - at, stage, status, 1 + at * 7)
        })
        .collect();
    rows[7] = event(90_405, "lead_qualified", "failed", 50);
    rows[11] = event(90_401, "message_queued", "skipped", 78);
    rows[13] = event(90_399, "message_personalized", "processing", 92);
    rows
}

pub(crate) fn campaigns() -> Vec<Campaign> {
    let campaign = |id: i64, name: &str, days: i64, counts: [u64; 8], attribution| Campaign {
        id: RowId::from(id),
        name: Untrusted::from(name),
        status: Some(Untrusted::from(if days > 3 {
            "completed"
        } else {
            "running"
        })),
        created_at: ago(days * 86_400),
        contacts: counts[0],
        queued: counts[1],
        delivered: counts[2],
        bounced: counts[3],
        opened: counts[4],
        clicked: counts[5],
        replied: counts[6],
        unsubscribed: counts[7],
        attribution,
        as_of: None,
    };
    vec![
        campaign(
            12,
            "Q4-CFO-DACH",
            1,
            [1_200, 14, 1_141, 24, 281, 71, 47, 5],
            Attribution::Campaign,
        ),
        campaign(
            11,
            "HR-Midmarket nurture, second wave",
            2,
            [800, 41, 702, 57, 98, 11, 9, 14],
            Attribution::Campaign,
        ),
        campaign(
            10,
            "CEO-Retail",
            5,
            [340, 0, 240, 90, 60, 12, 11, 1],
            Attribution::Time,
        ),
        campaign(9, "Pilot", 6, [12, 0, 11, 1, 5, 1, 1, 0], Attribution::Time),
    ]
}

fn metrics() -> Vec<MetricReading> {
    let values = [
        (Some(0.962), 1_840),
        (Some(0.61), 790),
        (Some(0.91), 481),
        (Some(660.0), 431),
        (Some(0.951), 2_210),
        (Some(0.241), 2_100),
        (Some(0.052), 2_100),
        (Some(0.039), 2_100),
        (Some(0.99), 96),
        (Some(0.18), 88),
        (Some(0.2), 15),
        (None, 0),
    ];
    let pairs = METRICS.iter().zip(values);
    pairs
        .map(|(spec, (value, n))| MetricReading {
            id: spec.id,
            value,
            n,
            is_slow: false,
            as_of: None,
            newest: None,
        })
        .collect()
}

pub(crate) fn workflows() -> Vec<Workflow> {
    let mut names: Vec<(&str, &str)> = Pipeline::guide()
        .stages
        .iter()
        .map(|stage| (stage.workflow.as_str(), stage.webhook.as_str()))
        .collect();
    names.dedup_by_key(|(name, _)| *name);
    let mut workflows: Vec<Workflow> = names
        .iter()
        .enumerate()
        .map(|(at, (name, hook))| Workflow {
            id: RowId::parse(&format!("wf{at:02}")).unwrap(),
            name: Untrusted::from(*name),
            active: *name != "Follow-Up Sender",
            archived: false,
            updated_at: Some(ago(86_400 * 12)),
            webhooks: vec![Untrusted::from(*hook)],
        })
        .collect();
    workflows.push(Workflow {
        id: RowId::parse("wf99").unwrap(),
        name: Untrusted::from("Old Importer"),
        active: false,
        archived: true,
        updated_at: None,
        webhooks: Vec::new(),
    });
    workflows
}

fn executions() -> Executions {
    let run = |at: i64| {
        let status = match at {
            0 => ExecutionStatus::New,
            1 | 4 => ExecutionStatus::Running,
            6 | 13 => ExecutionStatus::Error,
            9 => ExecutionStatus::Waiting,
            _ => ExecutionStatus::Success,
        };
        let ended = !matches!(status, ExecutionStatus::New | ExecutionStatus::Running);
        let started = (status != ExecutionStatus::New).then(|| ago(1 + at * 31));
        Execution {
            id: RowId::from(88_131 - at),
            workflow: RowId::parse(&format!("wf{:02}", at % 13)).unwrap(),
            started_at: started,
            stopped_at: started
                .filter(|_| ended)
                .map(|it| it + TimeDelta::milliseconds(400 + at * 333)),
            mode: Untrusted::from(if at == 7 { "retry" } else { "webhook" }),
            retry_of: (at == 7).then(|| RowId::from(88_118)),
            retry_success: (at == 13).then(|| RowId::from(88_124)),
            status,
        }
    };
    Executions {
        recent: (0..40).map(run).collect(),
        running: Some(2),
        queued: 1,
    }
}

/// Takes in what a feed answered, at `at`.
pub(crate) fn tell(store: &mut Store, at: Timestamp, feed: FeedId, fact: Fact) {
    store.absorb(at, feed, Ok(fact), 12);
}

/// Everything answered a second ago, and all is up.
pub(crate) fn busy() -> Store {
    let mut store = Store::default();
    let then = ago(1);
    for id in [LinkId::Listener, LinkId::Reader, LinkId::N8n] {
        store.linked(then, id, Link::Up(ago(3_600), None));
    }
    let outcomes = Outcomes {
        deliveries_24h: Some(Share {
            part: 68,
            of: 2_210,
        }),
        enrichments_24h: Some(Share { part: 482, of: 790 }),
        replies_7d: Some(Share { part: 1, of: 12 }),
        crm: Some(CrmSync {
            last_success: Some(ago(2_280)),
            due_30m: 9,
            oldest_due: Some(ago(2_280)),
        }),
        ..Outcomes::default()
    };
    let totals = Totals {
        events: 31_204,
        processed: 30_100,
        failed: 520,
        processed_5m: 907,
        avg_latency_ms: Some(2_100),
        unresolved_errors: 46,
        errors_since: None,
        errors_counted: None,
        since: None,
        is_unordered: false,
    };
    let facts = [
        (FeedId::Trend, Fact::Trend(stages::trend())),
        (FeedId::Totals, Fact::Totals(totals)),
        (FeedId::Outcomes, Fact::Outcomes(outcomes)),
        (
            FeedId::Stages,
            Fact::Stages((0..15).map(stages::reading).collect()),
        ),
        (FeedId::Tail, Fact::Tail(events())),
        (FeedId::Errors, Fact::Errors(errors())),
        (FeedId::Campaigns, Fact::Campaigns(campaigns())),
        (FeedId::Drops, drops()),
        (FeedId::Scorecard, Fact::Scorecard(metrics())),
        (FeedId::Workflows, Fact::Workflows(workflows())),
        (FeedId::Executions, Fact::Executions(executions())),
        (
            FeedId::Access,
            Fact::Access(Access {
                scopes: None,
                requests_left: Some(118),
            }),
        ),
    ];
    for (feed, fact) in facts {
        tell(&mut store, then, feed, fact);
    }
    store.ab_tests = Some((RowId::from(12), then, Ok(ab_tests())));
    store
}

/// A test with a winner that its numbers speak against, one that has just begun, and one that is not decided.
fn ab_tests() -> AbTests {
    let test =
        |id: i64, (name, began): (&str, i64), ended, winner: Option<&str>, arms: [[u64; 5]; 2]| {
            AbTest {
                id: RowId::from(id),
                name: Untrusted::from(name),
                variants: [
                    Some(Untrusted::from(
                        "{\"subject\": \"An idea for {{company}}\"}",
                    )),
                    Some(Untrusted::from("{\"template\": 4, \"hour\": 9}")),
                ],
                started: Some(ago(began)),
                ended,
                winner: winner.map(Untrusted::from),
                arms: arms.map(|[contacts, delivered, opened, clicked, replied]| Arm {
                    contacts,
                    delivered,
                    opened,
                    clicked,
                    replied,
                }),
                both: u64::from(id == 5) * 3,
                neither: 0,
            }
        };
    AbTests {
        tests: vec![
            test(
                5,
                ("subject \u{1b}[31mline", 80_000),
                Some(ago(7_200)),
                Some("a"),
                [[420, 401, 96, 21, 6], [420, 398, 131, 33, 24]],
            ),
            test(
                6,
                ("hour of day", 900),
                None,
                None,
                [[31, 18, 4, 1, 1], [34, 27, 9, 2, 2]],
            ),
            test(
                4,
                ("subj-v2", 86_000),
                Some(ago(80_000)),
                Some("none"),
                [[640, 611, 152, 31, 23], [640, 604, 144, 36, 28]],
            ),
        ],
        by: Attribution::Campaign,
    }
}

/// Everything answered, and there is nothing.
pub(crate) fn empty() -> Store {
    let mut store = Store::default();
    let stages = Pipeline::guide()
        .stages
        .iter()
        .map(|stage| StageReading::empty(EventType::from(stage.event.as_str())));
    let facts = [
        (FeedId::Trend, Fact::Trend(Vec::new())),
        (FeedId::Totals, Fact::Totals(Totals::default())),
        (FeedId::Outcomes, Fact::Outcomes(Outcomes::default())),
        (FeedId::Stages, Fact::Stages(stages.collect())),
        (FeedId::Tail, Fact::Tail(Vec::new())),
        (FeedId::Errors, Fact::Errors(Errors::default())),
        (FeedId::Campaigns, Fact::Campaigns(Vec::new())),
        (FeedId::Scorecard, Fact::Scorecard(Vec::new())),
        (FeedId::Workflows, Fact::Workflows(Vec::new())),
        (
            FeedId::Executions,
            Fact::Executions(Executions {
                running: Some(0),
                ..Executions::default()
            }),
        ),
    ];
    for (feed, fact) in facts {
        tell(&mut store, ago(1), feed, fact);
    }
    store
}

/// Nothing answers: before anything did, or `after` a good minute.
pub(crate) fn failing(after: bool) -> Store {
    let mut store = if after { busy() } else { Store::default() };
    for feed in FeedId::ALL {
        let fault = match feed {
            FeedId::Workflows | FeedId::Executions | FeedId::Access => {
                Fault::Unauthorized(Untrusted::from("unauthorized"))
            }
            FeedId::Campaigns => Fault::Missing(Untrusted::from("marketing.campaigns")),
            FeedId::Server
            | FeedId::Stages
            | FeedId::Trend
            | FeedId::Totals
            | FeedId::Tail
            | FeedId::Ledger
            | FeedId::Errors
            | FeedId::Outcomes
            | FeedId::Drops
            | FeedId::Latency(_)
            | FeedId::Records(_)
            | FeedId::Scorecard => {
                Fault::Unreachable(Untrusted::from("connection refused (db.example:5432)"))
            }
        };
        store.absorb(now(), feed, Err(fault), 5);
    }
    store
}

/// Three records dropped, and of one link it cannot be told.
fn drops() -> Fact {
    let link = |stage: &str, child: &str, due: &str, lost: &[i64]| Count {
        stage: EventType::from(stage),
        child: EventType::from(child),
        children_due: due.to_owned(),
        parents: 1_240,
        keyless: 0,
        checked: 1_210,
        children: 1_230,
        nameless: 0,
        pairs: 1_200,
        p99_ms: Some(100_000),
        gap_s: 100,
        ended: 12,
        dropped: lost
            .iter()
            .map(|id| Dropped {
                id: RowId::from(*id),
                record: Some(Untrusted::from(format!("04.04.02.84.{id}.001"))),
                subject: Some(Untrusted::from("anna@initech.example")),
                ended_at: ago(7_200 + id % 7),
            })
            .collect(),
        blind: None,
    };
    Fact::Drops(Drops {
        links: vec![
            link("company_created", "company_validated", "1", &[]),
            link("company_validated", "company_promoted", "1", &[]),
            link("company_promoted", "slots_created", "1..n", &[]),
            link(
                "message_queued",
                "message_sent",
                "1",
                &[90_017, 90_012, 90_003],
            ),
        ],
        since: Some(ago(72_000)),
        newest: Some(20_000),
        now: now(),
    })
}
