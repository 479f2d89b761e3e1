//! The plugin that tests install. It is compiled into the tests beside the sources as well, which cannot see this crate's
//! own test code.

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{BuildOptions, HostHook};
use serde_json::{Value, json};

/// Its metadata.yaml; JSON is YAML.
pub(crate) fn metadata(version: &str, package_version: &str) -> Value {
    json!({
        "name": "greeter", "title": "Greeter", "version": version, "package_version": package_version,
        "description": "Says hello", "fuel_version": ["9.0"], "licenses": ["Apache License Version 2.0"],
        "authors": ["The authors"], "homepage": "https://example.com", "groups": [], "is_hotpluggable": true,
        "releases": [{"os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"],
            "deployment_scripts_path": "deployment_scripts/", "repository_path": "repositories/ubuntu"}],
    })
}

/// Writes it into a directory, with all files that any format knows.
pub(crate) fn write(directory: &Utf8Path, metadata: &Value) {
    for folder in ["deployment_scripts", "repositories/ubuntu", "repositories/centos"] {
        fs_err::create_dir_all(directory.join(folder)).unwrap();
    }
    let metadata = metadata.to_string();
    let files = [
        ("metadata.yaml", metadata.as_str()),
        (
            "environment_config.yaml",
            "attributes:\n  greeting:\n    {type: text, label: Greeting, description: What to say, weight: 10, value: hello}\n",
        ),
        ("tasks.yaml", "[]\n"),
        (
            "deployment_tasks.yaml",
            "- {id: greet, type: shell, version: 2.0.0, role: ['*'], requires: [post_deployment_start], required_for: [post_deployment_end], parameters: {cmd: 'true', timeout: 30}}\n",
        ),
        ("node_roles.yaml", "{}\n"),
        ("volumes.yaml", "volumes: []\nvolumes_roles_mapping: {}\n"),
        ("network_roles.yaml", "[]\n"),
        ("components.yaml", "[]\n"),
    ];
    for (name, content) in files {
        fs_err::write(directory.join(name), content).unwrap();
    }
}

/// Writes it and builds its package.
pub(crate) fn build(directory: &Utf8Path, metadata: &Value) -> Utf8PathBuf {
    write(directory, metadata);
    let options = BuildOptions {
        hook: &HostHook,
        source_date_epoch: Some(0),
        progress: &|_| {},
    };
    plugin_builder::build(directory, &options).unwrap().package
}
