//! Exports: files that an operator takes away, in a directory of their own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::tasks::Targets;
use crate::{
    domain::audit::{Entry, EntryId, Whole, lines, sheet},
    msg::Fault,
    sources::postgres::{Purpose, Session, Settings, catalog::Catalog, connect, queries},
};

/// Entries of which what became of each row is read, the newest; `outpost audit export` gives that of all.
const WHOLE: usize = 500;

/// Writes `entries` as CSV and as lines of JSON, those with what became of each row, into files called `name`; what is to be
/// said of it.
pub async fn entries(targets: &Targets, name: &str, entries: &[Entry]) -> String {
    let newest = entries.iter().take(WHOLE).map(|entry| entry.id);
    let newest: BTreeSet<EntryId> = newest.collect();
    let mut whole = BTreeMap::new();
    let mut without = Vec::new();
    let (audit, wanted) = (targets.audit.clone(), newest.clone());
    let read = tokio::task::spawn_blocking(move || audit.wholes(&wanted));
    match read.await.map_err(io::Error::other).flatten() {
        Ok(found) => whole.extend(found),
        Err(error) => without.push(format!("without rows of the file: {error}")),
    }
    match of_table(&targets.database, &newest).await {
        Ok(found) => whole.extend(found),
        Err(fault) => without.push(format!("without rows of the table: {fault}")),
    }
    if entries.len() > WHOLE {
        without.push(format!(
            "with rows of the newest {WHOLE}; outpost audit export has all"
        ));
    }
    let files = [
        (format!("{name}.csv"), sheet(entries)),
        (format!("{name}.jsonl"), lines(entries, &whole)),
    ];
    match write(&targets.audit.directory(), &files) {
        Ok(place) => {
            let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
            let mut said = vec![format!(
                "written: {} in {}",
                names.join(", "),
                place.display()
            )];
            said.extend(without);
            said.join("; ")
        }
        Err(error) => format!("could not write: {error}"),
    }
}

/// Those of `wanted` that stand in the table, whole.
async fn of_table(
    settings: &Settings,
    wanted: &BTreeSet<EntryId>,
) -> Result<Vec<(EntryId, Whole)>, Fault> {
    let keys = wanted.iter().filter_map(|id| match id {
        EntryId::Row(key) => Some(*key),
        EntryId::Line(_) => None,
    });
    let keys: Vec<i64> = keys.collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let Session {
        client, mut driver, ..
    } = connect(settings, Purpose::Reader).await?;
    let read = Catalog::read(&client, &settings.schema, &settings.words);
    let catalog = driver.run(settings.deadline(), read).await??;
    let mut found = Vec::new();
    for key in keys {
        let whole = queries::whole(&client, &catalog, key);
        let whole = driver.run(settings.deadline(), whole).await??;
        found.extend(whole.map(|whole| (EntryId::Row(key), whole)));
    }
    Ok(found)
}

/// Writes `files`, by name, into `exports` below `state`, for nobody else to read. The directory.
///
/// # Errors
/// Why one of them cannot be written.
fn write(state: &Path, files: &[(String, String)]) -> io::Result<PathBuf> {
    let directory = state.join("exports");
    fs::create_dir_all(&directory)?;
    for (name, text) in files {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(directory.join(name))?;
        file.write_all(text.as_bytes())?;
    }
    Ok(directory)
}
