//! Roles: `/releases/:id/roles`, `/clusters/:id/roles`, `/clusters/:id/assignment`

use plugin_builder::expression::{Expression, Models};
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::clusters;
use super::error::ApiError;
use super::json_schema::{self, Kind, Schema};
use crate::environment::{self, Environment, Roles};
use crate::settings::Restriction;
use crate::store::{self, ClusterPlugin, Node, Release, addresses};

/// One item of an assignment.
const ASSIGNMENT: Schema = Schema {
    required: &["id", "roles"],
    fields: &[("id", Kind::Integer), ("roles", Kind::ListOfStrings)],
    closed: false,
};

fn shown(name: &str, roles: &Roles, release: &Release, plugins: &[ClusterPlugin]) -> Value {
    json!({
        "name": name,
        "meta": roles.metadata[name],
        "volumes_roles_mapping": environment::volumes_mapping(release, plugins, name),
    })
}

fn release_of(call: &Call<'_>) -> Result<Release, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("Release"))
}

fn one(name: &str, roles: &Roles, release: &Release, plugins: &[ClusterPlugin]) -> Answer {
    if !roles.metadata.contains_key(name) {
        return Err(ApiError::new(
            404,
            format!("Role is not found for the release/cluster {}", release.id),
        ));
    }
    Ok(Reply::ok(shown(name, roles, release, plugins)))
}

/// `GET /releases/:id/roles/`
pub(crate) fn list_of_release(call: &Call<'_>) -> Answer {
    let release = release_of(call)?;
    let roles = environment::release_roles(&call.config.profile, &release);
    Ok(Reply::ok(
        roles
            .metadata
            .keys()
            .map(|name| shown(name, &roles, &release, &[]))
            .collect(),
    ))
}

/// `GET /releases/:id/roles/:name/`
pub(crate) fn show_of_release(call: &Call<'_>) -> Answer {
    let release = release_of(call)?;
    one(
        call.parameter(1),
        &environment::release_roles(&call.config.profile, &release),
        &release,
        &[],
    )
}

/// `GET /clusters/:id/roles/`
pub(crate) fn list_of_cluster(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    let roles = environment.roles()?;
    environment::check_volumes(&environment.release, &environment.plugins)?;
    let list = roles
        .metadata
        .keys()
        .map(|name| shown(name, &roles, &environment.release, &environment.plugins));
    Ok(Reply::ok(list.collect()))
}

/// `GET /clusters/:id/roles/:name/`
pub(crate) fn show_of_cluster(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    one(
        call.parameter(1),
        &environment.roles()?,
        &environment.release,
        &environment.plugins,
    )
}

/// The nodes that a list of `{"id": …}` names.
fn nodes_of(call: &Call<'_>, items: &[Value]) -> Result<Vec<Node>, ApiError> {
    let mut nodes = Vec::new();
    let mut missing = Vec::new();
    for item in items {
        let id = item["id"]
            .as_i64()
            .ok_or_else(|| ApiError::bad_request("'id' is a required property"))?;
        match store::get::<Node>(call.database, id)? {
            Some(node) => nodes.push(node),
            None => missing.push(id.to_string()),
        }
    }
    if missing.is_empty() {
        Ok(nodes)
    } else {
        Err(ApiError::bad_request(format!(
            "Nodes with ids {} were not found.",
            missing.join(", ")
        )))
    }
}

/// `POST /clusters/:id/assignment/`
pub(crate) fn assign(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    let items = call.list()?;
    for item in &items {
        let item = item
            .as_object()
            .ok_or_else(|| json_schema::wrong_type(item, "'object'"))?;
        ASSIGNMENT.check(item)?;
    }
    let nodes = nodes_of(call, &items)?;
    // Inside a validator the clash of roles is a conflict, in JSON.
    let roles = environment.roles().map_err(|error| ApiError::new(409, error.text()))?;
    let models = environment.models(environment.editable());
    let profile = &call.config.profile;
    if !profile.assigned_nodes_may_change_roles && nodes.iter().any(|node| node.cluster.is_some()) {
        // The text holds Python's own words for the objects; only its frame means something to clients.
        let names: Vec<String> = nodes
            .iter()
            .filter(|node| node.cluster.is_some())
            .map(|node| format!("<nailgun.db.sqlalchemy.models.node.Node object at 0x{:x}>", node.id))
            .collect();
        return Err(ApiError::bad_request(format!(
            "Nodes with ids {} already assigned to environments. Nodes must be unassigned before they can be assigned again.",
            names.join(",")
        )));
    }
    for (mut node, item) in nodes.into_iter().zip(&items) {
        let wanted: Vec<String> = item["roles"]
            .as_array()
            .ok_or_else(|| ApiError::bad_request("'roles' is a required property"))?
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        check_roles(&environment, &roles.metadata, &models, &wanted)?;
        if node.cluster.is_some_and(|cluster| cluster != environment.cluster.id) {
            return Err(ApiError::bad_request(format!(
                "Nodes with ids {} already assigned to environments. Nodes must be unassigned before they can be assigned again.",
                node.id
            )));
        }
        let is_new = node.cluster.is_none();
        node.cluster = Some(environment.cluster.id);
        node.pending_deletion = false;
        if node.status == "discover" {
            node.pending_addition = true;
            node.pending_roles = wanted;
        } else {
            node.pending_roles = wanted
                .iter()
                .filter(|role| !node.roles.contains(role))
                .cloned()
                .collect();
            node.roles.retain(|role| wanted.contains(role));
        }
        store::replace(call.database, &node)?;
        if is_new {
            add_changes(call, environment.cluster.id, node.id)?;
        }
    }
    Ok(Reply::ok(Value::Null))
}

