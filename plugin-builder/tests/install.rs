//! The system's own package managers install from what we build: apt-get and dnf in a container, dnf and rpm into a
//! root of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

/// The image that the rig's base is made as.
const IMAGE: &str = "debian:bookworm-slim";

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?}:\n{text}");
    text
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// A built plugin with a package for each system; its package and its unpacked repositories.
fn built(place: &Utf8Path) -> (Utf8PathBuf, Utf8PathBuf) {
    let fpb = env!("CARGO_BIN_EXE_fpb");
    let plugin = place.join("plugin");
    run(Command::new(fpb).args(["--create", plugin.as_str(), "--package-version", "2.0.0"]));
    if works("dpkg-deb", &["--version"]) {
        let root = place.join("deb");
        fs_err::create_dir_all(root.join("DEBIAN")).unwrap();
        fs_err::create_dir_all(root.join("usr/share/alpha")).unwrap();
        fs_err::write(root.join("usr/share/alpha/file"), "from the plugin's deb").unwrap();
        let control = "Package: alpha\nVersion: 1:1.0-1\nArchitecture: all\nMaintainer: Some One <one@example.org>\n\
                       Description: small\n";
        fs_err::write(root.join("DEBIAN/control"), control).unwrap();
        let target = plugin.join("repositories/ubuntu/alpha_1.0-1_all.deb");
        run(Command::new("dpkg-deb").args(["--root-owner-group", "-b", root.as_str(), target.as_str()]));
    }
    if works("rpmbuild", &["--version"]) {
        let spec = place.join("gamma.spec");
        let text = "Name: gamma\nVersion: 1\nRelease: 1\nSummary: small\nLicense: MIT\nBuildArch: noarch\n\
                    %description\nsmall\n%install\nmkdir -p %{buildroot}/usr/share/gamma\n\
                    printf \"from the plugin's rpm\" > %{buildroot}/usr/share/gamma/file\n%files\n/usr/share/gamma\n";
        fs_err::write(&spec, text).unwrap();
        let top = place.join("rpmbuild");
        run(Command::new("rpmbuild").args(["--define", &format!("_topdir {top}"), "-bb", spec.as_str()]));
        let name = "gamma-1-1.noarch.rpm";
        let target = plugin.join("repositories/centos").join(name);
        fs_err::copy(top.join("RPMS/noarch").join(name), target).unwrap();
    }
    run(Command::new(fpb).args(["--build", plugin.as_str()]));
    let package = plugin.join("plugin-1.0-1.0.0-1.noarch.rpm");
    let unpacked = plugin_builder::unpack(&package, &place.join("plugins"))
        .unwrap()
        .directory;
    (package, unpacked.join("repositories"))
}

#[test]
fn apt_get_installs_a_deb_from_the_plugin_s_repository() {
    let there = works("dpkg-deb", &["--version"]) && works("docker", &["image", "inspect", IMAGE]);
    if !there {
        eprintln!("skipped: no `dpkg-deb`, or no engine with the image {IMAGE}");
        return;
    }
    let keep = tempfile::tempdir().unwrap();
    let (_, repositories) = built(Utf8Path::from_path(keep.path()).unwrap());
    let script = "set -e; rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*\n\
                  echo 'deb [trusted=yes] file:/repository ./' > /etc/apt/sources.list\n\
                  apt-get update; apt-get install -y alpha; dpkg -s alpha; cat /usr/share/alpha/file";
    let volume = format!("{repositories}/ubuntu:/repository:ro");
    let said = run(Command::new("docker").args([
        "run",
        "--rm",
        "--network",
        "none",
        "-v",
        &volume,
        IMAGE,
        "sh",
        "-c",
        script,
    ]));
    assert!(said.contains("Version: 1:1.0-1"), "{said}");
    assert!(said.contains("from the plugin's deb"), "{said}");
}

#[test]
fn dnf_installs_an_rpm_from_the_plugin_s_repository() {
    if !works("dnf", &["--version"]) || !works("rpmbuild", &["--version"]) {
        eprintln!("skipped: no `dnf` or no `rpmbuild`");
        return;
    }
    let keep = tempfile::tempdir().unwrap();
    let place = Utf8Path::from_path(keep.path()).unwrap();
    let (_, repositories) = built(place);
    let root = place.join("root");
    for directory in ["root", "log", "cache"] {
        fs_err::create_dir_all(place.join(directory)).unwrap();
    }
    run(Command::new("dnf").args([
        "--assumeyes",
        &format!("--installroot={root}"),
        &format!("--setopt=cachedir={place}/cache"),
        &format!("--setopt=logdir={place}/log"),
        &format!("--setopt=reposdir={place}/no-repositories"),
        "--setopt=plugins=0",
        "--releasever=7",
        "--nogpgcheck",
        &format!("--repofrompath=plugin,file://{repositories}/centos"),
        "install",
        "gamma",
    ]));
    let text = fs_err::read_to_string(root.join("usr/share/gamma/file")).unwrap();
    assert_eq!(text, "from the plugin's rpm");
}

#[test]
fn dnf_in_a_container_installs_an_rpm_from_the_plugin_s_repository() {
    if !works("rpmbuild", &["--version"]) || !works("docker", &["image", "inspect", IMAGE]) {
        eprintln!("skipped: no `rpmbuild`, or no engine with the image {IMAGE}");
        return;
    }
    let keep = tempfile::tempdir().unwrap();
    let (_, repositories) = built(Utf8Path::from_path(keep.path()).unwrap());
    // The base has no dnf of its own; what follows does without the network.
    let script = "apt-get update -qq && apt-get install -y -qq --no-install-recommends dnf >/dev/null || exit 77\n\
                  set -e; dnf --assumeyes --installroot=/target --setopt=reposdir=/none --setopt=plugins=0 \
                  --releasever=7 --nogpgcheck --repofrompath=plugin,file:///repository install gamma\n\
                  cat /target/usr/share/gamma/file";
    let volume = format!("{repositories}/centos:/repository:ro");
    let output = Command::new("docker")
        .args(["run", "--rm", "-v", &volume, IMAGE, "sh", "-c", script])
        .output()
        .unwrap();
    if output.status.code() == Some(77) {
        eprintln!("skipped: the container cannot install dnf");
        return;
    }
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("from the plugin's rpm"), "{said}");
}

#[test]
fn rpm_installs_and_verifies_the_plugin_s_package() {
    if !works("rpm", &["--version"]) {
        eprintln!("skipped: no `rpm`");
        return;
    }
    let keep = tempfile::tempdir().unwrap();
    let place = Utf8Path::from_path(keep.path()).unwrap();
    let (package, _) = built(place);
    let root = place.join("root");
    fs_err::create_dir_all(&root).unwrap();
    let rpm = |arguments: &[&str]| {
        run(Command::new("rpm")
            .args(["--root", root.as_str(), "--dbpath", "/database"])
            .args(arguments))
    };
    rpm(&["--install", "--nodeps", "--noscripts", package.as_str()]);
    // Every file's size, mode, owner and checksum.
    rpm(&["--verify", "--nodeps", "plugin-1.0"]);
    let listed = rpm(&["--query", "--list", "plugin-1.0"]);
    assert!(
        listed.contains("/var/www/nailgun/plugins/plugin-1.0/metadata.yaml\n"),
        "{listed}"
    );
    rpm(&["--erase", "--nodeps", "--noscripts", "plugin-1.0"]);
    assert!(!root.join("var/www/nailgun/plugins/plugin-1.0").exists());
}
