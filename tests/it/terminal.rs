//! The real program in a real pseudo-terminal.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    os::fd::AsFd as _,
    path::PathBuf,
    process::{Child, ExitStatus},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
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
