//! `fuelrig test`.

use camino::Utf8Path;
use tokio_util::sync::CancellationToken;

use super::arguments::{Format, Keep, TestArguments};
use super::commands::{complain, out};
use super::exit::Exit;
use super::finished::finish;
use crate::console::Verbosity;
use crate::report::{Report, render};
use crate::run::{self, TestOptions};
use crate::scenario::LoadedScenario;
use crate::trial::TrialsPlan;

pub(super) async fn test(arguments: &TestArguments) -> Exit {
    let cancel = interruptible();
    if arguments.watch {
        return super::watch::watch(arguments, &cancel).await;
    }
    let mut exit = Exit::Passed;
    let mut reports = Vec::new();
    // All files are read first: a typo in the third scenario shows before the first has run.
    let mut scenarios = Vec::new();
    for file in &arguments.scenarios {
        match LoadedScenario::load(file) {
            Ok(loaded) => scenarios.push(loaded),
            Err(error) => {
                complain(&error);
                exit = exit.worse(Exit::Invalid);
            }
        }
    }
    if exit != Exit::Passed {
        return exit;
    }
    if arguments.checkpoints || arguments.from.is_some() {
        return super::watch::once(arguments, &scenarios, &cancel).await;
    }
    for loaded in &scenarios {
        if cancel.is_cancelled() {
            break;
        }
        let (report, ended) = one(loaded, arguments, &cancel).await;
        exit = exit.worse(ended);
        reports.push(report);
    }
    if arguments.format == Format::Json {
        // How many were asked for decides about the shape, not how many Ctrl-C left.
        let text = match (scenarios.len(), reports.as_slice()) {
            (1, [one]) => serde_json::to_string_pretty(one),
            (_, several) => serde_json::to_string_pretty(several),
        };
        out(&text.unwrap_or_default());
    }
    exit
}

async fn one(loaded: &LoadedScenario, arguments: &TestArguments, cancel: &CancellationToken) -> (Report, Exit) {
    let options = options(arguments);
    let finished = finish(loaded, &options, verbosity(arguments), cancel).await;
    if let Err(error) = &finished.report_files {
        complain(error);
    }
    if arguments.format == Format::Human {
        out(&render(&finished.report));
        if let Ok(files) = &finished.report_files {
            out(&format!("report: {}", shown(&files.html)));
        }
    }
    (finished.report, finished.exit)
}

/// How much progress is shown.
pub(super) fn verbosity(arguments: &TestArguments) -> Verbosity {
    match (arguments.verbose, arguments.quiet) {
        (true, _) => Verbosity::Verbose,
        (_, true) => Verbosity::Quiet,
        _ => Verbosity::Normal,
    }
}

/// What the command line says of a run.
pub(super) fn options(arguments: &TestArguments) -> TestOptions {
    TestOptions {
        keep: match arguments.keep {
            Keep::OnFailure => run::Keep::OnFailure,
            Keep::Always => run::Keep::Always,
            Keep::Never => run::Keep::Never,
        },
        strict: arguments.strict,
        update_snapshots: arguments.update_snapshots,
        build_on_host: arguments.build_on_host,
        output: arguments.output.clone(),
        trials: TrialsPlan {
            crash: arguments.crash,
            order: arguments.order,
            settings: arguments.settings,
            seed: arguments.seed,
            only: arguments.trial,
        },
        ..TestOptions::default()
    }
}

pub(super) fn shown(path: &Utf8Path) -> &str {
    path.as_str().strip_prefix("./").unwrap_or(path.as_str())
}

/// A token that the first Ctrl-C or SIGTERM cancels. The second ends the process at once.
fn interruptible() -> CancellationToken {
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    tokio::spawn(async move {
        let mut already = false;
        loop {
            if !signal().await {
                return;
            }
            if already {
                complain(&"interrupted again: leaving containers behind; `fuelrig gc` removes them");
                std::process::exit(Exit::Interrupted.code());
            }
            already = true;
            complain(&"interrupted: cleaning up (again to leave at once)");
            token.cancel();
        }
    });
    cancel
}

/// Waits for the next signal that asks to stop; `false` where signals cannot be waited for.
async fn signal() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
        else {
            return false;
        };
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.is_ok(),
            received = terminate.recv() => received.is_some(),
            received = hangup.recv() => received.is_some(),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
