//! Signals, as far as a terminal program must answer them.

use std::io;

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

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
            _ = self.stop.recv() => Signal::Stop,
            _ = self.resume.recv() => Signal::Continue,
        }
    }
}
