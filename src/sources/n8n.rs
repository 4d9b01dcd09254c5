//! n8n, over its public API: which workflows there are, what runs, what the key may do; and what is written to it.
//!
//! Three feeds share one client and one backoff. What keeps n8n from answering at all (no connection, no key, a
//! page instead of JSON) takes the link down; what concerns one feed (a scope that is missing) is that feed's
//! fault alone. Rows are read by small pages and never with their data: a single execution may be 20 MB.

mod answer;
mod client;
mod feeds;
mod inspect;
mod load;
mod loose;
mod settings;
mod sighting;
mod webhooks;
mod wire;
mod writes;

use std::{collections::BTreeMap, hash::BuildHasher as _, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::{client::Client, feeds::Known, wire::Discovery};
use super::Inbox;
use crate::{
    domain::{
        Timestamp, backoff,
        workflow::{Access, Execution, Workflow},
    },
    effect::FeedId,
    msg::{Fact, Fault, Link, LinkId, Msg},
};

pub(in crate::sources) use sighting::{Sighting, look};
pub(in crate::sources) use webhooks::{Call, Called, Caller};

pub use inspect::inspect;
pub use load::measure;
pub use settings::{Absent, Settings};
pub use webhooks::Webhooks;
pub use writes::{carry_out, set_active};

/// The feeds of n8n, in the order they are asked in: the first tells what the server is.
const FEEDS: [FeedId; 3] = [FeedId::Access, FeedId::Workflows, FeedId::Executions];
/// How long a feed rests whose scope is missing.
const FORBIDDEN_REST: Duration = Duration::from_mins(1);

/// Feeds [`FeedId::Workflows`], [`FeedId::Executions`] and [`FeedId::Access`] until cancelled. A feed that comes in
/// by `asks` is asked at once.
pub async fn run(
    settings: Settings,
    inbox: Inbox,
    asks: mpsc::Receiver<FeedId>,
    cancel: CancellationToken,
) {
    let mut source = Source::new(settings, inbox);
    // Nothing to do in either case: cancelled, or nobody listens any more.
    let _ended = cancel.run_until_cancelled(source.run(asks)).await;
}

/// The state of the source.
struct Source {
    settings: Settings,
    inbox: Inbox,
    client: Option<Client>,
    due: BTreeMap<FeedId, Instant>,
    /// Whether the server tells what it offers; old ones refuse parameters they do not know.
    is_modern: bool,
    workflows_a_page: usize,
    known_workflows: Known<Workflow>,
    known_executions: Known<Execution>,
    tries: u32,
    is_up: bool,
    down_since: Option<Timestamp>,
    /// Until when the server asked to be left alone.
    silent_until: Option<Instant>,
}

impl Source {
    fn new(settings: Settings, inbox: Inbox) -> Self {
        let now = Instant::now();
        Self {
            settings,
            inbox,
            client: None,
            due: FEEDS.map(|feed| (feed, now)).into(),
            is_modern: false,
            workflows_a_page: feeds::WORKFLOWS_A_PAGE,
            known_workflows: Known::default(),
            known_executions: Known::default(),
            tries: 0,
            is_up: false,
            down_since: None,
            silent_until: None,
        }
    }

    async fn run(&mut self, mut asks: mpsc::Receiver<FeedId>) {
        if !self.tell(Link::Connecting).await {
            return;
        }
        let mut may_ask = true;
        while let Some((feed, due)) = self.next() {
            tokio::select! {
                biased;
                asked = asks.recv(), if may_ask => match asked {
                    Some(feed) if feed.is_n8n() => {
                        self.due.insert(feed, Instant::now());
                    }
                    Some(_) => {}
                    None => may_ask = false,
                },
                () = sleep_until(due) => if !self.fetch(feed).await {
                    return;
                },
            }
        }
    }

    /// The feed that is due first; of several, the first of [`FEEDS`].
    fn next(&self) -> Option<(FeedId, Instant)> {
        FEEDS
            .into_iter()
            .filter_map(|feed| self.due.get(&feed).map(|due| (feed, *due)))
            .min_by_key(|(_, due)| *due)
    }

    /// Asks `feed` and tells what came of it; `false` when nobody listens any more.
    async fn fetch(&mut self, feed: FeedId) -> bool {
        let begun = Instant::now();
        if let Some(until) = self.silent_until.filter(|until| *until > begun) {
            self.due.insert(feed, until);
            let left = (until - begun).as_secs().max(1);
            return self.report(feed, Err(Fault::RateLimited(left)), 0).await;
        }
        let answer = self.ask(feed).await;
        let took_ms = begun.elapsed().as_millis() as u64;
        let rest = match &answer {
            Err(Fault::Forbidden(_)) => FORBIDDEN_REST.max(feed.interval()),
            Ok(_) | Err(_) => feed.interval(),
        };
        self.due.insert(feed, begun + rest);
        match answer {
            Err(fault) if is_of_the_link(&fault) => self.down(fault, took_ms).await,
            answer => {
                if let Err(fault) = &answer {
                    tracing::warn!(feed = feed.name(), %fault, "n8n does not answer this");
                }
                self.up().await && self.report(feed, answer, took_ms).await
            }
        }
    }

    async fn ask(&mut self, feed: FeedId) -> Result<Fact, Fault> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(Client::new(&self.settings)?),
        };
        if feed == FeedId::Workflows {
            let found = feeds::workflows(
                client,
                &mut self.known_workflows,
                self.is_modern,
                &mut self.workflows_a_page,
            )
            .await?;
            return Ok(Fact::Workflows(found));
        }
        if feed == FeedId::Executions {
            return feeds::executions(client, &mut self.known_executions, self.is_modern)
                .await
                .map(Fact::Executions);
        }
        let discovery = feeds::discover(client).await?;
        self.is_modern = discovery.is_some();
        Ok(Fact::Access(Access {
            scopes: discovery.as_ref().and_then(Discovery::scopes),
            requests_left: client.requests_left(),
        }))
    }

    async fn report(&self, feed: FeedId, answer: Result<Fact, Fault>, took_ms: u64) -> bool {
        self.inbox
            .send(Msg::Fetched(feed, answer, took_ms.into()))
            .await
    }

    async fn tell(&self, link: Link) -> bool {
        self.inbox.send(Msg::Linked(LinkId::N8n, link)).await
    }

    async fn up(&mut self) -> bool {
        self.tries = 0;
        self.down_since = None;
        if std::mem::replace(&mut self.is_up, true) {
            return true;
        }
        let is_bare = self.settings.is_bare();
        let remark = is_bare.then(|| "the key crosses the network unencrypted".to_owned());
        self.tell(Link::Up(chrono::Utc::now(), remark)).await
    }

    /// Nothing is asked until the next try; a fault of the link is one of every feed.
    async fn down(&mut self, fault: Fault, took_ms: u64) -> bool {
        let fault = fault.at(self.settings.target());
        self.is_up = false;
        self.tries = self.tries.saturating_add(1);
        let wait = if let Fault::RateLimited(seconds) = fault {
            let wait = Duration::from_secs(seconds);
            self.silent_until = Some(Instant::now() + wait);
            wait
        } else {
            backoff::wait(self.tries, chance())
        };
        tracing::warn!(%fault, tries = self.tries, ?wait, "n8n does not answer");
        for due in self.due.values_mut() {
            *due = Instant::now() + wait;
        }
        for feed in FEEDS {
            if !self.report(feed, Err(fault.clone()), took_ms).await {
                return false;
            }
        }
        let now = chrono::Utc::now();
        let since = *self.down_since.get_or_insert(now);
        self.tell(Link::Down {
            since,
            fault,
            tries: self.tries,
            next_try: now + wait,
        })
        .await
    }
}

/// Whether a fault means that no feed would be answered.
const fn is_of_the_link(fault: &Fault) -> bool {
    match fault {
        Fault::Unreachable(_)
        | Fault::TimedOut(..)
        | Fault::Tls(..)
        | Fault::Password(_)
        | Fault::Barred(_)
        | Fault::Unauthorized(_)
        | Fault::RateLimited(_)
        | Fault::NotConfigured(_) => true,
        // n8n says 500 itself, of one request; all else with a status comes from around it.
        Fault::Http(status, _) => *status != 500,
        Fault::TooSlow(_)
        | Fault::Waking(_)
        | Fault::Busy(_)
        | Fault::NoDatabase(_)
        | Fault::Forbidden(_)
        | Fault::Missing(_)
        | Fault::Unsupported(_)
        | Fault::Decode(_)
        | Fault::Conflict(_)
        | Fault::InDoubt(_)
        | Fault::Refused(_) => false,
    }
}

/// A number that differs from call to call and from process to process.
fn chance() -> u64 {
    std::hash::RandomState::new().hash_one(std::process::id())
}
