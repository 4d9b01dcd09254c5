//! Signals, as far as a terminal program must answer them.

use std::{io, time::Duration};

use tokio::{
    signal::unix::{Signal as Stream, SignalKind, signal},
    time::sleep,
};

use tokio_util::sync::CancellationToken;

use super::terminal;
use crate::{msg::Msg, sources::Inbox};

/// How long the program has to leave by itself after it was told to: longer than it waits for writes under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Leave; the number of the signal.
    End(i32),
    /// Give the terminal back and stop.
    Stop,
    /// The program was stopped behind our back and goes on: take the terminal again.
    Continue,
}

/// The signals listened to.
#[derive(Debug)]
pub struct Signals {
    terminate: Stream,
    hangup: Stream,
    interrupt: Stream,
    quit: Stream,
    stop: Stream,
    resume: Stream,
}

impl Signals {
    /// Starts to listen; from now on none of them ends the program by itself.
    pub fn listen() -> io::Result<Self> {
        let number = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(number(rustix::process::Signal::TSTP))?,
            resume: signal(number(rustix::process::Signal::CONT))?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::End(15),
            _ = self.hangup.recv() => Signal::End(1),
            _ = self.interrupt.recv() => Signal::End(2),
            _ = self.quit.recv() => Signal::End(3),
            _ = self.stop.recv() => Signal::Stop,
            _ = self.resume.recv() => Signal::Continue,
        }
    }
}

/// Tells each new size of the terminal, until `cancel` says so.
///
/// # Errors
/// The signal cannot be listened to.
pub fn sizes(
    inbox: Inbox,
    cancel: CancellationToken,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let mut changes = signal(SignalKind::window_change())?;
    Ok(async move {
        while let Some(Some(())) = cancel.run_until_cancelled(changes.recv()).await {
            let (width, height) = terminal::size();
            inbox.send(Msg::Resized(width, height)).await;
        }
    })
}

/// Sees to it that SIGTERM, SIGHUP and SIGQUIT end the program also where its loop hangs: when it has not left a few seconds later,
/// the terminal is given back and the process ends. Runs beside the loop, until then.
///
/// # Errors
/// The signals cannot be listened to.
pub fn insist() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    tokio::spawn(async move {
        let number = tokio::select! {
            _ = terminate.recv() => 15,
            _ = hangup.recv() => 1,
            _ = quit.recv() => 3,
        };
        sleep(PATIENCE).await;
        tracing::error!(number, "told to leave and still here: leaving now");
        terminal::restore_if_entered();
        #[expect(clippy::exit, reason = "what should have returned hangs")]
        std::process::exit(128 + number);
    });
    Ok(())
}
