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

/// The rows of a table that are older than a moment, counted up to a limit.
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
    let until = bound.as_ref().map(RowId::as_str);
    let look = (client, catalog, before, until);
    let count = count_rows(look, files.count).await?;
    let among = if bound.is_some() {
        count_rows(look, files.among_count).await?
    } else {
        Some(0)
    };
    Ok(Old {
        table,
        count: count.map(|n| n.min(Old::MOST)),
        more: count.is_some_and(|n| n > Old::MOST),
        first,
        bound,
        among: among.map(|n| n.min(Old::MOST)),
        vacuums: catalog.may_vacuum(table.name()),
    })
}

/// What `sql` counts, one more than [`Old::MOST`] at most; `None` where that takes too long.
async fn count_rows(
    (client, catalog, before, bound): (&Client, &Catalog, Timestamp, Option<&str>),
    sql: &str,
) -> Result<Option<u64>, Fault> {
    let limit = Old::MOST as i64 + 1;
    let parameters: [Parameter<'_>; 3] = [
        (&before, Type::TIMESTAMPTZ),
        (&bound, Type::TEXT),
        (&limit, Type::INT8),
    ];
    match rows(client, catalog, sql, &parameters).await {
        Ok(rows) => {
            let n = rows.first().map_or(Ok(0_i64), |row| row.try_get("n"));
            Ok(Some(n.map_err(|error| fault_of(&error))?.unsigned_abs()))
        }
        Err(Fault::TooSlow(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}
