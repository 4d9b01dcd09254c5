//! Putting events back into the queue, or new ones in their place.

use tokio_postgres::{Row, types::Type};

use super::{Change, Keyed, Line, Parameter, clones, guard, step::Ticket, unknown};
use crate::{
    domain::{
        event::{GONE, RowId},
        plan::{EventTarget, Examination, Mutation, Outcome, Plan, Retry, Strategy},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, fault_of},
};

/// How events are put back into the queue.
pub(super) const RETRY: &str = include_str!("../../../../sql/mutations/retry_events.sql");

/// The columns of an event that a retry changes.
pub(super) const CHANGED: [&str; 4] = ["status", "processed_at", "error_message", "retry_count"];

/// An event to put back, and the version it was examined in.
pub(super) type Run<'a> = (&'a EventTarget, Option<&'a str>);

/// Tries the events `ids` of `plan` again by what the plan says, a transaction alone, and sees that the pipeline is
/// notified, each once. The guard looks once more within: what was sent since the plan was shown is skipped.
pub(super) async fn retry(
    client: &mut Client,
    catalog: &Catalog,
    (plan, ids): (&Plan, &[RowId]),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let (Mutation::RetryEvents(retry), Some(examined)) = (&plan.mutation, &plan.examined) else {
        return Ok(Outcome::default());
    };
    let batch: Vec<Run<'_>> = retry
        .targets
        .iter()
        .filter(|target| ids.contains(&target.id))
        .filter_map(|target| {
            let version = examined.version(&target.id)?;
            Some((target, version.xmin.as_deref()))
        })
        .collect();
    match retry.strategy {
        Strategy::Requeue => catalog.may_change("pipeline_events", &CHANGED)?,
        Strategy::Clone => drop(catalog.may_insert("pipeline_events")?),
        Strategy::Webhook => {
            let text = "a call is no matter of one transaction";
            return Err(Fault::Unsupported(text.to_owned()));
        }
    }
    let change = Change::begin(client, catalog).await?;
    let (barred, runs) = still_clear(&change, catalog, &batch, (retry, examined)).await?;
    let targets: Vec<&EventTarget> = runs.iter().map(|(target, _)| *target).collect();
    let frozen = Frozen::of(&runs);
    let (gone, clones) = if retry.strategy == Strategy::Clone {
        let clones = clones::write(&change, catalog, &frozen, &targets).await?;
        (
            clones.iter().map(|clone| clone.of.clone()).collect(),
            clones,
        )
    } else {
        let rows = change.rows(RETRY, &frozen.parameters()).await?;
        let requeued = requeued(&rows)?;
        notify(&change, catalog, &requeued).await?;
        let ids = requeued.iter().filter_map(|row| RowId::parse(row.id));
        (ids.collect::<Vec<RowId>>(), Vec::new())
    };
    let is_done = |target: &&EventTarget| gone.contains(&target.id);
    let (done, left): (Vec<&EventTarget>, Vec<&EventTarget>) =
        targets.into_iter().partition(is_done);
    let mut skipped = barred;
    skipped.extend(reasons(&change, &left).await?);
    let remark = clones.iter();
    let outcome = Outcome {
        done: done.into_iter().map(|target| target.id.clone()).collect(),
        skipped,
        remarks: remark
            .map(|it| (it.of.clone(), format!("as {}", it.id)))
            .collect(),
        clones,
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
pub(super) async fn still_clear<'a>(
    change: &Change<'_>,
    catalog: &Catalog,
    batch: &[Run<'a>],
    (retry, examined): (&Retry, &Examination),
) -> Result<(Vec<(RowId, String)>, Vec<Run<'a>>), Fault> {
    let targets: Vec<EventTarget> = batch.iter().map(|(target, _)| (*target).clone()).collect();
    let now = guard::look(
        &change.transaction,
        catalog,
        (&targets, retry.quiet.as_ref()),
    )
    .await?;
    if let Some(unseen) = unknown::new(&now.unknown, &examined.unknown) {
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

/// Events as they were shown, in the arrays that a statement takes.
pub(super) struct Frozen<'a> {
    ids: Vec<&'a str>,
    words: Vec<&'a str>,
    retries: Vec<i64>,
    versions: Vec<Option<&'a str>>,
}

impl<'a> Frozen<'a> {
    fn of(runs: &[Run<'a>]) -> Self {
        let targets = || runs.iter().map(|(target, _)| *target);
        Self {
            ids: targets().map(|target| target.id.as_str()).collect(),
            words: targets().map(|target| target.raw_status.raw()).collect(),
            retries: targets().map(|target| target.retries.into()).collect(),
            versions: runs.iter().map(|(_, version)| *version).collect(),
        }
    }

    /// Keys, words, retry counts, versions.
    pub(super) fn parameters(&self) -> [Parameter<'_>; 4] {
        [
            (&self.ids, Type::TEXT_ARRAY),
            (&self.words, Type::TEXT_ARRAY),
            (&self.retries, Type::INT8_ARRAY),
            (&self.versions, Type::TEXT_ARRAY),
        ]
    }
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
pub(super) async fn reasons(
    change: &Change<'_>,
    left: &[&EventTarget],
) -> Result<Vec<(RowId, String)>, Fault> {
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = left.iter().map(|target| target.id.as_str()).collect();
    let sql = include_str!("../../../../sql/mutations/events_now.sql");
    let rows = change.rows(sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    let found = Keyed::of(&rows);
    let mut reasons = Vec::new();
    for target in left {
        let now = found.get(&target.id);
        let reason = now.map_or_else(|| Ok(GONE.to_owned()), |row| reason(target, row));
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
