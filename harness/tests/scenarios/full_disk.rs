//! A disk without room.

use std::process::Command;

use camino::Utf8Path;

/// A file system of 64 KiB without room, where one can be mounted.
pub(crate) struct FullDisk {
    directory: tempfile::TempDir,
    mounted: bool,
}

impl FullDisk {
    pub(crate) fn new() -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(directory.path())
            .output()
            .is_ok_and(|output| output.status.success());
        let disk = Self { directory, mounted };
        if mounted {
            // It ends when nothing more fits, which is the point.
            let _ = fs_err::write(disk.path().join("filled"), vec![0; 64 * 1024]);
        }
        Ok(disk)
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.directory.path()).unwrap_or(Utf8Path::new("."))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.mounted
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg("--lazy").arg(self.directory.path()).status();
        }
    }
}
