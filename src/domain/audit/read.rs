//! Reading what was written down. The table and the file have the same in two forms, and older programs wrote less.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::{
    Counts, Entry, EntryId, Fate, ROWS, RowFate, Whole,
    parts::{Part, Parts},
};
use crate::domain::{
    Timestamp,
    plan::{Mutation, Outcome},
    untrusted::Untrusted,
};

/// Characters of a note that are kept.
const NOTE: usize = 400;

/// Whether the lines that are told by `batch` are of a plan in several parts.
pub fn is_of_plan(batch: &Untrusted) -> bool {
    super::is_of_plan(batch.raw())
}

/// What became of each row by `outcome`: what was not done first, at most [`ROWS`]; and how many more there are.
pub fn fates(outcome: &Value) -> (Vec<RowFate>, u64) {
    let lists = [
        ("unknown", Fate::Unknown),
        ("failed", Fate::Failed),
        ("skipped", Fate::Skipped),
        ("untried", Fate::Untried),
        ("remarks", Fate::Remark),
        ("done", Fate::Done),
    ];
    let counts = counts(outcome);
    let told = [
        counts.unknown,
        counts.failed,
        counts.skipped,
        counts.untried,
        0,
        counts.done,
    ];
    let mut rows = Vec::new();
    let mut more = 0;
    for ((key, fate), n) in lists.into_iter().zip(told) {
        let list = outcome[key].as_array().map_or(&[][..], Vec::as_slice);
        let room = ROWS.saturating_sub(rows.len());
        rows.extend(list.iter().take(room).map(|value| row(value, fate)));
        let left = list.len().saturating_sub(room) as u64;
        more += left.max(n.saturating_sub(list.len().min(room) as u64));
    }
    (rows, more)
}

fn row(value: &Value, fate: Fate) -> RowFate {
    let text = |value: &Value| {
        let text = value.as_str().map(str::to_owned);
        Untrusted::from(text.unwrap_or_else(|| value.to_string()))
    };
    let (id, why) = if let Value::Object(row) = value {
        (row.get("id"), row.get("why"))
    } else if let Value::Array(pair) = value {
        (pair.first(), pair.get(1))
    } else {
        (Some(value), None)
    };
    RowFate {
        id: id.map(text).unwrap_or_default(),
        fate,
        why: why.map(text),
    }
}

/// The outcome that these of the lines of a batch come to, in their order: of each row the last that is told of it.
pub fn merged(mut outcomes: Vec<Value>) -> Value {
    if outcomes.len() < 2 {
        return outcomes.pop().unwrap_or_default();
    }
    let mut fates: BTreeMap<String, (&str, Value)> = BTreeMap::new();
    let mut remarks: BTreeMap<String, Value> = BTreeMap::new();
    let mut clones: Vec<Value> = Vec::new();
    let mut reopens: Option<Mutation> = None;
    for outcome in &mut outcomes {
        for fate in FATES {
            let Value::Array(rows) = outcome[fate].take() else {
                continue;
            };
            for value in rows {
                let id = row(&value, Fate::Done).id.raw().to_owned();
                fates.insert(id, (fate, value));
            }
        }
        if let Value::Array(rows) = outcome["remarks"].take() {
            let id = |value: &Value| row(value, Fate::Remark).id.raw().to_owned();
            remarks.extend(rows.into_iter().map(|value| (id(&value), value)));
        }
        if let Ok(part @ Mutation::ReopenErrors { .. }) = Mutation::deserialize(&outcome["undo"]) {
            reopens = Some(joined(reopens, part));
        }
        if let Value::Array(more) = outcome["undo"]["DeleteClones"].take() {
            clones.retain(|clone| !more.contains(clone));
            clones.extend(more);
        }
    }
    let of = |fate: &str| -> Vec<&Value> {
        let rows = fates.values().filter(|(its, _)| *its == fate);
        rows.map(|(_, value)| value).collect()
    };
    let mut all: Map<String, Value> = FATES
        .into_iter()
        .map(|fate| (fate.to_owned(), json!(of(fate))))
        .collect();
    all.insert("remarks".to_owned(), remarks.into_values().collect());
    if !clones.is_empty() {
        all.insert("undo".to_owned(), json!({ "DeleteClones": clones }));
    } else if let Some(reopens) = reopens {
        all.insert("undo".to_owned(), json!(reopens));
    }
    all.into()
}

