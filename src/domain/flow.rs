//! The stage strip: one line a stage, in the order of the pipeline, with a word for its health.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Timestamp,
    alert::{Alert, Level, RuleId},
    drops::Drops,
    event::EventType,
    pipeline::Pipeline,
    stage::{MinuteBucket, StageReading},
    verdict::Health,
};

/// Minutes in a [`Trend`].
pub const TREND_MINUTES: usize = 60;

/// The last [`TREND_MINUTES`] minutes of a stage, oldest first; the last one is still under way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trend {
    /// Events written in each.
    pub created: Vec<u64>,
    /// Events processed in each.
    pub processed: Vec<u64>,
    /// Events pending at the end of each, reckoned back from now by what came and went. What failed or was
    /// retried meanwhile is not in it.
    pub backlog: Vec<u64>,
}

impl Trend {
    /// The trend of a stage with these buckets, which has `pending` events at `now`.
    pub fn of<'a>(
        buckets: impl IntoIterator<Item = &'a MinuteBucket>,
        pending: u64,
        now: Timestamp,
    ) -> Self {
        let mut trend = Self {
            created: vec![0; TREND_MINUTES],
            processed: vec![0; TREND_MINUTES],
            backlog: vec![pending; TREND_MINUTES],
        };
        let this_minute = now.timestamp().div_euclid(60);
        for bucket in buckets {
            let ago = this_minute - bucket.minute.timestamp().div_euclid(60);
            let Some(place) = usize::try_from(ago)
                .ok()
                .and_then(|ago| (TREND_MINUTES - 1).checked_sub(ago))
            else {
                continue;
            };
            if let (Some(created), Some(processed)) =
                (trend.created.get_mut(place), trend.processed.get_mut(place))
            {
                *created += bucket.created;
                *processed += bucket.processed;
            }
        }
        let mut level = pending;
        let flows = trend.created.iter().zip(&trend.processed);
        for (place, (created, processed)) in trend.backlog.iter_mut().zip(flows).rev() {
            *place = level;
            level = (level + processed).saturating_sub(*created);
        }
        trend
    }

    /// Events written a minute before the last ten minutes; what is usual. `None` without any.
    pub fn usual_in_per_min(&self) -> Option<f64> {
        let earlier = self.created.get(..TREND_MINUTES.saturating_sub(10))?;
        let sum: u64 = earlier.iter().sum();
        (sum > 0).then(|| sum as f64 / earlier.len() as f64)
    }
}

/// One stage: how it is, and its numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowLine {
    /// The stage.
    pub stage: EventType,
    /// Its phase, from 1; `None` for a stage that the pipeline does not have.
    pub phase: Option<u8>,
    /// The workflow that takes its events, if it is a stage of the pipeline.
    pub workflow: Option<String>,
    /// How it is.
    pub health: Health,
    /// What is wrong with it, if something is.
    pub trouble: Option<Trouble>,
    /// Its numbers.
    pub reading: StageReading,
    /// Age of its oldest pending event, s, by the database's clock.
    pub oldest_s: Option<i64>,
    /// How many of its records were dropped, by [`super::drops::Count::word`]; `None` where no event comes of it, or
    /// before the first look.
    pub lost: Option<String>,
    /// Its last hour.
    pub trend: Trend,
}

/// What can be wrong with a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Events wait, and none is taken.
    Stalled,
    /// Too many errors.
    Errors,
    /// An alert rule points at it.
    Alert(RuleId),
    /// More events come than usual, and than are taken.
    Storm,
    /// More events come than are taken.
    Growing,
    /// Events are done, and what should come of them does not.
    Dropped,
    /// Nothing comes, because a stage above is in trouble.
    Starved,
}

impl Trouble {
    /// The trouble that a firing `rule` means.
    pub const fn of(rule: RuleId) -> Self {
        match rule {
            RuleId::PipelineStalled => Self::Stalled,
            RuleId::HighErrorRate => Self::Errors,
            RuleId::DeliverabilityDrop
            | RuleId::CrmSyncFailure
            | RuleId::SlowProcessing
            | RuleId::LowEnrichment
            | RuleId::ReplyRateDrop => Self::Alert(rule),
        }
    }

    /// Whether that of `alerts` is silenced which means it.
    pub fn is_silenced(self, alerts: &[Alert]) -> bool {
        let mut silenced = alerts.iter().filter(|alert| alert.is_silenced());
        silenced.any(|alert| Self::of(alert.rule) == self)
    }
}

/// An event that waits longer than this is stuck, s.
pub const STUCK_S: i64 = 300;
/// A smaller backlog than this is not worth a word.
const BACKLOG: u64 = 20;

/// The lines of `readings`, which are in the order of `pipeline`, at `now` by the database's clock.
pub fn lines(
    pipeline: &Pipeline,
    (readings, buckets): (&[StageReading], &[MinuteBucket]),
    alerts: &[Alert],
    drops: Option<&Drops>,
    now: Timestamp,
) -> Vec<FlowLine> {
    let mut of_stage: BTreeMap<&EventType, Vec<&MinuteBucket>> = BTreeMap::new();
    for bucket in buckets {
        of_stage.entry(&bucket.stage).or_default().push(bucket);
    }
    let mut lines: Vec<FlowLine> = readings
        .iter()
        .map(|reading| {
            let buckets = of_stage.remove(&reading.stage).unwrap_or_default();
            let trend = Trend::of(buckets, reading.pending, now);
            line(pipeline, reading, trend, alerts, now)
        })
        .collect();
    for line in &mut lines {
        line.lost = drops.and_then(|drops| Some(drops.at(&line.stage)?.word(drops)));
        let loses = drops.is_some_and(|drops| drops.news(&line.stage).is_some());
        // What is silenced makes no headline: it must not keep from it what is lost.
        let is_free = line
            .trouble
            .is_none_or(|trouble| trouble.is_silenced(alerts));
        if loses && is_free {
            line.health = Health::Warning;
            line.trouble = Some(Trouble::Dropped);
        }
    }
    for at in 0..lines.len() {
        let starved = lines
            .get(at)
            .is_some_and(|line| line.trouble.is_none() && is_starved(pipeline, line, &lines));
        if let Some(line) = lines.get_mut(at).filter(|_| starved) {
            line.health = Health::Starving;
            line.trouble = Some(Trouble::Starved);
        }
    }
    lines
}

