//! The rows of the scorecard: the guide's metrics with what was measured of each.

use std::borrow::Cow;

use super::State;
use crate::{
    action::ScreenId,
    domain::{
        filter::{Field, Filtered, Vocabulary},
        scorecard::{Band, METRICS, MetricId, MetricReading, MetricSpec},
    },
    screens::{Answer, json::Object},
    store::Store,
};

/// A metric, what was measured of it, and where that lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The metric.
    pub(super) spec: &'static MetricSpec,
    /// What was measured.
    pub(super) reading: Option<MetricReading>,
    /// Where it lies.
    pub(super) band: Band,
}

/// What the filter of this screen understands.
pub const VOCABULARY: Vocabulary = Vocabulary {
    fields: &[
        Field::text(&["metric", "name"]),
        Field::text(&["band"]),
        Field::number(&["phase"]),
        Field::number(&["n"]),
    ],
    words: &[
        "miss",
        "problem",
        "target",
        "excellent",
        "lown",
        "nodata",
        "slow",
    ],
    own: None,
    is_timed: false,
};

impl Filtered for Row {
    fn texts(&self) -> Vec<Cow<'_, str>> {
        let texts = [self.spec.label, self.band.word(), self.spec.formula];
        texts.into_iter().map(Cow::from).collect()
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "metric" | "name" => self.spec.label.into(),
            "band" => self.band.word().into(),
            "phase" => self.spec.phase.to_string().into(),
            "n" => self.reading?.n.to_string().into(),
            _ => return None,
        })
    }

    fn is(&self, word: &str) -> bool {
        match word {
            "miss" | "problem" => self.band == Band::Miss,
            "target" => self.band == Band::Target,
            "excellent" => self.band == Band::Excellent,
            "lown" => self.band == Band::LowN,
            "nodata" => self.band == Band::NoData,
            "slow" => self.band == Band::Slow,
            _ => false,
        }
    }
}

/// Every metric of the guide, in its order, once anything was measured at all.
fn all(store: &Store) -> impl Iterator<Item = Row> {
    let readings = store.scorecard.value();
    METRICS.iter().filter_map(move |spec| {
        let reading = spec.find(readings?).copied();
        let band = spec.band(reading.as_ref());
        Some(Row {
            spec,
            reading,
            band,
        })
    })
}

/// The metrics that are shown.
pub(super) fn shown(state: &State, store: &Store) -> Vec<Row> {
    all(store)
        .filter(|row| state.filter.matches(row, store.clock))
        .collect()
}

/// The keys of [`shown`].
pub(super) fn keys(state: &State, store: &Store) -> Vec<MetricId> {
    let rows = shown(state, store);
    rows.into_iter().map(|row| row.spec.id).collect()
}

/// The metric with this key.
pub(super) fn find(store: &Store, id: MetricId) -> Option<Row> {
    all(store).find(|row| row.spec.id == id)
}

/// The screen that explains a metric.
pub(super) fn explained_by(id: MetricId) -> Answer {
    let stream = |stage: &str| Answer::Go(ScreenId::Stream, Some(format!("stage:{stage}")));
    match id {
        MetricId::ValidationSuccess => stream("company_created"),
        MetricId::EmailEnrichment => stream("slots_created"),
        MetricId::EmailDeliverability => stream("contact_enriched"),
        MetricId::EndToEndLatency => Answer::Go(ScreenId::Queue, Some("phase:1".to_owned())),
        MetricId::ResponseCapture => stream("reply_received"),
        MetricId::LeadQualification => stream("lead_qualified"),
        MetricId::DeliveryRate
        | MetricId::OpenRate
        | MetricId::ClickRate
        | MetricId::ReplyRate
        | MetricId::MeetingBooking
        | MetricId::DealClose => Answer::Go(ScreenId::Campaigns, None),
    }
}

/// The metric as one line of JSON.
pub(super) fn json(row: &Row) -> String {
    let name = row.spec.label;
    Object::default()
        .text("metric", name)
        .fraction("value", row.reading.and_then(|reading| reading.value))
        .number("n", row.reading.map_or(0, |reading| reading.n))
        .fraction("target", Some(row.spec.target))
        .fraction("excellent", Some(row.spec.excellent))
        .text("band", row.band.word())
        .end()
}
