//! Builds of odd, hostile and interrupted kinds.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod workplace;

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

use camino::Utf8Path;
use plugin_builder::{BuildError, BuildOptions, BuildProgress, Built, HostHook, build, unpack};
use rstest::rstest;

use workplace::{new_plugin, workplace};

fn build_here(plugin: &Utf8Path) -> Result<Built, BuildError> {
    let progress = |_: BuildProgress| {};
    let options = BuildOptions {
        hook: &HostHook,
        source_date_epoch: Some(1_600_000_000),
        progress: &progress,
    };
    build(plugin, &options)
}

/// What does not compress, so that the package is as large.
fn write_noise(path: &Utf8Path, length: usize) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let bytes: Vec<u8> = noise.flatten().take(length).collect();
    fs_err::write(path, bytes).unwrap();
}

/// `fpb --build` in a shell that first says something else.
fn shell_build(plugin: &Utf8Path, before: &str) -> Output {
    Command::new("sh")
        .args([
            "-c",
            &format!("{before}; exec \"$0\" --build \"$1\""),
            env!("CARGO_BIN_EXE_fpb"),
            plugin.as_str(),
        ])
        .env("SOURCE_DATE_EPOCH", "1600000000")
        .output()
        .unwrap()
}

fn names(directory: &Utf8Path) -> Vec<String> {
    let entries = fs_err::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[rstest]
#[case::killed("ulimit -f 600", Some(25))]
#[case::told_that_the_disk_is_full("trap '' XFSZ; ulimit -f 600", None)]
fn a_build_that_stops_while_it_writes_leaves_the_old_package_and_nothing_else(
    #[case] before: &str,
    #[case] signal: Option<i32>,
) {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    let old = fs_err::read(build_here(&plugin).unwrap().package).unwrap();
    write_noise(&plugin.join("large"), 3_000_000);
    let before_build = names(&plugin);
    let output = shell_build(&plugin, before);
    assert_eq!(output.status.signal(), signal, "{output:?}");
    assert!(!output.status.success());
    assert_eq!(names(&plugin), before_build);
    let package = plugin.join("trove-1.0-1.0.0-1.noarch.rpm");
    assert!(fs_err::read(&package).unwrap() == old);
    if signal.is_none() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(&format!("{package}: the package cannot be written")),
            "{said}"
        );
    }
    assert!(shell_build(&plugin, ":").status.success());
}

#[test]
fn builds_at_once_of_one_plugin_give_a_whole_package() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    write_noise(&plugin.join("large"), 2_000_000);
    let whole = fs_err::read(build_here(&plugin).unwrap().package).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let package = build_here(&plugin).unwrap().package;
                assert!(fs_err::read(package).unwrap() == whole);
            });
        }
    });
    assert!(!names(&plugin).iter().any(|name| name.starts_with(".unfinished")));
}

#[rstest]
#[case("1.0.0")]
#[case("4.0.0")]
fn neither_umask_nor_locale_nor_time_zone_nor_user_changes_a_byte(#[case] version: &str) {
    let place = workplace();
    let plugin = new_plugin(&place.path, version);
    let expected = fs_err::read(build_here(&plugin).unwrap().package).unwrap();
    for before in [
        "umask 077",
        "umask 000; export TZ=Asia/Tokyo",
        "export LC_ALL=tr_TR.UTF-8 LANG=C",
        "export USER=nobody LOGNAME=nobody HOME=/nonexistent",
        "sleep 1",
    ] {
        let output = shell_build(&plugin, before);
        assert!(output.status.success(), "{output:?}");
        let package = if version == "1.0.0" {
            "trove-1.0.0.fp"
        } else {
            "trove-1.0-1.0.0-1.noarch.rpm"
        };
        let package = plugin.join(package);
        assert!(fs_err::read(&package).unwrap() == expected, "{before}");
        assert_eq!(fs_err::metadata(package).unwrap().permissions().mode() & 0o777, 0o644);
    }
}

#[test]
fn the_order_in_which_files_were_made_does_not_change_a_byte() {
    let packages = ["abc", "cba"].map(|order| {
        let place = workplace();
        let plugin = new_plugin(&place.path, "4.0.0");
        for name in order.chars() {
            fs_err::write(plugin.join(name.to_string()), "x").unwrap();
        }
        fs_err::read(build_here(&plugin).unwrap().package).unwrap()
    });
    assert!(packages[0] == packages[1]);
}

