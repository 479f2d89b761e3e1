//! What a plugin of Fuel must not do: the framework's own constraints.

use super::plugin_contents::{self, Content};
use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};
use crate::yaml::{Mapping, Node, Span};

pub(super) const TOPIC: Topic = Topic {
    title: "Constraints on plugins",
    rules: &[
        &CONSTRAINT_PYTHON,
        &CONSTRAINT_KERNEL,
        &CONSTRAINT_BOOTSTRAP,
        &CONSTRAINT_PROVISIONING,
        &CONSTRAINT_DATABASE,
    ],
    run,
};

static CONSTRAINT_PYTHON: Rule = Rule {
    code: "constraint-python",
    severity: Severity::Warning,
    title: "The plugin holds Python code",
    concerns: "every Fuel version",
    why: "A plugin is data, scripts and packages; it must not change the master's logic and should hold no Python at all. \
          Whatever lies in its directory goes into its package.",
    fix: "Do it in shell or Puppet, or ship it as a package in the plugin's repository; keep tools and tests outside of the \
          plugin's directory.",
    example: "# deployment_scripts/configure.py",
};

static CONSTRAINT_KERNEL: Rule = Rule {
    code: "constraint-kernel",
    severity: Severity::Warning,
    title: "The plugin brings a kernel",
    concerns: "every Fuel version",
    why: "A plugin cannot add a kernel: nodes are provisioned with Fuel's, and the drivers of other plugins are built for it. \
          The plugin's repository has a higher priority than Fuel's, so its kernel would be installed with the next update.",
    fix: "Leave the kernel out of the repository; ship a driver as a DKMS package.",
    example: "# repositories/ubuntu/linux-image-4.4.0-31-generic_4.4.0-31.50_amd64.deb",
};

static CONSTRAINT_BOOTSTRAP: Rule = Rule {
    code: "constraint-bootstrap",
    severity: Severity::Warning,
    title: "The plugin touches the bootstrap image",
    concerns: "every Fuel version",
    why: "A plugin can neither change nor add a bootstrap image: every environment of the master discovers its nodes with it, \
          whether it uses the plugin or not.",
    fix: "Leave the image alone; tell operators in the plugin's guide what hardware needs another image.",
    example: "# post_install.sh\nfuel-bootstrap build --activate",
};

static CONSTRAINT_PROVISIONING: Rule = Rule {
    code: "constraint-provisioning",
    severity: Severity::Warning,
    title: "The plugin changes provisioning data",
    concerns: "every Fuel version",
    why: "A plugin cannot change how Fuel installs nodes: Cobbler's profiles and systems, the disks of Fuel's own roles, the \
          kernel's parameters and the repositories to install from belong to Fuel.",
    fix: "Give disks only to the plugin's own roles, with volumes of its own; leave the rest to tasks after provisioning.",
    example: "# volumes.yaml\nvolumes_roles_mapping:\n  controller: [{allocate_size: min, id: trove}]   # a role of the plugin's own",
};

static CONSTRAINT_DATABASE: Rule = Rule {
    code: "constraint-database",
    severity: Severity::Warning,
    title: "The plugin touches Nailgun's database",
    concerns: "every Fuel version",
    why: "A plugin cannot change the schema of Nailgun's database, and what it writes there by hand breaks with the next \
          update of Fuel.",
    fix: "Use the REST API or the `fuel` command.",
    example: "# post_install.sh\nsudo -u postgres psql nailgun -c 'ALTER TABLE …'",
};

/// Roles whose disks are Fuel's.
const CORE_ROLES: &[&str] = &[
    "controller",
    "compute",
    "cinder",
    "cinder-block-device",
    "cinder-vmware",
    "ceph-osd",
    "mongo",
    "base-os",
    "virt",
    "compute-vmware",
    "ironic",
    "zabbix-server",
];

/// Settings of Fuel's from which provisioning takes its data.
const PROVISIONING_SECTIONS: &[&str] = &["settings:provision.", "settings:kernel_params.", "settings:repo_setup."];

fn run(subject: &Subject<'_>, report: &mut Report) {
    volumes(subject, report);
    components(subject, report);
    for name in ["tasks.yaml", "deployment_tasks.yaml"] {
        if let Some((file, _)) = subject.tree(name) {
            lines(&file.path, &file.text, report);
        }
    }
    let mut python = Vec::new();
    for Content { path, kind, text } in plugin_contents::of(subject.directory) {
        match kind {
            plugin_contents::Kind::Python => python.push(path),
            plugin_contents::Kind::Package => {
                if let Some(package) = path.file_name().and_then(kernel_package) {
                    let message = format!("`{package}` is a kernel, or a part of one");
                    let finding = Finding::of(&CONSTRAINT_KERNEL, message).helping("leave it out of the repository");
                    report.push(finding.in_file(&path));
                }
            }
            plugin_contents::Kind::BootImage => {
                let message = "this is a part of a bootstrap image";
                let finding = Finding::of(&CONSTRAINT_BOOTSTRAP, message).helping("leave it out of the plugin");
                report.push(finding.in_file(&path));
            }
            plugin_contents::Kind::Script => lines(&path, &text, report),
        }
    }
    if let Some(first) = python.first() {
        let message = match python.len() {
            1 => "the plugin holds a file of Python code".to_owned(),
            count => format!("the plugin holds {count} files of Python code, of which this is the first"),
        };
        let finding =
            Finding::of(&CONSTRAINT_PYTHON, message).helping("do it in shell or Puppet, or ship it as a package");
        report.push(finding.in_file(first));
    }
}

