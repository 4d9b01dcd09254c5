//! Resolving errors.

use tokio_postgres::{Row, types::Type};

use super::{Change, Line, may_update, row_of, texts};
use crate::{
    domain::{event::RowId, plan::Outcome, untrusted::Untrusted},
    msg::Fault,
    sources::postgres::{Client, catalog::Catalog, fault_of},
};

/// How errors are marked as unresolved again.
pub(super) const REOPEN: &str = include_str!("../../../../sql/mutations/reopen_errors.sql");

/// How errors are marked as resolved here.
pub(super) fn resolving(catalog: &Catalog) -> &'static str {
    if catalog.function("resolve_pipeline_error").is_some() {
        include_str!("../../../../sql/mutations/resolve_errors_by_function.sql")
    } else {
        include_str!("../../../../sql/mutations/resolve_errors.sql")
    }
}

/// Marks errors as resolved, by the site's own function where it has one.
///
/// # Errors
/// What our role may not do, or what the server or the connection answered: then nothing has changed.
pub async fn resolve_errors(
    client: &mut Client,
    catalog: &Catalog,
    ids: &[RowId],
    note: &str,
    who: &str,
) -> Result<Outcome, Fault> {
    let line = Line {
        who,
        action: "resolve_errors",
        targets: ids,
        note: Some(note),
    };
    set(client, catalog, resolving(catalog), &line, left).await
}

/// Marks errors as unresolved again that were resolved by `who`, where the table says by whom.
///
/// # Errors
/// What our role may not do, or what the server or the connection answered: then nothing has changed.
pub async fn reopen_errors(
    client: &mut Client,
    catalog: &Catalog,
    ids: &[RowId],
    note: &str,
    who: &str,
) -> Result<Outcome, Fault> {
    let line = Line {
        who,
        action: "reopen_errors",
        targets: ids,
        note: Some(note),
    };
    set(client, catalog, REOPEN, &line, still).await
}

/// Why a row was left alone, by how it stands now and whether we touched it; `None` when it was done.
type Left = fn(Option<&Row>, bool) -> Result<Option<String>, tokio_postgres::Error>;

async fn set(
    client: &mut Client,
    catalog: &Catalog,
    sql: &str,
    line: &Line<'_>,
    left: Left,
) -> Result<Outcome, Fault> {
    let columns = ["resolved", "resolved_at", "resolved_by", "notes"];
    may_update(catalog, "pipeline_errors", &columns)?;
    let change = Change::begin(client, catalog).await?;
    let keys = texts(line.targets);
    let touched = change
        .rows(
            sql,
            &[
                (&keys, Type::TEXT_ARRAY),
                (&line.who, Type::TEXT),
                (&line.note, Type::TEXT),
            ],
        )
        .await?;
    let now = include_str!("../../../../sql/mutations/errors_now.sql");
    let now = change.rows(now, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let mut outcome = Outcome::default();
    for id in line.targets {
        let was_ours = row_of(&touched, id).is_some();
        match left(row_of(&now, id), was_ours).map_err(|error| fault_of(&error))? {
            None => outcome.done.push(id.clone()),
            Some(reason) => outcome.skipped.push((id.clone(), reason)),
        }
    }
    change.commit(line, outcome).await
}

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
            || "somebody is changing it just now".to_owned(),
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
    let by: Option<&str> = row.try_get("resolved_by")?;
    Ok(match (resolved, was_ours) {
        (true, true) => None,
        (false, true) => Some("resolve_pipeline_error left it unresolved".to_owned()),
        (false, false) => Some("somebody is changing it just now".to_owned()),
        (true, false) => Some(by.filter(|by| !by.is_empty()).map_or_else(
            || "it is resolved already".to_owned(),
            |by| {
                let by = Untrusted::from(by);
                format!("it is resolved already, by {}", by.display_cut(64))
            },
        )),
    })
}
