//! The mock as a process, with somebody who answers for Astute.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fuel_cli::{Client, Credentials};
use serde_json::{Value, json};

/// A running mock Nailgun; it ends with this.
pub(crate) struct Master {
    process: Child,
    pub(crate) address: SocketAddr,
    runtime: tokio::runtime::Runtime,
}

impl Master {
    /// Starts it; `executable` is this test under the mock's name.
    pub(crate) fn start(executable: &Path, plugins: &Path) -> Self {
        let mut process = Command::new(executable)
            .args([
                "serve",
                "--fuel-version",
                "9.2",
                "--listen",
                "127.0.0.1:0",
                "--auth",
                "fake",
                "--plugins-dir",
            ])
            .arg(plugins)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address: SocketAddr = line
            .trim()
            .rsplit(' ')
            .next()
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("mock-nailgun said `{line}`"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.spawn(answer_for_astute(format!("http://{address}")));
        Self {
            process,
            address,
            runtime,
        }
    }

    /// Waits until nothing runs in the background any more.
    pub(crate) fn settle(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        self.runtime.block_on(async {
            let client = Client::connect(&format!("http://{}", self.address), &Credentials::default())
                .await
                .unwrap();
            while client
                .tasks(None)
                .await
                .unwrap()
                .iter()
                .any(|task| ["pending", "running"].contains(&task.status.as_str()))
            {
                assert!(Instant::now() < end, "a task has not ended after a minute");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }

    /// Enables a plugin in the first environment, as the web UI would.
    pub(crate) fn enable(&self, plugin: &str) {
        self.runtime.block_on(async {
            let client = Client::connect(&format!("http://{}", self.address), &Credentials::default())
                .await
                .unwrap();
            client.enable_plugin(1, plugin, None, &BTreeMap::new()).await.unwrap();
        });
    }

    /// Makes a situation.
    pub(crate) fn load(&self, requests: &Value) {
        self.runtime.block_on(async {
            let client = Client::connect(&format!("http://{}", self.address), &Credentials::default())
                .await
                .unwrap();
            client.post_root("mock/load", requests).await.unwrap();
        });
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every deployment goes well, at once.
async fn answer_for_astute(base: String) {
    let Ok(client) = Client::connect(&base, &Credentials::default()).await else {
        return;
    };
    loop {
        let message = match client.get_root("mock/astute/messages?wait=20").await {
            Ok(Value::Null) => continue,
            Ok(message) => message,
            Err(_) => return,
        };
        let nodes: Vec<Value> = message["args"]["tasks_graph"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(uid, _)| uid.parse::<u64>().is_ok())
            .map(|(uid, _)| json!({"uid": uid, "status": "ready", "progress": 100}))
            .collect();
        let reply = json!({"method": message["respond_to"], "args": {
            "task_uuid": message["args"]["task_uuid"], "status": "ready", "progress": 100, "nodes": nodes}});
        if client.post_root("mock/astute/replies", &reply).await.is_err() {
            return;
        }
    }
}

/// The requests that make eight nodes: three MACs end in `ab:aa`, `9d:24` and `9f:b6`, for which the
/// real client's tests look; the fourth node is off.
pub(crate) fn sample_environment() -> Value {
    let mut requests: Vec<Value> = (1..=8)
        .map(|number| json!({"method": "POST", "path": "/api/v1/nodes/", "body": node(number)}))
        .collect();
    requests.push(json!({"method": "PUT", "path": "/api/v1/nodes/4/", "body": {"online": false}}));
    Value::from(requests)
}

fn node(number: u8) -> Value {
    let ending = match number {
        3 => "ab:aa".to_owned(),
        5 => "9d:24".to_owned(),
        7 => "9f:b6".to_owned(),
        _ => format!("00:{number:02x}"),
    };
    let mac = |interface: u8| format!("52:54:00:0{interface}:{ending}");
    let ip = format!("10.20.0.{}", 100 + u16::from(number));
    let interfaces: Vec<Value> = (0..4)
        .map(|index| {
            json!({"name": format!("eth{index}"), "mac": mac(index), "ip": (index == 0).then_some(&ip),
                "netmask": (index == 0).then_some("255.255.255.0"), "state": "up", "driver": "e1000",
                "current_speed": 1000, "max_speed": 1000, "pxe": index == 0})
        })
        .collect();
    json!({"mac": mac(0), "ip": ip, "status": "discover", "manufacturer": "QEMU", "platform_name": "QEMU",
        "meta": {"interfaces": interfaces, "cpu": {"total": 4, "real": 1, "spec": []},
            "memory": {"total": 8_589_934_592_u64, "maximum_capacity": 8_589_934_592_u64, "devices": []},
            "disks": [{"name": "sda", "disk": "sda", "model": null, "size": 107_374_182_400_u64, "removable": "0"}],
            "system": {"manufacturer": "QEMU", "product": "QEMU", "serial": "", "family": "", "version": "", "fqdn": "x"}}})
}
