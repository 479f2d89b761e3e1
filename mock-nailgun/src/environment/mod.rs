//! Environments: what is in them and what their nodes are told.

mod addressing;
pub(crate) mod clock;
mod compatibility;
mod context;
mod deployment_info;
mod network;
mod network_scheme;
mod node_attributes;
mod plugin_files;
mod plugin_metadata;
mod plugin_releases;
mod plugin_sections;
mod progress;
mod provisioning_info;
mod roles;
mod seed;
mod stop;
mod told;
mod transaction;
mod volumes;

pub(crate) use addressing::allocate;
pub(crate) use compatibility::{connect_cluster, connect_plugin, matching_release, version_order};
pub(crate) use context::{Environment, Filling};
pub(crate) use deployment_info::{deployment_info, has_file, plugin_directory};
pub(crate) use network::{admin_network, default_configuration, whole_range};
pub(crate) use network_scheme::{Scheme, node_network_data};
pub(crate) use node_attributes::{
    default_bond_attributes, default_interfaces, default_node_attributes, interfaces, node_attributes,
};
pub(crate) use plugin_files::{adapter_prefix, directories_on_disk, read_plugin_files, tasks_on_disk};
pub(crate) use plugin_metadata::{
    expanded as expanded_metadata, keep as keep_metadata, points_at_files, read_metadata,
};
pub(crate) use plugin_releases::register as register_releases;
pub(crate) use provisioning_info::{Provisioning, engine};
pub(crate) use roles::{Roles, assign_primaries, check_volumes, release_roles, role_names_of, volumes_mapping};
pub(crate) use seed::Seed;
pub(crate) use stop::delete_task;
pub(crate) use told::{DeploymentInfo, Told};
pub(crate) use transaction::{apply_reply, fail_run, notify, plugin_lines, update_parent};
pub(crate) use volumes::Layout as DiskLayout;
