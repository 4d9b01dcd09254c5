//! Numbers, spans and moments as an operator reads them: short, and never wider than a column expects.

use chrono::{NaiveDateTime, TimeDelta};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Context;
use crate::{
    action::TimeMode,
    domain::{Timestamp, latency::Quantile, outcomes::Share, reach::Reach, stage::COUNTED},
};

/// A count in at most 5 cells: `412`, `1.2k`, `38k`, `1.2M`.
pub fn count(n: u64) -> String {
    match n {
        0..=9_999 => n.to_string(),
        10_000..=999_999 => format!("{}k", n / 1_000),
        1_000_000..=9_999_999 => format!("{}.{}M", n / 1_000_000, n / 100_000 % 10),
        10_000_000..=999_999_999 => format!("{}M", n / 1_000_000),
        _ => format!("{}G", n / 1_000_000_000),
    }
}

/// A count with its thousands set apart: `1,204`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// As [`grouped`], of what is counted up to a limit: `100k+` where there are more.
pub fn capped(n: u64) -> String {
    if n > COUNTED {
        format!("{}k+", COUNTED / 1_000)
    } else {
        grouped(n)
    }
}

/// As [`capped`], of what may be more than was counted: `37+`.
pub fn at_least(n: u64, is_bound: bool) -> String {
    let more = if is_bound && n <= COUNTED { "+" } else { "" };
    format!("{}{more}", capped(n))
}

/// How far was looked for what belongs to a row, where that is not as far as it may be.
pub fn reach(cx: &Context<'_>, reach: Reach) -> Option<String> {
    let why = "no index finds it";
    match reach {
        Reach::Whole => None,
        Reach::Untold => Some(format!("not looked at: {why}, and the table is large")),
        Reach::Part(since, until) => {
            let from = since.map_or_else(String::new, |at| format!(" from {}", clock(cx, at)));
            let to = until.map_or_else(String::new, |at| format!(" to {}", clock(cx, at)));
            Some(format!("looked at{from}{to} only: {why}"))
        }
    }
}

/// A span of time in at most 5 cells: `9s`, `7m03s`, `38m`, `2h05m`, `31h`, `12d`.
pub fn span(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=599 => format!("{minutes}m{:02}s", seconds % 60),
        600..=3_599 => format!("{minutes}m"),
        3_600..=35_999 => format!("{hours}h{:02}m", minutes % 60),
        36_000..=259_199 => format!("{hours}h"),
        _ => format!("{}d", hours / 24),
    }
}

/// A latency, in ms, in at most 5 cells: `45ms`, `3.9s`, `41s`, `7m03s`.
pub fn latency(ms: u64) -> String {
    match ms {
        0..=99 => format!("{ms}ms"),
        100..=9_949 => format!("{:.1}s", ms as f64 / 1_000.0),
        _ => span(TimeDelta::milliseconds(
            i64::try_from(ms.saturating_add(500)).unwrap_or(i64::MAX),
        )),
    }
}

/// A quantile in at most 6 cells; `>` before a lower bound.
pub fn quantile(quantile: Quantile) -> String {
    let sign = if quantile.at_least { ">" } else { "" };
    format!("{sign}{}", latency(quantile.ms))
}

/// A rate in at most 4 cells: `0`, `0.4`, `31`, `1.2k`.
pub fn rate(value: f64) -> String {
    match value {
        v if v < 0.05 => "0".to_owned(),
        v if v < 9.95 && (v - v.round()).abs() > 0.05 => format!("{v:.1}"),
        v if v < 999.5 => format!("{v:.0}"),
        v if v < 9_950.0 => format!("{:.1}k", v / 1_000.0),
        v => format!("{:.0}k", v / 1_000.0),
    }
}

/// A change a minute with its sign, in at most 5 cells: `+38`, `-1.2`, `0`.
pub fn signed(value: f64) -> String {
    let size = rate(value.abs());
    match size.as_str() {
        "0" => size,
        _ if value < 0.0 => format!("-{size}"),
        _ => format!("+{size}"),
    }
}

/// A share of 1 in percent, at most 5 cells: `0.8%`, `96.2%`, `100%`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if (99.95..1_000.0).contains(&value) || value < 0.05 {
        format!("{value:.0}%")
    } else {
        format!("{value:.1}%")
    }
}

/// A part of a whole in percent; `-` of nothing.
pub fn share(part: u64, of: u64) -> String {
    if of == 0 {
        "-".to_owned()
    } else {
        percent(part as f64 / of as f64)
    }
}

/// As [`share`]; `lown` of cases that are too few to say anything.
pub fn told(part: Share) -> String {
    if part.is_low() {
        "lown".to_owned()
    } else {
        share(part.part, part.of)
    }
}

/// A moment, as the operator chose to see moments.
pub fn moment(cx: &Context<'_>, at: Timestamp) -> String {
    match cx.time_mode {
        TimeMode::Age => span(cx.now - at),
        TimeMode::Local | TimeMode::Utc => clock(cx, at),
    }
}

/// The clock time of `at`: in UTC with a `Z`, in local time without; the date before it when it was not
/// within the last 24 h.
pub fn clock(cx: &Context<'_>, at: Timestamp) -> String {
    clock_of(cx, at, "%H:%M:%S")
}

