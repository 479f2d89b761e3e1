//! Deployment info: what becomes `/etc/astute.yaml` of each node.

use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};

use super::compatibility;
use super::context::Environment;
use super::network_scheme::Scheme;
use super::node_attributes::node_attributes;
use super::provisioning_info::Provisioning;
use super::roles::{self, Roles};
use super::told::DeploymentInfo;
use super::volumes::Layout;
use super::{addressing, network, provisioning_info};
use crate::config::Config;
use crate::http::ApiError;
use crate::profile::{PluginsKey, Serialization};
use crate::settings;
use crate::store::{ClusterPlugin, Node, Plugin};

/// The name of a plugin's directory: with the full version for packages of version 1, else with major and minor.
pub(crate) fn plugin_directory(plugin: &Plugin) -> String {
    directory_name(&plugin.name, &plugin.version, &plugin.package_version)
}

fn directory_name(name: &str, version: &str, package_version: &str) -> String {
    if package_version.starts_with("1.") {
        return format!("{name}-{version}");
    }
    let short: Vec<&str> = version.split('.').take(2).collect();
    format!("{name}-{}", short.join("."))
}

/// What each node is told, by id, and the `master`; for the nodes whose ids are given (all without any).
///
/// Primary nodes and addresses are settled first, and stay.
pub(crate) fn deployment_info(
    environment: &mut Environment<'_>,
    only: Option<&[i64]>,
) -> Result<DeploymentInfo, ApiError> {
    roles::assign_primaries(environment)?;
    addressing::allocate(environment)?;
    let environment: &Environment<'_> = environment;
    let roles = environment.roles()?;
    let scheme = Scheme::new(environment, &roles)?;
    let profile = &environment.config.profile;
    let common = common(environment, &roles, &scheme)?;
    let tells = profile.tells_provisioning;
    let provisioning = tells.then(|| Provisioning::new(environment, &common));
    let mut infos = DeploymentInfo::new(common);
    for node in environment.nodes.iter().filter(|node| !node.pending_deletion) {
        if only.is_some_and(|ids| !ids.contains(&node.id)) {
            continue;
        }
        let own = own(environment, &roles, &scheme, provisioning.as_ref(), node)?;
        match profile.serialization {
            Serialization::Graph => infos.add(node.uid(), own),
            Serialization::Hooks => {
                for role in roles::role_names_of(&roles, node)? {
                    infos.add(node.uid(), in_role(own.clone(), &role));
                }
            }
        }
    }
    if profile.serialization == Serialization::Graph {
        let master = [("uid", json!("master")), ("roles", json!(["master"]))];
        let master = master.into_iter().map(|(key, value)| (key.to_owned(), value));
        infos.add("master".to_owned(), master.collect());
    }
    for replacement in &environment.cluster.replaced_deployment_info {
        infos.replace(replacement);
    }
    Ok(infos)
}

/// What a node is told in one of its roles (to 8.0); its tasks and priority are added by who knows the graph.
fn in_role(mut own: Map<String, Value>, role: &str) -> Map<String, Value> {
    own.shift_remove("roles");
    own.insert("role".to_owned(), json!(role));
    own.insert("fail_if_error".to_owned(), json!(role == "primary-controller"));
    own
}

