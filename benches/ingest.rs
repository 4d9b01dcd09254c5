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
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
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
        writer::Drained,
    },
    sources::{
        Inbox,
        postgres::{Settings, address::Address, listener},
    },
    ui::{Theme, theme::Depth},
    view::view,
};
use ratatui::Terminal;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
    time::sleep,
};
use tokio_postgres::{AsyncMessage, NoTls};
use tokio_util::sync::CancellationToken;

const WRITERS: usize = 4;
/// Notifications of one transaction.
const BATCH: u64 = 100;
/// How long the writers write in one turn.
const TURN: Duration = Duration::from_secs(4);
/// Turns of each listener, one after the other.
const TURNS: usize = 5;
/// Between two keys.
const KEYS: Duration = Duration::from_millis(20);
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
    while count.load(Ordering::Relaxed) < sent {
        std::thread::sleep(Duration::from_millis(1));
    }
    let heard = Turn {
        sent,
        heard: count.load(Ordering::Relaxed),
        took: begun.elapsed(),
    };
    drop(client);
    heard
}

/// A terminal that takes everything at once, and knows when each key was painted.
struct Screen {
    terminal: Terminal<Encoder>,
    keys: mpsc::Receiver<(Instant, ScreenId)>,
    waiting: VecDeque<(Instant, ScreenId)>,
    latencies: Vec<Duration>,
    notified: Arc<AtomicU64>,
    is_up: Arc<AtomicBool>,
}

impl Display for Screen {
    fn is_ready(&self) -> bool {
        true
    }

    async fn ready(&mut self) -> io::Result<Drained> {
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
        while let Ok(pressed) = self.keys.try_recv() {
            self.waiting.push_back(pressed);
        }
        // Each key opens a screen, so the first frame that shows it is the key's.
        while let Some((pressed, _)) = self
            .waiting
            .pop_front_if(|(_, opens)| *opens == model.screen)
        {
            self.latencies.push(pressed.elapsed());
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

#[expect(clippy::too_many_lines, reason = "one set-up, one script")]
/// Our listener, inbox, loop, update and paint, with a key every 20 ms.
fn console(runtime: &Runtime, url: &str) -> (Turn, Vec<Duration>) {
    let (inbox, messages) = Inbox::new();
    let cancel = CancellationToken::new();
    let (notified, is_up) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (pressed, keys) = mpsc::channel(64);
    let mut screen = Screen {
        terminal: Terminal::new(Encoder::new(SIZE.0, SIZE.1)).unwrap(),
        keys,
        waiting: VecDeque::new(),
        latencies: Vec::new(),
        notified: Arc::clone(&notified),
        is_up: Arc::clone(&is_up),
    };
    let url = url.to_owned();
    let heard = runtime.block_on(async {
        let settings = Settings::new(Address::parse(Some(&url), |_| None).unwrap());
        let (_nobody, hands) = mpsc::channel(1);
        tokio::spawn(listener::run(
            settings,
            inbox.clone(),
            hands,
            cancel.clone(),
        ));
        let mut recorder = Recorder::default();
        let mut console = Console {
            model: Model::new(chrono::Utc::now(), SIZE, model::Options::default()),
            theme: Theme::named("default", Depth::True).unwrap(),
            display: &mut screen,
            executor: &mut recorder,
            signals: Signals::listen().unwrap(),
        };
        let script = async {
            let mut is_odd = false;
            let mut press = async || {
                is_odd = !is_odd;
                let (key, opens) = if is_odd {
                    ('2', ScreenId::Stream)
                } else {
                    ('1', ScreenId::Overview)
                };
                pressed.send((Instant::now(), opens)).await.unwrap();
                inbox
                    .send(Msg::Key(Chord {
                        key: Key::Char(key),
                        ctrl: false,
                    }))
                    .await;
                sleep(KEYS).await;
            };
            while !is_up.load(Ordering::Relaxed) {
                press().await;
            }
            let begun = Instant::now();
            let writing = std::thread::spawn(move || write(&url));
            while !writing.is_finished() {
                press().await;
            }
            let sent = writing.join().unwrap();
            while notified.load(Ordering::Relaxed) < sent {
                press().await;
            }
            let heard = Turn {
                sent,
                heard: notified.load(Ordering::Relaxed),
                took: begun.elapsed(),
            };
            inbox
                .send(Msg::Key(Chord {
                    key: Key::Char('q'),
                    ctrl: false,
                }))
                .await;
            heard
        };
        let (ending, heard) = tokio::join!(shell::run(&mut console, &|_| None, messages), script);
        ending.unwrap();
        heard
    });
    cancel.cancel();
    (heard, screen.latencies)
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
        "median: bare {bare:.0}/s, console {console:.0}/s, ratio {:.2}",
        console / bare
    );
    println!(
        "{} keys through update and paint at {}x{}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        latencies.len(),
        SIZE.0,
        SIZE.1,
        quantile(0.5),
        quantile(0.99),
        quantile(1.0),
    );
}
