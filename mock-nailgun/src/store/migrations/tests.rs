//! Files of every older version, with something in every table.

use camino::{Utf8Path, Utf8PathBuf};
use rstest::rstest;
use rusqlite::params;
use serde_json::{Value, json};

use super::*;
use crate::config::Database;
use crate::store::{
    self, Access, Cluster, ClusterLink, Document, GraphOwner, HistoryRecord, Node, NodeGroup, Notification, Plugin,
    PluginLink, Release, Store, StoreError, Task, addresses, cluster_plugins, graphs, messages, runs,
};

fn release() -> Value {
    json!({
        "name": "Mitaka", "version": "mitaka-9.0", "operating_system": "Ubuntu", "state": "available",
        "metadata": {"roles_metadata": {"controller": {"name": "Controller"}}},
    })
}

fn plugin() -> Value {
    json!({
        "name": "notes", "version": "1.0.0", "title": "Notes", "package_version": "4.0.0",
        "fields": {"name": "notes"},
        "files": {"attributes_metadata": {"port": {"type": "text", "value": "1"}}, "deployment_tasks": [{"id": "notes"}]},
    })
}

fn cluster() -> Value {
    json!({
        "name": "one", "status": "operational", "mode": "ha_compact", "release_id": 1, "net_provider": "neutron",
        "fuel_version": "9.1", "components": ["storage:block:lvm"], "ui_settings": {}, "changes": [],
        "editable": {"common": {"debug": {"type": "checkbox", "value": true}}}, "generated": {"mysql": {"password": "x"}},
        "network_configuration": {"networks": []}, "deployed": {"common": {}}, "replaced_deployment_info": [],
    })
}

fn node() -> Value {
    json!({
        "name": "Untitled (00:01)", "hostname": "node-1", "mac": "52:54:00:00:00:01", "ip": "10.20.0.3", "meta": {},
        "status": "ready", "progress": 100, "roles": ["controller"], "pending_roles": [],
        "primary_tags": ["controller"], "pending_addition": false, "pending_deletion": false, "cluster": 1,
        "online": true, "error_type": null, "error_msg": null, "os_platform": "ubuntu", "platform_name": null,
        "manufacturer": null, "labels": {}, "kernel_params": null,
    })
}

fn task() -> Value {
    json!({
        "uuid": "d2a1", "cluster": 1, "name": "deployment", "status": "ready", "progress": 100, "message": "done",
        "result": {}, "parent_id": null, "dry_run": false, "graph_type": "default", "time_start": null,
        "time_end": null, "weight": 1.0, "noop": false,
    })
}

fn history() -> Value {
    json!({
        "task_id": 1, "node_id": "1", "task_name": "notes", "status": "ready", "time_start": null, "time_end": null,
        "summary": {}, "custom": {}, "task": {"id": "notes"},
    })
}

fn notification() -> Value {
    json!({
        "cluster": 1, "topic": "done", "message": "Deployed", "status": "unread", "node_id": null, "task_id": 1,
        "date": "22-11-2026", "time": "09:26:48",
    })
}

fn link() -> Value {
    json!({"owner_id": 1, "title": "Notes", "url": "/", "description": null, "hidden": false})
}

