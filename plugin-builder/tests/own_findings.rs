//! Our own findings: for each a plugin that has it, and one that is nearly the same and has it not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{Severity, check, create};
use rstest::rstest;

/// A created plugin of this package version for one Fuel, with no tasks and complete, with `files` put over it; a text
/// `-` deletes the file.
fn codes(package_version: &str, fuel: &str, files: &[(&str, &str)]) -> Vec<String> {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    create(&plugin, package_version).unwrap();
    metadata(&plugin, package_version, fuel);
    fs_err::write(plugin.join("deployment_scripts/deploy.pp"), "notice('trove')\n").unwrap();
    fs_err::write(plugin.join("repositories/ubuntu/trove_1_all.deb"), "").unwrap();
    for name in ["tasks.yaml", "deployment_tasks.yaml"] {
        fs_err::write(plugin.join(name), "[]\n").unwrap();
    }
    for name in [
        "node_roles.yaml",
        "volumes.yaml",
        "network_roles.yaml",
        "components.yaml",
    ] {
        let _ = fs_err::remove_file(plugin.join(name));
    }
    if package_version < "3" {
        fs_err::remove_file(plugin.join("deployment_tasks.yaml")).unwrap();
    }
    for (name, text) in files {
        let path = plugin.join(name);
        if *text == "-" {
            fs_err::remove_file(&path).unwrap();
        } else {
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, text).unwrap();
        }
    }
    let report = check(&plugin);
    report.findings.iter().map(|finding| finding.code.to_owned()).collect()
}

fn metadata(plugin: &Utf8Path, package_version: &str, fuel: &str) {
    let release = match fuel {
        "6.0" => "2014.2-6.0",
        "6.1" => "2014.2.2-6.1",
        "7.0" => "2015.1.0-7.0",
        "8.0" => "liberty-8.0",
        "9.0" => "mitaka-9.0",
        _ => "newton-10.0",
    };
    let text = format!(
        "name: trove\ntitle: Trove\nversion: '1.0.0'\npackage_version: '{package_version}'\ndescription: Databases\n\
         fuel_version: ['{fuel}']\nlicenses: [Apache-2.0]\nauthors: [Somebody]\nhomepage: https://example.com\n\
         groups: []\nis_hotpluggable: false\nreleases:\n- os: ubuntu\n  version: {release}\n  mode: [ha]\n  \
         deployment_scripts_path: deployment_scripts/\n  repository_path: repositories/ubuntu\n"
    );
    fs_err::write(plugin.join("metadata.yaml"), text).unwrap();
}

#[rstest]
#[case("1.0.0", "6.0")]
#[case("2.0.0", "6.1")]
#[case("3.0.0", "7.0")]
#[case("4.0.0", "8.0")]
#[case("4.0.0", "9.0")]
#[case("5.0.0", "9.0")]
fn a_plain_plugin_has_no_finding(#[case] package_version: &str, #[case] fuel: &str) {
    let legacy = if package_version < "3" {
        vec![(
            "tasks.yaml",
            "- {role: ['primary-controller', controller], stage: post_deployment, type: shell, parameters: {cmd: ./deploy.sh, timeout: 9}}",
        )]
    } else {
        Vec::new()
    };
    assert_eq!(codes(package_version, fuel, &legacy), Vec::<String>::new());
}

const TASK: &str = "type: puppet, version: 2.0.0, role: [primary-controller, controller], parameters: \
                    {puppet_manifest: deploy.pp, puppet_modules: ., timeout: 9}";

/// deployment_tasks.yaml with this text for each `TASK`.
fn with_tasks(package_version: &str, fuel: &str, tasks: &str) -> Vec<String> {
    let text = tasks.replace("TASK", TASK);
    codes(package_version, fuel, &[("deployment_tasks.yaml", &text)])
}

