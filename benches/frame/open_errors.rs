//! 100,000 open errors: what a key, a letter of a filter and a refresh that changes ten of them cost on the errors screen, and
//! what such a refresh costs the table of errors that the reader keeps.

use std::{fmt, sync::LazyLock};

use chrono::TimeDelta;
use divan::Bencher;
use outpost::{
    action::ScreenId,
    domain::{
        Timestamp,
        error_group::{Book, ErrorRow, Errors, Noted, Severity},
        event::{EventType, RowId},
        pipeline::Pipeline,
        untrusted::Untrusted,
    },
    effect::FeedId,
    keymap::{Chord, Key},
    msg::{Fact, Msg},
};

use super::{Console, SIZES, worlds};

/// How many are open.
const OPEN: i64 = 100_000;

/// How many of them a refresh changes.
const CHANGED: i64 = 10;

/// Words that tell one group from another, a stage.
const REASONS: [&str; 40] = [
    "smtp", "dns", "quota", "timeout", "refused", "reset", "denied", "expired", "missing", "empty",
    "broken", "closed", "locked", "stale", "unknown", "invalid", "partial", "doubled", "moved",
    "gone", "slow", "full", "cut", "late", "odd", "wrong", "short", "long", "plain", "bare",
    "loose", "torn", "bent", "cold", "dry", "flat", "grey", "high", "low", "raw",
];

fn row(id: i64) -> ErrorRow {
    let at = id.unsigned_abs() as usize;
    let stages = &Pipeline::guide().stages;
    let reason = REASONS[at % REASONS.len()];
    ErrorRow {
        id: RowId::from(id),
        stage: EventType::from(stages[at % stages.len()].event.as_str()),
        record: Some(Untrusted::from((id % 30_000).to_string())),
        message: Untrusted::from(format!("{reason} answer {} for record {id}", 400 + id % 30)),
        severity: if at.is_multiple_of(50) {
            Severity::Critical
        } else {
            Severity::Error
        },
        created_at: worlds::now() - TimeDelta::seconds(OPEN - id),
        event: None,
        execution: None,
        details: Untrusted::default(),
    }
}

fn told(book: &Book, now: Timestamp) -> Errors {
    let mut errors = Errors {
        unresolved: vec![(Severity::Error, book.open())],
        ..Errors::default()
    };
    book.tell(&mut errors, now, true);
    errors
}

/// Ten that are resolved, or ten others that come.
fn changes(is_odd: bool) -> impl Iterator<Item = Noted> {
    (0..CHANGED).map(move |n| {
        let row = row(OPEN - n * 977);
        Noted {
            resolved: is_odd,
            resolved_at: is_odd.then(worlds::now),
            ..Noted::open(row)
        }
    })
}

/// The table of errors, and what it tells before and after ten have changed.
static WORLD: LazyLock<(Book, [Errors; 2])> = LazyLock::new(|| {
    let mut book = Book::default();
    book.take((1..=OPEN).map(|id| Noted::open(row(id))));
    book.has_past();
    let before = told(&book, worlds::now());
    let mut changed = book.clone();
    changed.take(changes(true));
    let after = told(&changed, worlds::now());
    (book, [before, after])
});

/// What comes.
#[derive(Debug, Clone, Copy)]
enum Cause {
    /// `j` and `k` in turn.
    Key,
    /// A letter of a filter, and its removal, in turn.
    Letter,
    /// The feed answers, and ten errors have changed.
    Refresh,
}

/// What the screen lists.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Groups,
    Errors,
    Records,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    cause: Cause,
    mode: Mode,
    size: (u16, u16),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size;
        write!(f, "{:?} {:?} {width}x{height}", self.cause, self.mode)
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for cause in [Cause::Key, Cause::Letter, Cause::Refresh] {
        for mode in [Mode::Groups, Mode::Errors, Mode::Records] {
            cases.extend(SIZES.map(|size| Case { cause, mode, size }));
        }
    }
    cases
}

fn pressed(key: Key) -> Msg {
    Msg::Key(Chord { key, ctrl: false })
}

fn answer(errors: &Errors) -> Msg {
    Msg::Fetched(FeedId::Errors, Ok(Fact::Errors(errors.clone())), 5.into())
}

/// The errors screen with all of them.
fn console(case: Case) -> Console {
    let mut console = Console::new(case.size);
    console.model.screen = ScreenId::Errors;
    let mut messages = vec![pressed(Key::Char('4')), answer(&WORLD.1[0])];
    let times = match case.mode {
        Mode::Groups => 0,
        Mode::Errors => 1,
        Mode::Records => 3,
    };
    messages.extend((0..times).map(|_| pressed(Key::Char('m'))));
    if matches!(case.cause, Cause::Letter) {
        messages.extend("/quot".chars().map(|c| pressed(Key::Char(c))));
    }
    console.take(messages);
    console.paint();
    console
}

fn next(turn: usize, cause: Cause) -> Msg {
    let is_odd = turn % 2 == 1;
    match (cause, is_odd) {
        (Cause::Key, true) => pressed(Key::Char('j')),
        (Cause::Key, false) => pressed(Key::Char('k')),
        (Cause::Letter, true) => pressed(Key::Char('a')),
        (Cause::Letter, false) => pressed(Key::Backspace),
        (Cause::Refresh, _) => answer(&WORLD.1[usize::from(is_odd)]),
    }
}

/// Taken in and painted.
#[divan::bench(args = cases())]
fn update_and_paint(bencher: Bencher<'_, '_>, case: Case) {
    let mut console = console(case);
    let mut turn = 0;
    // What the reader makes of it is no part of this.
    let input = || {
        turn += 1;
        next(turn, case.cause)
    };
    let bencher = bencher.with_inputs(input);
    bencher.bench_local_values(|message| {
        console.take(vec![message]);
        console.paint()
    });
}

/// What the reader does meanwhile: ten rows come, and the groups are told anew.
#[divan::bench]
fn book(bencher: Bencher<'_, '_>) {
    let mut book = WORLD.0.clone();
    let mut is_odd = false;
    bencher.bench_local(|| {
        is_odd = !is_odd;
        book.take(changes(is_odd));
        told(&book, worlds::now())
    });
}
