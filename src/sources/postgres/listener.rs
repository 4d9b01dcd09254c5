//! The connection that listens. It does nothing else, is never inside a transaction, and always drains its
//! socket: a listener that stops reading fills the server's queue until inserts fail.
//!
//! A notification is a hint to look, never the data: it carries no event id in the field, equal ones in a
//! transaction collapse, and those sent while we were away are gone. So they are only counted here.

mod canary;
mod hands;
mod heard;

pub use hands::Hands;

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_postgres::{
    AsyncMessage,
    types::{ToSql, Type},
};
use tokio_util::sync::CancellationToken;

use self::{
    canary::{Proof, Prover},
    heard::Heard,
};
use super::{
    Client, Driver, Purpose, Session, Settings, connect, connect::Route, fault_of, retry::Retry,
};
use crate::{
    domain::Timestamp,
    msg::{Fault, Link, LinkId, Msg},
    sources::Inbox,
};

/// The channel of the operations guide.
const CHANNEL: &str = "pipeline_event";

/// Notifications are told of at most this often.
const BATCH: Duration = Duration::from_millis(50);

/// How long a notification to ourselves may take.
const ECHO: Duration = Duration::from_secs(3);

/// How often a server that cannot notify is looked at again, for a standby may be promoted, and one behind a pooler, for that
/// may lend whole sessions from now on.
const AGAIN: Duration = Duration::from_mins(1);

/// Without an event for so long, and without a key for so long, the proofs rest, where they are wanted only while
/// something happens.
const NO_EVENT: Duration = Duration::from_mins(10);
const NO_KEY: Duration = Duration::from_mins(5);

const DEAF: &str = "notifications do not arrive: polling only";

const POOLED: &str = "a pooler stands between: polling only";

/// Why a connection is given up.
#[derive(Debug)]
enum Ended {
    /// It is lost, for this reason; when it last worked for certain, where that was not just now.
    Lost(Fault, Option<Timestamp>),
    /// LISTEN does not hold on it.
    Pooled,
}

