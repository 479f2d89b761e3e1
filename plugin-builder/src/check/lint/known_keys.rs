//! The keys that Fuel knows, file by file: a table, which [`mistyped_keys`](super::mistyped_keys) goes through.

use Below::{Each, Named, One, Values};

/// The keys of a mapping.
pub(super) type Keys = &'static [Key];

/// A key, and what stands below it.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) below: Below,
}

/// What stands below a key, or in a file.
#[derive(Clone, Copy)]
pub(super) enum Below {
    /// What has no keys that are known.
    Values,
    /// A mapping with these keys.
    One(Keys),
    /// A list of mappings with these keys.
    Each(Keys),
    /// A mapping from free names to what is given; the key `metadata` is another matter.
    Named(&'static Below),
}

/// The files.
pub(super) const FILES: &[(&str, Below)] = &[
    ("metadata.yaml", One(METADATA)),
    ("tasks.yaml", Each(TASK)),
    ("deployment_tasks.yaml", Each(TASK)),
    ("environment_config.yaml", One(ENVIRONMENT)),
    ("node_roles.yaml", Named(&One(NODE_ROLE))),
    ("volumes.yaml", One(VOLUMES)),
    ("network_roles.yaml", Each(NETWORK_ROLE)),
    ("components.yaml", Each(COMPONENT)),
    ("node_config.yaml", Named(&Named(&One(ATTRIBUTE)))),
    ("nic_config.yaml", Named(&One(ATTRIBUTE))),
    ("bond_config.yaml", Named(&One(ATTRIBUTE))),
];

/// The names of the files that have known keys.
pub(crate) fn file_names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

const fn key(name: &'static str) -> Key {
    Key { name, below: Values }
}

const fn with(name: &'static str, below: Below) -> Key {
    Key { name, below }
}

const METADATA: Keys = &[
    key("name"),
    key("title"),
    key("version"),
    key("package_version"),
    key("description"),
    key("fuel_version"),
    key("licenses"),
    key("authors"),
    key("homepage"),
    key("groups"),
    key("is_hotpluggable"),
    with("releases", Each(RELEASE)),
    key("build_version"),
];

const RELEASE: Keys = &[
    key("os"),
    key("version"),
    key("mode"),
    key("deployment_scripts_path"),
    key("repository_path"),
    key("is_release"),
];

const TASK: Keys = &[
    key("id"),
    key("type"),
    key("version"),
    key("role"),
    key("roles"),
    key("groups"),
    key("tags"),
    key("tasks"),
    key("stage"),
    key("requires"),
    key("required_for"),
    with("cross-depends", Each(RELATION)),
    with("cross-depended-by", Each(RELATION)),
    key("condition"),
    with("parameters", One(PARAMETERS)),
    key("reexecute_on"),
    key("refresh_on"),
    key("test_pre"),
    key("test_post"),
    key("fault_tolerance"),
    with("strategy", One(STRATEGY)),
    key("fail_on_error"),
    key("required"),
];

const RELATION: Keys = &[key("name"), key("role"), key("policy")];

const STRATEGY: Keys = &[key("type"), key("amount")];

const PARAMETERS: Keys = &[
    key("puppet_manifest"),
    key("puppet_modules"),
    key("timeout"),
    key("retries"),
    key("interval"),
    key("cmd"),
    key("cwd"),
    key("src"),
    key("dst"),
    with("files", Each(FILE)),
    key("path"),
    key("data"),
    key("permissions"),
    key("dir_permissions"),
    with("strategy", One(STRATEGY)),
    key("amount"),
];

const FILE: Keys = &[key("src"), key("dst"), key("permissions"), key("dir_permissions")];

const ENVIRONMENT: Keys = &[with("attributes", Named(&One(ATTRIBUTE)))];

const ATTRIBUTE: Keys = &[
    key("type"),
    key("label"),
    key("weight"),
    key("value"),
    with("values", Each(CHOICE)),
    key("description"),
    with("restrictions", Each(RESTRICTION)),
    with("regex", One(REGEX)),
    key("nullable"),
    key("min"),
    key("max"),
    key("generator"),
    key("generator_arg"),
];

const CHOICE: Keys = &[
    key("data"),
    key("label"),
    key("description"),
    with("restrictions", Each(RESTRICTION)),
];

const RESTRICTION: Keys = &[key("condition"), key("action"), key("message"), key("strict")];

const REGEX: Keys = &[key("source"), key("error")];

const NODE_ROLE: Keys = &[
    key("name"),
    key("description"),
    key("has_primary"),
    key("public_ip_required"),
    key("weight"),
    key("conflicts"),
    with("limits", One(LIMITS)),
    with("restrictions", Each(RESTRICTION)),
    key("update_required"),
    key("update_once"),
    key("group"),
    key("tags"),
    key("fault_tolerance"),
];

const LIMITS: Keys = &[
    key("condition"),
    key("min"),
    key("max"),
    key("recommended"),
    with("overrides", Each(OVERRIDE)),
];

const OVERRIDE: Keys = &[
    key("condition"),
    key("min"),
    key("max"),
    key("recommended"),
    key("message"),
];

const VOLUMES: Keys = &[
    with("volumes_roles_mapping", Named(&Each(ALLOCATION))),
    with("volumes", Each(VOLUME)),
];

const ALLOCATION: Keys = &[key("allocate_size"), key("id")];

const VOLUME: Keys = &[
    key("id"),
    key("type"),
    with("min_size", One(GENERATOR)),
    key("max_size"),
    key("label"),
    key("name"),
    key("mount"),
    key("disk_label"),
    key("file_system"),
    key("partition_guid"),
    with("volumes", Each(LOGICAL_VOLUME)),
];

const LOGICAL_VOLUME: Keys = &[
    key("mount"),
    key("type"),
    key("name"),
    with("size", One(GENERATOR)),
    key("file_system"),
];

const GENERATOR: Keys = &[key("generator"), key("generator_args")];

const NETWORK_ROLE: Keys = &[
    key("id"),
    key("default_mapping"),
    with("properties", One(NETWORK_ROLE_PROPERTIES)),
];

const NETWORK_ROLE_PROPERTIES: Keys = &[key("subnet"), key("gateway"), with("vip", Each(VIP))];

const VIP: Keys = &[
    key("name"),
    key("namespace"),
    key("alias"),
    key("node_roles"),
    key("vendor_specific"),
];

const COMPONENT: Keys = &[
    key("name"),
    key("label"),
    key("description"),
    key("bind"),
    with("compatible", Each(OTHER_COMPONENT)),
    with("requires", Each(OTHER_COMPONENT)),
    with("incompatible", Each(OTHER_COMPONENT)),
];

const OTHER_COMPONENT: Keys = &[key("name"), key("message"), key("description")];
