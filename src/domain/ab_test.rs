//! A/B tests of a campaign: what came of each side, and whether that is more than chance.

mod significance;

use serde::{Deserialize, Serialize};

pub use self::significance::{Chance, chance, needed};

use super::{
    Timestamp,
    campaign::Attribution,
    event::RowId,
    outcomes::{MIN_N, Share},
    untrusted::Untrusted,
};

/// A chance above which a difference is none.
pub const ALPHA: f64 = 0.05;

/// What a test is judged by: the guide ranks what it learns by the rate of replies. One measure, named beforehand: the best of
/// three would be beyond the limit by chance once in seven tests.
pub const JUDGED_BY: Measure = Measure::Replied;

/// A side of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

/// What is measured of those delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Who opened.
    Opened,
    /// Who clicked.
    Clicked,
    /// Who replied.
    Replied,
}

/// What came of one side. Every count is of distinct contacts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Contacts with a message of this side.
    pub contacts: u64,
    /// Of these, who was delivered to.
    pub delivered: u64,
    /// Of those delivered to, who opened.
    pub opened: u64,
    /// Who clicked.
    pub clicked: u64,
    /// Who replied.
    pub replied: u64,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbTest {
    /// Its key.
    pub id: RowId,
    /// Its name.
    pub name: Untrusted,
    /// What each side is, as the table has it: JSON at most sites.
    pub variants: [Option<Untrusted>; 2],
    /// Since when messages count for it; of all time where that is not said.
    pub started: Option<Timestamp>,
    /// Until when.
    pub ended: Option<Timestamp>,
    /// The winner that somebody wrote down, in the site's own word.
    pub winner: Option<Untrusted>,
    /// What came of each side.
    pub arms: [Arm; 2],
    /// Contacts with messages of more than one side, or of one and of neither, which count for none.
    pub both: u64,
    /// Contacts whose messages are of neither.
    pub neither: u64,
}

/// The tests of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbTests {
    /// Each, newest first.
    pub tests: Vec<AbTest>,
    /// How what came of a contact was attributed to the campaign.
    pub by: Attribution,
}

/// How a test stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// One side has too few cases, and needs so many more at least.
    Few(u64),
    /// The difference may be chance; so many more a side would tell, were it as great as seen. Nothing where there is none.
    NotDecided(Option<u64>),
    /// The difference is more than chance, and this side has the higher rate.
    Leads(Side),
}

/// What was written down as the winner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// This side.
    Won(Side),
    /// That neither is better.
    Neither,
    /// A word that nobody knows.
    Unknown,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// Its letter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

impl Measure {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Opened, Self::Clicked, Self::Replied];

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Replied => "replied",
        }
    }
}

impl Arm {
    /// Those of whom `measure` is true, of those delivered to.
    pub const fn share(&self, measure: Measure) -> Share {
        let part = match measure {
            Measure::Opened => self.opened,
            Measure::Clicked => self.clicked,
            Measure::Replied => self.replied,
        };
        Share {
            part,
            of: self.delivered,
        }
    }

    /// Whether it has too few cases for a rate to say anything.
    pub const fn is_low(&self) -> bool {
        self.delivered < MIN_N
    }
}

impl AbTest {
    /// The chance that both sides do the same by `measure`; nothing where one has too few cases.
    pub fn chance(&self, measure: Measure) -> Option<Chance> {
        let [a, b] = &self.arms;
        if a.is_low() || b.is_low() {
            return None;
        }
        chance(a.share(measure), b.share(measure))
    }

    /// How it stands by [`JUDGED_BY`].
    pub fn standing(&self) -> Standing {
        let [a, b] = self.arms.map(|arm| arm.share(JUDGED_BY));
        let least = a.of.min(b.of);
        let Some(chance) = self.chance(JUDGED_BY) else {
            return Standing::Few(MIN_N.saturating_sub(least).max(1));
        };
        if chance.p > ALPHA {
            let more = needed(a, b).map(|n| n.saturating_sub(least).max(1));
            return Standing::NotDecided(more);
        }
        Standing::Leads(if a.rate() > b.rate() {
            Side::A
        } else {
            Side::B
        })
    }

