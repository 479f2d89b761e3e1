//! The Fuel versions: what differs between them, one table each.

use plugin_builder::fuel;

use super::{
    Attributes, FileReading, LockRule, ModeMatch, PluginSettings, PluginsKey, Profile, RepositoryName, Serialization,
    Series, SyncRule, Unsupported, VersionBody,
};

/// Nailgun settings that are alike in every version.
const SETTINGS: &[(&str, &str)] = &[
    ("DNS_UPSTREAM", "8.8.8.8, 8.8.4.4"),
    ("NTP_UPSTREAM", "0.fuel.pool.ntp.org, 1.fuel.pool.ntp.org"),
    ("DNS_DOMAIN", "example.com"),
];

/// How settings are checked up to 8.0.
const NARROW: Attributes = Attributes {
    checks_stored: true,
    checks_restrictions: false,
    nullable_text: false,
    wide_types: false,
    names_field: true,
};

const FUEL_6_1: Profile = Profile {
    name: "6.1",
    series: Series::Fuel6,
    reported_version: "6.1",
    feature_groups: &["experimental", "advanced"],
    version_body: VersionBody::WithBuild,
    version_needs_token: false,
    package_versions: &["1.0.", "2.0."],
    unsupported_package: Unsupported::Unexpected,
    domain: "example.com",
    // `is_locked` is false in these for as long as no node is ready.
    unlocked_statuses: &["new", "stopped"],
    ready_nodes_lock: true,
    lock_rule: LockRule::Everything,
    force_passes_lock: false,
    plugins_may_be_renamed: true,
    required_release_fields: &["version", "os", "mode"],
    plugin_fields_absent: &["is_hotpluggable"],
    cluster_fields_added: &["pending_release_id"],
    cluster_fields_absent: &["components"],
    task_fields_absent: &["parent_id", "dry_run", "graph_type", "time_start", "time_end"],
    release_fields_absent: &["tags_metadata", "components_metadata"],
    mode_may_change: true,
    provisions_classically: true,
    plugin_settings: PluginSettings::InEnvironment,
    hot_pluggable_key: "hot_pluggable",
    mode_match: ModeMatch::Contains,
    file_reading: FileReading::WhenNeeded,
    reads_settings_of_early_packages: true,
    empty_task_file_is_fatal: true,
    unknown_task_type_is_fatal: true,
    sync: SyncRule::Registered,
    attributes: Attributes {
        checks_stored: false,
        ..NARROW
    },
    broken_format_is_fatal: false,
    refuses_legacy_tasks: false,
    assigned_nodes_may_change_roles: false,
    tags: false,
    role_conflict: "Role \"{role}\" in conflict with role {other}",
    network_roles_may_overlap: false,
    delete_refusal: "Can't delete plugin which is enabledfor some environment.",
    serialization: Serialization::Hooks,
    reexecutes_tasks: false,
    tells_provisioning: false,
    info_absent: &[
        &["configuration"],
        &["configuration_options"],
        &["test_vm_image", "properties"],
        &["network_metadata", "vips", "*", "is_user_defined"],
        &["network_metadata", "nodes", "*", "nova_cpu_pinning_enabled"],
        &["network_metadata", "nodes", "*", "nova_hugepages_enabled"],
        &["network_scheme", "endpoints", "br-fw-admin", "vendor_specific"],
        &["network_scheme", "endpoints", "br-ex", "vendor_specific"],
    ],
    image_cache_without_store: "5368709120",
    vips_need_nodes: false,
    plugins_key: PluginsKey::Absent,
    repository_name: RepositoryName::FullVersion,
    deb_repository_priority: 1100,
    rpm_repository_priority: 10,
    settings: SETTINGS,
    release: fuel::FUEL_6_1.release,
    core_graph: fuel::FUEL_6_1.core_graph,
    core_tasks: "{}",
    node_attributes: "{}",
    server_lists: false,
    plugin_releases: false,
};

