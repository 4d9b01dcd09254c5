//! Spans of time as operators write them: `42s`, `7m03s`, `38m`, `3h10m`, `2d4h`, and back.

/// A span of `seconds`, in at most six characters up to 99 days; a negative one counts as none.
pub fn format(seconds: i64) -> String {
    let s = seconds.max(0);
    let (days, hours, minutes) = (s / 86_400, s / 3_600 % 24, s / 60 % 60);
    match s {
        0..60 => format!("{s}s"),
        60..600 => format!("{minutes}m{:02}s", s % 60),
        600..3_600 => format!("{minutes}m"),
        3_600..86_400 => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours}h"),
    }
}

/// A latency of `ms`: with a tenth of a second below 10 s, as [`format()`] from there on.
pub fn format_ms(ms: u64) -> String {
    if ms < 10_000 {
        format!("{}.{}s", ms / 1_000, ms / 100 % 10)
    } else {
        format(i64::try_from(ms / 1_000).unwrap_or(i64::MAX))
    }
}

/// The seconds that `text` spells: numbers with `s`, `m`, `h`, `d` or `w`, one after the other, largest
/// first or not; `None` for anything else, also for a bare number.
pub fn parse(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut number: Option<i64> = None;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(
                number
                    .unwrap_or(0)
                    .checked_mul(10)?
                    .checked_add(i64::from(digit))?,
            );
        } else {
            let unit = match c {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                'w' => 604_800,
                _ => return None,
            };
            total = total.checked_add(number.take()?.checked_mul(unit)?)?;
        }
    }
    (number.is_none() && !text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_read_as_operators_write_them() {
        let cases = [
            (0, "0s"),
            (42, "42s"),
            (125, "2m05s"),
            (423, "7m03s"),
            (2_309, "38m"),
            (11_400, "3h10m"),
            (187_200, "2d4h"),
            (-5, "0s"),
        ];
        for (seconds, text) in cases {
            assert_eq!(format(seconds), text);
        }
        assert_eq!(format_ms(640), "0.6s");
        assert_eq!(format_ms(41_000), "41s");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "5", "m", "5x", "5m3", "-5m", "99999999999999999999d"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("1h30m"), Some(5_400));
    }

    proptest! {
        #[test]
        fn a_formatted_span_reads_back_with_no_more_than_its_last_unit_lost(s in 0_i64..8_000_000) {
            let back = parse(&format(s)).unwrap();
            prop_assert!(back <= s && s - back < 3_600, "{s} {back}");
        }
    }
}
