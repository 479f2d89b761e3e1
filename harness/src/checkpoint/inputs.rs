//! What a task depends on: its parameters as Astute gets them, and the plugin's files that it may use.
//!
//! A Puppet task uses its manifest and all of its modules; any task uses what its parameters name, and what the files
//! that are named so name in turn. A file that no task names may be used by each: it is an input of all tasks of plugins.
//! So what is left out of a task's inputs is only what other tasks name and this one does not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::TaskOnNode;
use super::mentions::Names;
use super::sources::Scripts;

/// What a task depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inputs {
    /// Its type.
    pub(crate) kind: String,
    /// Its parameters, and what else of the task decides how it runs.
    pub(crate) parameters: Map<String, Value>,
    /// SHA-256 of the files that it may use, by absolute path on a node.
    pub(crate) files: BTreeMap<String, String>,
}

/// The inputs of every task of a graph (`{node: [task, …]}`) that does something.
pub(crate) fn inputs(graph: &Value, scripts: &Scripts, core: &BTreeSet<String>) -> BTreeMap<TaskOnNode, Inputs> {
    let names = Names::new(scripts.files.keys().map(String::as_str));
    let texts = Texts::new(scripts, &names);
    let mut known: BTreeMap<TaskOnNode, (Inputs, BTreeSet<&str>)> = BTreeMap::new();
    for (uid, tasks) in graph.as_object().into_iter().flatten() {
        for task in tasks.as_array().into_iter().flatten() {
            let kind = task["type"].as_str().unwrap_or_default();
            let id = task["id"].as_str().unwrap_or_default();
            if crate::verdict::does_nothing(kind) {
                continue;
            }
            let named = if core.contains(id) {
                BTreeSet::new()
            } else {
                texts.closed(named_by(task, &names))
            };
            let inputs = Inputs {
                kind: kind.to_owned(),
                parameters: parameters(task),
                files: BTreeMap::new(),
            };
            known.insert((uid.clone(), id.to_owned()), (inputs, named));
        }
    }
    let named: BTreeSet<&str> = known.values().flat_map(|(_, named)| named.iter().copied()).collect();
    known
        .into_iter()
        .map(|(task, (mut inputs, own))| {
            let uses_files = !core.contains(&task.1);
            let used = scripts.files.iter().filter(|(path, _)| {
                let path = path.as_str();
                uses_files && (own.contains(path) || !named.contains(path))
            });
            inputs.files = used
                .map(|(path, script)| (path.clone(), script.digest.to_string()))
                .collect();
            (task, inputs)
        })
        .collect()
}

/// What decides how a task runs, without its place in the graph.
fn parameters(task: &Value) -> Map<String, Value> {
    let mut parameters = task["parameters"].as_object().cloned().unwrap_or_default();
    for name in ["fail_on_error"] {
        if let Some(value) = task.get(name) {
            parameters.insert(name.to_owned(), value.clone());
        }
    }
    parameters
}

/// The files that a task's parameters name.
fn named_by<'a>(task: &Value, names: &Names<'a>) -> BTreeSet<&'a str> {
    let parameters = &task["parameters"];
    let cwd = parameters["cwd"].as_str().unwrap_or("/");
    let mut named = BTreeSet::new();
    for (name, value) in parameters.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("cwd", _) => {}
            ("puppet_manifest", Value::String(path)) => named.extend(names.below(&absolute(cwd, path))),
            ("puppet_modules", Value::String(paths)) => {
                for path in paths.split(':') {
                    named.extend(names.below(&absolute(cwd, path)));
                }
            }
            (_, value) => in_value(value, names, &mut named),
        }
    }
    named
}