#[rstest]
#[case(
    "duplicate-task",
    "- {id: a, TASK}\n- {id: a, TASK}",
    "- {id: a, TASK}\n- {id: b, TASK}"
)]
#[case("core-task", "- {id: netconfig, TASK}", "- {id: trove-netconfig, TASK}")]
#[case(
    "core-task",
    "- {id: netconfig, TASK}",
    "- {id: netconfig, type: skipped, role: [controller]}"
)]
#[case(
    "mistyped-task",
    "- {id: a, requires: [deploy_strat], TASK}",
    "- {id: a, requires: [deploy_start], TASK}"
)]
#[case(
    "mistyped-task",
    "- {id: trove-db, TASK}\n- {id: b, required_for: [trove-bd], TASK}",
    "- {id: trove-db, TASK}\n- {id: b, required_for: [trove-db], TASK}"
)]
#[case(
    "mistyped-task",
    "- {id: a, cross-depends: [{name: netcnofig}], TASK}",
    "- {id: a, cross-depends: [{name: netconfig}], TASK}"
)]
#[case(
    "mistyped-key",
    "- {id: a, cross_depends: [{name: netconfig}], TASK}",
    "- {id: a, cross-depends: [{name: netconfig}], TASK}"
)]
#[case(
    "unknown-task",
    "- {id: a, cross-depended-by: [{name: elsewhere}], TASK}",
    "- {id: a, cross-depended-by: [{name: deploy_end}], TASK}"
)]
#[case(
    "group-task",
    "- {id: g, type: group, role: [controller], tasks: [nowhere]}",
    "- {id: g, type: group, role: [controller], tasks: [hiera]}"
)]
#[case(
    "pattern-without-match",
    "- {id: a, cross-depends: [{name: '/mq$/'}], TASK}",
    "- {id: a, cross-depends: [{name: '/(primary-)?rabbitmq/'}], TASK}"
)]
#[case(
    "task-cycle",
    "- {id: a, requires: [b], TASK}\n- {id: b, requires: [a], TASK}",
    "- {id: a, requires: [b], TASK}\n- {id: b, TASK}"
)]
#[case(
    "task-cycle",
    "- {id: a, requires: [a], TASK}",
    "- {id: a, cross-depends: [{name: a, role: primary-controller}], TASK}"
)]
#[case(
    "task-cycle",
    "- {id: a, requires: [deploy_end], required_for: [deploy_start], TASK}",
    "- {id: a, requires: [deploy_start], required_for: [deploy_end], TASK}"
)]
#[case(
    "task-cycle",
    "- {id: a, requires: [hiera], required_for: [deploy_start], TASK}",
    "- {id: a, requires: [deploy_start], required_for: [hiera], TASK}"
)]
#[case(
    "legacy-task",
    "- {id: a, type: shell, role: [compute], parameters: {cmd: 'true', timeout: 9}}",
    "- {id: a, version: 2.1.0, type: shell, role: [compute], parameters: {cmd: 'true', timeout: 9}}"
)]
#[case(
    "mistyped-role",
    "- {id: a, version: 2.0.0, type: skipped, role: [comptue]}",
    "- {id: a, version: 2.0.0, type: skipped, role: [compute]}"
)]
#[case(
    "unknown-role",
    "- {id: a, version: 2.0.0, type: skipped, role: [trove-guest]}",
    "- {id: a, version: 2.0.0, type: skipped, role: [primary-rabbitmq]}"
)]
#[case(
    "pattern-without-match",
    "- {id: a, version: 2.0.0, type: skipped, role: ['/^primry/']}",
    "- {id: a, version: 2.0.0, type: skipped, role: ['/^primary/']}"
)]
#[case(
    "no-primary",
    "- {id: a, version: 2.0.0, type: reboot, role: [controller], parameters: {timeout: 9}}",
    "- {id: a, version: 2.0.0, type: reboot, role: ['/.*controller/'], parameters: {timeout: 9}}"
)]
fn a_deployment_task_has_what_is_wrong_with_it_and_nothing_else(
    #[case] code: &str,
    #[case] bad: &str,
    #[case] good: &str,
) {
    assert_eq!(with_tasks("4.0.0", "9.0", bad), [code], "{bad}");
    assert_eq!(with_tasks("4.0.0", "9.0", good), Vec::<String>::new(), "{good}");
}

