//! Adding, changing and removing roles of releases and environments.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::clusters;
use super::error::ApiError;
use super::json_schema::{Kind, Schema};
use crate::environment::Environment;
use crate::store::{self, Node, Release};

const SCHEMA: Schema = Schema {
    required: &["name", "meta", "volumes_roles_mapping"],
    fields: &[
        ("name", Kind::String),
        ("meta", Kind::Object),
        ("volumes_roles_mapping", Kind::List),
    ],
    closed: false,
};

/// A role as a request gives it.
struct Sent {
    name: String,
    role: Value,
}

fn sent(call: &Call<'_>, release: &Release) -> Result<Sent, ApiError> {
    let body = call.object()?;
    SCHEMA.check(&body)?;
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    if name.is_empty()
        || !name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
    {
        return Err(ApiError::bad_request(format!(
            "Role name '{name}' must consist of letters, digits, '_' and '-'"
        )));
    }
    let volumes: Vec<&str> = release
        .metadata
        .get("volumes_metadata")
        .and_then(|volumes| volumes["volumes"].as_array())
        .into_iter()
        .flatten()
        .filter_map(|volume| volume["id"].as_str())
        .collect();
    for mapping in body["volumes_roles_mapping"].as_array().into_iter().flatten() {
        let id = mapping["id"].as_str().unwrap_or_default();
        if !volumes.contains(&id) {
            return Err(ApiError::bad_request(format!(
                "Wrong data in volumes_roles_mapping: there is no volume '{id}', there are: {}",
                volumes.join(", ")
            )));
        }
    }
    Ok(Sent {
        role: json!({"meta": body["meta"], "volumes_roles_mapping": body["volumes_roles_mapping"]}),
        name,
    })
}

fn shown(name: &str, role: &Value) -> Value {
    json!({"name": name, "meta": role["meta"], "volumes_roles_mapping": role["volumes_roles_mapping"]})
}

fn taken(name: &str, owner: &str, id: i64) -> ApiError {
    ApiError::new(409, format!("Role with name {name} already exists for {owner} {id}"))
}

fn missing(id: i64) -> ApiError {
    ApiError::new(404, format!("Role is not found for the release/cluster {id}"))
}

fn check_unused(name: &str, nodes: &[Node]) -> Result<(), ApiError> {
    match nodes
        .iter()
        .find(|node| node.all_roles().iter().any(|role| role == name))
    {
        Some(node) => Err(ApiError::bad_request(format!(
            "Can't delete role '{name}': it is assigned to node {}",
            node.id
        ))),
        None => Ok(()),
    }
}

fn release_of(call: &Call<'_>) -> Result<Release, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("Release"))
}

/// A member of an object inside a release's metadata, made where it is not there.
fn members<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Map<String, Value>> {
    if !value[key].is_object() {
        value[key] = json!({});
    }
    value[key].as_object_mut()
}

fn write_to_release(call: &Call<'_>, mut release: Release, name: &str, role: Option<&Value>) -> Result<(), ApiError> {
    let mut metadata = Value::Object(Map::clone(&release.metadata));
    if let Some(roles) = members(&mut metadata, "roles_metadata") {
        match role {
            Some(role) => roles.insert(name.to_owned(), role["meta"].clone()),
            None => roles.shift_remove(name),
        };
    }
    if let Some(volumes) = members(&mut metadata["volumes_metadata"], "volumes_roles_mapping") {
        match role {
            Some(role) => volumes.insert(name.to_owned(), role["volumes_roles_mapping"].clone()),
            None => volumes.shift_remove(name),
        };
    }
    if let Value::Object(metadata) = metadata {
        release.metadata = Arc::new(metadata);
    }
    Ok(store::replace(call.database, &release)?)
}

fn release_has(release: &Release, name: &str) -> bool {
    release
        .metadata
        .get("roles_metadata")
        .is_some_and(|roles| roles[name].is_object())
}

/// `POST /releases/:id/roles/`
pub(crate) fn add_to_release(call: &Call<'_>) -> Answer {
    let release = release_of(call)?;
    let sent = sent(call, &release)?;
    if release_has(&release, &sent.name) {
        return Err(taken(&sent.name, "release", release.id));
    }
    write_to_release(call, release, &sent.name, Some(&sent.role))?;
    Ok(Reply::json(201, shown(&sent.name, &sent.role)))
}

/// `PUT /releases/:id/roles/:name/`
pub(crate) fn change_of_release(call: &Call<'_>) -> Answer {
    let release = release_of(call)?;
    let name = call.parameter(1);
    if !release_has(&release, name) {
        return Err(missing(release.id));
    }
    let sent = sent(call, &release)?;
    write_to_release(call, release, name, Some(&sent.role))?;
    Ok(Reply::ok(shown(name, &sent.role)))
}

/// `DELETE /releases/:id/roles/:name/`
pub(crate) fn remove_from_release(call: &Call<'_>) -> Answer {
    let release = release_of(call)?;
    let name = call.parameter(1);
    if !release_has(&release, name) {
        return Err(missing(release.id));
    }
    for cluster in store::all::<store::Cluster>(call.database)? {
        if cluster.release_id == release.id {
            check_unused(name, &Environment::load(call, cluster.id)?.nodes)?;
        }
    }
    write_to_release(call, release, name, None)?;
    Ok(Reply::no_content())
}

/// `POST /clusters/:id/roles/`
pub(crate) fn add_to_cluster(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    let sent = sent(call, &environment.release)?;
    if environment.roles()?.metadata.contains_key(&sent.name) {
        return Err(taken(&sent.name, "cluster", environment.cluster.id));
    }
    let mut cluster = environment.cluster;
    cluster.own_roles.insert(sent.name.clone(), sent.role.clone());
    store::replace(call.database, &cluster)?;
    Ok(Reply::json(201, shown(&sent.name, &sent.role)))
}

/// `PUT /clusters/:id/roles/:name/`: of the environment's own roles.
pub(crate) fn change_of_cluster(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    let name = call.parameter(1);
    if !environment.cluster.own_roles.contains_key(name) {
        return Err(missing(environment.cluster.id));
    }
    let sent = sent(call, &environment.release)?;
    let mut cluster = environment.cluster;
    cluster.own_roles.insert(name.to_owned(), sent.role.clone());
    store::replace(call.database, &cluster)?;
    Ok(Reply::ok(shown(name, &sent.role)))
}

/// `DELETE /clusters/:id/roles/:name/`: of the environment's own roles.
pub(crate) fn remove_from_cluster(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, clusters::find(call)?.id)?;
    let name = call.parameter(1);
    if !environment.cluster.own_roles.contains_key(name) {
        return Err(missing(environment.cluster.id));
    }
    check_unused(name, &environment.nodes)?;
    let mut cluster = environment.cluster;
    cluster.own_roles.shift_remove(name);
    store::replace(call.database, &cluster)?;
    Ok(Reply::no_content())
}
