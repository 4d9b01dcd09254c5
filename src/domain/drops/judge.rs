//! How each link of the cascade stands over events that were looked at, and which parents are done and have no child.

use std::collections::HashMap;

use super::{
    Count, LEAST_GAP_S,
    cascade::{Cascade, Link, Pair, Seen, State, pairs},
};
use crate::domain::event::EventType;

/// A second, µs.
pub(super) const SECOND: i64 = 1_000_000;

/// A link, and its parents without child.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged<K> {
    /// What was counted; nothing is known yet of ends and of the records.
    pub count: Count,
    /// Parents whose child is due and not there: the key and when it ended, µs since 1970; the newest first.
    pub orphans: Vec<(K, i64)>,
}

/// Judges `events` as of `now`, µs since 1970: a link each, in the order of the pipeline.
pub fn judge<'a, K: Copy + Ord>(
    cascade: &Cascade,
    events: impl Iterator<Item = (K, &'a Seen)>,
    now: i64,
) -> Vec<Judged<K>> {
    let mut by_stage: Vec<Vec<(K, &Seen)>> = vec![Vec::new(); cascade.stages()];
    for (key, seen) in events {
        if let Some(stage) = seen.stage {
            by_stage[usize::from(stage)].push((key, seen));
        }
    }
    let pairs = pairs(&cascade.pipeline);
    let links = cascade.links.iter().zip(pairs);
    links
        .map(|(link, pair)| {
            let of = |stage: usize| by_stage[stage].as_slice();
            of_link(link, pair, (of(link.stage), of(link.child)), now)
        })
        .collect()
}

/// A parent that is done.
struct Parent<K> {
    key: K,
    ended: i64,
    /// How long its child took, if there is one, µs.
    child: Option<i64>,
}

fn of_link<K: Copy + Ord>(
    link: &Link,
    pair: Pair<'_>,
    (parents, children): (&[(K, &Seen)], &[(K, &Seen)]),
    now: i64,
) -> Judged<K> {
    // When the first child with this in this pair of fields came.
    let mut born: HashMap<(usize, u64), i64> = HashMap::with_capacity(children.len());
    let mut nameless = 0;
    for (_, child) in children {
        // Of several fields the first that the child has counts.
        let mut named = link.fields.iter().map(|(_, slot)| child.values[*slot]);
        let Some(at) = named.position(|value| value != 0) else {
            nameless += 1;
            continue;
        };
        let value = child.values[link.fields[at].1];
        let first = born.entry((at, value)).or_insert(child.created);
        *first = (*first).min(child.created);
    }
    let (mut done, mut keyless) = (0, 0);
    let mut keyed = Vec::new();
    for (key, parent) in parents.iter().filter(|(_, it)| it.state == State::Done) {
        done += 1;
        let values = link.fields.iter().map(|(slot, _)| parent.values[*slot]);
        if values.clone().all(|value| value == 0) {
            keyless += 1;
            continue;
        }
        let came = values
            .enumerate()
            .filter_map(|pair| born.get(&pair).copied());
        let gap = came.fold(None, |gap: Option<Option<i64>>, at| {
            let took = (at >= parent.created).then(|| at - parent.ended);
            let known = gap.flatten();
            Some(known.into_iter().chain(took).min())
        });
        keyed.push(Parent {
            key: *key,
            ended: parent.ended,
            // One that came before its parent took no time.
            child: gap.map(|took| took.unwrap_or(0).max(0)),
        });
    }
    let mut gaps: Vec<i64> = keyed.iter().filter_map(|it| it.child).collect();
    gaps.sort_unstable();
    // The first that 99 of 100 do not exceed.
    let nth = (gaps.len() * 99).div_ceil(100);
    let p99 = nth.checked_sub(1).and_then(|at| gaps.get(at)).copied();
    let gap = p99.unwrap_or(0).max(LEAST_GAP_S as i64 * SECOND);
    let late = keyed.iter().filter(|it| it.ended < now - gap);
    let mut orphans: Vec<(K, i64)> = late
        .clone()
        .filter(|it| it.child.is_none())
        .map(|it| (it.key, it.ended))
        .collect();
    orphans.sort_unstable_by_key(|(key, ended)| (std::cmp::Reverse(*ended), *key));
    let ms = |us: i64| (us.unsigned_abs() + 500) / 1_000;
    let count = Count {
        stage: EventType::from(pair.stage.event.as_str()),
        child: EventType::from(pair.child.event.as_str()),
        children_due: pair.parent.children.word().to_owned(),
        parents: done,
        keyless,
        checked: late.count() as u64,
        children: children.len() as u64,
        nameless,
        pairs: gaps.len() as u64,
        p99_ms: p99.map(ms),
        gap_s: ms(gap).div_ceil(1_000),
        ended: 0,
        dropped: Vec::new(),
        blind: None,
    };
    Judged { count, orphans }
}
