use chrono::DateTime;

use super::*;
use crate::domain::{
    error_group::{Errors, payloads},
    event::{EventType, RowId},
    filter::Filter,
};

fn errors() -> Errors {
    let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let row = |id: i64, message: &str, details: &str| ErrorRow {
        id: RowId::from(id),
        stage: EventType::from("lead_qualified"),
        record: Some(Untrusted::from((2_200 + id).to_string())),
        message: Untrusted::from(message),
        severity: Severity::Critical,
        created_at: at,
        event: None,
        execution: None,
        details: Untrusted::from(details),
    };
    let rows = vec![
        row(
            1,
            "crm 401",
            r#"{"node": "Write", "payload": {"contact": {"id": 77}}}"#,
        ),
        row(
            2,
            "crm 401",
            r#"{"node": "Write", "owner": {"name": "Ben"}}"#,
        ),
        row(3, "HTTP 503", "no json"),
    ];
    Errors::of(rows, at)
}

fn found(text: &str) -> (Vec<String>, usize) {
    let errors = errors();
    let mut filter = Filter::default();
    filter.set(text, &VOCABULARY).unwrap();
    let now = errors.recent[0].created_at;
    let mut payloads = Payloads::of(&filter);
    let behind = Untrusted::from(r#"{"plan": {"Tier": "gold"}, "n": 5}"#);
    let found = (RowId::from(3), payloads::values(&behind, payloads.paths()));
    let ids: Vec<RowId> = errors.recent.iter().map(|row| row.id.clone()).collect();
    let found = payloads::Values {
        found: vec![found],
        ..payloads::Values::default()
    };
    payloads.take(&ids, found);
    let rows = errors.recent.iter().filter(|row| {
        let line = RowLine {
            row,
            is_marked: row.id == RowId::from(2),
            groups: &errors.groups,
            payloads: &payloads,
        };
        filter.matches(&line, now)
    });
    let groups = errors.groups.iter().filter(|group| {
        let line = GroupLine {
            group,
            is_marked: false,
            rows: &errors.recent,
            payloads: &payloads,
        };
        filter.matches(&line, now)
    });
    let mut ids: Vec<String> = rows.map(|row| row.id.to_string()).collect();
    ids.sort();
    (ids, groups.count())
}

#[test]
fn errors_and_groups_are_found_by_class_state_people_and_by_what_lies_in_their_details() {
    let cases: [(&str, &[&str], usize); 19] = [
        ("class:credential", &["1", "2"], 1),
        ("sev>=warn", &["1", "2", "3"], 2),
        ("sev>crit", &[], 0),
        ("severity:crit sev<=CRITICAL", &["1", "2", "3"], 2),
        ("class:transient", &["3"], 1),
        ("is:new", &["1", "2", "3"], 2),
        ("is:regressed", &[], 0),
        ("is:marked", &["2"], 0),
        ("people>1", &["1", "2"], 1),
        ("n:1", &["3"], 1),
        ("payload.contact.id:77", &["1"], 1),
        ("payload.owner.name:ben", &["2"], 1),
        ("details.node=write", &["1", "2"], 1),
        ("record:2203", &["3"], 1),
        ("record=2201", &["1"], 1),
        ("payload.plan.tier:GOLD", &["3"], 1),
        ("payload.plan.tier=gold payload.n=5", &["3"], 1),
        ("payload.plan.tier:silver", &[], 0),
        (
            "payload.n:/^[45]$/ OR payload.contact.id=77",
            &["1", "3"],
            2,
        ),
    ];
    for (text, ids, groups) in cases {
        let (found, n) = found(text);
        assert_eq!(
            (found.as_slice(), n),
            (
                &ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()[..],
                groups
            ),
            "{text}"
        );
    }
}
