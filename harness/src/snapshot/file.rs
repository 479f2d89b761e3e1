//! Snapshot files: insta's own format, so that `cargo insta review` shows what this writes.

use camino::{Utf8Path, Utf8PathBuf};
use similar::TextDiff;

use crate::event::{SnapshotOutcome, SnapshotResult};

/// A snapshot file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("snapshot: {0}")]
pub struct SnapshotError(#[from] std::io::Error);

/// Compares `text` with the snapshot `name` of `directory`.
///
/// One that is not there is written, unless `frozen` (in CI a snapshot that nobody committed must not pass).
/// One that differs is written anew with `update`, else a `.snap.new` is left beside it for `cargo insta review`.
///
/// # Errors
/// A file cannot be read or written.
pub fn compare(
    directory: &Utf8Path,
    name: &str,
    text: &str,
    update: bool,
    frozen: bool,
) -> Result<SnapshotResult, SnapshotError> {
    let file = directory.join(format!("{name}.snap"));
    let pending = directory.join(format!("{name}.snap.new"));
    let result = |outcome| SnapshotResult {
        name: name.to_owned(),
        file: file.to_string(),
        outcome,
    };
    let committed = match fs_err::read_to_string(&file) {
        Ok(committed) => contents(&committed).to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if frozen {
                return Ok(result(SnapshotOutcome::Differs(format!(
                    "{file} is not there; run without CI=true and commit it\n"
                ))));
            }
            write(&file, text)?;
            return Ok(result(SnapshotOutcome::New));
        }
        Err(error) => return Err(error.into()),
    };
    if committed.trim_end() == text.trim_end() {
        remove_pending(&pending)?;
        return Ok(result(SnapshotOutcome::Same));
    }
    if update {
        write(&file, text)?;
        remove_pending(&pending)?;
        return Ok(result(SnapshotOutcome::Updated));
    }
    if !frozen {
        write(&pending, text)?;
    }
    let diff = TextDiff::from_lines(committed.trim_end(), text.trim_end())
        .unified_diff()
        .context_radius(2)
        .header("committed", "this run")
        .to_string();
    Ok(result(SnapshotOutcome::Differs(diff)))
}

/// The part below the front matter.
fn contents(file: &str) -> &str {
    file.strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(file, |(_, contents)| contents)
}

fn write(file: &Utf8PathBuf, text: &str) -> Result<(), SnapshotError> {
    if let Some(directory) = file.parent() {
        fs_err::create_dir_all(directory)?;
    }
    let text = text.trim_end();
    let temporary = Utf8PathBuf::from(format!("{file}.part"));
    fs_err::write(
        &temporary,
        format!("---\nsource: harness/src/snapshot/file.rs\n---\n{text}\n"),
    )?;
    fs_err::rename(&temporary, file)?;
    Ok(())
}

fn remove_pending(pending: &Utf8Path) -> Result<(), SnapshotError> {
    match fs_err::remove_file(pending) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let temporary = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).unwrap();
        (temporary, path)
    }

    #[test]
    fn a_new_snapshot_is_written_and_equal_the_next_time() {
        let (_keep, directory) = directory();
        assert_eq!(
            compare(&directory, "x", "a: 1\n", false, false).unwrap().outcome,
            SnapshotOutcome::New
        );
        assert_eq!(
            compare(&directory, "x", "a: 1\n", false, true).unwrap().outcome,
            SnapshotOutcome::Same
        );
    }

    #[test]
    fn a_missing_snapshot_does_not_pass_when_frozen() {
        let (_keep, directory) = directory();
        let outcome = compare(&directory, "x", "a: 1\n", false, true).unwrap().outcome;
        assert!(matches!(outcome, SnapshotOutcome::Differs(_)), "{outcome:?}");
        assert!(!directory.join("x.snap").exists());
    }

    #[test]
    fn a_difference_shows_its_lines_and_leaves_a_pending_file_for_review() {
        let (_keep, directory) = directory();
        compare(&directory, "x", "a: 1\nb: 2\n", false, false).unwrap();
        let SnapshotOutcome::Differs(diff) = compare(&directory, "x", "a: 1\nb: 3\n", false, false).unwrap().outcome
        else {
            panic!("it differs");
        };
        assert!(diff.contains("-b: 2") && diff.contains("+b: 3"), "{diff}");
        assert!(directory.join("x.snap.new").exists());
        assert_eq!(
            compare(&directory, "x", "a: 1\nb: 3\n", true, false).unwrap().outcome,
            SnapshotOutcome::Updated
        );
        assert!(!directory.join("x.snap.new").exists());
    }

    #[test]
    fn insta_reads_what_is_written_here() {
        let (_keep, directory) = directory();
        compare(&directory, "insta", "a: 1\nb:\n  - 2\n", false, false).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&directory);
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!("insta", "a: 1\nb:\n  - 2\n"));
    }
}
