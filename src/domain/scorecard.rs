//! The guide's twelve success metrics and their bands.

use serde::{Deserialize, Serialize};

use super::{alert::Unit, as_of::AsOf};

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

impl MetricId {
    /// Its name in queries, roll-ups and `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ValidationSuccess => "validation_success",
            Self::EmailEnrichment => "email_enrichment",
            Self::EmailDeliverability => "email_deliverability",
            Self::EndToEndLatency => "end_to_end_latency",
            Self::DeliveryRate => "delivery_rate",
            Self::OpenRate => "open_rate",
            Self::ClickRate => "click_rate",
            Self::ReplyRate => "reply_rate",
            Self::ResponseCapture => "response_capture",
            Self::LeadQualification => "lead_qualification",
            Self::MeetingBooking => "meeting_booking",
            Self::DealClose => "deal_close",
        }
    }
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
    /// Whether its query takes too long, or would read too much of a large table; then there is no value.
    pub is_slow: bool,
    /// When it was measured, where that was not in the last refresh.
    #[serde(default)]
    pub as_of: Option<AsOf>,
    /// Among how many rows of its table it was measured, the newest, where nothing finds those of its window.
    #[serde(default)]
    pub newest: Option<u64>,
}

impl MetricReading {
    /// The reading of a metric of which nothing is known.
    pub const fn empty(id: MetricId) -> Self {
        Self {
            id,
            value: None,
            n: 0,
            is_slow: false,
            as_of: None,
            newest: None,
        }
    }
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// A metric as the guide defines it: a row of [`METRICS`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricSpec {
    /// Which.
    pub id: MetricId,
    /// Its name in the guide.
    pub label: &'static str,
    /// Its phase, 1 to 3.
    pub phase: u8,
    /// What its value is in: a share of 1, or seconds.
    pub unit: Unit,
    /// Which way it gets better.
    pub better: Better,
    /// The guide's target.
    pub target: f64,
    /// From here on the guide calls it excellent.
    pub excellent: f64,
    /// The guide's "success criterion" for the same metric, where it names one; a thin marker, not a band.
    pub criterion: Option<f64>,
    /// How it is computed, in a few words.
    pub formula: &'static str,
}

pub use super::outcomes::MIN_N;

/// Where a metric lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below the target.
    Miss,
    /// On target.
    Target,
    /// Excellent.
    Excellent,
    /// Fewer than [`MIN_N`] cases.
    LowN,
    /// Nothing to measure.
    NoData,
    /// Not measured: the server cancelled the query for taking too long.
    Slow,
}

impl Band {
    /// The word for it, at most 7 letters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Miss => "MISS",
            Self::Target => "TARGET",
            Self::Excellent => "EXCEL",
            Self::LowN => "low n",
            Self::NoData => "no data",
            Self::Slow => "slow",
        }
    }
}

/// The guide's twelve success metrics, in its order. Source: the operations guide, "Success Metrics", and
/// "Success Criteria" of each phase for `criterion`.
#[rustfmt::skip]
pub const METRICS: [MetricSpec; 12] = {
    use Better::{Higher, Lower};
    use MetricId as M;
    use Unit::{Seconds, Share};
    [
        metric(M::ValidationSuccess,   1, "Validation success",    Share,   Higher, [0.90, 0.95],   Some(0.95),  "companies validated / judged"),
        metric(M::EmailEnrichment,     1, "E-mail enrichment",     Share,   Higher, [0.80, 0.90],   Some(0.90),  "contacts with an e-mail / enriched"),
        metric(M::EmailDeliverability, 1, "E-mail deliverability", Share,   Higher, [0.80, 0.90],   Some(0.85),  "e-mails found valid / verified"),
        metric(M::EndToEndLatency,     1, "End-to-end latency",    Seconds, Lower,  [600.0, 300.0], Some(300.0), "p95 from raw company to verified contact"),
        metric(M::DeliveryRate,        2, "Delivery rate",         Share,   Higher, [0.85, 0.95],   Some(0.90),  "messages delivered / sent"),
        metric(M::OpenRate,            2, "Open rate",             Share,   Higher, [0.15, 0.25],   Some(0.20),  "contacts that opened / delivered to"),
        metric(M::ClickRate,           2, "Click rate",            Share,   Higher, [0.03, 0.08],   None,        "contacts that clicked / delivered to"),
        metric(M::ReplyRate,           2, "Reply rate",            Share,   Higher, [0.03, 0.07],   Some(0.05),  "contacts that replied / delivered to"),
        metric(M::ResponseCapture,     3, "Response capture",      Share,   Higher, [0.95, 1.00],   Some(1.00),  "replies with a response row / received"),
        metric(M::LeadQualification,   3, "Lead qualification",    Share,   Higher, [0.10, 0.20],   Some(0.15),  "leads qualified / scored"),
        metric(M::MeetingBooking,      3, "Meeting booking",       Share,   Higher, [0.02, 0.05],   None,        "contacts with a meeting / delivered to"),
        metric(M::DealClose,           3, "Deal close",            Share,   Higher, [0.005, 0.02],  None,        "contacts with a deal / delivered to"),
    ]
};

