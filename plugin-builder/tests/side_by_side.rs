//! Packages of the original builder and ours side by side.
//!
//! With `FUEL_PLUGIN_BUILDER=<the original's fpb>` and `rpm`, `rpmbuild`, `createrepo_c` and
//! `dpkg-scanpackages` installed, both build the same plugins, and every field that `rpm` shows, every file and every
//! index must be the same but for [`ALLOWED`]. `FUEL_PLUGIN_BUILDER_CORPUS=all` takes all plugins of the corpus instead
//! of a few.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has to fail")]

mod beside;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

/// What may differ: a fact's beginning, and why. `docs/fidelity.md` says it to people.
const ALLOWED: &[(&str, &str)] = &[
    (
        "tag BUILDTIME",
        "the time of the build; ours is the newest file's, or SOURCE_DATE_EPOCH",
    ),
    ("tag FILEMTIMES", "the same"),
    (
        "tag BUILDHOST",
        "`localhost`, so that equal plugins give equal bytes everywhere",
    ),
    ("tag RPMVERSION", "no rpmbuild has written it"),
    ("tag OPTFLAGS", "flags for a compiler that is not there"),
    ("tag PLATFORM", "rpmbuild's configuration"),
    ("tag FILECOLORS", "for packages of two architectures; all of them zero"),
    ("tag FILECLASS", "what libmagic says of files; nothing reads it"),
    ("tag CLASSDICT", "the same"),
    (
        "tag DEPENDSDICT",
        "which file a found requirement comes from; nothing reads it",
    ),
    ("tag FILEDEPENDSN", "the same"),
    ("tag FILEDEPENDSX", "the same"),
];

/// Tags that hold checksums or sizes of what may differ, or are compared in another way.
const DERIVED: &[&str] = &[
    "HEADERIMMUTABLE",
    "SIGSIZE",
    "SIGMD5",
    "SHA1HEADER",
    "SHA256HEADER",
    "ARCHIVESIZE",
    "PAYLOADDIGEST",
    "PAYLOADDIGESTALT",
    "FILEDIGESTS",
    "FILESIZES",
    "SIZE",
    "LONGSIZE",
    "LONGFILESIZES",
    "LONGARCHIVESIZE",
    "LONGSIGSIZE",
    "PREUN",
];

struct Tools {
    original: String,
    path: String,
    _keep: tempfile::TempDir,
}

