//! The files that a plugin is made of, by what they are for, and which of them are others than before.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use plugin_builder::Plugin;
use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use crate::capture::Digest;

/// Where nodes have a plugin's files.
const ON_NODES: &str = "/etc/fuel/plugins";
/// Directories of version control, editors and of the rig itself.
const OTHERS_DIRECTORIES: [&str; 8] = [
    ".git",
    ".hg",
    ".svn",
    ".build",
    ".fuelrig",
    ".idea",
    ".vscode",
    "__pycache__",
];
/// Largest file in which names are looked for, in bytes.
const LARGEST_TEXT: u64 = 256 * 1024;

/// What a file of a plugin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// metadata.yaml, settings, roles, volumes: what an environment is made with.
    Definition,
    /// Packages: what the nodes' repositories hold.
    Repository,
    /// `deployment_tasks.yaml` and `tasks.yaml`: what Nailgun makes tasks of.
    Tasks,
    /// A file that nodes get.
    Script,
    /// `pre_build_hook`.
    Hook,
    /// Nothing that a deployment uses.
    Other,
}

/// A file of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SourceFile {
    digest: Digest,
    part: Part,
    /// Where nodes have it.
    on_nodes: Option<String>,
}

/// The files of the plugins of a scenario, by their paths on this host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    files: BTreeMap<Utf8PathBuf, SourceFile>,
}

/// One file that is another than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileChange {
    /// Its path on this host.
    pub(crate) path: Utf8PathBuf,
    /// `changed`, `added` or `removed`.
    pub(crate) how: &'static str,
    /// What it is for.
    pub(crate) part: Part,
}

/// What nodes have of the plugins: digests by absolute path, and where each comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scripts {
    /// By absolute path on a node.
    pub(crate) files: BTreeMap<String, Script>,
}

/// A file that nodes get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    /// Of kind, executable bit and content.
    pub(crate) digest: Digest,
    /// Its path on this host.
    pub(crate) source: Utf8PathBuf,
}

impl Script {
    /// Its content, where that is a text of moderate size.
    pub(crate) fn text(&self) -> Option<String> {
        let is_small = fs_err::metadata(&self.source).is_ok_and(|metadata| metadata.len() <= LARGEST_TEXT);
        is_small.then(|| fs_err::read_to_string(&self.source).ok()).flatten()
    }
}

impl Sources {
    /// What is another than before, sorted by path.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<FileChange> {
        let mut changes = Vec::new();
        for (path, file) in &self.files {
            let how = match before.files.get(path) {
                None => "added",
                Some(old) if old != file => "changed",
                Some(_) => continue,
            };
            changes.push(FileChange {
                path: path.clone(),
                how,
                part: file.part,
            });
        }
        for (path, file) in before.files.iter().filter(|(path, _)| !self.files.contains_key(*path)) {
            changes.push(FileChange {
                path: path.clone(),
                how: "removed",
                part: file.part,
            });
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        changes
    }

    /// What nodes get of it.
    pub(crate) fn scripts(&self) -> Scripts {
        let on_nodes = self.files.iter().filter_map(|(path, file)| {
            let script = Script {
                digest: file.digest,
                source: path.clone(),
            };
            Some((file.on_nodes.clone()?, script))
        });
        Scripts {
            files: on_nodes.collect(),
        }
    }

    /// SHA-256 of the packages that nodes' repositories hold, by path.
    pub(crate) fn packages(&self) -> BTreeMap<String, String> {
        let packages = self.files.iter().filter(|(_, file)| file.part == Part::Repository);
        packages
            .map(|(path, file)| (path.to_string(), file.digest.to_string()))
            .collect()
    }

    /// Whether a file's build makes others: then what it makes is known only after the build.
    pub(crate) fn has_hook(&self) -> bool {
        self.files.values().any(|file| file.part == Part::Hook)
    }
}

/// What a file's status says of whether it may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    size: u64,
    inode: u64,
    mode: u32,
}

/// Reads plugins' files; those that have not moved since the last time are not read again.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    known: HashMap<Utf8PathBuf, (Stamp, Digest)>,
}

impl Reader {
    /// Reads plugin directories and packages.
    ///
    /// # Errors
    /// A file cannot be read, or a plugin's metadata does not say what it is.
    pub(crate) fn read(&mut self, plugins: &[Utf8PathBuf]) -> Result<Sources, String> {
        let mut sources = Sources::default();
        for plugin in plugins {
            let read = if plugin.is_dir() {
                self.read_directory(plugin, &mut sources)
            } else {
                // A package is one thing: whatever changed in it, all may have.
                self.add(plugin, Part::Definition, None, &mut sources)
                    .map_err(|error| error.to_string())
            };
            read?;
        }
        Ok(sources)
    }