/// As [`clock`], to the minute.
pub fn minute(cx: &Context<'_>, at: Timestamp) -> String {
    clock_of(cx, at, "%H:%M")
}

/// The day and the clock time of `at`, in the zone of [`clock`].
pub fn day_and_clock(cx: &Context<'_>, at: Timestamp) -> String {
    let (shifted, zone) = shifted(cx, at);
    format!("{}{zone}", shifted.format("%Y-%m-%d %H:%M:%S"))
}

/// What clocks show at `at`, and what tells their zone.
fn shifted(cx: &Context<'_>, at: Timestamp) -> (NaiveDateTime, &'static str) {
    match cx.time_mode {
        TimeMode::Local => (cx.zone.shown(at), ""),
        TimeMode::Age | TimeMode::Utc => (at.naive_utc(), "Z"),
    }
}

fn clock_of(cx: &Context<'_>, at: Timestamp, near: &str) -> String {
    let (shifted, zone) = shifted(cx, at);
    let far = (cx.now - at).num_hours().abs() >= 24;
    let pattern = if far { "%m-%d %H:%M" } else { near };
    format!("{}{zone}", shifted.format(pattern))
}

/// `text`, cut to `width` cells; `…` stands for what is missing.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::with_capacity(width + 3);
    let mut used = 0;
    for c in text.chars() {
        let cells = c.width().unwrap_or(0);
        if used + cells + 1 > width {
            break;
        }
        used += cells;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// `text` with spaces behind it, so that it takes `width` cells at least.
pub fn padded(text: &str, width: usize) -> String {
    let room = width.saturating_sub(text.width());
    format!("{text}{:room$}", "")
}

/// The first of `forms` that fits `width`; else the last of them, cut after a word. The forms say the same,
/// the longest first.
pub fn fitting<'a>(forms: impl IntoIterator<Item = &'a str>, width: usize) -> String {
    let mut last = "";
    for form in forms {
        if form.width() <= width {
            return form.to_owned();
        }
        last = form;
    }
    let short = cut(last, width);
    let kept = short.trim_end_matches('…');
    match kept.rfind(' ') {
        Some(end) if !last.get(kept.len()..).unwrap_or_default().starts_with(' ') => {
            let words = kept.get(..end).unwrap_or_default();
            format!("{}…", words.trim_end_matches([',', ';', ':', ' ', '>']))
        }
        Some(_) | None => short,
    }
}

/// The end of `text` in at most `width` cells, after `…` where something is missing: keys that share their beginning are
/// told apart by their end.
pub fn cut_start(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let mut at = text.len();
    for (start, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        at = start;
    }
    let kept = text.get(at..).unwrap_or_default();
    if width > 0 {
        format!("…{kept}")
    } else {
        String::new()
    }
}

/// `text` in lines of at most `width` cells, broken at spaces where there are some.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let cells = word.trim_end().width();
        if used > 0 && used + cells > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for c in word.chars() {
            let cells = c.width().unwrap_or(0);
            if used + cells > width && c != ' ' {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += cells;
        }
    }
    lines.push(line);
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_short_and_exact_where_it_matters() {
        let shown = [9, 423, 2_280, 7_500, 111_600, 1_036_800, -5]
            .map(|seconds| span(TimeDelta::seconds(seconds)));
        assert_eq!(shown, ["9s", "7m03s", "38m", "2h05m", "31h", "12d", "0s"]);
    }

    #[test]
    fn numbers_fit_their_columns() {
        assert_eq!(
            [412, 9_999, 38_400, 1_234_567].map(count),
            ["412", "9999", "38k", "1.2M"]
        );
        assert_eq!(
            [1_204, 999, 31_204_000].map(grouped),
            ["1,204", "999", "31,204,000"]
        );
        assert_eq!(
            [0.0, 0.4, 31.2, 1_240.0].map(rate),
            ["0", "0.4", "31", "1.2k"]
        );
        assert_eq!([38.0, -1.2, 0.01].map(signed), ["+38", "-1.2", "0"]);
        assert_eq!(
            [0.008, 0.962, 1.0, 0.0].map(percent),
            ["0.8%", "96.2%", "100%", "0%"]
        );
        assert_eq!(
            [45, 600, 9_960, 41_000].map(latency),
            ["45ms", "0.6s", "10s", "41s"]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_promised(n in any::<u64>(), v in 0.0..1e6_f64, s in any::<i32>()) {
            prop_assert!(count(n % 1_000_000_000_000).len() <= 5);
            prop_assert!(rate(v).len() <= 5);
            prop_assert!(span(TimeDelta::seconds(i64::from(s))).len() <= 6);
        }

        #[test]
        fn a_cut_text_fits_and_a_wrapped_one_loses_nothing(text in "[a-zü漢 ]{0,60}", width in 0_usize..30) {
            prop_assert!(cut(&text, width).width() <= width);
            let lines = wrap(&text, width.max(2));
            prop_assert!(lines.iter().all(|line| line.width() <= width.max(2)), "{lines:?}");
            let kept = |text: &str| text.replace(' ', "");
            prop_assert_eq!(kept(&lines.concat()), kept(&text));
        }
    }
}
