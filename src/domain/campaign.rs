//! Campaigns as funnels: distinct contacts at each step.

use serde::{Deserialize, Serialize};

use super::{Timestamp, as_of::AsOf, event::RowId, outcomes::Share, untrusted::Untrusted};

/// How steps were attributed to a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attribution {
    /// By the campaign's key in the log tables: exact.
    Campaign,
    /// By time: within 7 days after the contact was added.
    Time,
}

/// One campaign. Every count is of distinct contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its key.
    pub id: RowId,
    /// Its name.
    pub name: Untrusted,
    /// Where it stands, in the site's own word, if the table says.
    pub status: Option<Untrusted>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Contacts in it.
    pub contacts: u64,
    /// Messages queued and not sent.
    pub queued: u64,
    /// Contacts with a delivery.
    pub delivered: u64,
    /// Contacts whose delivery bounced.
    pub bounced: u64,
    /// Contacts that opened.
    pub opened: u64,
    /// Contacts that clicked.
    pub clicked: u64,
    /// Contacts that replied.
    pub replied: u64,
    /// Contacts that unsubscribed.
    pub unsubscribed: u64,
    /// How the steps were attributed.
    pub attribution: Attribution,
    /// When it was counted, where that was not in the last refresh.
    #[serde(default)]
    pub as_of: Option<AsOf>,
}

/// One step of a funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub label: &'static str,
    /// Contacts that got so far, of those who could have.
    pub share: Share,
}

impl Campaign {
    /// The funnel: delivered of the contacts; opened, clicked, replied of the delivered.
    pub const fn funnel(&self) -> [Step; 4] {
        const fn step(label: &'static str, part: u64, of: u64) -> Step {
            Step {
                label,
                share: Share { part, of },
            }
        }
        [
            step("delivered", self.delivered, self.contacts),
            step("opened", self.opened, self.delivered),
            step("clicked", self.clicked, self.delivered),
            step("replied", self.replied, self.delivered),
        ]
    }

    /// Contacts whose delivery bounced, of those with an outcome.
    pub const fn bounces(&self) -> Share {
        Share {
            part: self.bounced,
            of: self.delivered + self.bounced,
        }
    }

    /// Contacts that unsubscribed, of those delivered to.
    pub const fn unsubscribes(&self) -> Share {
        Share {
            part: self.unsubscribed,
            of: self.delivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn later_steps_are_shares_of_the_delivered_and_bounces_of_what_had_an_outcome() {
        let campaign = Campaign {
            id: RowId::from(1),
            name: Untrusted::from("Q4"),
            status: None,
            created_at: DateTime::from_timestamp(0, 0).unwrap(),
            contacts: 500,
            queued: 20,
            delivered: 400,
            bounced: 100,
            opened: 100,
            clicked: 40,
            replied: 20,
            unsubscribed: 4,
            attribution: Attribution::Campaign,
            as_of: None,
        };
        let rates = campaign
            .funnel()
            .map(|step| (step.label, step.share.rate()));
        let expected = [
            ("delivered", 0.8),
            ("opened", 0.25),
            ("clicked", 0.1),
            ("replied", 0.05),
        ];
        assert_eq!(rates, expected.map(|(label, rate)| (label, Some(rate))));
        assert_eq!(campaign.bounces(), Share { part: 100, of: 500 });
        assert_eq!(campaign.unsubscribes(), Share { part: 4, of: 400 });
    }
}
