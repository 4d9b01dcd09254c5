use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use serde_json::json;

use super::{read::Lines, *};
use crate::domain::plan::Marks;

const HERE: &str = "db:5432/prod marketing";

fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_772_445_600 + seconds, 0).unwrap()
}

fn entry(id: EntryId, seconds: i64) -> Entry {
    Entry {
        id,
        at: at(seconds),
        actor: Untrusted::from("ann@host"),
        database: Some(Untrusted::from(HERE)),
        role: None,
        action: Untrusted::from("resolve_errors"),
        targets: 1,
        counts: Counts::default(),
        note: None,
        fault: None,
        has_ended: true,
        is_undoable: false,
        undo_key: None,
        takes_back: None,
        taken_back: None,
        is_in_both: false,
        batch: None,
        is_of_unknown_schema: false,
    }
}

fn page(keys: std::ops::RangeInclusive<i64>, is_last: bool) -> Answer {
    Answer::Page(Page {
        entries: keys
            .rev()
            .map(|key| entry(EntryId::Row(key), key))
            .collect(),
        is_last,
        missing: None,
    })
}

fn keys(history: &History) -> Vec<i64> {
    let ids = history.entries().into_iter().map(|entry| entry.id);
    ids.map(|id| match id {
        EntryId::Row(key) => key,
        EntryId::Line(at) => -i64::try_from(at).unwrap(),
    })
    .collect()
}

#[test]
fn pages_join_to_one_history_and_none_is_asked_twice() {
    let mut history = History::default();
    assert_eq!(history.older(), None);
    history.answered(at(0), Question::Page(None), Ok(page(5..=8, false)));
    let older = history.older().unwrap();
    assert_eq!(older, Question::Page(Some(5)));
    assert!(history.ask(&older));
    assert!(!history.ask(&older) && history.older().is_none());
    history.answered(at(0), older, Ok(page(1..=4, true)));
    assert_eq!(keys(&history), [8, 7, 6, 5, 4, 3, 2, 1]);
    assert!(!history.has_more() && history.older().is_none());
    // The newest page again, with one more.
    history.answered(at(1), Question::Page(None), Ok(page(6..=9, false)));
    assert_eq!(keys(&history).len(), 9);
    assert!(!history.has_more());
    // So much came that the newest page does not reach what is held.
    history.answered(at(2), Question::Page(None), Ok(page(50..=53, false)));
    assert_eq!(keys(&history), [53, 52, 51, 50]);
    assert!(history.has_more());
}

#[test]
fn what_is_in_the_table_and_in_the_file_is_told_once() {
    let mut history = History::default();
    let both = Entry {
        is_in_both: true,
        ..entry(EntryId::Line(1), 7)
    };
    let own = entry(EntryId::Line(2), 6);
    let file = Filed {
        entries: vec![both, own],
        elsewhere: 3,
    };
    history.answered(at(0), Question::File, Ok(Answer::File(file)));
    assert_eq!(history.elsewhere(), 3);
    assert_eq!(keys(&history), [-1, -2], "the table is not read yet");
    history.answered(at(0), Question::Page(None), Ok(page(5..=7, true)));
    assert_eq!(keys(&history), [7, -2, 6, 5]);
    let missing = Page {
        missing: Some("outpost.audit is not there".to_owned()),
        is_last: true,
        ..Page::default()
    };
    let mut alone = history.clone();
    alone.answered(at(0), Question::Page(None), Ok(Answer::Page(missing)));
    assert!(keys(&alone).contains(&-1));
}

#[test]
fn what_takes_back_is_found_also_where_it_was_written_by_another_clock() {
    let key = Some("a key".to_owned());
    let done = Counts {
        done: 1,
        ..Counts::default()
    };
    let row = Entry {
        is_undoable: true,
        undo_key: key.clone(),
        ..entry(EntryId::Row(5), 7_200)
    };
    let line = Entry {
        counts: done,
        takes_back: key,
        ..entry(EntryId::Line(1), 3_700)
    };
    let page = Page {
        entries: vec![row],
        is_last: true,
        missing: None,
    };
    let file = Filed {
        entries: vec![line],
        elsewhere: 0,
    };
    // Our clock is an hour behind: the line is of 100 s later.
    let mut history = History::default();
    history.beside(TimeDelta::hours(1));
    history.answered(at(0), Question::Page(None), Ok(Answer::Page(page)));
    history.answered(at(0), Question::File, Ok(Answer::File(file)));
    assert_eq!(keys(&history), [-1, 5]);
    let back = |history: &History| history.find(EntryId::Row(5)).unwrap().taken_back.clone();
    assert!(back(&history).is_some());
    // What was learned of the clocks counts for what is held.
    history.beside(TimeDelta::zero());
    assert_eq!((keys(&history), back(&history)), (vec![5, -1], None));
}

