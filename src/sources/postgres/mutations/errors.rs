//! Resolving errors.

use std::collections::HashMap;

use tokio_postgres::{Row, types::Type};

use super::{Change, Keyed, Line, Parameter, rows, step::Ticket, texts};
use crate::{
    domain::{
        event::RowId,
        plan::{Examination, Marks, Mutation, Outcome, Plan, Version},
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
    /// Resolved by this one, as far as the table says by whom, and by what these marks tell; to be reopened.
    Resolved(&'a str, &'a Marks),
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
    for (nth, id) in ids.iter().enumerate() {
        let row = found.get(id);
        let found = row.map_or(Ok(None), |row| version((nth, id), row, wanted).map(Some));
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
    (nth, id): (usize, &RowId),
    row: &Row,
    wanted: Wanted<'_>,
) -> Result<Result<Version, String>, tokio_postgres::Error> {
    let resolved: bool = row.try_get("resolved")?;
    Ok(match (wanted, resolved) {
        (Wanted::Unresolved, true) => Err(resolved_by(row)?),
        (Wanted::Resolved(..), false) => Err("it is open already".to_owned()),
        (Wanted::Resolved(by, _), true) if is_of_another(row, by)? => {
            Err(format!("{}, not by {by}", resolved_by(row)?))
        }
        (Wanted::Resolved(_, marks), true) if is_later(row, marks.of(nth))? => {
            Err("it was resolved anew since: that is not what is taken back here".to_owned())
        }
        (Wanted::Unresolved, false) | (Wanted::Resolved(..), true) => Ok(Version {
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

/// Whether the error was resolved by something else than what left this mark.
fn is_later(row: &Row, mark: Option<&str>) -> Result<bool, tokio_postgres::Error> {
    let now: Option<&str> = row.try_get("mark")?;
    Ok(mark.is_some_and(|mark| now.is_some_and(|now| now != mark)))
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

/// How errors are changed.
struct Set<'a> {
    sql: &'static str,
    left: Left,
    note: &'a str,
    /// Who resolves them, or did.
    who: &'a str,
    /// What tells the resolutions that are taken back; `None` where errors are resolved.
    marks: Option<&'a Marks>,
}

impl<'a> Set<'a> {
    /// As `plan` of `who` wants it; `None` where it is about something else.
    fn of(plan: &'a Plan, catalog: &Catalog, who: &'a str) -> Option<Self> {
        match &plan.mutation {
            Mutation::ResolveErrors { note, .. } => Some(Self {
                sql: resolving(catalog),
                left,
                note,
                who,
                marks: None,
            }),
            Mutation::ReopenErrors {
                note, by, marks, ..
            } => Some(Self {
                sql: REOPEN,
                left: still,
                note,
                who: by,
                marks: Some(marks),
            }),
            Mutation::RetryEvents(_)
            | Mutation::DeleteClones(_)
            | Mutation::Purge(_)
            | Mutation::Note { .. }
            | Mutation::SetWorkflowActive { .. }
            | Mutation::BounceWorkflow { .. }
            | Mutation::StopExecutions(_)
            | Mutation::RetryExecutions { .. }
            | Mutation::InsertEvent(_)
            | Mutation::DeleteTestEvents { .. }
            | Mutation::Triage { .. } => None,
        }
    }

    /// What became of the errors `ids`, by which of them were touched and how they stand now.
    fn outcome(&self, ids: &[RowId], touched: &[Row], now: &[Row]) -> Result<Outcome, Fault> {
        let (touched, now) = (Keyed::of(touched), Keyed::of(now));
        let wrong = |error: tokio_postgres::Error| fault_of(&error);
        let mut outcome = Outcome::default();
        let mut marks = Vec::new();
        for id in ids {
            let was_ours = touched.get(id).is_some();
            let row = now.get(id);
            if let Some(reason) = (self.left)(row, was_ours).map_err(wrong)? {
                outcome.skipped.push((id.clone(), reason));
                continue;
            }
            let mark = row.map(|row| row.try_get::<_, Option<&str>>("mark"));
            let mark = mark.transpose().map_err(wrong)?.flatten();
            marks.push(mark.map(str::to_owned));
            outcome.done.push(id.clone());
        }
        if self.marks.is_none() {
            outcome.marks = Marks::new(marks);
        }
        Ok(outcome)
    }
}

/// Resolves the errors `ids` of `plan`, by the site's own function where it has one; or reopens those that the plan's
/// operator resolved, where the table says by whom. Each only in the version it was examined in.
pub(super) async fn set(
    client: &mut Client,
    catalog: &Catalog,
    (plan, ids): (&Plan, &[RowId]),
    ticket: &mut Ticket<'_>,
) -> Result<Outcome, Fault> {
    let Some(set) = Set::of(plan, catalog, ticket.who) else {
        return Ok(Outcome::default());
    };
    let columns = ["resolved", "resolved_at", "resolved_by", "notes"];
    catalog.may_change("pipeline_errors", &columns)?;
    let keys = texts(ids);
    let examined = plan.examined.as_ref().map(Examination::versions);
    let version = |id: &RowId| examined.as_ref()?.get(id)?.xmin.as_deref();
    let versions: Vec<Option<&str>> = ids.iter().map(version).collect();
    let all = plan.mutation.ids();
    let places: HashMap<&RowId, usize> = all.iter().zip(0..).collect();
    let mark = |id: &RowId| set.marks?.of(*places.get(id)?);
    let marks: Vec<Option<&str>> = ids.iter().map(mark).collect();
    let mut parameters: Vec<Parameter<'_>> = vec![
        (&keys, Type::TEXT_ARRAY),
        (&set.who, Type::TEXT),
        (&set.note, Type::TEXT),
        (&versions, Type::TEXT_ARRAY),
    ];
    if set.marks.is_some() {
        parameters.push((&marks, Type::TEXT_ARRAY));
    }
    let change = Change::begin(client, catalog).await?;
    let touched = change.rows(set.sql, &parameters).await?;
    let now = include_str!("../../../../sql/mutations/errors_now.sql");
    let now = change.rows(now, &[(&keys, Type::TEXT_ARRAY)]).await?;
    let outcome = set.outcome(ids, &touched, &now)?;
    let line = Line {
        action: plan.mutation.name(),
        targets: ids,
        note: Some(set.note),
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
