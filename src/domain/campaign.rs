//! Campaigns as funnels: distinct contacts at each step.

use serde::{Deserialize, Serialize};

use super::{Timestamp, event::RowId, outcomes::Share, untrusted::Untrusted};

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
