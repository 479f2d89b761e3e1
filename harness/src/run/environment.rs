//! Making the environment on the mock Nailgun: what a user does in the web UI before pressing "Deploy".

use std::collections::BTreeMap;

use fuel_cli::Client;
use serde_json::{Value, json};

use super::error::RunError;
use crate::scenario::{GraphEntry, LoadedScenario};

/// The environment of a run.
#[derive(Debug, Clone)]
pub(crate) struct DeployedEnvironment {
    /// Nailgun's id of it.
    pub(crate) id: u64,
    /// What the orchestrator of this version does.
    pub(crate) astute: mock_astute::Profile,
    /// Types of the graphs that are run in place of the usual one; none for that.
    pub(crate) graphs: Vec<String>,
    /// The nodes, in the order of the scenario.
    pub(crate) nodes: Vec<RegisteredNode>,
    /// The master's own system, where there is a machine for it.
    pub(crate) master: Option<RegisteredNode>,
}

/// What the master is called as a machine that tasks run on.
pub(crate) const MASTER: &str = "master";

impl DeployedEnvironment {
    /// Every machine that tasks run on: the nodes, and the master where something is done on it.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &RegisteredNode> {
        self.nodes.iter().chain(&self.master)
    }

    /// There is a machine for the master's own system.
    pub(crate) fn has_master_system(&mut self) {
        self.master = Some(RegisteredNode {
            uid: MASTER.to_owned(),
            name: MASTER.to_owned(),
            fqdn: MASTER.to_owned(),
            addresses: BTreeMap::new(),
            roles: vec![MASTER.to_owned()],
        });
    }
}

/// A node as Nailgun knows it.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredNode {
    /// Nailgun's id as Astute uses it.
    pub(crate) uid: String,
    /// Name in the scenario, and host name.
    pub(crate) name: String,
    /// Fully qualified name.
    pub(crate) fqdn: String,
    /// Addresses without prefix length, by network name (`fuelweb_admin`, `management`, `public`, `storage`).
    pub(crate) addresses: BTreeMap<String, String>,
    /// Roles with `primary-` where they are.
    pub(crate) roles: Vec<String>,
}

/// What a run tells Nailgun of a node before it is assigned.
#[derive(Debug, Clone)]
pub(crate) struct NodeToRegister {
    pub(crate) name: String,
    pub(crate) admin_address: String,
    pub(crate) mac: String,
    pub(crate) roles: Vec<String>,
}

/// The networks' places, where they are not Fuel's defaults.
pub(crate) type NetworkPlaces = BTreeMap<String, String>;

/// A failed call, as an infrastructure error or, where Nailgun refuses what the scenario asks for, an invalid scenario.
pub(crate) fn refused(doing: &str, error: &fuel_cli::ClientError) -> RunError {
    match error.status() {
        // Nailgun's sentence says it; the address of a master that is gone by then says nothing.
        Some(status) if (400..500).contains(&status) => RunError::Invalid(match error.message() {
            Some(message) => format!("{doing}: {message}"),
            None => format!("{doing}: {error}"),
        }),
        _ => RunError::Infrastructure(format!("{doing}: {error}")),
    }
}

/// Creates the environment, registers and assigns nodes, saves settings and enables the plugins.
pub(crate) async fn create(
    client: &Client,
    loaded: &LoadedScenario,
    plugins: &[(String, String, usize)],
    nodes: &[NodeToRegister],
    places: &NetworkPlaces,
) -> Result<DeployedEnvironment, RunError> {
    let scenario = &loaded.scenario;
    let astute = mock_astute::Profile::of(&scenario.fuel)
        .ok_or_else(|| RunError::Defect(format!("there is no orchestrator of Fuel {}", scenario.fuel)))?;
    let release = release_id(client, &scenario.environment.release, &loaded.file).await?;
    let created = client
        .create_environment(loaded.environment_name(), release)
        .await
        .map_err(|error| refused("cannot create the environment", &error))?;
    let id = created.id;
    place_networks(client, id, places).await?;
    save_core_settings(client, id, loaded).await?;
    for (name, version, index) in plugins {
        let entry = &scenario.plugins[*index];
        if entry.enabled {
            client
                .enable_plugin(id, name, Some(version), &entry.settings)
                .await
                .map_err(|error| refused(&format!("{}: cannot enable plugin `{name}`", loaded.file), &error))?;
        }
    }
    let mut uids = Vec::new();
    for node in nodes {
        uids.push(register(client, node).await?);
    }
    let assignment: Vec<(u64, Vec<String>)> = uids
        .iter()
        .zip(nodes)
        .map(|(uid, node)| (*uid, node.roles.clone()))
        .collect();
    check_roles(client, id, loaded).await?;
    client
        .assign(id, &assignment)
        .await
        .map_err(|error| refused(&format!("{}: cannot assign roles", loaded.file), &error))?;
    let info = client
        .deployment_info(id)
        .await
        .map_err(|error| refused("cannot read the deployment info", &error))?;
    let nodes = uids
        .iter()
        .zip(nodes)
        .map(|(uid, node)| registered(*uid, node, &info))
        .collect::<Result<Vec<_>, _>>()?;
    for graph in &scenario.graphs {
        upload_graph(client, id, graph, loaded).await?;
    }
    Ok(DeployedEnvironment {
        id,
        astute,
        graphs: scenario.graphs.iter().map(|graph| graph.kind.clone()).collect(),
        nodes,
        master: None,
    })
}

