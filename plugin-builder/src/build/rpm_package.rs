//! The package of formats 2.0.0 and later: an RPM.

use std::io::Write as _;

use camino::Utf8Path;
use rpm::{BuildConfig, CompressionWithLevel, Dependency, FileOptions, PackageBuilder, Scriptlet, Timestamp};

use crate::build::BuildError;
use crate::build::scripts;
use crate::build::tree::{Entry, EntryKind};
use crate::metadata::Metadata;

/// Where plugins lie on a master.
const PLUGINS: &str = "/var/www/nailgun/plugins";

/// Writes the RPM and says its file name. The compressed payload is held in memory until it is written.
pub(crate) fn write(
    source: &Utf8Path,
    entries: &[Entry],
    metadata: &Metadata,
    time: i64,
    target: &Utf8Path,
) -> Result<String, BuildError> {
    let name = format!("{}-{}", metadata.name, metadata.major_minor());
    // Format 2.0.0 has neither a release number of its own nor scripts.
    let with_scripts = metadata.package_version != "2.0.0";
    let release = if with_scripts {
        metadata.build_version.as_str()
    } else {
        "1"
    };
    let licenses = metadata.licenses.join(" and ");
    let mut builder = PackageBuilder::new(&name, &metadata.version, &licenses, "noarch", &metadata.title);
    let time = Timestamp(u32::try_from(time).unwrap_or(0));
    builder
        .using_config(
            BuildConfig::v4()
                .compression(CompressionWithLevel::Gzip(6))
                .source_date(time),
        )
        .release(release)
        .url(&metadata.homepage)
        .vendor(metadata.authors.join(", "))
        .group("Development/Libraries")
        .description(&metadata.description)
        .build_host("localhost");
    if with_scripts {
        let scripts = scripts::read(source)?;
        let shell = |text: String| Scriptlet::new(text).prog(vec!["/bin/sh"]);
        builder
            .pre_install_script(shell(scripts.before_install))
            .post_install_script(shell(scripts.after_install))
            .pre_uninstall_script(shell(scripts.before_removal));
    } else if entries.iter().any(|entry| entry.path.extension() == Some("sh")) {
        // rpmbuild finds this requirement by itself in format 2.0.0, whose spec does not forbid it.
        builder.requires(Dependency::any("/bin/bash"));
    }
    let root = Utf8Path::new(PLUGINS).join(&name);
    for entry in entries {
        let path = if entry.path.as_str().is_empty() {
            root.clone()
        } else {
            root.join(&entry.path)
        };
        let permissions = u16::try_from(entry.mode & 0o7777).unwrap_or(0o644);
        match &entry.kind {
            EntryKind::Directory => {
                builder.with_dir_entry(FileOptions::dir(path).permissions(permissions))?;
            }
            EntryKind::File { .. } => {
                builder.with_file(&entry.source, FileOptions::new(path).permissions(permissions))?;
            }
            EntryKind::Link { target } => {
                builder.with_symlink(FileOptions::symlink(path, target))?;
            }
        }
    }
    let package = builder.build()?;
    let mut file = std::io::BufWriter::new(fs_err::File::create(target)?);
    package.write(&mut file)?;
    file.flush()?;
    Ok(format!("{name}-{}-{release}.noarch.rpm", metadata.version))
}
