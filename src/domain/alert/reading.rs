//! What each rule is judged on, measured from the facts.

use super::{Reading, Rule, RuleId};
use crate::domain::{
    Timestamp,
    as_of::AsOf,
    event::EventType,
    outcomes::{CrmSync, Outcomes, Share},
    stage::StageReading,
};

/// The facts that rules are judged on; an `Err` says in a few words why there are none.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The stages.
    pub stages: Result<&'a [StageReading], &'a str>,
    /// The outcomes.
    pub outcomes: Result<&'a Outcomes, &'a str>,
}

/// What `rule` is judged on at `now`, by the database's clock.
pub fn of(rule: &Rule, facts: &Facts<'_>, now: Timestamp) -> Reading {
    match rule.id {
        RuleId::PipelineStalled => facts.stages.map_or_else(unknown, stalled),
        RuleId::HighErrorRate => facts
            .stages
            .map_or_else(unknown, |stages| error_rate(stages, rule.min_n)),
        RuleId::SlowProcessing => facts.stages.map_or_else(unknown, slow),
        RuleId::DeliverabilityDrop => {
            let slow = |o: &Outcomes| o.slow.deliveries;
            outcome(
                facts,
                |o| o.deliveries_24h,
                (slow, "no delivery log"),
                of_share,
            )
        }
        RuleId::LowEnrichment => {
            let slow = |o: &Outcomes| o.slow.enrichments;
            outcome(
                facts,
                |o| o.enrichments_24h,
                (slow, "no enrichments"),
                of_share,
            )
        }
        RuleId::ReplyRateDrop => {
            let slow = |o: &Outcomes| o.slow.replies;
            outcome(facts, |o| o.replies_7d, (slow, "no responses"), of_share)
        }
        RuleId::CrmSyncFailure => {
            let slow = |o: &Outcomes| o.slow.crm;
            outcome(
                facts,
                |o| o.crm,
                (slow, "no CRM sync log"),
                |sync| crm(sync, now),
            )
        }
    }
}

/// Whether `rule` is judged on the stages; else it is on the outcomes.
pub const fn is_of_stages(rule: RuleId) -> bool {
    match rule {
        RuleId::PipelineStalled | RuleId::HighErrorRate | RuleId::SlowProcessing => true,
        RuleId::DeliverabilityDrop
        | RuleId::CrmSyncFailure
        | RuleId::LowEnrichment
        | RuleId::ReplyRateDrop => false,
    }
}

/// When what `rule` is judged on was counted, where that was before the last look at `outcomes`.
pub const fn counted(rule: RuleId, outcomes: &Outcomes) -> Option<AsOf> {
    let counted = outcomes.counted;
    match rule {
        RuleId::DeliverabilityDrop => counted.deliveries,
        RuleId::LowEnrichment => counted.enrichments,
        RuleId::ReplyRateDrop => counted.replies,
        RuleId::CrmSyncFailure => counted.crm,
        RuleId::PipelineStalled | RuleId::HighErrorRate | RuleId::SlowProcessing => None,
    }
}

/// Among how many rows what `rule` is judged on was counted, where those of its window are not found.
pub const fn newest(rule: RuleId, outcomes: &Outcomes) -> Option<u64> {
    match rule {
        RuleId::DeliverabilityDrop => outcomes.sampled.deliveries,
        RuleId::LowEnrichment => outcomes.sampled.enrichments,
        RuleId::ReplyRateDrop
        | RuleId::CrmSyncFailure
        | RuleId::PipelineStalled
        | RuleId::HighErrorRate
        | RuleId::SlowProcessing => None,
    }
}

fn unknown(reason: &str) -> Reading {
    Reading::Unknown(reason.to_owned())
}

fn outcome<T>(
    facts: &Facts<'_>,
    pick: impl Fn(&Outcomes) -> Option<T>,
    (is_slow, without): (fn(&Outcomes) -> bool, &str),
    read: impl Fn(T) -> Reading,
) -> Reading {
    match facts
        .outcomes
        .map(|outcomes| (pick(outcomes), is_slow(outcomes)))
    {
        Err(reason) => unknown(reason),
        Ok((Some(value), _)) => read(value),
        Ok((None, true)) => unknown("its query is too slow"),
        Ok((None, false)) => unknown(without),
    }
}

fn of_share(share: Share) -> Reading {
    share.rate().map_or(Reading::Idle, |value| Reading::Value {
        value,
        n: share.of,
        stage: None,
    })
}

/// Rows older than 5 min over all stages, reported by the stage with most of them.
fn stalled(stages: &[StageReading]) -> Reading {
    let stuck: u64 = stages.iter().map(|s| s.stuck).sum();
    let worst = stages
        .iter()
        .rev()
        .max_by_key(|s| s.stuck)
        .filter(|s| s.stuck > 0);
    Reading::Value {
        value: stuck as f64,
        n: stuck,
        stage: worst.map(|s| s.stage.clone()),
    }
}

/// The worst rate among the stages with enough cases; among all of them if none has enough.
fn error_rate(stages: &[StageReading], min_n: u64) -> Reading {
    let rates: Vec<(f64, u64, &EventType)> = stages
        .iter()
        .filter_map(|s| {
            let (rate, n) = s.error_rate();
            rate.map(|rate| (rate, n, &s.stage))
        })
        .collect();
    let enough = rates.iter().any(|(_, n, _)| *n >= min_n);
    rates
        .into_iter()
        .filter(|(_, n, _)| !enough || *n >= min_n)
        .reduce(|worst, next| if next.0 > worst.0 { next } else { worst })
        .map_or(Reading::Idle, |(value, n, stage)| Reading::Value {
            value,
            n,
            stage: Some(stage.clone()),
        })
}

/// The mean over all that ended, reported by the stage with the longest mean.
fn slow(stages: &[StageReading]) -> Reading {
    let means = || {
        stages
            .iter()
            .filter_map(|s| s.latency.avg_ms.map(|avg| (avg, s.latency.n, &s.stage)))
    };
    let n: u64 = means().map(|(_, n, _)| n).sum();
    if n == 0 {
        return Reading::Idle;
    }
    let total: f64 = means().map(|(avg, n, _)| avg as f64 * n as f64).sum();
    Reading::Value {
        value: total / n as f64 / 1_000.0,
        n,
        stage: means()
            .max_by_key(|(avg, _, _)| *avg)
            .map(|(_, _, stage)| stage.clone()),
    }
}

/// A lead that has been due for less than this has not failed to reach the CRM.
const CRM_GRACE_S: i64 = 300;

/// For how long no sync succeeded while leads were due. Idle when nothing was due, so that a quiet night is no
/// failure; and the first lead after it counts from when it became due.
fn crm(sync: CrmSync, now: Timestamp) -> Reading {
    if sync.due_30m == 0 {
        return Reading::Idle;
    }
    let age = |at: Timestamp| (now - at).num_seconds().max(0);
    let seconds = match (sync.last_success.map(age), sync.oldest_due.map(age)) {
        (Some(success), Some(due)) if due < CRM_GRACE_S => success.min(due),
        (Some(success), _) => success,
        (None, Some(due)) => due,
        (None, None) => return unknown("neither a sync nor a due lead has a time"),
    };
    Reading::Value {
        value: seconds as f64,
        n: sync.due_30m,
        stage: None,
    }
}