#[rstest]
#[case("- {id: a, version: 2.0.0, type: reboot, parameters: {timeout: 9}}", "warning")]
#[case("- {id: a, version: 2.0.0, type: skipped}", "note")]
#[case(
    "- {id: g, type: group, role: [cinder], tasks: [a]}\n- {id: a, version: 2.0.0, type: reboot, parameters: {timeout: 9}}",
    "note"
)]
fn a_task_without_roles_is_a_warning_unless_it_is_skipped_or_has_a_group_s(
    #[case] tasks: &str,
    #[case] severity: &str,
) {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    create(&plugin, "4.0.0").unwrap();
    metadata(&plugin, "4.0.0", "9.0");
    fs_err::write(plugin.join("deployment_tasks.yaml"), tasks).unwrap();
    let report = check(&plugin);
    let found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.code == "task-unassigned")
        .map(|finding| finding.severity.to_string())
        .collect();
    assert_eq!(found, [severity]);
}

#[rstest]
// What runs on different nodes does not wait for itself.
#[case(
    "- {id: a, version: 2.0.0, type: skipped, role: [compute], requires: [b]}\n- {id: b, version: 2.0.0, type: skipped, role: [cinder], requires: [a]}"
)]
#[case(
    "- {id: a, version: 2.0.0, type: skipped, role: [compute], cross-depends: [{name: b, policy: any}], required_for: [b]}\n- {id: b, version: 2.0.0, type: skipped, role: [compute]}"
)]
fn edges_that_may_hold_between_other_nodes_are_no_cycle(#[case] tasks: &str) {
    assert_eq!(with_tasks("4.0.0", "9.0", tasks), Vec::<String>::new());
}

#[test]
fn a_group_gives_its_role_to_the_tasks_of_a_cycle() {
    let tasks = "- {id: g, type: group, role: [base-os], tasks: [a, b]}\n- {id: a, version: 2.0.0, type: skipped, role: [cinder], \
                 requires: [b]}\n- {id: b, version: 2.0.0, type: skipped, role: [compute], requires: [a]}";
    assert_eq!(with_tasks("4.0.0", "9.0", tasks), ["task-cycle"]);
}

#[rstest]
#[case("4.0.0", "8.0", "# nothing\n", &["empty-tasks"])]
#[case("4.0.0", "9.0", "# nothing\n", &[])]
#[case("4.0.0", "8.0", "- {role: [compute], stage: post_deployment, type: shell, parameters: {cmd: 'true', timeout: 9}}", &[])]
#[case("4.0.0", "9.0", "- {role: [compute], stage: post_deployment, type: shell, parameters: {cmd: 'true', timeout: 9}}", &["legacy-tasks"])]
#[case("2.0.0", "6.1", "- {role: [controller], stage: post_deployment, type: shell, parameters: {cmd: 'true', timeout: 9}}", &["no-primary"])]
#[case("1.0.0", "6.1", "- {role: [controller], stage: post_deployment, type: shell, parameters: {cmd: 'true', timeout: 9}}", &[])]
#[case("1.0.0", "6.0", "- {role: [controller], stage: post_deployment, type: shell, parameters: {cmd: 'true', timeout: 9}}", &[])]
fn tasks_yaml_is_judged_by_the_fuel_version(
    #[case] package_version: &str,
    #[case] fuel: &str,
    #[case] tasks: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(codes(package_version, fuel, &[("tasks.yaml", tasks)]), expected);
}

#[rstest]
#[case("3.0.0", "7.0", "components.yaml", &["ignored-file"])]
#[case("4.0.0", "9.0", "nic_config.yaml", &["ignored-file"])]
#[case("5.0.0", "9.0", "nic_config.yaml", &[])]
#[case("2.0.0", "6.1", "node_roles.yaml", &["ignored-file", "no-primary"])]
fn a_file_of_a_later_format_is_told(
    #[case] package_version: &str,
    #[case] fuel: &str,
    #[case] file: &str,
    #[case] expected: &[&str],
) {
    let mut files = vec![(file, "{}")];
    if package_version < "3" {
        files.push((
            "tasks.yaml",
            "- {role: [controller], stage: post_deployment, type: shell, parameters: {cmd: 'true', timeout: 9}}",
        ));
    }
    assert_eq!(codes(package_version, fuel, &files), expected);
}

