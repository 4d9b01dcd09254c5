//! What there is to purge.

use tokio_postgres::types::Type;

use super::{super::rows, Client, Parameter, files};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        plan::{Examination, Old, Purge, Table, Version},
    },
    msg::Fault,
    sources::postgres::{catalog::Catalog, fault_of, queries::template},
};

/// What there is to purge, counted; a table that cannot be purged is blocked, with the reason. Only reads.
///
/// # Errors
/// What the server or the connection answered.
pub(in super::super) async fn look(
    client: &Client,
    catalog: &Catalog,
    purge: &Purge,
) -> Result<Examination, Fault> {
    let mut examination = Examination::default();
    let mut statements = Vec::new();
    for table in Table::ALL {
        let files = files(table);
        let possible = catalog
            .may_delete(table.name())
            .and_then(|_| template::render(catalog, files.count, None))
            .and_then(|_| template::render(catalog, files.page, None));
        match possible {
            Err(lack) => {
                let fault = Fault::from(lack).to_string();
                examination.blocked.push((table.id(), fault));
            }
            Ok(statement) => {
                statements.push(statement);
                let old = count(client, catalog, (table, purge.before(table))).await?;
                if old.is_none() {
                    let why = "nothing in it is that old".to_owned();
                    examination.blocked.push((table.id(), why));
                } else {
                    examination.eligible.push(Version {
                        id: table.id(),
                        xmin: None,
                    });
                    examination.old.push(old);
                }
            }
        }
    }
    examination.statement = statements.join("\n");
    Ok(examination)
}

/// The rows of a table that are older than a moment, counted among so many.
async fn count(
    client: &Client,
    catalog: &Catalog,
    (table, before): (Table, Timestamp),
) -> Result<Old, Fault> {
    let files = files(table);
    let (mut first, mut bound) = (None, None);
    // Without the moment at which rows were written, or keys in its order, all keys are looked at.
    if catalog.has_whole_keys(table.name()) && catalog.type_of(table.name(), "created_at").is_some()
    {
        let parameters: [Parameter<'_>; 1] = [(&before, Type::TIMESTAMPTZ)];
        let rows = rows(client, catalog, files.bound, &parameters).await?;
        let key = |name: &str| {
            let text: Option<&str> = rows.first()?.try_get(name).ok()?;
            RowId::parse(text?)
        };
        (first, bound) = (key("first"), key("bound"));
    }
    let look = (client, catalog, before);
    let until = bound.as_ref().map(RowId::as_str);
    let below = looked_among(look, files.count, (None, until, false)).await?;
    let above = match bound.as_ref().and_then(RowId::before) {
        Some(last) => looked_among(look, files.count, (Some(last.as_str()), None, true)).await?,
        None => Some(Looked::default()),
    };
    Ok(Old {
        table,
        count: below.map(|looked| looked.old),
        more: below.is_some_and(|looked| looked.is_cut),
        first,
        bound,
        among: above.map(|looked| looked.old),
        among_more: above.is_some_and(|looked| looked.is_cut),
        vacuums: catalog.may_vacuum(table.name()),
    })
}

/// What was found among so many rows.
#[derive(Debug, Clone, Copy, Default)]
struct Looked {
    /// How many are old.
    old: u64,
    /// Whether there are rows that were not looked at.
    is_cut: bool,
}

/// How many of the rows with the lowest keys after one and before another are old, of [`Old::MOST`]; `None` where that takes too
/// long.
async fn looked_among(
    (client, catalog, before): (&Client, &Catalog, Timestamp),
    sql: &str,
    (after, until, is_among): (Option<&str>, Option<&str>, bool),
) -> Result<Option<Looked>, Fault> {
    // One more, so that it is seen that there are more.
    let limit = Old::MOST as i64 + 1;
    let parameters: [Parameter<'_>; 5] = [
        (&before, Type::TIMESTAMPTZ),
        (&after, Type::TEXT),
        (&until, Type::TEXT),
        (&limit, Type::INT8),
        (&is_among, Type::BOOL),
    ];
    let rows = match rows(client, catalog, sql, &parameters).await {
        Err(Fault::TooSlow(_)) => return Ok(None),
        rows => rows?,
    };
    let read = || -> Result<(i64, i64), tokio_postgres::Error> {
        rows.first().map_or(Ok((0, 0)), |row| {
            Ok((row.try_get("n")?, row.try_get("looked")?))
        })
    };
    let (old, looked) = read().map_err(|error| fault_of(&error))?;
    Ok(Some(Looked {
        old: old.unsigned_abs().min(Old::MOST),
        is_cut: looked >= limit,
    }))
}