fn add_changes(call: &Call<'_>, cluster_id: i64, node_id: i64) -> Result<(), ApiError> {
    let Some(mut cluster) = store::get::<store::Cluster>(call.database, cluster_id)? else {
        return Ok(());
    };
    for name in ["interfaces", "disks"] {
        cluster.changes.push(json!({"name": name, "node_id": node_id}));
    }
    Ok(store::replace(call.database, &cluster)?)
}

fn check_roles(
    environment: &Environment<'_>,
    metadata: &Map<String, Value>,
    models: &Models,
    wanted: &[String],
) -> Result<(), ApiError> {
    let unknown: Vec<&str> = wanted
        .iter()
        .filter(|role| !metadata.contains_key(*role))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        return Err(ApiError::bad_request(format!(
            "{} are not valid roles for node in environment {}",
            unknown.join(", "),
            environment.cluster.id
        )));
    }
    for role in wanted {
        let conflicts = &metadata[role]["conflicts"];
        let conflict = wanted.iter().find(|other| {
            *other != role
                && (conflicts == "*"
                    || conflicts
                        .as_array()
                        .is_some_and(|names| names.iter().any(|name| name == other.as_str())))
        });
        if let Some(other) = conflict {
            let text = environment.config.profile.role_conflict;
            return Err(ApiError::bad_request(
                text.replace("{role}", role).replace("{other}", other),
            ));
        }
        for restriction in Restriction::list(&metadata[role]["restrictions"]) {
            if restriction.holds(models)? {
                return Err(ApiError::bad_request(format!(
                    "Role '{role}' restrictions mismatch: {}",
                    restriction.message.unwrap_or_default()
                )));
            }
        }
    }
    Ok(())
}

/// `POST /clusters/:id/unassignment/`
pub(crate) fn unassign(call: &Call<'_>) -> Answer {
    let cluster = clusters::find(call)?;
    for mut node in nodes_of(call, &call.list()?)? {
        if node.cluster != Some(cluster.id) {
            return Err(ApiError::bad_request(format!(
                "Nodes with ids {} were not found.",
                node.id
            )));
        }
        if node.status == "discover" || node.pending_addition {
            addresses::free_node(call.database, node.id)?;
            clusters::release_node(&mut node);
        } else {
            node.pending_deletion = true;
        }
        store::replace(call.database, &node)?;
    }
    Ok(Reply::ok(Value::Null))
}

/// What stands against deploying with the roles that nodes have: conflicts and restrictions, which were checked when the
/// roles were given, but settings, plugins and roles themselves may have changed since. A role that is gone with its plugin
/// is none of them: it breaks the serialisation.
pub(crate) fn assignment_problem(environment: &Environment<'_>) -> Result<Option<String>, ApiError> {
    let roles = environment.roles()?;
    let models = environment.models(environment.editable());
    for node in environment.nodes.iter().filter(|node| !node.pending_deletion) {
        let known: Vec<String> = node
            .all_roles()
            .into_iter()
            .filter(|role| roles.metadata.contains_key(role))
            .collect();
        match check_roles(environment, &roles.metadata, &models, &known) {
            Err(error) if error.status == 400 => {
                return Ok(Some(format!("{} (node '{}')", error.text(), node.name)));
            }
            result => result?,
        }
    }
    Ok(None)
}

/// What stands against deploying with the nodes there are: limits of roles, as one text.
pub(crate) fn limit_problem(environment: &Environment<'_>) -> Result<Option<String>, ApiError> {
    let roles = environment.roles()?;
    let models = environment.models(environment.editable());
    let nodes: Vec<&Node> = environment.nodes.iter().filter(|node| !node.pending_deletion).collect();
    for (role, metadata) in &roles.metadata {
        let count = nodes.iter().filter(|node| node.all_roles().contains(role)).count() as i64;
        let hidden = Restriction::list(&metadata["restrictions"])
            .iter()
            .any(|restriction| restriction.holds(&models).unwrap_or(false));
        // Limits of roles that cannot be chosen, or of plugin roles that nobody chose, say nothing.
        let is_core = environment
            .release
            .metadata
            .get("roles_metadata")
            .is_some_and(|own| own[role].is_object());
        if hidden || !metadata["limits"].is_object() || (!is_core && count == 0) {
            continue;
        }
        let mut limits = metadata["limits"].as_object().cloned().unwrap_or_default();
        for over in limits
            .get("overrides")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
        {
            let condition = over["condition"].as_str().unwrap_or("true");
            if Expression::parse(condition)?.holds(&models, false)? {
                limits.extend(over.as_object().cloned().unwrap_or_default());
            }
        }
        let bound = |name: &str| -> Result<Option<i64>, ApiError> {
            Ok(match limits.get(name) {
                Some(Value::String(text)) => {
                    let value = Expression::parse(text)?.evaluate(&models, false)?;
                    value
                        .as_i64()
                        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
                }
                Some(value) => value.as_i64(),
                None => None,
            })
        };
        let name = metadata["name"].as_str().unwrap_or(role);
        // A role that may be left out altogether is counted only once somebody chose it.
        let is_needed = role == "controller" || count > 0;
        if let Some(minimum) = bound("min")?.filter(|minimum| is_needed && count < *minimum) {
            return Ok(Some(format!(
                "Not enough nodes with role '{name}': at least {minimum} needed, {count} assigned."
            )));
        }
        if let Some(maximum) = bound("max")?.filter(|maximum| count > *maximum) {
            return Ok(Some(format!(
                "Too many nodes with role '{name}': at most {maximum} allowed, {count} assigned."
            )));
        }
    }
    Ok(None)
}
