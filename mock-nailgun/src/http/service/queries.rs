//! How many statements a request costs.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::config::Database;
use crate::profile::Profile;
use crate::store::cluster_plugins;

fn service() -> Service {
    let config = Config::new(Profile::named("9.2").unwrap(), "/nowhere");
    let store = Store::open(&Database::Memory, config.profile.name).unwrap();
    Service::new(config, store).unwrap()
}

fn send(service: &Service, method: &str, path: &str, body: &Value) -> u16 {
    let request = Request {
        method: method.to_owned(),
        path: format!("/api/v1/{path}"),
        query: BTreeMap::new(),
        headers: BTreeMap::new(),
        body: if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(body.to_string())
        },
    };
    match service.answer(&request) {
        Ok(reply) => reply.status,
        Err(error) => error.status,
    }
}

fn with_plugins(count: usize) -> Service {
    let service = service();
    for number in 0..count {
        let plugin = json!({
            "name": format!("plugin_{number}"), "title": "Plugin", "version": "1.0.0", "package_version": "4.0.0",
            "fuel_version": ["9.0"], "releases": [{"os": "ubuntu", "version": "mitaka-9.0", "mode": ["ha"]}],
        });
        assert_eq!(send(&service, "POST", "plugins", &plugin), 201);
    }
    assert_eq!(
        send(&service, "POST", "clusters", &json!({"name": "one", "release_id": 2})),
        201
    );
    service
}

/// The statements that `work` makes the database run.
fn statements<T>(service: &Service, work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    service.store.trace(Some(move |statement: &str| {
        log.lock().unwrap().push(statement.to_owned())
    }));
    let result = work();
    service.store.trace(None::<fn(&str)>);
    let statements = seen.lock().unwrap().clone();
    (result, statements)
}

#[test]
fn the_plugins_of_an_environment_come_from_a_single_database_query() {
    let service = with_plugins(50);
    let (plugins, statements) = statements(&service, || {
        service
            .store
            .transaction(Access::Read, |database| cluster_plugins::of(database, 1), |_, _| Ok(()))
            .unwrap()
    });
    assert_eq!(plugins.len(), 50);
    let queries: Vec<&String> = statements
        .iter()
        .filter(|text| !matches!(text.as_str(), "BEGIN DEFERRED" | "COMMIT"))
        .collect();
    assert_eq!(queries.len(), 1, "{queries:?}");
    assert!(queries[0].starts_with("SELECT"), "{queries:?}");
}

#[test]
fn reading_an_environments_settings_or_roles_asks_for_its_plugins_once_however_many_there_are() {
    for path in [
        "clusters/1/attributes",
        "clusters/1/roles",
        "clusters/1/deployment_tasks",
    ] {
        let count = |plugins: usize| {
            let service = with_plugins(plugins);
            let (status, statements) = statements(&service, || send(&service, "GET", path, &Value::Null));
            assert_eq!(status, 200);
            let about_plugins = statements
                .iter()
                .filter(|text| text.contains("cluster_plugins"))
                .count();
            assert_eq!(about_plugins, 1, "{path}: {statements:?}");
            statements.len()
        };
        assert_eq!(count(3), count(50), "{path}");
    }
}
