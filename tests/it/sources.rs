//! The connections that are kept: what they tell when they come, go and come again.

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use outpost::{
    cluster::{Cluster, Options},
    domain::event::RowId,
    effect::FeedId,
    msg::{Fact, Fault, Link, LinkId, Msg},
    sources::{
        Inbox, Messages,
        postgres::{
            Canary, Settings, listener,
            reader::{self, Ask},
        },
    },
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    connect::settings,
    database,
    proxy::{Line, Proxy},
};

/// What comes in, read with a deadline.
struct Intake {
    messages: Messages,
    _running: DropGuard,
}

impl Intake {
    /// A listener at work.
    fn of_listener(settings: Settings) -> Self {
        let (inbox, messages) = Inbox::new();
        let cancel = CancellationToken::new();
        tokio::spawn(listener::run(
            settings,
            inbox,
            mpsc::channel(1).1,
            cancel.clone(),
        ));
        Self {
            messages,
            _running: cancel.drop_guard(),
        }
    }

    /// A reader at work, and the way to ask it.
    fn of_reader(settings: Settings) -> (Self, mpsc::Sender<Ask>) {
        let (inbox, messages) = Inbox::new();
        let (asks, asked) = mpsc::channel(64);
        let cancel = CancellationToken::new();
        tokio::spawn(reader::run(settings, inbox, asked, cancel.clone()));
        let running = cancel.drop_guard();
        let intake = Self {
            messages,
            _running: running,
        };
        (intake, asks)
    }

    /// The feeds that answered, and how, until each of `wanted` has.
    async fn fetched(&mut self, wanted: &[FeedId]) -> Vec<(FeedId, Result<Fact, Fault>)> {
        let mut answers = Vec::new();
        while !wanted
            .iter()
            .all(|feed| answers.iter().any(|(known, _)| known == feed))
        {
            if let Msg::Fetched(feed, answer, _) = self.next().await {
                answers.push((feed, answer));
            }
        }
        answers
    }

    /// The next message.
    async fn next(&mut self) -> Msg {
        let next = timeout(Duration::from_secs(20), self.messages.recv()).await;
        match next {
            Ok(Some((_, msg))) => msg,
            Ok(None) => panic!("the source has ended"),
            Err(late) => panic!("no message came in time: {late}"),
        }
    }

    /// The next state of a connection.
    async fn link(&mut self) -> Link {
        loop {
            if let Msg::Linked(_, link) = self.next().await {
                return link;
            }
        }
    }

    /// Why it hears nothing, as soon as that is known.
    async fn deaf(&mut self) -> String {
        loop {
            if let Link::Deaf(_, why) = self.link().await {
                return why;
            }
        }
    }

    /// The remark of the connection, as soon as it is up.
    async fn up(&mut self) -> Option<String> {
        loop {
            if let Link::Up(_, remark) = self.link().await {
                return remark;
            }
        }
    }

    /// Why the connection went down, as soon as it has.
    async fn down(&mut self) -> Fault {
        self.down_since().await.0
    }

    /// The next end of the connection, and since when it may have been down.
    async fn down_since(&mut self) -> (Fault, DateTime<Utc>) {
        loop {
            if let Link::Down { fault, since, .. } = self.link().await {
                return (fault, since);
            }
        }
    }

    /// Adds up notifications until `count` have come; how many messages told of them.
    async fn notified(&mut self, count: u64) -> usize {
        let (mut sum, mut messages) = (0, 0);
        while sum < count {
            if let Msg::Notified(n) = self.next().await {
                sum += n;
                messages += 1;
            }
        }
        assert_eq!(sum, count);
        messages
    }
}

/// At the proxy in front of the server of `db`.
pub(crate) fn through(proxy: &Proxy, db: &database::Db) -> Settings {
    let config: tokio_postgres::Config = db.url.parse().unwrap();
    let name = config.get_dbname().unwrap();
    let mut settings = settings(&format!(
        "postgresql://postgres@127.0.0.1:{}/{name}",
        proxy.port
    ));
    settings.heartbeat = Duration::from_millis(200);
    settings.patience = Duration::from_secs(1);
    settings
}