/// The original with what it needs, or why it cannot run.
fn tools() -> Result<Tools, String> {
    let original = std::env::var("FUEL_PLUGIN_BUILDER").map_err(|_| "FUEL_PLUGIN_BUILDER is not set".to_owned())?;
    let keep = tempfile::tempdir().unwrap();
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    for program in ["rpm", "rpmbuild", "dpkg-scanpackages", "dpkg-deb"] {
        if !there(program) {
            return Err(format!("there is no `{program}`"));
        }
    }
    if !there("createrepo_c") {
        return Err("there is no `createrepo_c`".to_owned());
    }
    // The original's name for it, and without the copies of the indexes in SQLite, which the old one did not make.
    let shim = keep.path().join("createrepo");
    fs_err::write(&shim, "#!/bin/sh\nexec createrepo_c --no-database \"$@\"\n").unwrap();
    fs_err::set_permissions(&shim, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", keep.path().display(), std::env::var("PATH").unwrap());
    Ok(Tools {
        original,
        path,
        _keep: keep,
    })
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All that is to be compared, by name.
type Facts = BTreeMap<String, String>;

fn facts(package: &Utf8Path) -> Facts {
    let mut facts = Facts::new();
    facts.insert("file name".to_owned(), package.file_name().unwrap().to_owned());
    if package.extension() == Some("rpm") {
        tags(package, &mut facts);
        for question in ["--requires", "--provides", "--conflicts", "--obsoletes", "--triggers"] {
            let answer = run(Command::new("rpm").args(["-qp", question, package.as_str()]));
            facts.insert(format!("rpm {question}"), answer);
        }
        let checked = run(Command::new("rpm").args(["-K", "--nosignature", package.as_str()]));
        assert!(checked.ends_with("digests OK\n"), "{checked}");
    }
    let keep = tempfile::tempdir().unwrap();
    let place = Utf8Path::from_path(keep.path()).unwrap();
    let unpacked = plugin_builder::unpack(package, place).unwrap().directory;
    facts.insert("directory".to_owned(), unpacked.file_name().unwrap().to_owned());
    tree(&unpacked, &mut facts);
    facts
}

fn tags(package: &Utf8Path, facts: &mut Facts) {
    // As it is in the file, without what rpm computes: the XML of the header.
    let xml = run(Command::new("rpm").args(["-qp", "--xml", package.as_str()]));
    let mut tag = String::new();
    for line in xml.lines() {
        if let Some(name) = line.trim().strip_prefix("<rpmTag name=\"") {
            tag = name.trim_end_matches("\">").to_ascii_uppercase();
            facts.insert(format!("tag {tag}"), String::new());
        } else if !tag.is_empty() && !line.contains("rpmTag>") && !line.contains("rpmHeader>") {
            let value = facts.entry(format!("tag {tag}")).or_default();
            value.push_str(line);
            value.push('\n');
        }
    }
    let script = facts.get("tag PREUN").cloned().unwrap_or_default();
    let code: Vec<&str> = script
        .lines()
        .map(|line| line.trim().trim_start_matches("<string>").trim_end_matches("</string>"))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    facts.insert("uninstall script".to_owned(), code.join("\n"));
    // The names of yum's indexes begin with their checksums.
    if let Some(names) = facts.get_mut("tag BASENAMES") {
        let mut lines: Vec<&str> = names
            .lines()
            .map(|line| {
                line.rsplit_once(".gz")
                    .map_or(line, |(name, _)| name.rsplit_once('-').map_or(line, |(_, kind)| kind))
            })
            .collect();
        lines.sort_unstable();
        *names = lines.join("\n");
    }
    facts.retain(|name, _| !DERIVED.iter().any(|tag| name == &format!("tag {tag}")));
}

fn tree(root: &Utf8Path, facts: &mut Facts) {
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let entry = entry.unwrap();
        let path = Utf8Path::from_path(entry.path()).unwrap();
        let name = path.strip_prefix(root).unwrap().to_string();
        let metadata = fs_err::symlink_metadata(path).unwrap();
        if name.contains("repodata/") {
            if !name.ends_with("repomd.xml") {
                repodata(path, &name, facts);
            }
            continue;
        }
        let mode = metadata.permissions().mode();
        facts.insert(format!("mode of {name}"), format!("{mode:o}"));
        if metadata.is_symlink() {
            facts.insert(
                format!("link {name}"),
                fs_err::read_link(path).unwrap().display().to_string(),
            );
        } else if name == "checksums.sha1" {
            let list = fs_err::read_to_string(path).unwrap();
            let lines = list.lines().map(|line| {
                let (sum, file) = line.split_once(' ').unwrap();
                // Those of indexes follow from the indexes, which are compared.
                let index = file.contains("repodata/") || file.ends_with("Packages.gz");
                if index {
                    let file = file.rsplit_once('-').map_or(file, |(_, kind)| kind);
                    format!("… {file}")
                } else {
                    format!("{sum} {file}")
                }
            });
            let mut lines: Vec<String> = lines.collect();
            // The names of indexes are checksums, and so is their order.
            lines.sort_by_key(|line| line.split_once(' ').unwrap().1.to_owned());
            facts.insert("checksums".to_owned(), lines.join("\n"));
        } else if name.ends_with("Packages.gz") {
            let file = fs_err::File::open(path).unwrap();
            let text = std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap();
            facts.insert(format!("content of {name}"), text);
        } else if metadata.is_file() {
            let bytes = fs_err::read(path).unwrap();
            facts.insert(
                format!("content of {name}"),
                String::from_utf8_lossy(&bytes).into_owned(),
            );
        }
    }
}

/// An index of yum, line by line, without its order.
fn repodata(path: &Utf8Path, name: &str, facts: &mut Facts) {
    let kinds = ["primary.xml", "filelists.xml", "other.xml"];
    let Some(kind) = kinds.into_iter().find(|kind| path.as_str().contains(kind)) else {
        return;
    };
    let bytes = fs_err::read(path).unwrap();
    let Ok(text) = std::io::read_to_string(flate2::read::GzDecoder::new(bytes.as_slice())) else {
        return;
    };
    let directory = name.rsplit_once('/').unwrap().0;
    let mut lines: Vec<String> = text
        .replace("><", ">\n<")
        .lines()
        .map(|line| line.trim().replace("/>", ">"))
        .filter(|line| !line.is_empty() && !line.starts_with("<time "))
        // Written as one empty element or as two.
        .filter(|line| !line.starts_with("</"))
        .collect();
    lines.sort();
    facts.insert(format!("repodata {directory} {kind}"), lines.join("\n"));
}

struct Sample {
    name: String,
    directory: Utf8PathBuf,
}

/// Copies a plugin without its hook, which may want the world.
fn copy(from: &Utf8Path, to: &Utf8Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let path = Utf8Path::from_path(entry.path()).unwrap();
        let target = to.join(path.strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs_err::create_dir_all(&target).unwrap();
        } else if entry.file_type().is_symlink() {
            std::os::unix::fs::symlink(fs_err::read_link(path).unwrap(), &target).unwrap();
        } else if path.file_name() != Some("pre_build_hook") {
            fs_err::copy(path, &target).unwrap();
            let mode = fs_err::metadata(&target).unwrap().permissions().mode();
            fs_err::set_permissions(&target, std::fs::Permissions::from_mode(mode | 0o200)).unwrap();
        }
    }
}

