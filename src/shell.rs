//! The imperative shell: the only place that owns both a model and a runtime.
#![expect(
    clippy::disallowed_methods,
    reason = "the shell is the edge: it reads the clock"
)]

pub mod audit;
pub mod batches;
pub mod budget;
pub mod encode;
pub mod executor;
pub mod export;
pub mod flight;
pub mod kept;
pub mod signals;
pub mod tasks;
pub mod terminal;
pub mod triage;
pub mod writer;

use std::io;

use tokio::time::{Instant, sleep_until};

use self::{
    budget::Budget,
    executor::Executor,
    signals::{Signal, Signals},
    writer::Taken,
};
use crate::{effect::Effect, model::Model, msg::Msg, sources::Messages, ui::Theme, update::update};

/// Where frames go: the terminal, or a buffer in a test.
pub trait Display {
    /// Whether what was painted has been taken, so that another frame may be: one that a hand asked for, or another.
    fn is_ready(&self, by_hand: bool) -> bool;
    /// Waits until something has been, and tells how fast; fails when the terminal is gone. Never returns while nothing is
    /// under way.
    fn ready(&mut self) -> impl Future<Output = io::Result<Taken>>;
    /// The terminal has another size, in cells.
    fn resize(&mut self, width: u16, height: u16);
    /// Paints the model; the bytes written, 0 when nothing changed.
    fn paint(&mut self, model: &Model, theme: &Theme) -> io::Result<usize>;
    /// Forgets what is on the screen, so that the next frame paints all of it.
    fn repaint(&mut self) -> io::Result<()>;
    /// Sends bytes that are no frame, such as text for the clipboard.
    fn send(&mut self, bytes: Vec<u8>);
    /// Gives the terminal back, stops this program, and takes the terminal again when it is resumed.
    fn suspend(&mut self) -> impl Future<Output = io::Result<()>>;
    /// Takes the terminal again.
    fn resume(&mut self) -> io::Result<()>;
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The operator left.
    Quit,
    /// A signal asked us to leave: 15 for SIGTERM, 1 for SIGHUP, 2 for SIGINT.
    Signal(i32),
    /// The terminal is gone.
    TerminalGone,
}

/// The themes to choose from while running: finds one by name, made for this terminal.
pub type Themes = dyn Fn(&str) -> Option<Theme>;

/// Everything the loop runs on.
#[derive(Debug)]
pub struct Console<'a, D, E> {
    /// The model.
    pub model: Model,
    /// The theme in force.
    pub theme: Theme,
    /// Where frames go.
    pub display: &'a mut D,
    /// Who carries out effects.
    pub executor: &'a mut E,
    /// What signals came.
    pub signals: Signals,
}

