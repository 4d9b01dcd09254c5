//! The frame in ASCII alone, for terminals and fonts that have nothing else.

use ratatui::buffer::Buffer;

/// Replaces every character that is not ASCII: borders, trends and arrows by their like, anything else by `?`.
pub(super) fn ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let first = cell.symbol().chars().next().unwrap_or(' ');
            cell.set_char(like(first));
        }
    }
}

const LIKE: [(&str, char); 15] = [
    ("─━—–", '-'),
    ("│┃", '|'),
    ("┌┐└┘├┤┬┴┼", '+'),
    ("▁▏·", '.'),
    ("▂▎", ':'),
    ("▃▍", '-'),
    ("▄▌", '='),
    ("▅▋", '+'),
    ("▆▊", '*'),
    ("▇▉█", '#'),
    ("…", '~'),
    ("→▶", '>'),
    ("←◀", '<'),
    ("↑▲", '^'),
    ("↓▼", 'v'),
];

fn like(c: char) -> char {
    LIKE.iter()
        .find(|(like, _)| like.contains(c))
        .map_or('?', |(_, ascii)| *ascii)
}
