//! A plugin's `pre_build_hook` that takes more than it may: it is ended, and told why.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test, with the reason"
)]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use fuelrig::engine::{ContainerHook, Engine, HookOptions, ImageOptions, RunGuard, RunId, Target, ensure};
use plugin_builder::{HookError, HookRunner};

use crate::busy::nothing_left;
use crate::rig::{Test, block};

pub(crate) const TESTS: &[Test] = &[
    ("a hook that hangs is ended at its time and leaves no container", || {
        let ended = ended("sleep 1000", |options| options.timeout = Duration::from_secs(3))?;
        is(&ended, "`pre_build_hook` was ended: it had not ended after 3 s")
    }),
    ("a hook that forks without end is ended and told so", || {
        let script = "while :; do sleep 1000 & done";
        let ended = ended(script, |options| {
            options.timeout = Duration::from_secs(6);
            options.processes = 40;
        })?;
        // The shell may give up by itself when it can fork no more; else its time ends it.
        match ended {
            HookError::Exit { ref output, .. } if output.contains("fork") => Ok(()),
            other => is(&other, "processes of at most 40"),
        }
    }),
    ("a hook that takes more memory than it may is told so", || {
        let script = "perl -e '$x = \"a\" x 900_000_000; print length $x'";
        let ended = ended(script, |options| options.memory = 128 << 20)?;
        is(&ended, "it needed more than the 128 MiB of memory that it may have")
    }),
];

fn is(error: &HookError, expected: &str) -> Result<(), String> {
    let text = error.to_string();
    if text.contains(expected) {
        return Ok(());
    }
    Err(format!("`{expected}` is not in: {text}"))
}

/// Runs a hook that is to be ended, and says how it was.
fn ended(script: &str, shape: impl FnOnce(&mut HookOptions)) -> Result<HookError, String> {
    let directory = tempfile::tempdir_in("/var/tmp").unwrap();
    let plugin = Utf8Path::from_path(directory.path()).unwrap();
    let hook = plugin.join("pre_build_hook");
    fs_err::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs_err::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
    // A name of its own: these tests run beside each other.
    let name = format!(
        "hook-{}",
        plugin.file_name().unwrap_or_default().trim_start_matches('.')
    );
    let run = RunId::new(&name);
    let (engine, image) = block(async {
        let engine = Engine::connect().await.unwrap();
        let images = ensure(&engine, &[Target::Node.into()], &ImageOptions::default(), &|_| ())
            .await
            .unwrap();
        let image = images.reference(&Target::Node.into()).unwrap().to_owned();
        (engine, image)
    });
    let _guard = RunGuard::new(&engine, &run);
    let mut options = HookOptions::new(&image, Arc::new(|_: &str| ()));
    shape(&mut options);
    let begun = Instant::now();
    let error = ContainerHook::new(&engine, &run, options).run(plugin).unwrap_err();
    if begun.elapsed() > Duration::from_secs(60) {
        return Err(format!("it took {:?}", begun.elapsed()));
    }
    nothing_left(&name)?;
    Ok(error)
}
