//! The newest events in our memory, brought up to the present by their keys: what a turn costs follows what is new.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::types::Type;

use super::{
    super::{
        super::{decode, relation::Relation},
        Ask, Parameter, files,
    },
    NEWEST, Records, look, moment,
};
use crate::{
    domain::{
        drops::{Book, Cascade, Drops, Found, Judged, Plan, ROWS},
        event::RowId,
        pipeline::Pipeline,
    },
    msg::Fault,
};

/// Events looked at at first where so many come that a turn does not catch up with them.
const STORM: i64 = 60_000;

/// A table without any event of the last day is looked at anew this often: nothing held would tell that its keys began anew.
const EMPTY: Duration = Duration::from_mins(10);

/// The events, and when they were first looked at.
#[derive(Debug, Default)]
pub(super) struct Kept(Option<(Book, Instant)>);

impl Kept {
    /// How every link of `pipeline` stands.
    pub(super) async fn fetch(
        &mut self,
        ask: &Ask<'_>,
        pipeline: &Pipeline,
        records: &mut Records,
    ) -> Result<Drops, Fault> {
        let newest = match &mut self.0 {
            Some((book, made)) if book.is_of(pipeline) && !(book.is_empty() && is_old(*made)) => {
                match turn(ask, book).await? {
                    State::Known => None,
                    State::Behind => Some(STORM),
                    State::Lost => {
                        records.forget();
                        Some(NEWEST)
                    }
                }
            }
            _ => Some(NEWEST),
        };
        if let Some(newest) = newest {
            self.0 = Some((first(ask, pipeline, newest).await?, Instant::now()));
        }
        let Some((mut book, made)) = self.0.take() else {
            return Err(Fault::Missing("the newest events".into()));
        };
        // Beside the other tasks: of very many events it takes longer than a key may wait.
        let judging = tokio::task::spawn_blocking(move || {
            let judged = book.judge();
            (book, judged)
        });
        let (book, judged) = judging
            .await
            .map_err(|error| Fault::Decode(error.to_string().into()))?;
        let (book, _) = self.0.insert((book, made));
        let judged = judged.into_iter().map(named).collect();
        let since = book.since().map(moment);
        Ok(Drops {
            links: records.settle(ask, pipeline, judged, since).await?,
            since,
            newest: book.newest(),
            now: moment(book.now()),
        })
    }
}

/// Whether that long ago is too long for a table of which nothing is held.
fn is_old(made: Instant) -> bool {
    made.elapsed() >= EMPTY
}

/// What became of a turn.
enum State {
    /// All is known.
    Known,
    /// More came than a turn reads.
    Behind,
    /// It is another table.
    Lost,
}

/// A look at the newest events.
async fn first(ask: &Ask<'_>, pipeline: &Pipeline, newest: i64) -> Result<Book, Fault> {
    let cascade = Cascade::of(pipeline);
    let (clock, events) = look(ask, &cascade, newest, None).await?;
    let events = events.into_iter();
    let rows = events.filter_map(|(id, seen)| Some((id.number()?, seen)));
    let relation = ask.catalog.relation("pipeline_events");
    let has_versions = relation.is_some_and(Relation::has_versions);
    let newest = usize::try_from(newest).unwrap_or(0);
    Ok(Book::new(
        (cascade, has_versions),
        rows.collect(),
        newest,
        clock,
    ))
}

async fn turn(ask: &Ask<'_>, book: &mut Book) -> Result<State, Fault> {
    let mut statements = 0;
    loop {
        let plan = book.plan(statements);
        let found = read(ask, book.cascade(), &plan).await?;
        book.take(&plan, found);
        statements += 1;
        match book.wants_more(statements) {
            _ if book.is_lost() => return Ok(State::Lost),
            Some(true) => {}
            Some(false) => return Ok(State::Known),
            None => return Ok(State::Behind),
        }
    }
}

async fn read(ask: &Ask<'_>, cascade: &Cascade, plan: &Plan) -> Result<Found, Fault> {
    let (stages, fields): (Vec<&str>, Vec<Option<&str>>) = cascade.columns().unzip();
    let lows: Vec<i64> = plan.ranges.iter().map(|range| range.low).collect();
    let highs: Vec<i64> = plan.ranges.iter().map(|range| range.high).collect();
    let limits: Vec<i64> = plan.ranges.iter().map(|range| range.rows as i64).collect();
    let from: Vec<i64> = plan.counted.iter().map(|stretch| stretch.low).collect();
    let to: Vec<i64> = plan.counted.iter().map(|stretch| stretch.high).collect();
    // More than is ever held of one: those would not be as they are known.
    let most = 2 * ROWS as i64;
    let parameters: [Parameter<'_>; 8] = [
        (&stages, Type::TEXT_ARRAY),
        (&fields, Type::TEXT_ARRAY),
        (&lows, Type::INT8_ARRAY),
        (&highs, Type::INT8_ARRAY),
        (&limits, Type::INT8_ARRAY),
        (&from, Type::INT8_ARRAY),
        (&to, Type::INT8_ARRAY),
        (&most, Type::INT8),
    ];
    let rows = ask.rows(files::DROPS_TURN, &parameters).await?;
    let sizes = (plan.ranges.len(), plan.counted.len());
    decode::turn_seen(&rows, cascade, sizes)
}

fn named(judged: Judged<i64>) -> Judged<RowId> {
    let orphans = judged.orphans.into_iter();
    Judged {
        count: judged.count,
        orphans: orphans.map(|(key, at)| (RowId::from(key), at)).collect(),
    }
}
