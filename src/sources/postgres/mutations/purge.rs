//! Deleting what is old and done: counted first, then page by page of keys, each in a transaction of its own.

mod look;

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_postgres::types::Type;

pub(super) use self::look::look;

use super::{
    Change, Client, Line, Parameter,
    step::{Step, Ticket},
    writer::Writer,
};
use crate::{
    domain::{
        event::RowId,
        plan::{Examination, Mutation, Old, Outcome, Pace, Plan, Progress, PurgeStep, Table},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{
        Purpose, Session, Settings, catalog::Catalog, connect, fault_of, queries::template,
    },
};

/// Keys in a page: some milliseconds of work.
const PAGE: i64 = 2_000;
/// The smallest page that is tried where the server cancels larger ones.
const SMALLEST: i64 = 20;
/// The longest rest between two pages; each rests for as long as the last one took, so that the database has half of its time
/// for others.
const REST: Duration = Duration::from_secs(1);
/// How long giving the room back may take.
const PATIENCE: Duration = Duration::from_hours(1);

/// The statements about a table.
struct Files {
    bound: &'static str,
    count: &'static str,
    page: &'static str,
    vacuum: &'static str,
}

const fn files(table: Table) -> Files {
    match table {
        Table::Events => Files {
            bound: include_str!("../../../../sql/mutations/purge_events_bound.sql"),
            count: include_str!("../../../../sql/mutations/purge_events_count.sql"),
            page: include_str!("../../../../sql/mutations/purge_events.sql"),
            vacuum: include_str!("../../../../sql/mutations/vacuum_events.sql"),
        },
        Table::Errors => Files {
            bound: include_str!("../../../../sql/mutations/purge_errors_bound.sql"),
            count: include_str!("../../../../sql/mutations/purge_errors_count.sql"),
            page: include_str!("../../../../sql/mutations/purge_errors.sql"),
            vacuum: include_str!("../../../../sql/mutations/vacuum_errors.sql"),
        },
    }
}

/// A page to purge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    table: Table,
    stretch: Stretch<'a>,
    /// How many rows it has at most.
    keys: i64,
}

/// The keys that are gone through, page by page.
#[derive(Debug, Clone, Copy)]
struct Stretch<'a> {
    /// They are after this one.
    after: Option<&'a RowId>,
    /// They are before this one.
    bound: Option<&'a RowId>,
    /// Whether they are those of newer rows: then what is old lies among them.
    is_among: bool,
}

/// What became of a page.
#[derive(Debug)]
pub(super) struct Page {
    looked: i64,
    last: Option<RowId>,
}

/// Purges one page of the table of `place`; a line in the audit log says how many rows, where any were deleted.
pub(super) async fn page(
    client: &mut Client,
    catalog: &Catalog,
    (plan, place): (&Plan, Place<'_>),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let Mutation::Purge(purge) = &plan.mutation else {
        return Ok(Outcome::default());
    };
    let change = Change::begin(client, catalog).await?;
    let before = purge.before(place.table);
    let Stretch {
        after,
        bound,
        is_among,
    } = place.stretch;
    let (after, bound) = (after.map(RowId::as_str), bound.map(RowId::as_str));
    let parameters: [Parameter<'_>; 5] = [
        (&before, Type::TIMESTAMPTZ),
        (&after, Type::TEXT),
        (&bound, Type::TEXT),
        (&place.keys, Type::INT8),
        (&is_among, Type::BOOL),
    ];
    let rows = change.rows(files(place.table).page, &parameters).await?;
    let read = || -> Result<(i64, i64, Option<&str>), tokio_postgres::Error> {
        let Some(row) = rows.first() else {
            return Ok((0, 0, None));
        };
        Ok((
            row.try_get("looked")?,
            row.try_get("deleted")?,
            row.try_get("last")?,
        ))
    };
    let (looked, deleted, last) = read().map_err(|error| fault_of(&error))?;
    let last = last.and_then(RowId::parse);
    // The key that it ends at tells a page from the others.
    let targets: Vec<RowId> = [Some(place.table.id()), last.clone()]
        .into_iter()
        .flatten()
        .collect();
    ticket.page = Some(Page { looked, last });
    if deleted == 0 {
        return Ok(Outcome::default());
    }
    let outcome = Outcome {
        deleted: vec![(place.table, deleted.unsigned_abs())],
        ..Outcome::default()
    };
    let line = Line {
        action: plan.mutation.name(),
        targets: &targets,
        note: plan.reason.as_deref(),
    };
    change.commit(&line, outcome, ticket).await
}