/// What is the same for all.
fn common(environment: &Environment<'_>, roles: &Roles, scheme: &Scheme<'_>) -> Result<Map<String, Value>, ApiError> {
    let (config, cluster, release) = (environment.config, &environment.cluster, &environment.release);
    let mut info = environment.flat_settings();
    let nodes: Vec<&Node> = environment.nodes.iter().filter(|node| !node.pending_deletion).collect();
    let mut node_list = Vec::new();
    let mut node_metadata = Map::new();
    let mut controllers: Vec<&Node> = Vec::new();
    for node in &nodes {
        let names = roles::role_names_of(roles, node)?;
        let sections = plugin_sections(environment, node)?;
        for name in &names {
            let mut entry = list_entry(environment, scheme, node, name);
            if let Some(members) = entry.as_object_mut() {
                for (name, section) in &sections {
                    members.entry(name.clone()).or_insert_with(|| section.clone());
                }
            }
            node_list.push(entry);
        }
        if node.all_roles().iter().any(|role| role == "controller") {
            controllers.push(node);
        }
        node_metadata.insert(node.hostname.clone(), scheme.metadata_of_node(node, &names));
    }
    let text = |value: &str| Value::from(value.to_owned());
    info.extend([
        (
            "cluster".to_owned(),
            json!({
                "id": cluster.id, "name": cluster.name, "mode": cluster.mode, "status": cluster.status,
                "fuel_version": cluster.fuel_version,
            }),
        ),
        (
            "release".to_owned(),
            json!({
                "name": release.name, "version": release.version, "operating_system": release.operating_system,
            }),
        ),
        ("deployment_mode".to_owned(), text(&cluster.mode)),
        ("deployment_id".to_owned(), json!(cluster.id)),
        ("fuel_version".to_owned(), text(&cluster.fuel_version)),
        ("openstack_version".to_owned(), text(&release.version)),
        ("master_ip".to_owned(), text(&config.master_ip.to_string())),
        ("nodes".to_owned(), Value::from(node_list)),
        (
            "network_metadata".to_owned(),
            json!({"nodes": node_metadata, "vips": scheme.vips()?}),
        ),
        (
            "last_controller".to_owned(),
            controllers.last().map_or(Value::Null, |node| text(&node.hostname)),
        ),
        (
            "mp".to_owned(),
            json!([{"point": "1", "weight": "1"}, {"point": "2", "weight": "2"}]),
        ),
        ("quantum".to_owned(), Value::Bool(cluster.net_provider == "neutron")),
        ("management_network_range".to_owned(), json!(scheme.cidr("management"))),
        ("storage_network_range".to_owned(), json!(scheme.cidr("storage"))),
    ]);
    match config.profile.plugins_key {
        PluginsKey::Absent => {}
        PluginsKey::Names => {
            let names = environment.enabled_plugins();
            let names = names.iter().map(|connected| text(&connected.plugin.name));
            info.insert("plugins".to_owned(), names.collect());
        }
        PluginsKey::Objects => {
            info.insert("plugins".to_owned(), plugins(config, environment)?);
        }
    }
    if config.profile.serialization == Serialization::Hooks {
        info.retain(|key, _| !matches!(key.as_str(), "cluster" | "release"));
        info.insert("openstack_version_prev".to_owned(), Value::Null);
    }
    let mut info = Value::Object(info);
    settings::merge(
        &mut info,
        &json!({
            "quantum_settings": quantum_settings(environment, scheme),
            "workloads_collector": {"create_user": false},
            "storage": placement_groups(environment),
        }),
    );
    if config.profile.tells_provisioning {
        let provision = provisioning_info::common(environment, &info["provision"]);
        settings::merge(&mut info, &json!({"provision": provision}));
    }
    // The node's own name for what the settings call `user`.
    if let Some(collector) = info["workloads_collector"].as_object_mut()
        && let Some(user) = collector.shift_remove("user")
    {
        collector.insert("username".to_owned(), user);
    }
    let Value::Object(mut info) = info else {
        return Ok(Map::new());
    };
    remove_absent(environment, &mut info);
    Ok(info)
}

/// What plugins' node_config.yaml adds to a node in the list of nodes (9.x): each section with bare values.
fn plugin_sections(environment: &Environment<'_>, node: &Node) -> Result<Map<String, Value>, ApiError> {
    let enabled = environment.enabled_plugins();
    let is_plugins = |name: &String| {
        let mut plugins = enabled.iter();
        plugins.any(|connected| connected.plugin.files.node_attributes_metadata.contains_key(name))
    };
    if environment.config.profile.serialization != Serialization::Graph
        || enabled
            .iter()
            .all(|connected| connected.plugin.files.node_attributes_metadata.is_empty())
    {
        return Ok(Map::new());
    }
    let mut sections = node_attributes(environment.config, Some(environment), node)?;
    sections.retain(|name, section| is_plugins(name) && section.is_object());
    for section in sections.values_mut().filter_map(Value::as_object_mut) {
        section.shift_remove("metadata");
    }
    Ok(settings::flatten(&sections))
}

/// Takes out what the version does not tell.
fn remove_absent(environment: &Environment<'_>, members: &mut Map<String, Value>) {
    for path in environment.config.profile.info_absent {
        remove(members, path);
    }
}

fn remove(members: &mut Map<String, Value>, path: &[&str]) {
    match path {
        [] => {}
        [key] => {
            members.shift_remove(*key);
        }
        ["*", rest @ ..] => {
            for below in members.values_mut().filter_map(Value::as_object_mut) {
                remove(below, rest);
            }
        }
        [key, rest @ ..] => {
            if let Some(below) = members.get_mut(*key).and_then(Value::as_object_mut) {
                remove(below, rest);
            }
        }
    }
}

