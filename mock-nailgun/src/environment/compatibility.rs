//! Which plugins fit which environments.

use rusqlite::Connection;
use serde_json::Value;

use crate::http::ApiError;
use crate::profile::{ModeMatch, PluginSettings, Profile};
use crate::store::{self, Cluster, ClusterPlugin, Plugin, Release, cluster_plugins};

/// The first entry of a plugin's `releases` that fits, if any: equal OS in any case, a mode that the environment's
/// begins with, and both halves of the version as prefixes of the release's.
///
/// # Errors
/// The exception that Nailgun answers with 500 for an entry without `os` or with a version without one `-`.
pub(crate) fn matching_release<'a>(
    profile: &Profile,
    plugin: &'a Plugin,
    release: &Release,
    mode: &str,
) -> Result<Option<&'a Value>, ApiError> {
    for entry in plugin
        .fields
        .get("releases")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let os = entry["os"]
            .as_str()
            .ok_or_else(|| ApiError::unexpected("KeyError: 'os'"))?;
        if !os.eq_ignore_ascii_case(&release.operating_system) {
            continue;
        }
        let modes = entry["mode"]
            .as_array()
            .ok_or_else(|| ApiError::unexpected("KeyError: 'mode'"))?;
        if !modes
            .iter()
            .filter_map(Value::as_str)
            .any(|wanted| match profile.mode_match {
                ModeMatch::Contains => mode.contains(wanted),
                ModeMatch::Prefix => mode.starts_with(wanted),
            })
        {
            continue;
        }
        let (left, right) = halves(entry["version"].as_str().unwrap_or_default())?;
        let (release_left, release_right) = halves(&release.version)?;
        if release_left.starts_with(left) && release_right.starts_with(right) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

fn halves(version: &str) -> Result<(&str, &str), ApiError> {
    match version.split('-').collect::<Vec<_>>().as_slice() {
        [left, right] => Ok((left, right)),
        [_] => Err(ApiError::unexpected("ValueError: need more than 1 value to unpack")),
        _ => Err(ApiError::unexpected("ValueError: too many values to unpack")),
    }
}

/// Whether a plugin fits an environment of a release in a mode.
pub(crate) fn is_compatible(
    profile: &Profile,
    plugin: &Plugin,
    release: &Release,
    mode: &str,
) -> Result<bool, ApiError> {
    Ok(matching_release(profile, plugin, release, mode)?.is_some())
}

/// Connects a new plugin to the environments it fits. Later changes of its `releases` connect nothing; before 8.0 only
/// environments that come after it have it.
pub(crate) fn connect_plugin(profile: &Profile, database: &Connection, plugin: &Plugin) -> Result<(), ApiError> {
    let in_environment = profile.plugin_settings == PluginSettings::InEnvironment;
    for cluster in store::all::<Cluster>(database)? {
        if let Some(release) = store::get::<Release>(database, cluster.release_id)? {
            let fits = is_compatible(profile, plugin, &release, &cluster.mode)?;
            if fits && !in_environment {
                connect(database, plugin, &cluster)?;
            }
        }
    }
    Ok(())
}

/// Connects a new environment to the plugins that fit it.
pub(crate) fn connect_cluster(
    profile: &Profile,
    database: &Connection,
    cluster: &Cluster,
    release: &Release,
) -> Result<(), ApiError> {
    for plugin in &fitting(profile, database, cluster, release)? {
        connect(database, plugin, cluster)?;
    }
    Ok(())
}

/// The registered plugins that fit an environment; before 8.0 only the newest version of each.
pub(super) fn fitting(
    profile: &Profile,
    database: &Connection,
    cluster: &Cluster,
    release: &Release,
) -> Result<Vec<Plugin>, ApiError> {
    let mut fitting: Vec<Plugin> = Vec::new();
    for plugin in store::all::<Plugin>(database)? {
        if !is_compatible(profile, &plugin, release, &cluster.mode)? {
            continue;
        }
        let older = fitting
            .iter_mut()
            .find(|other| profile.plugin_settings == PluginSettings::InEnvironment && other.name == plugin.name);
        match older {
            Some(older) if version_order(&older.version) < version_order(&plugin.version) => *older = plugin,
            Some(_) => {}
            None => fitting.push(plugin),
        }
    }
    Ok(fitting)
}

/// What two versions are ordered by: their numbers.
pub(crate) fn version_order(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn connect(database: &Connection, plugin: &Plugin, cluster: &Cluster) -> Result<(), ApiError> {
    Ok(cluster_plugins::connect(
        database,
        cluster.id,
        plugin.id,
        &ClusterPlugin::initial_attributes(plugin),
    )?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Map, json};

    use super::*;

    #[rstest]
    #[case(json!([{"os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"]}]), true)]
    #[case(json!([{"os": "Ubuntu", "version": "mitaka-9", "mode": ["ha_compact"]}]), true)]
    #[case(json!([{"os": "ubuntu", "version": "m-", "mode": ["ha"]}]), true)]
    #[case(json!([{"os": "centos", "version": "mitaka-9.0", "mode": ["ha"]}]), false)]
    #[case(json!([{"os": "ubuntu", "version": "liberty-8.0", "mode": ["ha"]}]), false)]
    #[case(json!([{"os": "ubuntu", "version": "mitaka-9.0", "mode": ["multinode"]}]), false)]
    #[case(json!([]), false)]
    fn a_release_fits_by_os_mode_prefix_and_version_prefixes(#[case] releases: Value, #[case] expected: bool) {
        assert_eq!(
            is_compatible(
                &Profile::named("9.2").unwrap(),
                &plugin(releases),
                &release(),
                "ha_compact"
            )
            .unwrap(),
            expected
        );
    }

    #[rstest]
    #[case(json!([{"version": "mitaka-9.0"}]), "KeyError: 'os'")]
    #[case(json!([{"os": "ubuntu", "mode": ["ha"], "version": "mitaka9"}]), "ValueError: need more than 1 value to unpack")]
    fn what_nailgun_cannot_read_is_an_unexpected_error(#[case] releases: Value, #[case] text: &str) {
        let error = is_compatible(
            &Profile::named("9.2").unwrap(),
            &plugin(releases),
            &release(),
            "ha_compact",
        )
        .unwrap_err();
        assert_eq!((error.status, error.text().as_str()), (500, text));
    }

    fn release() -> Release {
        Release {
            id: 2,
            name: "Mitaka on Ubuntu 14.04".to_owned(),
            version: "mitaka-9.0".to_owned(),
            operating_system: "Ubuntu".to_owned(),
            state: "available".to_owned(),
            metadata: Default::default(),
        }
    }

    fn plugin(releases: Value) -> Plugin {
        Plugin {
            id: 1,
            name: "p".to_owned(),
            version: "1.0.0".to_owned(),
            title: "P".to_owned(),
            package_version: "4.0.0".to_owned(),
            fields: Map::from_iter([("releases".to_owned(), releases)]).into(),
            files: Default::default(),
        }
    }
}