fn packages_of(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = directory.read_dir_utf8().unwrap();
    let paths = entries.map(|entry| entry.unwrap().into_path());
    paths
        .filter(|path| path.as_str().ends_with(".noarch.rpm") || path.extension() == Some("fp"))
        .collect()
}

/// What differs and is not allowed to; nothing if neither builds it.
fn compare(tools: &Tools, sample: &Sample) -> Option<Vec<String>> {
    let keep = tempfile::tempdir().unwrap();
    let place = Utf8Path::from_path(keep.path()).unwrap();
    let [theirs, ours] = ["theirs", "ours"].map(|who| {
        let plugin = place.join(who).join("plugin");
        copy(&sample.directory, &plugin);
        for stale in packages_of(&plugin) {
            fs_err::remove_file(stale).unwrap();
        }
        plugin
    });
    let original = Command::new(&tools.original)
        .args(["--debug", "--build", theirs.as_str()])
        .env("PATH", &tools.path)
        .output()
        .unwrap();
    let mine = Command::new(env!("CARGO_BIN_EXE_fpb"))
        .args(["--build", ours.as_str()])
        .output()
        .unwrap();
    if original.status.success() != mine.status.success() {
        let said = |output: &std::process::Output| {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            text.lines().rev().take(6).collect::<Vec<_>>().join(" / ")
        };
        return Some(vec![format!(
            "one of both builds: the original says {}, ours {}",
            said(&original),
            said(&mine)
        )]);
    }
    if !original.status.success() {
        return None;
    }
    let [theirs, ours] = [theirs, ours].map(|plugin| {
        let packages = packages_of(&plugin);
        assert_eq!(packages.len(), 1, "{packages:?}");
        facts(&packages[0])
    });
    let names: std::collections::BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let allowed = |name: &str| ALLOWED.iter().any(|(fact, _)| name == *fact);
    let differing = names
        .into_iter()
        .filter(|name| !allowed(name) && theirs.get(*name) != ours.get(*name));
    let shown = differing.map(|name| {
        let text = |facts: &Facts| facts.get(name).cloned().unwrap_or_else(|| "nothing".to_owned());
        let (theirs, ours) = (text(&theirs), text(&ours));
        let only = |these: &str, those: &str| {
            let lines = these.lines().filter(|line| !those.lines().any(|other| other == *line));
            lines.take(5).collect::<Vec<_>>().join("\n      ")
        };
        format!(
            "{name}\n    original: {}\n    ours: {}",
            only(&theirs, &ours),
            only(&ours, &theirs)
        )
    });
    Some(shown.collect())
}

