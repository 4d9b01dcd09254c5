//! From a request to its endpoint: paths, methods, the key, its scopes.

use serde_json::{Value, json};

use super::{N8n, NotRegistered, Reply, Request, Response, Wish, query::Query};
use crate::domain::Timestamp;

/// What the public API can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    ListExecutions,
    GetExecution,
    DeleteExecution,
    ExecutionTags,
    TagExecution,
    StopExecutions,
    StopExecution,
    RetryExecution,
    ListWorkflows,
    GetWorkflow,
    Publish,
    Unpublish,
    Activate,
    Deactivate,
    WorkflowTags,
    ListTags,
    Insights,
    Discover,
}

/// A route of the public API.
pub(super) struct Route {
    pub(super) endpoint: Endpoint,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) resource: &'static str,
    pub(super) operation: Option<&'static str>,
    pub(super) scope: Option<&'static str>,
}

const fn route(
    endpoint: Endpoint,
    method: &'static str,
    path: &'static str,
    id: &'static str,
    group: (&'static str, &'static str, &'static str),
) -> Route {
    Route {
        endpoint,
        method,
        path,
        id,
        resource: group.0,
        operation: Some(group.1),
        scope: Some(group.2),
    }
}

/// Every route, in the order of n8n's `/discover`.
#[rustfmt::skip]
pub(super) const ROUTES: [Route; 18] = {
    use Endpoint as E;
    const WF: &str = "workflow";
    const EX: &str = "executions";
    [
        route(E::ListWorkflows,   "GET",    "/workflows",                          "getWorkflows",        (WF, "list",       "workflow:list")),
        route(E::GetWorkflow,     "GET",    "/workflows/{workflowId}",             "getWorkflow",         (WF, "read",       "workflow:read")),
        route(E::Publish,         "POST",   "/workflows/{workflowId}/publish",     "publishWorkflow",     (WF, "activate",   "workflow:activate")),
        route(E::Unpublish,       "POST",   "/workflows/{workflowId}/unpublish",   "unpublishWorkflow",   (WF, "deactivate", "workflow:deactivate")),
        route(E::Activate,        "POST",   "/workflows/{workflowId}/activate",    "activateWorkflow",    (WF, "activate",   "workflow:activate")),
        route(E::Deactivate,      "POST",   "/workflows/{workflowId}/deactivate",  "deactivateWorkflow",  (WF, "deactivate", "workflow:deactivate")),
        route(E::WorkflowTags,    "GET",    "/workflows/{workflowId}/tags",        "getWorkflowTags",     (WF, "list",       "workflowTags:list")),
        Route { endpoint: E::Discover, method: "GET", path: "/discover", id: "getDiscover", resource: "discover", operation: None, scope: None },
        route(E::ListExecutions,  "GET",    "/executions",                         "getExecutions",       (EX, "list",       "execution:list")),
        route(E::GetExecution,    "GET",    "/executions/{executionId}",           "getExecution",        (EX, "read",       "execution:read")),
        route(E::DeleteExecution, "DELETE", "/executions/{executionId}",           "deleteExecution",     (EX, "delete",     "execution:delete")),
        route(E::ExecutionTags,   "GET",    "/executions/{executionId}/tags",      "getExecutionTags",    (EX, "list",       "executionTags:list")),
        route(E::TagExecution,    "PUT",    "/executions/{executionId}/tags",      "updateExecutionTags", (EX, "update",     "executionTags:update")),
        route(E::StopExecutions,  "POST",   "/executions/stop",                    "stopManyExecutions",  (EX, "stop",       "execution:stop")),
        route(E::StopExecution,   "POST",   "/executions/{executionId}/stop",      "stopExecution",       (EX, "stop",       "execution:stop")),
        route(E::RetryExecution,  "POST",   "/executions/{executionId}/retry",     "retryExecution",      (EX, "retry",      "execution:retry")),
        route(E::Insights,        "GET",    "/insights/summary",                   "getInsightsSummary",  ("insights", "read", "insights:read")),
        route(E::ListTags,        "GET",    "/tags",                               "getTags",             ("tags", "list",   "tag:list")),
    ]
};

/// What n8n answers where a browser would find its editor, and a client a wrong address.
const EDITOR: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n\t<head>\n\t\t<meta charset=\"utf-8\" />\n\t\t\
    <title>n8n.io - Workflow Automation</title>\n\t</head>\n\t<body>\n\t\t<div id=\"app\"></div>\n\t</body>\n</html>\n";

const BAD_BODY: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <title>Error</title>\n</head>\n<body>\n<pre>ResponseError: Failed to parse request body</pre>\n</body>\n</html>\n";

impl N8n {
    /// Answers a request, and says what it did.
    pub fn answer(&mut self, request: &Request, at: Timestamp) -> (Reply, Vec<Wish>) {
        let mut wishes = Vec::new();
        let path = request.path.as_str();
        let reply = if let Some(api) = path.strip_prefix("/api/v1/") {
            self.answer_api(request, &format!("/{api}"), at, &mut wishes)
        } else if let Some(webhook) = path.strip_prefix("/webhook/") {
            Ok(Reply::Now(self.answer_webhook(
                request,
                webhook,
                at,
                &mut wishes,
            )))
        } else if matches!(path, "/healthz" | "/healthz/readiness") {
            Ok(Reply::Now(Response::json(200, &json!({"status": "ok"}))))
        } else {
            Ok(Reply::Now(Response::html(200, EDITOR)))
        };
        (reply.unwrap_or_else(Reply::Now), wishes)
    }

    fn answer_api(
        &mut self,
        request: &Request,
        path: &str,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Reply, Response> {
        let (route, id) = find(&request.method, path)?;
        let mut reply = self
            .admit(request, route)
            .and_then(|()| self.dispatch(request, route.endpoint, &id, at, wishes));
        if matches!(route.endpoint, Endpoint::Activate | Endpoint::Deactivate)
            && let Ok(Reply::Now(response)) | Err(response) = &mut reply
        {
            response.deprecated = true;
        }
        reply
    }

    fn admit(&self, request: &Request, route: &Route) -> Result<(), Response> {
        if request.key.as_deref() != Some(self.key.as_str()) {
            return Err(Response::message(401, "Unauthorized"));
        }
        let granted = route
            .scope
            .is_none_or(|scope| self.scopes.iter().any(|have| have == scope));
        if granted {
            Ok(())
        } else {
            Err(Response::message(403, "Forbidden"))
        }
    }

    fn dispatch(
        &mut self,
        request: &Request,
        endpoint: Endpoint,
        id: &str,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Reply, Response> {
        let query = Query::parse(&request.query);
        let takes_body = matches!(
            endpoint,
            Endpoint::StopExecutions | Endpoint::RetryExecution
        );
        let body = if takes_body {
            body_of(request)?
        } else {
            Value::Null
        };
        let none = Response::json(200, &json!([]));
        match endpoint {
            Endpoint::ListExecutions => self.list_executions(&query),
            Endpoint::GetExecution => self.get_execution(id, &query),
            Endpoint::DeleteExecution => self.delete_execution(id),
            Endpoint::ExecutionTags => self.run_of(id).map(|_run| none),
            Endpoint::TagExecution => Err(Response::message(404, "Some tags not found")),
            Endpoint::StopExecutions => self.stop_many(&body, at, wishes),
            Endpoint::StopExecution => self.stop_one(id, at, wishes),
            Endpoint::RetryExecution => return self.retry(id, &body, at, wishes),
            Endpoint::ListWorkflows => self.list_workflows(&query),
            Endpoint::GetWorkflow => self.get_workflow(id),
            Endpoint::Publish | Endpoint::Activate => self.publish(id, at, wishes),
            Endpoint::Unpublish | Endpoint::Deactivate => self.unpublish(id, at, wishes),
            Endpoint::WorkflowTags => self.get_workflow(id).map(|_workflow| none),
            Endpoint::ListTags => Ok(Response::json(
                200,
                &json!({"data": [], "nextCursor": null}),
            )),
            Endpoint::Insights => Ok(self.insights(at)),
            Endpoint::Discover => Ok(self.discover()),
        }
        .map(Reply::Now)
    }

    fn answer_webhook(
        &mut self,
        request: &Request,
        webhook: &str,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Response {
        if request.method != "POST" && self.hears(webhook) {
            let method = &request.method;
            return not_found(
                &format!(
                    "This webhook is not registered for {method} requests. Did you mean to make a POST request?"
                ),
                None,
            );
        }
        let body = match body_of(request) {
            Ok(body) => body,
            Err(response) => return response,
        };
        match self.deliver(webhook, body.clone(), at) {
            Err(NotRegistered) => not_found(
                &format!(
                    "The requested webhook \"{} {webhook}\" is not registered.",
                    request.method
                ),
                Some(
                    "The workflow must be active for a production URL to run successfully. You can activate the \
                     workflow using the toggle in the top-right of the editor. Note that unlike test URL calls, \
                     production URL calls aren't shown on the canvas (only in the executions list)",
                ),
            ),
            Ok(execution) => {
                if let Some(webhook) = self.runs.get(&execution.0).map(|run| run.webhook) {
                    wishes.push(Wish::Called {
                        execution,
                        webhook,
                        body,
                    });
                }
                Response::json(200, &json!({"message": "Workflow was started"}))
            }
        }
    }
}

fn not_found(message: &str, hint: Option<&str>) -> Response {
    let mut body = json!({"code": 404, "message": message});
    if let Some(hint) = hint {
        super::json::extend(&mut body, json!({"hint": hint}));
    }
    let trace = format!(
        "ResponseError: {message}\n    at LiveWebhooks.findWebhook (live-webhooks.ts:283:10)"
    );
    super::json::extend(&mut body, json!({"stacktrace": trace}));
    Response::json(404, &body)
}

/// The route of a request, and the key in its path.
fn find(method: &str, path: &str) -> Result<(&'static Route, String), Response> {
    let mut known = false;
    for route in &ROUTES {
        if let Some(id) = captured(route.path, path) {
            if route.method == method {
                return Ok((route, id));
            }
            known = true;
        }
    }
    if known {
        let text = format!("{method} method not allowed");
        return Err(Response::message(405, &text));
    }
    Err(Response::message(404, "not found"))
}

/// What stands in `path` where `pattern` has a name in braces; empty if it has none.
fn captured(pattern: &str, path: &str) -> Option<String> {
    let (wanted, given) = (pattern.split('/'), path.split('/'));
    if wanted.clone().count() != given.clone().count() {
        return None;
    }
    let mut id = String::new();
    for (wanted, given) in wanted.zip(given) {
        if wanted.starts_with('{') {
            given.clone_into(&mut id);
        } else if wanted != given {
            return None;
        }
    }
    Some(id)
}

/// The JSON body of a request; null if it has none.
fn body_of(request: &Request) -> Result<Value, Response> {
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    match request.content_type.as_deref().unwrap_or_default() {
        kind if kind.starts_with("application/json") => {
            serde_json::from_slice(&request.body).map_err(|_bad| Response::html(500, BAD_BODY))
        }
        kind => Err(Response::message(
            415,
            &format!("unsupported media type {kind}"),
        )),
    }
}
