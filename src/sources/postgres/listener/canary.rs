//! The proof that the listener hears: a notification on a channel of its own, sent over a second connection as any
//! writer's would be. A listener can be deaf on a line that answers every query: behind a pooler, or after one was
//! put in between.

use std::sync::atomic::Ordering;

use tokio::time::{Instant, timeout};
use tokio_postgres::types::{ToSql, Type};

use super::{Hands, Heard, NO_EVENT, NO_KEY};
use crate::sources::postgres::{Canary, Purpose, Session, Settings, connect};

/// What a round trip showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// It came.
    Heard,
    /// It was sent and did not come.
    Deaf,
    /// It could not be sent, which shows nothing.
    Unsent,
}

/// Sends notifications to the listener of a channel.
#[derive(Debug)]
pub(super) struct Prover<'a> {
    settings: &'a Settings,
    channel: &'a str,
    heard: &'a Heard,
    hands: &'a mut Hands,
    /// The second connection, while it lasts. It rests between two proofs.
    session: Option<Session>,
    number: u64,
    /// The notifications of the pipeline at the last look, and when there was a new one.
    seen: u64,
    event_at: Instant,
    /// When a key was last told of; the start of a connection counts as one.
    key_at: Instant,
}

impl<'a> Prover<'a> {
    /// Nothing sent yet.
    pub(super) fn new(
        settings: &'a Settings,
        channel: &'a str,
        heard: &'a Heard,
        hands: &'a mut Hands,
    ) -> Self {
        Self {
            settings,
            channel,
            heard,
            hands,
            session: None,
            number: 0,
            seen: 0,
            event_at: Instant::now(),
            key_at: Instant::now(),
        }
    }

    /// Whether there is to be a proof now, and a query at all.
    pub(super) fn is_due(&mut self) -> bool {
        let seen = self.heard.all.load(Ordering::Relaxed);
        if seen != self.seen {
            self.seen = seen;
            self.event_at = Instant::now();
        }
        if self.hands.pressed() {
            self.key_at = Instant::now();
        }
        if self.hands.rest() {
            return false;
        }
        match self.settings.canary {
            Canary::Always => true,
            Canary::WhenActive => {
                self.event_at.elapsed() < NO_EVENT || self.key_at.elapsed() < NO_KEY
            }
            Canary::Off => false,
        }
    }

    /// One round trip.
    pub(super) async fn prove(&mut self) -> Proof {
        // The line may have been ended while it rested: one more try on a new one. Together they take no longer than
        // one answer may, or the next look at the listener's own line would come late.
        let patience = self.settings.patience;
        let sent = timeout(patience, async { self.send().await || self.send().await });
        if !sent.await.unwrap_or(false) {
            return Proof::Unsent;
        }
        let came = async {
            while self.heard.number.load(Ordering::Relaxed) < self.number {
                self.heard.echo.notified().await;
            }
        };
        if timeout(patience, came).await.is_ok() {
            Proof::Heard
        } else {
            Proof::Deaf
        }
    }

    /// Sends the next number; `false` when it could not be, and then the connection is given up.
    async fn send(&mut self) -> bool {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match connect(self.settings, Purpose::Reader).await {
                Ok(session) => session,
                Err(_) => return false,
            },
        };
        self.number += 1;
        let number = self.number.to_string();
        let to: [(&(dyn ToSql + Sync), Type); 2] =
            [(&self.channel, Type::TEXT), (&number, Type::TEXT)];
        self.heard.sent();
        let ask = session
            .client
            .query_typed(include_str!("../../../../sql/session/echo.sql"), &to);
        let sent = session.driver.run(self.settings.patience, ask).await;
        let is_sent = matches!(sent, Ok(Ok(_)));
        if is_sent {
            self.session = Some(session);
        }
        is_sent
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sources::postgres::address::Address;

    #[tokio::test(start_paused = true)]
    async fn while_nothing_comes_the_proofs_rest_or_not_as_was_wished() {
        let address = Address::parse(Some("postgresql://db.example/x"), |_| None).unwrap();
        let mut settings = Settings::new(address);
        let second = Duration::from_secs(1);
        for (canary, at_first, at_rest, when_active) in [
            (Canary::Always, true, true, true),
            (Canary::WhenActive, true, false, true),
            (Canary::Off, false, false, false),
        ] {
            settings.canary = canary;
            let heard = Heard::default();
            let (press, keys) = tokio::sync::mpsc::channel(1);
            let mut hands = keys.into();
            let mut prover = Prover::new(&settings, "a_channel", &heard, &mut hands);
            assert_eq!(prover.is_due(), at_first, "{canary:?}");
            tokio::time::advance(NO_EVENT + second).await;
            assert_eq!(prover.is_due(), at_rest, "{canary:?}");
            heard.all.fetch_add(1, Ordering::Relaxed);
            assert_eq!(prover.is_due(), when_active, "{canary:?}");
            tokio::time::advance(NO_EVENT + second).await;
            assert_eq!(prover.is_due(), at_rest, "{canary:?}");
            press.try_send(()).unwrap();
            // A second key before the listener looks finds the place taken, and that is enough.
            press.try_send(()).unwrap_err();
            assert_eq!(prover.is_due(), when_active, "{canary:?}");
            tokio::time::advance(NO_KEY.checked_sub(second).unwrap()).await;
            assert_eq!(prover.is_due(), when_active, "{canary:?}");
            tokio::time::advance(second * 2).await;
            assert_eq!(prover.is_due(), at_rest, "{canary:?}");
        }
    }
}