/// Whether the release and the enabled plugins have every role: Nailgun would only say which one it does not know.
async fn check_roles(client: &Client, environment: u64, loaded: &LoadedScenario) -> Result<(), RunError> {
    let roles = match client.get(&format!("clusters/{environment}/roles/")).await {
        // An environment has no list of its own in 6.1: Nailgun itself says what it does not know.
        Err(error) if error.status() == Some(404) => return Ok(()),
        roles => roles.map_err(|error| refused("cannot list the roles", &error))?,
    };
    let known: Vec<&str> = roles
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|role| role["name"].as_str())
        .collect();
    let wanted = loaded
        .scenario
        .nodes
        .iter()
        .flat_map(|node| node.roles.iter().map(move |role| (&node.name, role)));
    for (node, role) in wanted {
        if known.contains(&role.as_str()) {
            continue;
        }
        let hint = plugin_builder::nearest(role, known.iter().copied()).map_or_else(
            || {
                format!(
                    "use one of: {}; a plugin's roles are there if it is enabled",
                    known.join(", ")
                )
            },
            |best| format!("did you mean `{best}`?"),
        );
        return Err(RunError::Invalid(format!(
            "{}: node `{node}`: neither the release nor an enabled plugin has a role `{role}`\n  hint: {hint}",
            loaded.file
        )));
    }
    Ok(())
}

/// Gives the environment the graph's tasks, where the scenario has them.
async fn upload_graph(
    client: &Client,
    environment: u64,
    graph: &GraphEntry,
    loaded: &LoadedScenario,
) -> Result<(), RunError> {
    let kind = &graph.kind;
    let Some(file) = &graph.tasks else {
        let path = format!("clusters/{environment}/deployment_tasks/?graph_type={kind}");
        let tasks = client
            .get(&path)
            .await
            .map_err(|error| refused(&format!("cannot read graph `{kind}`"), &error))?;
        if tasks.as_array().is_some_and(Vec::is_empty) {
            return Err(RunError::Invalid(format!(
                "{}: neither the release nor an enabled plugin has a graph `{kind}`\n  hint: name the file with its tasks: \
                 `- {{type: {kind}, tasks: {kind}.yaml}}`",
                loaded.file
            )));
        }
        return Ok(());
    };
    let path = loaded.directory().join(file);
    let tasks = plugin_builder::yaml::load(&path)
        .map_err(|error| RunError::Invalid(error.to_string()))?
        .to_json();
    if !tasks.is_array() {
        return Err(RunError::Invalid(format!(
            "{path}: the tasks of graph `{kind}` are no list\n  hint: write them as in a plugin's deployment_tasks.yaml"
        )));
    }
    client
        .upload_graph(environment, kind, &tasks)
        .await
        .map_err(|error| match error.status() {
            Some(404) => RunError::Invalid(format!(
                "{}: Fuel {} has no graphs beside the usual one\n  hint: leave `graphs` out, or use Fuel 9.2",
                loaded.file, loaded.scenario.fuel
            )),
            _ => refused(&format!("{path}: cannot upload graph `{kind}`"), &error),
        })?;
    Ok(())
}

