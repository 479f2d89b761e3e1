//! `/plugins`

use std::sync::Arc;

use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Reply};
use super::error::ApiError;
use super::json_schema::{self, Kind, Schema};
use super::{links, plugin_names};
use crate::environment;
use crate::graph;
use crate::pieces::Pieces;
use crate::profile::{FileReading, Profile, SyncRule, Unsupported};
use crate::store::{self, GraphOwner, Plugin, PluginFiles, cluster_plugins, graphs};

/// metadata.yaml as clients send it. Unknown fields are accepted and dropped.
const SCHEMA: Schema = Schema {
    required: &[
        "name",
        "title",
        "version",
        "releases",
        "package_version",
        "fuel_version",
    ],
    fields: &[
        ("id", Kind::Integer),
        ("name", Kind::String),
        ("title", Kind::String),
        ("version", Kind::String),
        ("description", Kind::String),
        ("fuel_version", Kind::ListOfStrings),
        ("licenses", Kind::ListOfStrings),
        ("authors", Kind::ListOfStrings),
        ("homepage", Kind::String),
        ("groups", Kind::ListOfStrings),
        ("package_version", Kind::String),
        ("is_hotpluggable", Kind::Boolean),
        ("releases", Kind::List),
    ],
    closed: false,
};

/// Makes a default; a [`Value`] cannot be in a constant.
type MakeDefault = fn() -> Value;

/// What the API shows of a plugin besides its id, and what stands where the request has nothing.
const SHOWN: &[(&str, MakeDefault)] = &[
    ("name", || Value::Null),
    ("title", || Value::Null),
    ("version", || Value::Null),
    ("description", || Value::Null),
    ("releases", || json!([])),
    ("package_version", || Value::Null),
    ("groups", || json!([])),
    ("authors", || json!([])),
    ("licenses", || json!([])),
    ("homepage", || Value::Null),
    ("fuel_version", || json!([])),
    ("is_hotpluggable", || json!(false)),
];

fn shown(profile: &Profile, plugin: &Plugin) -> Value {
    let mut object = Map::from_iter([("id".to_owned(), json!(plugin.id))]);
    object.extend(Map::clone(&plugin.fields));
    object.retain(|key, _| !profile.plugin_fields_absent.contains(&key.as_str()));
    Value::Object(object)
}

fn find(call: &Call<'_>) -> Result<Plugin, ApiError> {
    store::get(call.database, call.id(0)?)?.ok_or_else(|| ApiError::not_found("Plugin"))
}

/// `GET /plugins/`. The list that every client asks for first is written without a copy of what it holds.
pub(crate) fn list(call: &Call<'_>) -> Answer {
    let mut list = Pieces::default();
    for plugin in store::all::<Plugin>(call.database)? {
        list.push(if list.len() == 0 { "[{\"id\":" } else { ",{\"id\":" });
        list.push_json(&Value::from(plugin.id));
        let absent = call.config.profile.plugin_fields_absent;
        for (key, value) in plugin.fields.iter().filter(|(key, _)| !absent.contains(&key.as_str())) {
            list.push(",");
            list.push_json_string(key);
            list.push(":");
            list.push_json(value);
        }
        list.push("}");
    }
    list.push(if list.len() == 0 { "[]" } else { "]" });
    Ok(Reply::written(list))
}

/// `GET /plugins/:id/`
pub(crate) fn show(call: &Call<'_>) -> Answer {
    Ok(Reply::ok(shown(&call.config.profile, &find(call)?)))
}

/// How many characters PostgreSQL keeps of a plugin's texts; a longer one is refused.
const LENGTHS: &[(&str, usize)] = &[
    ("name", 100),
    ("title", 100),
    ("version", 32),
    ("description", 400),
    ("package_version", 32),
];

fn check_lengths(body: &Map<String, Value>) -> Result<(), ApiError> {
    let length = |key: &str| {
        body.get(key)
            .and_then(Value::as_str)
            .map_or(0, |text| text.chars().count())
    };
    match LENGTHS.iter().find(|(key, longest)| length(key) > *longest) {
        Some((key, longest)) => Err(ApiError::bad_request(format!(
            "(DataError) value too long for type character varying({longest}): `{key}` has {} characters",
            length(key)
        ))),
        None => Ok(()),
    }
}

