//! Endpoints on workflows.

use serde_json::{Value, json};

use super::{
    N8n, Response, Wish,
    catalogue::{Publication, Workflow, letters, uuid},
    json::{extend, time},
    query::{Query, cursor_limit, invalid_cursor, workflows_cursor},
};
use crate::domain::Timestamp;

/// Which answer a workflow is written for; each leaves something out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    List,
    Get,
    Publish,
    Unpublish,
}

impl N8n {
    pub(super) fn list_workflows(&self, query: &Query) -> Result<Response, Response> {
        let active = query.word("active", &["true", "false"])?;
        let name = query.get("name").map(str::to_lowercase);
        let cursor = query.cursor()?;
        let (limit, offset) = if let Some(cursor) = &cursor {
            let offset = cursor.get("offset").and_then(Value::as_u64);
            let offset = offset.ok_or_else(invalid_cursor)?;
            (cursor_limit(cursor)?, offset as usize)
        } else {
            let offset = query.get("offset").and_then(|text| text.parse().ok());
            (query.limit()?, offset.unwrap_or(0))
        };
        // A tag or a project that nothing has finds nothing.
        let mine = query.get("projectId").is_none_or(|id| id == project_id())
            && query.get("tags").is_none_or(str::is_empty);
        let mut found: Vec<&Workflow> = self
            .workflows
            .iter()
            .filter(|w| {
                mine && active.is_none_or(|word| (word == "true") == w.active)
                    && name
                        .as_ref()
                        .is_none_or(|part| w.name.to_lowercase().contains(part))
            })
            .collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let end = offset.saturating_add(limit);
        let next = if end < found.len() {
            workflows_cursor(end, limit)
        } else {
            Value::Null
        };
        let data: Vec<Value> = found
            .into_iter()
            .skip(offset)
            .take(limit)
            .map(|w| self.workflow_json(w, Shape::List))
            .collect();
        Ok(Response::json(
            200,
            &json!({"data": data, "nextCursor": next}),
        ))
    }

    pub(super) fn get_workflow(&self, id: &str) -> Result<Response, Response> {
        let workflow = self
            .workflows
            .iter()
            .find(|w| w.id == id)
            .ok_or_else(|| Response::message(404, "Not Found"))?;
        Ok(Response::json(
            200,
            &self.workflow_json(workflow, Shape::Get),
        ))
    }

    pub(super) fn publish(
        &mut self,
        id: &str,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Response, Response> {
        self.set_published(id, true, at, wishes)
    }

    pub(super) fn unpublish(
        &mut self,
        id: &str,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Response, Response> {
        self.set_published(id, false, at, wishes)
    }

    /// Activates or deactivates a workflow, by name, as somebody in n8n's own screens would.
    pub fn set_active(&mut self, workflow: &str, active: bool, at: Timestamp) {
        let found = self.workflows.iter().find(|w| w.name == workflow);
        if let Some(id) = found.map(|w| w.id.clone()) {
            // The answer is for a client, and the wish for a world that does not know yet.
            drop(self.set_published(&id, active, at, &mut Vec::new()));
        }
    }

    fn set_published(
        &mut self,
        id: &str,
        active: bool,
        at: Timestamp,
        wishes: &mut Vec<Wish>,
    ) -> Result<Response, Response> {
        let publication = self.next_publication;
        let Some(workflow) = self.workflows.iter_mut().find(|w| w.id == id) else {
            let verb = if active { "activate" } else { "deactivate" };
            return Err(Response::message(
                404,
                &format!(
                    "You do not have permission to {verb} this workflow. Ask the owner to share it with you."
                ),
            ));
        };
        let changed = workflow.active != active;
        if changed {
            workflow.active = active;
            workflow.deaf = false;
            workflow.publications.push(Publication {
                id: publication,
                activated: active,
                at,
            });
            wishes.push(if active {
                Wish::Activated(workflow.name)
            } else {
                Wish::Deactivated(workflow.name)
            });
        }
        self.next_publication += i64::from(changed);
        let shape = if active {
            Shape::Publish
        } else {
            Shape::Unpublish
        };
        let body = self
            .workflows
            .iter()
            .find(|w| w.id == id)
            .map_or(Value::Null, |w| self.workflow_json(w, shape));
        Ok(Response::json(200, &body))
    }

    fn workflow_json(&self, w: &Workflow, shape: Shape) -> Value {
        let created = time(w.created_at);
        let mut out = json!({"id": w.id, "name": w.name});
        let in_list = shape == Shape::List;
        if !in_list {
            extend(&mut out, json!({"description": null}));
        }
        extend(
            &mut out,
            json!({"active": w.active, "activeVersionId": w.active.then_some(&w.version),
                   "createdAt": created, "updatedAt": created, "isArchived": false, "versionId": w.version}),
        );
        if !in_list {
            extend(
                &mut out,
                json!({"versionCounter": 1, "sourceWorkflowId": null}),
            );
        }
        extend(
            &mut out,
            json!({"triggerCount": w.webhooks.len(), "nodes": w.nodes(false), "connections": w.connections(),
                   "nodeGroups": [], "settings": {"executionOrder": "v1"}, "staticData": null, "pinData": null,
                   "meta": null}),
        );
        if matches!(shape, Shape::List | Shape::Get) {
            extend(&mut out, json!({"tags": []}));
        }
        if shape != Shape::Publish {
            extend(&mut out, json!({"shared": [self.share_json(w, !in_list)]}));
        }
        let version = w.active.then(|| version_json(w, !in_list));
        extend(&mut out, json!({"activeVersion": version}));
        out
    }

    fn share_json(&self, w: &Workflow, with_project: bool) -> Value {
        let mut out =
            json!({"role": "workflow:owner", "workflowId": w.id, "projectId": project_id()});
        let born = time(self.born_at);
        if with_project {
            extend(
                &mut out,
                json!({"project": {
                    "id": project_id(), "name": "Demo Owner <owner@demo.invalid>", "type": "personal",
                    "icon": null, "description": null, "customTelemetryTags": [], "creatorId": uuid("owner"),
                    "createdAt": born, "updatedAt": born
                }}),
            );
        }
        let created = time(w.created_at);
        extend(
            &mut out,
            json!({"createdAt": created, "updatedAt": created}),
        );
        out
    }
}

fn version_json(w: &Workflow, with_history: bool) -> Value {
    let created = time(w.created_at);
    let mut out = json!({
        "versionId": w.version, "workflowId": w.id, "nodes": w.nodes(false), "connections": w.connections(),
        "nodeGroups": [], "authors": "Demo Owner", "name": null, "description": null, "autosaved": false,
        "createdAt": created, "updatedAt": created
    });
    if with_history {
        let history: Vec<Value> = w
            .publications
            .iter()
            .map(|p| {
                let event = if p.activated {
                    "activated"
                } else {
                    "deactivated"
                };
                json!({"id": p.id, "workflowId": w.id, "versionId": w.version, "event": event,
                       "userId": uuid("owner"), "createdAt": time(p.at)})
            })
            .collect();
        extend(&mut out, json!({"workflowPublishHistory": history}));
    }
    out
}

fn project_id() -> String {
    letters("project", 16)
}
