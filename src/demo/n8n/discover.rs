//! What a key may do: `/discover`.

use serde_json::{Map, Value, json};

use super::{
    N8n, Response,
    json::extend,
    routes::{ROUTES, Route},
};

impl N8n {
    pub(super) fn discover(&self) -> Response {
        let mut resources = Map::new();
        let mut operations: Vec<&str> = Vec::new();
        for route in ROUTES.iter().filter(|route| self.grants(route)) {
            let group = resources
                .entry(route.resource)
                .or_insert_with(|| json!({"operations": [], "endpoints": []}));
            if let Some(operation) = route.operation {
                push_once(group, operation);
                if !operations.contains(&operation) {
                    operations.push(operation);
                }
            }
            if let Some(Value::Array(endpoints)) = group.get_mut("endpoints") {
                endpoints.push(
                    json!({"method": route.method, "path": format!("/api/v1{}", route.path),
                                      "operationId": route.id}),
                );
            }
        }
        let names: Vec<&String> = resources.keys().collect();
        let filters = json!({
            "resource": {"description": "Filter to a specific resource", "values": names},
            "operation": {"description": "Filter to a specific operation", "values": operations},
            "include": {"description": "Include additional data", "values": ["schemas"]}
        });
        let mut data = json!({"scopes": self.scopes});
        extend(
            &mut data,
            json!({"resources": resources, "filters": filters, "specUrl": "/api/v1/openapi.yml"}),
        );
        Response::json(200, &json!({"data": data}))
    }

    fn grants(&self, route: &Route) -> bool {
        route
            .scope
            .is_none_or(|scope| self.scopes.iter().any(|have| have == scope))
    }
}

fn push_once(group: &mut Value, operation: &str) {
    if let Some(Value::Array(known)) = group.get_mut("operations")
        && !known.iter().any(|have| have == operation)
    {
        known.push(json!(operation));
    }
}
