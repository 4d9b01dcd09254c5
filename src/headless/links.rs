//! How the connections stand, as text and as JSON.

use serde_json::{Value, json};

use crate::{msg::Link, store::Store};

/// How a connection stands.
pub(super) fn link(link: &Link) -> Value {
    match link {
        Link::Connecting => json!({ "state": "connecting" }),
        Link::Up(since, remark) => json!({ "state": "up", "since": since, "remark": remark }),
        Link::Deaf(since, why) => json!({ "state": "deaf", "since": since, "why": why }),
        Link::Down { since, fault, .. } => {
            json!({ "state": "down", "since": since, "fault": fault.to_string(), "advice": fault.advice() })
        }
        Link::Off(why) => json!({ "state": "off", "why": why }),
    }
}

/// What there is to know of a connection that is up.
pub(super) fn remarks(store: &Store) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Link::Up(_, Some(remark)) = &store.reader {
        remarks.push(format!("database: {remark}"));
    }
    let server = store.server.value();
    if let Some((server, replay)) = server.and_then(|server| Some((server, server.replay?))) {
        let words = replay.words(server.clock);
        remarks.push(format!("database: the server is a standby, {words}"));
    }
    remarks
}

/// How the server follows its primary; null for a primary, and where the server was not asked.
pub(super) fn standby(store: &Store) -> Option<Value> {
    let server = store.server.value()?;
    let replay = server.replay?;
    let behind_ms = replay
        .behind(server.clock)
        .map(|behind| behind.num_milliseconds());
    Some(
        json!({ "following": replay.state, "behind_ms_at_most": behind_ms, "committed_at": replay.committed_at }),
    )
}
