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

use super::{
    Display,
    encode::Encoder,
    writer::{Drained, Writer, Written},
};
use crate::{model::Model, ui::Theme, view::view};

/// Alternate screen, no cursor, pastes marked, focus told.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1004h";
/// All of it undone, and whatever a frame that was cut short left open.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// A frame is shown at once, where the terminal knows how.
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// How long leaving waits for a terminal that does not take its bytes.
const PATIENCE: Duration = Duration::from_millis(500);

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
}

impl Tty {
    /// Takes the terminal over; [`restore`] gives it back.
    pub fn enter() -> io::Result<Self> {
        let (width, height) = size();
        enable_raw_mode()?;
        ENTERED.store(true, Ordering::Relaxed);
        LEFT.store(false, Ordering::SeqCst);
        let mut writer = Writer::start()?;
        writer.submit(ENTER.to_vec());
        Ok(Self {
            terminal: Terminal::new(Encoder::new(width, height))?,
            writer,
            pending: Vec::new(),
        })
    }

    /// Gives the terminal back, after the frame under way if it is taken soon.
    pub async fn leave(mut self) {
        if self.writer.is_busy() {
            drop(tokio::time::timeout(PATIENCE, self.ready()).await);
        }
        restore();
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
        // that is gone.
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
    fn is_ready(&self) -> bool {
        !self.writer.is_busy()
    }

    async fn ready(&mut self) -> io::Result<Drained> {
        match self.writer.written().await {
            Written::Done(drained) => {
                if !self.pending.is_empty() {
                    self.writer.submit(std::mem::take(&mut self.pending));
                }
                Ok(drained)
            }
            Written::Gone => Err(io::ErrorKind::BrokenPipe.into()),
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
        let frame = [BEGIN_FRAME, &bytes, END_FRAME].concat();
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
        if self.writer.is_busy() {
            drop(tokio::time::timeout(PATIENCE, self.ready()).await);
        }
        restore();
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        self.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        LEFT.store(false, Ordering::SeqCst);
        let (width, height) = size();
        self.terminal.backend_mut().resize(width, height);
        self.send(ENTER.to_vec());
        self.repaint()
    }
}