fn created(place: &Utf8Path, version: &str) -> Utf8PathBuf {
    let plugin = place.join(format!("created-{}", version.replace('.', "_")));
    run(Command::new(env!("CARGO_BIN_EXE_fpb")).args(["--create", plugin.as_str(), "--package-version", version]));
    plugin
}

/// A small package with a file, of the tools of its system.
fn make_packages(place: &Utf8Path, debian: &Utf8Path, centos: &Utf8Path) {
    for (name, version, architecture) in [
        ("alpha", "1.0", "all"),
        ("alpha", "1:2.0-1", "all"),
        ("beta", "3", "amd64"),
    ] {
        let root = place.join("deb");
        fs_err::create_dir_all(root.join("DEBIAN")).unwrap();
        fs_err::create_dir_all(root.join("usr/share")).unwrap();
        fs_err::write(root.join("usr/share").join(name), version).unwrap();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: Some One <one@example.org>\n\
             Depends: libc6 (>= 2), alpha | beta\nSection: misc\nPriority: optional\nHomepage: http://example.org\n\
             Description: a small package\n with a longer text\n .\n in two parts\nX-Own-Field: own\n"
        );
        fs_err::write(root.join("DEBIAN/control"), control).unwrap();
        let file = format!("{name}_{}_{architecture}.deb", version.replace(':', "%3a"));
        let target = debian.join(file);
        run(Command::new("dpkg-deb").args(["--root-owner-group", "-b", root.as_str(), target.as_str()]));
        fs_err::remove_dir_all(root).unwrap();
    }
    let spec = place.join("gamma.spec");
    fs_err::write(
        &spec,
        "Name: gamma\nVersion: 1.2\nRelease: 3\nEpoch: 4\nSummary: A <small> package & more\nLicense: MIT\n\
         URL: http://example.org/\nGroup: Misc\nVendor: Some One\nBuildArch: noarch\n\
         Requires: /bin/sh, delta >= 2:1-1\nProvides: virtual = 7\nConflicts: epsilon < 1\nObsoletes: old\n\
         %description\nLonger text\nof two lines\n%install\nmkdir -p %{buildroot}/etc/gamma %{buildroot}/usr/bin\n\
         echo a > %{buildroot}/etc/gamma/conf\necho b > %{buildroot}/usr/bin/gamma\n%files\n/etc/gamma\n/usr/bin/gamma\n\
         %changelog\n* Mon Jan 04 2016 Some One <one@example.org> - 1.2-3\n- second <&>\n\
         * Sun Jan 03 2016 Some One <one@example.org> - 1.2-2\n- first\n",
    )
    .unwrap();
    let top = place.join("rpmbuild");
    run(Command::new("rpmbuild").args(["--define", &format!("_topdir {top}"), "-bb", spec.as_str()]));
    for entry in top.join("RPMS/noarch").read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        fs_err::copy(&path, centos.join(path.file_name().unwrap())).unwrap();
    }
}

