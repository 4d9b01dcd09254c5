//! Which events are done and have no child: the links of the cascade over the newest events, then what excuses those
//! that were found: an error row, or an end that the pipeline's description names.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Row, types::Type};

use super::{
    super::{decode, fault_of},
    Ask, Parameter, files, where_possible,
};
use crate::{
    domain::{
        drops::{Count, Dropped, Drops, LEAST_GAP_S},
        event::EventType,
        pipeline::{End, Parent, Pipeline, Stage},
        untrusted::Untrusted,
    },
    msg::Fault,
};

mod ended;
mod excused;
mod watch;

pub(super) use self::watch::Watch;
use self::{
    ended::ended,
    excused::{Near, near},
};

/// Events looked at.
pub(super) const NEWEST: i64 = 20_000;

/// A link of the cascade: a stage, its child, and what joins them.
struct Link<'a> {
    stage: &'a Stage,
    child: &'a Stage,
    parent: &'a Parent,
}

fn links(pipeline: &Pipeline) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    for stage in &pipeline.stages {
        let children = pipeline.children(&stage.event);
        links.extend(children.filter_map(|child| {
            let parent = child.parent.as_ref()?;
            Some(Link {
                stage,
                child,
                parent,
            })
        }));
    }
    links
}

/// A parent without child, and the texts of the fields that its ends want.
struct Suspect {
    record: Dropped,
    fields: BTreeMap<String, String>,
}

/// How every link of `pipeline` stands over the `newest` events, and over `suspects` besides.
async fn over(
    ask: &Ask<'_>,
    pipeline: &Pipeline,
    newest: i64,
    suspects: Option<&[&str]>,
) -> Result<Drops, Fault> {
    let links = links(pipeline);
    let wanted: Vec<&str> = wanted(&links).into_iter().collect();
    let rows = look(ask, &links, &wanted, (newest, suspects)).await?;
    let mut drops = Drops::default();
    let mut found: Vec<(&Link<'_>, Count, Vec<Suspect>)> = Vec::new();
    for (n, link) in (0..).zip(&links) {
        let of_link = |row: &&Row| row.try_get("link").is_ok_and(|link: i32| link == n);
        let own: Vec<&Row> = rows.iter().filter(of_link).collect();
        if let Some(first) = own.first() {
            let (since, is_cut, now) = decode::reach(first)?;
            drops.since = since;
            drops.newest = is_cut.then_some(newest.unsigned_abs());
            drops.now = now;
            let mut count = decode::drop_count(first)?;
            count.stage = EventType::from(link.stage.event.as_str());
            count.child = EventType::from(link.child.event.as_str());
            link.parent
                .children
                .word()
                .clone_into(&mut count.children_due);
            found.push((link, count, dropped(&own, &wanted)?));
        }
    }
    let suspects = found.iter().flat_map(|(.., suspects)| suspects);
    let near = near(ask, suspects.collect(), drops.since).await;
    for (link, count, suspects) in found {
        let judged = judged(ask, link, (count, suspects), near.as_ref()).await?;
        drops.links.push(judged);
    }
    Ok(drops)
}

/// The fields whose texts the ends of the links want.
fn wanted<'a>(links: &[Link<'a>]) -> BTreeSet<&'a str> {
    let ends = links.iter().flat_map(|link| &link.stage.ends);
    ends.map(|end| match end {
        End::Payload { field, .. } | End::Row { field, .. } => field.as_str(),
    })
    .collect()
}

/// The fields that join the links, a column each, as the file takes them.
#[derive(Default)]
pub(super) struct Fields<'a> {
    link: Vec<i32>,
    stage: Vec<&'a str>,
    is_child: Vec<bool>,
    pair: Vec<i32>,
    field: Vec<Option<&'a str>>,
    before: Vec<Option<String>>,
}