async fn release_id(client: &Client, version: &str, file: &camino::Utf8Path) -> Result<u64, RunError> {
    let releases = client
        .get("releases/")
        .await
        .map_err(|error| refused("cannot list releases", &error))?;
    let releases = releases.as_array().cloned().unwrap_or_default();
    let usable = |release: &&Value| release["is_deployable"] != json!(false) && release["state"] == json!("available");
    // 6.1 has CentOS under the same version; the nodes are Debian's relatives.
    if let Some(found) = releases
        .iter()
        .filter(usable)
        .filter(|release| release["version"] == json!(version))
        .max_by_key(|release| release["operating_system"] == "Ubuntu")
    {
        return found["id"]
            .as_u64()
            .ok_or_else(|| RunError::Defect(format!("a release without an id: {found}")));
    }
    let known: Vec<&str> = releases
        .iter()
        .filter(usable)
        .filter_map(|release| release["version"].as_str())
        .collect();
    Err(RunError::Invalid(format!(
        "{file}: release `{version}` is not on this Fuel master\n  hint: use one of: {}",
        known.join(", ")
    )))
}

async fn place_networks(client: &Client, environment: u64, places: &NetworkPlaces) -> Result<(), RunError> {
    if places.is_empty() {
        return Ok(());
    }
    let doing = "cannot place the networks";
    // Ranges and gateways follow a network's CIDR; the floating range is a parameter of its own.
    let networks: Vec<Value> = places
        .iter()
        .map(|(name, cidr)| json!({"name": name, "cidr": cidr}))
        .collect();
    let mut body = json!({"networks": networks});
    if let Some(public) = places.get("public") {
        let configuration = client
            .network_configuration(environment)
            .await
            .map_err(|error| refused(doing, &error))?;
        let ranges = &configuration["networking_parameters"]["floating_ranges"];
        body["networking_parameters"] = json!({"floating_ranges": moved(ranges, public)});
    }
    client
        .put_network_configuration(environment, &body)
        .await
        .map_err(|error| refused(doing, &error))?;
    Ok(())
}

/// Addresses of a /24 network with the last octet as it was, in another /24 network.
fn moved(addresses: &Value, cidr: &str) -> Value {
    match addresses {
        Value::Array(items) => items.iter().map(|item| moved(item, cidr)).collect(),
        Value::String(address) => match (address.rsplit_once('.'), cidr.rsplit_once('.')) {
            (Some((_, host)), Some((network, _))) => json!(format!("{network}.{host}")),
            _ => addresses.clone(),
        },
        other => other.clone(),
    }
}

async fn save_core_settings(client: &Client, environment: u64, loaded: &LoadedScenario) -> Result<(), RunError> {
    let settings = &loaded.scenario.environment.settings;
    if settings.is_empty() {
        return Ok(());
    }
    let current = client
        .attributes(environment)
        .await
        .map_err(|error| refused("cannot read the settings", &error))?;
    let mut editable = json!({});
    for (path, value) in settings {
        let (section, field) = path.split_once('.').ok_or_else(|| {
            RunError::Invalid(format!(
                "{}: setting `{path}` has no section\n  hint: write `section.attribute`, as `common.debug`",
                loaded.file
            ))
        })?;
        if current["editable"][section][field]["value"].is_null() && current["editable"][section][field].is_null() {
            let sections = current["editable"].as_object().cloned().unwrap_or_default();
            let known: Vec<String> = sections
                .iter()
                .flat_map(|(section, fields)| {
                    fields
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(move |(field, _)| format!("{section}.{field}"))
                })
                .collect();
            let hint = plugin_builder::nearest(path, known.iter().map(String::as_str))
                .map(|best| format!("\n  hint: did you mean `{best}`?"))
                .unwrap_or_default();
            return Err(RunError::Invalid(format!(
                "{}: release has no setting `{path}`{hint}",
                loaded.file
            )));
        }
        editable[section][field] = json!({"value": value});
    }
    client
        .put_attributes(environment, &json!({"editable": editable}))
        .await
        .map_err(|error| refused(&format!("{}: cannot save the settings", loaded.file), &error))?;
    Ok(())
}

