//! The real program in a real pseudo-terminal.

use std::{
    collections::VecDeque,
    fs::File,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    os::fd::AsFd as _,
    path::PathBuf,
    process::{Child, ExitStatus},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use pty_process::blocking::{Command, Pty, open};
use rustix::process::{Pid, Signal, kill_process};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The built program.
pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_outpost").into()
}

/// A link to the terminal, as ssh is one: it takes all bytes at once, and brings them as slowly as it is. The terminal at its
/// end answers when it is asked whether it is there.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Bytes a second; 0 for one that is fast.
    pub(crate) carries: AtomicU64,
    /// The most frames that were on the way at once, since this was last set to 0.
    pub(crate) most: AtomicUsize,
}

impl Link {
    /// Such a link.
    pub(crate) fn of(carries: u64) -> Arc<Self> {
        Arc::new(Self {
            carries: AtomicU64::new(carries),
            most: AtomicUsize::new(0),
        })
    }

    /// Carries what is sent to the end that comes back to `sender`; what the terminal answers goes to `answers`.
    fn carry(
        self: Arc<Self>,
        sender: mpsc::Sender<Vec<u8>>,
        mut answers: File,
    ) -> mpsc::Sender<Vec<u8>> {
        let (taken, to_carry) = mpsc::channel::<Vec<u8>>();
        thread::spawn(move || {
            let (mut queue, mut brought) = (VecDeque::new(), Vec::new());
            let mut is_open = true;
            while is_open || !queue.is_empty() {
                if queue.is_empty() {
                    match to_carry.recv() {
                        Ok(bytes) => queue.extend(bytes),
                        Err(_) => return,
                    }
                }
                loop {
                    match to_carry.try_recv() {
                        Ok(bytes) => queue.extend(bytes),
                        Err(mpsc::TryRecvError::Empty) => break,
                        Err(mpsc::TryRecvError::Disconnected) => {
                            is_open = false;
                            break;
                        }
                    }
                }
                let frames = count(queue.make_contiguous(), FRAME_END);
                self.most.fetch_max(frames, Ordering::Relaxed);
                // A twentieth of a second's.
                let piece = match self.carries.load(Ordering::Relaxed) {
                    0 => queue.len(),
                    carries => (carries as usize / 20).max(1).min(queue.len()),
                };
                let piece: Vec<u8> = queue.drain(..piece).collect();
                let asked = count(&brought, ASKED);
                brought.extend(&piece);
                for _ in asked..count(&brought, ASKED) {
                    if answers.write_all(b"\x1b[0n").is_err() {
                        return;
                    }
                }
                let settled = brought.len().saturating_sub(ASKED.len() - 1);
                brought.drain(..settled);
                if sender.send(piece).is_err() {
                    return;
                }
                if self.carries.load(Ordering::Relaxed) > 0 {
                    thread::sleep(Duration::from_millis(50));
                }
            }
        });
        taken
    }
}

/// A frame ends so.
pub(crate) const FRAME_END: &[u8] = b"\x1b[?2026l";

/// The terminal is asked so.
const ASKED: &[u8] = b"\x1b[5n";

/// How often `wanted` stands in `bytes`.
pub(crate) fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes
        .windows(wanted.len())
        .filter(|part| *part == wanted)
        .count()
}

/// A program in a terminal.
pub(crate) struct Terminal {
    child: Child,
    pty: Option<Pty>,
    bytes: mpsc::Receiver<Vec<u8>>,
    closed: Arc<AtomicBool>,
    screen: vt100::Parser,
    /// Every byte the program wrote.
    pub(crate) written: Vec<u8>,
}

impl Terminal {
    /// Starts `program` with `args` and `env` in a terminal of `columns` by `rows`; nothing of our own environment or
    /// configuration reaches it.
    pub(crate) fn start(
        program: PathBuf,
        args: &[&str],
        env: &[(&str, &str)],
        size: (u16, u16),
    ) -> Self {
        Self::over(None, program, args, env, size)
    }