#[rstest]
#[case::self_link("self", "ln -s self self", "self")]
#[case::nested_self_link(
    "self",
    "ln -s self deployment_scripts/self",
    "deployment_scripts/self: the symbolic link leads to"
)]
#[case::dangling(
    "gone",
    "ln -s gone deployment_scripts/link",
    "deployment_scripts/link: the symbolic link leads to `gone`"
)]
#[case::link_to_a_file_of_this_machine(
    "out",
    "ln -s /etc/passwd deployment_scripts/out",
    "deployment_scripts/out: the symbolic link leads to `/etc/passwd`, out of the plugin"
)]
#[case::link_to_a_directory_of_this_machine(
    "out",
    "ln -s /etc deployment_scripts/out",
    "deployment_scripts/out: the symbolic link leads to `/etc`, out of the plugin"
)]
#[case::link_beside_the_plugin(
    "out",
    "touch ../beside; ln -s ../../beside deployment_scripts/out",
    "deployment_scripts/out: the symbolic link leads to `../../beside`, out of the plugin"
)]
#[case::fifo("pipe", "mkfifo deployment_scripts/pipe", "deployment_scripts/pipe: neither a file")]
#[case::newline("name", "touch \"$(printf 'a\\nb')\"", "a\\nb: its name holds a line break")]
#[case::not_utf8("name", "touch \"$(printf 'a\\377')\"", "the name of the file is not UTF-8")]
#[case::repository_is_a_file(
    "file",
    "rm -r repositories/ubuntu; touch repositories/ubuntu",
    "repository_path `repositories/ubuntu` is not a directory"
)]
#[case::command_in_a_script(
    "macro",
    "echo 'a %(date)' > post_install.sh",
    "post_install.sh: line 1: `%(…)` makes rpmbuild run a command"
)]
#[case::section_in_a_script(
    "macro",
    "echo %files > pre_install.sh",
    "pre_install.sh: line 1 begins with `%files`"
)]
#[case::not_utf8_script("script", "printf '\\377' > uninstall.sh", "uninstall.sh: is not UTF-8")]
#[case::two_lines(
    "title",
    "sed -i 's/^title:.*/title: \"a\\\\nb\"/' metadata.yaml",
    "title: has more than one line"
)]
#[case::no_title("title", "sed -i \"s/^title:.*/title: ''/\" metadata.yaml", "title: is empty")]
#[case::no_licence(
    "licenses",
    "sed -i \"s/^licenses:.*/licenses: []/\" metadata.yaml",
    "licenses: is empty"
)]
fn what_cannot_be_packed_is_named(#[case] _what: &str, #[case] command: &str, #[case] said: &str) {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    let made = Command::new("sh").args(["-c", command]).current_dir(&plugin).status();
    assert!(made.unwrap().success());
    let before = names(&plugin);
    let error = build_here(&plugin).unwrap_err().to_string();
    assert!(error.contains(said), "{error}");
    assert_eq!(names(&plugin), before);
}

#[test]
fn releases_may_share_a_repository_and_reach_it_through_a_link() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    std::os::unix::fs::symlink("ubuntu", plugin.join("repositories/other")).unwrap();
    let metadata = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&metadata).unwrap();
    let (head, _) = text.split_once("releases:").unwrap();
    let release = |os: &str, path: &str| {
        format!(
            "  - {{os: {os}, version: mitaka-9.0, mode: [ha], deployment_scripts_path: deployment_scripts/, repository_path: {path}}}\n"
        )
    };
    let releases = [
        release("ubuntu", "repositories/ubuntu"),
        release("ubuntu", "./repositories/ubuntu/"),
        release("ubuntu", "repositories/other"),
        release("centos", "repositories/ubuntu"),
    ];
    fs_err::write(
        &metadata,
        format!("{head}releases:\n{}package_version: '4.0.0'\n", releases.concat()),
    )
    .unwrap();
    let built = build_here(&plugin).unwrap();
    let unpacked = unpack(&built.package, &place.path)
        .unwrap()
        .directory
        .join("repositories");
    assert!(unpacked.join("ubuntu/Packages.gz").is_file());
    assert!(unpacked.join("ubuntu/repodata/repomd.xml").is_file());
    assert!(fs_err::symlink_metadata(unpacked.join("other")).unwrap().is_symlink());
}

#[test]
fn a_large_file_is_told_of_while_it_is_read_and_packed() {
    let place = workplace();
    let plugin = new_plugin(&place.path, "4.0.0");
    write_noise(&plugin.join("large"), 10_000_000);
    let told = std::cell::RefCell::new(Vec::new());
    let progress = |step: BuildProgress| {
        if let BuildProgress::Bytes { done, total } = step {
            told.borrow_mut().push((done, total));
        }
    };
    let options = BuildOptions {
        hook: &HostHook,
        source_date_epoch: None,
        progress: &progress,
    };
    build(&plugin, &options).unwrap();
    let told = told.into_inner();
    // Twice each: summed, and packed.
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told.iter().all(|(done, total)| done <= total && *total >= 10_000_000));
}
