//! The API as an OpenAPI document, made from the route table.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::coverage::{self, Depth};
use super::route::{self, Described};
use crate::profile::{Profile, Series};

/// The document for a profile: every path and method that it has.
pub(crate) fn document(profile: &Profile) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for described in route::described(profile.series) {
        let path = template(described.base, described.path);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[described.method.to_lowercase()] = operation(&described);
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": format!("Nailgun of Fuel {}", profile.name),
            "version": profile.reported_version,
            "description": "What this mock of Nailgun answers. /api/v1 and /api are the same; a slash at the end makes no \
                            difference. `x-depth` says whether what stands behind an endpoint is real or a stand-in.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
            "schemas": {"Error": {
                "type": "object",
                "required": ["message", "errors"],
                "properties": {"message": {"type": "string"}, "errors": {"type": "array", "items": {}}},
            }},
        },
    })
}

fn template(base: &str, path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| {
            part.strip_prefix(':')
                .map_or_else(|| part.to_owned(), |name| format!("{{{name}}}"))
        })
        .collect();
    format!("{base}/{}", parts.join("/"))
}

fn operation(described: &Described) -> Value {
    let parameters: Vec<Value> = described
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix(':'))
        .map(|name| {
            let kind = if matches!(name, "id" | "link") {
                "integer"
            } else {
                "string"
            };
            json!({"name": name, "in": "path", "required": true, "schema": {"type": kind}})
        })
        .collect();
    let mut operation = json!({
        "operationId": format!(
            "{}_{}",
            described.method.to_lowercase(),
            described.path.replace(['/', '.', '-'], "_").replace(':', "")
        ),
        "tags": [described.path.split('/').next().unwrap_or_default()],
        "security": if described.is_public { json!([]) } else { json!([{"token": []}]) },
        "responses": {
            "2XX": {"description": "success"},
            "default": {
                "description": "Nailgun's error",
                "content": {"text/html": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::from(parameters);
    }
    if matches!(described.method, "POST" | "PUT" | "PATCH") {
        operation["requestBody"] = json!({"content": {"application/json": {"schema": {}}}});
    }
    if let Some(about) = coverage::of(described.path).filter(|_| described.base == "/api/v1") {
        operation["summary"] = Value::from(about.summary);
        let since = coverage::since(described.path, described.method).unwrap_or(about.since);
        operation["x-since"] = Value::from(match since {
            Series::Fuel6 => "6.0",
            Series::Fuel7 => "7.0",
            Series::Fuel8 => "8.0",
            Series::Fuel9 => "9.0",
        });
        operation["x-depth"] = Value::from(match about.depth {
            Depth::Real => "real",
            Depth::Mocked => "mocked",
        });
    }
    operation
}

/// `GET /mock/openapi.json`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(document(&call.config.profile)))
}
