//! Putting events back into the queue.

use tokio_postgres::{Client, Row, types::Type};

use super::{Change, Line, may_update};
use crate::{
    domain::{
        event::RowId,
        plan::{EventTarget, Outcome},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, fault_of},
};

/// Sets events to pending again and sees that the pipeline is notified, each once.
///
/// # Errors
/// What our role may not do, or what the server or the connection answered: then nothing has changed.
pub async fn retry_events(
    client: &mut Client,
    catalog: &Catalog,
    targets: &[EventTarget],
    who: &str,
) -> Result<Outcome, Fault> {
    may_update(
        catalog,
        "pipeline_events",
        &["status", "processed_at", "error_message", "retry_count"],
    )?;
    let change = Change::begin(client, catalog).await?;
    let ids: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
    let words: Vec<&str> = targets
        .iter()
        .map(|target| target.raw_status.raw())
        .collect();
    let retries: Vec<i64> = targets.iter().map(|target| target.retries.into()).collect();
    let rows = change
        .rows(
            include_str!("../../../../sql/mutations/retry_events.sql"),
            &[
                (&ids, Type::TEXT_ARRAY),
                (&words, Type::TEXT_ARRAY),
                (&retries, Type::INT8_ARRAY),
            ],
        )
        .await?;
    let requeued = requeued(&rows)?;
    notify(&change, catalog, &requeued).await?;
    let is_done = |target: &&EventTarget| requeued.iter().any(|row| row.id == target.id.as_str());
    let (done, left): (Vec<&EventTarget>, Vec<&EventTarget>) = targets.iter().partition(is_done);
    let outcome = Outcome {
        done: done.into_iter().map(|target| target.id.clone()).collect(),
        skipped: reasons(&change, &left).await?,
        audited_in_database: false,
    };
    let targets: Vec<RowId> = targets.iter().map(|target| target.id.clone()).collect();
    let line = Line {
        who,
        action: "retry_events",
        targets: &targets,
        note: None,
    };
    change.commit(&line, outcome).await
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
        let now = rows.iter().find(|row| {
            row.try_get("id")
                .is_ok_and(|id: &str| id == target.id.as_str())
        });
        let reason = now.map_or_else(|| Ok("it is gone".to_owned()), |row| reason(target, row));
        let reason = reason.map_err(|error| fault_of(&error))?;
        reasons.push((target.id.clone(), reason));
    }
    Ok(reasons)
}

fn reason(target: &EventTarget, now: &Row) -> Result<String, tokio_postgres::Error> {
    let word = Untrusted::from(now.try_get::<_, &str>("status")?);
    let retries: i64 = now.try_get("retry_count")?;
    Ok(if word != target.raw_status {
        format!(
            "it was {}, it is {} now",
            target.raw_status.display_cut(16),
            word.display_cut(16)
        )
    } else if retries != i64::from(target.retries) {
        format!(
            "it was retried meanwhile: {} times before, {retries} now",
            target.retries
        )
    } else {
        "somebody is changing it just now".to_owned()
    })
}
