//! New plugins.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::{BuildOptions, HostHook, Plugin, Start, build, check, create_from};
use proptest::prelude::*;
use rstest::rstest;

fn created(keep: &tempfile::TempDir, start: Start, name: &str, version: &str) -> Utf8PathBuf {
    let plugin = Utf8Path::from_path(keep.path()).unwrap().join(name);
    create_from(start, &plugin, version).unwrap();
    plugin
}

fn build_it(plugin: &Utf8Path) -> Utf8PathBuf {
    let options = BuildOptions {
        hook: &HostHook,
        source_date_epoch: Some(0),
        progress: &|_| {},
    };
    build(plugin, &options).unwrap().package
}

#[rstest]
fn a_new_plugin_is_valid_and_builds_whatever_yaml_makes_of_its_name(
    #[values(
        "demo",
        "fuel-plugin-demo",
        "9",
        "1e3",
        "0x1f",
        "yes",
        "on",
        "null",
        "true",
        "-",
        "--",
        "_",
        "1_0"
    )]
    name: &str,
    #[values(
        (Start::Original, "1.0.0"),
        (Start::Skeleton, "2.0.0"),
        (Start::Skeleton, "3.0.0"),
        (Start::Original, "4.0.0"),
        (Start::Skeleton, "5.0.0"),
        (Start::Trove, "4.0.0")
    )]
    from: (Start, &str),
) {
    let keep = tempfile::tempdir().unwrap();
    let plugin = created(&keep, from.0, name, from.1);
    let report = check(&plugin);
    assert!(!report.has_errors(), "{report:#?}");
    assert_eq!(Plugin::load(&plugin).unwrap().metadata.name, name);
    assert!(build_it(&plugin).exists());
}

#[rstest]
#[case(Start::Skeleton, "3.0.0")]
#[case(Start::Skeleton, "4.0.0")]
#[case(Start::Skeleton, "5.0.0")]
#[case(Start::Trove, "4.0.0")]
fn what_is_ours_has_no_findings_and_every_manifest_that_it_names(#[case] start: Start, #[case] version: &str) {
    let keep = tempfile::tempdir().unwrap();
    let plugin = created(&keep, start, "fuel-plugin-demo", version);
    assert_eq!(check(&plugin).findings, []);
    for task in Plugin::load(&plugin).unwrap().deployment_tasks {
        if let Some(manifest) = task["parameters"]["puppet_manifest"].as_str() {
            assert!(plugin.join("deployment_scripts").join(manifest).exists(), "{manifest}");
        }
    }
}

#[test]
fn the_reference_plugin_s_structure_is_renamed_everywhere() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = created(&keep, Start::Trove, "fuel-plugin-my-db", "4.0.0");
    let mut files = 0;
    for entry in walkdir::WalkDir::new(&plugin).into_iter().map(Result::unwrap) {
        let path = Utf8Path::from_path(entry.path()).unwrap();
        assert!(
            !path.as_str().contains('@') && !path.as_str().contains("trove"),
            "{path}"
        );
        if entry.file_type().is_file() && path.file_name() != Some("LICENSE") {
            let text = fs_err::read_to_string(path).unwrap();
            for placeholder in ["@name@", "@role@", "@module@", "@line@", "trove"] {
                assert!(!text.contains(placeholder), "{path}: {placeholder}");
            }
            files += 1;
        }
    }
    assert!(files > 15);
    let loaded = Plugin::load(&plugin).unwrap();
    assert_eq!(loaded.node_roles.keys().collect::<Vec<_>>(), ["my-db"]);
    assert!(
        plugin
            .join("deployment_scripts/puppet/modules/fuel_plugin_my_db/manifests/init.pp")
            .exists()
    );
    let scenario = plugin_builder::yaml::load(&plugin.join("tests/scenarios/my-db.yaml"))
        .unwrap()
        .to_json();
    assert_eq!(scenario["nodes"][1]["roles"][0], "my-db");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_name_that_is_allowed_makes_a_valid_plugin(name in "[a-z0-9_-]{1,12}", version in 1..=5) {
        let keep = tempfile::tempdir().unwrap();
        let plugin = created(&keep, Start::Original, &name, &format!("{version}.0.0"));
        prop_assert!(!check(&plugin).has_errors());
        let other = keep.path().join("other");
        fs_err::create_dir(&other).unwrap();
        let plugin = Utf8Path::from_path(&other).unwrap().join(&name);
        create_from(Start::Trove, &plugin, "4.0.0").unwrap();
        prop_assert!(!check(&plugin).has_errors());
    }
}