fn check_package_version(call: &Call<'_>, id: i64, package_version: &str) -> Result<(), ApiError> {
    let profile = &call.config.profile;
    if environment::adapter_prefix(profile, package_version).is_some() {
        return Ok(());
    }
    let message = format!(
        "Plugin id={id} package_version={package_version} is not supported by Nailgun, currently supported versions {}",
        profile.package_versions.join(", ")
    );
    Err(match profile.unsupported_package {
        Unsupported::Refused => ApiError::bad_request(message),
        Unsupported::Unexpected => ApiError::unexpected(format!("PackageVersionIsNotCompatible: {message}")),
    })
}

/// The name of a plugin's directory takes its version apart, from package 2.0.0 on, as soon as its files are looked for.
fn check_version(call: &Call<'_>, plugin: &Plugin) -> Result<(), ApiError> {
    let is_taken_apart =
        call.config.profile.file_reading != FileReading::WhenNeeded && !plugin.package_version.starts_with("1.");
    if is_taken_apart && !is_strict_version(&plugin.version) {
        return Err(ApiError::unexpected(format!(
            "ValueError: invalid version number '{}'",
            plugin.version
        )));
    }
    Ok(())
}

/// Python's `StrictVersion`: two or three numbers, and perhaps `a` or `b` with another.
fn is_strict_version(version: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (numbers, before_release) = match version.split_once(['a', 'b']) {
        Some((numbers, number)) => (numbers, Some(number)),
        None => (version, None),
    };
    let parts: Vec<&str> = numbers.split('.').collect();
    matches!(parts.len(), 2 | 3) && parts.into_iter().all(is_number) && before_release.is_none_or(is_number)
}

fn check(call: &Call<'_>, body: &Map<String, Value>) -> Result<(), ApiError> {
    SCHEMA.check(body)?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    plugin_names::check(text("name"), text("version"))?;
    for release in body["releases"].as_array().into_iter().flatten() {
        let release = release
            .as_object()
            .ok_or_else(|| json_schema::wrong_type(release, "'object'"))?;
        Schema {
            required: call.config.profile.required_release_fields,
            fields: &[],
            closed: false,
        }
        .check(release)?;
    }
    Ok(())
}

/// A plugin from a request's body, without files.
fn from_body(id: i64, body: &Map<String, Value>) -> Plugin {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fields = SHOWN
        .iter()
        .map(|(key, default)| ((*key).to_owned(), body.get(*key).cloned().unwrap_or_else(default)))
        .collect();
    Plugin {
        id,
        name: text("name"),
        version: text("version"),
        title: text("title"),
        package_version: text("package_version"),
        fields: Arc::new(fields),
        files: Arc::default(),
    }
}

fn directory(call: &Call<'_>, plugin: &Plugin) -> Utf8PathBuf {
    call.config
        .plugins_directory
        .join(environment::plugin_directory(plugin))
}

/// Reads the plugin's files, if its directory is there. What metadata says counts where there is no file of its own.
fn read_files(call: &Call<'_>, plugin: &Plugin, metadata: &Map<String, Value>) -> Result<PluginFiles, ApiError> {
    let profile = &call.config.profile;
    let mut files = PluginFiles::default();
    environment::keep_metadata(profile, &mut files, metadata);
    environment::read_plugin_files(profile, &directory(call, plugin), &plugin.package_version, files)
        .map_err(ApiError::bad_request)
}

fn register_releases(call: &Call<'_>, plugin: &mut Plugin) -> Result<(), ApiError> {
    let directory = directory(call, plugin);
    environment::register_releases(&call.config.profile, call.database, &directory, plugin)
}

/// What a new plugin is made from: the request's body, which goes over what is on disk.
fn whole_metadata(call: &Call<'_>, plugin: &Plugin, body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let profile = &call.config.profile;
    let directory = directory(call, plugin);
    let body = environment::expanded_metadata(profile, &directory, body.clone()).map_err(ApiError::bad_request)?;
    if !environment::points_at_files(profile, &plugin.package_version) {
        return Ok(body);
    }
    let on_disk = environment::read_metadata(profile, &directory).map_err(ApiError::bad_request)?;
    let mut whole = on_disk.unwrap_or_default();
    whole.extend(body);
    Ok(whole)
}

