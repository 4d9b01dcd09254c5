//! The real terminal: entering it, leaving it on every path, and painting into it.

use std::{
    io,
    os::fd::AsFd as _,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use rustix::termios::{QueueSelector, tcflush};

use tokio::time::{Instant, sleep_until};

use super::{
    Display,
    encode::Encoder,
    flight::{ASK, Flight},
    writer::{Taken, Writer, Written},
};
use crate::{model::Model, sources::input::Answers, ui::Theme, view::view};

/// Alternate screen, no cursor, pastes marked, focus told.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1004h";
/// All of it undone, and whatever a frame that was cut short left open.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// A frame is shown at once, where the terminal knows how.
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// How long leaving waits for a terminal that does not take its bytes.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long leaving waits for the answers to what is on its way: they would be typed into what comes after us.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Whether the terminal is ours, for a panic that finds itself anywhere.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is being given back, or has been: nothing may be written after that.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Whether a frame is being written. With [`LEFT`] it makes sure that what gives the terminal back is the last to
/// reach it: each side sets its own flag before it looks at the other's.
static WRITING: AtomicBool = AtomicBool::new(false);

/// The terminal this program was started in.
#[derive(Debug)]
pub struct Tty {
    terminal: Terminal<Encoder>,
    writer: Writer,
    pending: Vec<u8>,
    flight: Flight,
    answers: Option<Answers>,
    /// Answers that were taken in.
    heard: u64,
}

impl Tty {
    /// Takes the terminal over; [`restore`] gives it back.
    pub fn enter() -> io::Result<Self> {
        let (width, height) = size();
        enable_raw_mode()?;
        ENTERED.store(true, Ordering::Relaxed);
        LEFT.store(false, Ordering::SeqCst);
        let mut writer = Writer::start()?;
        writer.submit([ENTER, ASK].concat());
        let mut flight = Flight::new(Instant::now());
        flight.sent(Instant::now(), ENTER.len());
        Ok(Self {
            terminal: Terminal::new(Encoder::new(width, height))?,
            writer,
            pending: Vec::new(),
            flight,
            answers: None,
            heard: 0,
        })
    }

    /// Hears from now on what the terminal answers.
    pub fn hear(&mut self, answers: Answers) {
        self.answers = Some(answers);
    }

    /// Gives the terminal back, after the frame under way if it is taken soon.
    pub async fn leave(mut self) {
        self.settle().await;
        restore();
    }

    /// Waits for what is on its way, but not for long.
    async fn settle(&mut self) {
        if self.writer.is_busy() {
            drop(tokio::time::timeout(PATIENCE, self.ready()).await);
        }
        let until = Instant::now() + LAST_ANSWERS;
        while self.flight.asks() && !self.flight.is_empty() {
            if !matches!(
                tokio::time::timeout_at(until, self.ready()).await,
                Ok(Ok(_))
            ) {
                return;
            }
        }
    }
}

/// Waits for the terminal to have answered more often than `heard`, and tells when it did; for ever where nobody hears it.
async fn answered(answers: &mut Option<Answers>, heard: u64) -> Instant {
    if let Some(answers) = answers
        && let Ok(answer) = answers.wait_for(|(count, _)| *count > heard).await
    {
        return Instant::from_std(answer.1);
    }
    std::future::pending().await
}

/// Waits for `moment`, if there is one.
async fn moment(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The size of the terminal in cells; 80x24 where it does not tell.
pub fn size() -> (u16, u16) {
    crossterm::terminal::size()
        .ok()
        .filter(|(w, h)| *w > 0 && *h > 0)
        .unwrap_or((80, 24))
}

/// Gives the terminal back, from wherever: the end, an error, a panic, a signal. Returns after half a second even
/// when the terminal takes nothing.
pub fn restore() {
    let (done, finished) = mpsc::channel();
    LEFT.store(true, Ordering::SeqCst);
    let writing = thread::Builder::new().spawn(move || {
        // Line mode first: it asks nothing of a terminal that takes no bytes. There is nothing left to do about one
        // that is gone. An answer that nobody has read would be typed into what comes after us.
        let _none_left = tcflush(io::stdin(), QueueSelector::IFlush);
        drop(disable_raw_mode());
        while WRITING.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        drop(write_all(LEAVE));
        let _nobody_waits = done.send(());
    });
    if writing.is_ok() {
        let _in_time = finished.recv_timeout(PATIENCE);
    }
}

/// As [`restore`], if the terminal is ours.
pub fn restore_if_entered() {
    if ENTERED.load(Ordering::Relaxed) {
        restore();
    }
}

/// Writes what belongs on the screen, unless the terminal has been given back meanwhile.
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    WRITING.store(true, Ordering::SeqCst);
    let outcome = if LEFT.load(Ordering::SeqCst) {
        Ok(())
    } else {
        write_all(bytes)
    };
    WRITING.store(false, Ordering::SeqCst);
    outcome
}

/// Writes to standard output, past the lock that a write under way may hold for long.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    let out = io::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(out.as_fd(), bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

impl Display for Tty {
    fn is_ready(&self, by_hand: bool) -> bool {
        !self.writer.is_busy() && (!self.flight.asks() || self.flight.has_room(by_hand))
    }

    async fn ready(&mut self) -> io::Result<Taken> {
        loop {
            tokio::select! {
                biased;
                written = self.writer.written() => match written {
                    Written::Done(drained) => {
                        if !self.pending.is_empty() {
                            self.writer.submit(std::mem::take(&mut self.pending));
                        }
                        return Ok(Taken::Written(drained));
                    }
                    Written::Gone => return Err(io::ErrorKind::BrokenPipe.into()),
                },
                at = answered(&mut self.answers, self.heard) => {
                    self.heard += 1;
                    if let Some(shown) = self.flight.answered(at) {
                        return Ok(Taken::Shown(shown));
                    }
                }
                () = moment(self.flight.lost_at()) => {
                    self.flight.lost();
                    return Ok(Taken::Unanswered);
                }
            }
        }
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
    }

    fn paint(&mut self, model: &Model, theme: &Theme) -> io::Result<usize> {
        self.terminal.draw(|frame| view(model, theme, frame))?;
        let bytes = self.terminal.backend_mut().take();
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut frame = [BEGIN_FRAME, &bytes, END_FRAME].concat();
        if self.flight.asks() {
            frame.extend(ASK);
            self.flight.sent(Instant::now(), frame.len());
        }
        let length = frame.len();
        self.writer.submit(frame);
        Ok(length)
    }

    fn repaint(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.terminal.backend_mut().forget_cursor();
        if self.writer.is_busy() {
            self.pending.extend(bytes);
        } else {
            self.writer.submit(bytes);
        }
    }

    async fn suspend(&mut self) -> io::Result<()> {
        // A terminal that takes nothing must not keep us from being stopped.
        self.settle().await;
        restore();
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        self.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        LEFT.store(false, Ordering::SeqCst);
        let (width, height) = size();
        self.terminal.backend_mut().resize(width, height);
        self.send([ENTER, ASK].concat());
        self.flight.lost();
        self.flight.sent(Instant::now(), ENTER.len());
        self.repaint()
    }
}
