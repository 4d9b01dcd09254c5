use chrono::{DateTime, TimeDelta};
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::domain::error_group::{Class, GroupState, Shared};

fn now() -> Timestamp {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn row(id: i64, stage: &str, message: &str, ago_s: i64) -> ErrorRow {
    ErrorRow {
        id: RowId::from(id),
        stage: EventType::from(stage),
        record: Some(Untrusted::from((id % 7).to_string())),
        message: Untrusted::from(message),
        severity: Severity::Error,
        created_at: now() - TimeDelta::seconds(ago_s),
        event: None,
        execution: None,
        details: Untrusted::from(format!(
            r#"{{"node": "N{}", "email": "a@x{}.de"}}"#,
            id % 2,
            id % 3
        )),
    }
}

fn resolved(row: ErrorRow, ago_s: i64) -> Noted {
    Noted {
        row,
        resolved: true,
        resolved_at: Some(now() - TimeDelta::seconds(ago_s)),
    }
}

fn told(book: &Book) -> Errors {
    let mut errors = Errors::default();
    book.tell(&mut errors, now(), true);
    errors
}

fn book(rows: impl IntoIterator<Item = Noted>) -> Book {
    let mut book = Book::default();
    book.take(rows);
    book.has_past();
    book
}

#[test]
fn what_says_the_same_of_the_same_stage_and_node_is_one_group() {
    let rows = [
        row(1, "a", "HTTP 500 for 1", 90),
        row(3, "a", "HTTP 500 for 3", 60),
        row(2, "a", "HTTP 500 for 2", 50),
        row(5, "b", "HTTP 500 for 5", 40),
    ];
    let errors = told(&book(rows.map(Noted::open)));
    let seen: Vec<_> = errors
        .groups
        .iter()
        .map(|g| {
            (
                g.stage.label(),
                g.node.as_ref().map(Untrusted::display),
                g.open,
                g.records,
            )
        })
        .collect();
    let node = |name: &str| Some(name.to_owned());
    assert_eq!(
        seen,
        [
            ("a".to_owned(), node("N1"), 2, 2),
            ("b".to_owned(), node("N1"), 1, 1),
            ("a".to_owned(), node("N0"), 1, 1),
        ]
    );
    assert_eq!(errors.groups[0].class, Class::Transient);
    assert_eq!(*errors.groups[0].ids, [RowId::from(3), RowId::from(1)]);
}

#[test]
fn a_group_is_new_regressed_open_or_resolved_by_what_its_rows_say() {
    let day = 86_400;
    let old = |id| row(id, "a", "it broke", 3 * day);
    let cases = [
        (
            vec![Noted::open(row(2, "a", "it broke", 60))],
            GroupState::New,
        ),
        (
            vec![
                Noted::open(old(2)),
                Noted::open(row(4, "a", "it broke", 60)),
            ],
            GroupState::Open,
        ),
        (
            vec![
                resolved(old(2), day),
                Noted::open(row(4, "a", "it broke", 60)),
            ],
            GroupState::Regressed,
        ),
        (
            vec![resolved(old(4), 60), Noted::open(old(2))],
            GroupState::Open,
        ),
        (vec![resolved(old(2), day)], GroupState::Resolved),
    ];
    for (rows, state) in cases {
        let errors = told(&book(rows.clone()));
        let states: Vec<_> = errors.groups.iter().map(|group| group.state).collect();
        assert_eq!(states, [state], "{rows:?}");
    }
    let mut without_past = Book::default();
    without_past.take([Noted::open(row(2, "a", "it broke", 60))]);
    assert_eq!(told(&without_past).groups[0].state, GroupState::Open);
}

#[test]
fn new_and_critical_groups_of_many_people_come_before_old_ones_of_few() {
    let mut rows = vec![Noted::open(row(90, "a", "old and alone", 200_000))];
    rows.extend((0..6).map(|n| Noted::open(row(2 * n, "b", "HTTP 429 for 3", 600))));
    let mut critical = row(91, "c", "401 Unauthorized", 60);
    critical.severity = Severity::Critical;
    rows.push(Noted::open(critical));
    let stages: Vec<_> = told(&book(rows))
        .groups
        .iter()
        .map(|g| g.stage.label())
        .collect();
    assert_eq!(stages, ["c", "b", "a"]);
}

#[test]
fn retries_of_the_records_of_a_group_are_counted_for_it_alone() {
    let mut book = book([
        Noted::open(row(2, "a", "HTTP 500", 60)),
        Noted::open(row(4, "b", "HTTP 500", 60)),
    ]);
    let retried = |stage: &str, record: &str, ok| Retried {
        stage: EventType::from(stage),
        record: Untrusted::from(record),
        ok,
    };
    book.retried(&[
        retried("a", "2", true),
        retried("a", "2", false),
        retried("b", "2", true),
    ]);
    let errors = told(&book);
    let of = |stage: &str| {
        errors
            .groups
            .iter()
            .find(|g| g.stage.label() == stage)
            .unwrap()
            .retries
    };
    assert_eq!(of("a"), Retries { tried: 2, ok: 1 });
    assert_eq!(of("b"), Retries::default());
}

#[test]
fn what_a_group_shares_is_set_against_the_errors_outside_it() {
    let rows = (0..12).map(|n| Noted::open(row(n, if n < 4 { "a" } else { "b" }, "HTTP 500", 60)));
    let errors = told(&book(rows));
    let group = errors
        .groups
        .iter()
        .find(|g| g.stage.label() == "a")
        .unwrap();
    let domain = group
        .shared
        .iter()
        .find(|s| s.facet == Facet::Domain)
        .unwrap();
    assert_eq!((domain.part, domain.of, domain.outside()), (1, 2, (3, 10)));
    assert!((domain.lift().unwrap() - 0.5 / 0.3).abs() < 1e-9);
    let none: Option<f64> = Shared {
        base_part: 2,
        part: 2,
        ..domain.clone()
    }
    .lift();
    assert_eq!(none, None);
}

#[test]
fn a_recheck_names_what_was_resolved_elsewhere_and_what_is_not_known() {
    let mut book = book((1..=5).map(|id| Noted::open(row(id, "a", "it broke", 60))));
    assert_eq!(book.differing(2..=9, &[2, 4, 7]), [7, 3, 5]);
    book.take([resolved(row(3, "a", "it broke", 60), 5)]);
    book.remove(&RowId::from(5));
    assert_eq!(book.differing(2..=9, &[2, 4]), Vec::<i64>::new());
    assert_eq!((book.open(), told(&book).coverage.resolved), (3, 1));
}

#[test]
fn of_the_resolved_the_oldest_make_way_and_are_not_new_when_they_come_again() {
    let rows = (0..2 * RESOLVED as i64).map(|id| {
        let message = if id == 0 { "seen long ago" } else { "HTTP 500" };
        let row = ErrorRow {
            details: Untrusted::default(),
            ..row(id, "a", message, 90_000)
        };
        resolved(row, 80_000)
    });
    let mut book = book(rows);
    assert!(told(&book).coverage.resolved < 2 * RESOLVED as u64);
    let again = ErrorRow {
        details: Untrusted::default(),
        ..row(99_999, "a", "seen long ago", 9)
    };
    book.take([Noted::open(again)]);
    let errors = told(&book);
    let group = errors.groups.iter().find(|group| group.open > 0).unwrap();
    assert_eq!(group.state, GroupState::Open);
}

#[test]
fn keys_that_are_no_numbers_are_counted_like_any() {
    let named = |name: &str| ErrorRow {
        id: RowId::parse(name).unwrap(),
        ..row(2, "a", "HTTP 500", 60)
    };
    let mut book = book(["aa", "bb", "aa"].map(|name| Noted::open(named(name))));
    assert_eq!(book.open(), 2);
    book.remove(&RowId::parse("aa").unwrap());
    assert_eq!(*told(&book).groups[0].ids, [RowId::parse("bb").unwrap()]);
}

proptest! {
    /// However rows came, were resolved, reopened and read again, what is told is what a fresh book tells of the rows
    /// as they stand at the end.
    #[test]
    fn what_is_told_follows_from_the_rows_alone(
        steps in prop::collection::vec((0_i64..40, 0_u8..3, prop::bool::ANY, 0_i64..100_000), 0..120),
    ) {
        let mut kept: BTreeMap<i64, Noted> = BTreeMap::new();
        let mut grown = Book::default();
        for (id, message, is_resolved, ago) in steps {
            let row = row(id, "a", ["HTTP 500", "it broke", "null"][usize::from(message)], 200_000 - id);
            let noted = if is_resolved { resolved(row, ago) } else { Noted::open(row) };
            kept.insert(id, noted.clone());
            grown.take([noted]);
        }
        grown.has_past();
        let mut grown = told(&grown);
        let mut fresh = told(&book(kept.into_values()));
        for errors in [&mut grown, &mut fresh] {
            // The newest message is kept even of a row that says something else by now.
            for group in &mut errors.groups {
                group.message = Untrusted::default();
            }
        }
        prop_assert_eq!(grown, fresh);
    }
}
