//! Test events: writing one, and deleting it again while nobody has touched it.

use tokio_postgres::{Row, types::Type};

use super::{Change, Keyed, Line, Parameter, guard, rows, step::Ticket, texts};
use crate::{
    domain::{
        event::{GONE, RowId},
        pipeline::SideEffect,
        plan::{Examination, Mutation, NewEvent, Outcome, Plan, Version},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, client::Client, fault_of},
};

/// How an event is written.
pub(super) const INSERT: &str = include_str!("../../../../sql/mutations/insert_event.sql");
/// How test events are deleted.
pub(super) const DELETE: &str = include_str!("../../../../sql/mutations/delete_test_events.sql");

const NOW: &str = include_str!("../../../../sql/mutations/test_events_now.sql");

/// What the plan calls an event that is not written yet.
const NEW: &str = "new";

/// What speaks against writing `event`: a right that is missing, or an address that must not be written to. Only reads.
pub(super) async fn look(
    client: &Client,
    catalog: &Catalog,
    event: &NewEvent,
) -> Result<Examination, Fault> {
    catalog.may_insert("pipeline_events")?;
    let mut examination = Examination::default();
    let id = RowId::parse(NEW).ok_or_else(|| Fault::Decode(Untrusted::from(NEW)))?;
    if event.side_effect == SideEffect::PersonFacing {
        let email = event.text(&["email", "contact_email"]);
        examination.people = usize::from(email.is_some());
        examination.campaigns = usize::from(event.text(&["campaign_id"]).is_some());
        match guard::suppressed(client, catalog, email.as_deref()).await {
            Ok(None) => {}
            Ok(Some(why)) => examination.blocked.push((id.clone(), why)),
            Err(unknown) => examination.unknown.push(unknown),
        }
    }
    if examination.blocked.is_empty() {
        examination.eligible.push(Version { id, xmin: None });
    }
    Ok(examination)
}

/// Writes the test event of `plan`, or deletes its test events.
pub(super) async fn set(
    client: &mut Client,
    catalog: &Catalog,
    plan: &Plan,
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    match &plan.mutation {
        Mutation::InsertEvent(event) => insert(client, catalog, (event, plan), ticket).await,
        Mutation::DeleteTestEvents { ids, by } => delete(client, catalog, (ids, by), ticket).await,
        Mutation::RetryEvents(_)
        | Mutation::DeleteClones(_)
        | Mutation::Purge(_)
        | Mutation::Note { .. }
        | Mutation::ResolveErrors { .. }
        | Mutation::ReopenErrors { .. }
        | Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. }
        | Mutation::Triage { .. } => Ok(Outcome::default()),
    }
}

/// Writes `event` of `plan` and sees that the pipeline is notified of it, once.
async fn insert(
    client: &mut Client,
    catalog: &Catalog,
    (event, plan): (&NewEvent, &Plan),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    catalog.may_insert("pipeline_events")?;
    let change = Change::begin(client, catalog).await?;
    let (stage, payload) = (event.stage.raw(), event.payload.as_str());
    let written = change
        .rows(INSERT, &[(&stage, Type::TEXT), (&payload, Type::TEXT)])
        .await?;
    let ids: Result<Vec<&str>, _> = written.iter().map(|row| row.try_get("id")).collect();
    let ids = ids.map_err(|error| fault_of(&error))?;
    if !catalog.announces_inserts() {
        let sql = include_str!("../../../../sql/mutations/notify_inserted.sql");
        for id in &ids {
            let parameters: [Parameter<'_>; 3] = [
                (id, Type::TEXT),
                (&stage, Type::TEXT),
                (&payload, Type::TEXT),
            ];
            change.rows(sql, &parameters).await?;
        }
    }
    let done: Vec<RowId> = ids.iter().filter_map(|id| RowId::parse(id)).collect();
    let line = Line {
        action: plan.mutation.name(),
        targets: &done.clone(),
        note: plan.reason.as_deref(),
    };
    let outcome = Outcome {
        done,
        ..Outcome::default()
    };
    change.commit(&line, outcome, ticket).await
}

/// Which of the test events `ids`, inserted by `by`, may still be deleted. Only reads.
pub(super) async fn look_again(
    client: &Client,
    catalog: &Catalog,
    ids: &[RowId],
    by: &str,
) -> Result<Examination, Fault> {
    let keys = texts(ids);
    let parameters: [Parameter<'_>; 2] = [(&keys, Type::TEXT_ARRAY), (&by, Type::TEXT)];
    let found = rows(client, catalog, NOW, &parameters).await?;
    let found = Keyed::of(&found);
    let mut examination = Examination::default();
    for id in ids {
        match touched(found.get(id)).map_err(|error| fault_of(&error))? {
            Some(why) => examination.blocked.push((id.clone(), why)),
            None => examination.eligible.push(Version {
                id: id.clone(),
                xmin: None,
            }),
        }
    }
    Ok(examination)
}

/// Why a test event must not be deleted any more, if it must not.
fn touched(now: Option<&Row>) -> Result<Option<String>, tokio_postgres::Error> {
    let Some(row) = now else {
        return Ok(Some(GONE.to_owned()));
    };
    if !row.try_get::<_, bool>("is_ours")? {
        return Ok(Some("it is not a test event of ours".to_owned()));
    }
    if row.try_get::<_, bool>("is_untouched")? {
        return Ok(None);
    }
    let word = Untrusted::from(row.try_get::<_, &str>("status")?);
    Ok(Some(format!(
        "its workflow has taken it: it is {} now",
        word.display_cut(16)
    )))
}

/// Deletes the test events `ids`, inserted by `by`, each only while nobody has touched it.
async fn delete(
    client: &mut Client,
    catalog: &Catalog,
    (ids, by): (&[RowId], &str),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let keys = texts(ids);
    let change = Change::begin(client, catalog).await?;
    let parameters: [Parameter<'_>; 2] = [(&keys, Type::TEXT_ARRAY), (&by, Type::TEXT)];
    let deleted = change.rows(DELETE, &parameters).await?;
    let left = change.rows(NOW, &parameters).await?;
    let (deleted, left) = (Keyed::of(&deleted), Keyed::of(&left));
    let mut outcome = Outcome::default();
    for id in ids {
        if deleted.get(id).is_some() {
            outcome.done.push(id.clone());
            continue;
        }
        let why = touched(left.get(id)).map_err(|error| fault_of(&error))?;
        let why = why.unwrap_or_else(|| "somebody changes it just now".to_owned());
        outcome.skipped.push((id.clone(), why));
    }
    let line = Line {
        action: "delete_test_events",
        targets: ids,
        note: None,
    };
    change.commit(&line, outcome, ticket).await
}