    fn read_directory(&mut self, directory: &Utf8Path, sources: &mut Sources) -> Result<(), String> {
        let plugin = Plugin::load(directory).map_err(|error| error.to_string())?;
        let places = Places::of(&plugin);
        for (path, _) in stamps(directory) {
            let relative = path.strip_prefix(directory).unwrap_or(&path);
            let (part, on_nodes) = places.part(relative);
            match self.add(&path, part, on_nodes, sources) {
                // It went away between the two looks.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                added => added.map_err(|error| error.to_string())?,
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Utf8Path, part: Part, on_nodes: Option<String>, sources: &mut Sources) -> io::Result<()> {
        let stamp = stamp(path)?;
        let digest = match self.known.get(path) {
            Some((known, digest)) if *known == stamp => *digest,
            _ => digest(path, stamp)?,
        };
        self.known.insert(path.to_owned(), (stamp, digest));
        sources
            .files
            .insert(path.to_owned(), SourceFile { digest, part, on_nodes });
        Ok(())
    }
}

/// Where a plugin's metadata says that what lies.
struct Places {
    scripts: Vec<String>,
    repositories: Vec<String>,
    on_nodes: String,
}

impl Places {
    fn of(plugin: &Plugin) -> Self {
        let releases = &plugin.metadata.releases;
        let paths = |path: fn(&plugin_builder::Release) -> Option<&String>| {
            let named = releases.iter().filter_map(path);
            named.map(|path| path.trim_matches('/').to_owned()).collect()
        };
        Self {
            scripts: paths(|release| release.deployment_scripts_path.as_ref()),
            repositories: paths(|release| release.repository_path.as_ref()),
            on_nodes: format!("{ON_NODES}/{}", plugin.directory_name()),
        }
    }

    /// What a file is for, and where nodes have it.
    fn part(&self, relative: &Utf8Path) -> (Part, Option<String>) {
        for place in &self.scripts {
            if let Ok(inside) = relative.strip_prefix(place) {
                return (Part::Script, Some(format!("{}/{inside}", self.on_nodes)));
            }
        }
        if self.repositories.iter().any(|place| relative.starts_with(place)) {
            return (Part::Repository, None);
        }
        let part = match relative.as_str() {
            "deployment_tasks.yaml" | "tasks.yaml" => Part::Tasks,
            "pre_build_hook" => Part::Hook,
            name if !name.contains('/') && name.ends_with(".yaml") => Part::Definition,
            _ => Part::Other,
        };
        (part, None)
    }
}

/// The status of every file below a directory, without those of version control, of editors and without built packages.
/// What cannot be looked at is left out.
pub(crate) fn stamps(directory: &Utf8Path) -> BTreeMap<Utf8PathBuf, Stamp> {
    let walk = WalkDir::new(directory).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !is_others(&name, entry.depth(), entry.file_type().is_dir())
    });
    walk.filter_map(Result::ok)
        .filter(|entry| !entry.file_type().is_dir())
        .filter_map(|entry| {
            let path = Utf8PathBuf::from_path_buf(entry.into_path()).ok()?;
            let stamp = stamp(&path).ok()?;
            Some((path, stamp))
        })
        .collect()
}

/// The status of one file.
pub(crate) fn stamp(path: &Utf8Path) -> io::Result<Stamp> {
    let metadata = fs_err::symlink_metadata(path)?;
    Ok(Stamp {
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        size: metadata.len(),
        inode: metadata.ino(),
        mode: metadata.mode(),
    })
}

/// Whether a name is that of something which no plugin means to have.
fn is_others(name: &str, depth: usize, is_directory: bool) -> bool {
    if is_directory {
        return OTHERS_DIRECTORIES.contains(&name);
    }
    let is_package = depth == 1 && (name.ends_with(".rpm") || name.ends_with(".fp"));
    let is_of_editor = name.ends_with('~')
        || name.ends_with(".swp")
        || name.ends_with(".swx")
        || name.starts_with(".#")
        || (name.starts_with('#') && name.ends_with('#'))
        // What vim writes to see whether it may write.
        || name == "4913"
        || name.ends_with(".kate-swp")
        || name.starts_with(".goutputstream-")
        || name == ".DS_Store";
    is_package || is_of_editor
}

