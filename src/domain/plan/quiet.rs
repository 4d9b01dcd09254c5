//! The hours in which people are not to be written to.

use serde::{Deserialize, Serialize};

/// From when to when on each day, by the clocks of a zone. Whether it is so late the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// When they begin, as `20:00`.
    pub from: String,
    /// When they end, as `08:00`; on the next day where that is earlier.
    pub until: String,
    /// The zone, by a name that the server knows.
    pub zone: String,
    /// Whether people are written to all the same: somebody has said so of this plan.
    pub is_overridden: bool,
}

impl Quiet {
    /// The hours that `text` spells, as `20:00-08:00`, in `zone`; `None` where it spells none, or no time at all.
    pub fn parse(text: &str, zone: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (clock(from.trim())?, clock(until.trim())?);
        (from != until).then(|| Self {
            from,
            until,
            zone: zone.to_owned(),
            is_overridden: false,
        })
    }

    /// Why a row that writes to people is left alone meanwhile.
    pub fn why(&self) -> String {
        format!("quiet hours until {} ({})", self.until, self.zone)
    }
}

/// The time of day that `text` spells, in four digits.
fn clock(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_plain = (1..=2).contains(&hour.len()) && minute.len() == 2;
    if !is_plain || !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_two_times_of_a_day_that_differ() {
        let read = |text: &str| Quiet::parse(text, "Europe/Berlin").map(|it| it.why());
        let expected = Some("quiet hours until 08:00 (Europe/Berlin)".to_owned());
        assert_eq!(read("20:00-08:00"), expected);
        assert_eq!(read(" 20:00 - 8:00 "), expected);
        for wrong in [
            "",
            "20-8",
            "20:00",
            "20:00-20:00",
            "24:00-08:00",
            "20:60-08:00",
            "+2:00-08:00",
            "20:0-08:00",
            "20:00-08:00-09:00",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