/// Listens until cancelled. Connects by itself, again and again.
pub async fn run(
    settings: Settings,
    inbox: Inbox,
    hands: impl Into<Hands>,
    cancel: CancellationToken,
) {
    let mut hands = hands.into();
    let work = async {
        let mut retry = Retry::new(LinkId::Listener, &settings, inbox.clone());
        if !retry.tell(Link::Connecting).await {
            return;
        }
        loop {
            if hands.rest() {
                if !retry.tell(Link::Off(super::ASLEEP.to_owned())).await {
                    return;
                }
                hands.woken().await;
            }
            let (fault, since) = match retry.connect(&settings, Purpose::Listener).await {
                Ok(session) if session.opened.is_standby => {
                    let why = "the server is a standby, which cannot notify: polling only";
                    if !retry.tell(Link::Off(why.to_owned())).await {
                        return;
                    }
                    drop(session);
                    sleep(AGAIN).await;
                    continue;
                }
                Ok(session) => {
                    match listen(&settings, &inbox, &mut hands, &mut retry, session).await {
                        Ended::Lost(fault, since) => (fault, since),
                        // A place in the pool is not held for what cannot be had there.
                        Ended::Pooled if retry.deaf(POOLED.to_owned()).await => {
                            sleep(AGAIN).await;
                            continue;
                        }
                        Ended::Pooled => return,
                    }
                }
                Err(fault) => (fault, None),
            };
            if hands.rest() {
                continue;
            }
            let since = since.unwrap_or_else(chrono::Utc::now);
            match retry.down_since(fault, since).await {
                Some(wait) => sleep(wait).await,
                None => return,
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = work => {}
    }
}

/// One connection, until it ends; why it did. Three things at once: draining, telling, asking whether the line
/// still lives. Draining waits for nobody.
async fn listen(
    settings: &Settings,
    inbox: &Inbox,
    hands: &mut Hands,
    retry: &mut Retry,
    session: Session,
) -> Ended {
    let Session {
        client,
        driver,
        opened,
    } = session;
    let heard = Heard::default();
    let own_channel = format!("outpost_echo_{}", opened.backend);
    tokio::select! {
        // First, for it knows why the connection ended.
        biased;
        fault = hear(driver, &own_channel, &heard) => Ended::Lost(fault, None),
        ended = async {
            let mut prover = Prover::new(settings, &own_channel, &heard, hands);
            let mut deaf = if opened.route == Route::Pooler {
                match through_pooler(settings, &client, &own_channel, &mut prover).await {
                    Ok(true) => None,
                    Ok(false) => return Ended::Pooled,
                    Err(fault) => return Ended::Lost(fault, None),
                }
            } else {
                match subscribe(settings, &client, &own_channel, &heard).await {
                    Ok(remark) => remark,
                    Err(fault) => return Ended::Lost(fault, None),
                }
            };
            if deaf.is_none() && prover.is_due() && prover.prove().await == Proof::Deaf {
                deaf = Some(DEAF.to_owned());
            }
            if deaf.is_none() && !inbox.send(heard.message()).await {
                return Ended::Lost(nobody(), None);
            }
            let mut watch = Watch {
                settings,
                client: &client,
                inbox,
                heard: &heard,
                prover,
                is_deaf: deaf.is_some(),
            };
            let mut is_told = match deaf {
                Some(why) => retry.deaf(why).await,
                None => retry.up(opened.remark()).await,
            };
            while is_told {
                match watch.run().await {
                    // It hears again: the line is as good as a new one.
                    Ok(()) => is_told = retry.up(opened.remark()).await,
                    Err(fault) => return Ended::Lost(fault, heard.proven_at()),
                }
            }
            std::future::pending().await
        } => ended,
        () = tell(inbox, &heard) => Ended::Lost(nobody(), None),
    }
}

fn nobody() -> Fault {
    Fault::NotConfigured("nobody listens".to_owned())
}

/// Whether notifications arrive, on a connection of its own; the remark when they do not.
pub(super) async fn hears(settings: &Settings) -> Result<Option<String>, Fault> {
    let Session {
        client,
        driver,
        opened,
    } = connect(settings, Purpose::Listener).await?;
    let heard = Heard::default();
    let own_channel = format!("outpost_echo_{}", opened.backend);
    tokio::select! {
        biased;
        fault = hear(driver, &own_channel, &heard) => Err(fault),
        remark = async {
            if opened.route != Route::Pooler {
                return subscribe(settings, &client, &own_channel, &heard).await;
            }
            let mut nobody = mpsc::channel(1).1.into();
            let mut prover = Prover::new(settings, &own_channel, &heard, &mut nobody);
            let holds = through_pooler(settings, &client, &own_channel, &mut prover).await?;
            Ok((!holds).then(|| POOLED.to_owned()))
        } => remark,
    }
}

/// Drains the connection until it ends.
async fn hear(mut driver: Driver, own_channel: &str, heard: &Heard) -> Fault {
    loop {
        let message = std::future::poll_fn(|cx| driver.poll_message(cx)).await;
        match message {
            Some(Ok(AsyncMessage::Notification(note))) if note.channel() == own_channel => {
                heard.proven();
                let number = note.payload().parse().unwrap_or_default();
                heard.number.fetch_max(number, Ordering::Relaxed);
                heard.echo.notify_one();
            }
            Some(Ok(AsyncMessage::Notification(note))) if note.channel() == CHANNEL => {
                heard.events.fetch_add(1, Ordering::Relaxed);
                heard.all.fetch_add(1, Ordering::Relaxed);
                heard.any_event.notify_one();
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return fault_of(&error),
            None => return Fault::Unreachable("the server closed the connection".into()),
        }
    }
}

/// Tells what was heard, at once and then every [`BATCH`] at most, until nobody listens.
async fn tell(inbox: &Inbox, heard: &Heard) {
    loop {
        heard.any_event.notified().await;
        let count = heard.events.swap(0, Ordering::Relaxed);
        if count > 0 && !inbox.send(Msg::Notified(count)).await {
            return;
        }
        sleep(BATCH).await;
    }
}

/// Subscribes, and proves by a notification to ourselves that they arrive: through a pooler LISTEN succeeds and
/// nothing ever comes. The remark when they do not.
async fn subscribe(
    settings: &Settings,
    client: &Client,
    own_channel: &str,
    heard: &Heard,
) -> Result<Option<String>, Fault> {
    let listen =
        include_str!("../../../sql/session/listen.sql").replace("outpost_echo", own_channel);
    within(settings.patience, client.batch_execute(&listen)).await?;
    let to: [(&(dyn ToSql + Sync), Type); 2] = [(&own_channel, Type::TEXT), (&"0", Type::TEXT)];
    heard.sent();
    let ask = client.query_typed(include_str!("../../../sql/session/echo.sql"), &to);
    if let Err(fault) = within(settings.patience, ask).await {
        let is_lost = matches!(fault, Fault::TimedOut(..) | Fault::Unreachable(_));
        return if is_lost {
            Err(fault)
        } else {
            Ok(Some(format!("{DEAF} ({fault})")))
        };
    }
    let came = timeout(ECHO, heard.echo.notified()).await.is_ok();
    Ok((!came).then(|| DEAF.to_owned()))
}

/// Subscribes through a pooler, if LISTEN holds there; whether it does. Where it lends a connection for a transaction alone, an
/// echo on the same line would come, by chance: only one that is sent over a second line shows that it is ours. What was
/// listened to is taken back, for that connection is lent to others next: one that listens, inside a long transaction of theirs,
/// fills the server's queue.
async fn through_pooler(
    settings: &Settings,
    client: &Client,
    own_channel: &str,
    prover: &mut Prover<'_>,
) -> Result<bool, Fault> {
    let own = |sql: &str| sql.replace("outpost_echo", own_channel);
    let listen = own(include_str!("../../../sql/session/listen_own.sql"));
    within(settings.patience, client.batch_execute(&listen)).await?;
    let holds = prover.prove().await == Proof::Heard;
    let then = if holds {
        include_str!("../../../sql/session/listen.sql")
    } else {
        include_str!("../../../sql/session/unlisten.sql")
    };
    within(settings.patience, client.batch_execute(&own(then))).await?;
    Ok(holds)
}

/// What is asked again and again.
struct Watch<'a> {
    settings: &'a Settings,
    client: &'a Client,
    inbox: &'a Inbox,
    heard: &'a Heard,
    prover: Prover<'a>,
    is_deaf: bool,
}

impl Watch<'_> {
    /// Asks the server again and again whether it is there, on this very connection, since a dead line looks like a
    /// quiet one, and over a second one whether this one hears. Ends when it does not, or hears again.
    async fn run(&mut self) -> Result<(), Fault> {
        let mut beats = interval(self.settings.heartbeat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is at once, and what it would show was just shown.
        beats.tick().await;
        loop {
            beats.tick().await;
            if !self.prover.is_due() {
                continue;
            }
            let beat = include_str!("../../../sql/session/heartbeat.sql");
            let ask = self.client.query_typed(beat, &[]);
            within(self.settings.patience, ask).await?;
            let proof = self.prover.prove().await;
            if proof == Proof::Heard && !self.inbox.send(self.heard.message()).await {
                return Err(nobody());
            }
            match proof {
                Proof::Heard if self.is_deaf => {
                    self.is_deaf = false;
                    return Ok(());
                }
                Proof::Deaf if !self.is_deaf => {
                    let s = self.settings.patience.as_secs();
                    let said = format!(
                        "the line answers, but a notification sent to it did not arrive within {s} s"
                    );
                    return Err(Fault::Unreachable(said.into()));
                }
                Proof::Heard | Proof::Deaf | Proof::Unsent => {}
            }
        }
    }
}

/// The answer to `ask`, if it comes in time. The connection is moved by [`hear`] meanwhile.
async fn within<T>(
    patience: Duration,
    ask: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Fault> {
    match timeout(patience, ask).await {
        Ok(answer) => answer.map_err(|e| fault_of(&e)),
        Err(_elapsed) => Err(Fault::timed_out(patience.as_secs())),
    }
}