/// What reopens the errors of `before` and of `part`, which are of one plan.
fn joined(before: Option<Mutation>, mut part: Mutation) -> Mutation {
    if let Some(Mutation::ReopenErrors {
        ids: mut all,
        marks: mut known,
        ..
    }) = before
        && let Mutation::ReopenErrors { ids, marks, .. } = &mut part
    {
        known.extend(all.len(), marks, ids.len());
        all.append(ids);
        (*ids, *marks) = (all, known);
    }
    part
}

/// Fates as lines name them; of a row that two of them name the last is meant.
const FATES: [&str; 5] = ["unknown", "failed", "skipped", "untried", "done"];

/// What became of how many rows by `outcome`.
pub fn counts(outcome: &Value) -> Counts {
    let of = |key: &str| {
        let written = outcome["counts"][key].as_u64();
        written.unwrap_or_else(|| outcome[key].as_array().map_or(0, Vec::len) as u64)
    };
    // What was purged bears no keys any more.
    let purged = outcome["deleted"].as_array().into_iter().flatten();
    let purged: u64 = purged.filter_map(|of| of[1].as_u64()).sum();
    Counts {
        done: of("done").max(purged),
        skipped: of("skipped"),
        untried: of("untried"),
        failed: of("failed"),
        unknown: of("unknown"),
    }
}

/// What takes back what `outcome` of the table says `who` did, if it names such a thing.
pub fn undo(outcome: &Value, who: &Untrusted) -> Option<Mutation> {
    let mut undo = Mutation::deserialize(&outcome["undo"]).ok()?;
    if let Mutation::ReopenErrors { by, .. } = &mut undo
        && by.is_empty()
    {
        who.raw().clone_into(by);
    }
    undo.takes_back().then_some(undo)
}

/// What tells the lines of one plan, or of one batch, from all others: its key, who acts, and where.
type Of = (Value, Untrusted, Option<String>);

/// Ends whose beginning was not come upon yet: as many as run side by side, and those whose beginning is lost.
const ENDS: usize = 1_000;

/// Makes entries of the lines of the file of this machine, which it is given from the last to the first. A plan has a line when
/// it begins and one when it ends, a batch several; lines that make no sense are passed over.
#[derive(Debug)]
pub struct Lines {
    /// The database that is looked at.
    database: String,
    /// Whether those of other databases are told too.
    is_of_all: bool,
    /// How what is not begun yet ended, the latest that was written of each.
    ends: VecDeque<(Of, Value)>,
    /// What stands in several lines, as far as it was come upon.
    parts: Parts,
    elsewhere: u64,
}

impl Lines {
    /// Those of `database`, and of an unknown one; or those of all databases.
    pub fn new(database: String, is_of_all: bool) -> Self {
        Self {
            database,
            is_of_all,
            ends: VecDeque::new(),
            parts: Parts::default(),
            elsewhere: 0,
        }
    }

    /// How many entries of other databases were passed over.
    pub const fn elsewhere(&self) -> u64 {
        self.elsewhere
    }

    /// Takes the line that begins at byte `offset`, and gives the entry that begins with it.
    pub fn take(&mut self, offset: u64, text: &str) -> Option<Whole> {
        let mut line: Value = serde_json::from_str(text).ok()?;
        if let Ok(part) = Part::deserialize(&line["part"]) {
            line["what"] = serde_json::from_str(&self.parts.take(part)?).ok()?;
        }
        let at = Timestamp::deserialize(&line["at"]).ok()?;
        let actor = Untrusted::from(line["actor"].as_str().unwrap_or_default());
        let database = line["database"].as_str().map(str::to_owned);
        let is_begin = line["what"]["phase"] == "begin" || line["what"]["phase"].is_null();
        let is_elsewhere = database.as_ref().is_some_and(|it| *it != self.database);
        if is_elsewhere && !self.is_of_all {
            self.elsewhere += u64::from(is_begin);
            return None;
        }
        let what = line["what"].take();
        let of = key(&what).map(|key| (key, actor.clone(), database.clone()));
        if !is_begin {
            self.end(of?, what);
            return None;
        }
        let (mutation, mut entry) = begun((offset, at, actor), &what)?;
        entry.database = database.map(Untrusted::from);
        let mut whole = Whole {
            entry,
            rows: Vec::new(),
            more: 0,
            undo: None,
        };
        let place = self
            .ends
            .iter()
            .position(|(known, _)| Some(known) == of.as_ref());
        if let Some((_, outcome)) = place.and_then(|place| self.ends.remove(place)) {
            ended(&mut whole, mutation.as_ref(), &outcome);
        }
        if is_elsewhere || whole.entry.database.is_none() {
            // Its keys may be those of other rows here, and its line in a table stands in another.
            whole.undo = None;
            (whole.entry.undo_key, whole.entry.takes_back) = (None, None);
            (whole.entry.is_undoable, whole.entry.is_in_both) = (false, false);
        }
        Some(whole)
    }

