//! Writing a package's content without letting it out of its directory.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write as _};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::package::checksums::{Expected, Sum};
use crate::package::error::UnpackError;
use crate::package::limits::read_error;
use crate::package::payload::damaged;
use crate::package::walk::{PLUGINS, Receiver, refused};
use crate::tree::link_stays_inside;

/// Writes below one directory, and only there.
pub(super) struct TreeWriter<'a> {
    package: &'a Utf8Path,
    /// The plugin's directory-to-be.
    root: &'a Utf8Path,
    /// Where the package means it to be, which absolute links may name.
    intended_root: Utf8PathBuf,
    /// Permissions of directories are set last, since one may forbid writing into it.
    directories: BTreeMap<Utf8PathBuf, u32>,
    /// Files that share their content, by the archive's number, until it comes.
    shared: HashMap<u64, Vec<Utf8PathBuf>>,
    /// SHA-1 sums of files whose checksums the package's list has, by their paths.
    sums: HashMap<String, String>,
}

impl<'a> TreeWriter<'a> {
    pub(super) fn new(package: &'a Utf8Path, root: &'a Utf8Path) -> Self {
        Self {
            package,
            root,
            intended_root: Utf8PathBuf::new(),
            directories: BTreeMap::new(),
            shared: HashMap::new(),
            sums: HashMap::new(),
        }
    }

    fn refuse(&self, path: &str, why: &'static str) -> UnpackError {
        refused(self.package, path, why)
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

    /// Whether a link's target stays below the root. An absolute one counts from where the plugin is to be.
    fn stays_inside(&self, link: &Utf8Path, target: &Utf8Path) -> bool {
        match target.strip_prefix(&self.intended_root) {
            Ok(rest) => link_stays_inside(Utf8Path::new(""), rest),
            Err(_) => link_stays_inside(link, target),
        }
    }

    /// Makes a file, which must be new: a second one of the same name (or on some systems, one that differs only in
    /// capital letters) would take the first one's place.
    fn create(&self, path: &Utf8Path, place: &Utf8Path) -> Result<fs_err::File, UnpackError> {
        match fs_err::File::create_new(place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.refuse(path.as_str(), TWICE)),
            other => Ok(other?),
        }
    }

    /// Compares the files with `checksums.sha1`, if the package has it.
    pub(super) fn check_sums(&self) -> Result<(), UnpackError> {
        let list = match fs_err::read(self.root.join("checksums.sha1")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for line in String::from_utf8_lossy(&list).lines() {
            let Some((stated, path)) = line.split_once(' ') else {
                continue;
            };
            let why = match self.sums.get(path) {
                Some(found) if found.eq_ignore_ascii_case(stated) => continue,
                Some(_) => "has another checksum than its checksums.sha1 says",
                // A link, or another name of a file.
                None if fs_err::symlink_metadata(self.root.join(path)).is_ok() => continue,
                None => "is missing, though its checksums.sha1 lists it",
            };
            return Err(damaged(self.package, format!("it is damaged: `{path}` {why}")));
        }
        Ok(())
    }

    /// Sets the directories' permissions; nothing can be written after it.
    pub(super) fn finish(self) -> Result<(), UnpackError> {
        for (place, mode) in self.directories.iter().rev() {
            // The owner must be able to replace the plugin later.
            set_mode(place, mode | 0o700)?;
        }
        Ok(())
    }
}

const TWICE: &str = "it is there twice";
const BLOCK: usize = 128 * 1024;

impl Receiver for TreeWriter<'_> {
    fn begin(&mut self, name: &str) {
        self.intended_root = Utf8Path::new("/").join(PLUGINS).join(name);
    }

    fn directory(&mut self, path: &Utf8Path, mode: u32) -> Result<(), UnpackError> {
        let place = self.place(path)?;
        match fs_err::create_dir_all(&place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(self.refuse(path.as_str(), TWICE));
            }
            other => other?,
        }
        self.directories.insert(place, mode & 0o777);
        Ok(())
    }

    fn file(
        &mut self,
        path: &Utf8Path,
        mode: u32,
        expected: Option<&Expected>,
        content: &mut dyn Read,
    ) -> Result<(), UnpackError> {
        if mode & 0o6000 != 0 {
            return Err(self.refuse(
                path.as_str(),
                "it would run as its owner or group (set-user-ID, set-group-ID)",
            ));
        }
        let place = self.file_place(path)?;
        let mut file = self.create(path, &place)?;
        let mut sum = match expected {
            Some(expected) => expected.sum(),
            None => Some(Sum::sha1()),
        };
        let mut block = vec![0; BLOCK];
        loop {
            let length = content
                .read(&mut block)
                .map_err(|error| read_error(self.package, &error))?;
            let Some(read) = block.get(..length).filter(|read| !read.is_empty()) else {
                break;
            };
            file.write_all(read)?;
            sum.iter_mut().for_each(|sum| sum.update(read));
        }
        match (sum.map(Sum::end), expected) {
            (Some(sum), Some(expected)) if !expected.is(&sum) => {
                let why = format!("it is damaged: `{path}` has another checksum than it says");
                return Err(damaged(self.package, why));
            }
            (Some(sum), None) => {
                self.sums.insert(path.to_string(), sum);
            }
            _ => {}
        }
        set_mode(&place, mode & 0o777)
    }

    fn shared_file(
        &mut self,
        path: &Utf8Path,
        mode: u32,
        inode: u64,
        expected: Option<&Expected>,
        content: Option<&mut dyn Read>,
    ) -> Result<(), UnpackError> {
        let Some(content) = content else {
            let place = self.file_place(path)?;
            drop(self.create(path, &place)?);
            set_mode(&place, mode & 0o777)?;
            self.shared.entry(inode).or_default().push(place);
            return Ok(());
        };
        self.file(path, mode, expected, content)?;
        let place = self.place(path)?;
        for other in self.shared.remove(&inode).unwrap_or_default() {
            fs_err::copy(&place, other)?;
        }
        Ok(())
    }

    fn link(&mut self, path: &Utf8Path, target: &str) -> Result<(), UnpackError> {
        let place = self.file_place(path)?;
        if !self.stays_inside(path, Utf8Path::new(target)) {
            return Err(self.refuse(
                path.as_str(),
                "it is a symbolic link that leads out of the plugin's directory",
            ));
        }
        match fs_err::os::unix::fs::symlink(target, place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.refuse(path.as_str(), TWICE)),
            other => Ok(other?),
        }
    }

    fn hard_link(&mut self, path: &Utf8Path, existing: &Utf8Path) -> Result<(), UnpackError> {
        let (place, source) = (self.file_place(path)?, self.place(existing)?);
        if !source.is_file() {
            return Err(self.refuse(path.as_str(), "it is another name of a file that is not there"));
        }
        let mut file = self.create(path, &place)?;
        io::copy(&mut fs_err::File::open(&source)?, &mut file)?;
        fs_err::set_permissions(&place, fs_err::metadata(&source)?.permissions())?;
        if let Some(sum) = self.sums.get(existing.as_str()).cloned() {
            self.sums.insert(path.to_string(), sum);
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