/// Runs until the operator leaves, a signal says so or the terminal is gone.
///
/// # Errors
/// When the terminal cannot be painted or resumed.
pub async fn run<D: Display, E: Executor>(
    console: &mut Console<'_, D, E>,
    themes: &Themes,
    mut inbox: Messages,
) -> io::Result<Ending> {
    let mut pace = Pace::new(Instant::now());
    loop {
        if pace.is_due(Instant::now()) && console.display.is_ready(pace.by_hand) {
            let bytes = console.display.paint(&console.model, &console.theme)?;
            pace.painted(Instant::now(), bytes);
        }
        let due = pace.due.filter(|_| console.display.is_ready(pace.by_hand));
        tokio::select! {
            biased;
            signal = console.signals.next() => match signal {
                Signal::End(number) => return Ok(Ending::Signal(number)),
                Signal::Stop => {
                    console.display.suspend().await?;
                    pace.now(Instant::now());
                }
                Signal::Continue => {
                    console.display.resume()?;
                    pace.now(Instant::now());
                }
            },
            taken = console.display.ready() => match taken {
                Ok(taken) => {
                    pace.budget.taken(Instant::now(), taken);
                    console.tell_of_link(&mut pace);
                }
                Err(_) => return Ok(Ending::TerminalGone),
            },
            received = inbox.recv() => {
                let Some(first) = received else { return Ok(Ending::Quit) };
                let mut next = Some(first);
                while let Some((at, msg)) = next {
                    let by_hand = matches!(msg, Msg::Key(_) | Msg::Pasted(_) | Msg::Resized(..));
                    if let Msg::Resized(width, height) = msg {
                        console.display.resize(width, height);
                    }
                    let before = console.model.revision;
                    let health = console.model.store.verdict.health;
                    for effect in update(&mut console.model, at, msg) {
                        if !console.perform(effect, themes).await? {
                            return Ok(Ending::Quit);
                        }
                    }
                    if console.model.revision != before {
                        let is_news = console.model.store.verdict.health != health;
                        pace.changed(Instant::now(), by_hand, is_news);
                    }
                    next = inbox.try_recv().ok();
                }
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
    }
}

impl<D: Display, E: Executor> Console<'_, D, E> {
    /// Tells the model how often data repaints, where the link allows less than usual.
    fn tell_of_link(&mut self, pace: &mut Pace) {
        let frames = pace.budget.frames();
        if self.model.slow_link != frames {
            let msg = Msg::SlowLink(frames);
            // It asks for nothing.
            drop(update(&mut self.model, chrono::Utc::now(), msg));
            pace.changed(Instant::now(), false, false);
        }
    }

    /// Carries out `effect`; `false` when it is the end.
    async fn perform(&mut self, effect: Effect, themes: &Themes) -> io::Result<bool> {
        match effect {
            Effect::Quit => return Ok(false),
            Effect::Redraw => self.display.repaint()?,
            Effect::Suspend => self.display.suspend().await?,
            Effect::Copy(text) => self.display.send(osc52(&text)),
            Effect::SetTheme(name) => {
                if let Some(theme) = themes(&name) {
                    self.theme = theme;
                }
            }
            Effect::Fetch(_)
            | Effect::Account { .. }
            | Effect::Need(_)
            | Effect::Attend
            | Effect::FetchEvent(_)
            | Effect::Look(_)
            | Effect::Audit(_)
            | Effect::ReadRun(_)
            | Effect::Export(..)
            | Effect::Examine(_)
            | Effect::Mutate(_)
            | Effect::Pace(_)
            | Effect::Batch(..)
            | Effect::LookAtBatches
            | Effect::AuditReveal(_)
            | Effect::Keep(..)
            | Effect::Scenario(_) => {
                self.executor.execute(effect);
            }
        }
        Ok(true)
    }
}

/// The escape sequence that puts `text` on the clipboard of the operator's own machine.
fn osc52(text: &str) -> Vec<u8> {
    let mut sequence = String::new();
    let command = crossterm::clipboard::CopyToClipboard::to_clipboard_from(text);
    // Writing to a String cannot fail.
    let _infallible = crossterm::Command::write_ansi(&command, &mut sequence);
    sequence.into_bytes()
}

/// When the next frame is due. What a hand did is painted at once; what data did, at most a few times a second
/// and within a budget of bytes.
#[derive(Debug)]
struct Pace {
    due: Option<Instant>,
    /// Whether a hand asked for it.
    by_hand: bool,
    budget: Budget,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self {
            due: Some(now),
            by_hand: false,
            budget: Budget::new(now),
        }
    }

    /// Something changed by hand.
    const fn now(&mut self, now: Instant) {
        self.budget.touched(now);
        self.due = Some(now);
        self.by_hand = true;
    }

    /// Something changed: by hand, or by itself; and whether it is news to whoever sees it.
    fn changed(&mut self, now: Instant, by_hand: bool, is_news: bool) {
        if by_hand {
            self.now(now);
            return;
        }
        if is_news {
            self.budget.touched(now);
        }
        let due = self.budget.next_frame(now);
        self.due = Some(self.due.map_or(due, |already| already.min(due)));
    }

    /// Whether a frame is due at `now`. Asked before any timer is: the runtime's timers are a millisecond coarse,
    /// which a key would feel.
    fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    fn painted(&mut self, now: Instant, bytes: usize) {
        self.due = None;
        self.by_hand = false;
        self.budget.spend(now, bytes);
    }
}