#[rstest]
#[case(
    "core-role",
    "9.0",
    "node_roles.yaml",
    "compute: {name: a, description: b}",
    "trove: {name: a, description: b}"
)]
#[case(
    "core-volume",
    "9.0",
    "volumes.yaml",
    "volumes: [{id: os, type: vg}]\nvolumes_roles_mapping: {}",
    "volumes: [{id: trove, type: vg}]\nvolumes_roles_mapping: {}"
)]
#[case(
    "core-component",
    "8.0",
    "components.yaml",
    "- {name: 'hypervisor:qemu', label: a}",
    "- {name: 'additional_service:trove', label: a}"
)]
#[case(
    "core-network-role",
    "7.0",
    "network_roles.yaml",
    "- {id: management, default_mapping: public, properties: {subnet: true, gateway: false, vip: []}}",
    "- {id: trove, default_mapping: public, properties: {subnet: true, gateway: false, vip: []}}"
)]
fn a_name_of_fuel_s_own_is_told(
    #[case] code: &str,
    #[case] fuel: &str,
    #[case] file: &str,
    #[case] bad: &str,
    #[case] good: &str,
) {
    let format = if fuel == "7.0" { "3.0.0" } else { "4.0.0" };
    assert_eq!(codes(format, fuel, &[(file, bad), ("tasks.yaml", "-")]), [code]);
    assert_eq!(
        codes(format, fuel, &[(file, good), ("tasks.yaml", "-")]),
        Vec::<String>::new()
    );
}

#[rstest]
#[case(
    "mistyped-key",
    "- {id: a, requried_for: [deploy_end], TASK}",
    "- {id: a, required_for: [deploy_end], TASK}"
)]
#[case(
    "mistyped-key",
    "- {id: a, cross-dependes: [{name: netconfig}], TASK}",
    "- {id: a, cross-depends: [{name: netconfig}], TASK}"
)]
#[case(
    "mistyped-key",
    "- {id: a, cross-depends: [{name: netconfig, polcy: any}], TASK}",
    "- {id: a, cross-depends: [{name: netconfig, policy: any}], TASK}"
)]
#[case(
    "mistyped-key",
    "- {id: g, type: group, role: [controller], parameters: {strategy: {type: parallel, ammount: 2}}}",
    "- {id: g, type: group, role: [controller], parameters: {strategy: {type: parallel, amount: 2}}}"
)]
#[case(
    "no-timeout",
    "- {id: a, version: 2.0.0, type: shell, role: [compute], parameters: {cmd: 'true'}}",
    "- {id: a, version: 2.0.0, type: shell, role: [compute], parameters: {cmd: 'true', timeout: 9}}"
)]
#[case(
    "no-timeout",
    "- {id: a, version: 2.0.0, type: reboot, role: [compute]}",
    "- {id: a, version: 2.0.0, type: reboot, role: [compute], parameters: {timeout: 9}}"
)]
#[case(
    "misplaced-parameter",
    "- {id: a, puppet_manifest: deploy.pp, TASK}",
    "- {id: a, my_own_key: 1, TASK}"
)]
fn a_slip_in_a_key_is_told_and_an_own_key_is_not(#[case] code: &str, #[case] bad: &str, #[case] good: &str) {
    assert_eq!(with_tasks("4.0.0", "9.0", bad), [code], "{bad}");
    assert_eq!(with_tasks("4.0.0", "9.0", good), Vec::<String>::new(), "{good}");
}

