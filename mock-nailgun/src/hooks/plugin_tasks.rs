//! What plugins bring besides the graph: repositories, scripts, and the tasks of tasks.yaml.

use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};

use crate::environment::{self, Environment};
use crate::graph::RoleResolver;
use crate::http::ApiError;
use crate::profile::RepositoryName;
use crate::store::Plugin;

/// Seconds that `apt-get update` may take.
const UPDATE_TIMEOUT: u32 = 1800;

/// A shell task's retries and pause where it does not say.
const RETRIES: u32 = 3;
const INTERVAL: u32 = 1;

/// A hook as Astute gets it, but for its priority.
pub(crate) type Hook = Map<String, Value>;

/// An enabled plugin with what its hooks need.
pub(crate) struct PluginHooks<'a> {
    plugin: &'a Plugin,
    directory: String,
    /// `name-1.2.3`, which is how Astute speaks of it.
    name: String,
    release: Value,
    tasks: Vec<Value>,
    /// Nodes with any role that its tasks name, without the master.
    uids: Vec<String>,
}

/// The enabled plugins of an environment, by id.
///
/// # Errors
/// 500 as Nailgun: a tasks.yaml that holds nothing but comments, a plugin whose `releases` no longer fit.
pub(crate) fn plugins<'a>(
    environment: &'a Environment<'_>,
    resolver: &RoleResolver,
) -> Result<Vec<PluginHooks<'a>>, ApiError> {
    let config = environment.config;
    let mut plugins = Vec::new();
    for connected in environment.enabled_plugins() {
        let plugin = &connected.plugin;
        let directory = environment::plugin_directory(plugin);
        // Read from disk each time, whatever was registered.
        let tasks = environment::tasks_on_disk(&config.plugins_directory.join(&directory), &plugin.package_version)
            .map_err(ApiError::bad_request)?;
        let tasks = match tasks {
            Some(tasks) => tasks,
            None if config.profile.empty_task_file_is_fatal => {
                return Err(ApiError::unexpected("TypeError: 'NoneType' object is not iterable"));
            }
            None => Vec::new(),
        };
        let mut places: Vec<String> = Vec::new();
        for task in &tasks {
            places.extend(uids_of(resolver, &task["role"]));
        }
        for task in &plugin.files.deployment_tasks {
            let selector = ["role", "roles", "groups"].iter().find_map(|key| task.get(*key));
            places.extend(resolver.uids(selector.unwrap_or(&Value::Null)));
        }
        places.retain(|uid| uid != "master");
        places.sort_by_key(|uid| uid.parse::<i64>().unwrap_or(i64::MAX));
        places.dedup();
        let release =
            environment::matching_release(&config.profile, plugin, &environment.release, &environment.cluster.mode)?;
        let release = release.cloned().ok_or_else(|| {
            let (name, version) = (&plugin.name, &plugin.version);
            ApiError::unexpected(format!(
                "plugin {name}-{version} has no release for {}",
                environment.release.version
            ))
        })?;
        plugins.push(PluginHooks {
            plugin,
            name: format!("{}-{}", plugin.name, plugin.version),
            directory,
            release,
            tasks,
            uids: places,
        });
    }
    Ok(plugins)
}

/// tasks.yaml knows `*`, `master`, and lists of names; a bare name means nobody.
fn uids_of(resolver: &RoleResolver, role: &Value) -> Vec<String> {
    match role {
        Value::String(name) if name != "*" && name != "master" => Vec::new(),
        role => resolver.uids(role),
    }
}

