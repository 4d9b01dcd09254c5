//! Of parents without child: which records they are, and which of them ended rightly. Both are kept, so that a turn asks
//! for what is new.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use tokio::time::Instant;
use tokio_postgres::types::Type;

use super::{
    super::{super::decode, Ask, Parameter, files},
    ended::ended,
    excused::{Excuses, excuses},
    moment,
};
use crate::{
    domain::{
        Timestamp,
        drops::{Count, Dropped, Judged, Pair, pairs},
        event::RowId,
        pipeline::{End, Pipeline},
    },
    msg::Fault,
};

/// What ended rightly is taken to have done so for this long.
const EXCUSED: Duration = Duration::from_mins(10);

/// Records read at most in a turn.
const MOST: usize = 20_000;

/// A parent without child, and the texts of the fields that its ends want.
pub(super) struct Suspect {
    pub(super) record: Dropped,
    pub(super) fields: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Known {
    about: decode::About,
    excused: Option<Instant>,
}

/// What is known of parents without child.
#[derive(Debug, Default)]
pub(super) struct Records {
    pipeline: Option<Pipeline>,
    known: HashMap<RowId, Known>,
}

/// The fields whose texts the ends of the links want.
fn wanted(pipeline: &Pipeline) -> BTreeSet<&str> {
    let links = pairs(pipeline);
    let ends = links.into_iter().flat_map(|link| &link.stage.ends);
    ends.map(|end| match end {
        End::Payload { field, .. } | End::Row { field, .. } => field.as_str(),
    })
    .collect()
}

impl Records {
    /// They are of the links of `pipeline` from now on: what another one wanted to know of them says nothing.
    pub(super) fn heed(&mut self, pipeline: &Pipeline) {
        if self.pipeline.as_ref() != Some(pipeline) {
            self.pipeline = Some(pipeline.clone());
            self.known.clear();
        }
    }

    /// Nothing is known of those of another table.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// What the `judged` links of `pipeline` come to, of events since then.
    pub(super) async fn settle(
        &mut self,
        ask: &Ask<'_>,
        pipeline: &Pipeline,
        judged: Vec<Judged<RowId>>,
        since: Option<Timestamp>,
    ) -> Result<Vec<Count>, Fault> {
        let orphans = judged.iter().flat_map(|link| &link.orphans);
        let there: HashSet<&RowId> = orphans.map(|(id, _)| id).collect();
        self.known.retain(|id, _| there.contains(id));
        let unread = self.read(ask, pipeline, there).await?;
        let mut links: Vec<(Pair<'_>, Count, Vec<Suspect>)> = Vec::new();
        for (link, judged) in pairs(pipeline).into_iter().zip(judged) {
            let mut count = judged.count;
            let late = |(id, _): &&(RowId, i64)| unread.contains(id);
            let n = judged.orphans.iter().filter(late).count();
            count.blind = (n > 0).then(|| format!("{n} were not looked up yet"));
            let mut suspects = Vec::new();
            for (id, ended) in judged.orphans {
                match self.known.get(&id) {
                    Some(known) if known.is_excused() => count.ended += 1,
                    Some(known) => suspects.push(known.suspect(id, ended)),
                    None => {}
                }
            }
            links.push((link, count, suspects));
        }
        let suspects: Vec<&Suspect> = links.iter().flat_map(|(.., suspects)| suspects).collect();
        let stages: Vec<&str> = links
            .iter()
            .filter(|(.., suspects)| !suspects.is_empty())
            .map(|(link, ..)| link.stage.event.as_str())
            .collect();
        let excuses = excuses(ask, &suspects, &stages, since).await;
        let mut counts = Vec::new();
        for (link, mut count, suspects) in links {
            let (left, ended) = settled(ask, link, (&mut count, suspects), &excuses).await;
            count.ended += ended.len() as u64;
            for id in ended {
                if let Some(known) = self.known.get_mut(&id) {
                    known.excused = Some(Instant::now());
                }
            }
            count.dropped = left.into_iter().map(|suspect| suspect.record).collect();
            counts.push(count);
        }
        Ok(counts)
    }

    /// Reads what is not known yet of these events; the keys of those for which there was no room.
    async fn read(
        &mut self,
        ask: &Ask<'_>,
        pipeline: &Pipeline,
        there: HashSet<&RowId>,
    ) -> Result<HashSet<RowId>, Fault> {
        let unknown = there.into_iter().filter(|id| !self.known.contains_key(*id));
        let mut unknown: Vec<&RowId> = unknown.collect();
        if unknown.is_empty() {
            return Ok(HashSet::new());
        }
        unknown.sort_unstable_by(|a, b| b.cmp(a));
        let (now, later) = unknown.split_at(unknown.len().min(MOST));
        let ids: Vec<&str> = now.iter().map(|id| id.as_str()).collect();
        let wanted: Vec<&str> = wanted(pipeline).into_iter().collect();
        let parameters: [Parameter<'_>; 2] =
            [(&ids, Type::TEXT_ARRAY), (&wanted, Type::TEXT_ARRAY)];
        let rows = ask.rows(files::DROP_RECORDS, &parameters).await?;
        for (id, about) in decode::all(&rows, |row| decode::about(row, &wanted))? {
            let excused = None;
            self.known.insert(id, Known { about, excused });
        }
        Ok(later.iter().map(|id| (*id).clone()).collect())
    }
}

impl Known {
    fn is_excused(&self) -> bool {
        self.excused.is_some_and(|at| at.elapsed() < EXCUSED)
    }

    fn suspect(&self, id: RowId, ended: i64) -> Suspect {
        Suspect {
            record: Dropped {
                id,
                record: self.about.record.clone(),
                subject: self.about.subject.clone(),
                ended_at: moment(ended),
            },
            fields: self.about.fields.clone(),
        }
    }
}

/// Those of `suspects` that nothing excuses, and the keys of the others; `count` is told what could not be looked at.
async fn settled(
    ask: &Ask<'_>,
    link: Pair<'_>,
    (count, suspects): (&mut Count, Vec<Suspect>),
    excuses: &Result<Excuses, Fault>,
) -> (Vec<Suspect>, Vec<RowId>) {
    let mut left = suspects;
    let all: Vec<RowId> = left.iter().map(|it| it.record.id.clone()).collect();
    if left.is_empty() {
        return (left, all);
    }
    match excuses {
        Ok(excuses) => {
            left.retain(|suspect| !excuses.are_for(link.stage, &suspect.record));
            count.blind = excuses.blind(&left).or(count.blind.take());
        }
        Err(fault) => count.blind = Some(format!("errors cannot be read ({fault})")),
    }
    for end in &link.stage.ends {
        if left.is_empty() {
            break;
        }
        match ended(ask, end, &left).await {
            Ok((ended, newest)) => {
                left.retain(|suspect| !ended.contains(suspect.record.id.as_str()));
                count.blind = newest.filter(|_| !left.is_empty()).or(count.blind.take());
            }
            Err(fault) => count.blind = Some(fault.to_string()),
        }
    }
    let kept: HashSet<&RowId> = left.iter().map(|it| &it.record.id).collect();
    let others = all.iter().filter(|id| !kept.contains(id));
    let others = others.cloned().collect();
    (left, others)
}
