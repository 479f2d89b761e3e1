//! `/releases`

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use crate::environment;
use crate::graph;
use crate::profile::Profile;
use crate::store::{self, GraphOwner, Plugin, Release, graphs};

/// Makes what stands where a release has nothing; a [`Value`] cannot be in a constant.
type MakeDefault = fn() -> Value;

/// The parts of a release's metadata that the API shows.
const PARTS: &[(&str, MakeDefault)] = &[
    ("modes_metadata", || json!({})),
    ("roles_metadata", || json!({})),
    ("tags_metadata", || json!({})),
    ("attributes_metadata", || json!({})),
    ("vmware_attributes_metadata", || json!({})),
    ("components_metadata", || json!([])),
    ("wizard_metadata", || json!({})),
    ("can_update_from_versions", || json!([])),
];

/// A release as the API of that version shows it.
fn shown(profile: &Profile, release: &Release) -> Value {
    let mut shown = json!({
        "id": release.id,
        "name": release.name,
        "version": release.version,
        "description": format!("This option will install the {} packages of Fuel.", release.name),
        "operating_system": release.operating_system,
        "state": release.state,
        "is_deployable": release.state == "available",
    });
    for (part, default) in PARTS {
        if !profile.release_fields_absent.contains(part) {
            shown[*part] = release.metadata.get(*part).cloned().unwrap_or_else(default);
        }
    }
    shown
}

fn find(call: &Call<'_>) -> Result<Release, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("Release"))
}

/// `GET /releases/`
pub(crate) fn list(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(
        store::all::<Release>(call.database)?
            .iter()
            .map(|release| shown(&call.config.profile, release))
            .collect(),
    ))
}

/// `GET /releases/:id/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&call.config.profile, &find(call)?)))
}

/// `PUT /releases/:id/`: name, description, state and the parts that it ships.
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut release = find(call)?;
    let body = call.object()?;
    let text = |key: &str, old: &str| body.get(key).and_then(Value::as_str).unwrap_or(old).to_owned();
    release.name = text("name", &release.name);
    release.state = text("state", &release.state);
    for (part, _) in PARTS {
        if let Some(value) = body.get(*part) {
            Arc::make_mut(&mut release.metadata).insert((*part).to_owned(), value.clone());
        }
    }
    store::replace(call.database, &release)?;
    Ok(Reply::ok(shown(&call.config.profile, &release)))
}

/// `GET /releases/:id/components/`: the release's and those of plugins that name exactly this OS and version.
pub(crate) fn components(call: &Call<'_>) -> Answer {
    let release = find(call)?;
    let own = release.metadata.get("components_metadata").and_then(Value::as_array);
    let mut components: Vec<Component> = own
        .into_iter()
        .flatten()
        .map(|value| Component {
            value: value.clone(),
            owner: None,
        })
        .collect();
    for plugin in store::all::<Plugin>(call.database)? {
        if !names_release(&plugin, &release) {
            continue;
        }
        let plugin = Arc::new(plugin);
        for value in &plugin.files.components_metadata {
            add_component(
                &mut components,
                Component {
                    value: value.clone(),
                    owner: Some(Arc::clone(&plugin)),
                },
            )?;
        }
    }
    let components: Vec<Value> = components
        .into_iter()
        .map(|Component { mut value, .. }| {
            if let Some(members) = value.as_object_mut() {
                members.shift_remove("bind");
            }
            value
        })
        .collect();
    Ok(Reply::ok(Value::from(mutual(&components))))
}

/// A component and the plugin that brings it; the release's own has none.
struct Component {
    value: Value,
    owner: Option<Arc<Plugin>>,
}

/// Adds a plugin's component. Versions of one plugin do not clash: the newest stands for all of them, as it is the one
/// that choosing the component enables.
fn add_component(components: &mut Vec<Component>, new: Component) -> Result<(), ApiError> {
    let Some(known) = components
        .iter_mut()
        .find(|known| known.value["name"] == new.value["name"])
    else {
        components.push(new);
        return Ok(());
    };
    let version = |owner: &Plugin| environment::version_order(&owner.version);
    match (&known.owner, &new.owner) {
        (Some(old), Some(other)) if old.name == other.name && old.id != other.id => {
            if version(other) > version(old) {
                *known = new;
            }
            Ok(())
        }
        (known, owner) => {
            let name = |owner: &Option<Arc<Plugin>>| match owner {
                Some(plugin) => format!("{}-{}", plugin.name, plugin.version),
                None => "release".to_owned(),
            };
            Err(ApiError::new(
                409,
                format!(
                    "Plugin {} is overlapping with {} by introducing the same component with name \"{}\"",
                    name(owner),
                    name(known),
                    new.value["name"].as_str().unwrap_or_default()
                ),
            ))
        }
    }
}

/// Whether a plugin names exactly this OS and version.
fn names_release(plugin: &Plugin, release: &Release) -> bool {
    let entries = plugin.fields.get("releases").and_then(Value::as_array);
    entries.into_iter().flatten().any(|entry| {
        entry["os"]
            .as_str()
            .is_some_and(|os| os.eq_ignore_ascii_case(&release.operating_system))
            && entry["version"] == release.version.as_str()
    })
}

/// Whether a component's list of others names another; `*` stands for any rest.
fn lists(component: &Value, relation: &str, other: &Value) -> bool {
    let name = other["name"].as_str().unwrap_or_default();
    component[relation].as_array().into_iter().flatten().any(|entry| {
        entry["name"].as_str().is_some_and(|pattern| {
            pattern
                .strip_suffix('*')
                .map_or(pattern == name, |prefix| name.starts_with(prefix))
        })
    })
}

/// Being compatible and being incompatible go both ways: what one component says of another is said of both.
fn mutual(components: &[Value]) -> Vec<Value> {
    let mut shown = components.to_vec();
    for (index, component) in components.iter().enumerate() {
        for (_, other) in components.iter().enumerate().filter(|(position, _)| *position != index) {
            for relation in ["compatible", "incompatible"] {
                if lists(component, relation, other) || !lists(other, relation, component) {
                    continue;
                }
                let mut entry = json!({"name": other["name"]});
                if relation == "incompatible" {
                    let label = other["label"].as_str().or(other["name"].as_str()).unwrap_or_default();
                    entry["message"] = Value::from(format!("Not compatible with {label}"));
                }
                // A plugin's list may hold what is no component at all; it stays as it is.
                let Some(members) = shown[index].as_object_mut() else {
                    continue;
                };
                match members.get_mut(relation).and_then(Value::as_array_mut) {
                    Some(list) => list.push(entry),
                    None => {
                        members.insert(relation.to_owned(), json!([entry]));
                    }
                }
            }
        }
    }
    shown
}

/// `GET /releases/:id/deployment_tasks/`
pub(crate) fn deployment_tasks(call: &Call<'_>) -> Answer {
    let release = find(call)?;
    Ok(Reply::ok(Value::from(graphs::get(
        call.database,
        GraphOwner::Release,
        release.id,
        "default",
    )?)))
}

/// `PUT /releases/:id/deployment_tasks/`
pub(crate) fn replace_deployment_tasks(call: &Call<'_>) -> Answer {
    let release = find(call)?;
    let tasks = call.list()?;
    graph::check_each(&tasks)?;
    graphs::set(call.database, GraphOwner::Release, release.id, "default", &tasks)?;
    Ok(Reply::ok(Value::from(tasks)))
}
