//! Roles, volumes, components and network roles that a release has already.

use super::{Subject, topic::Topic};
use crate::check::files::File;
use crate::finding::{Finding, Report, Rule, Severity};
use crate::fuel::Core;
use crate::yaml::{Node, Span};

pub(super) const TOPIC: Topic = Topic {
    title: "Names that a release has already",
    rules: &[&CORE_ROLE, &CORE_VOLUME, &CORE_COMPONENT, &CORE_NETWORK_ROLE],
    run,
};

static CORE_ROLE: Rule = Rule {
    code: "core-role",
    severity: Severity::Warning,
    title: "node_roles.yaml defines a role that the release has",
    concerns: "Fuel 7.0 and later; the role must exist in a release that the plugin names",
    why: "Enabling the plugin is accepted, then every reading of the environment's roles is refused (\"Plugin … is unable \
          to register the following node roles\"), and with it assignment and deployment.",
    fix: "Give the role a name of its own, which begins with the plugin's.",
    example: "compute:\n  name: Compute\n  description: …",
};

static CORE_VOLUME: Rule = Rule {
    code: "core-volume",
    severity: Severity::Warning,
    title: "volumes.yaml defines a volume that the release has",
    concerns: "Fuel 7.0 and later; the volume must exist in a release that the plugin names",
    why: "Nailgun refuses it where the volumes are put together (\"… is overlapping with release by introducing the same \
          volume with id …\").",
    fix: "Only name the core volume in `volumes_roles_mapping`; define own volumes under own ids.",
    example: "volumes:\n- {id: os, type: vg}",
};

static CORE_COMPONENT: Rule = Rule {
    code: "core-component",
    severity: Severity::Warning,
    title: "components.yaml defines a component that the release has",
    concerns: "Fuel 8.0 and later",
    why: "Nailgun refuses the list of components that the wizard asks for, as two of them have one name.",
    fix: "Give the component a name of its own; name core components only in `compatible`, `requires`, `incompatible`.",
    example: "- name: hypervisor:qemu\n  label: QEMU",
};

static CORE_NETWORK_ROLE: Rule = Rule {
    code: "core-network-role",
    severity: Severity::Warning,
    title: "network_roles.yaml defines a network role that the release has",
    concerns: "Fuel 7.0; later versions unite the two where they do not contradict each other",
    why: "Fuel 7.0 refuses it (\"Cannot override existing network roles\").",
    fix: "Give the network role an id of its own, or support Fuel 8.0 and later only.",
    example: "- id: management\n  default_mapping: management",
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let cores = subject.cores();
    let tell = |file: &File,
                rule: &'static Rule,
                what: &str,
                (name, span): (&str, Span),
                shipped: Shipped,
                report: &mut Report| {
        let owners: Vec<&str> = cores
            .iter()
            .filter(|core| shipped(core).contains(&name))
            .map(|core| core.version)
            .collect();
        if !owners.is_empty() {
            let message = format!("`{name}` is a {what} of Fuel {} itself", owners.join(" and "));
            report.push(file.place(Finding::of(rule, message).helping(rule.fix), span));
        }
    };
    if let Some((file, entries)) = subject.entries("node_roles.yaml") {
        for (name, span, _) in entries {
            tell(file, &CORE_ROLE, "role", (name, span), |core| core.roles, report);
        }
    }
    if let Some((file, tree)) = subject.tree("volumes.yaml") {
        let volumes = tree.get("volumes").and_then(Node::as_sequence).unwrap_or_default();
        for volume in names(volumes, "id") {
            tell(file, &CORE_VOLUME, "volume", volume, |core| core.volumes, report);
        }
    }
    if let Some((file, items)) = subject.items("components.yaml") {
        for component in names(items, "name") {
            tell(
                file,
                &CORE_COMPONENT,
                "component",
                component,
                |core| core.components,
                report,
            );
        }
    }
    if let Some((file, items)) = subject.items("network_roles.yaml") {
        for role in names(items, "id") {
            tell(
                file,
                &CORE_NETWORK_ROLE,
                "network role",
                role,
                strict_network_roles,
                report,
            );
        }
    }
}

type Shipped = fn(&Core) -> &'static [&'static str];

/// From 8.0 on a plugin may add VIPs to a core network role.
fn strict_network_roles(core: &Core) -> &'static [&'static str] {
    if core.version == "7.0" { core.network_roles } else { &[] }
}

fn names<'a>(items: &'a [Node], key: &str) -> Vec<(&'a str, Span)> {
    let values = items.iter().filter_map(|item| item.get(key));
    values.filter_map(|value| Some((value.as_str()?, value.span))).collect()
}