impl Writer {
    /// Purges what `plan` says, page by page, at the pace that is told, and tells how far it is. A pace that nobody can tell
    /// any more is an end.
    ///
    /// # Errors
    /// Why nothing was deleted. A fault later on is no error: the outcome says what it left.
    pub async fn purge(
        &mut self,
        plan: &Plan,
        pace: watch::Receiver<Pace>,
        tell: impl FnMut(&Progress) + Send,
    ) -> Result<Outcome, Fault> {
        let (Mutation::Purge(_), Some(examined)) = (&plan.mutation, &plan.examined) else {
            return Err(Fault::Unsupported("this purges nothing".to_owned()));
        };
        self.begin_entry(plan).await?;
        let answer = self.tables((plan, examined), pace, tell).await;
        let sum = answer.as_ref().map_or_else(
            |fault| Outcome {
                failed: vec![(Table::Events.id(), fault.to_string())],
                ..Outcome::default()
            },
            Outcome::clone,
        );
        self.end_entry(plan, &sum).await;
        answer
    }

    async fn tables(
        &mut self,
        (plan, examined): (&Plan, &Examination),
        mut pace: watch::Receiver<Pace>,
        mut tell: impl FnMut(&Progress) + Send,
    ) -> Result<Outcome, Fault> {
        let mut outcome = Outcome::default();
        for old in &examined.old {
            let mut progress = Progress {
                table: old.table,
                events: outcome.deleted_from(Table::Events),
                errors: outcome.deleted_from(Table::Errors),
                share: old.first.as_ref().and_then(|first| old.share(first)),
                step: PurgeStep::Deletes,
            };
            let ended = self
                .pages(
                    (plan, old),
                    &mut pace,
                    &mut outcome,
                    |outcome, share, step| {
                        progress.events = outcome.deleted_from(Table::Events);
                        progress.errors = outcome.deleted_from(Table::Errors);
                        progress.share = share.or(progress.share);
                        progress.step = step;
                        tell(&progress);
                    },
                )
                .await;
            match ended {
                Ok(true) => {}
                Ok(false) => {
                    let why = "stopped: the rest stays".to_owned();
                    outcome.skipped.push((old.table.id(), why));
                    break;
                }
                Err(fault) if outcome == Outcome::default() => return Err(fault),
                Err(fault) => {
                    outcome.failed.push((old.table.id(), fault.to_string()));
                    break;
                }
            }
        }
        for old in &examined.old {
            if outcome.deleted_from(old.table) > 0 {
                tell(&Progress {
                    table: old.table,
                    events: outcome.deleted_from(Table::Events),
                    errors: outcome.deleted_from(Table::Errors),
                    share: None,
                    step: PurgeStep::Vacuums,
                });
                let said = vacuum(self.settings(), old).await;
                outcome.remarks.push((old.table.id(), said));
            }
        }
        Ok(outcome)
    }

