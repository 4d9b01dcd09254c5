//! A line to a server that can be broken on purpose.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};
use tokio_postgres::config::Host;

/// The code by which a client asks for TLS.
const SSL_REQUEST: i32 = 80_877_103;

/// What the line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Carries everything.
    Sound,
    /// Stays open and swallows everything, as a firewall does that has forgotten the connection.
    Swallows,
    /// Stays open and holds everything back until it does something else again, in both directions.
    Freezes,
    /// Ends every connection, and answers a new one only when it does something else again, as a server does that was
    /// suspended and wakes slowly.
    Sleeps,
    /// Answers every greeting with 57P03, as a server does that starts.
    Starts,
    /// Refuses options in the greeting, as a pooler does that lends whole sessions.
    RefusesOptions,
    /// The same, and carries notifications only to who waits for an answer just then, as a pooler does that lends a connection
    /// for a transaction.
    Pools,
    /// Carries everything but notifications, as a pooler does.
    LosesNotifications,
    /// Breaks right before a commit would be carried to the server, and is sound after.
    BreaksBeforeCommit,
    /// Breaks right before a commit would be carried to the server, and takes nobody after.
    BreaksBeforeCommitForGood,
    /// Breaks when a commit was carried to the server, and is sound after.
    BreaksAfterCommit,
    /// Breaks when a commit was carried to the server, and takes nobody after.
    BreaksForGood,
    /// Takes nobody.
    Closed,
}

/// A proxy on loopback, in front of a server's socket.
pub(crate) struct Proxy {
    /// Its port.
    pub(crate) port: u16,
    line: watch::Sender<Line>,
}

impl Proxy {
    /// A proxy to the server of `url`, which names a socket.
    pub(crate) async fn start(url: &str, line: Line) -> Self {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let Some(Host::Unix(directory)) = config.get_hosts().first() else {
            panic!("no socket in {url}");
        };
        let socket = directory.join(format!(".s.PGSQL.{}", config.get_ports()[0]));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (line, watch) = watch::channel(line);
        let set = line.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *watch.borrow() != Line::Closed {
                    tokio::spawn(carry(client, socket.clone(), set.clone(), watch.clone()));
                }
            }
        });
        Self { port, line }
    }

    /// Waits until the line does this.
    pub(crate) async fn does(&self, wanted: Line) {
        let mut watch = self.line.subscribe();
        drop(watch.wait_for(|line| *line == wanted).await);
    }

    /// From now on the line does this; bytes on the way included.
    pub(crate) fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn carry(
    mut client: TcpStream,
    socket: PathBuf,
    set: watch::Sender<Line>,
    mut watch: watch::Receiver<Line>,
) {
    awake(&mut watch).await;
    let mut server = UnixStream::connect(socket).await.unwrap();
    let (length, greeting) = loop {
        let Ok(length) = client.read_i32().await else {
            return;
        };
        let mut greeting = vec![0; usize::try_from(length).unwrap() - 4];
        client.read_exact(&mut greeting).await.unwrap();
        if greeting != SSL_REQUEST.to_be_bytes() {
            break (length, greeting);
        }
        // As a server on a socket would answer: no.
        client.write_u8(b'N').await.unwrap();
    };
    let has_options = greeting.windows(8).any(|part| part == b"options\0");
    let pools = [Line::RefusesOptions, Line::Pools].contains(&watch.borrow());
    let starts = *watch.borrow() == Line::Starts;
    if has_options && pools || starts {
        let fields: &[u8] = if starts {
            b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
        } else {
            b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
        };
        client.write_u8(b'E').await.unwrap();
        client.write_i32(fields.len() as i32 + 4).await.unwrap();
        client.write_all(fields).await.unwrap();
        return;
    }
    server.write_i32(length).await.unwrap();
    server.write_all(&greeting).await.unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut ending = watch.clone();
    let waits = AtomicBool::new(true);
    let down = downward(from_server, to_client, watch.clone(), &waits);
    let up = upward(from_client, to_server, (&set, watch), &waits);
    let both = async {
        tokio::pin!(down, up);
        tokio::select! {
            is_broken = &mut up => {
                if !is_broken {
                    down.await;
                }
            }
            () = &mut down => drop(up.await),
        }
    };
    tokio::select! {
        () = both => {}
        // Both halves are dropped, and so the connection is closed.
        _asleep = ending.wait_for(|line| *line == Line::Sleeps) => {}
    }
}

/// Waits while the line freezes or sleeps.
async fn awake(watch: &mut watch::Receiver<Line>) {
    let moves = |line: &Line| !matches!(line, Line::Freezes | Line::Sleeps);
    drop(watch.wait_for(moves).await);
}

/// What a simple query looks like that commits.
const COMMIT: &[u8] = b"COMMIT\0";

/// Whether the line broke; else the client left.
async fn upward(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: OwnedWriteHalf,
    (set, mut watch): (&watch::Sender<Line>, watch::Receiver<Line>),
    waits: &AtomicBool,
) -> bool {
    let mut buffer = [0; 4096];
    loop {
        let read = from.read(&mut buffer).await;
        awake(&mut watch).await;
        let n = match read {
            Ok(0) | Err(_) => return false,
            Ok(n) => n,
        };
        waits.store(true, Ordering::Relaxed);
        let line = *set.borrow();
        let commits = buffer[..n].windows(COMMIT.len()).any(|part| part == COMMIT);
        let breaks = [
            Line::BreaksBeforeCommit,
            Line::BreaksAfterCommit,
            Line::BreaksForGood,
            Line::BreaksBeforeCommitForGood,
        ];
        if commits && breaks.contains(&line) {
            let is_for_good = matches!(line, Line::BreaksForGood | Line::BreaksBeforeCommitForGood);
            if matches!(line, Line::BreaksForGood | Line::BreaksAfterCommit) {
                to.write_all(&buffer[..n]).await.unwrap();
            }
            let after = if is_for_good {
                Line::Closed
            } else {
                Line::Sound
            };
            set.send_replace(after);
            return true;
        }
        if line != Line::Swallows {
            drop(to.write_all(&buffer[..n]).await);
        }
    }
}

/// Message by message, since some are left out.
async fn downward(
    mut from: OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut watch: watch::Receiver<Line>,
    waits: &AtomicBool,
) {
    while let Ok(kind) = from.read_u8().await {
        let Ok(length) = from.read_i32().await else {
            return;
        };
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        if from.read_exact(&mut body).await.is_err() {
            return;
        }
        awake(&mut watch).await;
        let line = *watch.borrow();
        let is_idle = !waits.load(Ordering::Relaxed);
        let loses = line == Line::LosesNotifications || line == Line::Pools && is_idle;
        let lost = kind == b'A' && loses;
        if kind == b'Z' {
            waits.store(false, Ordering::Relaxed);
        }
        if line != Line::Swallows && !lost {
            let mut message = vec![kind];
            message.extend(length.to_be_bytes());
            message.extend(body);
            drop(to.write_all(&message).await);
        }
    }
}
