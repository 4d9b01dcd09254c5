//! The only writer to the terminal: a thread that takes one frame at a time, so that a slow link never blocks
//! the loop, and a frame is composed only when the last one is gone.

use std::{
    io,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::terminal::write;

/// Bytes that the terminal took, and how long it took to: what lies before a slow link fills up, and then a write waits
/// for the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// How many.
    pub bytes: usize,
    /// From handing them over to the last one taken.
    pub took: Duration,
}

/// How the terminal took something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The way to it took bytes in. It tells of the link only where it had to wait.
    Written(Drained),
    /// It has shown them: they are on the screen.
    Shown(Drained),
    /// It does not say so in time; it is not waited for any longer.
    Unanswered,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The terminal took it.
    Done(Drained),
    /// The terminal is gone.
    Gone,
}

/// The way to the thread. At most one write is under way.
#[derive(Debug)]
pub struct Writer {
    frames: SyncSender<Vec<u8>>,
    written: mpsc::Receiver<Written>,
    busy: bool,
}

impl Writer {
    /// Starts the thread; it writes to standard output.
    pub fn start() -> io::Result<Self> {
        let (frames, to_write) = sync_channel::<Vec<u8>>(1);
        let (report, written) = mpsc::channel(4);
        thread::Builder::new()
            .name("terminal".to_owned())
            .spawn(move || {
                while let Ok(bytes) = to_write.recv() {
                    let begun = Instant::now();
                    let outcome = write(&bytes);
                    let written = if outcome.is_ok() {
                        Written::Done(Drained {
                            bytes: bytes.len(),
                            took: begun.elapsed(),
                        })
                    } else {
                        Written::Gone
                    };
                    if report.blocking_send(written).is_err() || written == Written::Gone {
                        return;
                    }
                }
            })?;
        Ok(Self {
            frames,
            written,
            busy: false,
        })
    }

    /// Whether a write is under way.
    pub const fn is_busy(&self) -> bool {
        self.busy
    }

    /// Hands over `bytes`. Call it only when not busy: one more write waits for the one under way.
    pub fn submit(&mut self, bytes: Vec<u8>) {
        self.busy = self.frames.send(bytes).is_ok();
    }

    /// Waits for the write under way; never returns when there is none.
    pub async fn written(&mut self) -> Written {
        if !self.busy {
            std::future::pending::<()>().await;
        }
        let written = self.written.recv().await.unwrap_or(Written::Gone);
        self.busy = false;
        written
    }
}
