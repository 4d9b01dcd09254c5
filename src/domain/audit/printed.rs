//! What was written down, for other programs: CSV, which a spreadsheet may open, and JSON, a line an entry.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Entry, EntryId, Whole};
use crate::domain::{Timestamp, mask, untrusted::Untrusted};

/// The first line of the CSV.
pub const CSV_HEAD: &str = "at,actor,role,action,targets,done,skipped,failed,unknown,note,fault,ended,source,id,database,batch,untried,taken_back_at,taken_back_by";

/// The entry as a line of CSV. No cell of it is taken for a formula; addresses in what people wrote are masked, as on the screen.
pub fn csv(entry: &Entry) -> String {
    let text = |text: Option<&Untrusted>| text.map_or_else(|| "\"\"".to_owned(), Untrusted::csv);
    let (counts, back) = (entry.counts, entry.taken_back.as_ref());
    [
        time(entry.at),
        text(Some(&entry.actor)),
        text(entry.role.as_ref()),
        text(Some(&entry.action)),
        entry.targets.to_string(),
        counts.done.to_string(),
        counts.skipped.to_string(),
        counts.failed.to_string(),
        counts.unknown.to_string(),
        text(entry.note.as_ref().map(mask::message).as_ref()),
        text(entry.fault.as_ref().map(mask::message).as_ref()),
        entry.has_ended.to_string(),
        entry.source().to_owned(),
        key(entry.id),
        text(entry.database.as_ref()),
        text(entry.batch.as_ref()),
        counts.untried.to_string(),
        back.map_or_else(String::new, |back| time(back.at)),
        text(back.map(|back| &back.by)),
    ]
    .join(",")
}

/// The entry as a line of JSON, addresses masked as in [`csv`]; with what became of each row where it is given whole.
pub fn jsonl(entry: &Entry, whole: Option<&Whole>) -> String {
    let text = |text: &Untrusted| Value::from(text.display());
    let masked = |it: &Untrusted| text(&mask::message(it));
    let mut all = json!({
        "at": time(entry.at),
        "actor": text(&entry.actor),
        "role": entry.role.as_ref().map(text),
        "action": text(&entry.action),
        "targets": entry.targets,
        "done": entry.counts.done,
        "skipped": entry.counts.skipped,
        "untried": entry.counts.untried,
        "failed": entry.counts.failed,
        "unknown": entry.counts.unknown,
        "note": entry.note.as_ref().map(masked),
        "fault": entry.fault.as_ref().map(masked),
        "ended": entry.has_ended,
        "undoable": entry.may_be_taken_back(),
        "taken_back": entry.taken_back.as_ref().map(|back| json!({
            "at": time(back.at),
            "by": text(&back.by),
            "in_part": back.is_in_part,
        })),
        "source": entry.source(),
        "id": key(entry.id),
        "database": entry.database.as_ref().map(text),
        "batch": entry.batch.as_ref().map(text),
    });
    if let (Some(whole), Some(all)) = (whole, all.as_object_mut()) {
        let rows = whole.rows.iter().map(|row| {
            let mut one = Map::new();
            one.insert("id".to_owned(), text(&row.id));
            one.insert("fate".to_owned(), Value::from(row.fate.word()));
            if let Some(why) = &row.why {
                one.insert("why".to_owned(), masked(why));
            }
            Value::from(one)
        });
        all.insert("rows".to_owned(), rows.collect());
        all.insert("rows_left_out".to_owned(), Value::from(whole.more));
    }
    all.to_string()
}

/// `entries` as a file of CSV.
pub fn sheet(entries: &[Entry]) -> String {
    let lines = entries.iter().map(|entry| csv(entry) + "\n");
    format!("{CSV_HEAD}\n") + &lines.collect::<String>()
}

/// `entries` as lines of JSON, with what became of each row of those that are given whole.
pub fn lines(entries: &[Entry], whole: &BTreeMap<EntryId, Whole>) -> String {
    let line = |entry: &Entry| jsonl(entry, whole.get(&entry.id)) + "\n";
    entries.iter().map(line).collect()
}

fn time(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Where an entry stands, as text.
fn key(id: EntryId) -> String {
    match id {
        EntryId::Row(key) => key.to_string(),
        EntryId::Line(at) => at.to_string(),
    }
}
