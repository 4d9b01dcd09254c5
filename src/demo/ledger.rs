//! The world's way to its database: one connection that works, one that listens.

use std::{collections::HashMap, future::poll_fn, time::Duration};

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_postgres::{
    AsyncMessage, Client, Error, NoTls, Row, Statement,
    types::{ToSql, Type},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The channel on which the world is told its next scenario.
pub(super) const SWITCH: &str = "outpost_demo";

/// What the world's listener calls itself in `pg_stat_activity`.
pub(super) const LISTENER: &str = "outpost demo";

/// Connects; the connection lives in a task until its client is dropped.
pub(super) async fn connect(url: &str, tasks: &TaskTracker) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tasks.spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "the demo lost its database");
        }
    });
    Ok(client)
}

/// The connection that works, and the statements it knows already.
pub(super) struct Ledger {
    client: Client,
    url: String,
    tasks: TaskTracker,
    prepared: HashMap<&'static str, Statement>,
}

impl Ledger {
    /// Connects.
    pub(super) async fn open(url: &str, tasks: &TaskTracker) -> Result<Self, Error> {
        Ok(Self {
            client: connect(url, tasks).await?,
            url: url.to_owned(),
            tasks: tasks.clone(),
            prepared: HashMap::new(),
        })
    }

    /// Runs `sql`, whose parameters have these types. `None` when it failed, which is logged: a world goes on.
    /// When the connection is gone, the next statement gets a new one.
    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        types: &[Type],
        values: &[&(dyn ToSql + Sync)],
    ) -> Option<Vec<Row>> {
        match self.attempt(sql, types, values).await {
            Ok(rows) => Some(rows),
            Err(error) => {
                let what = sql.lines().next().unwrap_or_default();
                tracing::warn!(?error, what, "a statement of the demo failed");
                None
            }
        }
    }

    /// Runs several statements without parameters.
    pub(super) async fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.revive().await?;
        self.client.batch_execute(sql).await
    }

    async fn attempt(
        &mut self,
        sql: &'static str,
        types: &[Type],
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        self.revive().await?;
        let known = self.prepared.get(sql).cloned();
        let statement = if let Some(statement) = known {
            statement
        } else {
            let statement = self.client.prepare_typed(sql, types).await?;
            self.prepared.insert(sql, statement.clone());
            statement
        };
        self.client.query(&statement, values).await
    }

    async fn revive(&mut self) -> Result<(), Error> {
        if self.client.is_closed() {
            self.prepared.clear();
            self.client = connect(&self.url, &self.tasks).await?;
        }
        Ok(())
    }
}

/// What a notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// These events are new or changed.
    Events(Vec<i64>),
    /// Events are new or changed, but not all are named.
    Many,
    /// Somebody wants the scenario of this name.
    Scenario(String),
}

/// The part of a notification that a relay needs.
#[derive(Deserialize)]
struct Notice {
    #[serde(default)]
    ids: Vec<i64>,
    #[serde(default)]
    more: i64,
}

impl Heard {
    fn of(channel: &str, payload: &str) -> Self {
        if channel == SWITCH {
            return Self::Scenario(payload.to_owned());
        }
        match serde_json::from_str::<Notice>(payload) {
            Ok(notice) if notice.more == 0 && !notice.ids.is_empty() => Self::Events(notice.ids),
            Ok(_) | Err(_) => Self::Many,
        }
    }
}

/// Listens on `pipeline_event` and [`SWITCH`] until cancelled, and connects again when it must; what was notified in
/// between is lost, so everything that waits is looked at then. Answers when it listens.
pub(super) async fn listen(
    url: &str,
    tasks: &TaskTracker,
    heard: mpsc::Sender<Heard>,
    cancel: CancellationToken,
) -> Result<(), Error> {
    let mut ear = Ear::open(url).await?;
    let url = url.to_owned();
    tasks.spawn(async move {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = ear.forward(&heard) => {}
            }
            ear = loop {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_millis(200)) => {}
                }
                if let Ok(again) = Ear::open(&url).await {
                    break again;
                }
            };
            // What was notified meanwhile reached nobody. A world that has ended needs nothing any more.
            let _ended = heard.send(Heard::Many).await;
        }
    });
    Ok(())
}

/// A connection that listens.
struct Ear {
    /// Kept, since the connection ends with it.
    _client: Client,
    connection:
        tokio_postgres::Connection<tokio_postgres::Socket, tokio_postgres::tls::NoTlsStream>,
    first: Vec<Heard>,
}

impl Ear {
    async fn open(url: &str) -> Result<Self, Error> {
        let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
        let mut first = Vec::new();
        {
            let listen = format!("LISTEN pipeline_event; LISTEN {SWITCH}");
            let named = format!("SET application_name = '{LISTENER}'");
            let mut listening = Box::pin(async {
                client.batch_execute(&listen).await?;
                // Whoever finds it by its name is heard.
                client.batch_execute(&named).await
            });
            loop {
                tokio::select! {
                    done = &mut listening => {
                        done?;
                        break;
                    }
                    message = poll_fn(|cx| connection.poll_message(cx)) => match message {
                        Some(Ok(AsyncMessage::Notification(n))) => first.push(Heard::of(n.channel(), n.payload())),
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Err(error),
                        None => break,
                    }
                }
            }
        }
        Ok(Self {
            _client: client,
            connection,
            first,
        })
    }

    /// Passes on what it hears until the connection ends.
    async fn forward(&mut self, heard: &mpsc::Sender<Heard>) {
        for early in self.first.drain(..) {
            // A world that has ended needs nothing any more.
            let _ended = heard.send(early).await;
        }
        while let Some(Ok(message)) = poll_fn(|cx| self.connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(notification) = message {
                let _ended = heard
                    .send(Heard::of(notification.channel(), notification.payload()))
                    .await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_that_names_all_its_events_is_taken_at_its_word() {
        let all = r#"{"op": "insert", "n": 2, "ids": [4, 5], "more": 0}"#;
        assert_eq!(Heard::of("pipeline_event", all), Heard::Events(vec![4, 5]));
        for cut in [
            r#"{"op": "insert", "n": 900, "ids": [4, 5], "more": 898}"#,
            r#"{"n": 9, "more": 9}"#,
            "wake up",
        ] {
            assert_eq!(Heard::of("pipeline_event", cut), Heard::Many);
        }
    }
}