impl PluginHooks<'_> {
    fn path(&self, key: &str) -> &str {
        self.release[key].as_str().unwrap_or_default()
    }

    fn local_path(&self) -> String {
        format!("/etc/fuel/plugins/{}/", self.directory)
    }

    fn hook(&self, kind: &str, uids: &[String], parameters: Value) -> Hook {
        Map::from_iter([
            ("type".to_owned(), json!(kind)),
            ("uids".to_owned(), json!(uids)),
            ("parameters".to_owned(), parameters),
            ("diagnostic_name".to_owned(), json!(self.name)),
            ("fail_on_error".to_owned(), json!(true)),
        ])
    }

    /// Repository, its pin, and the update of package lists; nothing where the repository is empty or no node needs it.
    pub(crate) fn repository(&self, environment: &Environment<'_>) -> Vec<Hook> {
        let config = environment.config;
        let path = self.path("repository_path");
        let on_disk = config.plugins_directory.join(&self.directory).join(path);
        if self.uids.is_empty() || !environment::has_file(on_disk.clone()) {
            return Vec::new();
        }
        let uri = format!("http://{}:8080/plugins/{}/{path}", config.master_ip, self.directory);
        let file = match config.profile.repository_name {
            RepositoryName::FullVersion => &self.name,
            RepositoryName::Directory => &self.directory,
        };
        let upload = |path: String, data: String| {
            let parameters = json!({"path": path, "data": data, "cwd": self.local_path()});
            self.hook("upload_file", &self.uids, parameters)
        };
        if !environment.release.operating_system.eq_ignore_ascii_case("ubuntu") {
            let priority = config.profile.rpm_repository_priority;
            return vec![upload(
                format!("/etc/yum.repos.d/{file}.repo"),
                format!("[{file}]\nname=Plugin {file} repository\nbaseurl={uri}\ngpgcheck=0\npriority={priority}"),
            )];
        }
        // The section after the suite is empty, which leaves a blank.
        let mut hooks = vec![upload(
            format!("/etc/apt/sources.list.d/{file}.list"),
            format!("deb {uri} / "),
        )];
        if let Some(pin) = pin(on_disk) {
            let priority = config.profile.deb_repository_priority;
            hooks.push(upload(
                format!("/etc/apt/preferences.d/{file}.pref"),
                format!("Package: *\nPin: release {pin}\nPin-Priority: {priority}"),
            ));
        }
        let mut update = self.hook(
            "shell",
            &self.uids,
            json!({"cmd": "apt-get update", "timeout": UPDATE_TIMEOUT, "retries": RETRIES, "interval": INTERVAL, "cwd": "/"}),
        );
        update.insert("id".to_owned(), Value::Null);
        hooks.push(update);
        hooks
    }

    /// The copying of its scripts.
    pub(crate) fn scripts(&self, environment: &Environment<'_>) -> Option<Hook> {
        let source = format!(
            "rsync://{}:/plugins/{}/{}",
            environment.config.master_ip,
            self.directory,
            self.path("deployment_scripts_path")
        );
        let parameters = json!({"src": source, "dst": self.local_path(), "cwd": self.local_path()});
        (!self.uids.is_empty()).then(|| self.hook("sync", &self.uids, parameters))
    }

    /// The tasks of a stage of tasks.yaml with the numbers after the stage's slash.
    fn tasks(
        &self,
        environment: &Environment<'_>,
        resolver: &RoleResolver,
        stage: &str,
    ) -> Result<Vec<(f64, Hook)>, ApiError> {
        let mut hooks = Vec::new();
        for task in &self.tasks {
            let text = task["stage"].as_str().unwrap_or_default();
            let (name, number) = text.split_once('/').unwrap_or((text, "0"));
            let uids = uids_of(resolver, &task["role"]);
            if name != stage || uids.is_empty() {
                continue;
            }
            let kind = task["type"].as_str().unwrap_or_default();
            let given = &task["parameters"];
            let or = |key: &str, default: Value| given.get(key).cloned().unwrap_or(default);
            let parameters = match kind {
                "shell" => json!({
                    "cmd": given["cmd"], "timeout": given["timeout"], "retries": or("retries", json!(RETRIES)),
                    "interval": or("interval", json!(INTERVAL)), "cwd": self.local_path(),
                }),
                "puppet" => json!({
                    "puppet_manifest": given["puppet_manifest"], "puppet_modules": given["puppet_modules"],
                    "timeout": given["timeout"], "retries": or("retries", Value::Null), "cwd": self.local_path(),
                }),
                "reboot" => json!({"timeout": given["timeout"]}),
                // The line that warns of it has a fault of its own.
                other if environment.config.profile.unknown_task_type_is_fatal => {
                    return Err(ApiError::unexpected(format!(
                        "AttributeError: the warning about task type '{other}' of plugin {} fails",
                        self.name
                    )));
                }
                other => {
                    tracing::warn!(plugin = self.name, kind = other, "task type is skipped");
                    continue;
                }
            };
            let mut hook = self.hook(kind, &uids, parameters);
            hook.insert("id".to_owned(), Value::Null);
            hooks.push((number.trim().parse().unwrap_or(0.0), hook));
        }
        Ok(hooks)
    }
}

/// The tasks of a stage of all plugins: by the number after the slash, plugins by name.
pub(crate) fn stage_tasks(
    plugins: &[PluginHooks<'_>],
    environment: &Environment<'_>,
    resolver: &RoleResolver,
    stage: &str,
) -> Result<Vec<Hook>, ApiError> {
    let mut by_name: Vec<&PluginHooks<'_>> = plugins.iter().collect();
    by_name.sort_by(|left, right| left.plugin.name.cmp(&right.plugin.name));
    let mut tasks = Vec::new();
    for plugin in by_name {
        tasks.extend(plugin.tasks(environment, resolver, stage)?);
    }
    // Equal numbers keep their order.
    tasks.sort_by(|left, right| left.0.total_cmp(&right.0));
    Ok(tasks.into_iter().map(|(_, task)| task).collect())
}

/// What a repository's Release file is pinned by. Nailgun fetches that file from the repository, and leaves the pin out
/// where it cannot.
fn pin(repository: Utf8PathBuf) -> Option<String> {
    const FIELDS: &[(&str, &str)] = &[
        ("o", "Origin"),
        ("a", "Suite"),
        ("n", "Codename"),
        ("l", "Label"),
        ("v", "Version"),
    ];
    let release = fs_err::read_to_string(repository.join("Release")).ok()?;
    let parts: Vec<String> = FIELDS
        .iter()
        .filter_map(|(short, name)| {
            let value = release
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            Some(format!("{short}={}", value.trim()))
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(","))
}
