//! Writing a package's content without letting it out of its directory.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::package::error::UnpackError;

/// Writes below one directory, and only there.
pub(crate) struct TreeWriter<'a> {
    package: &'a Utf8Path,
    /// The plugin's directory-to-be.
    root: &'a Utf8Path,
    /// Where the package means it to be, which absolute links may name.
    intended_root: Utf8PathBuf,
    /// Permissions of directories are set last, since one may forbid writing into it.
    directories: BTreeMap<Utf8PathBuf, u32>,
    /// Files that share their content, by the archive's number, until it comes.
    shared: HashMap<u64, Vec<Utf8PathBuf>>,
}

impl<'a> TreeWriter<'a> {
    pub(crate) fn new(package: &'a Utf8Path, root: &'a Utf8Path, intended_root: Utf8PathBuf) -> Self {
        Self {
            package,
            root,
            intended_root,
            directories: BTreeMap::new(),
            shared: HashMap::new(),
        }
    }

    pub(crate) fn refuse(&self, path: &str, why: &'static str) -> UnpackError {
        UnpackError::Refused {
            package: self.package.to_owned(),
            path: path.to_owned(),
            why,
        }
    }

    /// A path of the package as one below the root. `..` and links on the way are refused.
    fn place(&self, path: &Utf8Path) -> Result<Utf8PathBuf, UnpackError> {
        let mut place = self.root.to_owned();
        for component in path.components() {
            match component {
                Utf8Component::CurDir => continue,
                Utf8Component::Normal(name) => place.push(name),
                _ => return Err(self.refuse(path.as_str(), "it leads out of the plugin's directory")),
            }
            if fs_err::symlink_metadata(&place).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(self.refuse(path.as_str(), "it leads through a symbolic link"));
            }
        }
        Ok(place)
    }

    fn file_place(&self, path: &Utf8Path) -> Result<Utf8PathBuf, UnpackError> {
        let place = self.place(path)?;
        if place == self.root {
            return Err(self.refuse(path.as_str(), "it is the plugin's directory itself"));
        }
        if let Some(parent) = place.parent() {
            fs_err::create_dir_all(parent)?;
        }
        Ok(place)
    }

    pub(crate) fn directory(&mut self, path: &Utf8Path, mode: u32) -> Result<(), UnpackError> {
        let place = self.place(path)?;
        fs_err::create_dir_all(&place)?;
        self.directories.insert(place, mode & 0o7777);
        Ok(())
    }

    pub(crate) fn file(&mut self, path: &Utf8Path, mode: u32, content: &mut dyn Read) -> Result<(), UnpackError> {
        let place = self.file_place(path)?;
        let mut file = fs_err::File::create(&place)?;
        // What cannot be read and what cannot be written look alike here: the text names the file.
        io::copy(content, &mut file)
            .map_err(|error| io::Error::new(error.kind(), format!("`{path}` cannot be unpacked: {error}")))?;
        // A set-user-ID file has nothing to do in a plugin.
        set_mode(&place, mode & 0o777)
    }

    /// A file of several names: the content comes with the last one.
    pub(crate) fn shared_file(
        &mut self,
        path: &Utf8Path,
        mode: u32,
        inode: u64,
        size: u64,
        content: &mut dyn Read,
    ) -> Result<(), UnpackError> {
        self.file(path, mode, content)?;
        let place = self.file_place(path)?;
        if size == 0 {
            self.shared.entry(inode).or_default().push(place);
            return Ok(());
        }
        for other in self.shared.remove(&inode).unwrap_or_default() {
            fs_err::copy(&place, other)?;
        }
        Ok(())
    }

    pub(crate) fn link(&mut self, path: &Utf8Path, target: &str) -> Result<(), UnpackError> {
        let place = self.file_place(path)?;
        if !self.stays_inside(path, Utf8Path::new(target)) {
            return Err(self.refuse(
                path.as_str(),
                "it is a symbolic link that leads out of the plugin's directory",
            ));
        }
        fs_err::os::unix::fs::symlink(target, place)?;
        Ok(())
    }

    /// A second name for a file of the archive.
    pub(crate) fn hard_link(&mut self, path: &Utf8Path, existing: &Utf8Path) -> Result<(), UnpackError> {
        let (place, existing) = (self.file_place(path)?, self.place(existing)?);
        fs_err::copy(existing, place)?;
        Ok(())
    }

    /// Whether a link's target stays below the root. `..` may only stand at its start, where it climbs
    /// real directories; after another link it would lead to that link's parent.
    fn stays_inside(&self, link: &Utf8Path, target: &Utf8Path) -> bool {
        let (mut depth, rest) = if target.is_absolute() {
            match target.strip_prefix(&self.intended_root) {
                Ok(rest) => (0, rest),
                Err(_) => return false,
            }
        } else {
            (link.components().count().saturating_sub(1), target)
        };
        let mut climbing = true;
        for component in rest.components() {
            match component {
                Utf8Component::CurDir => {}
                Utf8Component::Normal(_) => climbing = false,
                Utf8Component::ParentDir if climbing && depth > 0 => depth -= 1,
                _ => return false,
            }
        }
        true
    }

    /// Sets the directories' permissions; nothing can be written after it.
    pub(crate) fn finish(self) -> Result<(), UnpackError> {
        for (place, mode) in self.directories.iter().rev() {
            // The owner must be able to replace the plugin later.
            set_mode(place, mode | 0o700)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn set_mode(path: &Utf8Path, mode: u32) -> Result<(), UnpackError> {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(())
}