fn add(call: &Call<'_>, body: &Map<String, Value>) -> Result<Plugin, ApiError> {
    let mut plugin = from_body(0, body);
    let next: i64 = call.database.query_row(
        "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'plugins'",
        [],
        |row| row.get(0),
    )?;
    // The row was inserted and rolled back: its id is gone.
    check_package_version(call, next, &plugin.package_version).map_err(|error| error.burning("plugins"))?;
    check_version(call, &plugin).map_err(|error| error.burning("plugins"))?;
    // The row was refused: its id is gone too.
    check_lengths(body).map_err(|error| error.burning("plugins"))?;
    let metadata = whole_metadata(call, &plugin, body)?;
    plugin = from_body(0, &metadata);
    plugin.files = Arc::new(read_files(call, &plugin, &metadata)?);
    register_releases(call, &mut plugin)?;
    store::insert(call.database, &mut plugin)?;
    keep_graph(call, &plugin)?;
    environment::connect_plugin(&call.config.profile, call.database, &plugin)?;
    Ok(plugin)
}

/// `POST /plugins/`: the body is the whole metadata.yaml.
pub(crate) fn create(call: &Call<'_>) -> Answer {
    let body = call.object()?;
    check(call, &body)?;
    let wanted = from_body(0, &body);
    let known: Option<Plugin> = store::find(
        call.database,
        "document ->> 'name' = ?1 AND document ->> 'version' = ?2",
        [&wanted.name, &wanted.version],
    )?;
    if let Some(known) = known {
        // Clients read the plugin out of the message.
        return Err(ApiError::new(409, shown(&call.config.profile, &known).to_string()));
    }
    Ok(Reply::json(201, shown(&call.config.profile, &add(call, &body)?)))
}

/// `PUT /plugins/:id`: the whole object. Files are not read again: that is what `sync` is for. Only those that the body
/// itself points at are.
pub(crate) fn update(call: &Call<'_>) -> Answer {
    let known = find(call)?;
    let body = call.object()?;
    check(call, &body)?;
    let named = from_body(known.id, &body);
    let body = environment::expanded_metadata(&call.config.profile, &directory(call, &named), body)
        .map_err(ApiError::bad_request)?;
    let mut plugin = from_body(known.id, &body);
    if plugin.name != known.name && !call.config.profile.plugins_may_be_renamed {
        return Err(ApiError::deep(format!(
            "Plugin can't be renamed. Trying to change name of the plugin {} to {}",
            known.name, plugin.name
        )));
    }
    check_package_version(call, plugin.id, &plugin.package_version)?;
    check_version(call, &plugin)?;
    check_lengths(&body)?;
    plugin.files = known.files;
    environment::keep_metadata(&call.config.profile, Arc::make_mut(&mut plugin.files), &body);
    register_releases(call, &mut plugin)?;
    store::replace(call.database, &plugin)?;
    if body.contains_key("deployment_tasks") {
        keep_graph(call, &plugin)?;
    }
    Ok(Reply::ok(shown(&call.config.profile, &plugin)))
}

/// `DELETE /plugins/:id`
pub(crate) fn remove(call: &Call<'_>) -> Answer {
    let plugin = find(call)?;
    if cluster_plugins::is_enabled_anywhere(call.database, plugin.id)? {
        return Err(ApiError::bad_request(call.config.profile.delete_refusal));
    }
    delete(call, plugin.id)?;
    Ok(Reply::no_content())
}

