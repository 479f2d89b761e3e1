//! Paths in tasks that say where the plugin lies once it is installed: on the master and on the nodes.

use super::setting::plugin_name;
use super::{Subject, topic::Topic};
use crate::check::files::File;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::metadata::Metadata;
use crate::yaml::Node;

pub(super) const TOPIC: Topic = Topic {
    title: "Paths of the installed plugin",
    rules: &[&STALE_PATH, &MISSING_SOURCE],
    run,
};

static STALE_PATH: Rule = Rule {
    code: "stale-path",
    severity: Severity::Warning,
    title: "A task names the directory of another version of the plugin",
    concerns: "every Fuel version; parameters of tasks",
    why: "The plugin lies in <name>-<major.minor>, and in <name>-<whole version> with package version 1.0.0: below \
          /var/www/nailgun/plugins on the master, and below /etc/fuel/plugins on the nodes.",
    fix: "Write the directory of this version; on the nodes a relative path needs none.",
    example: "# metadata.yaml: name trove, version 2.0.0\nparameters:\n  cmd: bash /etc/fuel/plugins/trove-1.0/deploy.sh",
};

static MISSING_SOURCE: Rule = Rule {
    code: "missing-source",
    severity: Severity::Warning,
    title: "A task copies a file that the plugin does not have",
    concerns: "every Fuel version that has the task type; `src` of sync and copy_files, where it names the plugin's own \
               directory on the master, and relative paths of copy_files",
    why: "The task fails: the sources are read on the master, where only what the package holds is below \
          /var/www/nailgun/plugins/<plugin>/. A file that is copied must be a file, and no directory.",
    fix: "Put the file into the plugin, or mend the path.",
    example: "type: copy_files\nparameters:\n  files:\n  - src: /var/www/nailgun/plugins/trove-1.0/conf/trove.cnof\n    \
              dst: /etc/trove.conf",
};

/// The name of the plugin's directory once it is installed: `trove-1.0`.
pub(super) fn plugin_directory(subject: &Subject<'_>) -> Option<String> {
    let (_, tree) = subject.tree("metadata.yaml")?;
    Some(Metadata::from_node(tree).ok()?.directory_name())
}

fn run(subject: &Subject<'_>, report: &mut Report) {
    let (Some(name), Some(own)) = (plugin_name(subject), plugin_directory(subject)) else {
        return;
    };
    for file_name in ["tasks.yaml", "deployment_tasks.yaml"] {
        let Some((file, items)) = subject.items(file_name) else {
            continue;
        };
        for task in items {
            let Some(parameters) = task.get("parameters") else {
                continue;
            };
            stale(file, parameters, name, &own, report);
            for (source, single) in sources(task, parameters) {
                missing(subject, file, source, single, &own, report);
            }
        }
    }
}

/// Looks at every text below a node.
fn stale(file: &File, node: &Node, name: &str, own: &str, report: &mut Report) {
    if let Some(text) = node.as_str() {
        if let Some(other) = other_version(text, name, own) {
            let message = format!("this plugin lies in `{own}`, and not in `{other}`");
            let finding = Finding::of(&STALE_PATH, message).helping(format!("write `{own}`"));
            report.push(file.place(finding, node.span));
        }
        return;
    }
    for (_, value) in node.as_mapping().into_iter().flat_map(|mapping| mapping.iter()) {
        stale(file, value, name, own, report);
    }
    for item in node.as_sequence().unwrap_or_default() {
        stale(file, item, name, own, report);
    }
}

/// A directory of this plugin's name and another version: what follows `plugins/` or `../`.
fn other_version<'a>(text: &'a str, name: &str, own: &str) -> Option<&'a str> {
    let starts = text.match_indices(name).map(|(at, _)| at);
    for start in starts {
        let (before, rest) = text.split_at(start);
        if !before.ends_with("/plugins/") && !before.ends_with("../") {
            continue;
        }
        let ends = |character: char| !(character.is_ascii_alphanumeric() || "._-+".contains(character));
        let directory = rest.split(ends).next().unwrap_or(rest);
        let version = directory.get(name.len()..).and_then(|rest| rest.strip_prefix('-'));
        let is_version = |version: &str| {
            version.starts_with(|first: char| first.is_ascii_digit())
                && version
                    .chars()
                    .all(|character| character.is_ascii_digit() || ".ab".contains(character))
        };
        // A variable may follow: trove-1.{minor}.
        let is_whole = !rest
            .get(directory.len()..)
            .is_some_and(|next| next.starts_with(['{', '$', '*', '?', '[']));
        if version.is_some_and(is_version) && is_whole && directory != own {
            return Some(directory);
        }
    }
    None
}

/// What a task copies, and whether it must be a single file.
fn sources<'a>(task: &Node, parameters: &'a Node) -> Vec<(&'a Node, bool)> {
    match task.get("type").and_then(Node::as_str) {
        Some("sync") => parameters
            .get("src")
            .map(|source| (source, false))
            .into_iter()
            .collect(),
        Some("copy_files") => {
            let files = parameters.get("files").and_then(Node::as_sequence).unwrap_or_default();
            files.iter().filter_map(|file| Some((file.get("src")?, true))).collect()
        }
        _ => Vec::new(),
    }
}

fn missing(subject: &Subject<'_>, file: &File, source: &Node, single: bool, own: &str, report: &mut Report) {
    let Some(text) = source.as_str().map(str::trim).filter(|text| !text.is_empty()) else {
        return;
    };
    let tell = |message: String, help: String, report: &mut Report| {
        report.push(file.place(Finding::of(&MISSING_SOURCE, message).helping(help), source.span));
    };
    if single && !text.starts_with(['/', '{', '$']) {
        let message = format!("copy_files reads `{text}` on the master, where it is no path of the plugin");
        tell(
            message,
            format!("write `/var/www/nailgun/plugins/{own}/{text}`"),
            report,
        );
        return;
    }
    let Some((before, below)) = text.split_once(&format!("/plugins/{own}/")) else {
        return;
    };
    let on_master = before == "/var/www/nailgun" || before.starts_with("rsync://");
    if !on_master || below.contains(['{', '*', '?', '[', '$', ' ']) || below.split('/').any(|part| part == "..") {
        return;
    }
    let path = subject.directory.join(below);
    if !path.exists() {
        tell(
            format!("there is no `{below}` in the plugin"),
            format!("create {path}"),
            report,
        );
    } else if single && path.is_dir() {
        tell(
            format!("`{below}` is a directory, and copy_files copies files"),
            "name each file, or use a task of type sync".to_owned(),
            report,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::other_version;
    use rstest::rstest;

    #[rstest]
    #[case("/etc/fuel/plugins/trove-1.0/modules:/etc/puppet/modules", Some("trove-1.0"))]
    #[case("bash /var/www/nailgun/plugins/trove-2.0.0/x.sh", Some("trove-2.0.0"))]
    #[case("modules:../trove-1.5/modules", Some("trove-1.5"))]
    #[case("/etc/fuel/plugins/trove-2.0/x && ls /etc/fuel/plugins/trove-3.0", Some("trove-3.0"))]
    #[case("/etc/fuel/plugins/trove-2.0/modules", None)]
    #[case("/etc/fuel/plugins/trove-guest-1.0/modules", None)]
    #[case("/etc/fuel/plugins/trove-1.{MINOR}/modules", None)]
    #[case("/etc/fuel/plugins/trove-*/modules", None)]
    #[case("/opt/trove-1.0", None)]
    fn only_the_plugin_s_own_directory_of_another_version_is_stale(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(other_version(text, "trove", "trove-2.0"), expected);
    }
}
