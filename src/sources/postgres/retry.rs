//! What a source tells of its connection, and how long it waits before the next try.

use std::{hash::BuildHasher as _, time::Duration};

use super::Settings;
use crate::{
    domain::{Timestamp, backoff},
    msg::{Fault, Link, LinkId, Msg},
    sources::Inbox,
};

/// A connection that lasted this long was a good one: the next try comes quickly again.
const GOOD: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

/// The state of a connection over its losses.
#[derive(Debug)]
pub(super) struct Retry {
    id: LinkId,
    /// Where it leads, for people.
    target: String,
    inbox: Inbox,
    tries: u32,
    up: Option<Timestamp>,
    down: Option<Timestamp>,
    deaf: Option<Timestamp>,
}

impl Retry {
    /// Nothing tried yet.
    pub(super) fn new(id: LinkId, settings: &Settings, inbox: Inbox) -> Self {
        Self {
            id,
            target: settings.address.target(),
            inbox,
            tries: 0,
            up: None,
            down: None,
            deaf: None,
        }
    }

    /// Tells how the connection stands; `false` when nobody listens any more.
    pub(super) async fn tell(&self, link: Link) -> bool {
        self.inbox.send(Msg::Linked(self.id, link)).await
    }

    /// The connection is up.
    pub(super) async fn up(&mut self, remark: Option<String>) -> bool {
        let now = chrono::Utc::now();
        self.up = Some(now);
        self.down = None;
        self.deaf = None;
        self.tell(Link::Up(now, remark)).await
    }

    /// The connection is up and hears nothing; since the first time in a row that this is told.
    pub(super) async fn deaf(&mut self, why: String) -> bool {
        let now = chrono::Utc::now();
        self.up = Some(now);
        self.down = None;
        let since = *self.deaf.get_or_insert(now);
        self.tell(Link::Deaf(since, why)).await
    }

    /// The connection is down, because of `fault`; how long to wait, or `None` when nobody listens any more.
    pub(super) async fn down(&mut self, fault: Fault) -> Option<Duration> {
        self.down_since(fault, chrono::Utc::now()).await
    }

    /// As [`Self::down`], and it may have been since then: when it was last proven to work.
    pub(super) async fn down_since(&mut self, fault: Fault, since: Timestamp) -> Option<Duration> {
        let now = chrono::Utc::now();
        if self.up.take().is_some_and(|up| now - up > GOOD) {
            self.tries = 0;
        }
        self.tries = self.tries.saturating_add(1);
        self.deaf = None;
        let fault = fault.at(&self.target);
        let wait = backoff::wait(self.tries, chance());
        tracing::warn!(link = ?self.id, %fault, tries = self.tries, ?wait, "the connection is down");
        let link = Link::Down {
            since: *self.down.get_or_insert(since),
            fault,
            tries: self.tries,
            next_try: now + wait,
        };
        self.tell(link).await.then_some(wait)
    }
}

/// A number that differs from call to call and from process to process.
pub(super) fn chance() -> u64 {
    std::hash::RandomState::new().hash_one(std::process::id())
}