async fn register(client: &Client, node: &NodeToRegister) -> Result<u64, RunError> {
    let interface = |name: &str, mac: &str, ip: Option<&str>| {
        json!({"name": name, "mac": mac, "ip": ip, "netmask": ip.map(|_| "255.255.255.0"), "state": "up",
               "driver": "veth", "current_speed": 10000, "max_speed": 10000})
    };
    let others = ["eth1", "eth2", "eth3"]
        .iter()
        .zip(1..)
        .map(|(name, number)| interface(name, &sibling(&node.mac, number), None));
    let mut interfaces = vec![interface("eth0", &node.mac, Some(&node.admin_address))];
    interfaces.extend(others);
    let body = json!({
        "mac": node.mac, "ip": node.admin_address, "status": "discover", "name": node.name,
        "manufacturer": "fuelrig", "platform_name": "container", "os_platform": "ubuntu", "online": true,
        "meta": {
            "interfaces": interfaces,
            "cpu": {"total": 2, "real": 1, "spec": [{"model": "container"}]},
            "memory": {"total": 8_589_934_592_u64, "maximum_capacity": 8_589_934_592_u64, "devices": []},
            "disks": [{"name": "sda", "disk": "sda", "model": "container", "size": 107_374_182_400_u64, "removable": "0", "extra": []}],
            "system": {"product": "container", "family": "", "fqdn": node.name, "version": "", "serial": "", "manufacturer": "fuelrig"}
        }
    });
    let created = client
        .register_node(&body)
        .await
        .map_err(|error| refused(&format!("cannot register {}", node.name), &error))?;
    let id = created["id"]
        .as_u64()
        .ok_or_else(|| RunError::Defect(format!("a node without an id: {created}")))?;
    if created["hostname"].as_str() != Some(node.name.as_str()) {
        client
            .put(&format!("nodes/{id}/"), &json!({"hostname": node.name}))
            .await
            .map_err(|error| refused(&format!("cannot name node {}", node.name), &error))?;
    }
    Ok(id)
}

/// The MAC address of a node's further interface: its first one with another first octet, so that no two nodes share one.
fn sibling(mac: &str, number: u8) -> String {
    let (_, rest) = mac.split_once(':').unwrap_or_default();
    // The two lowest bits say "local" and "no multicast".
    format!("{:02x}:{rest}", 2 + 4 * number)
}

fn registered(uid: u64, node: &NodeToRegister, info: &[Value]) -> Result<RegisteredNode, RunError> {
    let uid = uid.to_string();
    let own = info
        .iter()
        .find(|element| element["uid"].as_str() == Some(uid.as_str()))
        .ok_or_else(|| RunError::Defect(format!("Nailgun has no deployment info for {}", node.name)))?;
    let mut addresses = BTreeMap::new();
    addresses.insert("fuelweb_admin".to_owned(), node.admin_address.clone());
    let item = own["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|item| item["uid"].as_str() == Some(uid.as_str()))
        .cloned()
        .unwrap_or_default();
    for (network, key) in [
        ("management", "internal_address"),
        ("public", "public_address"),
        ("storage", "storage_address"),
    ] {
        if let Some(address) = item[key].as_str() {
            addresses.insert(network.to_owned(), address.to_owned());
        }
    }
    let roles = roles_of(info, &uid);
    Ok(RegisteredNode {
        uid,
        name: node.name.clone(),
        fqdn: own["fqdn"].as_str().unwrap_or(&node.name).to_owned(),
        addresses,
        roles,
    })
}

/// A node's roles: a list in 9.x, one for each of its elements before.
fn roles_of(info: &[Value], uid: &str) -> Vec<String> {
    info.iter()
        .filter(|element| element["uid"] == uid)
        .flat_map(|element| match &element["roles"] {
            Value::Array(roles) => roles.clone(),
            _ => vec![element["role"].clone()],
        })
        .filter_map(|role| role.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_of_two_nodes_have_addresses_of_their_own() {
        let addresses: std::collections::BTreeSet<String> = ["02:42:0a:14:00:03", "02:42:0a:14:00:04"]
            .iter()
            .flat_map(|mac| (1..=3).map(|number| sibling(mac, number)).chain([(*mac).to_owned()]))
            .collect();
        assert_eq!(addresses.len(), 8, "{addresses:?}");
        assert!(addresses.contains("06:42:0a:14:00:03"), "{addresses:?}");
    }

    #[test]
    fn a_node_has_one_list_of_roles_or_an_element_for_each() {
        let new = [
            json!({"uid": "1", "roles": ["controller", "cinder"]}),
            json!({"uid": "2", "roles": []}),
        ];
        let old = [
            json!({"uid": "1", "role": "controller"}),
            json!({"uid": "2", "role": "compute"}),
            json!({"uid": "1", "role": "cinder"}),
        ];
        assert_eq!(roles_of(&new, "1"), ["controller", "cinder"]);
        assert_eq!(roles_of(&old, "1"), ["controller", "cinder"]);
    }

    #[test]
    fn the_floating_range_moves_with_the_public_network() {
        let ranges = json!([["172.16.0.130", "172.16.0.254"]]);
        assert_eq!(
            moved(&ranges, "172.16.3.0/24"),
            json!([["172.16.3.130", "172.16.3.254"]])
        );
    }
}