async fn end_connections(db: &database::Db) {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'outpost'";
    assert!(!db.client.query(sql, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn ten_thousand_notifications_are_all_counted_and_told_in_few_messages() {
    let db = database::empty().await;
    let mut intake = Intake::of_listener(settings(&db.url));
    assert_eq!(
        intake.next().await,
        Msg::Linked(LinkId::Listener, Link::Connecting)
    );
    assert_eq!(intake.up().await, None);
    db.client
        .execute("SELECT pg_notify('pipeline_event', '{}')", &[])
        .await
        .unwrap();
    assert_eq!(intake.next().await, Msg::Notified(1));
    let begun = Instant::now();
    let sql = "SELECT pg_notify('pipeline_event', n::text), pg_notify('elsewhere', n::text) FROM generate_series(1, 10000) n";
    db.client.execute(sql, &[]).await.unwrap();
    let messages = intake.notified(10_000).await;
    let most = begun.elapsed().as_millis() / 50 + 2;
    assert!(
        messages as u128 <= most,
        "{messages} messages in {most} spans of 50 ms"
    );
}

/// Sends a notification and waits until it came.
async fn hears(db: &database::Db, intake: &mut Intake) {
    let notify = "NOTIFY pipeline_event";
    db.client.batch_execute(notify).await.unwrap();
    intake.notified(1).await;
}

#[tokio::test]
async fn a_listener_whose_backend_is_killed_says_why_and_listens_again() {
    let db = database::empty().await;
    let mut intake = Intake::of_listener(settings(&db.url));
    intake.up().await;
    end_connections(&db).await;
    // The server says so and hangs up; a heartbeat on its way may meet the hang-up first.
    let fault = intake.down().await.to_string();
    let reasons = ["terminating connection", "broke the connection off"];
    assert!(reasons.iter().any(|why| fault.contains(why)), "{fault}");
    intake.up().await;
    hears(&db, &mut intake).await;
}

#[tokio::test]
async fn a_line_that_swallows_everything_is_noticed_by_the_heartbeat_and_left() {
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let mut intake = Intake::of_listener(through(&proxy, &db));
    intake.up().await;
    proxy.set(Line::Swallows);
    let begun = Instant::now();
    let fault = intake.down().await;
    assert!(matches!(fault, Fault::TimedOut(1, _)), "{fault:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    proxy.set(Line::Sound);
    intake.up().await;
    hears(&db, &mut intake).await;
}

#[tokio::test]
async fn a_line_that_loses_notifications_is_up_and_says_that_it_is_deaf() {
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::LosesNotifications).await;
    let mut intake = Intake::of_listener(through(&proxy, &db));
    let remark = intake.deaf().await;
    assert_eq!(remark, "notifications do not arrive: polling only");
}

#[tokio::test]
async fn a_listener_that_goes_deaf_on_a_line_that_answers_is_noticed_and_so_is_that_it_hears_again()
{
    let db = database::empty().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let mut intake = Intake::of_listener(through(&proxy, &db));
    assert_eq!(intake.up().await, None);
    proxy.set(Line::LosesNotifications);
    let fault = intake.down().await;
    assert!(matches!(fault, Fault::Unreachable(_)), "{fault:?}");
    assert!(
        fault.to_string().contains("did not arrive within 1 s"),
        "{fault}"
    );
    let remark = intake.deaf().await;
    assert_eq!(remark, "notifications do not arrive: polling only");
    proxy.set(Line::Sound);
    assert_eq!(intake.up().await, None);
    hears(&db, &mut intake).await;
}

#[tokio::test]
async fn the_proof_takes_a_second_connection_and_none_where_it_is_not_wanted() {
    for (canary, connections) in [
        (Canary::Always, 2),
        (Canary::WhenActive, 2),
        (Canary::Off, 1),
    ] {
        let db = database::empty().await;
        let mut settings = settings(&db.url);
        settings.canary = canary;
        let mut intake = Intake::of_listener(settings);
        assert_eq!(intake.up().await, None);
        let count = "SELECT count(*) FROM pg_stat_activity
                     WHERE application_name = 'outpost' AND datname = current_database()";
        let found: i64 = db.client.query_one(count, &[]).await.unwrap().get(0);
        assert_eq!(found, connections, "{canary:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again_and_again_with_longer_waits() {
    let mut intake = Intake::of_listener(settings("postgresql://a@/x?host=/nowhere"));
    assert_eq!(
        intake.next().await,
        Msg::Linked(LinkId::Listener, Link::Connecting)
    );
    let mut first = None;
    for expected in 1..=3 {
        let Link::Down {
            since,
            fault,
            tries,
            next_try,
        } = intake.link().await
        else {
            panic!("up, with no server");
        };
        assert!(fault.to_string().contains("no such socket"), "{fault}");
        assert_eq!(tries, expected);
        assert_eq!(since, *first.get_or_insert(since));
        assert!(next_try >= since);
    }
}

#[tokio::test]
async fn a_standby_turns_the_listener_off_and_says_why() {
    let cluster = Cluster::start(&Options {
        files: vec![("standby.signal".to_owned(), Vec::new())],
        // No lower than when its files were made, or it does not start.
        settings: [
            "max_connections = 100",
            "max_wal_senders = 10",
            "wal_level = replica",
        ]
        .map(str::to_owned)
        .to_vec(),
        pg_bin: std::env::var_os("PG_BIN_DIR").map(PathBuf::from),
        ..Options::default()
    })
    .unwrap_or_else(|error| panic!("{error}"));
    let mut intake = Intake::of_listener(settings(&cluster.url("postgres")));
    assert_eq!(intake.link().await, Link::Connecting);
    let Link::Off(why) = intake.link().await else {
        panic!("a standby cannot notify");
    };
    assert!(why.contains("standby"), "{why}");
}

/// The feeds of the database that are asked unasked: windows of latency wait until somebody looks at them.
fn feeds() -> Vec<FeedId> {
    FeedId::ALL
        .into_iter()
        .filter(|feed| !feed.is_n8n() && !matches!(feed, FeedId::Latency(_) | FeedId::Records(_)))
        .collect()
}

#[tokio::test]
async fn a_reader_fetches_every_feed_at_once_and_again_after_its_backend_was_killed() {
    let db = database::fresh().await;
    let (mut intake, _asks) = Intake::of_reader(settings(&db.url));
    assert_eq!(intake.up().await, None);
    for (feed, answer) in intake.fetched(&feeds()).await {
        assert!(answer.is_ok(), "{feed:?}: {answer:?}");
    }
    end_connections(&db).await;
    let fault = intake.down().await;
    assert!(
        fault.to_string().contains("terminating connection"),
        "{fault}"
    );
    intake.up().await;
    let again = intake.fetched(&feeds()).await;
    assert_eq!(again.len(), feeds().len());
}

#[tokio::test]
async fn the_server_is_known_with_its_clock_role_and_gaps() {
    let db = database::empty().await;
    let (mut intake, _asks) = Intake::of_reader(settings(&db.url));
    let answers = intake.fetched(&[FeedId::Server]).await;
    let Some((_, Ok(Fact::Server(server)))) = answers.last() else {
        panic!("{answers:?}");
    };
    assert!(server.version >= 120_000, "{}", server.version);
    assert!(server.skew_ms.abs() < 1_000, "{}", server.skew_ms);
    assert_eq!(server.role.display(), "postgres");
    assert!(!server.standby && !server.read_only);
    assert!(!server.gaps.is_empty());
}

#[tokio::test]
async fn what_is_asked_for_comes_at_once_and_the_same_wish_ten_times_is_one_answer() {
    let db = database::fresh().await;
    let (mut intake, asks) = Intake::of_reader(settings(&db.url));
    intake.fetched(&feeds()).await;
    let begun = Instant::now();
    for _ in 0..10 {
        asks.send(Ask::Fetch(FeedId::Scorecard)).await.unwrap();
    }
    asks.send(Ask::Event(RowId::from(4_711))).await.unwrap();
    let mut scorecards = 0;
    let mut details = 0;
    while begun.elapsed() < Duration::from_secs(1) {
        match timeout(Duration::from_secs(1), intake.messages.recv()).await {
            Ok(Some((_, Msg::Fetched(FeedId::Scorecard, ..)))) => scorecards += 1,
            Ok(Some((_, Msg::Detail(id, Err(_))))) if id == RowId::from(4_711) => details += 1,
            Ok(_) | Err(_) => {}
        }
    }
    assert_eq!((scorecards, details), (1, 1));
}

#[tokio::test]
async fn a_reader_on_a_line_that_swallows_everything_gives_it_up_and_comes_back() {
    let db = database::fresh().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let mut settings = through(&proxy, &db);
    settings.statement_timeout = Duration::from_millis(300);
    let waits = settings.statement_timeout * 3 + settings.patience;
    let (mut intake, _asks) = Intake::of_reader(settings);
    intake.fetched(&feeds()).await;
    proxy.set(Line::Swallows);
    let (fault, since) = intake.down_since().await;
    assert!(matches!(fault, Fault::TimedOut(1, _)), "{fault:?}");
    // Nothing was read while it waited for the answer either.
    let lasted = (Utc::now() - since).to_std().unwrap();
    assert!(lasted >= waits, "{lasted:?}");
    proxy.set(Line::Sound);
    intake.up().await;
    intake.fetched(&feeds()).await;
}

#[tokio::test]
async fn a_table_that_is_locked_fails_its_feeds_and_no_other() {
    let mut db = database::fresh().await;
    let mut settings = settings(&db.url);
    settings.statement_timeout = Duration::from_millis(500);
    let (mut intake, _asks) = Intake::of_reader(settings);
    intake.fetched(&feeds()).await;
    let lock = db.client.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE marketing.pipeline_errors")
        .await
        .unwrap();
    loop {
        let answers = intake.fetched(&[FeedId::Errors]).await;
        if let Some((_, Err(Fault::TooSlow(ms)))) = answers.last() {
            assert!(*ms >= 400, "{ms}");
            break;
        }
    }
    let answers = intake.fetched(&[FeedId::Tail]).await;
    assert!(answers.last().unwrap().1.is_ok());
    lock.rollback().await.unwrap();
    loop {
        if let Some((_, Ok(_))) = intake.fetched(&[FeedId::Errors]).await.last() {
            break;
        }
    }
}

/// Asks for `feed`, and for the server, by whose turn the catalog is read again, until the answer of `feed` is as it should be.
async fn until(
    (intake, asks): (&mut Intake, &mpsc::Sender<Ask>),
    feed: FeedId,
    is_it: impl Fn(&Result<Fact, Fault>) -> bool,
) {
    let begun = Instant::now();
    let mut last = None;
    while begun.elapsed() < Duration::from_secs(40) {
        for feed in [FeedId::Server, feed] {
            asks.send(Ask::Fetch(feed)).await.unwrap();
        }
        let mut wanted = vec![FeedId::Server, feed];
        while !wanted.is_empty() {
            let msg = intake.next().await;
            if let Msg::Linked(_, Link::Down { fault, .. }) = msg {
                panic!("the line is down: {fault}");
            }
            let Msg::Fetched(of, answer, _) = msg else {
                continue;
            };
            wanted.retain(|wanted| *wanted != of);
            if of == feed {
                if is_it(&answer) {
                    return;
                }
                last = Some(answer);
            }
        }
    }
    panic!("{feed:?}: {last:?}");
}

#[tokio::test]
async fn what_comes_into_the_schema_is_found_and_what_goes_takes_its_panel_with_it_and_no_more() {
    let db = database::classic().await;
    let mut settings = settings(&db.url);
    settings.catalog_age = Duration::from_millis(500);
    let (mut intake, asks) = Intake::of_reader(settings);
    let lacks = |what: &'static str| {
        move |answer: &Result<Fact, Fault>| {
            let Ok(Fact::Server(server)) = answer else {
                return false;
            };
            server.gaps.iter().any(|gap| gap.what.display() == what)
        }
    };
    let column = lacks("marketing.pipeline_errors.event_id");
    until((&mut intake, &asks), FeedId::Server, &column).await;
    let missing = |answer: &Result<Fact, Fault>| matches!(answer, Err(Fault::Missing(_)));
    until((&mut intake, &asks), FeedId::Campaigns, missing).await;

    // A column and a table that appear are read from then on.
    let come = "ALTER TABLE marketing.pipeline_errors ADD COLUMN event_id integer;
        INSERT INTO marketing.pipeline_errors (event_type, error_message, event_id) VALUES ('slots_created', 'HTTP 500', 7);
        CREATE TABLE marketing.campaigns (id serial PRIMARY KEY, campaign_name text, status text, created_at timestamptz DEFAULT now());
        INSERT INTO marketing.campaigns (campaign_name) VALUES ('Q4')";
    db.client.batch_execute(come).await.unwrap();
    until((&mut intake, &asks), FeedId::Server, |answer| {
        answer.is_ok() && !column(answer)
    })
    .await;
    let event = |answer: &Result<Fact, Fault>| match answer {
        Ok(Fact::Errors(errors)) => errors
            .recent
            .iter()
            .any(|row| row.event == Some(RowId::from(7))),
        _ => false,
    };
    until((&mut intake, &asks), FeedId::Errors, event).await;
    let named = |answer: &Result<Fact, Fault>| match answer {
        Ok(Fact::Campaigns(campaigns)) => campaigns.len() == 1,
        _ => false,
    };
    until((&mut intake, &asks), FeedId::Campaigns, named).await;

    // A column that goes is done without, a table is named as missing; the rest goes on over the same connection.
    let go = "DROP VIEW marketing.vw_unresolved_errors;
        ALTER TABLE marketing.pipeline_errors DROP COLUMN severity; DROP TABLE marketing.campaigns";
    db.client.batch_execute(go).await.unwrap();
    until((&mut intake, &asks), FeedId::Errors, event).await;
    until(
        (&mut intake, &asks),
        FeedId::Server,
        lacks("marketing.pipeline_errors.severity"),
    )
    .await;
    until((&mut intake, &asks), FeedId::Campaigns, missing).await;
    db.client
        .batch_execute("DROP TABLE marketing.pipeline_errors")
        .await
        .unwrap();
    until((&mut intake, &asks), FeedId::Errors, missing).await;
    for feed in [FeedId::Tail, FeedId::Stages, FeedId::Totals, FeedId::Drops] {
        until((&mut intake, &asks), feed, Result::is_ok).await;
    }
}

#[tokio::test]
async fn a_server_that_takes_the_connection_and_is_not_there_yet_is_waking_and_not_down() {
    let db = database::fresh().await;
    let proxy = Proxy::start(&db.url, Line::Sound).await;
    let (mut reader, _asks) = Intake::of_reader(through(&proxy, &db));
    let mut listener = Intake::of_listener(through(&proxy, &db));
    reader.up().await;
    listener.up().await;
    // A compute that is suspended: the proxy before it takes the connection, and holds it until the compute is up.
    proxy.set(Line::Sleeps);
    for intake in [&mut reader, &mut listener] {
        let first = intake.down().await;
        assert!(matches!(first, Fault::Unreachable(_)), "{first}");
        let then = intake.down().await;
        assert!(matches!(then, Fault::Waking(_)), "{then}");
    }
    // It says itself that it starts.
    proxy.set(Line::Starts);
    for intake in [&mut reader, &mut listener] {
        while !intake.down().await.to_string().contains("is starting up") {}
    }
    proxy.set(Line::Sound);
    reader.up().await;
    listener.up().await;
}