impl<'a> Fields<'a> {
    /// Of stages each of which leads to the next.
    pub(super) fn along(way: &[&'a Stage]) -> Self {
        let links = way.windows(2).filter_map(|pair| match pair {
            [stage, child] => Some(Link {
                stage,
                child,
                parent: child.parent.as_ref()?,
            }),
            _ => None,
        });
        Self::of(&links.collect::<Vec<_>>())
    }

    fn of(links: &[Link<'a>]) -> Self {
        let mut fields = Self::default();
        for (n, link) in (0..).zip(links) {
            let mut before: Vec<&str> = Vec::new();
            for (pair, key) in (0..).zip(&link.parent.keys) {
                fields.push((n, pair), (link.stage, false), Some(&key.parent), &[]);
                fields.push((n, pair), (link.child, true), Some(&key.child), &before);
                before.push(&key.child);
            }
            // That nothing joins a link has to be said: it is counted all the same.
            if link.parent.keys.is_empty() {
                fields.push((n, 0), (link.stage, false), None, &[]);
                fields.push((n, 0), (link.child, true), None, &[]);
            }
        }
        fields
    }

    /// What the files take first: link, stage, whether it is the child, pair and field.
    pub(super) fn parameters(&self) -> [Parameter<'_>; 5] {
        [
            (&self.link, Type::INT4_ARRAY),
            (&self.stage, Type::TEXT_ARRAY),
            (&self.is_child, Type::BOOL_ARRAY),
            (&self.pair, Type::INT4_ARRAY),
            (&self.field, Type::TEXT_ARRAY),
        ]
    }

    fn push(
        &mut self,
        (link, pair): (i32, i32),
        (stage, is_child): (&'a Stage, bool),
        field: Option<&'a String>,
        before: &[&str],
    ) {
        self.link.push(link);
        self.stage.push(&stage.event);
        self.is_child.push(is_child);
        self.pair.push(pair);
        self.field.push(field.map(String::as_str));
        self.before
            .push((!before.is_empty()).then(|| before.join(",")));
    }
}

async fn look(
    ask: &Ask<'_>,
    links: &[Link<'_>],
    wanted: &[&str],
    (newest, suspects): (i64, Option<&[&str]>),
) -> Result<Vec<Row>, Fault> {
    let fields = Fields::of(links);
    let [link, stage, is_child, pair, field] = fields.parameters();
    let least = LEAST_GAP_S as f64;
    ask.rows(
        files::DROPS,
        &[
            link,
            stage,
            is_child,
            pair,
            field,
            (&fields.before, Type::TEXT_ARRAY),
            (&newest, Type::INT8),
            (&least, Type::FLOAT8),
            (&wanted, Type::TEXT_ARRAY),
            (&suspects, Type::TEXT_ARRAY),
        ],
    )
    .await
}

fn dropped(rows: &[&Row], wanted: &[&str]) -> Result<Vec<Suspect>, Fault> {
    let mut suspects = Vec::new();
    for row in rows {
        let Some(record) = decode::dropped(row)? else {
            continue;
        };
        let texts: Vec<Option<String>> = row.try_get("fields").map_err(|error| fault_of(&error))?;
        let named = wanted.iter().zip(texts);
        let fields = named.filter_map(|(name, text)| Some(((*name).to_owned(), text?)));
        suspects.push(Suspect {
            record,
            fields: fields.collect(),
        });
    }
    Ok(suspects)
}

/// `count` with those of `suspects` that nothing excuses.
async fn judged(
    ask: &Ask<'_>,
    link: &Link<'_>,
    (mut count, suspects): (Count, Vec<Suspect>),
    near: Option<&Result<Near, Fault>>,
) -> Result<Count, Fault> {
    let all = suspects.len();
    let mut left = suspects;
    let unread = |fault: &Fault| Some(format!("errors cannot be read ({fault})"));
    match near {
        _ if left.is_empty() => {}
        Some(Ok(near)) => {
            left.retain(|suspect| !near.excuses(link.stage, &suspect.record));
            count.blind = near.blind(&left);
        }
        Some(Err(fault)) => count.blind = unread(fault),
        None => match failed(ask, link.stage, &left).await {
            Ok(failed) => left.retain(|suspect| !failed.contains(suspect.record.id.as_str())),
            Err(fault) => count.blind = unread(&fault),
        },
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
    count.ended = (all - left.len()) as u64;
    count.dropped = left.into_iter().map(|suspect| suspect.record).collect();
    Ok(count)
}

/// Those of `suspects` that have an error row, by their keys.
async fn failed(
    ask: &Ask<'_>,
    stage: &Stage,
    suspects: &[Suspect],
) -> Result<BTreeSet<String>, Fault> {
    let ids: Vec<&str> = suspects.iter().map(|it| it.record.id.as_str()).collect();
    let named = suspects.iter().filter_map(|it| it.record.record.as_ref());
    let records: Vec<&str> = named.map(Untrusted::raw).collect();
    let event = stage.event.as_str();
    let answer = ask
        .rows(
            files::DROP_ERRORS,
            &[
                (&ids, Type::TEXT_ARRAY),
                (&event, Type::TEXT),
                (&records, Type::TEXT_ARRAY),
            ],
        )
        .await;
    // A site that keeps no errors has none that could excuse anything.
    let rows = where_possible(answer)?.unwrap_or_default();
    let mut failed = BTreeSet::new();
    for row in &rows {
        let (event, record): (Option<&str>, Option<&str>) = (|| {
            Ok::<_, tokio_postgres::Error>((row.try_get("event_id")?, row.try_get("record_id")?))
        })()
        .map_err(|error| fault_of(&error))?;
        let is_it = |it: &&Suspect| {
            let its = it.record.record.as_ref().map(Untrusted::raw);
            event == Some(it.record.id.as_str()) || (record.is_some() && record == its)
        };
        failed.extend(
            suspects
                .iter()
                .filter(is_it)
                .map(|it| it.record.id.to_string()),
        );
    }
    Ok(failed)
}
