//! Thousands of rows a second for a while: the console takes them all, shows the newest, and keeps no more of them than
//! its ring holds.

use std::{collections::BTreeMap, fs, time::Duration};

use outpost::{
    domain::{event::RowId, ledger::Balance},
    effect::{Effect, FeedId},
    keymap::{Chord, Key},
    model::{self, Model},
    msg::{Fact, Msg},
    sources::{
        Inbox, Messages,
        postgres::{
            listener,
            reader::{self, Ask},
        },
    },
    store::ring::CAPACITY,
    update::update,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    connect::settings,
    database::{self, Db},
    screen::{paint, text},
};

const SIZE: (u16, u16) = (120, 40);

/// The way to the reader: as in the console, what finds no place in it is asked for already.
const ASKS: usize = 64;

const WRITERS: u64 = 4;

/// Rows of one transaction.
const BATCH: u64 = 50;

/// The sources, the model and its update, painted now and then; the terminal alone is missing.
struct Console {
    model: Model,
    messages: Messages,
    asks: mpsc::Sender<Ask>,
    /// How often each event came as new.
    came: BTreeMap<RowId, u64>,
    frames: u64,
    _running: DropGuard,
}

impl Console {
    fn start(url: &str) -> Self {
        let (inbox, messages) = Inbox::new();
        let (asks, asked) = mpsc::channel(ASKS);
        let cancel = CancellationToken::new();
        let settings = settings(url);
        tokio::spawn(reader::run(
            settings.clone(),
            inbox.clone(),
            asked,
            cancel.clone(),
        ));
        let hands = mpsc::channel(1).1;
        tokio::spawn(listener::run(settings, inbox, hands, cancel.clone()));
        let mut console = Self {
            model: Model::new(chrono::Utc::now(), SIZE, model::Options::default()),
            messages,
            asks,
            came: BTreeMap::new(),
            frames: 0,
            _running: cancel.drop_guard(),
        };
        console.key('2');
        console
    }

    fn key(&mut self, key: char) {
        let key = Key::Char(key);
        self.take(Msg::Key(Chord { key, ctrl: false }));
    }

    fn take(&mut self, msg: Msg) {
        let rows: Vec<RowId> = if let Msg::Fetched(_, Ok(Fact::Tail(rows)), _) = &msg {
            rows.iter().map(|row| row.id.clone()).collect()
        } else {
            Vec::new()
        };
        for effect in update(&mut self.model, chrono::Utc::now(), msg) {
            if let Effect::Fetch(feed) = effect
                && !feed.is_n8n()
            {
                let _full = self.asks.try_send(Ask::Fetch(feed));
            } else if let Effect::Account { number, after } = effect {
                let asks = self.asks.clone();
                tokio::spawn(async move { asks.send(Ask::Account { number, after }).await });
            }
        }
        for id in rows {
            if self.model.store.stream.is_fresh(&id) {
                *self.came.entry(id).or_default() += 1;
            }
        }
    }

    /// Takes what comes, and paints ten times a second.
    async fn run_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        let mut next_frame = Instant::now();
        while Instant::now() < until {
            let left = until
                .min(next_frame)
                .saturating_duration_since(Instant::now());
            if let Ok(Some((_, msg))) = timeout(left, self.messages.recv()).await {
                self.take(msg);
            }
            if Instant::now() >= next_frame {
                next_frame = Instant::now() + Duration::from_millis(100);
                self.take(Msg::Tick);
                paint(&self.model, SIZE);
                self.frames += 1;
            }
        }
    }

    /// Sweeps until the ledger has so many rows and none beyond the last sweep.
    async fn settled(&mut self, rows: u64) -> Balance {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let _full = self.asks.try_send(Ask::Fetch(FeedId::Ledger));
            let _full = self.asks.try_send(Ask::Fetch(FeedId::Tail));
            self.run_for(Duration::from_millis(300)).await;
            let balance = self.model.store.ledger.value();
            if let Some(balance) = balance
                && (balance.table() == rows && balance.count.ahead == 0
                    || Instant::now() > deadline)
            {
                return balance.clone();
            }
            assert!(Instant::now() < deadline, "no ledger");
        }
    }
}