fn in_value<'a>(value: &Value, names: &Names<'a>, named: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => named.extend(names.in_text(text, false)),
        Value::Array(items) => items.iter().for_each(|item| in_value(item, names, named)),
        Value::Object(members) => members.values().for_each(|member| in_value(member, names, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A path of a task, from its working directory, without `.` and `..`.
fn absolute(cwd: &str, path: &str) -> String {
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{cwd}/{path}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// What each file names itself.
struct Texts<'a> {
    named: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Texts<'a> {
    fn new(scripts: &'a Scripts, names: &Names<'a>) -> Self {
        let named = scripts.files.iter().map(|(path, script)| {
            let named = script
                .text()
                .map(|text| names.in_text(&text, path.ends_with(".pp")))
                .unwrap_or_default();
            (path.as_str(), named)
        });
        Self { named: named.collect() }
    }

    /// These files, what they name, what that names, and so on.
    fn closed(&self, files: BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let mut closed = files.clone();
        let mut left: Vec<&str> = files.into_iter().collect();
        while let Some(file) = left.pop() {
            for named in self.named.get(file).into_iter().flatten() {
                if closed.insert(named) {
                    left.push(named);
                }
            }
        }
        closed
    }
}

#[cfg(test)]
pub(super) mod tests {
    use camino::Utf8Path;
    use serde_json::json;

    use super::*;
    use crate::capture::Digest;
    use crate::checkpoint::sources::Script;

    const ROOT: &str = "/etc/fuel/plugins/mine-1.0/";

    /// Files with these contents, in a directory that goes with the first of the two.
    pub(in crate::checkpoint) fn scripts(files: &[(&str, &str)]) -> (tempfile::TempDir, Scripts) {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(temporary.path()).unwrap();
        let mut scripts = Scripts::default();
        for (path, content) in files {
            let source = directory.join(path);
            fs_err::create_dir_all(source.parent().unwrap()).unwrap();
            fs_err::write(&source, content).unwrap();
            let digest = Digest::of(content.as_bytes());
            scripts.files.insert(format!("{ROOT}{path}"), Script { digest, source });
        }
        (temporary, scripts)
    }

    fn used(inputs: &BTreeMap<TaskOnNode, Inputs>, task: &str) -> Vec<String> {
        let inputs = &inputs[&("1".to_owned(), task.to_owned())];
        inputs
            .files
            .keys()
            .map(|path| path.trim_start_matches(ROOT).to_owned())
            .collect()
    }

    #[test]
    fn a_task_uses_what_it_names_and_what_nobody_names() {
        let (_directory, scripts) = scripts(&[
            ("a.sh", "#!/bin/sh\n. ./functions.sh\n"),
            ("b.sh", "#!/bin/sh\ntrue\n"),
            ("functions.sh", ""),
            ("data.bin", ""),
            ("puppet/manifests/site.pp", "include mine\n"),
            ("puppet/manifests/other.pp", ""),
            ("puppet/modules/mine/manifests/init.pp", ""),
        ]);
        let shell = |id: &str, cmd: &str| json!({"id": id, "type": "shell", "parameters": {"cmd": cmd, "cwd": ROOT}});
        let puppet = |id: &str, manifest: &str| {
            json!({"id": id, "type": "puppet", "parameters": {
                "cwd": ROOT, "puppet_manifest": manifest, "puppet_modules": "puppet/modules:/etc/puppet/modules"}})
        };
        let graph = json!({"null": [{"id": "deploy_start", "type": "stage"}], "1": [
            shell("core", "sh a.sh"), shell("first", "./a.sh"), shell("second", "bash b.sh"),
            puppet("third", "puppet/manifests/site.pp"), puppet("fourth", "puppet/manifests/other.pp"),
        ]});
        let inputs = inputs(&graph, &scripts, &BTreeSet::from(["core".to_owned()]));
        assert_eq!(inputs.len(), 5);
        assert_eq!(used(&inputs, "core"), Vec::<String>::new());
        assert_eq!(used(&inputs, "first"), ["a.sh", "data.bin", "functions.sh"]);
        assert_eq!(used(&inputs, "second"), ["b.sh", "data.bin"]);
        assert_eq!(
            used(&inputs, "third"),
            [
                "data.bin",
                "puppet/manifests/site.pp",
                "puppet/modules/mine/manifests/init.pp"
            ]
        );
        assert_eq!(
            used(&inputs, "fourth"),
            [
                "data.bin",
                "puppet/manifests/other.pp",
                "puppet/modules/mine/manifests/init.pp"
            ]
        );
    }

    #[test]
    fn paths_start_from_the_working_directory() {
        assert_eq!(absolute("/etc/x/", "../y/./z.pp"), "/etc/y/z.pp");
        assert_eq!(absolute("/etc/x", "/a//b"), "/a/b");
    }
}
