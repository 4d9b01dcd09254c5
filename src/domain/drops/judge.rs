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

/// Events of one stage.
type Events<'a, K> = &'a [(K, &'a Seen)];

/// When the first child came that has this in this pair of fields.
type Born = HashMap<(usize, u64), i64>;

/// A parent that is done, and has what may join it to a child.
struct Parent<K> {
    key: K,
    ended: i64,
    /// How long its child took, if there is one, µs.
    child: Option<i64>,
}

/// Children by what joins them, and how many nothing does.
fn born<K>(link: &Link, children: Events<'_, K>) -> (Born, u64) {
    let mut born = Born::with_capacity(children.len());
    let mut nameless = 0;
    for (_, child) in children {
        // Of several fields the first that the child has counts.
        let mut values = link.fields.iter().map(|(_, slot)| child.values[*slot]);
        let named = values.by_ref().enumerate().find(|(_, value)| *value != 0);
        let Some(named) = named else {
            nameless += 1;
            continue;
        };
        let first = born.entry(named).or_insert(child.created);
        *first = (*first).min(child.created);
    }
    (born, nameless)
}

/// The parent that `seen` is, if there is what may join it to a child.
fn parent<K: Copy>(link: &Link, (key, seen): (K, &Seen), born: &Born) -> Option<Parent<K>> {
    let values = link.fields.iter().map(|(slot, _)| seen.values[*slot]);
    if values.clone().all(|value| value == 0) {
        return None;
    }
    let came: Vec<i64> = values
        .enumerate()
        .filter_map(|pair| born.get(&pair).copied())
        .collect();
    let after = came.iter().filter(|at| **at >= seen.created);
    // One that came before its parent took no time.
    let took = after
        .map(|at| at.saturating_sub(seen.ended))
        .min()
        .unwrap_or(0)
        .max(0);
    Some(Parent {
        key,
        ended: seen.ended,
        child: (!came.is_empty()).then_some(took),
    })
}

fn of_link<K: Copy + Ord>(
    link: &Link,
    pair: Pair<'_>,
    (parents, children): (Events<'_, K>, Events<'_, K>),
    now: i64,
) -> Judged<K> {
    let (born, nameless) = born(link, children);
    let done = parents.iter().filter(|(_, it)| it.state == State::Done);
    let n = done.clone().count();
    let keyed: Vec<Parent<K>> = done
        .filter_map(|(key, seen)| parent(link, (*key, seen), &born))
        .collect();
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
        parents: n as u64,
        keyless: (n - keyed.len()) as u64,
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
