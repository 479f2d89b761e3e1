//! `/clusters/:id/attributes` and `/clusters/:id/generated`

use std::sync::Arc;

use serde_json::{Map, Value};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use crate::environment::{Environment, Filling};
use crate::profile::PluginSettings;
use crate::settings::{self, SentSection};
use crate::store::{self, ClusterPlugin, cluster_plugins};

fn shown(editable: Map<String, Value>) -> Reply {
    // `json!` would copy the whole document.
    Reply::ok(Value::Object(Map::from_iter([(
        "editable".to_owned(),
        Value::Object(editable),
    )])))
}

/// `GET /clusters/:id/attributes/`. Generators of plugins run anew each time until a PUT stores a value.
pub(crate) fn show(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    environment.check_formats()?;
    Ok(shown(environment.editable()))
}

/// `GET /clusters/:id/attributes/defaults/`
pub(crate) fn show_defaults(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    environment.renew_plugins()?;
    environment.check_formats()?;
    Ok(shown(environment.default_editable()))
}

/// `GET /clusters/:id/attributes/deployed/`
pub(crate) fn show_deployed(call: &Call<'_>) -> Answer {
    let environment = Environment::load(call, call.id(0)?)?;
    match environment.cluster.deployed {
        Some(deployed) => Ok(Reply::ok(deployed)),
        None => Err(ApiError::new(404, "Cluster does not have deployed attributes!")),
    }
}

/// `GET /clusters/:id/generated/`
pub(crate) fn show_generated(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(Value::Object(
        Environment::load(call, call.id(0)?)?.cluster.generated,
    )))
}

/// `POST /mock/clusters/:id/generated`: what the generators of an earlier master made, in place of what this one's did.
pub(crate) fn take_over_generated(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    environment.cluster.generated = call.object()?;
    store::replace(call.database, &environment.cluster)?;
    Ok(Reply::ok(Value::Object(environment.cluster.generated)))
}

/// `PUT /clusters/:id/attributes/defaults/`
pub(crate) fn reset(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    if settings::is_locked(&call.config.profile, &environment.cluster, &environment.nodes) {
        return Err(ApiError::new(
            403,
            "Environment attributes can't be changed after, or in deploy.",
        ));
    }
    environment.renew_plugins()?;
    environment.cluster.editable = environment.initial_editable();
    store::replace(call.database, &environment.cluster)?;
    environment.connect_plugins()?;
    show(call)
}

/// `PUT` and `PATCH /clusters/:id/attributes/`: a deep merge; sections of plugins are replaced.
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let mut environment = Environment::load(call, call.id(0)?)?;
    environment.check_formats()?;
    let body = call.object()?;
    if body.contains_key("generated") {
        return Err(ApiError::bad_request(
            "It is not allowed to update generated attributes",
        ));
    }
    let sent = body
        .get("editable")
        .ok_or_else(|| ApiError::unexpected_string("KeyError: 'editable'"))?;
    let Value::Object(sent) = sent else {
        return Err(ApiError::bad_request("Editable attributes should be a dictionary"));
    };
    settings::check_shapes(sent).map_err(ApiError::bad_request)?;
    for (name, section) in sent {
        settings::check_generators(section)
            .map_err(|problem| ApiError::bad_request(format!("editable.{name}.{problem}")))?;
    }
    let profile = &call.config.profile;
    let force = call.flag("force")? && profile.force_passes_lock;
    let mut plugin_sections: Vec<(&String, SentSection)> = Vec::new();
    let mut core = Map::new();
    for (name, section) in sent {
        match settings::sent_section(profile, section) {
            Some(section) => plugin_sections.push((name, section)),
            None => {
                core.insert(name.clone(), section.clone());
            }
        }
    }
    if settings::is_locked(&call.config.profile, &environment.cluster, &environment.nodes) && !force {
        let stored = &environment.cluster.editable;
        settings::check_lock(profile, &core, stored, &plugin_sections, &environment.plugins)
            .map_err(|text| ApiError::new(403, text))?;
    }
    let checked = would_be(
        &environment,
        if profile.attributes.checks_stored { &core } else { sent },
    );
    for section in checked.values().filter(|section| is_checked(section)) {
        settings::check_section(profile.attributes, section).map_err(ApiError::bad_request)?;
    }
    if !force && profile.attributes.checks_restrictions {
        let models = environment.models(checked);
        let checked = models.get("settings").and_then(Value::as_object);
        let problems =
            settings::check_restrictions(checked.unwrap_or(&Map::new()), &models).map_err(ApiError::bad_request)?;
        if !problems.is_empty() {
            let list = Value::from(problems);
            return Err(ApiError::bad_request(format!(
                "Some restrictions didn't pass verification: {}",
                settings::python_repr(&list)
            )));
        }
    }
    let method = core
        .get("provision")
        .and_then(|section| section["method"]["value"].as_str());
    if !profile.provisions_classically && method.is_some_and(|method| method != "image") {
        return Err(ApiError::bad_request(
            "Cannot use classic provisioning for adding nodes to environment",
        ));
    }
    settings::merge_into(&mut environment.cluster.editable, core);
    if profile.refuses_legacy_tasks {
        check_legacy_tasks(&environment, &plugin_sections)?;
    }
    store::replace(call.database, &environment.cluster)?;
    if profile.plugin_settings == PluginSettings::InEnvironment {
        switch_plugins(call, &mut environment)?;
    }
    let filling = environment.filling();
    for (_, section) in plugin_sections {
        save_plugin(call, &mut environment, section, &filling)?;
    }
    Ok(shown(environment.editable()))
}

