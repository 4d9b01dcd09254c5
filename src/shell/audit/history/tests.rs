use std::{fs, path::Path};

use super::*;
use crate::domain::{
    event::RowId,
    plan::{Mutation, Outcome, Plan},
};

const PROD: &str = "db:5432/prod marketing";

fn audit(directory: &Path, database: &str) -> Audit {
    Audit::new(directory, "ann@host".to_owned(), database.to_owned())
}

fn filled(directory: &Path, database: &str, n: i64) -> Audit {
    let audit = audit(directory, database);
    for at in 0..n {
        let resolve = Mutation::ResolveErrors {
            ids: vec![RowId::from(at)],
            note: "a token was rotated".to_owned(),
        };
        let when = chrono::DateTime::from_timestamp(at, 0).unwrap();
        let plan = Plan::new(resolve, when);
        audit.begin(&plan).unwrap();
        let outcome = Outcome {
            done: vec![RowId::from(at)],
            audited_in_database: true,
            ..Outcome::default()
        };
        audit.end(&plan, &Ok(outcome)).unwrap();
    }
    audit
}

fn all(audit: &Audit, is_of_all: bool) -> Vec<Whole> {
    let all = audit.everything(is_of_all).unwrap();
    all.map(Result::unwrap).collect()
}

#[test]
fn what_was_written_is_read_back_and_an_entry_is_found_again_by_where_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let none = audit(directory.path(), PROD).history().unwrap();
    assert_eq!(none, Filed::default());
    let audit = filled(directory.path(), PROD, 5);
    let read = all(&audit, false);
    assert_eq!(read.len(), 5);
    for whole in &read {
        assert!(whole.undo.is_some() && whole.entry.counts.done == 1);
        assert!(whole.entry.is_in_both);
        assert_eq!(audit.whole(whole.entry.id).unwrap().as_ref(), Some(whole));
    }
    assert_eq!(read[4].entry.id, EntryId::Line(0));
    // More comes behind; what was there stands where it stood.
    filled(directory.path(), PROD, 2);
    assert_eq!(all(&audit, false)[2..], read[..]);
}

#[test]
fn of_a_long_file_the_end_is_read_and_nothing_half() {
    let directory = tempfile::tempdir().unwrap();
    let audit = filled(directory.path(), PROD, 50);
    let whole = all(&audit, false);
    assert_eq!(whole.len(), 50);
    let some: Vec<Whole> = audit
        .backwards(5_000, false)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(!some.is_empty() && some.len() < 50, "{}", some.len());
    assert_eq!(some, whole[..some.len()]);
}

/// A plan on `n` errors.
fn many(n: i64) -> Plan {
    let resolve = Mutation::ResolveErrors {
        ids: (0..n).map(RowId::from).collect(),
        note: "many".to_owned(),
    };
    Plan::new(resolve, chrono::DateTime::from_timestamp(9, 0).unwrap())
}

#[test]
fn lines_longer_than_what_is_read_at_once_are_read_whole() {
    let directory = tempfile::tempdir().unwrap();
    let audit = filled(directory.path(), PROD, 1);
    // As an older program wrote them.
    let line = serde_json::json!({
        "at": "2026-11-26T12:00:00Z", "actor": "ann@host", "database": PROD, "what": { "phase": "begin", "plan": many(60_000) },
    });
    let file = directory.path().join("audit.jsonl");
    let old = fs::read_to_string(&file).unwrap() + &format!("{line}\n");
    fs::write(&file, old).unwrap();
    filled(directory.path(), PROD, 1);
    let targets: Vec<u64> = all(&audit, false)
        .iter()
        .map(|whole| whole.entry.targets)
        .collect();
    assert_eq!(targets, [1, 60_000, 1]);
}

#[test]
fn a_plan_on_very_many_rows_is_written_in_bounded_lines_and_read_as_one_entry() {
    let directory = tempfile::tempdir().unwrap();
    let audit = filled(directory.path(), PROD, 1);
    let plan = many(100_000);
    audit.begin(&plan).unwrap();
    let begun = &all(&audit, false)[0].entry;
    assert_eq!((begun.targets, begun.has_ended), (100_000, false));
    let outcome = Outcome {
        done: plan.mutation.ids(),
        ..Outcome::default()
    };
    audit.end(&plan, &Ok(outcome)).unwrap();
    filled(directory.path(), PROD, 1);
    let file = directory.path().join("audit.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let longest = text.lines().map(str::len).max().unwrap();
    assert!((60_000..100_000).contains(&longest), "{longest}");
    let read = audit.history().unwrap().entries;
    let told: Vec<u64> = read.iter().map(|entry| entry.counts.done).collect();
    assert_eq!(told, [1, 100_000, 1]);
    let whole = audit.whole(read[1].id).unwrap().unwrap();
    assert_eq!(whole.undo.unwrap().len(), 100_000);
    assert_eq!(whole.more, 98_000);

    // Where a part is lost, its end is not known, and the rest is read.
    let lines: Vec<&str> = text.lines().collect();
    let cut = [&lines[..lines.len() - 4], &lines[lines.len() - 3..]].concat();
    fs::write(&file, cut.join("\n") + "\n").unwrap();
    let read = audit.history().unwrap().entries;
    let ended: Vec<bool> = read.iter().map(|entry| entry.has_ended).collect();
    assert_eq!(ended, [true, false, true]);
}

#[test]
fn what_was_done_in_another_database_is_left_out_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let other = filled(directory.path(), "db:5432/staging marketing", 3);
    let own = filled(directory.path(), PROD, 2);
    filled(directory.path(), "db:5432/prod sales", 1);
    let filed = own.history().unwrap();
    assert_eq!((filed.entries.len(), filed.elsewhere), (2, 4));
    assert_eq!(own.whole(EntryId::Line(0)).unwrap(), None);
    assert!(
        other
            .whole(EntryId::Line(0))
            .unwrap()
            .unwrap()
            .undo
            .is_some()
    );
    // All are told where all are wanted; only what was done here is taken back, or stands in the table here.
    let every = all(&own, true);
    assert_eq!(every.len(), 6);
    for whole in &every {
        let is_own = whole.entry.database.as_ref().unwrap().display() == PROD;
        assert_eq!(whole.undo.is_some(), is_own);
        assert_eq!(whole.entry.is_undoable, is_own);
        assert_eq!(whole.entry.is_in_both, is_own);
    }
}

#[test]
fn what_an_older_program_wrote_is_of_an_unknown_database_and_is_not_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let own = filled(directory.path(), PROD, 2);
    let file = directory.path().join("audit.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let old = text.replace("\"database\":\"db:5432/prod marketing\",", "");
    assert_ne!(text, old);
    fs::write(&file, old + &text).unwrap();
    let read = all(&own, false);
    assert_eq!(read.len(), 4);
    for whole in &read[2..] {
        assert_eq!(whole.entry.remark(), Some("unknown database"));
        assert_eq!((&whole.undo, whole.entry.is_undoable), (&None, false));
        assert!(!whole.entry.is_in_both, "nobody knows in which table");
        assert_eq!(whole.entry.counts.done, 1);
    }
    assert!(read[..2].iter().all(|whole| whole.undo.is_some()));
    assert_eq!(own.history().unwrap().elsewhere, 0);
}