    /// The winner that was written down, understood.
    pub fn recorded(&self) -> Option<Recorded> {
        let word = self.winner.as_ref()?.raw().trim().to_ascii_lowercase();
        Some(match word.as_str() {
            "" => return None,
            "a" | "variant_a" | "variant a" => Recorded::Won(Side::A),
            "b" | "variant_b" | "variant b" => Recorded::Won(Side::B),
            "none" | "neither" | "tie" | "draw" => Recorded::Neither,
            _ => Recorded::Unknown,
        })
    }

    /// How it stands, in the word for it.
    pub fn word(&self) -> &'static str {
        match self.standing() {
            Standing::Few(_) | Standing::NotDecided(_) => "not decided",
            Standing::Leads(Side::A) => "a leads",
            Standing::Leads(Side::B) => "b leads",
        }
    }

    /// Whether it still runs `now`, or is yet to.
    fn runs(&self, now: Timestamp) -> bool {
        self.ended.is_none_or(|end| end > now)
    }

    /// Why it stands so, `now` by the clock of the database.
    pub fn why(&self, now: Timestamp) -> String {
        let judged = JUDGED_BY.word();
        let p = self.chance(JUDGED_BY).map(|it| p(it.p)).unwrap_or_default();
        match self.standing() {
            Standing::Few(more) => {
                format!(
                    "fewer than {MIN_N} delivered on a side: at least {more} more are needed there"
                )
            }
            Standing::NotDecided(None) => format!("{judged} {p}: no difference is seen"),
            Standing::NotDecided(Some(more)) => {
                format!("{judged} {p}: at least {more} more a side would tell a difference as seen")
            }
            Standing::Leads(_) if self.runs(now) => {
                format!("{judged} {p}; it still runs, and each look is one more chance to be wrong")
            }
            Standing::Leads(_) => format!("{judged} {p}"),
        }
    }

    /// What was written down that these numbers do not bear out.
    pub fn contradiction(&self) -> Option<String> {
        let standing = self.standing();
        let said = match (self.recorded()?, standing) {
            (Recorded::Won(side), Standing::Leads(leads)) if side == leads => return None,
            (Recorded::Neither, Standing::Few(_) | Standing::NotDecided(_)) => return None,
            (Recorded::Won(side), _) => format!("{} is recorded as the winner", side.word()),
            (Recorded::Neither, _) => "none is recorded as the winner".to_owned(),
            (Recorded::Unknown, _) => {
                let word = self.winner.as_ref().map(|word| word.display_cut(24));
                format!(
                    "the recorded winner `{}` is neither a nor b",
                    word.unwrap_or_default()
                )
            }
        };
        Some(format!(
            "{said}; these numbers do not say so: {}",
            self.word()
        ))
    }

    /// What a side is: the one value of its JSON object, or all of it.
    pub fn variant(&self, side: Side) -> Option<Untrusted> {
        let [a, b] = &self.variants;
        let text = match side {
            Side::A => a,
            Side::B => b,
        };
        let text = text.as_ref()?;
        Some(only(text).unwrap_or_else(|| text.clone()))
    }
}

/// The value of a JSON object that has but one, and that a text.
fn only(json: &Untrusted) -> Option<Untrusted> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json.raw()).ok()?;
    let mut values = object.into_iter().map(|(_, value)| value);
    let (value, more) = (values.next()?, values.next());
    let text = value.as_str().filter(|_| more.is_none())?;
    Some(Untrusted::from(text))
}

