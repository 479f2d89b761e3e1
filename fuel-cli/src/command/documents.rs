//! Documents that are downloaded into a directory, edited, and uploaded from there.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use plugin_builder::yaml;
use serde_json::Value;

use super::output::Format;
use super::session::CommandError;

/// Which way a document goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Download,
    Upload,
}

/// `--download` or `--upload`.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct WayArguments {
    /// Write what Nailgun has into a file.
    #[arg(long, short)]
    pub(super) download: bool,
    /// Send what stands in the file.
    #[arg(long, short)]
    pub(super) upload: bool,
}

impl WayArguments {
    /// The one that is asked for.
    pub(super) fn way(&self) -> Result<Way, CommandError> {
        match (self.download, self.upload) {
            (true, _) => Ok(Way::Download),
            (_, true) => Ok(Way::Upload),
            _ => Err(CommandError::Text(
                "\"--download\" and \"--upload\" required!".to_owned(),
            )),
        }
    }
}

/// The directory that was named, or the current one as an absolute path.
pub(super) fn directory(named: Option<&Utf8Path>) -> Result<Utf8PathBuf, CommandError> {
    let directory = match named {
        Some(directory) => directory.to_owned(),
        None => {
            let current = std::env::current_dir()?;
            Utf8PathBuf::from_path_buf(current).map_err(|path| {
                CommandError::Text(format!(
                    "The path of the current directory is not UTF-8: {}; name another one with --dir",
                    path.display()
                ))
            })?
        }
    };
    if directory.is_dir() {
        Ok(directory)
    } else {
        Err(CommandError::Text(format!("Directory '{directory}' doesn't exist.")))
    }
}

/// Writes a document; `path` is without extension, gives the file.
pub(super) fn write(path: &Utf8Path, format: Format, document: &Value) -> Result<Utf8PathBuf, CommandError> {
    let file = Utf8PathBuf::from(format!("{path}.{}", format.extension()));
    if let Some(parent) = file.parent().filter(|parent| !parent.as_str().is_empty()) {
        fs_err::create_dir_all(parent)?;
    }
    fs_err::write(&file, format.document(document)?)?;
    Ok(file)
}

/// Reads a document; `path` is without extension, gives the file too.
pub(super) fn read(path: &Utf8Path, format: Format) -> Result<(Utf8PathBuf, Value), CommandError> {
    let file = Utf8PathBuf::from(format!("{path}.{}", format.extension()));
    let document = read_file(&file)?;
    Ok((file, document))
}

/// Reads a file of YAML, of which JSON is a part, as the real client and Nailgun would: YAML 1.1.
pub(super) fn read_file(file: &Utf8Path) -> Result<Value, CommandError> {
    if !file.is_file() {
        return Err(CommandError::Text(format!(
            "Can't open file '{file}': No such file or directory."
        )));
    }
    yaml::load(file)
        .map(|node| node.to_json())
        .map_err(|error| CommandError::Text(error.to_string()))
}
