//! Journals on a real disk.

use std::os::unix::fs::PermissionsExt as _;

use chrono::DateTime;

use super::*;
use crate::domain::{
    event::RowId,
    plan::{Mutation, Plan},
};

fn head() -> Head {
    Head {
        batch: BatchId::new(DateTime::UNIX_EPOCH, 0xbeef),
        at: DateTime::UNIX_EPOCH,
        who: "ann@host".to_owned(),
        place: "db:5432/app marketing".to_owned(),
        plan: Plan::new(
            Mutation::RetryEvents(Vec::new().into()),
            DateTime::UNIX_EPOCH,
        ),
    }
}

fn sent(id: i64) -> Record {
    Record::Sent {
        id: RowId::from(id),
        at: DateTime::UNIX_EPOCH,
        clone: None,
    }
}

#[test]
fn what_is_written_is_read_and_only_its_owner_may() {
    let directory = tempfile::tempdir().unwrap();
    let journals = Journals::below(directory.path());
    let mut journal = journals.begin(&head()).unwrap();
    journal.add(&sent(1)).unwrap();
    let path = directory.path().join("batches/19700101-000000-beef.jsonl");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = journals.read(&head().batch).unwrap();
    assert_eq!((&kept.head, kept.records.len()), (&head(), 1));
    assert!(kept.is_driven);
    assert!(matches!(
        journals.resume(&head().batch),
        Err(Unusable::Driven)
    ));
    drop(journal);
    let (_, kept) = journals.resume(&head().batch).unwrap();
    assert_eq!(kept.records, [sent(1)]);
    let all = journals.all().unwrap();
    assert_eq!(all.len(), 1);
}

#[test]
fn a_torn_last_line_is_cut_off_and_a_torn_line_before_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let journals = Journals::below(directory.path());
    let mut journal = journals.begin(&head()).unwrap();
    journal.add(&sent(1)).unwrap();
    let torn = serde_json::to_string(&sent(2)).unwrap();
    for cut in [1, 9, torn.len()] {
        let bytes = &torn.as_bytes()[..cut];
        journal.file.write_all(bytes).unwrap();
        drop(journal);
        let (again, kept) = journals.resume(&head().batch).unwrap();
        assert_eq!(kept.records, [sent(1)], "cut after {cut} bytes");
        journal = again;
    }
    journal
        .file
        .write_all("{\"what\":\"s\u{e9}".as_bytes()[..11].as_ref())
        .unwrap();
    drop(journal);
    let (mut journal, _) = journals.resume(&head().batch).unwrap();
    journal.add(&sent(3)).unwrap();
    journal.file.write_all(b"nonsense\n").unwrap();
    journal.add(&sent(4)).unwrap();
    drop(journal);
    let told = journals.resume(&head().batch).unwrap_err();
    assert!(matches!(told, Unusable::Line(4, _)), "{told}");
}

#[test]
fn what_is_over_is_deleted_when_it_is_old_or_one_of_many_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let journals = Journals::below(directory.path());
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(100);
    let kept = |days: i64, salt: u64, is_over: bool| {
        let at = now - TimeDelta::days(days);
        let batch = BatchId::new(at, salt);
        let head = Head {
            batch: batch.clone(),
            at,
            ..head()
        };
        let mut journal = journals.begin(&head).unwrap();
        if is_over {
            journal.add(&Record::Finished { at }).unwrap();
        }
        batch
    };
    let unfinished = kept(90, 1, false);
    let old = kept(31, 2, true);
    let young = kept(29, 3, true);
    let strange = directory.path().join("batches/19700101-000000-dead.jsonl");
    fs::write(&strange, "nonsense\n").unwrap();
    assert_eq!(journals.prune(now).unwrap(), 1);
    assert!(matches!(journals.read(&old), Err(Unusable::Missing)));
    let all = || journals.ids().unwrap();
    assert!(all().contains(&unfinished) && all().contains(&young) && strange.exists());
    for salt in 0..KEPT as u64 {
        kept(1, salt, true);
    }
    let driven = journals.resume(&young).unwrap();
    assert_eq!(journals.prune(now).unwrap(), 0, "somebody has it");
    drop(driven);
    assert_eq!(journals.prune(now).unwrap(), 1);
    assert!(!all().contains(&young) && all().contains(&unfinished));
    assert_eq!(all().len(), KEPT + 2, "the unfinished and the unreadable");
}

#[test]
fn half_a_line_that_could_not_be_cut_off_is_cut_off_before_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let journals = Journals::below(directory.path());
    let mut journal = journals.begin(&head()).unwrap();
    journal.add(&sent(1)).unwrap();
    journal.file.write_all(b"{\"what\":\"se").unwrap();
    journal.is_torn = true;
    journal.add(&sent(2)).unwrap();
    let kept = journals.read(&head().batch).unwrap();
    assert_eq!(kept.records, [sent(1), sent(2)]);
}
