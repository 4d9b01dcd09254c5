//! The bodies of n8n's API, and their way into the domain. Every field may be missing, new ones may come, and a
//! value of the wrong type counts as missing: what is left is still worth showing. An item without a usable key is
//! dropped.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

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
    #[serde(rename = "nextCursor", default, deserialize_with = "lenient")]
    pub(super) next_cursor: Option<String>,
}

/// The JSON in `body`.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Decode(Untrusted::from(error.to_string())))
}

/// A value, or `None` if it is missing or of another type.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Value::deserialize(from).map(|value| serde_json::from_value(value).ok())
}

/// A key: text in most bodies, a number in some.
fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RowId>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => RowId::parse(&text),
        Value::Number(number) => RowId::parse(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// An item of `GET /executions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecutionItem {
    #[serde(default, deserialize_with = "id")]
    id: Option<RowId>,
    #[serde(default, deserialize_with = "id")]
    workflow_id: Option<RowId>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    finished: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    mode: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    stopped_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "id")]
    retry_of: Option<RowId>,
    #[serde(default, deserialize_with = "id")]
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
    #[serde(default, deserialize_with = "id")]
    id: Option<RowId>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    is_archived: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    updated_at: Option<Timestamp>,
    #[serde(default)]
    nodes: Option<Vec<Option<Node>>>,
}

/// A node of a workflow.
#[derive(Debug, Deserialize)]
struct Node {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    parameters: Option<Parameters>,
}

/// The parameters of a node.
#[derive(Debug, Deserialize)]
struct Parameters {
    #[serde(default, deserialize_with = "lenient")]
    path: Option<String>,
}

impl WorkflowItem {
    /// The workflow, if it has a key.
    pub(super) fn into_domain(self) -> Option<Workflow> {
        let nodes = self.nodes.unwrap_or_default();
        Some(Workflow {
            id: self.id?,
            name: Untrusted::from(self.name.unwrap_or_default()),
            active: self.active.unwrap_or(false),
            archived: self.is_archived.unwrap_or(false),
            updated_at: self.updated_at,
            webhooks: nodes.into_iter().flatten().filter_map(webhook).collect(),
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
