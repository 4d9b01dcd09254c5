//! Draws the README's picture from the real program: starts `outpost demo` in a pseudo-terminal, types keys, and
//! prints what stands on the screen as SVG.
//!
//! `cargo run --example screenshot -- [SCENARIO [KEYS [COLUMNSxROWS [SECONDS]]]] > docs/overview.svg`
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool for whoever writes the README: it stops at the first surprise"
)]

use std::{
    fmt::Write as _,
    fs::File,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    os::fd::AsFd as _,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use pty_process::blocking::{Command, open};

/// Width and height of a cell, in pixels.
const CELL: (f64, f64) = (8.4, 17.0);
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d5d8de";
/// The sixteen colours, as a common dark terminal shows them.
const COLOURS: [&str; 16] = [
    "#16181d", "#e5616a", "#8fbf6a", "#e3b341", "#6aa6e8", "#c38be0", "#57b6c2", "#d5d8de",
    "#7d8590", "#ff7b83", "#a9dc76", "#ffd866", "#82b8ff", "#d9a6f5", "#6fd3df", "#ffffff",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, default: &str| {
        arguments
            .get(at)
            .cloned()
            .unwrap_or_else(|| default.to_owned())
    };
    let size = argument(2, "120x40");
    let (columns, rows) = size.split_once('x').expect("COLUMNSxROWS");
    let (columns, rows): (u16, u16) = (
        columns.parse().expect("columns"),
        rows.parse().expect("rows"),
    );
    let seconds: u64 = argument(3, "30").parse().expect("seconds");
    print!(
        "{}",
        svg(&play(
            &argument(0, "stall"),
            &argument(1, ""),
            (columns, rows),
            Duration::from_secs(seconds)
        ))
    );
}

/// Runs the demo for so long, types `keys` towards the end, and gives back the screen.
fn play(
    scenario: &str,
    keys: &str,
    (columns, rows): (u16, u16),
    length: Duration,
) -> vt100::Parser {
    let (mut pty, pts) = open().expect("a pseudo-terminal");
    pty.resize(pty_process::Size::new(rows, columns))
        .expect("a size");
    let program = std::env::current_exe()
        .expect("our path")
        .with_file_name("../outpost");
    let home = tempfile::tempdir().expect("a directory");
    let mut child = Command::new(program)
        .args(["demo", "--scenario", scenario])
        .env("TERM", "xterm-256color")
        .env("XDG_CONFIG_HOME", home.path())
        .env("XDG_STATE_HOME", home.path())
        .env_remove("NO_COLOR")
        .spawn(pts)
        .expect("the program; build it first");
    let (sender, bytes) = mpsc::channel();
    let mut reader = File::from(pty.as_fd().try_clone_to_owned().expect("a descriptor"));
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            if sender.send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    let cells = |n: u16| NonZeroU16::new(n).expect("not zero");
    let mut screen = vt100::Parser::new(cells(rows), cells(columns), 0);
    let mut watch = |until: Instant| {
        while let Ok(bytes) = bytes.recv_timeout(until.saturating_duration_since(Instant::now())) {
            screen.process(&bytes);
        }
    };
    let begun = Instant::now();
    watch(begun + length);
    for key in keys.chars() {
        pty.write_all(key.to_string().as_bytes())
            .expect("the program reads");
        watch(Instant::now() + Duration::from_millis(400));
    }
    watch(Instant::now() + Duration::from_millis(500));
    pty.write_all(b"\x03").expect("the program reads");
    child.wait().expect("the program ends");
    screen
}

fn colour(colour: vt100::Color, default: &str) -> String {
    match colour {
        vt100::Color::Default => default.to_owned(),
        vt100::Color::Idx(n @ 0..=15) => COLOURS[usize::from(n)].to_owned(),
        vt100::Color::Idx(n @ 16..=231) => {
            let n = n - 16;
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            format!(
                "#{:02x}{:02x}{:02x}",
                level(n / 36),
                level(n / 6 % 6),
                level(n % 6)
            )
        }
        vt100::Color::Idx(n) => format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (n - 232)),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

/// The screen as SVG: a rectangle for each background that is not the terminal's, a text for each run of cells of one
/// style.
fn svg(parser: &vt100::Parser) -> String {
    let screen = parser.screen();
    let (rows, columns) = screen.size();
    let (width, height) = (
        f64::from(u16::from(columns)) * CELL.0 + 16.0,
        f64::from(u16::from(rows)) * CELL.1 + 16.0,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..u16::from(rows) {
        let mut column = 0;
        while column < u16::from(columns) {
            let (style, start) = (style(screen, row, column), column);
            let mut text = String::new();
            while column < u16::from(columns) && self::style(screen, row, column) == style {
                let cell = screen.cell(row, column).expect("inside the screen");
                text.push_str(if cell.has_contents() {
                    cell.contents()
                } else {
                    " "
                });
                column += 1;
            }
            run(&mut out, &style, &text, start, row, column - start);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Foreground, background, bold.
fn style(screen: &vt100::Screen, row: u16, column: u16) -> (String, String, bool) {
    let cell = screen.cell(row, column).expect("inside the screen");
    let (fg, bg) = (
        colour(cell.fgcolor(), FOREGROUND),
        colour(cell.bgcolor(), BACKGROUND),
    );
    let (fg, bg) = if cell.inverse() { (bg, fg) } else { (fg, bg) };
    (fg, bg, cell.bold())
}

fn run(
    out: &mut String,
    (fg, bg, bold): &(String, String, bool),
    text: &str,
    column: u16,
    row: u16,
    cells: u16,
) {
    let (x, y) = (
        8.0 + f64::from(column) * CELL.0,
        8.0 + f64::from(row) * CELL.1,
    );
    let width = f64::from(cells) * CELL.0;
    if bg != BACKGROUND {
        writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{bg}\"/>",
            CELL.1
        )
        .expect("a String takes everything");
    }
    if text.trim().is_empty() {
        return;
    }
    let weight = if *bold { " font-weight=\"bold\"" } else { "" };
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" xml:space=\"preserve\" fill=\"{fg}\"{weight}>{text}</text>",
        y + 13.0
    )
    .expect("a String takes everything");
}
