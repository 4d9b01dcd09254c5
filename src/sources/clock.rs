//! The passing of time.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Inbox;
use crate::msg::Msg;

/// Sends a tick every second, until cancelled.
pub async fn run(inbox: Inbox, cancel: CancellationToken) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = ticks.tick() => if !inbox.send(Msg::Tick).await {
                return;
            },
        }
    }
}
