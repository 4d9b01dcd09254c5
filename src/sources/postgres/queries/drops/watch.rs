//! How often all of the newest events are looked at, where keys do not tell what is new. That costs the server a tenth of a second
//! and more, and mostly finds what it found before: so a look over the last minutes, and at those that were found, says first
//! whether anything is another way.

use std::time::Duration;

use tokio::time::Instant;

use super::{NEWEST, Records, look, moment};
use crate::{
    domain::{
        Timestamp,
        drops::{Cascade, Drops, Judged, LEAST_GAP_S, judge},
        event::RowId,
        pipeline::Pipeline,
    },
    msg::Fault,
    sources::postgres::queries::{Ask, pace::Pace},
};

/// All of them are looked at once in so many times of what that takes, though there is news,
const PACE: u32 = 500;

/// and so often without any.
const QUIET: Duration = Duration::from_mins(10);

/// A look for news takes so many along that had no child, to see whether one came late, or an end was written;
const SUSPECTS: usize = 500;

/// where there are more, all are looked at so often, or where that is dear, once in so many times of what it takes.
const SUSPECTED: Duration = Duration::from_mins(2);
const SUSPECTED_PACE: u32 = 5_000;

/// Events looked at where they come so fast that [`NEWEST`] of them reach back less than the gap.
const MOST: i64 = 60_000;

/// A look for news reaches back two gaps, the time since the last one, and so much more, s; and so many events at least.
const BACK_S: i64 = 60;
const FEWEST: i64 = 500;

/// Nothing older is judged, µs.
const DAY: i64 = 86_400_000_000;

/// The last look at all of them.
#[derive(Debug)]
struct Last {
    drops: Drops,
    pace: Pace,
    /// When news was looked for last.
    looked: Instant,
}

/// What the last looks found.
#[derive(Debug, Default)]
pub(super) struct Looks(Option<Last>);

impl Looks {
    /// How every link of `pipeline` stands, as of the last look that was worth it.
    pub(super) async fn fetch(
        &mut self,
        ask: &Ask<'_>,
        pipeline: &Pipeline,
        records: &mut Records,
    ) -> Result<Drops, Fault> {
        let Some(last) = &mut self.0 else {
            return self.all(ask, pipeline, records).await;
        };
        let age = last.pace.age();
        if age >= QUIET {
            return self.all(ask, pipeline, records).await;
        }
        let known = last.drops.links.iter().flat_map(|link| &link.dropped);
        let suspects: Vec<&str> = known.map(|it| it.id.as_str()).collect();
        let taken = (suspects.len() <= SUSPECTS).then_some(&suspects[..]);
        let unseen = last.looked.elapsed().as_secs().cast_signed();
        let newest = recent(&last.drops, unseen);
        let news = over(ask, pipeline, records, (newest, taken)).await?;
        last.looked = Instant::now();
        let patience = SUSPECTED.max(last.pace.cost() * SUSPECTED_PACE);
        let is_less = match taken {
            Some(_) => has_more(&last.drops, &news, news.now),
            None => age >= patience,
        };
        if last.pace.is_due(PACE) && (is_less || has_more(&news, &last.drops, news.now)) {
            return self.all(ask, pipeline, records).await;
        }
        // The look at all keeps its own moment: it says at what rate events come.
        Ok(Drops {
            now: news.now,
            ..last.drops.clone()
        })
    }

    async fn all(
        &mut self,
        ask: &Ask<'_>,
        pipeline: &Pipeline,
        records: &mut Records,
    ) -> Result<Drops, Fault> {
        let newest = self.0.as_ref().map_or(NEWEST, |last| wanted(&last.drops));
        let (drops, pace) = Pace::of(ask, over(ask, pipeline, records, (newest, None))).await;
        let drops = drops?;
        self.0 = Some(Last {
            drops: drops.clone(),
            pace,
            looked: Instant::now(),
        });
        Ok(drops)
    }
}

