//! Putting events back into the queue.

use tokio_postgres::{Row, types::Type};

use super::{Change, Line, Parameter, guard, may_update, row_of, writer::Ticket};
use crate::{
    domain::{
        event::RowId,
        plan::{EventTarget, Examination, Mutation, Outcome, Plan},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, fault_of},
};

/// How events are put back into the queue.
pub(super) const RETRY: &str = include_str!("../../../../sql/mutations/retry_events.sql");

/// An event to put back, and the version it was examined in.
type Run<'a> = (&'a EventTarget, Option<&'a str>);

/// Sets the events `ids` of `plan` to pending again and sees that the pipeline is notified, each once. The guard looks once
/// more within: what was sent since the plan was shown is skipped.
pub(super) async fn retry(
    client: &mut Client,
    catalog: &Catalog,
    (plan, ids): (&Plan, &[RowId]),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let (Mutation::RetryEvents(targets), Some(examined)) = (&plan.mutation, &plan.examined) else {
        return Ok(Outcome::default());
    };
    let batch: Vec<Run<'_>> = targets
        .iter()
        .filter(|target| ids.contains(&target.id))
        .filter_map(|target| {
            let version = examined.version(&target.id)?;
            Some((target, version.xmin.as_deref()))
        })
        .collect();
    may_update(
        catalog,
        "pipeline_events",
        &["status", "processed_at", "error_message", "retry_count"],
    )?;
    let change = Change::begin(client, catalog).await?;
    let (barred, runs) = still_clear(&change, catalog, &batch, examined).await?;
    let rows = requeue(&change, &runs).await?;
    let requeued = requeued(&rows)?;
    notify(&change, catalog, &requeued).await?;
    let is_done = |target: &&EventTarget| requeued.iter().any(|row| row.id == target.id.as_str());
    let (done, left): (Vec<&EventTarget>, Vec<&EventTarget>) =
        runs.iter().map(|(target, _)| *target).partition(is_done);
    let mut skipped = barred;
    skipped.extend(reasons(&change, &left).await?);
    let outcome = Outcome {
        done: done.into_iter().map(|target| target.id.clone()).collect(),
        skipped,
        ..Outcome::default()
    };
    let line = Line {
        action: plan.mutation.name(),
        targets: ids,
        note: plan.reason.as_deref(),
    };
    change.commit(&line, outcome, ticket).await
}

/// Looks once more, within the transaction: what must not run by now, and what may.
async fn still_clear<'a>(
    change: &Change<'_>,
    catalog: &Catalog,
    batch: &[Run<'a>],
    examined: &Examination,
) -> Result<(Vec<(RowId, String)>, Vec<Run<'a>>), Fault> {
    let targets: Vec<EventTarget> = batch.iter().map(|(target, _)| (*target).clone()).collect();
    let now = guard::look(&change.transaction, catalog, &targets).await?;
    if let Some(unseen) = now
        .unknown
        .iter()
        .find(|unseen| !examined.unknown.contains(unseen))
    {
        let text = format!("the guard cannot look any more, so nothing was changed: {unseen}");
        return Err(Fault::Refused(Untrusted::from(text)));
    }
    let runs = batch
        .iter()
        .filter(|(target, _)| now.version(&target.id).is_some())
        .copied()
        .collect();
    Ok((now.blocked, runs))
}

async fn requeue(change: &Change<'_>, runs: &[Run<'_>]) -> Result<Vec<Row>, Fault> {
    let ids: Vec<&str> = runs.iter().map(|(target, _)| target.id.as_str()).collect();
    let words: Vec<&str> = runs
        .iter()
        .map(|(target, _)| target.raw_status.raw())
        .collect();
    let retries: Vec<i64> = runs
        .iter()
        .map(|(target, _)| target.retries.into())
        .collect();
    let versions: Vec<Option<&str>> = runs.iter().map(|(_, version)| *version).collect();
    let parameters: [Parameter<'_>; 4] = [
        (&ids, Type::TEXT_ARRAY),
        (&words, Type::TEXT_ARRAY),
        (&retries, Type::INT8_ARRAY),
        (&versions, Type::TEXT_ARRAY),
    ];
    change.rows(RETRY, &parameters).await
}

/// An event that is in the queue again.
struct Requeued<'a> {
    id: &'a str,
    event_type: &'a str,
    was_pending: bool,
}

fn requeued(rows: &[Row]) -> Result<Vec<Requeued<'_>>, Fault> {
    rows.iter()
        .map(|row| Requeued::of(row).map_err(|error| fault_of(&error)))
        .collect()
}

impl<'a> Requeued<'a> {
    fn of(row: &'a Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            event_type: row.try_get("event_type")?,
            was_pending: row.try_get("was_pending")?,
        })
    }
}

/// Notifies of what no trigger does: everything where none looks at the status, else what was pending before,
/// since its status did not change.
async fn notify(
    change: &Change<'_>,
    catalog: &Catalog,
    requeued: &[Requeued<'_>],
) -> Result<(), Fault> {
    let by_trigger = catalog.announces_changes();
    let silent: Vec<&Requeued<'_>> = requeued
        .iter()
        .filter(|event| event.was_pending || !by_trigger)
        .collect();
    if silent.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = silent.iter().map(|event| event.id).collect();
    let types: Vec<&str> = silent.iter().map(|event| event.event_type).collect();
    change
        .rows(
            include_str!("../../../../sql/mutations/notify.sql"),
            &[(&ids, Type::TEXT_ARRAY), (&types, Type::TEXT_ARRAY)],
        )
        .await
        .map(drop)
}

/// Why each of these was left alone: how it stands now.
async fn reasons(
    change: &Change<'_>,
    left: &[&EventTarget],
) -> Result<Vec<(RowId, String)>, Fault> {
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = left.iter().map(|target| target.id.as_str()).collect();
    let sql = include_str!("../../../../sql/mutations/events_now.sql");
    let rows = change.rows(sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    let mut reasons = Vec::new();
    for target in left {
        let now = row_of(&rows, &target.id);
        let reason = now.map_or_else(|| Ok("it is gone".to_owned()), |row| reason(target, row));
        let reason = reason.map_err(|error| fault_of(&error))?;
        reasons.push((target.id.clone(), reason));
    }
    Ok(reasons)
}

fn reason(target: &EventTarget, now: &Row) -> Result<String, tokio_postgres::Error> {
    let word = Untrusted::from(now.try_get::<_, &str>("status")?);
    let retries: i64 = now.try_get("retry_count")?;
    Ok(moved(target, &word, retries)
        .unwrap_or_else(|| "somebody changes it just now, or did since it was shown".to_owned()))
}

/// How an event that has now this status and retry count differs from what was shown, if it does.
pub(super) fn moved(target: &EventTarget, word: &Untrusted, retries: i64) -> Option<String> {
    if *word != target.raw_status {
        Some(format!(
            "it was {}, it is {} now",
            target.raw_status.display_cut(16),
            word.display_cut(16)
        ))
    } else if retries != i64::from(target.retries) {
        Some(format!(
            "it was retried meanwhile: {} times before, {retries} now",
            target.retries
        ))
    } else {
        None
    }
}
