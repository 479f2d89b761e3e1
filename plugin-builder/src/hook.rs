//! The plugin's own `pre_build_hook`.

use std::process::{Command, Stdio};

use camino::Utf8Path;

/// The hook's file name in the plugin's directory.
pub const HOOK_FILE: &str = "pre_build_hook";

/// Runs a plugin's `pre_build_hook`.
///
/// The hook is somebody's program, so where it runs is the caller's decision: on this host
/// ([`HostHook`]), or in a container.
pub trait HookRunner {
    /// Runs `./pre_build_hook` with `plugin` as the working directory. It is called only when the file
    /// exists and is executable.
    ///
    /// # Errors
    /// If it cannot be run, or ends with another code than 0.
    fn run(&self, plugin: &Utf8Path) -> Result<(), HookError>;
}

/// Why a hook failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// It ran and said no.
    #[error("`pre_build_hook` ended with exit code {code}{}", tail(output))]
    Exit {
        /// Its exit code; 128 + the signal's number if a signal ended it.
        code: i32,
        /// What it printed, both streams.
        output: String,
    },
    /// It could not be run.
    #[error("`pre_build_hook` cannot be run: {0}")]
    Start(String),
    /// It ran and was ended: it took too long, or too much.
    #[error("`pre_build_hook` was ended: {0}")]
    Ended(String),
}

/// Runs the hook on this host, as the user who builds.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostHook;

impl HookRunner for HostHook {
    fn run(&self, plugin: &Utf8Path) -> Result<(), HookError> {
        self.run_for_output(plugin).map(|_| ())
    }
}

impl HostHook {
    /// Runs the hook and gives what it printed, both streams.
    pub(crate) fn run_for_output(self, plugin: &Utf8Path) -> Result<String, HookError> {
        let output = Command::new("/bin/sh")
            .args(["-c", "exec ./pre_build_hook 2>&1"])
            .current_dir(plugin)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| HookError::Start(error.to_string()))?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(printed);
        }
        Err(HookError::Exit {
            code: exit_code(output.status),
            output: printed,
        })
    }
}

#[cfg(unix)]
fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(not(unix))]
fn exit_code(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap_or(1)
}

/// The last lines of what a hook printed; the whole may be long.
fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let last = lines.iter().rev().take(20).rev();
    last.fold(String::new(), |text, line| text + "\n  " + line)
}
