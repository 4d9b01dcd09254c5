//! The guide's twelve success metrics and their bands.

use serde::{Deserialize, Serialize};

/// A success metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricId {
    /// Companies that passed validation, of those judged.
    ValidationSuccess,
    /// Slots for which an e-mail was found, of those enriched.
    EmailEnrichment,
    /// E-mails found valid, of those verified.
    EmailDeliverability,
    /// From raw company to verified contact, 95th percentile.
    EndToEndLatency,
    /// Messages delivered, of those sent.
    DeliveryRate,
    /// Contacts that opened, of those delivered to.
    OpenRate,
    /// Contacts that clicked, of those delivered to.
    ClickRate,
    /// Contacts that replied, of those delivered to.
    ReplyRate,
    /// Replies that became a response row, of those received.
    ResponseCapture,
    /// Leads qualified, of those scored.
    LeadQualification,
    /// Contacts with a meeting, of those delivered to.
    MeetingBooking,
    /// Contacts with a closed deal, of those delivered to.
    DealClose,
}

/// One metric as measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricReading {
    /// Which.
    pub id: MetricId,
    /// Its value: a share of 1, or seconds for [`MetricId::EndToEndLatency`]; `None` with nothing to measure.
    pub value: Option<f64>,
    /// Cases behind it.
    pub n: u64,
}
