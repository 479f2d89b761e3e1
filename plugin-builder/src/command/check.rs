//! `fpb check`.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::Streams;
use super::answer::{INVALID, count, named, print_json};
use super::arguments::{CheckArguments, Format, Output};
use crate::check::check;
use crate::finding::{Rendering, Report, Severity};

pub(super) fn run(arguments: &CheckArguments, streams: &mut Streams<'_>) -> i32 {
    let Output { format, quiet } = arguments.output;
    let plugins = match named(&arguments.plugins) {
        Ok(plugins) => plugins,
        Err(refusal) => return refusal.tell(format, streams),
    };
    let mut reports = check_all(&plugins);
    for report in &mut reports {
        report.allow(&arguments.allow);
    }
    match format {
        Format::Json => print_json(&document(&plugins, &reports), streams),
        Format::Human => print(&plugins, &reports, quiet, streams),
    }
    let refused = |report: &Report| report.has_errors() || (arguments.strict && report.warnings().next().is_some());
    if reports.iter().any(refused) { INVALID } else { 0 }
}

/// Checks plugins in parallel; the reports stand in the plugins' order.
fn check_all(plugins: &[Utf8PathBuf]) -> Vec<Report> {
    // A thread costs about as much as the check of a small plugin.
    let threads = plugins
        .len()
        .div_ceil(4)
        .min(std::thread::available_parallelism().map_or(1, NonZero::get));
    if threads < 2 {
        return plugins.iter().map(|plugin| check(plugin)).collect();
    }
    let reports: Vec<Mutex<Report>> = plugins.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(plugin), Some(report)) = (plugins.get(index), reports.get(index)) else {
                        break;
                    };
                    *report.lock().unwrap_or_else(PoisonError::into_inner) = check(plugin);
                }
            });
        }
    });
    reports
        .into_iter()
        .map(|report| report.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

fn document(plugins: &[Utf8PathBuf], reports: &[Report]) -> Value {
    let checked: Vec<Value> = plugins
        .iter()
        .zip(reports)
        .map(|(plugin, report)| json!({"plugin": plugin, "valid": !report.has_errors(), "findings": report.findings}))
        .collect();
    let invalid = reports.iter().filter(|report| report.has_errors()).count();
    json!({"plugins": checked, "valid": reports.len() - invalid, "invalid": invalid})
}

fn print(plugins: &[Utf8PathBuf], reports: &[Report], quiet: bool, streams: &mut Streams<'_>) {
    // Why a finding matters is said once.
    let mut explained = HashSet::new();
    for (plugin, report) in plugins.iter().zip(reports) {
        for finding in &report.findings {
            if quiet && finding.severity != Severity::Error {
                continue;
            }
            let reason = explained.insert((finding.code, finding.why.as_deref()));
            let colour = streams.colour;
            streams.out(&format!("{}\n", finding.render(&Rendering { colour, reason })));
        }
        if quiet {
            continue;
        }
        let verdict = if report.has_errors() { "not valid" } else { "valid" };
        streams.out(&format!("{plugin}: {verdict}, {}", counts(&[report])));
        if report.has_errors() && holds_plugins(plugin) {
            streams.out(&format!(
                "help: `{plugin}` holds plugins; check them with `fpb check {plugin}/*`"
            ));
        }
    }
    if plugins.len() > 1 && !quiet {
        let invalid = reports.iter().filter(|report| report.has_errors()).count();
        streams.out(&format!(
            "{}: {} valid, {invalid} not valid; {}",
            count(plugins.len(), "plugin"),
            plugins.len() - invalid,
            counts(&reports.iter().collect::<Vec<_>>())
        ));
    }
}

/// `1 error, 2 warnings`, and notes where there are some.
fn counts(reports: &[&Report]) -> String {
    let sum = |of: fn(&Report) -> usize| reports.iter().map(|report| of(report)).sum::<usize>();
    let errors = count(sum(|report| report.errors().count()), "error");
    let warnings = count(sum(|report| report.warnings().count()), "warning");
    match sum(|report| report.notes().count()) {
        0 => format!("{errors}, {warnings}"),
        notes => format!("{errors}, {warnings}, {}", count(notes, "note")),
    }
}

/// Whether a directory is no plugin, but plugins lie in it.
fn holds_plugins(directory: &Utf8Path) -> bool {
    !directory.join("metadata.yaml").exists()
        && directory.read_dir_utf8().is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| entry.path().join("metadata.yaml").exists()))
        })
}
