//! Reading the body of an execution. Whatever is missing, or of another shape than it should be, is passed over: n8n sends what its
//! nodes were given, and that is anything.

use serde_json::{Map, Value};

use super::{CUSTOM, NODES, NodeRun, RunData};
use crate::domain::{event::RowId, untrusted::Untrusted};

/// What is put together of flat data at most, as [`weight`] counts it, and how deep: some 40 MB, whatever it refers to how often.
const FLAT: (usize, usize) = (500_000, 60);

/// Bytes that are kept of each text, which is masked each time it is shown: n8n itself keeps 512 characters of a value of custom data.
const KEPT: usize = 4 * 1024;

/// How long the data of the execution in `body` is, as n8n says it, bytes.
pub fn sized(body: &Value) -> Option<u64> {
    body["jsonSizeBytes"].as_u64()
}

/// What `body`, of so many bytes, says of an execution; with its data, or without.
pub fn read(body: &Value, bytes: Option<u64>) -> RunData {
    let unflat = body["data"].as_str().and_then(unflattened);
    let data = unflat.as_ref().unwrap_or(&body["data"]);
    let result = &data["resultData"];
    let (nodes, ran) = nodes(&result["runData"]);
    let last = result["lastNodeExecuted"].as_str();
    let last = last.map(|name| {
        let name = kept(name);
        let place = nodes.iter().position(|node| node.name == name);
        (name, place.map_or(ran.max(1), |at| at + 1))
    });
    let ended = ["success", "error", "canceled", "crashed"];
    RunData {
        version: text(&body["workflowVersionId"]),
        retry_of: key(&body["retryOf"]),
        bytes: sized(body).or(bytes),
        is_too_long: false,
        has_ended: body["status"]
            .as_str()
            .is_some_and(|it| ended.contains(&it)),
        custom: custom(&body["customData"]),
        ran,
        of: switched_on(&body["workflowData"]["nodes"]),
        last,
        error: said(&result["error"]).or_else(|| text(&result["redactedError"]["type"])),
        called_with: called_with(data, &nodes),
        nodes,
    }
}

fn text(value: &Value) -> Option<Untrusted> {
    value.as_str().filter(|text| !text.is_empty()).map(kept)
}

fn kept(text: &str) -> Untrusted {
    Untrusted::at_most(text, KEPT)
}

