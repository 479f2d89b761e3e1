//! Names that Fuel uses itself: the settings' section of the plugin, and sections of node attributes.

use super::core_settings;
use super::setting::{fuel_versions, plugin_name};
use super::{Subject, topic::Topic};
use crate::finding::{Finding, Report, Rule, Severity};
use crate::yaml::Mapping;

pub(super) const TOPIC: Topic = Topic {
    title: "Names that Fuel uses",
    rules: &[&SECTION_CLASH, &NODE_SECTION_CLASH],
    run,
};

static SECTION_CLASH: Rule = Rule {
    code: "section-clash",
    severity: Severity::Warning,
    title: "The plugin is called like something of Fuel's own",
    concerns: "every Fuel version",
    why: "The plugin's settings are kept under its name, beside Fuel's sections, and written to /etc/astute.yaml beside Fuel's \
          data. In 6.1 and 7.0 a plugin that is called like a section of Fuel's loses its settings; from 8.0 on one of the two \
          takes the other's place.",
    fix: "Give the plugin another name, such as `fuel-plugin-…`.",
    example: "name: storage",
};

static NODE_SECTION_CLASH: Rule = Rule {
    code: "node-section-clash",
    severity: Severity::Warning,
    title: "A section of node_config.yaml is called like a key that nodes have",
    concerns: "9.x",
    why: "The section is written into each node's entry of the deployment information, where it takes that key's place.",
    fix: "Give the section another name, such as the plugin's.",
    example: "# node_config.yaml\nrole:\n  attribute_a: {type: text, label: A, value: ''}",
};

/// Keys of the deployment information that are no sections of the settings.
const INFO_KEYS: &[&str] = &[
    "aodh",
    "auth_key",
    "auto_assign_floating_ip",
    "base_syslog",
    "ceilometer",
    "cinder",
    "cluster",
    "cobbler",
    "configuration",
    "configuration_options",
    "debug",
    "deployed_before",
    "deployment_id",
    "deployment_mode",
    "fail_if_error",
    "fqdn",
    "fuel_version",
    "glance",
    "glance_glare",
    "heat",
    "horizon",
    "ironic",
    "keystone",
    "last_controller",
    "libvirt_type",
    "management_network_range",
    "master_ip",
    "metadata",
    "mongo",
    "mp",
    "murano",
    "murano-cfapi",
    "mysql",
    "network_metadata",
    "network_scheme",
    "node_volumes",
    "nodes",
    "nova",
    "nova_quota",
    "online",
    "openstack_version",
    "plugins",
    "propagate_task_deploy",
    "puppet",
    "puppet_debug",
    "quantum",
    "quantum_settings",
    "rabbit",
    "release",
    "resume_guests_state_on_host_boot",
    "role",
    "roles",
    "run_ping_checker",
    "sahara",
    "security_groups",
    "status",
    "storage_network_range",
    "swift",
    "task_deploy",
    "tasks",
    "test_vm_image",
    "uid",
    "use_cow_images",
    "use_vcenter",
    "user_node_name",
    "vms_conf",
];

/// Keys of a node in the deployment information.
const NODE_KEYS: &[&str] = &[
    "uid",
    "name",
    "fqdn",
    "role",
    "user_node_name",
    "internal_address",
    "internal_netmask",
    "public_address",
    "public_netmask",
    "storage_address",
    "storage_netmask",
    "swift_zone",
];

fn run(subject: &Subject<'_>, report: &mut Report) {
    if let (Some((file, metadata)), Some(name)) = (subject.tree("metadata.yaml"), plugin_name(subject)) {
        let sections: Vec<&str> = fuel_versions(subject)
            .into_iter()
            .filter(|version| core_settings::has_section(version, name))
            .collect();
        let clash = if sections.is_empty() {
            INFO_KEYS
                .contains(&name)
                .then(|| format!("/etc/astute.yaml has a key `{name}` of Fuel's own"))
        } else {
            let versions = sections.join(", ");
            Some(format!(
                "the settings of Fuel {versions} have a section `{name}` of Fuel's own"
            ))
        };
        if let (Some(message), Some(node)) = (clash, metadata.get("name")) {
            let finding = Finding::of(&SECTION_CLASH, message).helping(format!("call it `fuel-plugin-{name}`"));
            report.push(file.place(finding, node.span));
        }
    }
    if let Some((file, tree)) = subject.tree("node_config.yaml") {
        for (key, _) in tree.as_mapping().into_iter().flat_map(Mapping::iter) {
            if let Some(name) = key.as_str().filter(|name| NODE_KEYS.contains(name)) {
                let finding = Finding::of(
                    &NODE_SECTION_CLASH,
                    format!("every node has a key `{name}` of Fuel's own"),
                )
                .helping("give the section another name");
                report.push(file.place(finding, key.span));
            }
        }
    }
}
