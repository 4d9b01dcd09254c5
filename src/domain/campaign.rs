//! Campaigns as funnels: distinct contacts at each step.

use serde::{Deserialize, Serialize};

use super::{Timestamp, event::RowId, untrusted::Untrusted};

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
