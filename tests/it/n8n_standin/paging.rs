//! Pages, limits and filters.

use outpost::demo::n8n::Ending;
use pretty_assertions::assert_eq;
use serde_json::Value;

use super::{event, fresh, get, later, now};

#[test]
fn paging_follows_the_cursor_and_its_limit() {
    let mut n8n = fresh();
    for id in 0..8 {
        let run = n8n.deliver("validate-company", event(id), now()).unwrap();
        n8n.finish(run, Ending::Success, later(1));
    }
    let mut ids = Vec::new();
    let mut target = "/api/v1/executions?limit=3".to_owned();
    loop {
        let page = get(&mut n8n, &target);
        ids.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|run| run["id"].as_str().unwrap().to_owned()),
        );
        match page["nextCursor"].as_str() {
            // The limit in the cursor holds, not the one beside it.
            Some(cursor) => target = format!("/api/v1/executions?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(ids, ["51", "50", "49", "48", "47", "46", "45", "44"]);
    let by_hand = get(
        &mut n8n,
        "/api/v1/executions?cursor=eyJsYXN0SWQiOiAiNDYiLCAibGltaXQiOiAxfQ%3D%3D",
    );
    assert_eq!(by_hand["data"][0]["id"], "45");
}

#[test]
fn a_limit_is_clamped_as_recorded() {
    let mut n8n = fresh();
    for id in 0..300 {
        let run = n8n.deliver("validate-company", event(id), now()).unwrap();
        n8n.finish(run, Ending::Success, later(1));
    }
    let mut count = |limit: &str| {
        get(&mut n8n, &format!("/api/v1/executions?limit={limit}"))["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        [count("0"), count("1.5"), count("251"), count("100000")],
        [100, 1, 250, 250]
    );
}

#[test]
fn workflows_are_filtered_and_paged() {
    let mut n8n = fresh();
    let names = |page: &Value| -> Vec<String> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|w| w["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = get(&mut n8n, "/api/v1/workflows");
    assert_eq!(
        names(&all).len(),
        14,
        "15 stages, and one workflow serves two of them"
    );
    assert_eq!(
        names(&get(&mut n8n, "/api/v1/workflows?name=SEND%20e")),
        ["Send Executor"]
    );
    assert_eq!(
        names(&get(&mut n8n, "/api/v1/workflows?active=false")),
        Vec::<String>::new()
    );
    let first = get(&mut n8n, "/api/v1/workflows?limit=9");
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = get(
        &mut n8n,
        &format!("/api/v1/workflows?limit=9&cursor={cursor}"),
    );
    assert_eq!([names(&first), names(&rest)].concat(), names(&all));
    assert_eq!(rest["nextCursor"], Value::Null);
}
