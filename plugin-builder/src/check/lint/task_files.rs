//! Scripts and manifests that tasks name.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Subject, topic::Topic};
use crate::check::files::File;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::yaml::Node;

pub(super) const TOPIC: Topic = Topic {
    title: "Files that tasks name",
    rules: &[&NO_SCRIPTS, &MISSING_MANIFEST, &MISSING_SCRIPT, &SCRIPT_NOT_EXECUTABLE],
    run,
};

static NO_SCRIPTS: Rule = Rule {
    code: "no-scripts",
    severity: Severity::Warning,
    title: "Tasks name scripts or manifests, and the plugin has none at all",
    concerns: "every Fuel version",
    why: "The tasks fail on the nodes: only what lies in `deployment_scripts_path` is copied to them.",
    fix: "Put the files below the release's `deployment_scripts_path`; if a pre_build_hook brings them, leave the finding \
          out with `--allow no-scripts`.",
    example: "# deployment_scripts/ holds nothing but .gitkeep\n- parameters:\n    cmd: ./deploy.sh",
};

static MISSING_MANIFEST: Rule = Rule {
    code: "missing-manifest",
    severity: Severity::Warning,
    title: "A task names a Puppet manifest that the plugin does not have",
    concerns: "every Fuel version; manifests with absolute paths are Fuel's own and are not looked for",
    why: "The task fails on every node: a relative path is one below /etc/fuel/plugins/<plugin>/, where \
          `deployment_scripts_path` is copied to.",
    fix: "Create the manifest below the release's `deployment_scripts_path`, or mend its path.",
    example: "parameters:\n  puppet_manifest: puppet/manifests/databse.pp",
};

static MISSING_SCRIPT: Rule = Rule {
    code: "missing-script",
    severity: Severity::Warning,
    title: "A shell task runs a script that the plugin does not have",
    concerns: "every Fuel version; only words that are plainly a relative path are looked for",
    why: "The task fails on every node: a relative path is one below /etc/fuel/plugins/<plugin>/, where \
          `deployment_scripts_path` is copied to.",
    fix: "Create the script below the release's `deployment_scripts_path`, or mend its path.",
    example: "parameters:\n  cmd: ./delpoy.sh",
};

static SCRIPT_NOT_EXECUTABLE: Rule = Rule {
    code: "script-not-executable",
    severity: Severity::Warning,
    title: "A shell task runs a script that is not executable",
    concerns: "every Fuel version",
    why: "The shell answers \"Permission denied\", and the task fails.",
    fix: "Run `chmod +x` on the script (and `git update-index --chmod=+x`), or name the interpreter: `bash deploy.sh`.",
    example: "parameters:\n  cmd: ./deploy.sh   # mode 0644",
};

/// A file that a task names.
struct Named<'a> {
    file: &'a File,
    node: &'a Node,
    path: &'a str,
    manifest: bool,
    /// Whether the shell itself must be able to run it.
    executed: bool,
}

fn run(subject: &Subject<'_>, report: &mut Report) {
    let directories = script_directories(subject);
    if directories.is_empty() {
        return;
    }
    let mut named = Vec::new();
    for name in ["tasks.yaml", "deployment_tasks.yaml"] {
        if let Some((file, items)) = subject.items(name) {
            for task in items {
                collect(file, task, &mut named);
            }
        }
    }
    let missing = |path: &str| directories.iter().all(|directory| !directory.join(path).exists());
    let all_missing = named.iter().filter(|named| missing(named.path)).count();
    if all_missing > 0 && directories.iter().all(|directory| is_bare(directory)) {
        if let Some(first) = named.iter().find(|named| missing(named.path)) {
            let message = format!(
                "tasks name files such as `{}`, and {} holds none",
                first.path,
                directories.first().map_or("", |directory| directory.as_str())
            );
            report.push(first.file.place(Finding::of(&NO_SCRIPTS, message), first.node.span));
        }
        return;
    }
    for named in &named {
        let rule = if named.manifest {
            &MISSING_MANIFEST
        } else {
            &MISSING_SCRIPT
        };
        if missing(named.path) {
            let places: Vec<String> = directories.iter().map(|one| one.join(named.path).to_string()).collect();
            let finding = Finding::of(rule, format!("there is no `{}` in the plugin", named.path))
                .helping(format!("create {}", places.join(" or ")));
            report.push(named.file.place(finding, named.node.span));
        } else if named.executed {
            let plain = directories
                .iter()
                .map(|directory| directory.join(named.path))
                .find(|path| {
                    fs_err::metadata(path).is_ok_and(|metadata| metadata.is_file() && !is_executable(&metadata))
                });
            if let Some(path) = plain {
                let finding = Finding::of(&SCRIPT_NOT_EXECUTABLE, format!("`{}` is not executable", named.path))
                    .helping(format!("chmod +x {path}"));
                report.push(named.file.place(finding, named.node.span));
            }
        }
    }
}

