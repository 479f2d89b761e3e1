//! The plugin's files, read once.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::check::lint::{FILE_MISSING, YAML};
use crate::finding::{Finding, Header, SourceText};
use crate::python::repr_unicode;
use crate::yaml::{self, Node, Span, YamlError};

/// A file's text and tree.
pub(crate) struct File {
    /// The path as messages show it: the argument joined with the name.
    pub(crate) path: Utf8PathBuf,
    /// Its text, for quoting.
    pub(crate) text: SourceText,
    /// Its tree, or why there is none.
    pub(crate) tree: Result<Node, YamlError>,
}

impl File {
    /// A finding at a place of this file.
    pub(crate) fn place(&self, finding: Finding, span: Span) -> Finding {
        finding.at(&self.path, span, &self.text)
    }

    /// The file cannot be read: the original's "Unexpected error".
    pub(crate) fn unreadable(&self, error: &YamlError) -> Finding {
        let finding = self.unreadable_file(error);
        match self.path.parent() {
            Some(directory) if !directory.as_str().is_empty() && !directory.is_dir() => {
                let what = if directory.exists() {
                    "is no directory"
                } else {
                    "does not exist"
                };
                finding
                    .saying(format!("`{directory}` {what}"))
                    .helping("name the directory that holds the plugin's metadata.yaml")
            }
            _ => finding,
        }
    }

    fn unreadable_file(&self, error: &YamlError) -> Finding {
        if error.is_not_found() {
            let message = format!(
                "[Errno 2] No such file or directory: {}",
                repr_unicode(self.path.as_str())
            );
            return Finding::error(&FILE_MISSING, Header::Unexpected, message)
                .saying(format!("`{}` is missing", self.path))
                .in_file(&self.path);
        }
        let mut finding = Finding::error(&YAML, Header::Unexpected, String::new()).saying(error.kind.to_string());
        // PyYAML's text, or the system's.
        finding.builder_message = error.original.clone().or_else(|| {
            let (number, text) = error.system_error()?;
            Some(format!("[Errno {number}] {text}: {}", repr_unicode(self.path.as_str())))
        });
        if let Some(help) = error.help {
            finding = finding.helping(help);
        }
        match error.span {
            Some(span) => self.place(finding, span),
            None => finding.in_file(&self.path),
        }
    }
}

/// The files of a plugin.
pub(crate) struct Files<'a> {
    directory: &'a Utf8Path,
    read: HashMap<&'static str, File>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(directory: &'a Utf8Path) -> Self {
        Self {
            directory,
            read: HashMap::new(),
        }
    }

    pub(crate) fn directory(&self) -> &'a Utf8Path {
        self.directory
    }

    /// A file by name.
    pub(crate) fn get(&mut self, name: &'static str) -> &File {
        let directory = self.directory;
        self.read.entry(name).or_insert_with(|| {
            let path = directory.join(name);
            let tree = yaml::load(&path);
            let text = fs_err::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            File {
                path,
                text: SourceText::new(text.unwrap_or_default()),
                tree,
            }
        })
    }

    /// A file that has been read.
    pub(crate) fn known(&self, name: &str) -> Option<&File> {
        self.read.get(name)
    }

    /// All files that have been read, by name.
    pub(crate) fn all(&self) -> Vec<&File> {
        let mut files: Vec<&File> = self.read.values().collect();
        files.sort_by(|left, right| left.path.cmp(&right.path));
        files
    }
}
