//! Scripts and manifests that tasks name.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::installed_paths::plugin_directory;
use super::{Subject, topic::Topic};
use crate::check::files::File;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::hook::HOOK_FILE;
use crate::yaml::Node;

pub(super) const TOPIC: Topic = Topic {
    title: "Files that tasks name",
    rules: &[
        &NO_SCRIPTS,
        &MISSING_MANIFEST,
        &MISSING_MODULES,
        &MISSING_SCRIPT,
        &SCRIPT_NOT_EXECUTABLE,
    ],
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

static MISSING_MODULES: Rule = Rule {
    code: "missing-modules",
    severity: Severity::Warning,
    title: "A task names a directory of Puppet modules that the plugin does not have",
    concerns: "every Fuel version; directories with absolute paths are Fuel's own and are not looked for",
    why: "Puppet passes over a directory that is not there, so the task fails as soon as its manifest uses a module of \
          it.",
    fix: "Create the directory below the release's `deployment_scripts_path`, or mend or remove its path.",
    example: "parameters:\n  puppet_modules: puppet/module:/etc/puppet/modules   # puppet/modules",
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
    part: Part,
}

/// What a named file is for the task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Manifest,
    /// A directory of modules.
    Modules,
    /// A script that an interpreter reads.
    Script,
    /// A script that the shell itself must be able to run.
    Executed,
}

impl Part {
    fn missing(self) -> &'static Rule {
        match self {
            Self::Manifest => &MISSING_MANIFEST,
            Self::Modules => &MISSING_MODULES,
            Self::Script | Self::Executed => &MISSING_SCRIPT,
        }
    }
}

fn run(subject: &Subject<'_>, report: &mut Report) {
    let directories = script_directories(subject);
    if directories.is_empty() {
        return;
    }
    // What a task says of the plugin's own directory on a node is as good as a relative path.
    let installed = plugin_directory(subject).map(|name| format!("/etc/fuel/plugins/{name}/"));
    let mut named = Vec::new();
    for name in ["tasks.yaml", "deployment_tasks.yaml"] {
        if let Some((file, items)) = subject.items(name) {
            for task in items {
                collect(file, task, installed.as_deref(), &mut named);
            }
        }
    }
    // What the hook names, it may bring.
    let hook = fs_err::read_to_string(subject.directory.join(HOOK_FILE)).unwrap_or_default();
    let brought = |path: &str| {
        let commands = hook.lines().filter(|line| !line.trim_start().starts_with('#'));
        commands
            .into_iter()
            .any(|line| line.contains(path.trim_end_matches('/')))
    };
    let missing = |path: &str| directories.iter().all(|directory| !directory.join(path).exists()) && !brought(path);
    let first_missing = named
        .iter()
        .find(|named| named.part != Part::Modules && missing(named.path));
    if let Some(first) = first_missing.filter(|_| directories.iter().all(|directory| is_bare(directory))) {
        let message = format!(
            "tasks name files such as `{}`, and {} holds none",
            first.path,
            directories.first().map_or("", |directory| directory.as_str())
        );
        report.push(first.file.place(Finding::of(&NO_SCRIPTS, message), first.node.span));
        return;
    }
    let mut told = HashSet::new();
    for named in &named {
        // Many tasks name one directory of modules.
        if named.part == Part::Modules && !told.insert(named.path) {
            continue;
        }
        if missing(named.path) {
            let places: Vec<String> = directories.iter().map(|one| one.join(named.path).to_string()).collect();
            let finding = Finding::of(
                named.part.missing(),
                format!("there is no `{}` in the plugin", named.path),
            )
            .helping(format!("create {}", places.join(" or ")));
            report.push(named.file.place(finding, named.node.span));
        } else if named.part == Part::Executed {
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

fn collect<'a>(file: &'a File, task: &'a Node, installed: Option<&str>, named: &mut Vec<Named<'a>>) {
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
    let text = |key| {
        let node = parameters.get(key)?;
        Some((node, node.as_str()?.trim()))
    };
    let mut add = |node, path: &'a str, part| {
        let path = installed.and_then(|own| path.strip_prefix(own)).unwrap_or(path);
        if is_plain_relative(path) {
            named.push(Named { file, node, path, part });
        }
    };
    match task.get("type").and_then(Node::as_str) {
        Some("puppet") => {
            if let Some((node, path)) = text("puppet_manifest") {
                add(node, path, Part::Manifest);
            }
            if let Some((node, paths)) = text("puppet_modules") {
                for path in paths.split(':') {
                    add(node, path.trim(), Part::Modules);
                }
            }
        }
        Some("shell") => {
            if let Some((node, command)) = text("cmd")
                && let Some((path, part)) = script(command)
            {
                add(node, path, part);
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
fn script(command: &str) -> Option<(&str, Part)> {
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
        let looks = !path.starts_with('-') && (path.contains('/') || path.contains('.'));
        return looks.then_some((path, Part::Script));
    }
    program.contains('/').then_some((program, Part::Executed))
}

#[cfg(test)]
mod tests {
    use super::{Part, is_plain_relative, script};
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
        let found = script(command).filter(|(path, _)| is_plain_relative(path));
        assert_eq!(found.map(|(path, part)| (path, part == Part::Executed)), expected);
    }
}