/// A file as the program with that version of the tables wrote it.
fn written_by(version: usize, directory: &Utf8Path) -> Utf8PathBuf {
    let path = directory.join(format!("version-{version}.sqlite"));
    let connection = Connection::open(path.as_std_path()).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(&MIGRATIONS[..version].concat()).unwrap();
    connection.pragma_update(None, "user_version", version as i64).unwrap();
    let insert = |table: &str, document: Value| {
        let statement = format!("INSERT INTO {table} (document) VALUES (?1)");
        connection.execute(&statement, [document.to_string()]).unwrap();
    };
    insert("releases", release());
    insert("plugins", plugin());
    insert("clusters", cluster());
    insert("nodes", node());
    insert("history", history());
    insert("notifications", notification());
    for owner in ["plugin", "cluster"] {
        let mut link = link();
        if version < 5 {
            link["owner"] = json!(owner);
            insert("links", link);
        } else {
            insert(
                &format!("{owner}_{}links", if owner == "cluster" { "plugin_" } else { "" }),
                link,
            );
        }
    }
    connection
        .execute_batch(
            "INSERT INTO cluster_plugins (cluster_id, plugin_id, enabled, attributes)
                 VALUES (1, 1, 1, '{\"port\":{\"type\":\"text\",\"value\":\"8080\"}}');
             INSERT INTO addresses (cluster_id, network, node_id, vip, address)
                 VALUES (1, 'management', 1, NULL, '192.168.0.3'), (1, 'management', NULL, 'vrouter', '192.168.0.1');
             INSERT INTO graphs (owner, owner_id, type, tasks)
                 VALUES ('release', 1, 'default', '[{\"id\":\"deploy_start\"}]'), ('cluster', 1, 'own', '[]');",
        )
        .unwrap();
    let parts = [
        json!({"1": {"uid": "1"}}),
        json!({"common": {}}),
        json!({"networks": []}),
    ];
    if version == 1 {
        // A task held what its run was made of, and one that was no run held nulls.
        let mut run = task();
        let mut other = task();
        other["uuid"] = json!("d2a2");
        for (name, part) in ["deployment_info", "settings", "network_configuration"]
            .iter()
            .zip(&parts)
        {
            run[name] = part.clone();
            other[name] = Value::Null;
        }
        insert("tasks", run);
        insert("tasks", other);
        insert("messages", json!({"message": {"method": "task_deploy"}}));
    } else {
        let mut other = task();
        other["uuid"] = json!("d2a2");
        insert("tasks", task());
        insert("tasks", other);
        insert("messages", json!({"method": "task_deploy"}));
        let [info, settings, networks] = parts.map(|part| part.to_string());
        connection
            .execute(
                "INSERT INTO runs VALUES (1, ?1, ?2, ?3)",
                params![info, settings, networks],
            )
            .unwrap();
    }
    if version >= 6 {
        NodeGroup::begin(&connection, 1).unwrap();
    }
    if version >= 3 {
        connection
            .execute_batch(
                "INSERT INTO graphs (owner, owner_id, type, tasks) VALUES ('plugin', 1, 'default', '[{\"id\":\"notes\"}]')",
            )
            .unwrap();
    }
    path
}

/// Whether `document` still says all that was written.
fn assert_kept<T: Document>(connection: &Connection, written: &[Value]) {
    let rows = store::all::<T>(connection).unwrap();
    assert_eq!(rows.len(), written.len(), "{}", T::TABLE);
    for (row, written) in rows.iter().zip(written) {
        let read = serde_json::to_value(row).unwrap();
        let mut merged = read.clone();
        crate::settings::merge(&mut merged, written);
        assert_eq!(read, merged, "{}", T::TABLE);
    }
}

