//! What operators did, as the audit table has it: a page at a time, by key.

use serde_json::Value;
use tokio_postgres::{Row, types::Type};

use super::{
    super::{
        Client,
        catalog::Catalog,
        decode::{self, Wrong},
        fault_of,
    },
    Parameter, files,
};
use crate::{
    domain::{
        audit::{Answer, Counts, Entry, EntryId, Page, Question, Whole, read},
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Entries of a page.
const PAGE: i64 = 200;

/// Answers `question` from the table; what is in the file of this machine is not known here.
///
/// # Errors
/// What the server or the connection answered instead.
pub async fn audit(
    client: &Client,
    catalog: &Catalog,
    question: Question,
) -> Result<Answer, Fault> {
    match question {
        Question::Page(before) => page(client, catalog, before, PAGE).await.map(Answer::Page),
        Question::Whole(EntryId::Row(key)) => {
            let found = whole(client, catalog, key).await?;
            Ok(Answer::Whole(found.map(Box::new)))
        }
        Question::Whole(EntryId::Line(_)) | Question::File => {
            Err(Fault::Unsupported("this is not in the database".to_owned()))
        }
    }
}

/// The `limit` newest entries, or those before the key `before`.
///
/// # Errors
/// As [`audit`]; that the table is not there, or may not be read, is no error.
pub async fn page(
    client: &Client,
    catalog: &Catalog,
    before: Option<i64>,
    limit: i64,
) -> Result<Page, Fault> {
    let missing = |why: &str| {
        Ok(Page {
            is_last: true,
            missing: Some(why.to_owned()),
            ..Page::default()
        })
    };
    let Some(table) = catalog.relation("audit") else {
        return missing("outpost.audit is not there: outpost migrate makes it");
    };
    if !table.usage || !table.select {
        return missing("this role may not read outpost.audit");
    }
    let parameters: [Parameter<'_>; 2] = [(&before, Type::INT8), (&limit, Type::INT8)];
    let sql = catalog.text(files::AUDIT, None)?;
    let rows = client.query_typed(&sql, &parameters).await;
    let rows = rows.map_err(|error| fault_of(&error))?;
    Ok(Page {
        is_last: (rows.len() as i64) < limit,
        entries: decode::all(&rows, entry)?,
        missing: None,
    })
}

fn entry(row: &Row) -> Result<Entry, Wrong> {
    let text = |name: &str| -> Result<Option<Untrusted>, Wrong> {
        Ok(row.try_get::<_, Option<&str>>(name)?.map(Untrusted::from))
    };
    let number = |name: &str| -> Result<u64, Wrong> {
        let n = row.try_get::<_, Option<i64>>(name)?.unwrap_or_default();
        Ok(n.unsigned_abs())
    };
    Ok(Entry {
        id: EntryId::Row(row.try_get("id")?),
        at: row.try_get("at")?,
        actor: text("actor")?.unwrap_or_default(),
        database: None,
        role: text("role")?,
        action: text("action")?.unwrap_or_default(),
        targets: number("targets")?,
        counts: Counts {
            done: number("done")?,
            skipped: number("skipped")?,
            failed: number("failed")?,
            unknown: number("unknown")?,
        },
        note: text("note")?,
        fault: None,
        has_ended: true,
        is_undoable: row.try_get("is_undoable")?,
        is_in_both: false,
    })
}

/// The entry `key` whole; `None` where it is not there.
///
/// # Errors
/// As [`audit`].
pub async fn whole(client: &Client, catalog: &Catalog, key: i64) -> Result<Option<Whole>, Fault> {
    // What stands right before the next key is the entry itself, if it is there.
    let found = page(client, catalog, key.checked_add(1), 1).await?;
    let id = EntryId::Row(key);
    let Some(entry) = found.entries.into_iter().find(|entry| entry.id == id) else {
        return Ok(None);
    };
    let sql = catalog.text(files::AUDIT_ENTRY, None)?;
    let row = client.query_typed(&sql, &[(&key, Type::INT8)]).await;
    let rows = row.map_err(|error| fault_of(&error))?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let outcome: Value = row.try_get("outcome").map_err(|error| fault_of(&error))?;
    let (rows, more) = read::fates(&outcome);
    let undo = read::undo(&outcome, &entry.actor);
    Ok(Some(Whole {
        entry,
        rows,
        more,
        undo,
    }))
}
