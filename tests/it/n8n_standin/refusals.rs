//! What is refused, word for word.

use std::collections::BTreeMap;

use outpost::demo::n8n::{Ending, N8n, Request};
use pretty_assertions::assert_eq;
use serde_json::Value;

use super::{ask, event, fresh, later, now, recorded::fixture, request, with_body};

/// A world with a run that ended well (44), one that runs (45) and one in the queue (46).
fn three_runs() -> N8n {
    let mut n8n = fresh();
    let success = n8n.deliver("build-segment", event(1), now()).unwrap();
    n8n.finish(success, Ending::Success, later(1));
    n8n.deliver("build-segment", event(2), now()).unwrap();
    n8n.enqueue("build-segment", event(3), now()).unwrap();
    n8n
}

/// Recorded refusals of things that this world does not hold: archived workflows, missing credentials, …
const OF_ANOTHER_WORLD: [&str; 8] = [
    "archived",
    "credential",
    "no_trigger",
    "conflict",
    "deleted",
    "delete_again",
    "expired",
    "stop_canceled",
];

/// The request that was refused, asked about the runs of [`three_runs`].
fn again(name: &str, recorded: &Value) -> Request {
    let method = recorded["method"].as_str().unwrap();
    let mut target = recorded["path"].as_str().unwrap().to_owned();
    if name.contains("queued") || name.contains("running") {
        for (theirs, ours) in [("85", "46"), ("77", "45")] {
            target = target.replace(&format!("/{theirs}"), &format!("/{ours}"));
        }
    }
    let mut again = match &recorded["body"] {
        Value::Null => request(method, &target),
        Value::String(form) => Request {
            content_type: Some("application/x-www-form-urlencoded".to_owned()),
            body: form.clone().into_bytes(),
            ..request(method, &target)
        },
        sent @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            with_body(method, &target, sent)
        }
    };
    if name.contains("401") {
        again.key = (!name.contains("missing")).then(|| "other".to_owned());
    }
    again
}

#[test]
fn refusals_are_word_for_word_the_recorded_ones() {
    let requests: BTreeMap<String, Value> =
        serde_json::from_slice(&fixture("2.41.1", "requests.json")).unwrap();
    let mut compared = 0;
    for (name, recorded) in requests {
        let is_refusal = name.starts_with("error_4") || name.starts_with("error_execution_id");
        if !is_refusal || OF_ANOTHER_WORLD.iter().any(|part| name.contains(part)) {
            continue;
        }
        let mut n8n = if name.contains("403") {
            fresh().with_scopes(&["execution:list"])
        } else {
            three_runs()
        };
        let (ours, _) = ask(&mut n8n, &again(&name, &recorded));
        assert_eq!(
            (
                i64::from(ours.status),
                String::from_utf8(ours.body).unwrap()
            ),
            (
                recorded["status"].as_i64().unwrap(),
                String::from_utf8(fixture("2.41.1", &name)).unwrap()
            ),
            "{name}"
        );
        compared += 1;
    }
    assert!(compared >= 30, "only {compared} refusals compared");
}
