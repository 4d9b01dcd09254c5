//! Whether the console takes notifications as fast as a bare client does, and keys meanwhile: several writers notify as fast
//! as the server lets them, and a bare tokio-postgres listener and our listener with inbox, loop, update and paint take
//! turns at hearing them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench stops at the first surprise, prints its figures and reads the clock"
)]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use outpost::{
    action::ScreenId,
    cluster::{Cluster, Options},
    keymap::{Chord, Key},
    model::{self, Model},
    msg::{Link, Msg},
    shell::{
        self, Console, Display, encode::Encoder, executor::Recorder, signals::Signals,
        writer::Taken,
    },
    sources::{
        Inbox,
        postgres::{Settings, address::Address, listener},
    },
    ui::{Theme, theme::Depth},
    view::view,
};
use ratatui::Terminal;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{AsyncMessage, NoTls};
use tokio_util::sync::CancellationToken;

const WRITERS: usize = 4;
/// Notifications of one transaction.
const BATCH: u64 = 100;
/// How long the writers write in one turn.
const TURN: Duration = Duration::from_secs(4);
/// Turns of each listener, one after the other.
const TURNS: usize = 5;
/// From the painting of a key to the next key.
const KEYS: Duration = Duration::from_millis(20);
/// Whatever takes longer has gone wrong.
const PATIENCE: Duration = Duration::from_mins(1);
const SIZE: (u16, u16) = (120, 40);

/// What one turn came to.
struct Turn {
    sent: u64,
    heard: u64,
    took: Duration,
}

impl Turn {
    fn rate(&self) -> f64 {
        self.heard as f64 / self.took.as_secs_f64()
    }
}

/// The writers, in threads and a runtime of their own, as other processes would be.
fn write(url: &str) -> u64 {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let until = Instant::now() + TURN;
    runtime.block_on(async {
        let writers = (0..WRITERS).map(|writer| async move {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
            tokio::spawn(connection);
            let notify = client
                .prepare("SELECT pg_notify('pipeline_event', $1::text || n) FROM generate_series(1, $2::int8) AS n")
                .await
                .unwrap();
            let mut sent = 0;
            while Instant::now() < until {
                let head = format!("{{\"event_type\":\"company_created\",\"id\":{writer}{sent:09}");
                client.query(&notify, &[&head, &(BATCH as i64)]).await.unwrap();
                sent += BATCH;
            }
            sent
        });
        futures_util::future::join_all(writers).await.into_iter().sum()
    })
}

