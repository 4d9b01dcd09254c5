//! Moments as an operator types them.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::{Timestamp, duration, zone::Zone};

/// Which way from now a moment lies that is not typed in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// `2h` is two hours ago, `14:24` the last time the clock showed that.
    Past,
    /// `2h` is in two hours, `14:24` the next time.
    Future,
}

/// The moment that `text` spells: `2h`, `14:24`, `2026-03-09`, `2026-03-09 14:24`, each of these two times also with seconds,
/// `2026-03-09T14:24Z`; `yesterday 14:24` or `tomorrow 9:00`, by which way it lies. Times of day are those of `zone`; a day without one
/// begins at 9:00 where it is to come, at 0:00 where it is past. Nothing where it is none of these.
pub fn read(text: &str, (now, zone): (Timestamp, &Zone), toward: Toward) -> Option<Timestamp> {
    spelled(text, (now, zone), toward).filter(|at| YEARS.contains(&at.year()))
}

fn spelled(text: &str, (now, zone): (Timestamp, &Zone), toward: Toward) -> Option<Timestamp> {
    let text = text.trim().to_ascii_lowercase();
    if let Some(seconds) = duration::parse(&text) {
        let span = TimeDelta::try_seconds(seconds)?;
        return match toward {
            Toward::Past => now.checked_sub_signed(span),
            Toward::Future => now.checked_add_signed(span),
        };
    }
    if let Some(at) = absolute(&text) {
        return Some(at);
    }
    let here = zone.shown(now);
    let (word, way, begins) = match toward {
        Toward::Past => ("yesterday", NaiveDate::checked_sub_days as Way, 0),
        Toward::Future => ("tomorrow", NaiveDate::checked_add_days as Way, 9),
    };
    let begins = NaiveTime::from_hms_opt(begins, 0, 0)?;
    let next = way(here.date(), Days::new(1))?;
    if let Some(rest) = text.strip_prefix(word) {
        let time = match rest.trim() {
            "" => begins,
            rest => clock(rest)?,
        };
        return zone.moment(next.and_time(time));
    }
    if let Some(time) = clock(&text) {
        let today = zone.moment(here.date().and_time(time))?;
        let is_today = match toward {
            Toward::Past => today <= now,
            Toward::Future => today > now,
        };
        return if is_today {
            Some(today)
        } else {
            zone.moment(next.and_time(time))
        };
    }
    let day = |text: &str| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|day| YEARS.contains(&day.year()))
    };
    match text.split_once([' ', 't']) {
        None => zone.moment(day(&text)?.and_time(begins)),
        Some((date, time)) => zone.moment(day(date)?.and_time(clock(time.trim())?)),
    }
}

/// Years that are read: no zone is counted in beyond what a moment can be.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// To the day so many days on, or back.
type Way = fn(NaiveDate, Days) -> Option<NaiveDate>;

fn clock(text: &str) -> Option<NaiveTime> {
    let mut forms = ["%H:%M", "%H:%M:%S"].iter();
    forms.find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

/// The moment that `text` spells with its own zone, as a plan prints it: it is the same on every machine and later on.
fn absolute(text: &str) -> Option<Timestamp> {
    let text = text.to_ascii_uppercase().replacen(' ', "T", 1);
    let whole = DateTime::parse_from_rfc3339(&text).ok();
    whole.map(|at| at.to_utc()).or_else(|| {
        let bare = text.strip_suffix('Z')?;
        let minute = NaiveDateTime::parse_from_str(bare, "%Y-%m-%dT%H:%M").ok()?;
        Some(minute.and_utc())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn what_is_not_typed_in_full_lies_before_or_after_now() {
        let now = at("2026-03-09T12:00:00Z");
        // An hour ahead of UTC: 13:00 there.
        let zone = Zone::fixed(3_600);
        for (text, past, future) in [
            ("2h", "2026-03-09T10:00:00Z", "2026-03-09T14:00:00Z"),
            ("12:30", "2026-03-09T11:30:00Z", "2026-03-10T11:30:00Z"),
            ("13:30", "2026-03-08T12:30:00Z", "2026-03-09T12:30:00Z"),
            ("13:00", "2026-03-09T12:00:00Z", "2026-03-10T12:00:00Z"),
            ("12:30:07", "2026-03-09T11:30:07Z", "2026-03-10T11:30:07Z"),
            ("2026-03-07", "2026-03-06T23:00:00Z", "2026-03-07T08:00:00Z"),
            (
                "2026-03-07 14:24",
                "2026-03-07T13:24:00Z",
                "2026-03-07T13:24:00Z",
            ),
            (
                "2026-03-07T14:24Z",
                "2026-03-07T14:24:00Z",
                "2026-03-07T14:24:00Z",
            ),
            (
                "2026-03-07 14:24:05z",
                "2026-03-07T14:24:05Z",
                "2026-03-07T14:24:05Z",
            ),
            (
                "2026-03-07T14:24:05+02:00",
                "2026-03-07T12:24:05Z",
                "2026-03-07T12:24:05Z",
            ),
        ] {
            let read = |toward| read(text, (now, &zone), toward);
            assert_eq!(read(Toward::Past), Some(at(past)), "{text}");
            assert_eq!(read(Toward::Future), Some(at(future)), "{text}");
        }
        let day = |text, toward| read(text, (now, &zone), toward);
        let yesterday = Some(at("2026-03-08T13:24:00Z"));
        assert_eq!(day("yesterday 14:24", Toward::Past), yesterday);
        let tomorrow = Some(at("2026-03-10T08:00:00Z"));
        assert_eq!(day("Tomorrow", Toward::Future), tomorrow);
        for wrong in [
            "",
            "now",
            "25:00",
            "2026-13-01",
            "-2h",
            "-262143-01-01",
            "-0001-01-01T00:00Z",
            "999999999w",
            "yesterday",
            "14",
            "2026-03-07 noon",
        ] {
            assert_eq!(day(wrong, Toward::Future), None, "{wrong}");
        }
    }
    #[test]
    fn an_hour_that_the_clocks_show_twice_is_that_of_today() {
        // At one o'clock UTC three becomes two.
        let zone = Zone::of(at("2026-10-01T00:00:00Z"), 60, |moment| {
            if moment < at("2026-10-25T01:00:00Z") {
                7_200
            } else {
                3_600
            }
        });
        let now = at("2026-10-25T01:10:00Z");
        let past = |text| read(text, (now, &zone), Toward::Past);
        assert_eq!(past("02:30"), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(past("01:30"), Some(at("2026-10-24T23:30:00Z")));
        assert_eq!(past("2026-10-26 9:00"), Some(at("2026-10-26T08:00:00Z")));
    }
}
