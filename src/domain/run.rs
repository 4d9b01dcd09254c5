//! What n8n keeps of one execution beside its place in the list: how far it came, what its nodes said, which event it is of.

mod read;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use read::{read, sized};

use super::{event::RowId, mask, untrusted::Untrusted};

/// Data of an execution that n8n says is longer is not asked for, nor read further, bytes: n8n stands still while it sends it.
pub const LONGEST: u64 = 2 * 1024 * 1024;

/// Nodes that are told.
pub const NODES: usize = 100;

/// Pairs of its custom data that are told; n8n keeps ten at most.
pub const CUSTOM: usize = 10;

/// A name, of a node or of custom data, as it is shown.
pub fn name(text: &Untrusted) -> String {
    mask::cut(text, 64)
}

/// What a node or an execution said, or what a value of custom data holds, as it is shown.
pub fn words(text: &Untrusted) -> String {
    mask::cut(text, 300)
}

/// How a node ended that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRun {
    /// Its name.
    pub name: Untrusted,
    /// How it ended, in n8n's word.
    pub status: Untrusted,
    /// For how long it ran, the last time, ms.
    pub took_ms: Option<u64>,
    /// How often it ran.
    pub times: usize,
    /// What it said where it failed.
    pub error: Option<Untrusted>,
}

/// What n8n keeps of an execution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunData {
    /// The version of the workflow that ran, where n8n says it.
    pub version: Option<Untrusted>,
    /// The execution it tries again.
    pub retry_of: Option<RowId>,
    /// How long its data is, bytes; of what n8n does not say, as it was read.
    pub bytes: Option<u64>,
    /// Whether its data was left where it is, for it is longer than [`LONGEST`].
    pub is_too_long: bool,
    /// Whether it has ended, so that nothing of it changes any more.
    pub has_ended: bool,
    /// What its workflow said of it.
    pub custom: Vec<(Untrusted, Untrusted)>,
    /// Nodes in the order in which they first ran, at most [`NODES`].
    pub nodes: Vec<NodeRun>,
    /// How many nodes ran.
    pub ran: usize,
    /// How many nodes its workflow has that are switched on.
    pub of: usize,
    /// The node at which it ended, and which one that is in the order in which they ran, from 1 on.
    pub last: Option<(Untrusted, usize)>,
    /// Why it failed.
    pub error: Option<Untrusted>,
    /// The event that its webhook was called with.
    pub called_with: Option<RowId>,
}

impl RunData {
    /// The event that it names as its own: by what its workflow said of it, else by what its webhook was called with.
    pub fn event(&self) -> Option<RowId> {
        let mut custom = self.custom.iter();
        let said = custom.find(|(key, _)| key.raw() == "event_id");
        let said = said.and_then(|(_, value)| RowId::parse(value.raw()));
        said.or_else(|| self.called_with.clone())
    }

    /// The node at which it ended, and where that stands among them: `"HubSpot Upsert" (4 of 5)`.
    pub fn place(&self) -> Option<String> {
        let (name, nth) = self.last.as_ref()?;
        let of = self.of.max(self.ran);
        Some(format!("\"{}\" ({nth} of {of})", self::name(name)))
    }

    /// How many lines of `room` cells what it says takes at most, of its nodes, its error and its custom data.
    pub fn lines(&self, room: usize) -> usize {
        // A character has no more cells than bytes.
        let folded = |text: &Untrusted| 1 + words(text).len() / room.max(1);
        let said = self.nodes.iter().filter_map(|node| node.error.as_ref());
        let said = said.chain(&self.error).map(folded).sum::<usize>();
        let custom = self.custom.iter();
        let custom = custom.map(|(key, value)| folded(key) + folded(value));
        // A node's own line takes some 55 cells.
        let own = 1 + 27 / room.max(1);
        own * self.nodes.len() + said + custom.sum::<usize>()
    }

    /// It as JSON, addresses masked, names cut as they are on the screen.
    pub fn json(&self, id: &RowId) -> String {
        let text = |text: &Untrusted| Value::from(mask::message(text).display());
        let nodes = self.nodes.iter().map(|node| {
            json!({
                "name": name(&node.name),
                "status": text(&node.status),
                "took_ms": node.took_ms,
                "times": node.times,
                "error": node.error.as_ref().map(text),
            })
        });
        let custom = self.custom.iter();
        let custom: Map<String, Value> = custom
            .map(|(key, value)| (name(key), text(value)))
            .collect();
        let all = json!({
            "id": id.as_str(),
            "workflow_version": self.version.as_ref().map(text),
            "retry_of": self.retry_of.as_ref().map(RowId::as_str),
            "bytes": self.bytes,
            "data_left_out": self.is_too_long,
            "ended_at_node": self.last.as_ref().map(|(last, _)| name(last)),
            "nth_node": self.last.as_ref().map(|(_, nth)| nth),
            "of_nodes": self.of.max(self.ran),
            "error": self.error.as_ref().map(text),
            "custom_data": custom,
            "event": self.event().as_ref().map(RowId::as_str),
            "nodes": nodes.collect::<Vec<Value>>(),
        });
        all.to_string()
    }
}
