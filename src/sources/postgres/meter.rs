//! What all connections together cost, and the telling of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::cost::{Bill, Spent, UNSTRETCHED},
    msg::Msg,
    sources::Inbox,
};

/// The bill is told at most this often.
const EVERY: Duration = Duration::from_secs(1);

/// Numbers that only grow.
#[derive(Debug, Default)]
pub(super) struct Counters {
    queries: AtomicU64,
    rows: AtomicU64,
    busy_us: AtomicU64,
}

impl Counters {
    pub(super) fn add(&self, more: Spent) {
        self.queries.fetch_add(more.queries, Ordering::Relaxed);
        self.rows.fetch_add(more.rows, Ordering::Relaxed);
        self.busy_us.fetch_add(more.busy_us, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Spent {
        Spent {
            queries: self.queries.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            busy_us: self.busy_us.load(Ordering::Relaxed),
        }
    }
}

/// Where every connection of a console counts what it sends. A clone is the same meter.
#[derive(Debug, Clone)]
pub struct Meter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    all: Counters,
    stretch_permille: AtomicU32,
}

impl Default for Meter {
    fn default() -> Self {
        Self(Arc::new(Shared {
            all: Counters::default(),
            stretch_permille: AtomicU32::new(UNSTRETCHED),
        }))
    }
}

impl Meter {
    /// What was spent so far, and how far the reader stretches its intervals.
    pub fn read(&self) -> Bill {
        Bill {
            spent: self.0.all.read(),
            stretch_permille: self.0.stretch_permille.load(Ordering::Relaxed),
        }
    }

    pub(super) fn add(&self, more: Spent) {
        self.0.all.add(more);
    }

    /// Notes how far the reader stretches its intervals.
    pub(super) fn stretch(&self, stretch: f64) {
        let permille = (stretch * f64::from(UNSTRETCHED)).round() as u32;
        self.0.stretch_permille.store(permille, Ordering::Relaxed);
    }
}

/// Tells the bill once a second while it grows, until cancelled.
pub async fn run(meter: Meter, inbox: Inbox, cancel: CancellationToken) {
    let work = async {
        let mut told = None;
        let mut seconds = interval(EVERY);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            seconds.tick().await;
            let bill = meter.read();
            if told != Some(bill) {
                told = Some(bill);
                if !inbox.send(Msg::Cost(bill)).await {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = work => {}
    }
}
