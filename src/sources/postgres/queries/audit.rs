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
        audit::{
            Answer, Counts, Entry, EntryId, Fate, Page, Question, Whole,
            about::{ACTIONS, Deed, Deeds, Kind, Source, Subject},
            read,
        },
        event::RowId,
        untrusted::Untrusted,
    },
    msg::Fault,
};

/// Entries of a page.
const PAGE: i64 = 200;

/// Lines of a batch that are read at most: more than it may have rows.
const LINES: i64 = 20_000;

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
        Question::About(Source::Table, subject) => {
            let found = about(client, catalog, &subject).await?;
            Ok(Answer::Deeds(found))
        }
        Question::About(Source::File, _) | Question::Whole(EntryId::Line(_)) | Question::File => {
            Err(Fault::Unsupported("this is not in the database".to_owned()))
        }
    }
}

/// Why the table cannot be read, if it cannot.
fn missing(catalog: &Catalog) -> Option<&'static str> {
    match catalog.relation("audit") {
        None => Some("outpost.audit is not there: outpost migrate makes it"),
        Some(table) if table.usage && table.select => None,
        Some(_) => Some("this role may not read outpost.audit"),
    }
}

/// What the table says of the rows of `subject`.
async fn about(client: &Client, catalog: &Catalog, subject: &Subject) -> Result<Deeds, Fault> {
    if let Some(missing) = missing(catalog) {
        return Ok(Deeds {
            all: Vec::new(),
            missing: Some(missing.to_owned()),
        });
    }
    let schema = catalog.schema.as_str();
    let (actions, kinds): (Vec<&str>, Vec<&str>) = ACTIONS
        .iter()
        .map(|(action, kind)| (*action, kind.word()))
        .unzip();
    let named = subject.named.iter();
    let (of, keys): (Vec<&str>, Vec<&str>) =
        named.map(|(kind, key)| (kind.word(), key.as_str())).unzip();
    let parameters: [Parameter<'_>; 6] = [
        (&schema, Type::TEXT),
        (&subject.since, Type::TIMESTAMPTZ),
        (&actions, Type::TEXT_ARRAY),
        (&kinds, Type::TEXT_ARRAY),
        (&of, Type::TEXT_ARRAY),
        (&keys, Type::TEXT_ARRAY),
    ];
    let sql = catalog.text(files::AUDIT_ABOUT, None)?;
    let rows = client.query_typed(&sql, &parameters).await;
    let rows = rows.map_err(|error| fault_of(&error))?;
    Ok(Deeds {
        all: decode::all(&rows, deed)?.into_iter().flatten().collect(),
        missing: None,
    })
}

/// What was done about one row; `None` where it is none of those that can be named.
fn deed(row: &Row) -> Result<Option<Deed>, Wrong> {
    let text = |name: &str| -> Result<Option<Untrusted>, Wrong> {
        Ok(row.try_get::<_, Option<&str>>(name)?.map(Untrusted::from))
    };
    let action = text("action")?.unwrap_or_default();
    let kind = Kind::of(action.raw());
    let Some(about) = kind.zip(RowId::parse(row.try_get("key")?)) else {
        return Ok(None);
    };
    let fate: Option<&str> = row.try_get("fate")?;
    Ok(Some(Deed {
        id: EntryId::Row(row.try_get("id")?),
        at: row.try_get("at")?,
        actor: text("actor")?.unwrap_or_default(),
        action,
        about,
        fate: fate.and_then(Fate::parse),
        why: text("why")?,
        note: text("note")?,
        is_in_both: false,
    }))
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
    if let Some(missing) = missing(catalog) {
        return Ok(Page {
            is_last: true,
            missing: Some(missing.to_owned()),
            ..Page::default()
        });
    }
    let schema = catalog.schema.as_str();
    let parameters: [Parameter<'_>; 3] = [
        (&before, Type::INT8),
        (&limit, Type::INT8),
        (&schema, Type::TEXT),
    ];
    let sql = catalog.text(files::AUDIT, None)?;
    let rows = client.query_typed(&sql, &parameters).await;
    let rows = rows.map_err(|error| fault_of(&error))?;
    let mut entries = decode::all(&rows, entry)?;
    // Before the table can tell them apart all are taken for ours.
    if catalog.type_of("audit", "schema_name").is_none() {
        for entry in &mut entries {
            entry.is_of_unknown_schema = false;
        }
    }
    for entry in &mut entries {
        if entry.is_of_unknown_schema {
            entry.is_undoable = false;
            (entry.undo_key, entry.takes_back) = (None, None);
        }
    }
    Ok(Page {
        is_last: (rows.len() as i64) < limit,
        entries,
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
            untried: number("untried")?,
            failed: number("failed")?,
            unknown: number("unknown")?,
        },
        note: text("note")?,
        fault: None,
        has_ended: row.try_get("has_ended")?,
        is_undoable: row.try_get("is_undoable")?,
        undo_key: row.try_get("undo_key")?,
        takes_back: row.try_get("takes_back")?,
        taken_back: None,
        is_in_both: false,
        batch: text("batch")?.filter(|batch| !read::is_of_plan(batch)),
        is_of_unknown_schema: !row.try_get::<_, bool>("has_schema")?,
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
    let parameters: [Parameter<'_>; 2] = [(&key, Type::INT8), (&LINES, Type::INT8)];
    let rows = client.query_typed(&sql, &parameters).await;
    let rows = rows.map_err(|error| fault_of(&error))?;
    let outcome = |row: &Row| row.try_get::<_, Value>("outcome");
    let outcomes: Result<Vec<Value>, _> = rows.iter().map(outcome).collect();
    let outcome = read::merged(outcomes.map_err(|error| fault_of(&error))?);
    let (rows, more) = read::fates(&outcome);
    let undo = read::undo(&outcome, &entry.actor).filter(|_| !entry.is_of_unknown_schema);
    Ok(Some(Whole {
        entry,
        rows,
        more,
        undo,
    }))
}
