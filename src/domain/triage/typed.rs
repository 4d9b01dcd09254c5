//! What an operator types about a group: who has it, and until when it is left alone.

use chrono::SubsecRound as _;

use super::{LONGEST, Until};
use crate::domain::{
    Timestamp,
    moment::{self, Toward},
    untrusted::Untrusted,
    zone::Zone,
};

/// What may be typed to leave a group alone, with what it means.
pub const UNTIL: [(&str, &str); 7] = [
    ("1h", "Until an hour from now."),
    ("4h", "Until four hours from now."),
    ("tomorrow 9:00", "Until tomorrow at nine."),
    ("7d", "Until a week from now."),
    ("10 more", "Until ten more errors of it came."),
    ("100 more", "Until a hundred more errors of it came."),
    ("20/h", "Until twenty errors of it came within one hour."),
];

/// What may be typed to silence an alert, with what it means.
pub const SILENCE: [(&str, &str); 5] = [
    ("1h", "Until an hour from now."),
    ("30m", "Until half an hour from now."),
    ("4h", "Until four hours from now."),
    ("tomorrow 9:00", "Until tomorrow at nine."),
    ("7d", "Until a week from now."),
];

/// More errors than this are no number to wait for.
const MOST: u64 = 1_000_000;

/// Nothing is left alone for longer.
const LONGEST_WAIT: i64 = 366 * 86_400;

/// What is to become of an owner or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is.
    Keep,
    /// There is to be none.
    Clear,
    /// It is to be this.
    To(Untrusted),
}

impl Change {
    /// Makes it of `place`.
    pub fn make(&self, place: &mut Option<Untrusted>) {
        match self {
            Self::Keep => {}
            Self::Clear => *place = None,
            Self::To(text) => *place = Some(text.clone()),
        }
    }
}

/// Whose a group is to be, and what is to be noted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// Who has it.
    pub owner: Change,
    /// What is noted.
    pub note: Change,
}

/// Reads `me`, a name, or `-` for nobody; then, behind a `;`, a note. `; words` alone notes something, and `;` removes the
/// note. `me` is who types.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn whose(text: &str, me: &str) -> Result<Whose, String> {
    let (owner, note) = noted(text);
    let owner = match owner {
        "" if note != Change::Keep => Change::Keep,
        "" | "me" => Change::To(Untrusted::from(me)),
        "-" | "nobody" => Change::Clear,
        name if name.contains(char::is_whitespace) => {
            return Err(format!(
                "a name has no spaces; a note comes behind a semicolon: {}; …",
                name.split_whitespace().next().unwrap_or_default()
            ));
        }
        name => Change::To(kept(name)),
    };
    Ok(Whose { owner, note })
}

/// Reads until when a group is left alone, as in [`UNTIL`] or as `15:30`, `2026-03-09`, `2026-03-09 15:30`,
/// `2026-03-09T15:30Z`, each with or without `until` before it; then, behind a `;`,
/// a note. The database's clock shows `now`; times of day are those of `zone`.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn until(text: &str, now: Timestamp, zone: &Zone) -> Result<(Until, Change), String> {
    let when = "say until when: 4h, tomorrow 9:00, 15:30, 50 more, or 20/h";
    read(text, (now, zone), when)
}

/// Reads until when an alert is silenced, as [`until`] does; what is no time is refused by [`super::silenced`].
///
/// # Errors
/// As [`until`].
pub fn silence(text: &str, now: Timestamp, zone: &Zone) -> Result<(Until, Change), String> {
    let when = "say until when: 1h, until 18:00, tomorrow 9:00";
    read(text, (now, zone), when)
}

/// As [`until`]; what is nothing of all that is answered by `when`.
fn read(
    text: &str,
    (now, zone): (Timestamp, &Zone),
    when: &str,
) -> Result<(Until, Change), String> {
    let (text, note) = noted(text);
    let text = text.to_ascii_lowercase();
    let text = text.strip_prefix("until ").unwrap_or(&text).trim_start();
    let counted = |number: &str| -> Result<u64, String> {
        let n = number.trim().trim_start_matches('+');
        n.parse()
            .ok()
            .filter(|n| (1..=MOST).contains(n))
            .ok_or_else(|| format!("a number from 1 to {MOST} is needed"))
    };
    let rate = ["/h", "/hour", " an hour", " per hour"]
        .iter()
        .find_map(|end| text.strip_suffix(end));
    if let Some(number) = rate {
        return Ok((Until::Rate(counted(number)?), note));
    }
    if let Some(number) = text.strip_suffix("more") {
        return Ok((Until::More(counted(number)?), note));
    }
    if let Some(number) = text.strip_prefix('+') {
        return Ok((Until::More(counted(number)?), note));
    }
    let at = moment::read(text, (now, zone), Toward::Future).ok_or_else(|| when.to_owned())?;
    if at <= now {
        return Err("that moment has passed".to_owned());
    }
    if (at - now).num_seconds() > LONGEST_WAIT {
        return Err("that is more than a year away".to_owned());
    }
    Ok((Until::Time(at.trunc_subsecs(0)), note))
}

/// `text` before its first `;`, and the note behind it.
fn noted(text: &str) -> (&str, Change) {
    match text.split_once(';') {
        None => (text.trim(), Change::Keep),
        Some((before, note)) if note.trim().is_empty() => (before.trim(), Change::Clear),
        Some((before, note)) => (before.trim(), Change::To(kept(note.trim()))),
    }
}

fn kept(text: &str) -> Untrusted {
    Untrusted::from(text.chars().take(LONGEST).collect::<String>())
}
