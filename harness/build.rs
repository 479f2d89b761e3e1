//! Packs the files that images are made of into the executable, so that an installed one works without a checkout.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = package.join("images");
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed={}", package.join("../Dockerfile").display());
    let mut table = String::from("&[\n");
    if root.is_dir() {
        walk(&root, &root, &mut table)?;
    }
    table.push_str("]\n");
    // `fs_err` is no build dependency: cargo itself names the script that failed.
    #[expect(clippy::disallowed_methods, reason = "a build script without dependencies")]
    fs::write(Path::new(&env::var("OUT_DIR")?).join("context.rs"), table)?;
    Ok(())
}

fn walk(root: &Path, directory: &Path, table: &mut String) -> Result<(), Box<dyn error::Error>> {
    #[expect(clippy::disallowed_methods, reason = "a build script without dependencies")]
    let mut entries = fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &path, table)?;
            continue;
        }
        let name = path.strip_prefix(root)?.display().to_string();
        if kind.is_symlink() {
            let link = fs::read_link(&path)?.display().to_string();
            writeln!(
                table,
                "    ContextFile {{ path: {name:?}, content: Content::Link({link:?}) }},"
            )?;
        } else {
            let full = path.display().to_string();
            let executable = is_executable(&path)?;
            writeln!(
                table,
                "    ContextFile {{ path: {name:?}, content: Content::File {{ bytes: include_bytes!({full:?}), \
                 executable: {executable} }} }},"
            )?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> Result<bool, Box<dyn error::Error>> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_path: &Path) -> Result<bool, Box<dyn error::Error>> {
    Ok(false)
}