#[rstest]
fn a_file_of_an_older_version_is_opened_with_all_that_it_holds(#[values(1, 2, 3, 4, 5, 6)] version: usize) {
    let directory = tempfile::tempdir().unwrap();
    let path = written_by(version, Utf8Path::from_path(directory.path()).unwrap());
    // Twice: what was brought up to date once is left alone.
    for _ in 0..2 {
        let store = Store::open(&Database::File(path.clone()), "9.2").unwrap();
        let read = |connection: &Connection| -> Result<(), rusqlite::Error> {
            let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            assert_eq!(found, VERSION);
            let mut other = task();
            other["uuid"] = json!("d2a2");
            assert_kept::<Release>(connection, &[release()]);
            assert_kept::<Plugin>(connection, &[plugin()]);
            assert_kept::<Cluster>(connection, &[cluster()]);
            assert_kept::<Node>(connection, &[node()]);
            assert_kept::<Task>(connection, &[task(), other]);
            assert_kept::<HistoryRecord>(connection, &[history()]);
            assert_kept::<Notification>(connection, &[notification()]);
            let groups = NodeGroup::of(connection, 1)?;
            assert_eq!(groups.len(), 1);
            assert!(groups[0].is_default && groups[0].id == 1);
            assert_kept::<PluginLink>(connection, &[link()]);
            assert_kept::<ClusterLink>(connection, &[link()]);
            let plugins = cluster_plugins::of(connection, 1)?;
            assert!(plugins[0].enabled);
            assert_eq!(plugins[0].attributes["port"]["value"], "8080");
            let addresses = addresses::of(connection, 1)?;
            let texts: Vec<&str> = addresses.iter().map(|address| address.address.as_str()).collect();
            assert_eq!(texts, ["192.168.0.3", "192.168.0.1"]);
            assert_eq!(addresses[1].vip.as_deref(), Some("vrouter"));
            let part = |part| runs::get::<Value>(connection, 1, part);
            assert_eq!(part(runs::Part::DeploymentInfo)?, Some(json!({"1": {"uid": "1"}})));
            assert_eq!(part(runs::Part::Settings)?, Some(json!({"common": {}})));
            assert_eq!(part(runs::Part::NetworkConfiguration)?, Some(json!({"networks": []})));
            assert!(!runs::is_one(connection, 2)?);
            for (owner, kind, tasks) in [
                (GraphOwner::Release, "default", json!([{"id": "deploy_start"}])),
                (GraphOwner::Cluster, "own", json!([])),
                (GraphOwner::Plugin, "default", json!([{"id": "notes"}])),
            ] {
                let graph = graphs::find(connection, owner, 1, kind)?.unwrap();
                assert_eq!(Value::from(graph.tasks.to_vec()), tasks);
            }
            let broken: i64 =
                connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
            assert_eq!(broken, 0);
            Ok(())
        };
        store.transaction(Access::Read, read, |_, _| Ok(())).unwrap();
    }
    let store = Store::open(&Database::File(path), "9.2").unwrap();
    let taken = store.transaction(Access::Write, messages::take, |_, _: &rusqlite::Error| Ok(()));
    assert_eq!(taken.unwrap().as_deref(), Some(r#"{"method":"task_deploy"}"#));
}

#[test]
fn a_step_that_fails_leaves_the_file_with_all_that_it_held() {
    let directory = tempfile::tempdir().unwrap();
    let path = written_by(1, Utf8Path::from_path(directory.path()).unwrap());
    let connection = Connection::open(path.as_std_path()).unwrap();
    // The last statement of the first step cannot read it.
    connection
        .execute("INSERT INTO messages (document) VALUES ('no JSON')", [])
        .unwrap();
    drop(connection);
    let error = Store::open(&Database::File(path.clone()), "9.2").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot open the database `{path}`: malformed JSON")
    );
    let connection = Connection::open(path.as_std_path()).unwrap();
    let number = |question: &str| -> i64 { connection.query_row(question, [], |row| row.get(0)).unwrap() };
    assert_eq!(number("PRAGMA user_version"), 1);
    assert_eq!(number("SELECT count(*) FROM sqlite_schema WHERE name = 'runs'"), 0);
    assert_eq!(
        number("SELECT count(*) FROM tasks WHERE document -> 'settings' IS NOT NULL"),
        2
    );
}

#[test]
fn two_programs_that_open_an_old_file_at_once_bring_it_up_to_date_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = written_by(1, Utf8Path::from_path(directory.path()).unwrap());
    std::thread::scope(|scope| {
        let opened: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Store::open(&Database::File(path.clone()), "9.2").map(drop)))
            .collect();
        for one in opened {
            one.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_file_of_another_program_or_of_a_later_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(directory.path()).unwrap();
    let with = |name: &str, statements: &str| {
        let path = root.join(name);
        Connection::open(path.as_std_path())
            .unwrap()
            .execute_batch(statements)
            .unwrap();
        let before = fs_err::read(&path).unwrap();
        let error = Store::open(&Database::File(path.clone()), "9.2").unwrap_err();
        assert_eq!(fs_err::read(&path).unwrap(), before, "{name} was changed");
        error
    };
    for (name, statements) in [
        ("places", "CREATE TABLE moz_places (id INTEGER)"),
        (
            "numbered",
            "CREATE TABLE moz_places (id INTEGER); PRAGMA user_version = 2",
        ),
    ] {
        assert!(matches!(with(name, statements), StoreError::Foreign { .. }), "{name}");
    }
    let later = with("later", "CREATE TABLE releases (id INTEGER); PRAGMA user_version = 7");
    assert!(matches!(
        later,
        StoreError::Version {
            found: 7,
            wanted: 6,
            ..
        }
    ));
}

#[rstest]
#[case(1, "8.0")]
#[case(3, "6.1")]
#[case(6, "7.0")]
fn a_file_that_was_made_for_another_fuel_is_refused_and_stays(#[case] format: usize, #[case] wanted: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = written_by(format, Utf8Path::from_path(directory.path()).unwrap());
    // From format 4 on the file says it itself; before, its releases do.
    if format == 6 {
        Store::open(&Database::File(path.clone()), "9.2").unwrap();
    }
    let content = |path: &Utf8Path| -> (i64, Vec<String>) {
        let connection = Connection::open(path.as_std_path()).unwrap();
        let version = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        let mut rows = connection.prepare("SELECT document FROM clusters").unwrap();
        let documents = rows.query_map([], |row| row.get(0)).unwrap();
        (version, documents.collect::<Result<_, _>>().unwrap())
    };
    let before = content(&path);
    let error = Store::open(&Database::File(path.clone()), wanted).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the database `{path}` was made for Fuel 9.2, and Fuel {wanted} was asked for; it was left as it is: start with \
             `--fuel-version 9.2`, or give another file for Fuel {wanted}"
        )
    );
    assert_eq!(content(&path), before);
    Store::open(&Database::File(path), "9.2").unwrap();
}

#[test]
fn a_file_that_holds_nothing_yet_is_for_any_fuel() {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(directory.path()).unwrap().join("new.sqlite");
    for version in ["6.1", "9.2"] {
        Store::open(&Database::File(path.clone()), version).unwrap();
    }
}