/// Up to 7.0 a plugin is on where its section among the environment's own settings says so.
fn switch_plugins(call: &Call<'_>, environment: &mut Environment<'_>) -> Result<(), ApiError> {
    for connected in &mut environment.plugins {
        let metadata = environment
            .cluster
            .editable
            .get(&connected.plugin.name)
            .map(|section| &section["metadata"]);
        let enabled = metadata
            .is_some_and(|metadata| metadata["enabled"] == true && metadata["plugin_id"] == connected.plugin.id);
        cluster_plugins::set_enabled(call.database, environment.cluster.id, connected.plugin.id, enabled)?;
        connected.enabled = enabled;
    }
    Ok(())
}

/// The settings that checks look at: what is stored of the environment and of enabled plugins, with what was sent over
/// it; of a plugin that was sent, the chosen version's fields.
fn would_be(environment: &Environment<'_>, sent: &Map<String, Value>) -> Map<String, Value> {
    let mut flat = environment.cluster.editable.clone();
    let profile = &environment.config.profile;
    let stored = settings::section(profile, &environment.plugins)
        .into_iter()
        .filter(|(name, _)| !environment.is_core_section(name))
        .map(|(name, section)| {
            let mut lifted = settings::lifted(section);
            // A disabled plugin is there for conditions, by its metadata alone.
            if lifted["metadata"]["enabled"] != true
                && let Some(members) = lifted.as_object_mut()
            {
                members.retain(|key, _| key == "metadata");
            }
            (name, lifted)
        })
        .collect();
    settings::merge_into(&mut flat, stored);
    let sent = sent
        .iter()
        .filter(|(name, section)| section["metadata"]["class"] != "plugin" || !environment.is_core_section(name))
        .map(|(name, section)| (name.clone(), settings::lifted(section.clone())))
        .collect();
    settings::merge_into(&mut flat, sent);
    environment.fill_in(&mut flat);
    flat
}

/// Sections of disabled plugins are not checked.
fn is_checked(section: &Value) -> bool {
    section["metadata"]["class"] != "plugin" || section["metadata"]["enabled"] == true
}

/// Plugins with tasks that the task-based engine cannot run may be enabled only where tasks are adapted.
fn check_legacy_tasks(environment: &Environment<'_>, sections: &[(&String, SentSection)]) -> Result<(), ApiError> {
    let adapts = environment
        .cluster
        .editable
        .get("common")
        .is_some_and(|common| common["propagate_task_deploy"]["value"] == true);
    if adapts {
        return Ok(());
    }
    for (_, section) in sections.iter().filter(|(_, section)| section.enabled) {
        let chosen = environment
            .plugins
            .iter()
            .find(|connected| Some(connected.plugin.id) == section.chosen_id);
        if chosen.is_some_and(has_legacy_tasks) {
            return Err(ApiError::bad_request(
                "Cannot enable plugin with legacy tasks unless propagate_task_deploy attribute is set. \
                 Ensure tasks.yaml is empty and all tasks has version >= 2.0.0.",
            ));
        }
    }
    Ok(())
}

fn has_legacy_tasks(connected: &ClusterPlugin) -> bool {
    let files = &connected.plugin.files;
    let is_legacy = |task: &Value| {
        let major = task["version"]
            .as_str()
            .and_then(|version| version.split('.').next()?.parse::<u32>().ok())
            .unwrap_or(1);
        major < 2 && !matches!(task["type"].as_str(), Some("group" | "stage" | "skipped"))
    };
    !files.tasks.is_empty() || files.deployment_tasks.iter().any(is_legacy)
}

/// Switches versions on and off, and stores the fields of those that are on, exactly as they were sent.
fn save_plugin(
    call: &Call<'_>,
    environment: &mut Environment<'_>,
    section: SentSection,
    filling: &Filling,
) -> Result<(), ApiError> {
    let cluster_id = environment.cluster.id;
    for (plugin_id, mut fields) in section.versions {
        let mut plugins = environment.plugins.iter_mut();
        let Some(connected) = plugins.find(|connected| connected.plugin.id == plugin_id) else {
            tracing::warn!(plugin_id, "is not connected to the environment");
            continue;
        };
        let enabled = section.enabled && section.chosen_id == Some(plugin_id);
        if enabled != connected.enabled {
            cluster_plugins::set_enabled(call.database, cluster_id, plugin_id, enabled)?;
            connected.enabled = enabled;
        }
        if enabled || section.default {
            // What a client left as a generator becomes a value that stays.
            filling.fill(&mut fields);
            // A client that sends the whole document changes one plugin's settings, if any.
            if fields != *connected.attributes {
                cluster_plugins::set_attributes(call.database, cluster_id, plugin_id, &fields)?;
                connected.attributes = Arc::new(fields);
            }
        }
    }
    Ok(())
}
