//! What a source tells of its connection, and how long it waits before the next try.

use std::{hash::BuildHasher as _, time::Duration};

use tokio::{net::TcpStream, time::timeout};
use tokio_postgres::config::Host;

use super::{Purpose, Session, Settings, connect};
use crate::{
    domain::{Timestamp, backoff},
    msg::{Fault, Link, LinkId, Msg},
    sources::Inbox,
};

/// A connection that lasted this long was a good one: the next try comes quickly again.
const GOOD: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

/// A try that takes longer is told of, where the server took the connection: a compute that was suspended wakes.
const HELD: Duration = Duration::from_secs(1);

/// A server that wakes is tried again in this time.
const WAKING: Duration = Duration::from_secs(2);

/// `fault`, and since when a connection is down that has ended by it, where the last answer came at `answered`: one that goes
/// dead in silence, since then.
pub(super) fn since(fault: Fault, answered: Timestamp) -> (Fault, Timestamp) {
    let is_silence = matches!(fault, Fault::TimedOut(..));
    (
        fault,
        if is_silence {
            answered
        } else {
            chrono::Utc::now()
        },
    )
}

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

    /// Connects. Where the server takes the connection and says nothing on it for long, that is told meanwhile.
    pub(super) async fn connect(
        &mut self,
        settings: &Settings,
        purpose: Purpose,
    ) -> Result<Session, Fault> {
        let mut trying = Box::pin(connect(settings, purpose));
        if let Ok(answer) = timeout(HELD, &mut trying).await {
            return answer;
        }
        // What looks once waits for the end of the try.
        if !settings.is_brief {
            tokio::select! {
                biased;
                answer = &mut trying => return answer,
                is_there = accepts(settings) => if is_there {
                    let said = Fault::Waking("it takes connections, and does not answer yet".into());
                    let now = chrono::Utc::now();
                    let _is_heard = self.tell_down(said, now, now).await;
                }
            }
        }
        trying.await
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

    /// The connection is down, because of `fault`, and it may have been since then: when it was last known to work; how long to
    /// wait, or `None` when nobody listens any more.
    pub(super) async fn down_since(&mut self, fault: Fault, since: Timestamp) -> Option<Duration> {
        let now = chrono::Utc::now();
        if self.up.take().is_some_and(|up| now - up > GOOD) {
            self.tries = 0;
        }
        self.tries = self.tries.saturating_add(1);
        self.deaf = None;
        let mut wait = backoff::wait(self.tries, chance());
        if matches!(fault, Fault::Waking(_)) {
            wait = wait.min(WAKING);
        }
        tracing::warn!(link = ?self.id, %fault, tries = self.tries, ?wait, "the connection is down");
        self.tell_down(fault, since, now + wait)
            .await
            .then_some(wait)
    }

    async fn tell_down(&mut self, fault: Fault, since: Timestamp, next_try: Timestamp) -> bool {
        let link = Link::Down {
            since: *self.down.get_or_insert(since),
            fault: fault.at(&self.target),
            tries: self.tries,
            next_try,
        };
        self.tell(link).await
    }
}

/// Whether something takes connections where the server should be. Said without a word of its protocol, so that nothing is
/// asked of it; a socket of this machine is not looked at.
async fn accepts(settings: &Settings) -> bool {
    let config = settings.address.driver_config();
    let ports = config.get_ports();
    for (n, host) in config.get_hosts().iter().enumerate() {
        let Host::Tcp(host) = host else { continue };
        let port = ports.get(n).or(ports.first()).copied().unwrap_or(5432);
        let taken = timeout(HELD, TcpStream::connect((host.as_str(), port))).await;
        if matches!(taken, Ok(Ok(_))) {
            return true;
        }
    }
    false
}

/// A number that differs from call to call and from process to process.
pub(super) fn chance() -> u64 {
    std::hash::RandomState::new().hash_one(std::process::id())
}
