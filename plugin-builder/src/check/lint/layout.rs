//! The plugin's directory, and what metadata.yaml says of Fuel versions.

use super::task_files::is_executable;
use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};
use crate::hook::HOOK_FILE;
use crate::yaml::Node;

pub(super) const TOPIC: Topic = Topic {
    title: "The plugin's directory and releases",
    rules: &[
        &HOOK_NOT_EXECUTABLE,
        &NO_LICENSE,
        &EMPTY_REPOSITORY,
        &RELEASE_WITHOUT_FUEL,
        &FUEL_WITHOUT_RELEASE,
    ],
    run,
};

static HOOK_NOT_EXECUTABLE: Rule = Rule {
    code: "hook-not-executable",
    severity: Severity::Warning,
    title: "pre_build_hook is not executable",
    concerns: "every package version",
    why: "The build skips the hook without a word.",
    fix: "Run `chmod +x pre_build_hook` (and `git update-index --chmod=+x pre_build_hook`), or delete it.",
    example: "# ls -l\n# -rw-r--r-- pre_build_hook",
};

static NO_LICENSE: Rule = Rule {
    code: "no-license",
    severity: Severity::Note,
    title: "The plugin has no LICENSE file",
    concerns: "every package version",
    why: "Whoever gets the package cannot see under what terms; certification asks for it.",
    fix: "Put the text of the licence that metadata.yaml names into LICENSE.",
    example: "licenses: ['Apache License Version 2.0']   # and no LICENSE beside metadata.yaml",
};

static EMPTY_REPOSITORY: Rule = Rule {
    code: "empty-repository",
    severity: Severity::Note,
    title: "A release's repository directory holds nothing, not even a hidden file",
    concerns: "every package version",
    why: "Git keeps no empty directory, so the builder refuses a clone of the plugin, and the nodes get no packages from it.",
    fix: "Put the packages there, or an empty .gitkeep if a pre_build_hook brings them or the plugin needs none.",
    example: "repository_path: repositories/ubuntu   # and nothing is in it",
};

static RELEASE_WITHOUT_FUEL: Rule = Rule {
    code: "release-without-fuel",
    severity: Severity::Note,
    title: "A release belongs to a Fuel version that `fuel_version` does not name",
    concerns: "every Fuel version",
    why: "Nailgun goes by `releases` alone and offers the plugin there; the builder and people go by `fuel_version`.",
    fix: "Add the Fuel version, or remove the release.",
    example: "fuel_version: ['8.0']\nreleases:\n- version: mitaka-9.0",
};

static FUEL_WITHOUT_RELEASE: Rule = Rule {
    code: "fuel-without-release",
    severity: Severity::Warning,
    title: "`fuel_version` names a Fuel that no release belongs to",
    concerns: "every Fuel version",
    why: "Nailgun goes by `releases` alone: on that Fuel the plugin can be installed, and no environment offers it.",
    fix: "Add the release of that Fuel version (8.0: liberty-8.0, 9.0: mitaka-9.0), or remove the Fuel version.",
    example: "fuel_version: ['8.0', '9.0']\nreleases:\n- version: mitaka-9.0",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let hook = subject.directory.join(HOOK_FILE);
    if fs_err::metadata(&hook).is_ok_and(|metadata| metadata.is_file() && !is_executable(&metadata)) {
        let finding = Finding::of(
            &HOOK_NOT_EXECUTABLE,
            "pre_build_hook is not executable, so no build runs it",
        );
        report.push(finding.in_file(&hook).helping(format!("chmod +x {hook}")));
    }
    let names = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"];
    if !names.iter().any(|name| subject.directory.join(name).exists()) {
        let finding = Finding::of(&NO_LICENSE, "the plugin has no LICENSE file");
        report.push(finding.in_file(&subject.directory.join("LICENSE")));
    }
    empty_repositories(subject, report);
    fuel_versions(subject, report);
}

fn empty_repositories(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, _)) = subject.tree("metadata.yaml") else {
        return;
    };
    for release in subject.releases() {
        let Some((node, path)) = release
            .get("repository_path")
            .and_then(|node| Some((node, node.as_str()?)))
        else {
            continue;
        };
        let directory = subject.directory.join(path);
        if fs_err::read_dir(&directory).is_ok_and(|mut entries| entries.next().is_none()) {
            let finding = Finding::of(&EMPTY_REPOSITORY, format!("`{path}` holds nothing")).helping(format!(
                "put the packages there, or run `touch {}`",
                directory.join(".gitkeep")
            ));
            report.push(file.place(finding, node.span));
        }
    }
}

/// The first two numbers: `9.0` and `9.2` are one series, with the release mitaka-9.0.
fn series(version: &str) -> &str {
    if version.starts_with("9.") {
        "9"
    } else {
        version.get(..version.len().min(3)).unwrap_or(version)
    }
}

fn fuel_versions(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tree)) = subject.tree("metadata.yaml") else {
        return;
    };
    let named = tree.get("fuel_version").and_then(Node::as_sequence).unwrap_or_default();
    let versions: Vec<(&str, &Node)> = named.iter().filter_map(|node| Some((node.as_str()?, node))).collect();
    if versions.is_empty() || subject.fuels.is_empty() {
        return;
    }
    for (version, node) in &versions {
        if !subject
            .fuels
            .iter()
            .any(|fuel| series(&fuel.version) == series(version))
        {
            let message = format!("no release is one of Fuel {version}");
            report.push(file.place(Finding::of(&FUEL_WITHOUT_RELEASE, message), node.span));
        }
    }
    for release in subject.releases() {
        let Some(node) = release.get("version") else { continue };
        let Some((_, fuel)) = node.as_str().and_then(|text| text.split_once('-')) else {
            continue;
        };
        if !versions.iter().any(|(version, _)| series(version) == series(fuel)) {
            let message = format!("`fuel_version` does not name Fuel {fuel}, which this release belongs to");
            report.push(file.place(Finding::of(&RELEASE_WITHOUT_FUEL, message), node.span));
        }
    }
}
