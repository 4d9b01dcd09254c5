//! Worlds to paint and to act in, built as production builds them: message by message, through `update`.

use chrono::{DateTime, TimeDelta};
use outpost::{
    action::ScreenId,
    domain::{
        Timestamp,
        campaign::{Attribution, Campaign},
        cost::{Bill, Spent, Turn},
        error_group::{ErrorRow, ErrorStage, Errors, Severity},
        event::{EventRow, EventStatus, EventType, RowId},
        latency::{
            Latency, Quantile,
            end_to_end::{EndToEnd, InFlight, Records, SlowRecord},
            window::{Cell, LatencyWindow, Origin, Span, StageWindow, Usual},
        },
        outcomes::{CrmSync, Outcomes, Share},
        pipeline::{Pipeline, Stage},
        scorecard::{METRICS, MetricReading},
        server::{Gap, Server},
        stage::{MinuteBucket, StageReading, Totals},
        untrusted::Untrusted,
        window::histogram::bin,
        workflow::{Access, Execution, ExecutionStatus, Executions, Workflow},
    },
    effect::FeedId,
    model::{Model, Options},
    msg::{Fact, Fault, Link, LinkId, Msg},
    update::update,
};

/// The present of every world: 2025-11-14 14:32:07 UTC.
pub(crate) fn now() -> Timestamp {
    DateTime::from_timestamp(1_763_130_727, 0).unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

/// A world: what happened, and when.
pub(crate) struct World(pub(crate) Vec<(Timestamp, Msg)>);

impl World {
    /// The model of this world in a terminal of `size`, on `screen`.
    pub(crate) fn model(&self, size: (u16, u16), screen: ScreenId) -> Model {
        let options = Options {
            profile: "prod".to_owned(),
            themes: ["default", "dark"].map(str::to_owned).to_vec(),
            ..Options::default()
        };
        let mut model = Model::new(ago(7_200), size, options);
        model.screen = screen;
        for (at, msg) in &self.0 {
            let _effects = update(&mut model, *at, msg.clone());
        }
        model
    }

    /// The same world with `more` at its end, now.
    pub(crate) fn then(mut self, more: impl IntoIterator<Item = Msg>) -> Self {
        self.0.extend(more.into_iter().map(|msg| (now(), msg)));
        self
    }
}

/// Every world with its name.
pub(crate) fn all() -> Vec<(&'static str, World)> {
    vec![
        ("waiting", waiting()),
        ("calm", calm()),
        ("stall", stall()),
        ("stale", stale()),
        ("no_n8n", no_n8n()),
        ("missing_tables", missing_tables()),
        ("unreachable", unreachable()),
    ]
}

/// Nothing has answered yet.
pub(crate) fn waiting() -> World {
    World(Vec::new()).then([Msg::Tick])
}

/// All is well.
pub(crate) fn calm() -> World {
    let links = up();
    World(links.into_iter().map(|msg| (ago(60), msg)).collect())
        .then(answers(&Facts::calm()))
        .then([Msg::Notified(1_204), spent(), Msg::Tick])
}

/// `slots_created` is no longer taken, the CRM refuses its key, one workflow is off.
pub(crate) fn stall() -> World {
    let mut world = World(up().into_iter().map(|msg| (ago(423), msg)).collect());
    for at in [ago(130), ago(60), now()] {
        let facts = answers(&Facts::stall());
        world.0.extend(facts.into_iter().map(|msg| (at, msg)));
    }
    world.then([Msg::Notified(31_204), spent(), Msg::Tick])
}

/// A calm world whose database went silent a minute and a half ago.
pub(crate) fn stale() -> World {
    let mut world = World(up().into_iter().map(|msg| (ago(600), msg)).collect());
    let facts = answers(&Facts::calm());
    world.0.extend(facts.into_iter().map(|msg| (ago(95), msg)));
    let fault = Fault::timed_out(5);
    let down = Link::Down {
        since: ago(90),
        fault,
        tries: 7,
        next_try: now() + TimeDelta::seconds(9),
    };
    world.then([
        Msg::Linked(LinkId::Reader, down.clone()),
        Msg::Linked(LinkId::Listener, down),
        Msg::Tick,
    ])
}

/// A calm world without an address of n8n.
pub(crate) fn no_n8n() -> World {
    let mut world = calm();
    world.0.retain(|(_, msg)| {
        let answered = matches!(msg, Msg::Fetched(feed, ..) if feed.is_n8n());
        let linked = matches!(msg, Msg::Linked(LinkId::N8n, _));
        !answered && !linked
    });
    world.then([Msg::Linked(
        LinkId::N8n,
        Link::Off("no N8N_BASE_URL".to_owned()),
    )])
}

/// A database with events and errors alone, as sites have that never made the other tables.
pub(crate) fn missing_tables() -> World {
    let missing = |table: &str| Err(Fault::Missing(Untrusted::from(table)));
    calm_without(&[FeedId::Outcomes, FeedId::Campaigns, FeedId::Scorecard]).then([
        Msg::Fetched(
            FeedId::Outcomes,
            missing("marketing.delivery_log"),
            3.into(),
        ),
        Msg::Fetched(FeedId::Campaigns, missing("marketing.campaigns"), 2.into()),
        Msg::Fetched(
            FeedId::Scorecard,
            missing("marketing.company_master"),
            2.into(),
        ),
        Msg::Tick,
    ])
}

fn calm_without(feeds: &[FeedId]) -> World {
    let mut world = calm();
    world
        .0
        .retain(|(_, msg)| !matches!(msg, Msg::Fetched(feed, ..) if feeds.contains(feed)));
    world
}

/// The database was never reached.
pub(crate) fn unreachable() -> World {
    let refused = "connection refused (db.example:5432)";
    let down = Link::Down {
        since: ago(12),
        fault: Fault::Unreachable(Untrusted::from(refused)),
        tries: 3,
        next_try: now() + TimeDelta::seconds(4),
    };
    World(Vec::new()).then([
        Msg::Linked(LinkId::Reader, down.clone()),
        Msg::Linked(LinkId::Listener, down),
        Msg::Linked(LinkId::N8n, Link::Up(ago(12), None)),
        Msg::Tick,
    ])
}

fn slow_record(place: i64) -> SlowRecord {
    let took_ms = 2_405_000 - place as u64 * 190_000;
    let ended = ago(40 + 300 * place);
    let names = ["Acme GmbH", "Globex", "Initech", "Umbrella"];
    SlowRecord {
        record: Untrusted::from((5_512 - place * 7).to_string()),
        company: Some(Untrusted::from(names[place as usize % 4])),
        began: ended - TimeDelta::milliseconds(took_ms as i64),
        ended,
        took_ms,
    }
}

/// Every stage over `span`, `slots_created` far slower than usual.
pub(crate) fn latency(span: Span) -> Msg {
    let of = |(at, stage): (usize, &Stage)| {
        let is_slow = stage.event == "slots_created";
        let median = MEDIAN[at] * if is_slow { 6 } else { 1 };
        let slots = span.slots();
        let cells = (0..slots).flat_map(|slot| {
            // From a quarter of the median to eight times it, fewer and fewer.
            (0..6_u32).map(move |step| Cell {
                slot,
                bin: bin(median as f64 * f64::from(1 << step) / 4.0),
                n: PACE[at] * [2, 9, 12, 5, 2, 1][step as usize] * u64::from(slot % 7 + 1) / 8,
            })
        });
        let cells: Vec<Cell> = cells.filter(|cell| cell.n > 0).collect();
        let n = cells.iter().map(|cell| cell.n).sum();
        StageWindow {
            stage: EventType::from(stage.event.as_str()),
            n,
            avg_ms: (n > 0).then_some(median * 5 / 4),
            max_ms: (n > 0).then_some(median * 9),
            cells,
            in_flight: if is_slow {
                vec![(bin(90_000.0), 40), (bin(420_000.0), 12)]
            } else {
                Vec::new()
            },
            usual: (n > 0 && at != 1).then_some(Usual {
                weeks: 4,
                p50_ms: MEDIAN[at],
                p95_ms: MEDIAN[at] * 4,
            }),
        }
    };
    let is_rolled_up = span.needs_roll_ups();
    let window = LatencyWindow {
        span,
        origin: if is_rolled_up {
            Origin::RollUps
        } else {
            Origin::Table
        },
        // The hour that runs is rolled up in part.
        until: Some(now() + TimeDelta::minutes(if is_rolled_up { 28 } else { 0 })),
        since: None,
        has_baseline: true,
        stages: Pipeline::guide()
            .stages
            .iter()
            .enumerate()
            .map(of)
            .collect(),
    };
    Msg::Fetched(FeedId::Latency(span), Ok(Fact::Latency(window)), turn(34))
}

/// Records from end to end over `span`: some 190 s each, the slowest 40 min, 12 of them in flight.
pub(crate) fn records(span: Span) -> Msg {
    let bound = |ms, at_least| Some(Quantile { ms, at_least });
    let known = EndToEnd {
        path: None,
        n: 176,
        p50: bound(190_000, false),
        p95: bound(541_000, false),
        p99: bound(3_724_000, true),
        max_ms: Some(2_405_000),
        in_flight: InFlight {
            n: 12,
            oldest_ms: Some(5_403_000),
        },
        newest: Some(200),
        slowest: (0..10).map(slow_record).collect(),
    };
    let records = Records {
        span,
        end_to_end: Some(known),
    };
    Msg::Fetched(FeedId::Records(span), Ok(Fact::Records(records)), turn(6))
}

/// Outpost's own cost, all of it in the last ten seconds.
fn spent() -> Msg {
    Msg::Cost(Bill {
        spent: Spent {
            queries: 38,
            rows: 1_204,
            busy_us: 214_000,
        },
        ..Bill::default()
    })
}

/// A turn of a feed that took `ms`, nearly all of it in the database.
fn turn(ms: u64) -> Turn {
    Turn {
        spent: Spent {
            queries: 1 + ms / 8,
            rows: ms * 3,
            busy_us: ms * 1_000 - 400,
        },
        ..Turn::from(ms)
    }
}

fn up() -> Vec<Msg> {
    [LinkId::Listener, LinkId::Reader, LinkId::N8n]
        .map(|id| Msg::Linked(id, Link::Up(ago(11_000), None)))
        .to_vec()
}

/// One answer of every feed.
pub(crate) struct Facts {
    /// For [`FeedId::Server`].
    pub(crate) server: Server,
    /// For [`FeedId::Stages`].
    pub(crate) stages: Vec<StageReading>,
    /// For [`FeedId::Trend`].
    pub(crate) trend: Vec<MinuteBucket>,
    /// For [`FeedId::Totals`].
    pub(crate) totals: Totals,
    /// For [`FeedId::Tail`].
    pub(crate) tail: Vec<EventRow>,
    /// For [`FeedId::Errors`].
    pub(crate) errors: Errors,
    /// For [`FeedId::Outcomes`].
    pub(crate) outcomes: Outcomes,
    /// For [`FeedId::Campaigns`].
    pub(crate) campaigns: Vec<Campaign>,
    /// For [`FeedId::Scorecard`].
    pub(crate) scorecard: Vec<MetricReading>,
    /// For [`FeedId::Workflows`].
    pub(crate) workflows: Vec<Workflow>,
    /// For [`FeedId::Executions`].
    pub(crate) executions: Executions,
}

/// What the feeds answer with `facts`.
pub(crate) fn answers(facts: &Facts) -> Vec<Msg> {
    let access = Access {
        scopes: None,
        requests_left: None,
    };
    let answers = [
        (FeedId::Server, Fact::Server(facts.server.clone()), 2),
        (FeedId::Stages, Fact::Stages(facts.stages.clone()), 21),
        (FeedId::Trend, Fact::Trend(facts.trend.clone()), 9),
        (FeedId::Totals, Fact::Totals(facts.totals.clone()), 14),
        (FeedId::Tail, Fact::Tail(facts.tail.clone()), 3),
        (FeedId::Errors, Fact::Errors(facts.errors.clone()), 5),
        (FeedId::Outcomes, Fact::Outcomes(facts.outcomes.clone()), 18),
        (
            FeedId::Campaigns,
            Fact::Campaigns(facts.campaigns.clone()),
            31,
        ),
        (
            FeedId::Scorecard,
            Fact::Scorecard(facts.scorecard.clone()),
            44,
        ),
        (
            FeedId::Workflows,
            Fact::Workflows(facts.workflows.clone()),
            120,
        ),
        (
            FeedId::Executions,
            Fact::Executions(facts.executions.clone()),
            140,
        ),
        (FeedId::Access, Fact::Access(access), 95),
    ];
    answers
        .into_iter()
        .map(|(feed, fact, ms)| Msg::Fetched(feed, Ok(fact), turn(ms)))
        .collect()
}

/// Events a minute that each stage sees when all is well.
const PACE: [u64; 15] = [31, 30, 30, 29, 27, 0, 2, 44, 43, 42, 12, 3, 1, 1, 2];
/// Median latency of each stage when all is well, ms.
const MEDIAN: [u64; 15] = [
    1_900, 1_100, 900, 4_200, 2_600, 1_500, 6_100, 1_800, 3_900, 900, 400, 300, 2_900, 1_700, 2_200,
];

impl Facts {
    /// All is well.
    pub(crate) fn calm() -> Self {
        Self {
            server: server(),
            stages: (0..15).map(flowing).collect(),
            trend: (0..15).flat_map(minutes).collect(),
            totals: Totals {
                events: 41_247,
                processed: 40_889,
                failed: 93,
                processed_5m: 1_482,
                avg_latency_ms: Some(2_100),
                unresolved_errors: 4,
                errors_since: None,
                errors_counted: None,
                since: None,
                is_unordered: false,
            },
            tail: (0..60).map(|n| event(90_412 - n, n)).collect(),
            errors: errors(&CALM_ERRORS),
            outcomes: Outcomes {
                slow: outpost::domain::outcomes::Slow::default(),
                sampled: outpost::domain::outcomes::Sampled::default(),
                counted: outpost::domain::outcomes::Counted {
                    replies: Some(outpost::domain::as_of::AsOf::server(ago(437))),
                    ..Default::default()
                },
                bounces: Vec::new(),
                deliveries_24h: Some(Share {
                    part: 69,
                    of: 2_210,
                }),
                enrichments_24h: Some(Share {
                    part: 1_544,
                    of: 1_811,
                }),
                replies_7d: Some(Share {
                    part: 89,
                    of: 2_244,
                }),
                crm: Some(CrmSync {
                    last_success: Some(ago(240)),
                    due_30m: 6,
                    oldest_due: Some(ago(18)),
                }),
            },
            campaigns: campaigns(),
            scorecard: scorecard(),
            workflows: workflows(&[]),
            executions: executions(),
        }
    }

    /// As [`stall`].
    pub(crate) fn stall() -> Self {
        let mut facts = Self::calm();
        let stuck = &mut facts.stages[3];
        (stuck.pending, stuck.stuck) = (412, 301);
        (stuck.oldest_pending, stuck.processed_5m) = (Some(ago(423)), 0);
        (stuck.created_5m, stuck.last_processed) = (190, Some(ago(431)));
        let in_flight = Some(Quantile {
            ms: 390_000,
            at_least: true,
        });
        (stuck.latency.p95, stuck.latency.p99) = (in_flight, in_flight);
        let starved = &mut facts.stages[4];
        (starved.pending, starved.created_5m, starved.processed_5m) = (0, 0, 0);
        starved.oldest_pending = None;
        let queued = &mut facts.stages[8];
        (queued.pending, queued.oldest_pending) = (96, Some(ago(130)));
        (queued.created_5m, queued.processed_5m) = (225, 155);
        let crm = &mut facts.stages[13];
        (crm.pending, crm.oldest_pending) = (9, Some(ago(2_296)));
        (crm.processed_5m, crm.processed_1h, crm.errors_1h) = (0, 0, 31);
        let silent = |bucket: &&mut MinuteBucket| {
            let name = bucket.stage.label();
            let age = (now() - bucket.minute).num_seconds();
            matches!(name.as_str(), "slots_created" | "contact_enriched") && age < 480
        };
        for bucket in facts.trend.iter_mut().filter(silent) {
            bucket.processed = 0;
            if bucket.stage.label() == "contact_enriched" {
                bucket.created = 0;
            }
        }
        facts.totals.failed = 1_120;
        facts.totals.unresolved_errors = 48;
        facts.errors = errors(&STALL_ERRORS);
        facts.outcomes.crm = Some(CrmSync {
            last_success: Some(ago(2_310)),
            due_30m: 9,
            oldest_due: Some(ago(2_296)),
        });
        facts.workflows = workflows(&["Follow-Up Sender"]);
        facts.scorecard[1].value = Some(0.61);
        facts.scorecard[3].value = Some(660.0);
        facts
    }
}

pub(crate) fn server() -> Server {
    Server {
        version: 150_020,
        clock: now(),
        skew_ms: 0,
        standby: false,
        replay: None,
        role: Untrusted::from("ops_rw"),
        database: Untrusted::from("neondb"),
        queue_usage: 0.0,
        read_only: false,
        consoles: Vec::new(),
        denied: Vec::new(),
        gaps: vec![Gap {
            what: Untrusted::from("marketing.contact_ltv"),
            hides: "lifetime value".to_owned(),
            remedy: "outpost migrate".to_owned(),
        }],
    }
}

fn name(stage: usize) -> EventType {
    EventType::from(Pipeline::guide().stages[stage].event.as_str())
}

fn flowing(stage: usize) -> StageReading {
    let pace = PACE[stage];
    let quantile = |factor: u64| {
        (pace > 0).then(|| Quantile {
            ms: MEDIAN[stage] * factor / 10,
            at_least: false,
        })
    };
    let pending = pace / 9;
    StageReading {
        pending,
        oldest_pending: (pending > 0).then(|| ago(2 + stage as i64)),
        processing: u64::from(pace > 20),
        created_5m: pace * 5,
        processed_5m: pace * 5,
        created_1h: pace * 60,
        processed_1h: pace * 60,
        errors_1h: if stage == 8 {
            pace * 60 / 200
        } else {
            pace / 10
        },
        last_processed: (pace > 0).then(|| ago(3)),
        latency: Latency {
            n: pace * 60,
            avg_ms: (pace > 0).then(|| MEDIAN[stage] * 11 / 10),
            max_ms: (pace > 0).then(|| MEDIAN[stage] * 9),
            p50: quantile(10),
            p95: quantile(21),
            p99: quantile(33),
        },
        ..StageReading::empty(name(stage))
    }
}

fn minutes(stage: usize) -> Vec<MinuteBucket> {
    let wave = [0, 2, 1, 3, 2, 1, 0, 1, 2, 3];
    let this_minute = now().timestamp().div_euclid(60) * 60;
    (0..60)
        .map(|minute: usize| {
            let count = PACE[stage] * (8 + wave[(minute + stage) % 10]) / 10;
            let rare = PACE[stage] < 10 && !(minute * 7 + stage).is_multiple_of(5);
            let count = if rare { 0 } else { count };
            MinuteBucket {
                stage: name(stage),
                minute: DateTime::from_timestamp(this_minute - 60 * minute as i64, 0).unwrap(),
                created: count,
                processed: count,
            }
        })
        .collect()
}

const SUBJECTS: [&str; 6] = [
    "acme gmbh",
    "anna.schmidt@initech.example",
    "Soylent Corp.",
    "Maria López",
    "globex 東京",
    "tony@stark.example",
];

fn event(id: i64, n: i64) -> EventRow {
    let stage = [3, 9, 2, 8, 3, 1, 10, 13, 8, 0][(n % 10) as usize];
    let (status, word) = match (stage, n) {
        (13, _) => (EventStatus::Failed, "failed"),
        (3 | 8, 0..5) => (EventStatus::Pending, "pending"),
        _ => (EventStatus::Processed, "processed"),
    };
    let ended = matches!(status, EventStatus::Processed);
    let created_at = now() - TimeDelta::milliseconds(900 + n * 610);
    EventRow {
        id: RowId::from(id),
        stage: name(stage),
        raw_status: Untrusted::from(word),
        created_at,
        processed_at: ended.then(|| created_at + TimeDelta::milliseconds(MEDIAN[stage] as i64)),
        retries: u32::from(n == 3),
        record: Some(Untrusted::from((5_512 - n).to_string())),
        subject: Some(Untrusted::from(SUBJECTS[(n % 6) as usize])),
        error: (stage == 13).then(|| Untrusted::from("crm 401 invalid_grant")),
        execution: ended.then(|| Untrusted::from((88_131 - n).to_string())),
        status,
    }
}

/// Message, severity, stage, how many, age of the newest and of the oldest, s.
type Said = (&'static str, Severity, usize, i64, i64, i64);

const CALM_ERRORS: [Said; 2] = [
    (
        "smtp 451 greylisted, try again later",
        Severity::Warning,
        8,
        3,
        540,
        9_000,
    ),
    (
        "reply body is not valid utf-8",
        Severity::Error,
        12,
        1,
        18_000,
        18_000,
    ),
];
const STALL_ERRORS: [Said; 4] = [
    (
        "crm 401 invalid_grant: token revoked",
        Severity::Critical,
        13,
        9,
        19,
        2_277,
    ),
    (
        "apify 429 monthly quota exceeded",
        Severity::Error,
        3,
        31,
        460,
        660,
    ),
    (
        "smtp 451 greylisted, try again later",
        Severity::Warning,
        8,
        7,
        540,
        9_000,
    ),
    (
        "null \u{1b}[31mcompany_name\u{1b}[0m in record 5531",
        Severity::Error,
        0,
        1,
        240,
        240,
    ),
];

/// The errors of [`stall`].
pub(crate) fn stall_errors() -> Errors {
    errors(&STALL_ERRORS)
}

fn errors(said: &[Said]) -> Errors {
    let mut errors = Errors::default();
    for (group, (message, severity, stage, count, newest, oldest)) in said.iter().enumerate() {
        for n in 0..*count {
            let step = (oldest - newest) / (*count).max(1);
            errors.recent.push(ErrorRow {
                id: RowId::from(5_200 - 100 * group as i64 - n),
                stage: name(*stage),
                record: Some(Untrusted::from((2_201 + n).to_string())),
                message: Untrusted::from(*message),
                severity: severity.clone(),
                created_at: ago(newest + n * step),
                event: None,
                execution: None,
                details: Untrusted::default(),
            });
        }
        errors.stages.push(ErrorStage {
            stage: name(*stage),
            errors_24h: *count as u64 + 2,
            critical_24h: if *severity == Severity::Critical {
                *count as u64
            } else {
                0
            },
            unresolved: *count as u64,
        });
        errors.unresolved.push((severity.clone(), *count as u64));
    }
    errors
        .recent
        .sort_by_key(|row| std::cmp::Reverse(row.created_at));
    errors
        .stages
        .sort_by_key(|stage| std::cmp::Reverse(stage.errors_24h));
    errors.unresolved.sort();
    Errors {
        stages: errors.stages,
        unresolved: errors.unresolved,
        ..Errors::of(errors.recent, now())
    }
}

fn campaigns() -> Vec<Campaign> {
    let rows = [
        (
            "Q4-CFO-DACH",
            "running",
            [1_200, 12, 1_141, 25, 281, 88, 47, 5],
        ),
        ("HR-Midmarket", "running", [800, 40, 702, 61, 98, 12, 9, 11]),
        (
            "CEO-Ohio <b>\u{202e}oihO</b>",
            "done",
            [410, 0, 401, 4, 120, 51, 31, 1],
        ),
    ];
    (0_i64..)
        .zip(rows)
        .map(|(n, (name, status, counts))| {
            let [
                contacts,
                queued,
                delivered,
                bounced,
                opened,
                clicked,
                replied,
                unsubscribed,
            ] = counts;
            Campaign {
                id: RowId::from(31 - n),
                name: Untrusted::from(name),
                status: Some(Untrusted::from(status)),
                created_at: ago(86_400 * (n + 1)),
                contacts,
                queued,
                delivered,
                bounced,
                opened,
                clicked,
                replied,
                unsubscribed,
                attribution: Attribution::Campaign,
                as_of: None,
            }
        })
        .collect()
}

fn scorecard() -> Vec<MetricReading> {
    let values = [
        (0.962, 1_841),
        (0.852, 1_811),
        (0.914, 1_544),
        (251.0, 1_700),
        (0.951, 2_210),
        (0.241, 2_244),
        (0.044, 2_244),
        (0.039, 2_244),
        (0.991, 91),
        (0.112, 98),
        (0.022, 2_244),
        (0.006, 12),
    ];
    METRICS
        .iter()
        .zip(values)
        .map(|(spec, (value, n))| MetricReading {
            id: spec.id,
            value: Some(value),
            n,
            is_slow: false,
            as_of: None,
            newest: None,
        })
        .collect()
}

pub(crate) fn workflows(off: &[&str]) -> Vec<Workflow> {
    let mut names: Vec<&str> = Pipeline::guide()
        .stages
        .iter()
        .map(|stage| stage.workflow.as_str())
        .collect();
    names.dedup();
    (0_i64..)
        .zip(names)
        .map(|(n, name)| Workflow {
            id: RowId::from(100 + n),
            name: Untrusted::from(name),
            active: !off.contains(&name),
            archived: false,
            updated_at: Some(ago(86_400 * (n + 2))),
            webhooks: vec![Untrusted::from(format!("hook-{n}"))],
        })
        .collect()
}

pub(crate) fn executions() -> Executions {
    let recent = (0_i64..40).map(|n| {
        let (status, length) = match n {
            0 | 2 => (ExecutionStatus::Running, None),
            5 | 17 => (ExecutionStatus::Error, Some(400)),
            _ => (ExecutionStatus::Success, Some(300 + 410 * (n % 7))),
        };
        let started = now() - TimeDelta::milliseconds(1_200 + n * 1_900);
        Execution {
            id: RowId::from(88_131 - n),
            workflow: RowId::from(100 + (n * 5) % 14),
            status,
            mode: Untrusted::from("webhook"),
            started_at: Some(started),
            stopped_at: length.map(|ms| started + TimeDelta::milliseconds(ms)),
            retry_of: None,
            retry_success: None,
        }
    });
    Executions {
        recent: recent.collect(),
        running: Some(2),
        queued: 0,
    }
}
