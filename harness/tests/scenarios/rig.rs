//! The `fuelrig` command as a user has it: a process of its own.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use walkdir::WalkDir;

/// The command under test.
pub(crate) const EXECUTABLE: &str = env!("CARGO_BIN_EXE_fuelrig");
/// The reference scenario.
pub(crate) const TROVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/trove.yaml");
/// The reference plugin.
pub(crate) const PLUGIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../trove-plugin");

/// A test: what it found wrong, in a sentence.
pub(crate) type Test = (&'static str, fn() -> Result<(), String>);

/// Where runs of these tests put their reports.
pub(crate) fn output(of: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_TARGET_TMPDIR")).join(of)
}

/// A finished `fuelrig test --format json`.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) stderr: String,
}

/// Starts `fuelrig test` on a scenario that exists only for one test.
///
/// Its snapshot is new each time, which the rig does not accept where `CI` is set.
pub(crate) fn start(scenario: &Utf8Path, output: &Utf8Path) -> Result<Child, String> {
    Command::new(EXECUTABLE)
        .args([
            "test",
            "--quiet",
            "--format",
            "json",
            "--output",
            output.as_str(),
            scenario.as_str(),
        ])
        .env_remove("CI")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{EXECUTABLE}: {error}"))
}

/// Copies a plugin's directory, without what an earlier build left in it.
pub(crate) fn copy_plugin(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    for entry in WalkDir::new(from)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != ".build")
    {
        let entry = entry?;
        let relative = entry.path().strip_prefix(from).map_err(std::io::Error::other)?;
        let target = to.as_std_path().join(relative);
        if entry.file_type().is_dir() {
            fs_err::create_dir_all(target)?;
        } else if entry.path().extension().is_none_or(|extension| extension != "rpm") {
            fs_err::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Waits for it, at most `limit`.
pub(crate) fn finish(mut child: Child, limit: Duration) -> Result<Finished, String> {
    // Both are read while it runs: a pipe that nobody reads stops whoever writes into it.
    let stdout = read(child.stdout.take());
    let stderr = read(child.stderr.take());
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() > limit => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "fuelrig had not ended after {} s\n{}",
                    limit.as_secs(),
                    text(stderr)
                ));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            Err(error) => return Err(error.to_string()),
        }
    };
    Ok(Finished {
        code: status.code(),
        report: serde_json::from_str(&text(stdout)).unwrap_or_default(),
        stderr: text(stderr),
    })
}

fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn text(reader: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}

/// Runs a future to its end.
#[expect(clippy::expect_used, reason = "a test that cannot start a runtime cannot go on")]
pub(crate) fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// What a condition must be for a test to go on.
pub(crate) fn ensure(condition: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(otherwise()) }
}
