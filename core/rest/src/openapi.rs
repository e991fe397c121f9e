//! The OpenAPI 3.1 document, from the declarations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::method::{Handler, Method, Verb};
use crate::permission::Permission;
use crate::view::PlanView;

/// The document for these methods. The same methods always give the same text.
pub fn document(methods: &[Method]) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Value> =
        plan_schemas().into_iter().map(|(name, schema)| (name, json!(schema))).collect();
    for method in methods {
        let (data, named) = (method.returns)();
        for (name, schema) in named {
            schemas.insert(name, json!(schema));
        }
        let operations = paths.entry(method.path.to_owned()).or_default();
        operations.insert(method.verb.as_str().to_lowercase(), operation(method, json!(data)));
    }
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Innkeeper",
            "description": "Host administration for virtualization hosts. Answers come in an envelope: the result is `data`.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/api2/json" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "ticket": { "type": "apiKey", "in": "cookie", "name": "PVEAuthCookie" },
                "token": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "PVEAPIToken=USER@REALM!TOKENID=SECRET",
                },
            },
        },
        "security": [{ "ticket": [] }, { "token": [] }],
    })
}

/// A plan and what it is made of: no method declares them as its result, but every change answers with them on demand.
fn plan_schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut named = vec![(PlanView::name().into_owned(), PlanView::schema())];
    PlanView::schemas(&mut named);
    named
}

fn operation(method: &Method, data: Value) -> Value {
    let in_path = |name: &str| method.path.contains(&format!("{{{name}}}"));
    let (mut parameters, mut fields, mut required) = (Vec::new(), Map::new(), Vec::new());
    for param in method.all_params() {
        let schema = param.json_schema();
        let by_body = !in_path(param.name) && matches!(method.verb, Verb::Post | Verb::Put);
        if by_body {
            if !param.optional {
                required.push(param.name);
            }
            fields.insert(param.name.to_owned(), schema);
        } else {
            parameters.push(json!({
                "name": param.name,
                "in": if in_path(param.name) { "path" } else { "query" },
                "required": in_path(param.name) || !param.optional,
                "description": param.help,
                "schema": schema,
            }));
        }
    }
    let mut operation = json!({
        "operationId": operation_id(method),
        "summary": method.help,
        "description": describe(method),
        "tags": [method.path.split('/').find(|part| !part.is_empty() && !part.starts_with('{')).unwrap_or("api")],
        "parameters": parameters,
        "responses": responses(method, data),
    });
    if !fields.is_empty() {
        let schema = json!({
            "type": "object", "properties": fields, "required": required, "additionalProperties": false,
        });
        operation["requestBody"] = json!({
            "required": !required.is_empty(),
            "content": {
                "application/json": { "schema": schema },
                "application/x-www-form-urlencoded": { "schema": schema },
            },
        });
    }
    if method.permission == Permission::World {
        operation["security"] = json!([]);
    }
    operation
}

/// `GET /nodes/{node}/tasks` becomes `getNodesNodeTasks`.
fn operation_id(method: &Method) -> String {
    let words = method.path.split(['/', '{', '}', '-', '_']).filter(|word| !word.is_empty());
    let camel = words.map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    method.verb.as_str().to_lowercase() + &camel.collect::<String>()
}

fn describe(method: &Method) -> String {
    let permission = method.permission.sentence();
    let commands: Vec<_> = method.commands.iter().map(|name| format!("`innkeeper {}`", name.words)).collect();
    let commands =
        if commands.is_empty() { String::new() } else { format!(" Command line: {}.", commands.join(", ")) };
    let effect = match method.handler {
        Handler::Change(_) => " Changes the machine by a plan, which `dry-run` shows.",
        _ => "",
    };
    format!("{permission}{commands}{effect}")
}

fn responses(method: &Method, data: Value) -> Value {
    let data = if method.has_dry_run() {
        json!({ "description": "The result; with `dry-run` a PlanView, with `background` a UPID.",
                "anyOf": [data, { "$ref": "#/components/schemas/PlanView" }, { "type": "string" }, { "type": "null" }] })
    } else {
        data
    };
    let envelope = json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": data,
            "total": { "type": "integer", "description": "How many there are in all, of a paged list" },
            "task": { "type": "string", "description": "UPID of the task that carried out the change" },
            "change": { "type": "integer", "description": "Number of the change in the history" },
            "unchanged": { "type": "integer", "description": "1 when there was nothing to change" },
        },
    });
    let mut content = json!({ "application/json": { "schema": envelope } });
    if method.file {
        content["text/plain"] = json!({ "schema": { "type": "string" } });
    }
    if method.lines {
        content = json!({ "application/x-ndjson": { "schema": { "type": "string",
            "description": "One JSON object a line" } } });
    }
    let failure = |description: &str| {
        json!({ "description": description,
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } } })
    };
    let mut responses = json!({
        "200": { "description": "Done", "content": content },
        "400": failure("A parameter is wrong; `errors` says which"),
        "401": failure("Nobody known, or a wrong secret"),
        "403": failure("Not allowed"),
        "404": failure("No such thing"),
        "500": failure("It went wrong; `message` says how"),
        "501": failure("Not implemented here"),
    });
    if matches!(method.handler, Handler::Change(_)) {
        responses["409"] = failure("The file moved on since; `diff` says how");
        responses["412"] = failure("Refused: `hazards` lists the dangers to accept");
    }
    responses
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": { "type": "null" },
            "message": { "type": "string", "description": "Also the reason phrase of the status line" },
            "errors": { "type": "object", "additionalProperties": { "type": "string" } },
            "hazards": { "type": "array", "items": { "$ref": "#/components/schemas/HazardView" } },
            "diff": { "type": "string" },
        },
    })
}
