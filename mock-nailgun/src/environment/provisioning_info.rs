//! What a node is provisioned with, which from 9.0 on it is also told when it is deployed.
//!
//! The rig's nodes come with their system: nothing reads this but plugins.

use serde_json::{Map, Value, json};

use super::context::Environment;
use crate::store::Node;

/// Astute's key of MCollective messages where nobody set another.
const MCOLLECTIVE_KEY: &str = "Gie6iega9ohngaenahthohngu8aebohxah9seidi";

/// The engine that installs nodes.
pub(crate) fn engine(environment: &Environment<'_>) -> Value {
    json!({
        "url": "http://localhost/cobbler_api", "username": "cobbler", "password": "cobbler",
        "master_ip": environment.config.master_ip.to_string(),
    })
}

/// What is the same for all nodes of the section `provision`: the engine, and packages as a list.
pub(super) fn common(environment: &Environment<'_>, section: &Value) -> Value {
    let packages = section["packages"].as_str().unwrap_or_default();
    json!({
        "engine": engine(environment),
        "packages": packages.split_whitespace().collect::<Vec<_>>(),
    })
}

/// What installs each of many nodes, with what is the same for all found once.
pub(crate) struct Provisioning<'a> {
    environment: &'a Environment<'a>,
    /// The parts of `ks_meta` that all nodes have.
    setup: Map<String, Value>,
    kernel_parameters: Value,
}

impl<'a> Provisioning<'a> {
    /// `settings`: the environment's, as nodes are told them.
    pub(crate) fn new(environment: &'a Environment<'a>, settings: &Map<String, Value>) -> Self {
        let of = |section: &str| settings.get(section).cloned().unwrap_or(Value::Null);
        Self {
            environment,
            setup: setup(environment, &of),
            kernel_parameters: of("kernel_params")["kernel"].clone(),
        }
    }

    /// What installs a node. `volumes`: its `node_volumes`.
    pub(crate) fn of_node(&self, node: &Node, volumes: &Value) -> Value {
        let environment = self.environment;
        let names = interfaces(node);
        let with_name = |(name, mac, _): &(String, Value, bool)| format!("{}_{name}", mac.as_str().unwrap_or_default());
        let rules: Vec<String> = names.iter().map(with_name).collect();
        let mut setup = self.setup.clone();
        setup.insert("mco_identity".to_owned(), json!(node.id));
        setup.insert(
            "pm_data".to_owned(),
            json!({"kernel_params": self.kernel_parameters, "ks_spaces": volumes}),
        );
        let system = match environment.release.operating_system.as_str() {
            "Ubuntu" => "ubuntu_1404_x86_64",
            _ => "centos-x86_64",
        };
        json!({
            "uid": node.uid(),
            "name": node.hostname,
            "slave_name": node.hostname,
            "hostname": environment.fqdn(node),
            "profile": system,
            "power_type": "ssh",
            "power_user": "root",
            "power_pass": "/root/.ssh/bootstrap.rsa",
            "power_address": node.ip,
            "name_servers": "\"127.0.0.1\"",
            "name_servers_search": format!("\"{}\"", environment.config.profile.domain),
            "netboot_enabled": "1",
            "kernel_options": {"netcfg/choose_interface": node.mac, "udevrules": rules.join(",")},
            "interfaces": names.iter().map(|interface| self.interface(node, interface)).collect::<Map<_, _>>(),
            "interfaces_extra": names
                .iter()
                .map(|(name, _, boots)| {
                    (name.clone(), json!({"onboot": if *boots { "yes" } else { "no" }, "peerdns": "no"}))
                })
                .collect::<Map<_, _>>(),
            "ks_meta": setup,
        })
    }

    fn interface(&self, node: &Node, (name, mac, boots): &(String, Value, bool)) -> (String, Value) {
        let mut entry = json!({"mac_address": mac, "static": "0"});
        if *boots {
            entry["dns_name"] = Value::from(self.environment.fqdn(node));
            entry["ip_address"] = json!(node.ip);
            entry["netmask"] = Value::from(self.environment.config.admin_network.netmask().to_string());
        }
        (name.clone(), entry)
    }
}

/// Name and MAC of each interface, and whether the node boots from it.
fn interfaces(node: &Node) -> Vec<(String, Value, bool)> {
    let list = node.meta["interfaces"].as_array().into_iter().flatten();
    list.map(|interface| {
        let name = interface["name"].as_str().unwrap_or_default().to_owned();
        (name, interface["mac"].clone(), interface["mac"] == node.mac.as_str())
    })
    .collect()
}

fn setup(environment: &Environment<'_>, of: &dyn Fn(&str) -> Value) -> Map<String, Value> {
    let (config, release) = (environment.config, &environment.release);
    let system = release.operating_system.to_lowercase();
    // Templates are named after the Fuel of the release, not of the master.
    let version = release.version.rsplit('-').next().unwrap_or_default();
    let template = |kind: &str| format!("{kind}_fuel_{version}_{system}.jinja2");
    let account = |section: &Value| {
        let lines = |key: &str| -> Vec<String> {
            let text = section[key].as_str().unwrap_or_default();
            text.lines()
                .map(str::to_owned)
                .filter(|line| !line.is_empty())
                .collect()
        };
        json!({
            "name": section["name"], "password": section["password"], "homedir": section["homedir"],
            "sudo": lines("sudo"), "ssh_keys": lines("authkeys"),
        })
    };
    let (operator, service) = (of("operator_user"), of("service_user"));
    let setup = json!({
        "admin_net": config.admin_network.to_string(),
        "auth_key": of("auth_key").to_string(),
        "authorized_keys": [],
        "cloud_init_templates": {
            "boothook": template("boothook"), "cloud_config": template("cloud_config"), "meta_data": template("meta_data"),
        },
        "fuel_version": environment.cluster.fuel_version,
        "gw": config.admin_network.host(1).map(|address| address.to_string()),
        "image_data": of("provision")["image_data"],
        "install_log_2_syslog": 1,
        "master_ip": config.master_ip.to_string(),
        "mco_auto_setup": 1,
        "mco_connector": "rabbitmq",
        "mco_enable": 1,
        "mco_host": "localhost",
        "mco_password": "guest",
        "mco_pskey": MCOLLECTIVE_KEY,
        "mco_user": "guest",
        "mco_vhost": "mcollective",
        "puppet_auto_setup": 1,
        "puppet_enable": 0,
        "puppet_master": "localhost",
        "repo_setup": of("repo_setup"),
        "timezone": "Etc/UTC",
        "user_accounts": [
            account(&operator),
            account(&service),
            {"name": "root", "password": service["root_password"], "homedir": "/root", "ssh_keys": []},
        ],
    });
    match setup {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