/// `POST /plugins/sync/`: with `ids` the files of those plugins are read again; without a body disk and database are
/// made alike.
pub(crate) fn sync(call: &Call<'_>) -> Answer {
    if call.body.is_empty() {
        match call.config.profile.sync {
            SyncRule::Disk => sync_all(call)?,
            SyncRule::Registered => {
                for plugin in store::all::<Plugin>(call.database)? {
                    refresh(call, plugin)?;
                }
            }
        }
        return Ok(Reply::ok(json!({})));
    }
    let body = call.object()?;
    Schema {
        required: &["ids"],
        fields: &[("ids", Kind::ListOfIntegers)],
        closed: false,
    }
    .check(&body)?;
    for id in body["ids"].as_array().into_iter().flatten().filter_map(Value::as_i64) {
        let plugin: Plugin = store::get(call.database, id)?
            .ok_or_else(|| ApiError::new(404, format!("Object 'Plugin' with UID={id} is not found in DB")))?;
        let name = plugin.name.clone();
        match (refresh(call, plugin), call.config.profile.sync) {
            (Err(error), SyncRule::Disk) => {
                tracing::warn!(plugin = name, error = error.text(), "cannot be synchronised");
            }
            (result, _) => result?,
        }
    }
    Ok(Reply::ok(json!({})))
}

/// Reads metadata.yaml and the other files of a registered plugin again. One without a directory stays as it is.
fn refresh(call: &Call<'_>, mut plugin: Plugin) -> Result<(), ApiError> {
    let directory = directory(call, &plugin);
    if !directory.is_dir() {
        return Ok(());
    }
    let metadata = environment::read_metadata(&call.config.profile, &directory)
        .map_err(ApiError::bad_request)?
        .unwrap_or_default();
    for (key, _) in SHOWN.iter().filter(|(key, _)| *key != "name") {
        if let Some(value) = metadata.get(*key) {
            Arc::make_mut(&mut plugin.fields).insert((*key).to_owned(), value.clone());
        }
    }
    let text = |key: &str, old: &str| metadata.get(key).and_then(Value::as_str).unwrap_or(old).to_owned();
    plugin.title = text("title", &plugin.title);
    plugin.version = text("version", &plugin.version);
    plugin_names::check(&plugin.name, &plugin.version)?;
    check_lengths(&metadata)?;
    plugin.package_version = text("package_version", &plugin.package_version);
    plugin.files = Arc::new(read_files(call, &plugin, &metadata)?);
    register_releases(call, &mut plugin)?;
    store::replace(call.database, &plugin)?;
    keep_graph(call, &plugin)
}

/// A plugin's tasks are its graph of type `default`.
fn keep_graph(call: &Call<'_>, plugin: &Plugin) -> Result<(), ApiError> {
    let tasks = &plugin.files.deployment_tasks;
    Ok(graphs::set(
        call.database,
        GraphOwner::Plugin,
        plugin.id,
        graph::DEFAULT,
        tasks,
    )?)
}

/// Takes a plugin out of the database, its graphs with it.
fn delete(call: &Call<'_>, plugin_id: i64) -> Result<(), ApiError> {
    graphs::delete_of(call.database, GraphOwner::Plugin, plugin_id)?;
    links::delete_of::<false>(call.database, plugin_id)?;
    store::delete::<Plugin>(call.database, plugin_id)?;
    Ok(())
}

/// On disk and registered: read again. On disk only: registered. Registered only: removed unless it is enabled. What
/// goes wrong with one plugin is logged and stops nothing.
fn sync_all(call: &Call<'_>) -> Result<(), ApiError> {
    let mut on_disk = environment::directories_on_disk(&call.config.plugins_directory);
    for plugin in store::all::<Plugin>(call.database)? {
        let directory = directory(call, &plugin);
        let (id, name) = (plugin.id, plugin.name.clone());
        if on_disk.remove(&directory) {
            if let Err(error) = refresh(call, plugin) {
                tracing::warn!(plugin = name, error = error.text(), "cannot be synchronised");
            }
        } else if cluster_plugins::is_enabled_anywhere(call.database, id)? {
            tracing::warn!(plugin = name, "is not on disk, but enabled, and is kept");
        } else {
            delete(call, id)?;
        }
    }
    for directory in on_disk {
        let added = environment::read_metadata(&call.config.profile, &directory)
            .map_err(ApiError::bad_request)
            .map(Option::unwrap_or_default)
            .and_then(|metadata| check(call, &metadata).and_then(|()| add(call, &metadata)));
        if let Err(error) = added {
            tracing::warn!(%directory, error = error.text(), "cannot be registered");
        }
    }
    Ok(())
}