fn volumes(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tree)) = subject.tree("volumes.yaml") else {
        return;
    };
    let mapping = tree.get("volumes_roles_mapping").and_then(Node::as_mapping);
    for (key, _) in mapping.into_iter().flat_map(Mapping::iter) {
        if let Some(role) = key.as_str().filter(|role| CORE_ROLES.contains(role)) {
            let message = format!("the disks of the role `{role}` are Fuel's");
            let finding =
                Finding::of(&CONSTRAINT_PROVISIONING, message).helping("give the volume to a role of the plugin's own");
            report.push(file.place(finding, key.span));
        }
    }
}

fn components(subject: &Subject<'_>, report: &mut Report) {
    let Some((file, tree)) = subject.tree("components.yaml") else {
        return;
    };
    for component in tree.as_sequence().unwrap_or_default() {
        for item in component.get("bind").and_then(Node::as_sequence).unwrap_or_default() {
            let node = item.as_sequence().and_then(<[Node]>::first).unwrap_or(item);
            let Some(path) = node.as_str() else { continue };
            if PROVISIONING_SECTIONS.iter().any(|section| path.starts_with(section)) {
                let message = format!("the component sets `{path}`, from which Fuel provisions nodes");
                let finding = Finding::of(&CONSTRAINT_PROVISIONING, message).helping("leave it to the operator");
                report.push(file.place(finding, node.span));
            }
        }
    }
}

/// What a line of a script does that it must not.
struct Deed {
    rule: &'static Rule,
    /// Where it begins, in bytes.
    offset: usize,
    message: &'static str,
}

/// Looks for commands, line by line; comments do nothing.
fn lines(path: &camino::Utf8Path, text: &str, report: &mut Report) {
    const WORDS: [&str; 6] = ["bootstrap", "cobbler", "linux-image", "kernel-", "nailgun", "provision"];
    if !WORDS.iter().any(|word| text.contains(word)) {
        return;
    }
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        if let Some(Deed { rule, offset, message }) = deed(line) {
            let span = Span {
                line: index + 1,
                column: line.get(..offset).map_or(1, |lead| lead.chars().count() + 1),
            };
            let finding = Finding::of(rule, message).helping(rule.fix);
            report.push(finding.quoting(path, span, Some(line)));
        }
    }
}

fn deed(line: &str) -> Option<Deed> {
    let found = |rule, needle: &str, message| {
        let offset = line.find(needle)?;
        Some(Deed { rule, offset, message })
    };
    found(
        &CONSTRAINT_BOOTSTRAP,
        "fuel-bootstrap",
        "this works on the bootstrap image",
    )
    .or_else(|| {
        found(
            &CONSTRAINT_BOOTSTRAP,
            "/nailgun/bootstrap",
            "this is where the bootstrap images lie",
        )
    })
    .or_else(|| found(&CONSTRAINT_PROVISIONING, "/var/lib/cobbler", "this is Cobbler's data"))
    .or_else(|| {
        found(
            &CONSTRAINT_PROVISIONING,
            "/etc/cobbler",
            "this is Cobbler's configuration",
        )
    })
    .or_else(|| {
        let commands = ["system", "profile", "distro", "sync", "import", "repo", "image"];
        let offset = command(line, "cobbler", &commands)?;
        let message = "this changes what Cobbler installs nodes with";
        Some(Deed {
            rule: &CONSTRAINT_PROVISIONING,
            offset,
            message,
        })
    })
    .or_else(|| {
        let offset = command(line, "fuel", &["provisioning"])?;
        let message = "this replaces the provisioning data";
        line.contains("--upload").then_some(Deed {
            rule: &CONSTRAINT_PROVISIONING,
            offset,
            message,
        })
    })
    .or_else(|| {
        let offset = command(line, "psql", &[])?;
        let message = "this works on Nailgun's database";
        line.contains("nailgun").then_some(Deed {
            rule: &CONSTRAINT_DATABASE,
            offset,
            message,
        })
    })
    .or_else(|| {
        found(
            &CONSTRAINT_DATABASE,
            "nailgun_syncdb",
            "this changes the schema of Nailgun's database",
        )
    })
    .or_else(|| {
        let installers = ["apt-get", "apt", "aptitude", "yum", "dnf"];
        let offset = installers
            .iter()
            .find_map(|installer| command(line, installer, &["install"]))?;
        let is_kernel = line[offset..]
            .split_whitespace()
            .any(|word| is_kernel_name(word.trim_matches(['"', '\'', ';'])));
        let message = "this installs a kernel";
        is_kernel.then_some(Deed {
            rule: &CONSTRAINT_KERNEL,
            offset,
            message,
        })
    })
}

