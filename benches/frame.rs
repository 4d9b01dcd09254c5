//! What a frame costs: taking in a message, painting what it changed, the allocations of both, and the bytes that
//! reach the terminal; at four sizes, in a world with a stall in it, and on the errors screen with 100,000 open errors.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first surprise and prints its figures"
)]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/worlds.rs"]
mod worlds;

#[path = "frame/open_errors.rs"]
mod open_errors;

use std::fmt;

use chrono::TimeDelta;
use divan::{AllocProfiler, Bencher};
use outpost::{
    action::ScreenId,
    domain::Timestamp,
    keymap::{Chord, Key},
    model::Model,
    msg::Msg,
    shell::encode::Encoder,
    ui::{Theme, theme::Depth},
    update::update,
    view::view,
};
use ratatui::Terminal;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (300, 100)];

/// What comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// `j`: the selection moves.
    Key,
    /// `2` and `1` in turn: the whole screen changes.
    Screen,
    /// A second passes.
    Tick,
    /// Every feed answers, as before.
    Same,
    /// Every feed answers with other numbers.
    Changed,
}

const CAUSES: [Cause; 5] = [
    Cause::Key,
    Cause::Screen,
    Cause::Tick,
    Cause::Same,
    Cause::Changed,
];

/// A cause at a size.
#[derive(Debug, Clone, Copy)]
struct Case {
    cause: Cause,
    size: (u16, u16),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size;
        write!(f, "{:?} {width}x{height}", self.cause)
    }
}

fn cases() -> Vec<Case> {
    let all = |cause| SIZES.map(|size| Case { cause, size });
    CAUSES.into_iter().flat_map(all).collect()
}

/// A console without its edges.
struct Console {
    model: Model,
    theme: Theme,
    terminal: Terminal<Encoder>,
    now: Timestamp,
    turn: usize,
}

impl Console {
    /// One that was painted once.
    fn new((width, height): (u16, u16)) -> Self {
        let mut console = Self {
            model: worlds::stall().model((width, height), ScreenId::Overview),
            theme: Theme::named("default", Depth::True).unwrap(),
            terminal: Terminal::new(Encoder::new(width, height)).unwrap(),
            now: worlds::now(),
            turn: 0,
        };
        console.paint();
        console
    }

    /// The messages that `cause` brings next.
    fn next(&mut self, cause: Cause) -> Vec<Msg> {
        self.turn += 1;
        let is_odd = self.turn % 2 == 1;
        let key = |c| {
            vec![Msg::Key(Chord {
                key: Key::Char(c),
                ctrl: false,
            })]
        };
        match cause {
            Cause::Key => key(if is_odd { 'j' } else { 'k' }),
            Cause::Screen => key(if is_odd { '2' } else { '1' }),
            Cause::Tick => vec![Msg::Tick],
            Cause::Changed if is_odd => worlds::answers(&worlds::Facts::calm()),
            Cause::Same | Cause::Changed => worlds::answers(&worlds::Facts::stall()),
        }
    }

    fn take(&mut self, messages: Vec<Msg>) {
        self.now += TimeDelta::seconds(1);
        for message in messages {
            let _effects = update(&mut self.model, self.now, message);
        }
    }

    /// The bytes of the frame.
    fn paint(&mut self) -> usize {
        let (model, theme) = (&self.model, &self.theme);
        let drawn = self.terminal.draw(|frame| view(model, theme, frame));
        drawn.unwrap();
        self.terminal.backend_mut().take().len()
    }
}

#[divan::bench(args = cases())]
fn update_model(bencher: Bencher<'_, '_>, case: Case) {
    let mut console = Console::new(case.size);
    bencher.bench_local(|| {
        let messages = console.next(case.cause);
        console.take(messages);
    });
}

#[divan::bench(args = cases())]
fn update_and_paint(bencher: Bencher<'_, '_>, case: Case) {
    let mut console = Console::new(case.size);
    bencher.bench_local(|| {
        let messages = console.next(case.cause);
        console.take(messages);
        console.paint()
    });
}

/// Bytes of a frame, the mean of twenty.
fn bytes_table() {
    println!(
        "bytes a frame {:>9} {:>9} {:>9} {:>9}",
        "80x24", "120x40", "200x60", "300x100"
    );
    for cause in CAUSES {
        let of = |size| {
            let mut console = Console::new(size);
            let frame = |_| {
                let messages = console.next(cause);
                console.take(messages);
                console.paint()
            };
            (0..20).map(frame).sum::<usize>() / 20
        };
        let [a, b, c, d] = SIZES.map(of);
        println!("{:<13} {a:>9} {b:>9} {c:>9} {d:>9}", format!("{cause:?}"));
    }
}

fn main() {
    bytes_table();
    divan::main();
}
