//! What Nailgun makes of a scenario, without a container: the mock Nailgun runs in this process.

use camino::{Utf8Path, Utf8PathBuf};
use fuel_cli::{Client, RegistrationError};
use mock_nailgun::{Config, Profile, Server};
use plugin_builder::Unpacked;
use serde_json::Value;

use super::environment::{self, NodeToRegister, refused};
use super::error::RunError;
use super::merged::merged;
use crate::scenario::LoadedScenario;

/// What Nailgun merged and ordered for one node.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RenderedNode {
    /// Name in the scenario.
    pub name: String,
    /// Everything that becomes the node's `astute.yaml`.
    pub attributes: Value,
    /// The node's tasks as Astute gets them.
    pub tasks: Vec<Value>,
}

/// Renders every node of a scenario.
///
/// # Errors
/// The plugin or scenario is invalid, or the embedded Nailgun does not start.
pub async fn render(loaded: &LoadedScenario) -> Result<Vec<RenderedNode>, RunError> {
    let temporary =
        tempfile::tempdir().map_err(|error| RunError::infrastructure("cannot make a temporary directory", error))?;
    let directory = Utf8PathBuf::from_path_buf(temporary.path().to_owned())
        .map_err(|path| RunError::Infrastructure(format!("{}: not UTF-8", path.display())))?;
    let mut plugins = Vec::new();
    let mut registrations = Vec::new();
    for (index, entry) in loaded.scenario.plugins.iter().enumerate() {
        let placed = place_plugin(&loaded.plugin_path(&entry.path), &directory)?;
        registrations.push(read_metadata(&placed.directory)?);
        plugins.push((placed.name, placed.version, index));
    }
    let profile = Profile::named(&loaded.scenario.fuel)
        .map_err(|error| RunError::Invalid(format!("{}: {error}", loaded.file)))?;
    // A free port of 127.0.0.1, and nothing that outlives this process.
    let config = Config::new(profile, directory.clone());
    let server = Server::start(config)
        .await
        .map_err(|error| RunError::infrastructure("cannot start the embedded Nailgun", error))?;
    let client = Client::connect(
        &format!("http://{}", server.address()),
        &fuel_cli::Credentials::default(),
    )
    .await
    .map_err(|error| RunError::infrastructure("cannot log in to the embedded Nailgun", error))?;
    for metadata in &registrations {
        fuel_cli::register(&client, metadata, false)
            .await
            .map_err(|error| match error {
                RegistrationError::Client(error) => refused("cannot register a plugin", &error),
                twice => RunError::Invalid(format!("{}: {twice}", loaded.file)),
            })?;
    }
    let nodes: Vec<NodeToRegister> = (3_u8..)
        .zip(&loaded.scenario.nodes)
        .map(|(number, node)| NodeToRegister {
            name: node.name.clone(),
            admin_address: format!("10.20.0.{number}"),
            mac: format!("02:42:0a:14:00:{number:02x}"),
            roles: node.roles.clone(),
        })
        .collect();
    let environment = environment::create(
        &client,
        loaded,
        &plugins,
        &nodes,
        &environment::NetworkPlaces::default(),
    )
    .await?;
    let merged = merged(&client, &environment).await?;
    Ok(environment
        .nodes
        .iter()
        .zip(merged)
        .map(|(node, merged)| RenderedNode {
            name: node.name.clone(),
            attributes: merged.attributes,
            tasks: merged.tasks,
        })
        .collect())
}

/// Puts a plugin where the master has it: a package is unpacked, a directory copied without its packages.
fn place_plugin(path: &Utf8Path, plugins: &Utf8Path) -> Result<Unpacked, RunError> {
    if !path.exists() {
        return Err(RunError::Invalid(format!("plugin `{path}` is not there")));
    }
    if !path.is_dir() {
        return plugin_builder::unpack(path, plugins).map_err(|error| RunError::Invalid(error.to_string()));
    }
    let report = plugin_builder::check(path);
    if report.has_errors() {
        return Err(RunError::Invalid(super::build::errors_of(path, &report)));
    }
    let plugin = plugin_builder::Plugin::load(path).map_err(|error| RunError::Invalid(error.to_string()))?;
    let target = plugins.join(plugin.directory_name());
    copy_tree(path, &target).map_err(|error| RunError::infrastructure("cannot copy the plugin", error))?;
    Ok(Unpacked {
        name: plugin.metadata.name.clone(),
        version: plugin.metadata.version.clone(),
        directory: target,
    })
}

/// A plugin's metadata.yaml as `fuel plugins` sends it.
fn read_metadata(directory: &Utf8Path) -> Result<Value, RunError> {
    plugin_builder::yaml::load(&directory.join("metadata.yaml"))
        .map(|node| node.to_json())
        .map_err(|error| RunError::Invalid(error.to_string()))
}

/// Copies a tree; packages are left out but for an empty file in their place, since only their being there matters.
fn copy_tree(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in from.read_dir_utf8()? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if entry.file_name() != ".build" && entry.file_name() != ".git" {
                copy_tree(source, &target)?;
            }
        } else if kind.is_file() {
            match source.extension() {
                Some("deb" | "rpm" | "fp") => fs_err::write(&target, b"")?,
                _ => drop(fs_err::copy(source, &target)?),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: &str = r#"
fuel: "9.2"
environment: {release: mitaka-9.0}
graphs:
  - {type: first, tasks: first.yaml}
  - {type: second, tasks: second.yaml}
nodes:
  - {name: node-1, roles: [controller]}
  - {name: node-2, roles: [compute]}
"#;

    fn scenario(directory: &Utf8Path, text: &str, second: &str) -> LoadedScenario {
        let first = "- {id: one, type: shell, version: 2.0.0, role: ['/.*/'], parameters: {cmd: 'true'}}\n";
        fs_err::write(directory.join("first.yaml"), first).unwrap();
        fs_err::write(directory.join("second.yaml"), second).unwrap();
        LoadedScenario::parse(text, &directory.join("graphs.yaml")).unwrap()
    }

    fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let temporary = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
        (temporary, path)
    }

    #[tokio::test]
    async fn graphs_of_the_scenario_take_the_place_of_the_usual_one_in_their_order() {
        let (_kept, directory) = directory();
        let second = "- {id: two, type: shell, version: 2.0.0, role: [compute], parameters: {cmd: 'true'}}\n";
        let nodes = render(&scenario(&directory, SCENARIO, second)).await.unwrap();
        let ids = nodes.iter().map(|node| {
            let ids = node.tasks.iter().filter_map(|task| task["id"].as_str());
            ids.collect::<Vec<_>>()
        });
        assert_eq!(ids.collect::<Vec<_>>(), [vec!["one"], vec!["one", "two"]]);
    }

    #[tokio::test]
    async fn a_graph_that_cannot_be_run_is_told_with_its_file_and_what_to_do() {
        let (_kept, directory) = directory();
        let no_list = scenario(&directory, SCENARIO, "id: two\n");
        let error = render(&no_list).await.unwrap_err().to_string();
        assert!(
            error.contains("second.yaml: the tasks of graph `second` are no list"),
            "{error}"
        );

        let text = SCENARIO.replace("9.2", "8.0").replace("mitaka-9.0", "liberty-8.0");
        let error = render(&scenario(&directory, &text, "[]\n"))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("Fuel 8.0 has no graphs beside the usual one"), "{error}");

        let text = SCENARIO.replace(", tasks: second.yaml", "");
        let error = render(&scenario(&directory, &text, "[]\n"))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("has a graph `second`\n  hint: name the file"), "{error}");
    }
}