const FUEL_7_0: Profile = Profile {
    name: "7.0",
    series: Series::Fuel7,
    reported_version: "7.0",
    package_versions: &["1.0.", "2.0.", "3.0."],
    lock_rule: LockRule::SectionsUnlessAlwaysEditable,
    provisions_classically: false,
    delete_refusal: "Can't delete plugin which is enabled for some environment.",
    file_reading: FileReading::EarlyWhenNeeded,
    release: fuel::FUEL_7_0.release,
    core_graph: fuel::FUEL_7_0.core_graph,
    ..FUEL_6_1
};

const FUEL_8_0: Profile = Profile {
    name: "8.0",
    series: Series::Fuel8,
    reported_version: "8.0",
    version_body: VersionBody::Plain,
    // Refusals list them in this order.
    package_versions: &["4.0.", "2.0.", "5.0.", "3.0.", "1.0."],
    lock_rule: LockRule::PluginsUnlessAlwaysEditable,
    plugin_fields_absent: &[],
    cluster_fields_absent: &[],
    release_fields_absent: &["tags_metadata"],
    plugin_settings: PluginSettings::Versions,
    hot_pluggable_key: "always_editable",
    attributes: NARROW,
    mode_match: ModeMatch::Prefix,
    file_reading: FileReading::OnRegistration,
    unknown_task_type_is_fatal: false,
    // As 8.0 was released; later builds of stable/8.0 read them.
    reads_settings_of_early_packages: false,
    broken_format_is_fatal: true,
    network_roles_may_overlap: true,
    reexecutes_tasks: true,
    plugins_key: PluginsKey::Names,
    release: fuel::FUEL_8_0.release,
    core_graph: fuel::FUEL_8_0.core_graph,
    core_tasks: include_str!("../../data/core-tasks-8.0.yaml"),
    ..FUEL_7_0
};

const FUEL_9_2: Profile = Profile {
    name: "9.2",
    series: Series::Fuel9,
    reported_version: "9.1",
    version_needs_token: true,
    package_versions: &["2.0.", "5.0.", "3.0.", "6.0.", "4.0.", "1.0."],
    unsupported_package: Unsupported::Refused,
    unlocked_statuses: &["new", "operational", "error", "stopped", "partially_deployed"],
    ready_nodes_lock: false,
    force_passes_lock: true,
    plugins_may_be_renamed: false,
    required_release_fields: &["version"],
    cluster_fields_added: &[],
    task_fields_absent: &[],
    release_fields_absent: &["wizard_metadata", "can_update_from_versions"],
    mode_may_change: false,
    hot_pluggable_key: "hot_pluggable",
    reads_settings_of_early_packages: true,
    empty_task_file_is_fatal: false,
    sync: SyncRule::Disk,
    attributes: Attributes {
        checks_stored: false,
        checks_restrictions: true,
        nullable_text: true,
        wide_types: true,
        names_field: false,
    },
    broken_format_is_fatal: false,
    refuses_legacy_tasks: true,
    assigned_nodes_may_change_roles: true,
    tags: true,
    role_conflict: "Role '{role}' in conflict with role '{other}'.",
    serialization: Serialization::Graph,
    reexecutes_tasks: false,
    tells_provisioning: true,
    info_absent: &[],
    image_cache_without_store: "0",
    vips_need_nodes: true,
    plugins_key: PluginsKey::Objects,
    repository_name: RepositoryName::Directory,
    release: fuel::FUEL_9_2.release,
    core_graph: fuel::FUEL_9_2.core_graph,
    core_tasks: include_str!("../../data/core-tasks-9.2.yaml"),
    node_attributes: include_str!("../../data/node-attributes-9.2.yaml"),
    server_lists: true,
    plugin_releases: true,
    ..FUEL_8_0
};

/// Every profile there is, oldest first.
pub(super) const PROFILES: &[Profile] = &[FUEL_6_1, FUEL_7_0, FUEL_8_0, FUEL_9_2];
