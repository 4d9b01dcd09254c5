//! Where messages come from. A source owns its connection, its backoff and its clock, and knows nothing of the
//! model.
#![expect(
    clippy::disallowed_methods,
    reason = "sources are the edge: they read the clock"
)]

pub mod clock;
pub mod input;
pub mod n8n;
mod network;
pub mod postgres;
mod tls;

use tokio::sync::mpsc;

use crate::{domain::Timestamp, msg::Msg};

/// The way into the main loop. Bounded: a source that is too fast waits.
#[derive(Debug, Clone)]
pub struct Inbox(mpsc::Sender<(Timestamp, Msg)>);

/// The other end of an [`Inbox`].
pub type Messages = mpsc::Receiver<(Timestamp, Msg)>;

impl Inbox {
    /// An inbox, and its other end.
    pub fn new() -> (Self, Messages) {
        let (sender, receiver) = mpsc::channel(1024);
        (Self(sender), receiver)
    }

    /// Sends `msg`, stamped with the present; `false` when nobody listens any more.
    pub async fn send(&self, msg: Msg) -> bool {
        self.0.send((chrono::Utc::now(), msg)).await.is_ok()
    }

    /// As [`Self::send`], but a message that finds the inbox full is thrown away.
    pub fn try_send(&self, msg: Msg) {
        drop(self.0.try_send((chrono::Utc::now(), msg)));
    }

    /// As [`Self::send`], for a thread that is not the runtime's.
    pub fn send_blocking(&self, msg: Msg) -> bool {
        self.0.blocking_send((chrono::Utc::now(), msg)).is_ok()
    }
}