#[rstest]
#[case("environment_config.yaml", "atributes: {}", "attributes: {}")]
#[case(
    "environment_config.yaml",
    "attributes: {a: {type: text, label: A, weight: 1, value: '', regex: {source: '^a*$', eror: b}}}",
    "attributes: {a: {type: text, label: A, weight: 1, value: '', regex: {source: '^a*$', error: b}}}"
)]
#[case(
    "environment_config.yaml",
    "attributes: {a: {type: text, label: A, weight: 1, value: '', restrictions: [{condition: 'false', mesage: b}]}}",
    "attributes: {a: {type: text, label: A, weight: 1, value: '', restrictions: [{condition: 'false', message: b}]}}"
)]
#[case(
    "node_roles.yaml",
    "trove: {name: a, description: b, limits: {recomended: 3}}",
    "trove: {name: a, description: b, limits: {recommended: 3}}"
)]
#[case(
    "volumes.yaml",
    "volumes: [{id: trove, type: vg, file_sytem: ext4}]\nvolumes_roles_mapping: {}",
    "volumes: [{id: trove, type: vg, file_system: ext4}]\nvolumes_roles_mapping: {}"
)]
#[case(
    "network_roles.yaml",
    "- {id: trove, default_mapping: public, properties: {subnet: true, gateway: false, vip: [{name: trove, namspace: haproxy}]}}",
    "- {id: trove, default_mapping: public, properties: {subnet: true, gateway: false, vip: [{name: trove, namespace: haproxy}]}}"
)]
#[case(
    "components.yaml",
    "- {name: 'additional_service:trove', label: a, requires: [{name: 'storage:block:lvm', mesage: b}]}",
    "- {name: 'additional_service:trove', label: a, requires: [{name: 'storage:block:lvm', message: b}]}"
)]
#[case(
    "nic_config.yaml",
    "a: {type: text, label: A, value: '', descripton: b}",
    "a: {type: text, label: A, value: '', description: b}"
)]
#[case(
    "node_config.yaml",
    "trove: {metadata: {label: T}, a: {type: text, label: A, value: '', descripton: b}}",
    "trove: {metadata: {label: T}, a: {type: text, label: A, value: '', description: b}}"
)]
fn a_slip_is_told_in_every_file_and_however_deep(#[case] file: &str, #[case] bad: &str, #[case] good: &str) {
    assert_eq!(codes("5.0.0", "9.0", &[(file, bad)]), ["mistyped-key"], "{bad}");
    assert_eq!(codes("5.0.0", "9.0", &[(file, good)]), Vec::<String>::new(), "{good}");
}

/// The findings of a plugin whose metadata.yaml has `new` for `old`.
fn with_metadata(old: &str, new: &str) -> Vec<String> {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    create(&plugin, "4.0.0").unwrap();
    metadata(&plugin, "4.0.0", "9.0");
    fs_err::write(plugin.join("deployment_scripts/deploy.pp"), "notice('trove')\n").unwrap();
    let file = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&file).unwrap();
    assert!(text.contains(old));
    fs_err::write(&file, text.replace(old, new)).unwrap();
    check(&plugin)
        .findings
        .iter()
        .map(|finding| finding.code.to_owned())
        .collect()
}

#[rstest]
#[case("package_version: '4.0.0'", "packge_version: '4.0.0'", &["package-version", "mistyped-key"])]
#[case("package_version: '4.0.0'", "title: a\npackage_version: '4.0.0", &["yaml"])]
#[case("package_version: '4.0.0'", "title: a\npackage_version: '44'", &["package-version", "duplicate-key"])]
#[case("version: '1.0.0'", "version: 'v1'", &["version-form"])]
#[case("version: '1.0.0'", "version: '1.10.0'", &["version-order"])]
#[case("version: '1.0.0'", "version: '1.0.10'", &[])]
#[case("os: ubuntu", "os: ubuntu\n  verson: a", &[])]
#[case("mode: [ha]", "mode: [ha]\n  repositoy_path: a", &[])]
#[case("homepage: ", "homepag: a\nhomepage: ", &[])]
#[case("is_hotpluggable: false", "is_hotplugable: false", &["schema", "mistyped-key"])]
fn metadata_is_looked_at_also_without_a_known_package_version(
    #[case] old: &str,
    #[case] new: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(with_metadata(old, new), expected);
}

#[test]
fn a_repository_without_even_a_hidden_file_is_told() {
    let package = "repositories/ubuntu/trove_1_all.deb";
    let keep = "repositories/ubuntu/.gitkeep";
    assert_eq!(
        codes("4.0.0", "9.0", &[(package, "-"), (keep, ""), (keep, "-")]),
        ["empty-repository"]
    );
    assert_eq!(
        codes("4.0.0", "9.0", &[(package, "-"), (keep, "")]),
        Vec::<String>::new()
    );
}

