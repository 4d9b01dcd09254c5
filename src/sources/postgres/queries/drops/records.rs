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

/// What is known of one stands for this long: what ended rightly may be corrected, and so may a payload.
const KNOWN: Duration = Duration::from_mins(10);

/// Records read at most in a turn.
const MOST: usize = 20_000;

/// Of those that nothing excused so far, so many are asked again in a turn; and of those that were never asked, so many.
const AGAIN: usize = 500;
const FIRST: usize = 5_000;

/// Where no child came at all that says nothing of any of them: so many of the newest are told.
const TOLD: usize = 100;

/// A parent without child, and the texts of the fields that its ends want.
pub(super) struct Suspect {
    pub(super) record: Dropped,
    pub(super) fields: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Known {
    about: decode::About,
    read: Instant,
    /// When it was last asked what excuses it, and whether anything did.
    asked: Option<(Instant, bool)>,
}

/// What is known of parents without child.
#[derive(Debug, Default)]
pub(super) struct Records {
    pipeline: Option<Pipeline>,
    known: HashMap<RowId, Known>,
    /// Why of a link an end could not be looked for, when it was last asked.
    blind: Vec<Option<String>>,
}

/// Of one link: those that are asked now, and those that nothing excused when they were asked.
#[derive(Default)]
struct Suspects {
    asked: Vec<Suspect>,
    left: Vec<Suspect>,
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
            self.forget();
        }
    }

    /// Nothing is known of those of another table.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.blind.clear();
    }

    /// What the `judged` links of `pipeline` come to, of events since then.
    pub(super) async fn settle(
        &mut self,
        ask: &Ask<'_>,
        pipeline: &Pipeline,
        mut judged: Vec<Judged<RowId>>,
        since: Option<Timestamp>,
    ) -> Result<Vec<Count>, Fault> {
        for link in judged.iter_mut().filter(|link| link.count.children == 0) {
            link.orphans.truncate(TOLD);
        }
        let orphans = judged.iter().flat_map(|link| &link.orphans);
        let there: HashSet<&RowId> = orphans.map(|(id, _)| id).collect();
        let stands = |known: &Known| known.read.elapsed() < KNOWN;
        self.known
            .retain(|id, known| there.contains(id) && stands(known));
        let unread = self.read(ask, pipeline, there).await?;
        let due = self.due();
        let sorted = pairs(pipeline).into_iter().zip(judged);
        let links: Vec<(Pair<'_>, Count, Suspects)> = sorted
            .map(|(link, judged)| {
                let (count, suspects) = self.sorted(judged, &unread, &due);
                (link, count, suspects)
            })
            .collect();
        let asked = || links.iter().filter(|(.., of)| !of.asked.is_empty());
        let suspects: Vec<&Suspect> = asked().flat_map(|(.., of)| &of.asked).collect();
        let stages: Vec<&str> = asked()
            .map(|(link, ..)| link.stage.event.as_str())
            .collect();
        let excuses = excuses(ask, &suspects, &stages, since).await;
        self.blind.resize(links.len(), None);
        let mut counts = Vec::new();
        for (n, (link, mut count, suspects)) in links.into_iter().enumerate() {
            let all: Vec<RowId> = suspects
                .asked
                .iter()
                .map(|it| it.record.id.clone())
                .collect();
            let unread = count.blind.take();
            let (left, is_settled) =
                settled(ask, link, (suspects, &mut self.blind[n]), &excuses).await;
            count.blind = self.blind[n].clone().or(unread);
            let kept: HashSet<&RowId> = left.iter().map(|it| &it.record.id).collect();
            for id in all {
                let is_excused = !kept.contains(&id);
                count.ended += u64::from(is_excused);
                // Where a look failed, nobody knows yet whether anything excuses it.
                if let Some(known) = self.known.get_mut(&id)
                    && (is_excused || is_settled)
                {
                    known.asked = Some((Instant::now(), is_excused));
                }
            }
            count.dropped = left.into_iter().map(|suspect| suspect.record).collect();
            counts.push(count);
        }
        Ok(counts)
    }

    /// Of a link what is counted, with those that nothing excuses or is known of yet: `unread`, or not among those that are `due`.
    fn sorted(
        &self,
        judged: Judged<RowId>,
        unread: &HashSet<RowId>,
        due: &HashSet<RowId>,
    ) -> (Count, Suspects) {
        let mut count = judged.count;
        let mut suspects = Suspects::default();
        let mut late = 0;
        for (id, ended) in judged.orphans {
            let is_due = due.contains(&id);
            match self.known.get(&id) {
                Some(known) if is_due => suspects.asked.push(known.suspect(id, ended)),
                Some(known) if known.asked.is_none() => late += 1,
                Some(known) if known.is_excused() => count.ended += 1,
                Some(known) => suspects.left.push(known.suspect(id, ended)),
                None => late += u64::from(unread.contains(&id)),
            }
        }
        count.blind = (late > 0).then(|| format!("{late} were not looked up yet"));
        (count, suspects)
    }

    /// What is asked now what excuses it: what never was, and of the others those whose turn it is.
    fn due(&self) -> HashSet<RowId> {
        let (mut new, mut again) = (Vec::new(), Vec::new());
        for (id, known) in &self.known {
            match known.asked {
                None => new.push(id),
                Some((_, true)) => {}
                Some((at, false)) => again.push((at, id)),
            }
        }
        new.sort_unstable_by(|a, b| b.cmp(a));
        again.sort_unstable();
        let again = again.into_iter().take(AGAIN).map(|(_, id)| id);
        new.into_iter().take(FIRST).chain(again).cloned().collect()
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
            let (read, asked) = (Instant::now(), None);
            self.known.insert(id, Known { about, read, asked });
        }
        Ok(later.iter().map(|id| (*id).clone()).collect())
    }
}

impl Known {
    fn is_excused(&self) -> bool {
        self.asked.is_some_and(|(_, is_excused)| is_excused)
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

/// Those of `suspects` that nothing excuses, the newest first, and whether each look for that succeeded; `blind` is told what could
/// not be looked at.
async fn settled(
    ask: &Ask<'_>,
    link: Pair<'_>,
    (suspects, blind): (Suspects, &mut Option<String>),
    excuses: &Result<Excuses, Fault>,
) -> (Vec<Suspect>, bool) {
    let Suspects { mut asked, left } = suspects;
    if asked.is_empty() {
        blind.take_if(|_| left.is_empty());
        return (left, true);
    }
    *blind = None;
    let mut is_settled = excuses.is_ok();
    match excuses {
        Ok(excuses) => {
            asked.retain(|suspect| !excuses.are_for(link.stage, &suspect.record));
            *blind = excuses.blind(asked.iter().chain(&left));
        }
        Err(fault) => *blind = Some(format!("errors cannot be read ({fault})")),
    }
    for end in &link.stage.ends {
        if asked.is_empty() {
            break;
        }
        match ended(ask, end, &asked).await {
            Ok((ended, newest)) => {
                asked.retain(|suspect| !ended.contains(suspect.record.id.as_str()));
                let is_some = !asked.is_empty() || !left.is_empty();
                *blind = newest.filter(|_| is_some).or(blind.take());
            }
            Err(fault) => {
                is_settled = false;
                *blind = Some(fault.to_string());
            }
        }
    }
    asked.extend(left);
    asked.sort_unstable_by(|a, b| {
        let (a, b) = (&a.record, &b.record);
        b.ended_at.cmp(&a.ended_at).then_with(|| a.id.cmp(&b.id))
    });
    (asked, is_settled)
}
