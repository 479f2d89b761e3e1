//! Builds packages and unpacks them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod workplace;

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use camino::Utf8Path;
use plugin_builder::{
    BuildError, BuildOptions, Built, HookError, HookRunner, HostHook, PackageKind, Plugin, UnpackError, build, inspect,
    unpack,
};
use rstest::rstest;

use workplace::{new_plugin, workplace};

fn build_with(plugin: &Utf8Path, hook: &dyn HookRunner) -> Result<Built, BuildError> {
    build(
        plugin,
        &BuildOptions {
            hook,
            source_date_epoch: Some(1_600_000_000),
            progress: &|_| {},
        },
    )
}

/// A Debian package with an uncompressed control archive, which needs no tool to make.
fn write_deb(path: &Utf8Path, control: &str) {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(control.len() as u64);
    header.set_mode(0o644);
    archive
        .append_data(&mut header, "./control", control.as_bytes())
        .unwrap();
    let control = archive.into_inner().unwrap();
    let mut deb = b"!<arch>\n".to_vec();
    for (name, content) in [
        ("debian-binary", b"2.0\n".as_slice()),
        ("control.tar", &control),
        ("data.tar", b""),
    ] {
        writeln!(
            deb,
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`",
            0,
            0,
            0,
            100_644,
            content.len()
        )
        .unwrap();
        deb.extend_from_slice(content);
    }
    fs_err::write(path, deb).unwrap();
}

fn gunzip(path: &Utf8Path) -> String {
    std::io::read_to_string(flate2::read::GzDecoder::new(fs_err::File::open(path).unwrap())).unwrap()
}

#[rstest]
#[case("1.0.0", "trove-1.0.0.fp", "trove-1.0.0", PackageKind::Fp)]
#[case("2.0.0", "trove-1.0-1.0.0-1.noarch.rpm", "trove-1.0", PackageKind::Rpm)]
#[case("3.0.0", "trove-1.0-1.0.0-1.noarch.rpm", "trove-1.0", PackageKind::Rpm)]
#[case("4.0.0", "trove-1.0-1.0.0-1.noarch.rpm", "trove-1.0", PackageKind::Rpm)]
#[case("5.0.0", "trove-1.0-1.0.0-1.noarch.rpm", "trove-1.0", PackageKind::Rpm)]
fn a_new_plugin_of_every_format_is_built_and_unpacked(
    #[case] version: &str,
    #[case] file: &str,
    #[case] directory: &str,
    #[case] kind: PackageKind,
) {
    let place = workplace();
    let plugin = new_plugin(&place.path, version);
    let built = build_with(&plugin, &HostHook).unwrap();
    assert_eq!(built.package, plugin.join(file));

    let info = inspect(&built.package).unwrap();
    assert_eq!(
        (info.name.as_str(), info.plugin_name.as_str(), info.kind),
        (directory, "trove", kind)
    );

    let unpacked = unpack(&built.package, &place.path.join("plugins")).unwrap();
    assert_eq!(unpacked.directory, place.path.join("plugins").join(directory));
    let script = fs_err::metadata(unpacked.directory.join("deployment_scripts/deploy.sh")).unwrap();
    assert_eq!(
        script.permissions().mode() & 0o777,
        fs_err::metadata(plugin.join("deployment_scripts/deploy.sh"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    );
    let (installed, source) = (
        Plugin::load(&unpacked.directory).unwrap(),
        Plugin::load(&plugin).unwrap(),
    );
    assert_eq!(installed.metadata, source.metadata);
    assert_eq!(installed.deployment_tasks, source.deployment_tasks);
    assert_eq!(installed.directory_name(), directory);
}

#[test]
fn equal_trees_give_equal_bytes_whenever_they_are_built() {
    let place = workplace();
    let first = new_plugin(&place.path.join("a"), "4.0.0");
    let second = new_plugin(&place.path.join("b"), "4.0.0");
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs_err::OpenOptions::new()
        .write(true)
        .open(second.join("LICENSE"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    let packages = [first, second].map(|plugin| fs_err::read(build_with(&plugin, &HostHook).unwrap().package).unwrap());
    assert!(packages[0] == packages[1]);
}

#[test]
fn a_repository_is_indexed_and_the_plugin_s_own_directory_is_left_alone() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    let repository = plugin.join("repositories/ubuntu");
    write_deb(
        &repository.join("b_1_all.deb"),
        "Package: b\nVersion: 1\nArchitecture: all\nDescription: short\n long\n",
    );
    write_deb(
        &repository.join("a_2_all.deb"),
        "Package: a\nVersion: 2\nArchitecture: all\n",
    );
    let built = build_with(&plugin, &HostHook).unwrap();
    let unpacked = unpack(&built.package, &place.path)
        .unwrap()
        .directory
        .join("repositories/ubuntu");

    let index = gunzip(&unpacked.join("Packages.gz"));
    let packages: Vec<&str> = index
        .lines()
        .filter_map(|line| line.strip_prefix("Filename: "))
        .collect();
    assert_eq!(packages, ["./a_2_all.deb", "./b_1_all.deb"]);
    assert!(index.contains("Size: ") && index.contains("SHA256: ") && index.contains("Description: short\n long\n"));
    assert_eq!(
        fs_err::read_to_string(unpacked.join("Release")).unwrap(),
        "Label: trove\nVersion: 1.0\n"
    );
    assert!(!repository.join("Release").exists());
}

#[test]
fn checksums_name_every_file_but_themselves_in_the_order_of_paths() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    fs_err::write(plugin.join(".secret"), "not packed").unwrap();
    let unpacked = unpack(&build_with(&plugin, &HostHook).unwrap().package, &place.path)
        .unwrap()
        .directory;
    let text = fs_err::read_to_string(unpacked.join("checksums.sha1")).unwrap();
    let paths: Vec<&str> = text.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert!(paths.is_sorted());
    assert!(paths.contains(&"repositories/ubuntu/.gitkeep") && paths.contains(&"metadata.yaml"));
    assert!(!paths.contains(&"checksums.sha1") && !paths.contains(&".secret"));
}

#[test]
fn a_failed_build_leaves_the_package_of_the_build_before() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    let before = build_with(&plugin, &HostHook).unwrap().package;
    fs_err::write(plugin.join("pre_build_hook"), "#!/bin/sh\necho no mirror\nexit 3\n").unwrap();
    match build_with(&plugin, &HostHook) {
        Err(BuildError::Hook(HookError::Exit { code: 3, output })) => assert_eq!(output, "no mirror\n"),
        other => panic!("{other:?}"),
    }
    assert!(before.exists());
}

#[test]
fn a_new_version_s_package_takes_the_place_of_the_old_one() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    let old = build_with(&plugin, &HostHook).unwrap().package;
    let metadata = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&metadata).unwrap();
    fs_err::write(&metadata, text.replace("version: '1.0.0'", "version: '1.1.0'")).unwrap();
    let built = build_with(&plugin, &HostHook).unwrap();
    assert!(built.package.as_str().ends_with("trove-1.1-1.1.0-1.noarch.rpm"));
    assert!(!old.exists());
    let unpacked = unpack(&built.package, &place.path).unwrap();
    assert!(!unpacked.directory.join("trove-1.0-1.0.0-1.noarch.rpm").exists());
}

#[test]
fn a_package_that_is_none_stops_the_build_and_is_named() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    fs_err::write(plugin.join("repositories/ubuntu/junk.deb"), "junk").unwrap();
    let error = build_with(&plugin, &HostHook).unwrap_err();
    assert!(error.to_string().contains("repositories/ubuntu/junk.deb"), "{error}");
}

#[test]
fn a_repository_outside_of_the_plugin_is_refused() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    let metadata = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&metadata).unwrap();
    fs_err::write(&metadata, text.replace("repositories/ubuntu", "/tmp")).unwrap();
    assert!(matches!(build_with(&plugin, &HostHook), Err(BuildError::Outside(path)) if path == "/tmp"));
}

#[test]
fn a_damaged_package_leaves_the_installed_plugin_as_it_was() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    let package = build_with(&plugin, &HostHook).unwrap().package;
    let plugins = place.path.join("plugins");
    let installed = unpack(&package, &plugins).unwrap().directory;
    fs_err::write(installed.join("mark"), "").unwrap();

    let bytes = fs_err::read(&package).unwrap();
    fs_err::write(&package, &bytes[..bytes.len() - 1000]).unwrap();
    let said = unpack(&package, &plugins).unwrap_err().to_string();
    assert_eq!(said.matches(package.as_str()).count(), 1, "{said}");
    assert!(installed.join("mark").exists());
    assert_eq!(plugins.read_dir_utf8().unwrap().count(), 1);

    fs_err::write(&package, bytes).unwrap();
    unpack(&package, &plugins).unwrap();
    assert!(
        !installed.join("mark").exists(),
        "an installed plugin is replaced as a whole"
    );
}

#[test]
fn what_is_no_package_is_refused() {
    let place = workplace();
    let file = place.path.join("readme.rpm");
    fs_err::write(&file, "hello").unwrap();
    assert!(matches!(inspect(&file), Err(UnpackError::Unknown(_))));
}

#[test]
fn a_header_that_points_out_of_itself_is_an_error_and_no_panic() {
    let place = workplace();
    let package = build_with(&new_plugin(&place.path, "4.0.0"), &HostHook)
        .unwrap()
        .package;
    let bytes = fs_err::read(&package).unwrap();
    // After the lead, both headers' sizes and index stand in these bytes.
    for at in (96..2400).step_by(4) {
        for word in [u32::MAX, 0x7fff_ffff, 0x0010_0000, 0] {
            let mut damaged = bytes.clone();
            damaged[at..at + 4].copy_from_slice(&word.to_be_bytes());
            fs_err::write(&package, damaged).unwrap();
            match inspect(&package) {
                Ok(_) | Err(UnpackError::Damaged { .. } | UnpackError::NoPlugin { .. }) => {}
                Err(other) => panic!("byte {at}, {word:#x}: {other}"),
            }
        }
    }
}