#[expect(clippy::too_many_arguments, reason = "the columns of a table")]
const fn metric(
    id: MetricId,
    phase: u8,
    label: &'static str,
    unit: Unit,
    better: Better,
    [target, excellent]: [f64; 2],
    criterion: Option<f64>,
    formula: &'static str,
) -> MetricSpec {
    MetricSpec {
        id,
        label,
        phase,
        unit,
        better,
        target,
        excellent,
        criterion,
        formula,
    }
}

impl MetricSpec {
    /// Whether `value` is as good as `limit`, or better.
    pub fn reaches(&self, value: f64, limit: f64) -> bool {
        match self.better {
            Better::Higher => value >= limit,
            Better::Lower => value <= limit,
        }
    }

    /// The reading of this metric among `readings`.
    pub fn find<'a>(&self, readings: &'a [MetricReading]) -> Option<&'a MetricReading> {
        readings.iter().find(|reading| reading.id == self.id)
    }

    /// Where `reading` lies.
    pub fn band(&self, reading: Option<&MetricReading>) -> Band {
        match reading {
            Some(MetricReading { is_slow: true, .. }) => Band::Slow,
            None | Some(MetricReading { value: None, .. }) => Band::NoData,
            Some(MetricReading { n, .. }) if *n < MIN_N => Band::LowN,
            Some(MetricReading {
                value: Some(value), ..
            }) => {
                if self.reaches(*value, self.excellent) {
                    Band::Excellent
                } else if self.reaches(*value, self.target) {
                    Band::Target
                } else {
                    Band::Miss
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(id: MetricId, value: Option<f64>, n: u64) -> Band {
        let spec = METRICS.iter().find(|spec| spec.id == id).unwrap();
        spec.band(Some(&MetricReading {
            value,
            n,
            ..MetricReading::empty(id)
        }))
    }

    #[test]
    fn the_edges_of_the_guides_bands_belong_to_the_better_band() {
        assert_eq!(band(MetricId::OpenRate, Some(0.149), 500), Band::Miss);
        assert_eq!(band(MetricId::OpenRate, Some(0.15), 500), Band::Target);
        assert_eq!(band(MetricId::OpenRate, Some(0.25), 500), Band::Excellent);
        assert_eq!(band(MetricId::EndToEndLatency, Some(601.0), 50), Band::Miss);
        assert_eq!(
            band(MetricId::EndToEndLatency, Some(600.0), 50),
            Band::Target
        );
        assert_eq!(
            band(MetricId::EndToEndLatency, Some(30.0), 50),
            Band::Excellent
        );
    }

    #[test]
    fn few_cases_and_none_are_no_band() {
        assert_eq!(band(MetricId::DealClose, Some(1.0), 19), Band::LowN);
        assert_eq!(band(MetricId::DealClose, None, 0), Band::NoData);
        assert_eq!(METRICS[0].band(None), Band::NoData);
    }

    #[test]
    fn excellent_is_better_than_the_target_in_every_row() {
        for spec in METRICS {
            assert!(spec.reaches(spec.excellent, spec.target), "{}", spec.label);
            assert!(!spec.reaches(spec.target, spec.excellent), "{}", spec.label);
        }
    }
}