const PUPPET: &str = "- {id: a, version: 2.0.0, type: puppet, role: [compute], parameters: {puppet_manifest: PATH, puppet_modules: ., timeout: 9}}";
const SHELL: &str = "- {id: a, version: 2.0.0, type: shell, role: [compute], parameters: {cmd: PATH, timeout: 9}}";

#[rstest]
#[case(PUPPET, "deploy.pp", &[])]
#[case(PUPPET, "/etc/puppet/modules/osnailyfacter/modular/hiera/hiera.pp", &[])]
#[case(PUPPET, "puppet/manifests/site.pp", &["missing-manifest"])]
#[case(SHELL, "./deploy.sh", &[])]
#[case(SHELL, "./delpoy.sh", &["missing-script"])]
#[case(SHELL, "bash delpoy.sh", &["missing-script"])]
#[case(SHELL, "./deploy.pp", &["script-not-executable"])]
#[case(SHELL, "sh deploy.pp", &[])]
#[case(SHELL, "echo all > /tmp/plugin.all", &[])]
fn a_file_that_a_task_names_must_be_there(#[case] task: &str, #[case] path: &str, #[case] expected: &[&str]) {
    let tasks = task.replace("PATH", path);
    assert_eq!(with_tasks("4.0.0", "9.0", &tasks), expected);
}

const MODULES: &str = "- {id: a, version: 2.0.0, type: puppet, role: [compute], parameters: {puppet_manifest: deploy.pp, puppet_modules: 'PATH', timeout: 9}}";
const SYNC: &str =
    "- {id: a, version: 2.0.0, type: sync, role: [compute], parameters: {src: 'PATH', dst: /opt/trove, timeout: 9}}";
const COPY: &str = "- {id: a, version: 2.0.0, type: copy_files, role: [compute], parameters: {files: [{src: 'PATH', dst: /opt/trove}]}}";

#[rstest]
#[case(MODULES, ".:/etc/puppet/modules", &[])]
#[case(MODULES, "puppet/modules:/etc/puppet/modules", &["missing-modules"])]
#[case(MODULES, "/etc/fuel/plugins/trove-1.0/modules", &["missing-modules"])]
#[case(MODULES, "/etc/fuel/plugins/trove-1.0/", &[])]
#[case(MODULES, "/etc/fuel/plugins/trove-0.9/:/etc/puppet/modules", &["stale-path"])]
#[case(SHELL, "bash /etc/fuel/plugins/trove-1.0.0/deploy.sh", &["stale-path"])]
#[case(SHELL, "bash /etc/fuel/plugins/trove-1.0/deploy.sh", &[])]
#[case(SHELL, "bash /etc/fuel/plugins/trove-1.0/delpoy.sh", &["missing-script"])]
#[case(SHELL, "bash /etc/fuel/plugins/trove-guest-0.9/delpoy.sh", &[])]
#[case(SYNC, "rsync://{MASTER_IP}:/plugins/trove-1.0/repositories/", &[])]
#[case(SYNC, "rsync://{MASTER_IP}:/plugins/trove-1.0/files/", &["missing-source"])]
#[case(SYNC, "rsync://{MASTER_IP}:/puppet/modules/", &[])]
#[case(COPY, "/var/www/nailgun/plugins/trove-1.0/deployment_scripts/deploy.pp", &[])]
#[case(COPY, "/var/www/nailgun/plugins/trove-1.0/deployment_scripts", &["missing-source"])]
#[case(COPY, "/var/www/nailgun/plugins/trove-1.0/trove.conf", &["missing-source"])]
#[case(COPY, "/var/www/nailgun/plugins/trove-1.1/trove.conf", &["stale-path"])]
#[case(COPY, "deployment_scripts/deploy.pp", &["missing-source"])]
#[case(COPY, "/var/lib/fuel/keys/{CLUSTER_ID}/trove/trove.pub", &[])]
fn paths_of_the_installed_plugin_must_lead_to_what_the_package_holds(
    #[case] task: &str,
    #[case] path: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(with_tasks("4.0.0", "9.0", &task.replace("PATH", path)), expected);
}