    /// As [`Self::start`], over such a link where there is one.
    pub(crate) fn over(
        link: Option<Arc<Link>>,
        program: PathBuf,
        args: &[&str],
        env: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(rows, columns)).unwrap();
        let home = tempfile::tempdir().unwrap().keep();
        let mut command = Command::new(program)
            .args(args)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .env("TERM", "xterm-256color")
            .env("HOME", home);
        for (name, value) in env {
            command = command.env(name, value);
        }
        let child = command.spawn(pts).unwrap();
        let (sender, bytes) = mpsc::channel();
        let mut reader = File::from(pty.as_fd().try_clone_to_owned().unwrap());
        let closed = Arc::new(AtomicBool::new(false));
        let is_closed = Arc::clone(&closed);
        let sender = match link {
            Some(link) => link.carry(
                sender,
                File::from(pty.as_fd().try_clone_to_owned().unwrap()),
            ),
            None => sender,
        };
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() || is_closed.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let size = |n: u16| NonZeroU16::new(n).unwrap();
        let screen = vt100::Parser::new(size(rows), size(columns), 0);
        Self {
            child,
            pty: Some(pty),
            bytes,
            closed,
            screen,
            written: Vec::new(),
        }
    }

    /// What stands on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// The screen.
    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Opens the help and closes it again.
    #[track_caller]
    pub(crate) fn look_at_help(&mut self) {
        self.send("?");
        self.wait_for(" HELP ");
        self.send("\u{1b}");
        self.wait_until("screen without the help", |text| !text.contains(" HELP "));
    }

    /// Whether no frame is half painted: each stands between the two sequences of a synchronised update.
    fn is_whole(&self) -> bool {
        let last = |sequence: &[u8]| {
            self.written
                .windows(sequence.len())
                .rposition(|bytes| bytes == sequence)
        };
        last(b"\x1b[?2026h") <= last(b"\x1b[?2026l")
    }

    /// Waits until `holds` of the screen as a frame left it; fails with the picture when it never does.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) {
        self.read_until(what, |terminal| {
            terminal.is_whole() && holds(&terminal.text())
        });
    }

    /// Waits until the program wrote `bytes`.
    #[track_caller]
    pub(crate) fn wait_for_bytes(&mut self, bytes: &[u8]) {
        self.read_until("such bytes", |terminal| {
            terminal
                .written
                .windows(bytes.len())
                .any(|written| written == bytes)
        });
    }

    #[track_caller]
    fn read_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            let patience = deadline.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(patience) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no {what} in:\n{}", self.text())
                }
            }
        }
    }

    /// Waits until `text` stands on the screen.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(&format!("`{text}`"), |screen| screen.contains(text));
    }

    /// Takes in what the program writes until it pauses.
    pub(crate) fn drain(&mut self) {
        while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(20)) {
            self.take(&bytes);
        }
    }

    /// Types `keys`.
    pub(crate) fn send(&mut self, keys: &str) {
        self.pty
            .as_mut()
            .unwrap()
            .write_all(keys.as_bytes())
            .unwrap();
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let size = |n: u16| NonZeroU16::new(n).unwrap();
        self.screen.screen_mut().set_size(size(rows), size(columns));
        self.pty
            .as_ref()
            .unwrap()
            .resize(pty_process::Size::new(rows, columns))
            .unwrap();
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The state of the program's process, as `/proc` tells: `R`, `S`, `T` for stopped, …
    pub(crate) fn process_state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        stat.rsplit_once(')')
            .and_then(|(_, rest)| rest.trim().chars().next())
            .unwrap()
    }

    /// Closes the terminal under the program: at once, but for our reader, which lets go after the next byte.
    pub(crate) fn close(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        self.pty = None;
    }

    /// Waits for the end of the program and for the last byte; how it ended, and how long that took.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                drop(self.child.kill());
                panic!("the program does not end; it shows:\n{}", self.text());
            }
            while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(10)) {
                self.take(&bytes);
            }
        };
        let took = begun.elapsed();
        while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(200)) {
            self.take(&bytes);
        }
        (status, took)
    }

    /// Whether the terminal is as it was before: main screen, cursor shown, line mode.
    #[track_caller]
    pub(crate) fn assert_restored(&self) {
        assert!(
            !self.screen().alternate_screen(),
            "still on the alternate screen"
        );
        assert!(!self.screen().hide_cursor(), "the cursor is hidden");
        assert!(!self.screen().bracketed_paste(), "pastes are still marked");
        let modes = rustix::termios::tcgetattr(self.pty.as_ref().unwrap())
            .unwrap()
            .local_modes;
        assert!(
            modes.contains(rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO),
            "still raw"
        );
    }

    fn take(&mut self, bytes: &[u8]) {
        self.written.extend(bytes);
        self.screen.process(bytes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