/// The existing directories that become /etc/fuel/plugins/<plugin>/, each once.
fn script_directories(subject: &Subject<'_>) -> Vec<Utf8PathBuf> {
    let mut directories = Vec::new();
    for release in subject.releases() {
        let path = release.get("deployment_scripts_path").and_then(Node::as_str);
        if let Some(directory) = path
            .map(|path| subject.directory.join(path))
            .filter(|path| path.is_dir())
            && !directories.contains(&directory)
        {
            directories.push(directory);
        }
    }
    directories
}

/// Whether anybody may execute a file.
#[cfg(unix)]
pub(super) fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

/// Where files have no such mode, all are taken for executable.
#[cfg(not(unix))]
pub(super) fn is_executable(_metadata: &std::fs::Metadata) -> bool {
    true
}

/// Whether a directory holds nothing but hidden files, such as .gitkeep.
fn is_bare(directory: &Utf8Path) -> bool {
    directory
        .read_dir_utf8()
        .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| entry.file_name().starts_with('.'))))
}

fn collect<'a>(file: &'a File, task: &'a Node, named: &mut Vec<Named<'a>>) {
    let Some(parameters) = task
        .get("parameters")
        .filter(|parameters| parameters.get("cwd").is_none())
    else {
        return;
    };
    // A task for the master runs in a place of its own.
    if task.get("role").and_then(Node::as_str) == Some("master") {
        return;
    }
    match task.get("type").and_then(Node::as_str) {
        Some("puppet") => {
            let manifest = parameters.get("puppet_manifest");
            if let Some((node, path)) = manifest.and_then(|node| Some((node, node.as_str()?.trim())))
                && is_plain_relative(path)
            {
                named.push(Named {
                    file,
                    node,
                    path,
                    manifest: true,
                    executed: false,
                });
            }
        }
        Some("shell") => {
            if let Some((node, command)) = parameters.get("cmd").and_then(|node| Some((node, node.as_str()?)))
                && let Some((path, executed)) = script(command)
            {
                named.push(Named {
                    file,
                    node,
                    path,
                    manifest: false,
                    executed,
                });
            }
        }
        _ => {}
    }
}

fn is_plain_relative(path: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._-/+".contains(character);
    !path.is_empty() && !path.starts_with('/') && !path.contains("..") && path.chars().all(plain)
}

/// The script that a command plainly runs first, and whether the shell runs it itself. What is more than words is left
/// alone: variables, substitutions, conditions.
fn script(command: &str) -> Option<(&str, bool)> {
    let first = command.split(['\n', ';', '|', '&', '>', '<']).next()?;
    if first.contains(['$', '`', '*', '(', '{', '\'', '"', '\\', '=']) {
        return None;
    }
    let mut words = first.split_whitespace();
    let program = words.next()?;
    if matches!(
        program,
        "bash" | "sh" | "/bin/bash" | "/bin/sh" | "python" | "ruby" | "perl"
    ) {
        let path = words.next()?;
        let looks = is_plain_relative(path) && !path.starts_with('-') && (path.contains('/') || path.contains('.'));
        return looks.then_some((path, false));
    }
    (is_plain_relative(program) && program.contains('/')).then_some((program, true))
}

#[cfg(test)]
mod tests {
    use super::script;
    use rstest::rstest;

    #[rstest]
    #[case("./deploy.sh", Some(("./deploy.sh", true)))]
    #[case("bash deploy.sh > /tmp/log 2>&1", Some(("deploy.sh", false)))]
    #[case("/bin/bash controller.sh", Some(("controller.sh", false)))]
    #[case("scripts/a.sh && scripts/b.sh", Some(("scripts/a.sh", true)))]
    #[case("echo all > /tmp/plugin.all", None)]
    #[case("bash -c 'x'", None)]
    #[case("bash -x a.sh", None)]
    #[case("cd x && ./y.sh", None)]
    #[case("$HOME/x.sh", None)]
    #[case("ruby /etc/puppet/modules/a.rb", None)]
    #[case("sh /var/www/nailgun/plugins/x.sh {CLUSTER_ID}", None)]
    fn only_a_plain_relative_path_is_taken_for_a_script(#[case] command: &str, #[case] expected: Option<(&str, bool)>) {
        assert_eq!(script(command), expected);
    }
}