/// A key: a text or a whole number.
fn key(value: &Value) -> Option<RowId> {
    match value {
        Value::String(text) => RowId::parse(text),
        Value::Number(number) if !number.is_f64() => RowId::parse(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// What an error says: its message, and what caused it where n8n words that apart.
fn said(error: &Value) -> Option<Untrusted> {
    let message = error["message"].as_str()?;
    let cause = error["messages"][0].as_str();
    let cause = cause.filter(|cause| !message.contains(*cause));
    Some(match cause {
        Some(cause) => kept(&format!("{message}: {cause}")),
        None => kept(message),
    })
}

fn custom(all: &Value) -> Vec<(Untrusted, Untrusted)> {
    let all = all.as_object().into_iter().flatten();
    let pair = |(key, value): (&String, &Value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (kept(key), kept(&value))
    };
    all.take(CUSTOM).map(pair).collect()
}

/// How many nodes of a workflow are switched on and do something.
fn switched_on(nodes: &Value) -> usize {
    let nodes = nodes.as_array().into_iter().flatten();
    let works = |node: &&Value| {
        node.is_object() && node["disabled"] != true && node["type"] != "n8n-nodes-base.stickyNote"
    };
    nodes.filter(works).count()
}

/// The nodes that ran, in the order in which they first did, and how many there are.
fn nodes(all: &Value) -> (Vec<NodeRun>, usize) {
    let all = all.as_object().into_iter().flatten();
    let mut found: Vec<(u64, NodeRun)> = all.filter_map(node).collect();
    found.sort_by_key(|(first, _)| *first);
    let ran = found.len();
    let nodes = found.into_iter().take(NODES).map(|(_, node)| node);
    (nodes.collect(), ran)
}

fn node((name, runs): (&String, &Value)) -> Option<(u64, NodeRun)> {
    let runs = runs.as_array()?;
    let last = runs.last()?;
    // Before executions were numbered their moments tell which came first.
    let first = runs.iter().filter_map(|run| {
        let index = run["executionIndex"].as_u64();
        index.or_else(|| run["startTime"].as_u64())
    });
    let node = NodeRun {
        name: kept(name),
        status: text(&last["executionStatus"]).unwrap_or_default(),
        took_ms: last["executionTime"].as_u64(),
        times: runs.len(),
        error: said(&last["error"]),
    };
    Some((first.min().unwrap_or(u64::MAX), node))
}

/// The event that the webhook was called with: what its node handed on, or what it is about to be given where nothing ran yet.
fn called_with(data: &Value, nodes: &[NodeRun]) -> Option<RowId> {
    let first = nodes.first();
    let given = first.map_or_else(
        || &data["executionData"]["nodeExecutionStack"][0]["data"],
        |node| &data["resultData"]["runData"][node.name.raw()][0]["data"],
    );
    key(&given["main"][0][0]["json"]["body"]["event_id"])
}

/// Puts together what is flat: a list whose texts within lists and objects are places in it, as n8n keeps it in its database.
fn unflattened(text: &str) -> Option<Value> {
    let flat: Vec<Value> = serde_json::from_str(text).ok()?;
    let mut left = FLAT.0;
    put_together(&flat, flat.first()?, FLAT.1, &mut left)
}

fn put_together(flat: &[Value], value: &Value, depth: usize, left: &mut usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    // What leads back to itself has no end, and what is referred to is copied each time.
    *left = left.checked_sub(weight(value))?;
    let mut of = |inner: &Value| match inner {
        Value::String(place) => {
            let found = place.parse().ok().and_then(|at: usize| flat.get(at));
            put_together(flat, found.unwrap_or(&Value::Null), depth, left)
        }
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => put_together(flat, other, depth, left),
    };
    match value {
        Value::Array(all) => all.iter().map(of).collect::<Option<_>>().map(Value::Array),
        Value::Object(all) => {
            let pair = |(key, inner): (&String, &Value)| Some((key.clone(), of(inner)?));
            let all: Option<Map<String, Value>> = all.iter().map(pair).collect();
            all.map(Value::Object)
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Some(plain.clone())
        }
    }
}

/// How much room a value takes beside what is in it: a text by its length, an object by its keys.
fn weight(value: &Value) -> usize {
    let text = |text: &String| text.len() / 64;
    match value {
        Value::String(it) => 1 + text(it),
        Value::Object(all) => 1 + all.keys().map(text).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test reads what was recorded")]
    fn recorded(name: &str) -> Value {
        let path = format!("{}/tests/fixtures/n8n/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn of(name: &str) -> RunData {
        read(&recorded(name), None)
    }

    #[test]
    fn recorded_executions_of_either_line_tell_their_node_their_version_and_their_event() {
        for (name, place, event, version) in [
            (
                "2.41.1/execution_error_detail_http_refused.json",
                "\"Call Send API\" (3 of 3)",
                "39",
                Some("d5f99e46-78ee-47e6-9f34-807b20a94e4c"),
            ),
            (
                "1.123.81/execution_error_detail_http_refused.json",
                "\"Call Send API\" (3 of 3)",
                "37",
                None,
            ),
            (
                "2.41.1/execution_error_detail_code_typeerror.json",
                "\"Call Apify\" (3 of 4)",
                "37",
                Some("82b35e3d-cb81-431f-b84a-8fc59b4f9608"),
            ),
            (
                "2.41.1/execution_error_detail_redacted.json",
                "\"Call Send API\" (3 of 3)",
                "39",
                Some("d5f99e46-78ee-47e6-9f34-807b20a94e4c"),
            ),
        ] {
            let run = of(name);
            assert_eq!(run.place().as_deref(), Some(place), "{name}");
            let id = run.event().map(|id| id.to_string());
            assert_eq!(id.as_deref(), Some(event), "{name}");
            let said = run.version.as_ref().map(Untrusted::display);
            assert_eq!(said.as_deref(), version, "{name}");
            assert!(run.has_ended, "{name}");
        }
        let run = of("2.41.1/execution_error_detail_http_refused.json");
        let said = run.error.unwrap().display();
        assert!(
            said.contains("perhaps it is offline: connect ECONNREFUSED"),
            "{said}"
        );
        assert_eq!(run.bytes, Some(5_694));
        let statuses: Vec<String> = run.nodes.iter().map(|node| node.status.display()).collect();
        assert_eq!(statuses, ["success", "success", "error"]);
    }

    #[test]
    fn what_runs_crashed_or_hostile_text_is_read_as_far_as_it_goes() {
        let running = of("2.41.1/execution_running_detail.json");
        assert_eq!(
            (running.place(), running.ran, running.has_ended),
            (None, 0, false)
        );
        assert!(running.of > 0);
        assert!(
            running.event().is_some(),
            "by what its webhook was called with"
        );
        let ugly = of("2.41.1/execution_error_detail_ugly_text.json");
        let place = ugly.place().unwrap();
        assert!(
            place.contains("(4 of 4)") && place.contains("<U+202E>"),
            "{place}"
        );
        let shown: Vec<String> = ugly.custom.iter().map(|(_, it)| it.display()).collect();
        assert!(shown.iter().any(|it| it.contains("<ESC>[31m")), "{shown:?}");
        assert!(shown.iter().all(|it| !it.contains('\u{1b}')), "{shown:?}");
    }

    #[test]
    fn of_a_long_text_a_few_kilobytes_are_kept() {
        let long = "a b@c.example ".repeat(10_000);
        let error = json!({"message": long, "messages": ["cause"]});
        let run = json!([{"error": error, "executionStatus": "error"}]);
        let nodes = json!({ long.as_str(): run });
        let result = json!({"runData": nodes, "lastNodeExecuted": long, "error": error});
        let body = json!({"data": {"resultData": result}, "customData": {long.as_str(): long}});
        let run = read(&body, None);
        let (last, nth) = run.last.clone().unwrap();
        let (key, value) = run.custom[0].clone();
        let node = run.nodes[0].clone();
        let all = [Some(last), Some(key), Some(value), Some(node.name)];
        for kept in all.into_iter().chain([run.error, node.error]) {
            let kept = kept.unwrap();
            assert!(kept.is_cut() && kept.full_bytes() >= long.len());
            assert_eq!(kept.raw().len(), KEPT);
        }
        assert_eq!(nth, 1, "it is still found");
    }

    #[test]
    fn any_other_shape_is_passed_over() {
        for body in [
            json!(null),
            json!([]),
            json!("text"),
            json!({"data": 7, "customData": [1], "workflowData": "w", "workflowVersionId": {}}),
            json!({"data": "no json"}),
            json!({"data": "[]"}),
            json!({"data": {"resultData": {"runData": [], "lastNodeExecuted": 9, "error": "e"}}}),
            json!({"data": {"resultData": {"runData": {"a": {}, "b": [], "c": [7]}}}}),
        ] {
            let run = read(&body, None);
            assert_eq!((run.event(), run.place()), (None, None), "{body}");
        }
        let many: Map<String, Value> = (0..500)
            .map(|n| (format!("n{n:03}"), json!([{"executionIndex": 499 - n}])))
            .collect();
        let body = json!({"data": {"resultData": {"runData": many, "lastNodeExecuted": "n000"}}});
        let run = read(&body, Some(9));
        assert_eq!((run.nodes.len(), run.ran, run.bytes), (NODES, 500, Some(9)));
        assert_eq!(run.nodes[0].name, Untrusted::from("n499"));
        assert_eq!(run.place().as_deref(), Some("\"n000\" (500 of 500)"));
    }

    #[test]
    fn what_is_flat_is_put_together_and_what_leads_back_to_itself_is_nothing() {
        let flat = json!([
            {"resultData": "1"},
            {"runData": "2", "lastNodeExecuted": "3"},
            {"Call": "4"},
            "Call",
            ["5"],
            {"executionIndex": 0, "executionStatus": "6", "executionTime": 12},
            "error"
        ]);
        let run = read(&json!({"data": flat.to_string()}), None);
        assert_eq!(run.place().as_deref(), Some("\"Call\" (1 of 1)"));
        assert_eq!(run.nodes[0].status, Untrusted::from("error"));
        assert_eq!(run.nodes[0].took_ms, Some(12));
        let round = json!([{"resultData": "0", "lastNodeExecuted": "0"}]);
        let run = read(&json!({"data": round.to_string()}), None);
        assert_eq!(run, RunData::default());
        let wide: Vec<Value> = (0..60)
            .map(|n| json!([(n + 1).to_string(), (n + 1).to_string()]))
            .collect();
        let run = read(&json!({"data": Value::from(wide).to_string()}), None);
        assert_eq!(run, RunData::default(), "2 to the power of 60 values");
    }

    #[test]
    fn what_is_flat_and_refers_often_to_what_is_large_is_not_put_together() {
        let large = "a".repeat(100_000);
        let often = |place: &str| Value::from(vec![place; 30_000]);
        for (large, says) in [
            (json!(large), "3 GB of texts"),
            (json!({ large: 1 }), "3 GB of keys"),
            (json!([vec![0; 50_000]]), "1.5 billion numbers"),
            (Value::from(vec!["x"; 50_000]), "as much of nothing"),
        ] {
            let first = json!({"resultData": "1", "all": "3"});
            let flat = json!([first, {"lastNodeExecuted": "2"}, "Call", often("4"), large]);
            let flat = flat.to_string();
            assert!(flat.len() < 400_000, "{says}");
            assert_eq!(unflattened(&flat), None, "{says}");
        }
        // What is large and stands there once is.
        let first = json!({"resultData": "1", "all": "3"});
        let large = "a".repeat(2_000_000);
        let flat = json!([first, {"lastNodeExecuted": "2"}, "Call", ["4"], large]);
        let run = read(&json!({"data": flat.to_string()}), None);
        assert_eq!(run.last, Some((Untrusted::from("Call"), 1)));
    }
}
