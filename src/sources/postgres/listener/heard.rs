//! What the connection that listens has heard.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::{domain::Timestamp, msg::Msg};

/// What came in and was not told yet. Counts instead of keeping, so it has no size to bound.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) events: AtomicU64,
    pub(super) any_event: Notify,
    /// Events ever heard on this connection.
    pub(super) all: AtomicU64,
    /// When one of our own was last sent, µs since 1970.
    sent_at: AtomicI64,
    /// When one of our own last came, ms since 1970.
    proven_at: AtomicI64,
    /// How long that was on its way, from being sent, µs.
    took_us: AtomicU64,
    /// The highest number that came on our own channel, and the news of it.
    pub(super) number: AtomicU64,
    pub(super) echo: Notify,
}

impl Heard {
    /// One of our own notifications is sent.
    pub(super) fn sent(&self) {
        let now = chrono::Utc::now().timestamp_micros();
        self.sent_at.store(now, Ordering::Relaxed);
    }

    /// One of our own notifications has come.
    pub(super) fn proven(&self) {
        let now = chrono::Utc::now();
        self.proven_at
            .store(now.timestamp_millis(), Ordering::Relaxed);
        let took = now.timestamp_micros() - self.sent_at.load(Ordering::Relaxed);
        self.took_us
            .store(took.max(0).unsigned_abs(), Ordering::Relaxed);
    }

    /// The last round trip, for whoever looks.
    pub(super) fn message(&self) -> Msg {
        Msg::Proven(self.took_us.load(Ordering::Relaxed))
    }

    pub(super) fn proven_at(&self) -> Option<Timestamp> {
        chrono::DateTime::from_timestamp_millis(self.proven_at.load(Ordering::Relaxed))
            .filter(|at| at.timestamp_millis() > 0)
    }
}
