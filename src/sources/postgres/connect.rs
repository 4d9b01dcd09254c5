//! One connection to the server, with a session set up so that it can do no harm.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::timeout;
use tokio_postgres::{
    AsyncMessage, Config, Connection, Error, NoTls, Socket,
    config::SslMode,
    error::SqlState,
    tls::{MakeTlsConnect, NoTlsStream},
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Client, Settings, address::TlsMode, fault_of, tls};
use crate::{
    domain::presence::Viewer,
    msg::{Fault, TlsFlaw},
};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reading. The session cannot write.
    Reader,
    /// Listening. The session cannot write.
    Listener,
    /// Carrying out what an operator confirmed. Cannot write either where the settings say read-only.
    Writer,
}

/// A connection, ready for use.
#[derive(Debug)]
pub struct Session {
    /// Takes the queries.
    pub client: Client,
    /// Carries them; must be polled, or nothing happens.
    pub driver: Driver,
    /// What the connection is like.
    pub opened: Opened,
}

/// What a connection is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Whether the line is encrypted.
    pub is_encrypted: bool,
    /// Whether the server is a standby, which refuses LISTEN and writes.
    pub is_standby: bool,
    /// The number of the server process.
    pub backend: i32,
    /// The way it took.
    pub route: Route,
}

/// The way a connection took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// To the host the address names.
    Given,
    /// To the direct host, since the one the address names is a pooler.
    Direct,
    /// Through a pooler: the settings of our session do not hold there, nor does LISTEN.
    Pooler,
}

impl Opened {
    /// What an operator should know, if anything.
    pub fn remark(&self) -> Option<String> {
        match self.route {
            Route::Given => None,
            Route::Direct => Some("direct host used in place of the pooled one".to_owned()),
            Route::Pooler => {
                Some("a pooler stands between: session settings and LISTEN do not hold".to_owned())
            }
        }
    }
}

type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// Moves the bytes of a connection. Ends when the connection does.
pub struct Driver(Line);

enum Line {
    Plain(Box<Connection<Socket, NoTlsStream>>),
    Encrypted(Box<Connection<Socket, TlsStream>>),
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}

