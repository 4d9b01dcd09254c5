//! What the alert rules on delivery, enrichment, replies and the CRM are judged on.

use serde::{Deserialize, Serialize};

use super::{Timestamp, as_of::AsOf, untrusted::Untrusted};

/// What the alert rules without a stage of their own are judged on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Delivery outcomes of the last 24 h, and how many of them bounced; `None` without a delivery log.
    pub deliveries_24h: Option<Share>,
    /// The most frequent reasons of those bounces, the first the most frequent; empty when the log names none.
    pub bounces: Vec<BounceReason>,
    /// Enrichments that ended in the last 24 h, and how many found an e-mail.
    pub enrichments_24h: Option<Share>,
    /// Contacts delivered to in the last 7 days, and how many replied.
    pub replies_7d: Option<Share>,
    /// CRM syncs; `None` without a sync log.
    pub crm: Option<CrmSync>,
    /// Which of these are missing because their query takes too long, or would read too much.
    pub slow: Slow,
    /// Which of these are those of before, and since when.
    #[serde(default)]
    pub counted: Counted,
    /// Which of these are of the newest rows of a large table alone.
    #[serde(default)]
    pub sampled: Sampled,
}

/// What was counted among so many rows of its table, the newest, since nothing finds those of its window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// [`Outcomes::deliveries_24h`]: among how many.
    pub deliveries: Option<u64>,
    /// [`Outcomes::enrichments_24h`]: among how many.
    pub enrichments: Option<u64>,
}

/// When a part was counted that was not counted anew at the last turn: a query that costs much is asked rarely.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// [`Outcomes::deliveries_24h`].
    pub deliveries: Option<AsOf>,
    /// [`Outcomes::enrichments_24h`].
    pub enrichments: Option<AsOf>,
    /// [`Outcomes::replies_7d`].
    pub replies: Option<AsOf>,
    /// [`Outcomes::crm`].
    pub crm: Option<AsOf>,
}

/// A reason why messages bounced, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BounceReason {
    /// What the delivery log says, without addresses.
    pub reason: Untrusted,
    /// How many of all bounces of the last 24 h, of which at most 5,000 are looked at.
    pub share: Share,
}

/// What could not be read because its query takes too long, or would read too much of a large table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each part, none of which says anything of another"
)]
pub struct Slow {
    /// [`Outcomes::deliveries_24h`].
    pub deliveries: bool,
    /// [`Outcomes::enrichments_24h`].
    pub enrichments: bool,
    /// [`Outcomes::replies_7d`].
    pub replies: bool,
    /// [`Outcomes::crm`].
    pub crm: bool,
}

/// Cases of which fewer say nothing: a rate of them is shown as `lown`.
pub const MIN_N: u64 = 20;

/// A part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The part.
    pub part: u64,
    /// The whole.
    pub of: u64,
}

impl Share {
    /// The share, of 1; `None` of nothing.
    pub fn rate(self) -> Option<f64> {
        (self.of > 0).then(|| self.part as f64 / self.of as f64)
    }

    /// Whether there are cases, and too few for a rate to say anything.
    pub const fn is_low(self) -> bool {
        0 < self.of && self.of < MIN_N
    }

    /// The 95 % interval after Wilson in which the true share lies; `None` of nothing.
    pub fn wilson(self) -> Option<(f64, f64)> {
        const Z: f64 = 1.959_964;
        let n = self.of as f64;
        let p = self.rate()?.min(1.0);
        let z2 = Z * Z;
        let centre = p + z2 / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z2 / n;
        Some((
            ((centre - spread) / scale).max(0.0),
            ((centre + spread) / scale).min(1.0),
        ))
    }
}

/// How the CRM is being synced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmSync {
    /// The last success, of any age.
    pub last_success: Option<Timestamp>,
    /// Leads that waited for a sync in the last 30 min: qualified in it, or still pending.
    pub due_30m: u64,
    /// When the oldest of those became due.
    pub oldest_due: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_of_three_says_little_and_a_thousand_of_three_thousand_much() {
        let (low, high) = Share { part: 1, of: 3 }.wilson().unwrap();
        assert!((low - 0.061).abs() < 0.001 && (high - 0.792).abs() < 0.001);
        let (low, high) = Share {
            part: 1_000,
            of: 3_000,
        }
        .wilson()
        .unwrap();
        assert!(low > 0.316 && high < 0.351, "{low} {high}");
        assert_eq!(Share { part: 0, of: 0 }.wilson(), None);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share(part in 0_u64..1_000, more in 0_u64..1_000) {
            let share = Share { part, of: part + more };
            if let (Some(rate), Some((low, high))) = (share.rate(), share.wilson()) {
                prop_assert!(low <= rate + 1e-9 && rate <= high + 1e-9);
                prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
            }
        }
    }
}
