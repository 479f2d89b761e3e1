//! `fpb build`.

use std::cell::RefCell;
use std::io::IsTerminal as _;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::answer::{Kind, Refusal, named, print_json};
use super::arguments::{BuildArguments, Format, Output};
use super::{Streams, source_date_epoch};
use crate::build::{BuildError, BuildOptions, BuildProgress, Built, build};
use crate::hook::{HookError, HookRunner, HostHook};

struct NoHook;

impl HookRunner for NoHook {
    fn run(&self, _plugin: &Utf8Path) -> Result<(), HookError> {
        Ok(())
    }
}

pub(super) fn run(arguments: &BuildArguments, streams: &mut Streams<'_>) -> i32 {
    let Output { format, quiet } = arguments.output;
    let plugins = match named(&arguments.plugins) {
        Ok(plugins) => plugins,
        Err(refusal) => return refusal.tell(format, streams),
    };
    let mut code = 0;
    let mut documents = Vec::new();
    for plugin in &plugins {
        let result = build_one(plugin, arguments.no_hook, format == Format::Human && !quiet, streams);
        if let Err(error) = &result {
            code = code.max(refusal(plugin, error).kind.exit_code());
        }
        match format {
            Format::Json => documents.push(document(plugin, &result)),
            Format::Human => print(plugin, plugins.len() > 1, quiet, &result, streams),
        }
    }
    if format == Format::Json {
        print_json(&json!({"plugins": documents}), streams);
    }
    code
}

fn build_one(
    plugin: &Utf8Path,
    no_hook: bool,
    show_steps: bool,
    streams: &mut Streams<'_>,
) -> Result<Built, BuildError> {
    // A person who watches sees each step when it begins; a file has no use for it.
    let watched = show_steps && std::io::stderr().is_terminal();
    let streams = RefCell::new(streams);
    let counter = RefCell::new(Counter::default());
    let progress = |step: BuildProgress| {
        let mut streams = streams.borrow_mut();
        match step {
            BuildProgress::Digest => counter.borrow_mut().begin("reading"),
            BuildProgress::Bytes { done, total } if watched => {
                if let Some(text) = counter.borrow_mut().text(done, total) {
                    streams.rewrite_error_line(&text, done >= total);
                }
            }
            BuildProgress::Repository { path, packages } if show_steps => {
                streams.out(&format!("{path}: {}", super::answer::count(packages, "package")));
            }
            BuildProgress::Hook if watched => streams.error("running pre_build_hook"),
            BuildProgress::Package => counter.borrow_mut().begin("packing"),
            _ => {}
        }
    };
    let hook: &dyn HookRunner = if no_hook { &NoHook } else { &HostHook };
    let options = BuildOptions {
        hook,
        source_date_epoch: source_date_epoch(),
        progress: &progress,
    };
    build(plugin, &options)
}

/// Below so many bytes a build is over before anybody has read a number.
const LARGE: u64 = 50_000_000;

/// How far a large plugin is, told once for each whole per cent.
#[derive(Debug, Default)]
struct Counter {
    work: &'static str,
    told: Option<u64>,
}

impl Counter {
    fn begin(&mut self, work: &'static str) {
        *self = Self { work, told: None };
    }

    fn text(&mut self, done: u64, total: u64) -> Option<String> {
        if total < LARGE {
            return None;
        }
        let percent = done.min(total) * 100 / total;
        if self.told.replace(percent) == Some(percent) {
            return None;
        }
        Some(format!("{} {} MB: {percent} %", self.work, total / 1_000_000))
    }
}

fn refusal(plugin: &Utf8Path, error: &BuildError) -> Refusal {
    let kind = if matches!(error, BuildError::Io(_)) {
        Kind::Infrastructure
    } else {
        Kind::Invalid
    };
    if !plugin.is_dir() {
        let what = if plugin.exists() {
            "is no directory"
        } else {
            "does not exist"
        };
        return Refusal::new(kind, format!("`{plugin}` {what}"))
            .helping("name the directory that holds the plugin's metadata.yaml");
    }
    Refusal::new(kind, error.to_string())
}

fn document(plugin: &Utf8PathBuf, result: &Result<Built, BuildError>) -> Value {
    match result {
        Ok(built) => json!({
            "plugin": plugin,
            "package": built.package,
            "size": built.size,
            "name": built.metadata.name,
            "version": built.metadata.version,
            "findings": built.report.findings,
        }),
        Err(BuildError::Invalid(report)) => {
            let error = Refusal::new(Kind::Invalid, "the plugin is not valid").to_json();
            json!({"plugin": plugin, "error": error, "findings": report.findings})
        }
        Err(error) => json!({"plugin": plugin, "error": refusal(plugin, error).to_json()}),
    }
}

fn print(plugin: &Utf8Path, several: bool, quiet: bool, result: &Result<Built, BuildError>, streams: &mut Streams<'_>) {
    match result {
        Ok(_) if quiet => {}
        Ok(built) => {
            for finding in built.report.warnings() {
                streams.error(&finding.to_string());
            }
            streams.out(&format!("{} ({} bytes)", built.package, built.size));
        }
        Err(error) => {
            if several {
                streams.error(&format!("{plugin}: not built"));
            }
            refusal(plugin, error).print(streams);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_plugin_is_counted_by_whole_per_cents_and_a_small_one_is_not() {
        let mut counter = Counter::default();
        counter.begin("packing");
        assert_eq!(counter.text(0, 300_000_000).as_deref(), Some("packing 300 MB: 0 %"));
        assert_eq!(counter.text(2_999_999, 300_000_000), None);
        assert_eq!(
            counter.text(300_000_000, 300_000_000).as_deref(),
            Some("packing 300 MB: 100 %")
        );
        assert_eq!(counter.text(300_000_000, 300_000_000), None, "the end is told once");
        assert_eq!(Counter::default().text(1, 10), None);
    }
}