/// A chance as people write it: `p 0.49`, `p 0.003`, `p <0.001`.
pub fn p(chance: f64) -> String {
    match chance {
        p if p < 0.001 => "p <0.001".to_owned(),
        // Rounded it would not tell on which side of the limit it is.
        p if (p - ALPHA).abs() < 0.0005 => format!("p {p:.5}"),
        p if p < 0.1 => format!("p {p:.3}"),
        p => format!("p {p:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn now() -> Timestamp {
        chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn test(a: (u64, u64), b: (u64, u64), winner: Option<&str>) -> AbTest {
        let arm = |(replied, delivered)| Arm {
            contacts: delivered + 2,
            delivered,
            opened: delivered / 4,
            clicked: delivered / 20,
            replied,
        };
        AbTest {
            id: RowId::from(1),
            name: Untrusted::from("subj-v2"),
            variants: [
                Some(Untrusted::from(r#"{"subject": "An idea"}"#)),
                Some(Untrusted::from("plain words")),
            ],
            started: None,
            ended: None,
            winner: winner.map(Untrusted::from),
            arms: [arm(a), arm(b)],
            both: 0,
            neither: 0,
        }
    }

    #[test]
    fn a_test_is_decided_by_more_than_chance_and_only_of_enough_cases() {
        let sketch = test((23, 611), (28, 604), None);
        assert_eq!(sketch.word(), "not decided");
        let why = "replied p 0.45: at least 7713 more a side would tell a difference as seen";
        assert_eq!(sketch.why(now()), why);
        let led = test((6, 300), (24, 290), None);
        assert_eq!(
            (led.standing(), led.word()),
            (Standing::Leads(Side::B), "b leads")
        );
        let why = "replied p <0.001; it still runs, and each look is one more chance to be wrong";
        assert_eq!(led.why(now()), why);
        let until = |end| AbTest {
            ended: Some(end),
            ..led.clone()
        };
        // It runs until the day that was set, which is seldom left out.
        let later = now() + chrono::TimeDelta::days(3);
        assert_eq!(until(later).why(now()), why);
        assert_eq!(until(now()).why(now()), "replied p <0.001");
        let back = test((24, 290), (6, 300), None);
        assert_eq!(back.word(), "a leads");
        // Of 19 nothing is said, however far apart.
        let few = test((0, 19), (200, 200), None);
        assert_eq!(
            (few.standing(), few.word()),
            (Standing::Few(1), "not decided")
        );
        assert_eq!(few.chance(JUDGED_BY), None);
        let why = "fewer than 20 delivered on a side: at least 1 more are needed there";
        assert_eq!(few.why(now()), why);
        let same = test((3, 100), (3, 100), None);
        assert_eq!(same.standing(), Standing::NotDecided(None));
        assert_eq!(same.why(now()), "replied p 1.00: no difference is seen");
    }

    #[test]
    fn a_winner_that_the_numbers_do_not_bear_out_is_told() {
        let (even, led) = (((23, 611), (28, 604)), ((6, 300), (24, 290)));
        let told = |(a, b): ((u64, u64), (u64, u64)), winner| test(a, b, winner).contradiction();
        for (numbers, winner) in [(even, None), (even, Some("none")), (led, Some(" B "))] {
            assert_eq!(told(numbers, winner), None);
        }
        let of =
            |said: &str, word: &str| Some(format!("{said}; these numbers do not say so: {word}"));
        let b = "b is recorded as the winner";
        assert_eq!(told(even, Some("b")), of(b, "not decided"));
        assert_eq!(
            told(led, Some("variant_a")),
            of("a is recorded as the winner", "b leads")
        );
        assert_eq!(
            told(led, Some("none")),
            of("none is recorded as the winner", "b leads")
        );
        assert_eq!(
            told(led, Some("blue")),
            of("the recorded winner `blue` is neither a nor b", "b leads")
        );
    }

    #[test]
    fn a_variant_is_the_one_value_of_its_object_or_all_of_its_text() {
        let test = test((0, 0), (0, 0), None);
        let variant = |side| test.variant(side).map(|text| text.raw().to_owned());
        assert_eq!(variant(Side::A).as_deref(), Some("An idea"));
        assert_eq!(variant(Side::B).as_deref(), Some("plain words"));
    }
}