    /// Keeps how something ended, unless more was written of it later.
    fn end(&mut self, of: Of, mut what: Value) {
        let outcome = what["outcome"].take();
        let is_known = self.ends.iter().any(|(known, _)| *known == of);
        if is_known || !outcome.is_object() {
            return;
        }
        if self.ends.len() >= ENDS {
            self.ends.pop_front();
        }
        self.ends.push_back((of, outcome));
    }
}

/// What the lines of one plan, or of one batch, have in common.
fn key(what: &Value) -> Option<Value> {
    let keys = [
        &what["batch"],
        &what["frozen_at"],
        &what["plan"]["frozen_at"],
    ];
    keys.into_iter().find(|key| !key.is_null()).cloned()
}

fn begun(
    (offset, at, actor): (u64, Timestamp, Untrusted),
    what: &Value,
) -> Option<(Option<Mutation>, Entry)> {
    let mut entry = Entry {
        id: EntryId::Line(offset),
        at,
        actor,
        database: None,
        role: None,
        action: Untrusted::default(),
        targets: 1,
        counts: Counts::default(),
        note: None,
        fault: None,
        has_ended: false,
        is_undoable: false,
        undo_key: None,
        takes_back: None,
        taken_back: None,
        is_in_both: false,
        batch: what["batch"].as_str().map(Untrusted::from),
        is_of_unknown_schema: false,
    };
    if let Some(id) = what["reveal"].as_str() {
        entry.action = Untrusted::from("reveal_people");
        entry.note = Some(Untrusted::from(format!("of {id}")));
        (entry.has_ended, entry.counts.done) = (true, 1);
        return Some((None, entry));
    }
    let plan = &what["plan"];
    let mutation = Mutation::deserialize(&plan["mutation"]).ok();
    let tag = plan["mutation"].as_object()?.keys().next()?;
    let (action, targets, words) = mutation.as_ref().map_or_else(
        || (tag.clone(), 0, None),
        |known| {
            let words = Some(known.words());
            (known.name().to_owned(), known.len() as u64, words)
        },
    );
    let said = plan["mutation"][tag]["note"].as_str();
    let note = plan["reason"]
        .as_str()
        .or(said)
        .map(str::to_owned)
        .or(words);
    entry.action = Untrusted::from(action);
    entry.targets = targets;
    entry.takes_back = mutation.as_ref().and_then(Mutation::undo_key);
    entry.note = note.map(|note| Untrusted::from(note.chars().take(NOTE).collect::<String>()));
    Some((mutation, entry))
}

fn ended(whole: &mut Whole, mutation: Option<&Mutation>, outcome: &Value) {
    let entry = &mut whole.entry;
    if let Some(fault) = outcome["fault"].as_str() {
        entry.fault = Some(Untrusted::from(fault));
        entry.has_ended = true;
        return;
    }
    let outcome = if outcome["done"].is_object() {
        &outcome["done"]
    } else {
        outcome
    };
    if !outcome.is_object() {
        return;
    }
    entry.counts = counts(outcome);
    (entry.has_ended, entry.fault) = (true, None);
    entry.is_in_both = outcome["audited_in_database"] == true;
    let known = Outcome::deserialize(outcome).ok();
    whole.undo = known.and_then(|outcome| mutation?.undo(&outcome, entry.actor.raw()));
    entry.is_undoable = whole.undo.is_some();
    entry.undo_key = whole.undo.as_ref().and_then(Mutation::undo_key);
    (whole.rows, whole.more) = fates(outcome);
}