impl Driver {
    /// The next thing the server says unasked; `None` or an error when the connection has ended.
    pub(super) fn poll_message(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<AsyncMessage, Error>>> {
        match &mut self.0 {
            Line::Plain(connection) => connection.poll_message(cx),
            Line::Encrypted(connection) => connection.poll_message(cx),
        }
    }

    /// Does `work` while moving the bytes it needs; a fault when the connection ends first, or when the work
    /// takes longer than `deadline`. After a fault the connection is of no more use.
    pub async fn run<T>(
        &mut self,
        deadline: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        tokio::select! {
            biased;
            fault = &mut *self => Err(fault),
            answer = timeout(deadline, work) => {
                answer.map_err(|_elapsed| Fault::timed_out(deadline.as_secs()))
            }
        }
    }
}

impl Future for Driver {
    /// Why the connection ended.
    type Output = Fault;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fault> {
        loop {
            match ready!(self.poll_message(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(fault_of(&error)),
                None => {
                    return Poll::Ready(Fault::Unreachable(
                        "the server closed the connection".into(),
                    ));
                }
            }
        }
    }
}

/// Connects. The whole of it, from the look-up of the name to the first answer, takes no longer than the
/// address's `connect_timeout`, 10 s unless it says otherwise.
pub async fn connect(settings: &Settings, purpose: Purpose) -> Result<Session, Fault> {
    let config = settings.address.driver_config();
    let deadline = config
        .get_connect_timeout()
        .copied()
        .unwrap_or(Duration::from_secs(10));
    let answer = timeout(deadline, attempt(settings, config, purpose)).await;
    answer
        .unwrap_or_else(|_elapsed| Err(Fault::timed_out(deadline.as_secs())))
        .map_err(|fault| fault.at(&settings.address.target()))
}

async fn attempt(
    settings: &Settings,
    mut config: Config,
    purpose: Purpose,
) -> Result<Session, Fault> {
    let viewer = Viewer {
        who: &settings.who,
        console: settings.console,
    };
    config.application_name(viewer.name());
    let own = config.get_options().unwrap_or("");
    let ours = format!("{own} {}", session_options(settings, purpose));
    let mut with_options = config.clone();
    with_options.options(ours.trim_start());
    let line = match line(settings, &mut with_options).await {
        // A pooler that takes no options says so; we make do without.
        Err(LineError::Driver(error)) if refuses_options(&error) => {
            line(settings, &mut config).await
        }
        line => line,
    };
    let (client, driver, is_encrypted) = line.map_err(LineError::into_fault)?;
    let is_kept = purpose != Purpose::Writer;
    open(settings, client, driver, (is_encrypted, is_kept)).await
}

/// Settings of the session, sent with the greeting: they cost no round trip, and unlike SET they can never stay
/// behind in a connection that a pooler lends to somebody else next.
fn session_options(settings: &Settings, purpose: Purpose) -> String {
    let writes = purpose == Purpose::Writer && !settings.read_only;
    let zone: String = settings
        .time_zone
        .chars()
        .flat_map(|c| {
            (c == '\\' || c.is_whitespace())
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    let read_only = if writes {
        ""
    } else {
        " -c default_transaction_read_only=on"
    };
    // To compile a plan takes longer than any of our statements may.
    format!("-c outpost.session=own -c jit=off -c lock_timeout=1000 -c TimeZone={zone}{read_only}")
}

enum LineError {
    Driver(Error),
    Fault(Fault),
}

impl LineError {
    fn into_fault(self) -> Fault {
        match self {
            Self::Driver(error) => fault_of(&error),
            Self::Fault(fault) => fault,
        }
    }
}

fn refuses_options(error: &Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        let code = db.code();
        let told = [
            SqlState::PROTOCOL_VIOLATION,
            SqlState::FEATURE_NOT_SUPPORTED,
        ]
        .contains(code);
        told && (db.message().contains("startup parameter") || db.message().contains("options"))
    })
}

async fn line(
    settings: &Settings,
    config: &mut Config,
) -> Result<(Client, Driver, bool), LineError> {
    let mode = settings.address.tls();
    if mode != TlsMode::Off {
        let root_file = settings
            .address
            .root_file()
            .map(std::path::PathBuf::as_path);
        let tls = tls::connector(root_file).map_err(LineError::Fault)?;
        match config.ssl_mode(SslMode::Require).connect(tls).await {
            Ok((client, connection)) => {
                let client = Client::new(client, settings.meter.clone());
                return Ok((client, Driver(Line::Encrypted(Box::new(connection))), true));
            }
            Err(error) if mode == TlsMode::Prefer && is_not_offered(&fault_of(&error)) => {}
            Err(error) => return Err(LineError::Driver(error)),
        }
    }
    let plain = config.ssl_mode(SslMode::Disable).connect(NoTls).await;
    let (client, connection) = plain.map_err(LineError::Driver)?;
    let client = Client::new(client, settings.meter.clone());
    Ok((client, Driver(Line::Plain(Box::new(connection))), false))
}

const fn is_not_offered(fault: &Fault) -> bool {
    matches!(fault, Fault::Tls(TlsFlaw::NotOffered, _))
}

/// The first question, which also bounds the run time of every later one. A connection that reads or listens is kept on
/// purpose and holds no lock: a role's `idle_session_timeout` is meant for those that were forgotten, and does not end it.
async fn open(
    settings: &Settings,
    client: Client,
    mut driver: Driver,
    (is_encrypted, is_kept): (bool, bool),
) -> Result<Session, Fault> {
    let limit = settings.statement_timeout.as_millis() as i32;
    let bound: [(&(dyn ToSql + Sync), Type); 2] = [(&limit, Type::INT4), (&is_kept, Type::BOOL)];
    let ask = client.query_typed_one(include_str!("../../../sql/session/open.sql"), &bound);
    // The caller's deadline holds here too.
    let row = driver.run(Duration::from_hours(1), ask).await?;
    let row = row.map_err(|e| fault_of(&e))?;
    let read = || {
        let holds: bool = row.try_get("settings_hold")?;
        let direct = if settings.address.is_pooled() {
            Route::Direct
        } else {
            Route::Given
        };
        Ok(Opened {
            is_encrypted,
            is_standby: row.try_get("standby")?,
            backend: row.try_get("backend")?,
            route: if holds { direct } else { Route::Pooler },
        })
    };
    let opened = read().map_err(|e: Error| fault_of(&e))?;
    if opened.route != Route::Pooler {
        client.set_bounded();
    }
    Ok(Session {
        client,
        driver,
        opened,
    })
}
