//! The bodies of n8n's API, and their way into the domain. Every field may be missing, new ones may come, and a
//! value of the wrong type counts as missing: what is left is still worth showing. An item without a usable key is
//! dropped.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::loose::{object, objects, scalar};
use crate::{
    domain::{
        Timestamp,
        event::RowId,
        untrusted::Untrusted,
        workflow::{Execution, ExecutionStatus, Workflow},
    },
    msg::Fault,
};

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    /// What to ask the next page with, if there is one.
    #[serde(rename = "nextCursor", default, deserialize_with = "scalar")]
    pub(super) next_cursor: Option<String>,
}

/// The JSON in `body`.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Decode(Untrusted::from(error.to_string())))
}

/// An item of `GET /executions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecutionItem {
    #[serde(default, deserialize_with = "scalar")]
    id: Option<RowId>,
    #[serde(default, deserialize_with = "scalar")]
    workflow_id: Option<RowId>,
    #[serde(default, deserialize_with = "scalar")]
    status: Option<String>,
    #[serde(default, deserialize_with = "scalar")]
    finished: Option<bool>,
    #[serde(default, deserialize_with = "scalar")]
    mode: Option<String>,
    #[serde(default, deserialize_with = "scalar")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "scalar")]
    stopped_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "scalar")]
    retry_of: Option<RowId>,
    #[serde(default, deserialize_with = "scalar")]
    retry_success_id: Option<RowId>,
}

impl ExecutionItem {
    /// The execution, if it has a key and a workflow.
    pub(super) fn into_domain(self) -> Option<Execution> {
        Some(Execution {
            id: self.id?,
            workflow: self.workflow_id?,
            status: status(self.status.as_deref(), self.finished),
            mode: Untrusted::from(self.mode.unwrap_or_default()),
            started_at: self.started_at,
            stopped_at: self.stopped_at,
            retry_of: self.retry_of,
            retry_success: self.retry_success_id,
        })
    }
}

/// The status of an execution. Servers older than the field say only whether it finished.
fn status(word: Option<&str>, finished: Option<bool>) -> ExecutionStatus {
    match (word, finished) {
        (Some("new"), _) => ExecutionStatus::New,
        (Some("running"), _) => ExecutionStatus::Running,
        (Some("waiting"), _) => ExecutionStatus::Waiting,
        (Some("success"), _) | (None, Some(true)) => ExecutionStatus::Success,
        (Some("error"), _) => ExecutionStatus::Error,
        (Some("canceled"), _) => ExecutionStatus::Canceled,
        (Some("crashed"), _) => ExecutionStatus::Crashed,
        (word, _) => ExecutionStatus::Other(Untrusted::from(word.unwrap_or("unknown"))),
    }
}

/// An item of `GET /workflows`; n8n sends the whole workflow, this keeps what is shown.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkflowItem {
    #[serde(default, deserialize_with = "scalar")]
    id: Option<RowId>,
    #[serde(default, deserialize_with = "scalar")]
    name: Option<String>,
    #[serde(default, deserialize_with = "scalar")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "scalar")]
    is_archived: Option<bool>,
    #[serde(default, deserialize_with = "scalar")]
    updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "objects")]
    nodes: Vec<Node>,
}

/// A node of a workflow.
#[derive(Debug, Deserialize)]
struct Node {
    #[serde(rename = "type", default, deserialize_with = "scalar")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "scalar")]
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "object")]
    parameters: Option<Parameters>,
}

/// The parameters of a node.
#[derive(Debug, Deserialize)]
struct Parameters {
    #[serde(default, deserialize_with = "scalar")]
    path: Option<String>,
}

impl WorkflowItem {
    /// The workflow, if it has a key.
    pub(super) fn into_domain(self) -> Option<Workflow> {
        Some(Workflow {
            id: self.id?,
            name: Untrusted::from(self.name.unwrap_or_default()),
            active: self.active.unwrap_or(false),
            archived: self.is_archived.unwrap_or(false),
            updated_at: self.updated_at,
            webhooks: self.nodes.into_iter().filter_map(webhook).collect(),
        })
    }
}

/// The path of a webhook node that is switched on.
fn webhook(node: Node) -> Option<Untrusted> {
    let listens =
        node.kind.as_deref() == Some("n8n-nodes-base.webhook") && node.disabled != Some(true);
    node.parameters
        .filter(|_| listens)
        .and_then(|parameters| parameters.path)
        .map(Untrusted::from)
}

/// A value, or `None` if it is missing or of another type. It is taken whole first: for what comes rarely.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Value::deserialize(from).map(|value| serde_json::from_value(value).ok())
}

/// The body of `GET /discover`.
#[derive(Debug, Deserialize)]
pub(super) struct Discovery {
    data: Discovered,
}

#[derive(Debug, Deserialize)]
struct Discovered {
    #[serde(default, deserialize_with = "lenient")]
    scopes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient")]
    resources: Option<std::collections::BTreeMap<String, Resource>>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    #[serde(default)]
    path: String,
}

impl Discovery {
    /// The scopes of the key, each only if it is a plain word.
    pub(super) fn scopes(&self) -> Option<Vec<String>> {
        let plain = |scope: &&String| {
            scope.len() <= 64
                && scope
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || ":_-".contains(c))
        };
        let scopes = self.data.scopes.as_ref()?;
        Some(scopes.iter().filter(plain).cloned().collect())
    }

    /// Whether the server calls it publishing; if not, it is activating.
    pub(super) fn publishes(&self) -> bool {
        let resources = self.data.resources.iter().flat_map(|all| all.values());
        resources
            .flat_map(|resource| &resource.endpoints)
            .any(|endpoint| endpoint.path.ends_with("/publish"))
    }
}