/// Nothing but a client that counts.
fn bare(runtime: &Runtime, url: &str) -> Turn {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let client = runtime.block_on(async {
        let (client, mut connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(|cx| connection.poll_message(cx));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notification(note) = message
                    && note.channel() == "pipeline_event"
                {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        client.batch_execute("LISTEN pipeline_event").await.unwrap();
        client
    });
    let begun = Instant::now();
    let sent = write(url);
    let written = Instant::now();
    while count.load(Ordering::Relaxed) < sent {
        assert!(written.elapsed() < PATIENCE, "not all of {sent} were heard");
        thread::sleep(Duration::from_millis(1));
    }
    let heard = Turn {
        sent,
        heard: count.load(Ordering::Relaxed),
        took: begun.elapsed(),
    };
    drop(client);
    heard
}

/// A terminal that takes everything at once, and tells when the key that is waited for was painted.
struct Screen {
    terminal: Terminal<Encoder>,
    pressed: mpsc::Receiver<(Instant, ScreenId)>,
    awaited: Option<(Instant, ScreenId)>,
    painted: mpsc::Sender<Duration>,
    notified: Arc<AtomicU64>,
    is_up: Arc<AtomicBool>,
}

impl Display for Screen {
    fn is_ready(&self, _by_hand: bool) -> bool {
        true
    }

    async fn ready(&mut self) -> io::Result<Taken> {
        std::future::pending().await
    }

    fn resize(&mut self, _width: u16, _height: u16) {}

    fn paint(&mut self, model: &Model, theme: &Theme) -> io::Result<usize> {
        self.terminal.draw(|frame| view(model, theme, frame))?;
        let bytes = self.terminal.backend_mut().take().len();
        self.is_up.store(
            matches!(model.store.listener, Link::Up(..)),
            Ordering::Relaxed,
        );
        self.notified
            .store(model.store.notifications, Ordering::Relaxed);
        if self.awaited.is_none() {
            self.awaited = self.pressed.try_recv().ok();
        }
        // Each key opens the other screen, and the next one is pressed when this one was seen: the first frame that shows
        // it is the key's, whatever data painted before.
        if let Some((pressed, _)) = self.awaited.take_if(|(_, opens)| *opens == model.screen) {
            self.painted.send(pressed.elapsed()).unwrap();
        }
        Ok(bytes)
    }

    fn repaint(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn send(&mut self, _bytes: Vec<u8>) {}

    async fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Who presses keys, in a thread of its own as the program's input is.
struct Hand {
    inbox: Inbox,
    pressed: mpsc::Sender<(Instant, ScreenId)>,
    painted: mpsc::Receiver<Duration>,
    opens: ScreenId,
}

impl Hand {
    fn key(&self, key: char) {
        let key = Key::Char(key);
        assert!(
            self.inbox
                .send_blocking(Msg::Key(Chord { key, ctrl: false }))
        );
    }

    /// Opens the other screen, and waits until it was painted and a little longer; how long the painting took.
    fn press(&mut self) -> Duration {
        let (key, next) = if self.opens == ScreenId::Stream {
            ('2', ScreenId::Overview)
        } else {
            ('1', ScreenId::Stream)
        };
        self.pressed.send((Instant::now(), self.opens)).unwrap();
        self.key(key);
        self.opens = next;
        let took = self.painted.recv_timeout(PATIENCE).unwrap();
        thread::sleep(KEYS);
        took
    }
}

#[expect(clippy::too_many_lines, reason = "one set-up, one script")]
/// Our listener, inbox, loop, update and paint, with a key 20 ms after each was painted; how long the keys took that were
/// pressed while there was something to hear.
fn console(runtime: &Runtime, url: &str) -> (Turn, Vec<Duration>) {
    let (inbox, messages) = Inbox::new();
    let cancel = CancellationToken::new();
    let notified = Arc::new(AtomicU64::new(0));
    let is_up = Arc::new(AtomicBool::new(false));
    let (pressing, pressed) = mpsc::channel();
    let (painting, painted) = mpsc::channel();
    let mut screen = Screen {
        terminal: Terminal::new(Encoder::new(SIZE.0, SIZE.1)).unwrap(),
        pressed,
        awaited: None,
        painted: painting,
        notified: Arc::clone(&notified),
        is_up: Arc::clone(&is_up),
    };
    let mut hand = Hand {
        inbox: inbox.clone(),
        pressed: pressing,
        painted,
        opens: ScreenId::Stream,
    };
    let settings = Settings::new(Address::parse(Some(url), |_| None).unwrap());
    let url = url.to_owned();
    let script = thread::spawn(move || {
        let connecting = Instant::now();
        while !is_up.load(Ordering::Relaxed) {
            assert!(connecting.elapsed() < PATIENCE, "the listener is not up");
            hand.press();
        }
        let mut latencies = Vec::new();
        let begun = Instant::now();
        let writing = thread::spawn(move || write(&url));
        while !writing.is_finished() {
            latencies.push(hand.press());
        }
        let sent = writing.join().unwrap();
        let written = Instant::now();
        while notified.load(Ordering::Relaxed) < sent {
            assert!(written.elapsed() < PATIENCE, "not all of {sent} were heard");
            latencies.push(hand.press());
        }
        let heard = Turn {
            sent,
            heard: notified.load(Ordering::Relaxed),
            took: begun.elapsed(),
        };
        hand.key('q');
        (heard, latencies)
    });
    runtime.block_on(async {
        let (_nobody, hands) = tokio::sync::mpsc::channel(1);
        tokio::spawn(listener::run(settings, inbox, hands, cancel.clone()));
        let mut recorder = Recorder::default();
        let mut console = Console {
            model: Model::new(chrono::Utc::now(), SIZE, model::Options::default()),
            theme: Theme::named("default", Depth::True).unwrap(),
            display: &mut screen,
            executor: &mut recorder,
            signals: Signals::listen().unwrap(),
        };
        shell::run(&mut console, &|_| None, messages).await.unwrap();
    });
    cancel.cancel();
    script.join().unwrap()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    // As the program does: one thread beside the loop's.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let cluster = Cluster::start(&Options::default()).unwrap();
    let url = cluster.url("postgres");
    let (mut bares, mut consoles, mut latencies) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let one = bare(&runtime, &url);
        let (other, keys) = console(&runtime, &url);
        assert_eq!((one.heard, other.heard), (one.sent, other.sent));
        println!(
            "bare {:>7.0}/s   console {:>7.0}/s",
            one.rate(),
            other.rate()
        );
        bares.push(one.rate());
        consoles.push(other.rate());
        latencies.extend(keys);
    }
    latencies.sort();
    let quantile =
        |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let (bare, console) = (median(bares), median(consoles));
    println!(
        "median of {TURNS}: bare listener {bare:.0}/s, console {console:.0}/s, ratio {:.2} (aim 0.90 or more)",
        console / bare
    );
    println!(
        "{} keys meanwhile, from the key to the bytes of its frame at {}x{}: p50 {:.2} ms, p99 {:.2} ms (aim below 16), max {:.2} ms",
        latencies.len(),
        SIZE.0,
        SIZE.1,
        quantile(0.5),
        quantile(0.99),
        quantile(1.0),
    );
}