/// How every link of `pipeline` stands over the `newest` events, and over `suspects` besides.
async fn over(
    ask: &Ask<'_>,
    pipeline: &Pipeline,
    records: &mut Records,
    (newest, suspects): (i64, Option<&[&str]>),
) -> Result<Drops, Fault> {
    let cascade = Cascade::of(pipeline);
    let ((now, _), mut events) = look(ask, &cascade, newest, suspects).await?;
    events.retain(|_, seen| seen.created > now - DAY);
    let since = events.values().map(|seen| seen.created).min().map(moment);
    let is_cut = events.len() as u64 >= newest.unsigned_abs();
    let judged = judge(&cascade, events.iter(), now).into_iter();
    let named = |judged: Judged<&RowId>| Judged {
        count: judged.count,
        orphans: judged
            .orphans
            .into_iter()
            .map(|(id, at)| (id.clone(), at))
            .collect(),
    };
    let judged = judged.map(named).collect();
    Ok(Drops {
        links: records.settle(ask, pipeline, judged, since).await?,
        since,
        newest: is_cut.then_some(newest.unsigned_abs()),
        now: moment(now),
    })
}

/// The longest gap that is waited, s.
fn gap(drops: &Drops) -> i64 {
    let gaps = drops.links.iter().map(|link| link.gap_s);
    gaps.max().unwrap_or(0).max(LEAST_GAP_S) as i64
}

/// How many events come in so many seconds, at the rate of those that were looked at.
fn coming(drops: &Drops, seconds: i64) -> i64 {
    let rows = drops.newest.map_or(NEWEST, u64::cast_signed);
    let span = drops
        .since
        .map_or(0, |since| (drops.now - since).num_seconds());
    rows.saturating_mul(seconds) / span.max(1)
}

/// How many events a look for news takes, the last one being so many seconds ago.
fn recent(drops: &Drops, unseen: i64) -> i64 {
    let back = gap(drops) * 2 + unseen + BACK_S;
    coming(drops, back).clamp(FEWEST, NEWEST)
}

/// How many events the next look at all of them takes: more than usual where else it would reach back less than two gaps.
fn wanted(drops: &Drops) -> i64 {
    if drops.newest.is_none() {
        return NEWEST;
    }
    coming(drops, gap(drops) * 2).clamp(NEWEST, MOST)
}

/// Whether `one` has a parent without child that `other` has not, though by the gaps of that it was waited for.
fn has_more(one: &Drops, other: &Drops, now: Timestamp) -> bool {
    one.links.iter().zip(&other.links).any(|(one, other)| {
        let waited = |at| (now - at) >= chrono::TimeDelta::seconds(other.gap_s as i64);
        let is_there = |id: &RowId| other.dropped.iter().any(|it| it.id == *id);
        let mut due = one.dropped.iter().filter(|it| waited(it.ended_at));
        due.any(|it| !is_there(&it.id))
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    /// So many events over so many seconds.
    fn looked_at(newest: Option<u64>, seconds: i64) -> Drops {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Drops {
            links: Vec::new(),
            since: Some(now - TimeDelta::seconds(seconds)),
            newest,
            now,
        }
    }

    #[test]
    fn a_look_for_news_takes_the_last_minutes_and_one_at_all_reaches_back_two_gaps_while_it_can() {
        // 1,400 an hour, 300 a second, 5,000 a second.
        let slow = looked_at(Some(20_000), 51_000);
        assert_eq!((recent(&slow, 60), wanted(&slow)), (FEWEST, NEWEST));
        let fast = looked_at(Some(20_000), 66);
        assert_eq!((recent(&fast, 60), wanted(&fast)), (NEWEST, 36_363));
        let storm = looked_at(Some(20_000), 4);
        assert_eq!(wanted(&storm), MOST);
        let day = looked_at(None, 86_400);
        assert_eq!((recent(&day, 60), wanted(&day)), (FEWEST, NEWEST));
    }
}