/// One of the writers: a batch every so often, for so long; how many rows it wrote.
async fn write(db: &Db, every: Duration, time: Duration) -> u64 {
    let client = db.connect().await;
    let sql = format!(
        "INSERT INTO marketing.pipeline_events (event_type, payload)
         SELECT 'company_created', jsonb_build_object('record_id', n) FROM generate_series(1, {BATCH}) AS n"
    );
    let mut ticks = interval(every);
    // A batch that came late does not make the rate lower.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let until = Instant::now() + time;
    let mut written = 0;
    while Instant::now() < until {
        ticks.tick().await;
        client.batch_execute(&sql).await.unwrap();
        written += BATCH;
    }
    written
}

/// What this process keeps in memory, kB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let number = line.split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

#[expect(clippy::print_stdout, reason = "the figures are quoted")]
/// `rate` rows a second for `time`; the rate that was reached, and how much more memory there is in use, kB.
async fn sustained(rate: u64, time: Duration) -> (f64, u64) {
    let db = database::fresh().await;
    let first = "INSERT INTO marketing.pipeline_events (event_type) VALUES ('company_created')";
    db.client.batch_execute(first).await.unwrap();
    let mut console = Console::start(&db.url);
    console.settled(1).await;
    let before = resident();
    let begun = Instant::now();
    let every = Duration::from_secs_f64((WRITERS * BATCH) as f64 / rate as f64);
    let writing = futures_util::future::join_all((0..WRITERS).map(|_| write(&db, every, time)));
    let written: u64 = tokio::select! {
        written = writing => written.into_iter().sum(),
        () = console.run_for(Duration::from_mins(5)) => panic!("the writers do not end"),
    };
    let reached = written as f64 / begun.elapsed().as_secs_f64();
    let (queued, kept) = (console.messages.len(), console.model.store.stream.len());
    assert!(queued < 1_024, "{queued} messages wait");
    assert_eq!(kept, CAPACITY);
    let rows = written + 1;
    let balance = console.settled(rows).await;
    assert_eq!(balance.table(), rows, "{balance:?}");
    let count = &balance.count;
    assert_eq!(
        (count.lost, count.late, count.removed),
        (0, 0, 0),
        "{balance:?}"
    );
    assert_eq!(
        balance.kept + balance.evicted + balance.backfilled(),
        rows + count.older,
        "{balance:?}"
    );
    let twice = console.came.values().filter(|times| **times > 1).count();
    assert_eq!(twice, 0, "events came twice as new");
    assert!(console.came.len() as u64 <= rows);
    let shown = text(&paint(&console.model, SIZE)).join("\n");
    // Several writers at once take keys in another order than the moments they wrote at.
    let sql = "SELECT id FROM marketing.pipeline_events ORDER BY created_at DESC, id DESC LIMIT 1";
    let newest: i64 = db.client.query_one(sql, &[]).await.unwrap().get(0);
    let newest = format!(" {newest} ");
    assert!(shown.contains(&newest), "{newest} is not shown:\n{shown}");
    let more = resident().saturating_sub(before);
    println!(
        "{reached:.0} rows/s for {time:?}: {rows} rows, {} shown in passing, {} notified, {} frames, {more} kB more in use",
        console.came.len(),
        console.model.store.notifications,
        console.frames
    );
    (reached, more)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_rows_is_counted_whole_and_the_newest_are_shown() {
    sustained(2_000, Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "5,000 rows a second for 25 s, and the memory of this process: alone"]
async fn five_thousand_rows_a_second_are_counted_whole_in_bounded_memory_and_the_newest_are_shown()
{
    let (reached, more) = sustained(5_000, Duration::from_secs(25)).await;
    assert!(reached >= 5_000.0, "{reached} rows/s");
    // The ring, its rows and this test's own list of what came.
    assert!(more < 64 * 1_024, "{more} kB");
}