fn digest(path: &Utf8Path, stamp: Stamp) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let metadata = fs_err::symlink_metadata(path)?;
    if metadata.is_symlink() {
        hasher.update(b"link ");
        hasher.update(fs_err::read_link(path)?.as_os_str().as_encoded_bytes());
    } else {
        hasher.update(if stamp.mode & 0o111 == 0 {
            b"file ".as_slice()
        } else {
            b"executable "
        });
        let mut file = fs_err::File::open(path)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match io::Read::read(&mut file, &mut buffer)? {
                0 => break,
                read => hasher.update(&buffer[..read]),
            }
        }
    }
    Ok(Digest(hasher.finalize().into()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn plugin() -> (tempfile::TempDir, Utf8PathBuf) {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Utf8PathBuf::from_path_buf(temporary.path().join("mine")).unwrap();
        fs_err::create_dir_all(directory.join("deployment_scripts/conf")).unwrap();
        let metadata = "name: mine\ntitle: Mine\nversion: 1.0.0\ndescription: d\nfuel_version: ['9.0']\n\
                        licenses: [Apache]\nauthors: [a]\nhomepage: h\ngroups: []\npackage_version: 4.0.0\n\
                        releases: [{os: ubuntu, version: mitaka-9.0, mode: [ha], \
                        deployment_scripts_path: deployment_scripts/, repository_path: repositories/ubuntu}]\n";
        fs_err::write(directory.join("metadata.yaml"), metadata).unwrap();
        fs_err::write(directory.join("deployment_tasks.yaml"), "[]\n").unwrap();
        fs_err::write(directory.join("deployment_scripts/a.sh"), "true\n").unwrap();
        (temporary, directory)
    }

    #[test]
    fn what_changed_is_told_with_what_it_is_for() {
        let (_temporary, directory) = plugin();
        let mut reader = Reader::default();
        let plugins = [directory.clone()];
        let before = reader.read(&plugins).unwrap();
        assert_eq!(
            before.scripts().files.keys().collect::<Vec<_>>(),
            ["/etc/fuel/plugins/mine-1.0/a.sh"]
        );
        fs_err::write(directory.join("deployment_scripts/conf/new.cfg"), "x").unwrap();
        fs_err::remove_file(directory.join("deployment_scripts/a.sh")).unwrap();
        fs_err::write(directory.join("README.md"), "x").unwrap();
        fs_err::write(directory.join("deployment_tasks.yaml"), "[]\n# more\n").unwrap();
        // What a build and editors leave.
        fs_err::write(directory.join("mine-1.0-1.0.0-1.noarch.rpm"), "x").unwrap();
        fs_err::write(directory.join("deployment_scripts/.a.sh.swp"), "x").unwrap();
        let after = reader.read(&plugins).unwrap();
        let changes: Vec<(String, &str, Part)> = after
            .changes_since(&before)
            .into_iter()
            .map(|change| {
                let path = change.path.strip_prefix(&directory).unwrap().to_string();
                (path, change.how, change.part)
            })
            .collect();
        assert_eq!(
            changes,
            [
                ("README.md".to_owned(), "added", Part::Other),
                ("deployment_scripts/a.sh".to_owned(), "removed", Part::Script),
                ("deployment_scripts/conf/new.cfg".to_owned(), "added", Part::Script),
                ("deployment_tasks.yaml".to_owned(), "changed", Part::Tasks),
            ]
        );
    }

    #[test]
    fn a_file_that_was_written_anew_with_the_same_content_has_not_changed() {
        let (_temporary, directory) = plugin();
        let mut reader = Reader::default();
        let plugins = [directory.clone()];
        let before = reader.read(&plugins).unwrap();
        // As an editor does: another file takes its place.
        fs_err::write(directory.join("deployment_scripts/a.new"), "true\n").unwrap();
        fs_err::rename(
            directory.join("deployment_scripts/a.new"),
            directory.join("deployment_scripts/a.sh"),
        )
        .unwrap();
        assert_eq!(reader.read(&plugins).unwrap().changes_since(&before), []);
    }

    #[rstest]
    #[case(".a.sh.swp", 2, true)]
    #[case("a.sh~", 2, true)]
    #[case("4913", 2, true)]
    #[case("mine-1.0.rpm", 1, true)]
    #[case::a_package_that_nodes_get("mine.rpm", 3, false)]
    #[case("a.sh", 2, false)]
    fn what_editors_and_builds_leave_is_not_the_plugins(#[case] name: &str, #[case] depth: usize, #[case] left: bool) {
        assert_eq!(is_others(name, depth, false), left);
    }
}