    /// Purges one table: what lies before its bound, then what is old among the newer rows; whether it came to the end.
    async fn pages(
        &mut self,
        (plan, old): (&Plan, &Old),
        pace: &mut watch::Receiver<Pace>,
        outcome: &mut Outcome,
        mut tell: impl FnMut(&Outcome, Option<u16>, PurgeStep) + Send,
    ) -> Result<bool, Fault> {
        let below = Stretch {
            after: None,
            bound: old.bound.as_ref(),
            is_among: false,
        };
        let run = (plan, old);
        if !self.stretch(run, below, pace, outcome, &mut tell).await? {
            return Ok(false);
        }
        let last = old.bound.as_ref().and_then(RowId::before);
        let Some(last) = last.filter(|_| old.has_among()) else {
            return Ok(true);
        };
        let above = Stretch {
            after: Some(&last),
            bound: None,
            is_among: true,
        };
        self.stretch(run, above, pace, outcome, &mut tell).await
    }

    /// Purges one stretch of keys; whether it came to the end.
    async fn stretch(
        &mut self,
        (plan, old): (&Plan, &Old),
        stretch: Stretch<'_>,
        pace: &mut watch::Receiver<Pace>,
        outcome: &mut Outcome,
        tell: &mut (impl FnMut(&Outcome, Option<u16>, PurgeStep) + Send),
    ) -> Result<bool, Fault> {
        let mut after: Option<RowId> = stretch.after.cloned();
        let mut keys = PAGE;
        loop {
            if *pace.borrow() == Pace::Pause {
                tell(outcome, None, PurgeStep::Waits);
            }
            if !goes_on(pace).await {
                return Ok(false);
            }
            let next = Place {
                table: old.table,
                stretch: Stretch {
                    after: after.as_ref(),
                    ..stretch
                },
                keys,
            };
            let begun = Instant::now();
            let (part, done) = match self.attempt(Step::Purge(plan, next), None).await {
                Ok((part, left)) => (part, left.page),
                Err(Fault::TooSlow(_)) if keys > SMALLEST => {
                    keys /= 10;
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            outcome.count(&part);
            let Some(Page { looked, last }) = done else {
                return Ok(true);
            };
            let share = last.as_ref().and_then(|last| old.share(last));
            let share = share.filter(|_| !stretch.is_among);
            tell(outcome, share, PurgeStep::Deletes);
            if looked < keys || last.is_none() {
                return Ok(true);
            }
            after = last;
            sleep(begun.elapsed().min(REST)).await;
        }
    }
}

/// Waits while it pauses; whether it goes on then.
async fn goes_on(pace: &mut watch::Receiver<Pace>) -> bool {
    let told = pace.wait_for(|pace| *pace != Pace::Pause).await;
    let runs = told.is_ok_and(|pace| *pace == Pace::Run);
    // Whoever could tell it to stop is there still.
    runs && pace.has_changed().is_ok()
}

/// Gives the room of a table back, where our role may; what came of it, in a few words.
async fn vacuum(settings: &Settings, old: &Old) -> String {
    if !old.vacuums {
        return "not vacuumed: this role may not (the owner may; autovacuum will)".to_owned();
    }
    let begun = Instant::now();
    match vacuumed(settings, old.table).await {
        Ok(()) => format!(
            "vacuumed and analysed in {} ms",
            begun.elapsed().as_millis()
        ),
        Err(fault) => {
            let fault = Untrusted::from(fault.to_string()).display_cut(200);
            format!("not vacuumed: {fault}")
        }
    }
}

/// On a connection of its own: it is no part of a transaction, and takes longer than a statement of ours may.
async fn vacuumed(settings: &Settings, table: Table) -> Result<(), Fault> {
    let Session {
        client, mut driver, ..
    } = connect(settings, Purpose::Writer).await?;
    let work = async {
        let catalog = Catalog::read(&client, &settings.schema, &settings.words).await?;
        let sql = template::render(&catalog, files(table).vacuum, None)?;
        let patient = include_str!("../../../../sql/mutations/patient.sql");
        for sql in [patient, &sql] {
            let done = client.batch_execute(sql).await;
            done.map_err(|error| fault_of(&error))?;
        }
        Ok(())
    };
    driver.run(PATIENCE, work).await?
}