/// Several releases, packages of both systems, scripts with macros, links, odd names and modes.
fn rich(place: &Utf8Path) -> Utf8PathBuf {
    let plugin = created(&place.join("rich"), "4.0.0");
    let metadata = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&metadata).unwrap();
    let (before, _) = text.split_once("releases:").unwrap();
    let releases = [
        ("ubuntu", "ubuntu"),
        ("ubuntu", "ubuntu"),
        ("centos", "centos"),
        ("ubuntu", "deep/er"),
    ];
    let releases = releases.map(|(os, path)| {
        format!(
            "  - {{os: {os}, version: mitaka-9.0, mode: [ha], deployment_scripts_path: deployment_scripts/, \
             repository_path: repositories/{path}}}\n"
        )
    });
    let title = "title: 'The %{name} of 100%, %% and %{version}'\n";
    let head = before
        .lines()
        .filter(|line| !line.starts_with("title:") && !line.starts_with("description:"));
    let head: Vec<&str> = head.collect();
    fs_err::write(
        &metadata,
        format!(
            "{}\n{title}description: \"One\\n\\n  two %{{release}}\\n# gone\\nend\\n\\n\"\nbuild_version: 7\n\
             releases:\n{}package_version: '4.0.0'\n",
            head.join("\n"),
            releases.concat()
        ),
    )
    .unwrap();
    let repositories = plugin.join("repositories");
    fs_err::create_dir_all(repositories.join("deep/er/pool")).unwrap();
    make_packages(place, &repositories.join("ubuntu"), &repositories.join("centos"));
    fs_err::copy(
        repositories.join("ubuntu/alpha_1.0_all.deb"),
        repositories.join("deep/er/pool/alpha_1.0_all.deb"),
    )
    .unwrap();
    fs_err::write(
        plugin.join("pre_install.sh"),
        "#!/bin/bash\n\n echo %{name} ${x%%.*} \\\n  %{?foo:a}%{!?foo:b}\n\n\n",
    )
    .unwrap();
    fs_err::write(plugin.join("post_install.sh"), "# only a comment\n").unwrap();
    fs_err::write(plugin.join("uninstall.sh"), "#!/bin/sh\nrm -rf /tmp/%{name}\n").unwrap();
    for (name, mode) in [
        ("a file", 0o664),
        ("q'\"$`*?[]{}", 0o600),
        ("-dash", 0o4755),
        ("%name", 0o777),
    ] {
        let path = plugin.join("deployment_scripts").join(name);
        fs_err::write(&path, name).unwrap();
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    fs_err::create_dir_all(plugin.join("empty/er")).unwrap();
    fs_err::write(plugin.join(".hidden"), "").unwrap();
    fs_err::write(plugin.join("empty/.kept"), "").unwrap();
    for (link, target) in [
        ("top", "LICENSE"),
        ("deployment_scripts/up", "../LICENSE"),
        ("deployment_scripts/directory", "../repositories"),
    ] {
        std::os::unix::fs::symlink(target, plugin.join(link)).unwrap();
    }
    plugin
}

/// Plugins of the corpus that the original finds valid.
fn corpus() -> Vec<Sample> {
    let Some(corpus) = ["../../shared/corpus", "../shared/corpus"]
        .map(|path| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .into_iter()
        .find(|path| path.exists())
    else {
        beside::is_missing("../shared/corpus");
        return Vec::new();
    };
    let verdicts = fs_err::read_to_string(corpus.join("verdicts.jsonl")).unwrap();
    let verdicts = verdicts
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let valid = verdicts.filter(|verdict| verdict["ok"] == true);
    let step = if std::env::var("FUEL_PLUGIN_BUILDER_CORPUS").is_ok_and(|all| all == "all") {
        1
    } else {
        25
    };
    let samples = valid.step_by(step).map(|verdict| {
        let name = verdict["dir"].as_str().unwrap().to_owned();
        let directory = corpus.join("plugins").join(&name);
        Sample { name, directory }
    });
    samples.collect()
}

#[test]
fn packages_are_as_the_original_s_but_for_the_allowed_differences() {
    let tools = match tools() {
        Ok(tools) => tools,
        Err(why) => {
            eprintln!("skipped: {why}");
            return;
        }
    };
    let keep = tempfile::tempdir().unwrap();
    let place = Utf8Path::from_path(keep.path()).unwrap();
    let mut samples: Vec<Sample> = ["1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0"]
        .map(|version| Sample {
            name: format!("created {version}"),
            directory: created(place, version),
        })
        .into();
    samples.push(Sample {
        name: "rich".to_owned(),
        directory: rich(place),
    });
    samples.extend(corpus());
    let mut wrong = Vec::new();
    let mut built = 0;
    for sample in &samples {
        match compare(&tools, sample) {
            Some(differences) => {
                built += 1;
                wrong.extend(
                    differences
                        .iter()
                        .map(|difference| format!("{}: {difference}", sample.name)),
                );
            }
            None => eprintln!("{}: neither builds it", sample.name),
        }
    }
    println!("{built} of {} plugins were built by both", samples.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(built >= 6);
}