#[test]
fn a_plugin_of_package_version_1_lies_in_a_directory_of_its_whole_version() {
    let task = "- {role: ['primary-controller', controller], stage: post_deployment, type: shell, parameters: \
                {cmd: bash /etc/fuel/plugins/trove-PATH/deploy.sh, timeout: 9}}";
    let codes_of = |version: &str| codes("1.0.0", "6.0", &[("tasks.yaml", &task.replace("PATH", version))]);
    assert_eq!(codes_of("1.0.0"), Vec::<String>::new());
    assert_eq!(codes_of("1.0"), ["stale-path"]);
}

#[test]
fn a_plugin_without_any_script_is_told_so_once() {
    let tasks = [
        PUPPET.replace("PATH", "a.pp"),
        SHELL.replace("PATH", "./b.sh").replace("id: a", "id: b"),
    ]
    .join("\n");
    let files = [
        ("deployment_scripts/deploy.sh", "-"),
        ("deployment_scripts/deploy.pp", "-"),
        ("deployment_tasks.yaml", tasks.as_str()),
    ];
    assert_eq!(codes("4.0.0", "9.0", &files), ["no-scripts"]);
}

#[test]
fn the_directory_and_the_fuel_versions_are_looked_at() {
    assert_eq!(codes("4.0.0", "9.0", &[("LICENSE", "-")]), ["no-license"]);
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    create(&plugin, "4.0.0").unwrap();
    metadata(&plugin, "4.0.0", "9.0");
    let file = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&file).unwrap().replace("['9.0']", "['8.0']");
    fs_err::write(&file, text).unwrap();
    let hook = plugin.join("pre_build_hook");
    fs_err::remove_file(&hook).unwrap();
    fs_err::write(&hook, "true\n").unwrap();
    let report = check(&plugin);
    let has = |code: &str| report.findings.iter().any(|finding| finding.code == code);
    assert!(has("release-without-fuel") && has("fuel-without-release") && has("hook-not-executable"));
}

#[rstest]
#[case("1.0.0")]
#[case("2.0.0")]
#[case("3.0.0")]
#[case("4.0.0")]
#[case("5.0.0")]
fn a_created_plugin_lacks_at_most_the_manifest_that_the_original_does_not_write(#[case] package_version: &str) {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    create(&plugin, package_version).unwrap();
    let codes: Vec<&str> = check(&plugin).findings.iter().map(|finding| finding.code).collect();
    let expected: &[&str] = if package_version < "3" {
        &[]
    } else {
        &["missing-manifest"]
    };
    assert_eq!(codes, expected);
}

#[test]
fn slips_are_found_beside_a_fuel_whose_core_is_not_known_and_unknown_names_are_not() {
    let release = |version: &str| {
        format!(
            "- os: ubuntu\n  version: {version}\n  mode: [ha]\n  deployment_scripts_path: deployment_scripts/\n  \
             repository_path: repositories/ubuntu\n"
        )
    };
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    create(&plugin, "5.0.0").unwrap();
    metadata(&plugin, "5.0.0", "9.0");
    let path = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&path).unwrap() + &release("newton-10.0");
    fs_err::write(path, text).unwrap();
    let tasks = "- {id: a, type: puppet, role: [primary-controler], requires: [deploy_strat]}\n\
                 - {id: b, type: puppet, role: [elsewhere], requires: [of_another_plugin]}\n";
    fs_err::write(plugin.join("deployment_tasks.yaml"), tasks).unwrap();
    let report = check(&plugin);
    let about_names: Vec<&str> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(
        about_names.contains(&"mistyped-task") && about_names.contains(&"mistyped-role"),
        "{about_names:?}"
    );
    assert!(
        !about_names.contains(&"unknown-task") && !about_names.contains(&"unknown-role"),
        "{about_names:?}"
    );
}

#[test]
fn a_group_is_no_role_of_itself() {
    let tasks = "- {id: controler, type: group, role: [controler]}";
    assert_eq!(with_tasks("4.0.0", "9.0", tasks), ["mistyped-role"]);
}

#[test]
fn the_reference_plugin_needs_no_file_that_its_hook_does_not_bring() {
    let directory = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../trove-plugin"));
    let mut findings = check(&directory).findings;
    findings.retain(|finding| finding.severity != Severity::Note);
    assert!(findings.is_empty(), "{findings:#?}");
}
