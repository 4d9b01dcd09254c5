//! The ledger of the stream after a few seconds of watching.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::PATIENCE;
use crate::{
    domain::{Timestamp, ledger::Balance},
    effect::FeedId,
    msg::{Fault, Link, Msg},
    sources::{
        Inbox,
        postgres::{
            self, listener,
            reader::{self, Ask},
        },
    },
    store::{Store, reconnect::Reconnect},
};

/// How long the stream is watched after the first sweep.
const WATCH: Duration = Duration::from_secs(5);

/// Between two sweeps meanwhile: a hole takes three of them to be proven.
const PACE: Duration = Duration::from_secs(1);

/// What a few seconds of watching showed.
#[derive(Debug)]
pub struct Watched {
    balance: Balance,
    reconnects: Vec<Reconnect>,
}

impl Watched {
    /// It as text.
    pub fn text(&self) -> String {
        let reconnects = self.reconnects.iter().map(|over| {
            let time = over.at.format("%H:%M:%SZ").to_string();
            format!("-- {} --", over.sentence(&time))
        });
        let lines: Vec<String> = self
            .balance
            .lines(0)
            .into_iter()
            .chain(reconnects)
            .collect();
        format!("{}\n", lines.join("\n"))
    }

    /// It as one line of JSON.
    pub fn json(&self) -> String {
        let mut value = self.balance.json();
        value["reconnects"] = self.reconnects.iter().map(Reconnect::json).collect();
        format!("{value}\n")
    }

    /// 0 when nothing is lost, 2 when something is.
    pub const fn exit_code(&self) -> u8 {
        if self.balance.count.lost == 0 { 0 } else { 2 }
    }
}

/// Watches the stream for a few seconds.
///
/// # Errors
/// Why there is no ledger: the database cannot be reached, or its rows cannot be counted by key.
pub async fn watch(database: postgres::Settings) -> Result<Watched, Fault> {
    let (inbox, mut messages) = Inbox::new();
    let cancel = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (asking, asks) = mpsc::channel(16);
    let (_nobody, hands) = mpsc::channel(1);
    let listens = listener::run(database.clone(), inbox.clone(), hands, cancel.clone());
    tasks.spawn(listens);
    tasks.spawn(reader::run(database, inbox, asks, cancel.clone()));
    let (stop, sweeping) = (cancel.clone(), asking.clone());
    tasks.spawn(async move {
        let mut at = Instant::now();
        while !stop.is_cancelled() && sweeping.send(Ask::Fetch(FeedId::Ledger)).await.is_ok() {
            at += PACE;
            sleep_until(at).await;
        }
    });
    let mut store = Store::default();
    let mut deadline = Instant::now() + PATIENCE;
    let mut fault = None;
    while let Ok(Some((at, msg))) = timeout_at(deadline, messages.recv()).await {
        let had_none = store.ledger.value().is_none();
        absorb(&mut store, at, msg);
        if let Some((number, after)) = store.reconnects.take_owed() {
            // What was missed is swept and recounted before this ends.
            deadline = deadline.max(Instant::now() + WATCH);
            let asking = asking.clone();
            tasks.spawn(async move { drop(asking.send(Ask::Account { number, after }).await) });
        }
        if store.ledger.value().is_none() {
            fault = cause(&store);
            if fault.is_some() {
                break;
            }
        } else if had_none {
            deadline = Instant::now() + WATCH;
        }
    }
    cancel.cancel();
    if let Link::Down { fault: why, .. } = &store.reader {
        fault = Some(why.clone());
    }
    match (store.ledger.value(), fault) {
        (_, Some(fault)) => Err(fault),
        (Some(balance), None) => Ok(Watched {
            balance: balance.clone(),
            reconnects: store.reconnects.iter().cloned().collect(),
        }),
        (None, None) => Err(Fault::timed_out(PATIENCE.as_secs())),
    }
}

/// What of a message is about the ledger.
fn absorb(store: &mut Store, at: Timestamp, msg: Msg) {
    if let Msg::Linked(id, link) = msg {
        store.linked(at, id, link);
    } else if let Msg::Fetched(feed, answer, turn) = msg {
        store.absorb(at, feed, answer, turn);
    }
}

/// Why there is no ledger, if that is known.
fn cause(store: &Store) -> Option<Fault> {
    match &store.reader {
        Link::Down { fault, .. } => Some(fault.clone()),
        Link::Connecting | Link::Up(..) | Link::Deaf(..) | Link::Off(_) => {
            store.ledger.fault().cloned()
        }
    }
}