/// Where a command is called with one of these words as its first that is no option; with no words, where it is called.
fn command(line: &str, name: &str, words: &[&str]) -> Option<usize> {
    line.match_indices(name).map(|(offset, _)| offset).find(|offset| {
        let before = line[..*offset].chars().next_back();
        let rest = &line[offset + name.len()..];
        let starts = before.is_none_or(|before| before.is_whitespace() || "\"'`(;|&/".contains(before));
        let mut arguments = rest.split_whitespace().filter(|word| !word.starts_with('-'));
        let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
        starts
            && ends
            && (words.is_empty() || arguments.any(|word| words.contains(&word.trim_matches(['"', '\'', ';']))))
    })
}

/// The name of a package that is a kernel, from the name of its file: `name_version_arch.deb`, `name-version-release.arch.rpm`.
fn kernel_package(file: &str) -> Option<String> {
    let name = match file.strip_suffix(".deb") {
        Some(stem) => stem.split('_').next()?.to_owned(),
        None => {
            let stem = file.strip_suffix(".rpm")?;
            let mut parts: Vec<&str> = stem.split('-').collect();
            parts.truncate(parts.len().saturating_sub(2).max(1));
            parts.join("-")
        }
    };
    is_kernel_name(&name).then_some(name)
}

/// Whether a package of this name is a kernel. Headers, documentation and tools are none.
fn is_kernel_name(name: &str) -> bool {
    const DEBIAN: [&str; 5] = [
        "linux-image",
        "linux-signed-image",
        "linux-modules",
        "linux-generic",
        "linux-virtual",
    ];
    const VARIANTS: [&str; 9] = ["core", "modules", "lt", "ml", "rt", "debug", "xen", "PAE", "uek"];
    const NO_KERNEL: [&str; 5] = ["headers", "devel", "doc", "tools", "firmware"];
    let parts: Vec<&str> = name.split('-').collect();
    if parts.iter().any(|part| NO_KERNEL.contains(part)) {
        return false;
    }
    let starts = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    DEBIAN.iter().any(|prefix| starts(prefix))
        || name == "kernel"
        || parts.first() == Some(&"kernel")
            && parts
                .get(1)
                .is_some_and(|part| VARIANTS.contains(part) || part.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{deed, kernel_package};

    #[rstest]
    #[case(
        "linux-image-4.4.0-31-generic_4.4.0-31.50_amd64.deb",
        Some("linux-image-4.4.0-31-generic")
    )]
    #[case("linux-image-generic_4.4.0.31.33_amd64.deb", Some("linux-image-generic"))]
    #[case("kernel-3.10.0-327.el7.x86_64.rpm", Some("kernel"))]
    #[case("kernel-lt-4.4.10-1.el7.elrepo.x86_64.rpm", Some("kernel-lt"))]
    #[case("kernel-headers-3.10.0-327.el7.x86_64.rpm", None)]
    #[case("linux-headers-4.4.0-31_4.4.0-31.50_all.deb", None)]
    #[case("linux-libc-dev_4.4.0-31.50_amd64.deb", None)]
    #[case("kernel-package_13.014_all.deb", None)]
    #[case("trove-api_5.0.0_all.deb", None)]
    fn kernels_are_known_by_the_names_of_their_files(#[case] file: &str, #[case] expected: Option<&str>) {
        assert_eq!(kernel_package(file).as_deref(), expected);
    }

    #[rstest]
    #[case("fuel-bootstrap build --activate", Some("constraint-bootstrap"))]
    #[case("cp x /var/www/nailgun/bootstraps/active_bootstrap/", Some("constraint-bootstrap"))]
    #[case("cobbler profile edit --name ubuntu", Some("constraint-provisioning"))]
    #[case("  dockerctl shell cobbler cobbler sync", Some("constraint-provisioning"))]
    #[case("fuel --env 1 provisioning --upload", Some("constraint-provisioning"))]
    #[case("sudo -u postgres psql nailgun -c 'SELECT 1'", Some("constraint-database"))]
    #[case("apt-get install -y linux-image-4.4.0-31-generic", Some("constraint-kernel"))]
    #[case("yum -y install kernel-lt", Some("constraint-kernel"))]
    #[case("apt-get install -y linux-headers-$(uname -r)", None)]
    #[case("apt-get purge linux-image-3.13.0-24", None)]
    #[case("ruby bootstrap.rb # not Fuel's", None)]
    #[case("fuel --env 1 provisioning --default", None)]
    #[case("psql trove -c 'SELECT 1'", None)]
    #[case("curl http://$master:8000/api/nodes # nailgun", None)]
    #[case("echo cobbler is on the master", None)]
    fn a_line_of_a_script_is_judged_by_its_command(#[case] line: &str, #[case] expected: Option<&str>) {
        assert_eq!(deed(line).map(|deed| deed.rule.code), expected);
    }
}
