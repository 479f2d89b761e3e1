//! A virtual environment with python-fuelclient, made once and kept.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of the Python files beside these tests.
pub(crate) const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuelclient/python");

/// The virtual environment.
#[derive(Debug, Clone)]
pub(crate) struct Python {
    /// Its `bin`.
    pub(crate) bin: PathBuf,
}

impl Python {
    /// Makes the environment where it is not there yet; an error says why there is none.
    pub(crate) fn ready() -> Result<Self, String> {
        let requirements = fs_err::read_to_string(Path::new(SOURCES).join("requirements.txt")).unwrap();
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuelclient");
        let made_of = root.join("made-of.txt");
        let bin = root.join("bin");
        if fs_err::read_to_string(&made_of).is_ok_and(|old| old == requirements) {
            return Ok(Self { bin });
        }
        let _ = fs_err::remove_dir_all(&root);
        // 3.12 has no distutils any more, which python-fuelclient imports.
        quiet(Command::new("python3.11").args(["-m", "venv"]).arg(&root))
            .map_err(|why| format!("no virtual environment of Python 3.11: {why}"))?;
        quiet(
            Command::new(bin.join("pip"))
                .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
                .arg(Path::new(SOURCES).join("requirements.txt")),
        )
        .map_err(|why| format!("PyPI does not give it: {why}"))?;
        fs_err::write(&made_of, requirements).unwrap();
        Ok(Self { bin })
    }
}

fn quiet(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(errors
        .trim()
        .lines()
        .last()
        .unwrap_or("it failed without a word")
        .to_owned())
}
