//! Packages that earlier builds left in the plugin's directory.

use std::io;

use camino::Utf8Path;

use crate::metadata::Metadata;

/// Packages in the plugin's directory that earlier builds made: never packed, and replaced by a new one.
pub(super) struct StalePackages {
    prefix: String,
    suffix: &'static str,
}

impl StalePackages {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let suffix = if metadata.package_version == "1.0.0" {
            ".fp"
        } else {
            ".noarch.rpm"
        };
        Self {
            prefix: format!("{}-", metadata.name),
            suffix,
        }
    }

    pub(super) fn includes(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix)
            .is_some_and(|rest| rest.ends_with(self.suffix))
    }

    pub(super) fn remove_all_but(&self, directory: &Utf8Path, keep: &Utf8Path) -> io::Result<()> {
        for entry in fs_err::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if Some(name) == keep.file_name() || !self.includes(name) || entry.file_type()?.is_dir() {
                continue;
            }
            match fs_err::remove_file(entry.path()) {
                // Another build was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }
}
