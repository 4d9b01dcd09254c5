//! Resolving errors.

use tokio_postgres::{Row, types::Type};

use super::{Change, Keyed, Line, rows, texts, writer::Ticket};
use crate::{
    domain::{
        event::RowId,
        plan::{Examination, Mutation, Outcome, Plan, Version},
        untrusted::Untrusted,
    },
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, fault_of},
};

/// How errors are marked as unresolved again.
pub(super) const REOPEN: &str = include_str!("../../../../sql/mutations/reopen_errors.sql");

/// What is said of a row that still stands as it should, and yet was left alone.
const MOVED: &str = "somebody changes it just now, or did since it was shown";

/// How errors are marked as resolved here.
pub(super) fn resolving(catalog: &Catalog) -> &'static str {
    if catalog.function("resolve_pipeline_error").is_some() {
        include_str!("../../../../sql/mutations/resolve_errors_by_function.sql")
    } else {
        include_str!("../../../../sql/mutations/resolve_errors.sql")
    }
}

/// How an error must stand to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// Unresolved, to be resolved.
    Unresolved,
    /// Resolved by this one, as far as the table says by whom; to be reopened.
    Resolved(&'a str),
}

/// The errors `ids` as they stand, and which of them are left alone, and why. Only reads.
///
/// # Errors
/// What keeps the errors from being read.
pub(super) async fn look(
    client: &Client,
    catalog: &Catalog,
    ids: &[RowId],
    wanted: Wanted<'_>,
) -> Result<Examination, Fault> {
    let sql = include_str!("../../../../sql/mutations/examine_errors.sql");
    let keys = texts(ids);
    let rows = rows(client, catalog, sql, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let found = Keyed::of(&rows);
    let mut examination = Examination::default();
    for id in ids {
        let row = found.get(id);
        let found = row.map_or(Ok(None), |row| version(id, row, wanted).map(Some));
        match found.map_err(|error| fault_of(&error))? {
            None => examination
                .blocked
                .push((id.clone(), "it is gone".to_owned())),
            Some(Err(why)) => examination.blocked.push((id.clone(), why)),
            Some(Ok(version)) => examination.eligible.push(version),
        }
    }
    Ok(examination)
}

/// The version of an error that stands as it is wanted; or why it is left alone.
fn version(
    id: &RowId,
    row: &Row,
    wanted: Wanted<'_>,
) -> Result<Result<Version, String>, tokio_postgres::Error> {
    let resolved: bool = row.try_get("resolved")?;
    Ok(match (wanted, resolved) {
        (Wanted::Unresolved, true) => Err(resolved_by(row)?),
        (Wanted::Resolved(_), false) => Err("it is open already".to_owned()),
        (Wanted::Resolved(by), true) if is_of_another(row, by)? => {
            Err(format!("{}, not by {by}", resolved_by(row)?))
        }
        (Wanted::Unresolved, false) | (Wanted::Resolved(_), true) => Ok(Version {
            id: id.clone(),
            xmin: row.try_get("version")?,
        }),
    })
}

/// Whether the table says that somebody else than `who` resolved an error.
fn is_of_another(row: &Row, who: &str) -> Result<bool, tokio_postgres::Error> {
    let by: Option<&str> = row.try_get("resolved_by")?;
    // So much of a name is read.
    Ok(by.is_some_and(|by| by != who.chars().take(64).collect::<String>()))
}

/// Says that an error is resolved, and by whom where that is known.
fn resolved_by(row: &Row) -> Result<String, tokio_postgres::Error> {
    let by: Option<&str> = row.try_get("resolved_by")?;
    Ok(by.filter(|by| !by.is_empty()).map_or_else(
        || "it is resolved already".to_owned(),
        |by| {
            let by = Untrusted::from(by);
            format!("it is resolved already, by {}", by.display_cut(64))
        },
    ))
}

/// Resolves the errors `ids` of `plan`, by the site's own function where it has one; or reopens those that the plan's
/// operator resolved, where the table says by whom. Each only in the version it was examined in.
pub(super) async fn set(
    client: &mut Client,
    catalog: &Catalog,
    (plan, ids): (&Plan, &[RowId]),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let (sql, left, note, who): (_, Left, _, _) = match &plan.mutation {
        Mutation::ResolveErrors { note, .. } => (resolving(catalog), left, note, ticket.who),
        Mutation::ReopenErrors { note, by, .. } => (REOPEN, still, note, by.as_str()),
        Mutation::RetryEvents(_)
        | Mutation::DeleteClones(_)
        | Mutation::Purge(_)
        | Mutation::SetWorkflowActive { .. }
        | Mutation::BounceWorkflow { .. }
        | Mutation::StopExecutions(_)
        | Mutation::RetryExecutions { .. }
        | Mutation::InsertEvent(_)
        | Mutation::DeleteTestEvents { .. }
        | Mutation::Triage { .. } => return Ok(Outcome::default()),
    };
    let columns = ["resolved", "resolved_at", "resolved_by", "notes"];
    catalog.may_change("pipeline_errors", &columns)?;
    let keys = texts(ids);
    let examined = plan.examined.as_ref().map(Examination::versions);
    let version = |id: &RowId| examined.as_ref()?.get(id)?.xmin.as_deref();
    let versions: Vec<Option<&str>> = ids.iter().map(version).collect();
    let change = Change::begin(client, catalog).await?;
    let touched = change
        .rows(
            sql,
            &[
                (&keys, Type::TEXT_ARRAY),
                (&who, Type::TEXT),
                (&note, Type::TEXT),
                (&versions, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    let now = include_str!("../../../../sql/mutations/errors_now.sql");
    let now = change.rows(now, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let (touched, now) = (Keyed::of(&touched), Keyed::of(&now));
    let mut outcome = Outcome::default();
    for id in ids {
        let was_ours = touched.get(id).is_some();
        match left(now.get(id), was_ours).map_err(|error| fault_of(&error))? {
            None => outcome.done.push(id.clone()),
            Some(reason) => outcome.skipped.push((id.clone(), reason)),
        }
    }
    let line = Line {
        action: plan.mutation.name(),
        targets: ids,
        note: Some(note),
    };
    change.commit(&line, outcome, ticket).await
}

/// Why a row was left alone, by how it stands now and whether we touched it; `None` when it was done.
type Left = fn(Option<&Row>, bool) -> Result<Option<String>, tokio_postgres::Error>;

/// Why an error was left resolved, by how it stands now; `None` when we reopened it.
fn still(now: Option<&Row>, was_ours: bool) -> Result<Option<String>, tokio_postgres::Error> {
    let Some(row) = now else {
        return Ok(Some("it is gone".to_owned()));
    };
    let resolved: bool = row.try_get("resolved")?;
    let by: Option<&str> = row.try_get("resolved_by")?;
    Ok(match (resolved, was_ours) {
        (false, true) => None,
        (false, false) => Some("it is open already".to_owned()),
        (true, _) => Some(by.map_or_else(
            || MOVED.to_owned(),
            |by| {
                format!(
                    "it is resolved by {} now",
                    Untrusted::from(by).display_cut(64)
                )
            },
        )),
    })
}

/// Why an error was left alone, by how it stands now; `None` when we resolved it.
fn left(now: Option<&Row>, was_ours: bool) -> Result<Option<String>, tokio_postgres::Error> {
    let Some(row) = now else {
        return Ok(Some("it is gone".to_owned()));
    };
    let resolved: bool = row.try_get("resolved")?;
    Ok(match (resolved, was_ours) {
        (true, true) => None,
        (false, true) => Some("resolve_pipeline_error left it unresolved".to_owned()),
        (false, false) => Some(MOVED.to_owned()),
        (true, false) => Some(resolved_by(row)?),
    })
}
