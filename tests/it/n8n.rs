//! The n8n client, over real HTTP, against recorded answers and against servers that misbehave.

mod bodies;
mod faults;
mod https;
mod known;
mod runs;
mod transport;
mod whole;
mod writes;

use std::time::Duration;

use outpost::{
    effect::FeedId,
    msg::{Fact, Fault, Link, LinkId, Msg},
    sources::{
        Inbox, Messages,
        n8n::{self, Settings},
    },
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

pub(crate) const KEY: &str = "key";

/// A source that runs, and what it tells.
pub(crate) struct Running {
    pub(crate) messages: Messages,
    pub(crate) asks: mpsc::Sender<FeedId>,
    cancel: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    pub(crate) fn start(settings: Settings) -> Self {
        let (inbox, messages) = Inbox::new();
        let (asks, receiver) = mpsc::channel(8);
        let (cancel, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(n8n::run(settings, inbox, receiver, cancel.clone()));
        Self {
            messages,
            asks,
            cancel,
            tasks,
        }
    }

    pub(crate) async fn next(&mut self) -> Msg {
        let wait = tokio::time::timeout(Duration::from_mins(1), self.messages.recv());
        wait.await.unwrap().unwrap().1
    }

    /// The next answer of `feed`.
    pub(crate) async fn answer(&mut self, feed: FeedId) -> Result<Fact, Fault> {
        loop {
            if let Msg::Fetched(of, answer, _) = self.next().await
                && of == feed
            {
                return answer;
            }
        }
    }

    /// The next state of the link that is not `Connecting`.
    pub(crate) async fn link(&mut self) -> Link {
        loop {
            if let Msg::Linked(id, link) = self.next().await
                && link != Link::Connecting
            {
                assert_eq!(id, LinkId::N8n);
                return link;
            }
        }
    }

    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// What `feed` answers first.
pub(crate) async fn first(settings: Settings, feed: FeedId) -> Result<Fact, Fault> {
    let mut running = Running::start(settings);
    let answer = running.answer(feed).await;
    running.stop().await;
    answer
}

fn settings(server: &MockServer) -> Settings {
    Settings::new(&server.uri(), KEY).unwrap()
}

/// A server that answers everything with one body.
async fn always(status: u16, content_type: &str, body: Vec<u8>) -> MockServer {
    let server = MockServer::start().await;
    let template = ResponseTemplate::new(status).set_body_raw(body, content_type);
    Mock::given(any())
        .respond_with(template)
        .mount(&server)
        .await;
    server
}