/// An item of `nodes`: there is one for each node and role.
fn list_entry(environment: &Environment<'_>, scheme: &Scheme<'_>, node: &Node, role: &str) -> Value {
    let mut entry = json!({
        "uid": node.uid(),
        "name": node.hostname,
        "fqdn": environment.fqdn(node),
        "role": role,
        "user_node_name": node.name,
        "swift_zone": node.uid(),
    });
    for (prefix, network) in [("internal", "management"), ("public", "public"), ("storage", "storage")] {
        if let Some(address) = scheme.address(node, network) {
            entry[format!("{prefix}_address")] = Value::from(address);
            entry[format!("{prefix}_netmask")] = json!(scheme.netmask(network));
        }
    }
    entry
}

/// `plugins`: where nodes get each enabled plugin's scripts and packages from.
fn plugins(config: &Config, environment: &Environment<'_>) -> Result<Value, ApiError> {
    let mut list = Vec::new();
    for ClusterPlugin { plugin, .. } in environment.enabled_plugins() {
        let directory = plugin_directory(plugin);
        let release =
            compatibility::matching_release(&config.profile, plugin, &environment.release, &environment.cluster.mode)?;
        // A plugin whose `releases` no longer fit keeps its place, but nobody knows where its parts lie.
        let Some(release) = release else {
            return Err(ApiError::unexpected(format!(
                "plugin {}-{} has no release for {}",
                plugin.name, plugin.version, environment.release.version
            )));
        };
        let path = |key: &str| release[key].as_str().unwrap_or_default().to_owned();
        let (scripts, repository) = (path("deployment_scripts_path"), path("repository_path"));
        let mut entry = json!({
            "name": plugin.name,
            "scripts": [{
                "remote_url": format!("rsync://{}:/plugins/{directory}/{scripts}", config.master_ip),
                "local_path": format!("/etc/fuel/plugins/{directory}/"),
            }],
        });
        if has_file(config.plugins_directory.join(&directory).join(&repository)) {
            let uri = format!("http://{}:8080/plugins/{directory}/{repository}", config.master_ip);
            let is_debian = environment.release.operating_system.eq_ignore_ascii_case("ubuntu");
            entry["repositories"] = if is_debian {
                json!([{
                    "type": "deb", "name": directory, "uri": uri, "suite": "/", "section": "",
                    "priority": config.profile.deb_repository_priority,
                }])
            } else {
                json!([{"type": "rpm", "name": directory, "uri": uri, "priority": config.profile.rpm_repository_priority}])
            };
        }
        list.push(entry);
    }
    Ok(Value::from(list))
}

/// Whether a directory has at least one entry that a shell's `*` shows.
pub(crate) fn has_file(directory: Utf8PathBuf) -> bool {
    directory.read_dir_utf8().is_ok_and(|entries| {
        entries
            .filter_map(Result::ok)
            .any(|entry| !entry.file_name().starts_with('.'))
    })
}

