//! What the listener knows of the hands at the keys.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, watch};

use crate::effect::FeedId;

/// What the listener is told from outside.
#[derive(Debug)]
pub struct Hands {
    keys: mpsc::Receiver<()>,
    needed: watch::Receiver<BTreeSet<FeedId>>,
}

impl Hands {
    /// `keys` says that somebody sits before the screen; one place is enough, for what matters is that it came since the last
    /// look. While nothing of the database is `needed`, nothing is proven, and a line that is lost is not made anew.
    pub const fn new(keys: mpsc::Receiver<()>, needed: watch::Receiver<BTreeSet<FeedId>>) -> Self {
        Self { keys, needed }
    }

    /// Whether somebody pressed a key since the last look.
    pub(super) fn pressed(&mut self) -> bool {
        self.keys.try_recv().is_ok()
    }

    /// Whether the database is to be left alone.
    pub(super) fn rest(&self) -> bool {
        FeedId::lets_sleep(&self.needed.borrow())
    }

    /// Waits until it is not.
    pub(super) async fn woken(&mut self) {
        drop(self.needed.wait_for(|it| !FeedId::lets_sleep(it)).await);
    }
}

impl From<mpsc::Receiver<()>> for Hands {
    /// They never rest.
    fn from(keys: mpsc::Receiver<()>) -> Self {
        Self::new(keys, watch::channel(BTreeSet::new()).1)
    }
}
