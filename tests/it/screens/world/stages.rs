//! The stages: one stalled, one behind, one failing.

use outpost::domain::{
    event::EventType,
    latency::{Latency, Quantile},
    pipeline::Pipeline,
    stage::{MinuteBucket, StageReading},
};

use super::ago;

const fn quantile(ms: u64, at_least: bool) -> Quantile {
    Quantile { ms, at_least }
}

fn busy(base: StageReading, pending: u64, rate: u64, ms: u64) -> StageReading {
    StageReading {
        pending,
        oldest_pending: (pending > 0).then(|| ago(pending as i64 + 2)),
        created_5m: rate * 5,
        processed_5m: rate * 5,
        created_1h: rate * 60,
        processed_1h: rate * 60 - 2,
        errors_1h: rate / 20,
        last_processed: Some(ago(2)),
        latency: Latency {
            n: rate * 60 - 2,
            avg_ms: Some(ms / 2),
            max_ms: Some(ms * 3),
            p50: Some(quantile(ms / 3, false)),
            p95: Some(quantile(ms, false)),
            p99: Some(quantile(ms * 2, pending > 10)),
        },
        ..base
    }
}

fn stalled(base: StageReading) -> StageReading {
    StageReading {
        pending: 412,
        stuck: 380,
        oldest_pending: Some(ago(423)),
        created_5m: 190,
        created_1h: 1_840,
        processed_1h: 1_400,
        last_processed: Some(ago(456)),
        latency: Latency {
            n: 1_400,
            avg_ms: Some(2_400),
            max_ms: Some(41_000),
            p50: Some(quantile(2_100, false)),
            p95: Some(quantile(423_000, true)),
            p99: Some(quantile(423_000, true)),
        },
        ..base
    }
}

/// The stage at this place of the pipeline.
pub(super) fn reading(at: usize) -> StageReading {
    let base = StageReading::empty(EventType::from(Pipeline::guide().stages[at].event.as_str()));
    match at {
        0 => busy(base, 3, 31, 3_900),
        1 => busy(base, 2, 30, 2_200),
        2 => busy(base, 5, 30, 1_800),
        3 => stalled(base),
        7 => busy(base, 11, 44, 4_000),
        8 => StageReading {
            processed_5m: 155,
            processing: 4,
            ..busy(base, 96, 45, 41_000)
        },
        9 => busy(base, 4, 31, 1_900),
        10 => busy(base, 1, 12, 900),
        11 => busy(base, 0, 3, 800),
        12 => busy(base, 0, 1, 6_100),
        13 => StageReading {
            pending: 9,
            oldest_pending: Some(ago(2_280)),
            stuck: 9,
            errors_1h: 41,
            processed_1h: 20,
            created_1h: 61,
            ..base
        },
        _ => base,
    }
}

/// Their last hour.
pub(super) fn trend() -> Vec<MinuteBucket> {
    let stages = Pipeline::guide()
        .stages
        .iter()
        .enumerate()
        .filter(|(at, _)| [0, 1, 2, 3, 7, 8, 9].contains(at));
    stages
        .flat_map(|(at, stage)| {
            (0..60_u32).map(move |minute| MinuteBucket {
                stage: EventType::from(stage.event.as_str()),
                minute: ago(i64::from(minute) * 60),
                created: 30 + u64::from(minute * 7 % 5),
                processed: if at == 3 && minute < 8 {
                    0
                } else {
                    30 + u64::from(minute * 5 % 4)
                },
            })
        })
        .collect()
}