fn quantum_settings(environment: &Environment<'_>, scheme: &Scheme<'_>) -> Value {
    let parameters = &environment.cluster.network_configuration["networking_parameters"];
    let range = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([first, last]) => Value::from(format!("{}:{}", bare(first), bare(last))),
        _ => Value::Null,
    };
    let public = network::networks_of(environment)
        .into_iter()
        .find(|group| group.name == "public");
    let gateway = public
        .and_then(|group| group.gateway)
        .map(|gateway| gateway.to_string());
    let floating: Vec<Value> = parameters["floating_ranges"]
        .as_array()
        .into_iter()
        .flatten()
        .map(range)
        .collect();
    let segmentation = &parameters["segmentation_type"];
    let is_vlan = segmentation == "vlan";
    let internal_name = parameters["internal_name"].as_str().unwrap_or("admin_internal_net");
    let floating_name = parameters["floating_name"].as_str().unwrap_or("admin_floating_net");
    let tenant = environment
        .cluster
        .editable
        .get("access")
        .map_or(Value::Null, |access| access["tenant"]["value"].clone());
    let mut physical = Map::from_iter([(
        "physnet1".to_owned(),
        json!({"bridge": "br-floating", "vlan_range": null}),
    )]);
    let mut layer_2 = json!({"base_mac": parameters["base_mac"], "segmentation_type": segmentation});
    if is_vlan {
        physical.insert(
            "physnet2".to_owned(),
            json!({"bridge": "br-prv", "vlan_range": range(&parameters["vlan_range"])}),
        );
    } else {
        layer_2["tunnel_id_ranges"] = range(&parameters["gre_id_range"]);
    }
    layer_2["phys_nets"] = Value::Object(physical);
    json!({
        "L2": layer_2,
        "L3": {"use_namespaces": true},
        "default_floating_net": floating_name,
        "default_private_net": internal_name,
        "predefined_networks": {
            floating_name: {
                "shared": false,
                "tenant": tenant,
                "L2": {"network_type": "flat", "physnet": "physnet1", "router_ext": true, "segment_id": null},
                "L3": {"subnet": scheme.cidr("public"), "floating": floating, "gateway": gateway, "nameservers": [], "enable_dhcp": false},
            },
            internal_name: {
                "shared": false,
                "tenant": tenant,
                "L2": {
                    "network_type": if is_vlan { json!("vlan") } else { json!("vxlan") },
                    "physnet": if is_vlan { json!("physnet2") } else { Value::Null },
                    "router_ext": false,
                    "segment_id": null,
                },
                "L3": {
                    "subnet": parameters["internal_cidr"], "floating": null, "gateway": parameters["internal_gateway"],
                    "nameservers": parameters["dns_nameservers"], "enable_dhcp": true,
                },
            },
        },
    })
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Ceph's placement groups: 100 per OSD, shared by the replicas, rounded up to a power of two, at least 128.
fn placement_groups(environment: &Environment<'_>) -> Value {
    let osds = environment
        .nodes
        .iter()
        .filter(|node| node.all_roles().iter().any(|role| role == "ceph-osd"))
        .count();
    let size: usize = environment
        .cluster
        .editable
        .get("storage")
        .and_then(|storage| storage["osd_pool_size"]["value"].as_str()?.parse().ok())
        .filter(|size| *size > 0)
        .unwrap_or(3);
    let groups = (osds * 100 / size).next_power_of_two().max(128);
    let pools: Map<String, Value> = ["default_pg_num", "backups", "compute", "images", "volumes", ".rgw"]
        .into_iter()
        .map(|pool| (pool.to_owned(), json!(groups)))
        .collect();
    json!({"pg_num": groups, "per_pool_pg_nums": pools})
}

/// What is a node's own.
fn own(
    environment: &Environment<'_>,
    roles: &Roles,
    scheme: &Scheme<'_>,
    provisioning: Option<&Provisioning<'_>>,
    node: &Node,
) -> Result<Map<String, Value>, ApiError> {
    let names = roles::role_names_of(roles, node)?;
    let fqdn = environment.fqdn(node);
    let layout = Layout::of(environment, node)?;
    let volumes = layout.node_volumes();
    let image_cache = layout.image_cache().map_or_else(
        || environment.config.profile.image_cache_without_store.to_owned(),
        |bytes| bytes.to_string(),
    );
    let provision = provisioning.map(|provisioning| provisioning.of_node(node, &volumes));
    let is_critical = names.iter().any(|name| name == "primary-controller");
    let own = json!({
        "uid": node.uid(),
        "fqdn": fqdn,
        "user_node_name": node.name,
        "status": node.status,
        "online": node.online,
        "roles": names,
        "fail_if_error": is_critical,
        "vms_conf": node.meta["vms_conf"].as_array().cloned().unwrap_or_default(),
        "configuration": {},
        "configuration_options": {},
        "network_scheme": scheme.of_node(node),
        "node_volumes": volumes,
        "glance": {"image_cache_max_size": image_cache},
        "test_vm_image": test_vm_image(),
    });
    let Value::Object(mut members) = own else {
        return Ok(Map::new());
    };
    remove_absent(environment, &mut members);
    if let Some(provision) = provision {
        members.insert("provision".to_owned(), provision);
    }
    Ok(members)
}

fn test_vm_image() -> Value {
    json!({
        "os_name": "cirros", "img_name": "TestVM", "img_path": "/usr/share/cirros-testvm/cirros-x86_64-disk.img",
        "container_format": "bare", "disk_format": "qcow2", "min_ram": 64, "public": "true", "properties": {},
        "glance_properties": "",
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1.0.3", "1.0.0", "trove-1.0.3")]
    #[case("1.0.3", "2.0.0", "trove-1.0")]
    #[case("1.10", "4.0.0", "trove-1.10")]
    fn a_directory_has_the_full_version_only_for_package_version_1(
        #[case] version: &str,
        #[case] package_version: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(directory_name("trove", version, package_version), expected);
    }
}
