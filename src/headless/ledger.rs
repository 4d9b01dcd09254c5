//! The ledger of the stream after a few seconds of watching.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::PATIENCE;
use crate::{
    domain::ledger::Balance,
    effect::FeedId,
    msg::{Fault, Link, Msg},
    sources::{
        Inbox,
        postgres::{
            self,
            reader::{self, Ask},
        },
    },
    store::Store,
};

/// How long the stream is watched after the first sweep.
const WATCH: Duration = Duration::from_secs(5);

/// Between two sweeps meanwhile: a hole takes three of them to be proven.
const PACE: Duration = Duration::from_secs(1);

/// Watches the stream for a few seconds.
///
/// # Errors
/// Why there is no ledger: the database cannot be reached, or its rows cannot be counted by key.
pub async fn watch(database: postgres::Settings) -> Result<Balance, Fault> {
    let (inbox, mut messages) = Inbox::new();
    let cancel = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (asking, asks) = mpsc::channel(1);
    tasks.spawn(reader::run(database, inbox, asks, cancel.clone()));
    let stop = cancel.clone();
    tasks.spawn(async move {
        let mut at = Instant::now();
        while !stop.is_cancelled() && asking.send(Ask::Fetch(FeedId::Ledger)).await.is_ok() {
            at += PACE;
            sleep_until(at).await;
        }
    });
    let mut store = Store::default();
    let mut deadline = Instant::now() + PATIENCE;
    let mut fault = None;
    while let Ok(Some((at, msg))) = timeout_at(deadline, messages.recv()).await {
        if let Msg::Linked(id, link) = msg {
            if let Link::Down { fault: why, .. } = &link {
                fault = Some(why.clone());
                break;
            }
            store.linked(at, id, link);
        } else if let Msg::Fetched(feed, answer, turn) = msg {
            let is_first = feed == FeedId::Ledger && store.ledger.value().is_none();
            store.absorb(at, feed, answer, turn);
            if is_first && store.ledger.value().is_some() {
                deadline = Instant::now() + WATCH;
            } else if is_first && let Some(why) = store.ledger.fault() {
                fault = Some(why.clone());
                break;
            }
        }
    }
    cancel.cancel();
    let balance = store.ledger.value().cloned();
    match (balance, fault) {
        (Some(balance), None) => Ok(balance),
        (_, Some(fault)) => Err(fault),
        (None, None) => Err(Fault::timed_out(PATIENCE.as_secs())),
    }
}

/// 0 when nothing is lost, 2 when something is.
pub const fn exit_code(balance: &Balance) -> u8 {
    if balance.count.lost == 0 { 0 } else { 2 }
}
