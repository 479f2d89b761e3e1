//! What a yum index says about an RPM.

use std::io::BufReader;

use rpm::{Dependency, DependencyFlags, PackageMetadata};

use super::RepositoryError;
use super::files::PackageFile;
use crate::rpm_metadata::read_metadata;

/// A relation to another package.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) name: String,
    /// `EQ`, `GE`, …; nothing without a version.
    pub(crate) comparison: Option<&'static str>,
    pub(crate) version: Version,
    /// Needed before the package's own scripts run.
    pub(crate) early: bool,
}

/// Epoch, version and release, of which only what is written is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Version {
    pub(crate) epoch: String,
    pub(crate) version: String,
    pub(crate) release: Option<String>,
}

/// A file or directory of a package.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) path: String,
    pub(crate) directory: bool,
}

/// One package of an index.
#[derive(Debug, Clone)]
pub(crate) struct RpmEntry {
    pub(crate) location: String,
    pub(crate) sha256: String,
    pub(crate) name: String,
    pub(crate) architecture: String,
    pub(crate) version: Version,
    pub(crate) texts: Vec<(&'static str, String)>,
    pub(crate) build_time: u64,
    pub(crate) package_size: u64,
    pub(crate) installed_size: u64,
    /// Of the unpacked payload.
    pub(crate) archive_size: u64,
    pub(crate) header: (u64, u64),
    pub(crate) relations: Vec<(&'static str, Vec<Relation>)>,
    pub(crate) contents: Vec<Content>,
    /// The newest entries of its changelog, the oldest of them first.
    pub(crate) changes: Vec<Change>,
}

/// An entry of a changelog.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) author: String,
    pub(crate) time: u64,
    pub(crate) text: String,
}

/// As many as `createrepo` takes.
const MOST_CHANGES: usize = 10;

impl RpmEntry {
    /// Reads a package's header; the payload is only summed.
    pub(crate) fn read(package: &PackageFile<'_>) -> Result<Self, RepositoryError> {
        let path = package.disk;
        let mut reader = BufReader::new(fs_err::File::open(path)?);
        let metadata = read_metadata(&mut reader)
            .map_err(|why| RepositoryError::package(path, format!("not a readable RPM: {why}")))?;
        let offsets = metadata.get_package_segment_offsets();
        let text = |value: Result<&str, rpm::Error>| value.unwrap_or_default().to_owned();
        Ok(Self {
            location: package.location.clone(),
            sha256: package.digests.sha256.clone(),
            name: text(metadata.get_name()),
            architecture: if metadata.is_source_package() {
                "src".to_owned()
            } else {
                text(metadata.get_arch())
            },
            version: Version {
                epoch: metadata.get_epoch().unwrap_or(0).to_string(),
                version: text(metadata.get_version()),
                release: Some(text(metadata.get_release())),
            },
            texts: vec![
                ("summary", text(metadata.get_summary())),
                ("description", text(metadata.get_description())),
                ("packager", text(metadata.get_packager())),
                ("url", text(metadata.get_url())),
                ("license", text(metadata.get_license())),
                ("vendor", text(metadata.get_vendor())),
                ("group", text(metadata.get_group())),
                ("buildhost", text(metadata.get_build_host())),
                ("sourcerpm", text(metadata.get_source_rpm())),
            ],
            build_time: metadata.get_build_time().unwrap_or(0),
            package_size: package.size,
            installed_size: metadata.get_installed_size().unwrap_or(0),
            archive_size: archive_size(&metadata),
            header: (offsets.header, offsets.payload),
            relations: vec![
                ("provides", relations(metadata.get_provides())),
                ("requires", relations(metadata.get_requires())),
                ("conflicts", relations(metadata.get_conflicts())),
                ("obsoletes", relations(metadata.get_obsoletes())),
            ],
            contents: contents(&metadata),
            changes: changes(&metadata),
        })
    }

    /// One of the texts.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, text)| text)
    }
}

fn relations(dependencies: Result<Vec<Dependency>, rpm::Error>) -> Vec<Relation> {
    let mut relations: Vec<Relation> = Vec::new();
    for dependency in dependencies.unwrap_or_default() {
        // What the package manager itself must be able to do is not for the index.
        if dependency.name.starts_with("rpmlib(") {
            continue;
        }
        let relation = relation(&dependency);
        let known = relations.iter().any(|other| {
            other.name == relation.name
                && other.comparison == relation.comparison
                && other.version.version == relation.version.version
        });
        if !known {
            relations.push(relation);
        }
    }
    relations
}

fn relation(dependency: &Dependency) -> Relation {
    let has = |flag| dependency.flags.contains(flag);
    let equal = has(DependencyFlags::EQUAL);
    let comparison = match (has(DependencyFlags::LESS), has(DependencyFlags::GREATER), equal) {
        (true, _, true) => Some("LE"),
        (true, _, false) => Some("LT"),
        (_, true, true) => Some("GE"),
        (_, true, false) => Some("GT"),
        (_, _, true) => Some("EQ"),
        _ => None,
    };
    let (epoch, rest) = dependency.version.split_once(':').unwrap_or(("0", &dependency.version));
    let (version, release) = match rest.split_once('-') {
        Some((version, release)) => (version, Some(release.to_owned())),
        None => (rest, None),
    };
    Relation {
        name: dependency.name.clone(),
        comparison: comparison.filter(|_| !dependency.version.is_empty()),
        version: Version {
            epoch: epoch.to_owned(),
            version: version.to_owned(),
            release,
        },
        early: has(DependencyFlags::SCRIPT_PRE) || has(DependencyFlags::SCRIPT_POST),
    }
}

fn contents(metadata: &PackageMetadata) -> Vec<Content> {
    metadata
        .get_file_entries()
        .unwrap_or_default()
        .iter()
        .map(|entry| Content {
            path: entry.path().to_string_lossy().into_owned(),
            directory: entry.mode().file_type() == rpm::FileType::Dir,
        })
        .collect()
}

/// The unpacked payload's size, which the signature's header holds.
fn archive_size(metadata: &PackageMetadata) -> u64 {
    metadata
        .signature
        .get_entry_data_as_u32(rpm::IndexSignatureTag::RPMSIGTAG_PAYLOADSIZE)
        .map_or(0, u64::from)
}

fn changes(metadata: &PackageMetadata) -> Vec<Change> {
    let entries = metadata.get_changelog_entries().unwrap_or_default();
    let newest = entries.into_iter().take(MOST_CHANGES).map(|entry| Change {
        author: entry.name,
        time: entry.timestamp,
        text: entry.description,
    });
    let mut changes: Vec<Change> = newest.collect();
    changes.reverse();
    changes
}