fn line(
    pipeline: &Pipeline,
    reading: &StageReading,
    trend: Trend,
    alerts: &[Alert],
    now: Timestamp,
) -> FlowLine {
    let known = pipeline.find(&reading.stage);
    let oldest_s = reading
        .oldest_pending
        .map(|oldest| (now - oldest).num_seconds().max(0));
    // What is silenced must not stand before what is not; but a backlog that grows because nothing is taken is the same one.
    let is_taken = reading.processed_5m > 0;
    let whole = judge(reading, (&trend, oldest_s), alerts, |_| true);
    let loud = judge(reading, (&trend, oldest_s), alerts, |it| !it.is_silenced());
    let found = match (whole.1, loud.1) {
        (Some(Trouble::Stalled), Some(Trouble::Growing)) if !is_taken => whole,
        (_, None) => whole,
        (_, Some(_)) => loud,
    };
    let (health, trouble) = found;
    FlowLine {
        stage: reading.stage.clone(),
        phase: known.map(|stage| stage.phase),
        workflow: known.map(|stage| stage.workflow.clone()),
        health,
        trouble,
        reading: reading.clone(),
        oldest_s,
        lost: None,
        trend,
    }
}

/// How a stage stands by those of `alerts` that are heard.
fn judge(
    reading: &StageReading,
    (trend, oldest_s): (&Trend, Option<i64>),
    alerts: &[Alert],
    is_heard: fn(&Alert) -> bool,
) -> (Health, Option<Trouble>) {
    let mut rules = alerts.iter();
    let stalled = rules.find(|alert| alert.rule == RuleId::PipelineStalled);
    let is_old = oldest_s.is_some_and(|age| age > STUCK_S) && reading.processed_5m == 0;
    let quiet = is_old && stalled.is_none_or(is_heard);
    let stalled = stalled.filter(|alert| alert.is_firing() && is_heard(alert));
    // The rule names the worst stage; another one may be beyond the limit all by itself.
    let critical = stalled.is_some_and(|alert| {
        alert.stage().as_ref() == Some(&reading.stage) || alert.rule().fires(reading.stuck as f64)
    });
    if quiet || critical {
        let health = if critical {
            Health::Critical
        } else {
            Health::Warning
        };
        return (health, Some(Trouble::Stalled));
    }
    if let Some(found) = pointed_at(reading, alerts, is_heard) {
        return found;
    }
    let outrun = reading.created_5m * 4 > reading.processed_5m * 5;
    if reading.pending >= BACKLOG && outrun {
        let usual = trend.usual_in_per_min();
        let storm = usual.is_some_and(|usual| reading.in_per_min() > 3.0 * usual);
        let trouble = if storm {
            Trouble::Storm
        } else {
            Trouble::Growing
        };
        return (Health::Warning, Some(trouble));
    }
    let idle = reading.pending == 0
        && reading.processing == 0
        && reading.created_1h == 0
        && reading.processed_1h == 0;
    (if idle { Health::Idle } else { Health::Ok }, None)
}

/// The worst that firing rules say about the stage. "Pipeline stalled" is a sum over stages and says nothing
/// of one.
fn pointed_at(
    reading: &StageReading,
    alerts: &[Alert],
    is_heard: fn(&Alert) -> bool,
) -> Option<(Health, Option<Trouble>)> {
    let firing = || {
        let all = alerts.iter();
        all.filter(|alert| alert.is_firing() && is_heard(alert))
    };
    let erring = firing()
        .find(|alert| alert.rule == RuleId::HighErrorRate)
        .map(Alert::rule);
    if let (Some(rate), n) = reading.error_rate()
        && let Some(rule) = erring
        && n >= rule.min_n
        && rule.fires(rate)
    {
        return Some((Health::Critical, Some(Trouble::Errors)));
    }
    let pointing = firing().filter(|alert| {
        !matches!(alert.rule, RuleId::PipelineStalled)
            && alert.stage().as_ref() == Some(&reading.stage)
    });
    let worst = pointing.min_by_key(|alert| alert.rule().level)?.rule;
    let health = match worst.rule().level {
        Level::Critical => Health::Critical,
        Level::Warning => Health::Warning,
    };
    Some((health, Some(Trouble::of(worst))))
}

/// Whether far less comes than is usual, and a stage above holds it back.
fn is_starved(pipeline: &Pipeline, line: &FlowLine, lines: &[FlowLine]) -> bool {
    let dry = match line.trend.usual_in_per_min() {
        // Fewer than three expected in five minutes: that none came says nothing.
        Some(usual) => usual * 5.0 >= 3.0 && line.reading.in_per_min() < 0.2 * usual,
        None => line.reading.created_1h > 0 && line.reading.created_5m == 0,
    };
    dry && pipeline.ancestors(&line.stage).any(|above| {
        lines.iter().any(|other| {
            other.stage.raw() == above
                && matches!(
                    other.trouble,
                    Some(
                        Trouble::Stalled
                            | Trouble::Errors
                            | Trouble::Dropped
                            | Trouble::Growing
                            | Trouble::Storm
                    )
                )
        })
    })
}