#[test]
fn lines_of_the_file_become_entries_with_what_takes_them_back() {
    let begin = json!({"at": at(0), "actor": "ann@host", "database": HERE, "what": {"phase": "begin", "plan": {
        "mutation": {"ResolveErrors": {"ids": ["7", "8"], "note": "rotated"}}, "frozen_at": at(-1), "examined": null, "reason": null}}});
    let end = json!({"at": at(1), "actor": "ann@host", "database": HERE, "what": {"phase": "end", "frozen_at": at(-1), "outcome": {"done": {
        "done": ["7"], "skipped": [["8", "it is gone"]], "failed": [], "unknown": [], "remarks": [], "audited_in_database": false}}}});
    let shown =
        json!({"at": at(2), "actor": "ann@host", "database": HERE, "what": {"reveal": "9"}});
    let strange = json!({"at": at(3), "actor": "ann@host", "database": HERE, "what": {"phase": "begin", "plan": {
        "mutation": {"FlyToTheMoon": {}}, "frozen_at": at(3)}}});
    let unended = json!({"at": at(4), "actor": "ann@host", "database": HERE, "what": {"phase": "begin", "plan": {
        "mutation": {"StopExecutions": []}, "frozen_at": at(4), "examined": null, "reason": "why"}}});
    let texts = [begin, end, shown, strange, unended].map(|line| line.to_string());
    let all: Vec<(u64, &str)> = (0..)
        .zip(texts.iter().map(String::as_str))
        .chain([(9, "{half a li")])
        .collect();
    let mut lines = Lines::new(HERE.to_owned(), false);
    let read = all.into_iter().rev();
    let read: Vec<Whole> = read.filter_map(|(at, text)| lines.take(at, text)).collect();
    let said: Vec<(String, String, bool)> = read
        .iter()
        .map(|whole| {
            (
                whole.entry.action.display(),
                whole.entry.outcome(),
                whole.undo.is_some(),
            )
        })
        .collect();
    let expected = [
        ("stop_executions", "no end written", false),
        ("FlyToTheMoon", "no end written", false),
        ("reveal_people", "1 done", false),
        ("resolve_errors", "1 done, 1 skipped", true),
    ];
    assert_eq!(
        said,
        expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c))
    );
    let Some(Mutation::ReopenErrors { ids, .. }) = &read[3].undo else {
        panic!("{read:?}");
    };
    assert_eq!(ids.len(), 1);
    assert_eq!(read[3].rows[0].fate, Fate::Skipped);
    assert_eq!(read[3].entry.note, Some(Untrusted::from("rotated")));
}

#[test]
fn only_what_takes_something_back_is_made_anew_from_the_table() {
    let ann = Untrusted::from("ann@host");
    let undo = |mutation: &Mutation| read::undo(&json!({"undo": mutation}), &ann);
    let reopen = Mutation::ReopenErrors {
        ids: Vec::new(),
        note: "n".to_owned(),
        by: "ben@host".to_owned(),
        marks: Marks::default(),
    };
    assert_eq!(undo(&reopen), Some(reopen.clone()));
    // An older program did not write down by whom: it was who the entry is of.
    let old = json!({"undo": {"ReopenErrors": {"ids": ["1"], "note": "n"}}});
    let Some(Mutation::ReopenErrors { by, .. }) = read::undo(&old, &ann) else {
        panic!("{old}");
    };
    assert_eq!(by, "ann@host");
    let resolve = Mutation::ResolveErrors {
        ids: Vec::new(),
        note: "n".to_owned(),
    };
    assert_eq!(undo(&resolve), None);
    assert_eq!(
        read::undo(&json!({"undo": {"FlyToTheMoon": 1}}), &ann),
        None
    );
    assert_eq!(read::undo(&json!({}), &ann), None);
}

#[test]
fn rows_beyond_those_told_are_counted() {
    let done: Vec<String> = (0..ROWS + 5).map(|n| n.to_string()).collect();
    let outcome = json!({"done": done, "skipped": [{"id": "x", "why": "gone"}], "counts": {"done": 90_000, "skipped": 1}});
    let (rows, more) = read::fates(&outcome);
    assert_eq!(rows.len(), ROWS);
    assert_eq!(rows[0].id, Untrusted::from("x"));
    assert_eq!(more, 90_000 - (ROWS as u64 - 1));
    assert_eq!(read::counts(&outcome).done, 90_000);
}

proptest! {
    /// Whatever was written down, an export has one line an entry, no control character, and no cell that is a formula.
    #[test]
    fn an_export_is_harmless(actor in ".*", action in ".*", note in ".*", why in ".*") {
        let entry = Entry {
            actor: Untrusted::from(actor),
            action: Untrusted::from(format!("={action}")),
            note: Some(Untrusted::from(format!("+{note}"))),
            ..entry(EntryId::Row(7), 1)
        };
        let whole = Whole {
            entry: entry.clone(),
            rows: vec![RowFate { id: Untrusted::from("1"), fate: Fate::Skipped, why: Some(Untrusted::from(why)) }],
            more: 0,
            undo: None,
        };
        for line in [csv(&entry), jsonl(&entry, Some(&whole))] {
            prop_assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
        }
        let line = csv(&entry);
        prop_assert!(line.contains("\"'=") && line.contains("\"'+"), "{line}");
        let json: serde_json::Value = serde_json::from_str(&jsonl(&entry, Some(&whole))).unwrap();
        prop_assert_eq!(json["rows"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_history_of_one_second_is_in_the_order_of_its_keys() {
    let mut history = History::default();
    let same = |key: i64| Entry {
        at: at(0) + TimeDelta::zero(),
        ..entry(EntryId::Row(key), 0)
    };
    let page = Page {
        entries: vec![same(2), same(3), same(1)],
        is_last: true,
        missing: None,
    };
    history.answered(at(0), Question::Page(None), Ok(Answer::Page(page)));
    assert_eq!(keys(&history), [3, 2, 1]);
}
