//! What each subcommand does.

use std::ffi::OsString;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use plugin_builder::Severity;
use serde_json::json;

use super::arguments::{
    CheckArguments, Cli, Command, DoctorArguments, Format, GcArguments, ImagesArguments, LogsArguments,
    RenderArguments, SchemaArguments, SchemaOf, ShellArguments,
};
use super::exit::Exit;
use crate::engine::{Engine, EngineError, GcOptions, Image, ImageOptions, Swept, Target};
use crate::scenario::{LoadedScenario, scenario_schema};

/// Parses the command line and runs it to its end.
pub(super) fn run(args: Vec<OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` come this way too.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Passed };
            let _ = error.print();
            return exit;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start threads: {error}"));
            return Exit::Infrastructure;
        }
    };
    // A run that panics has cleaned up by then; what is left is to say that it is our fault.
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(dispatch(cli.command))));
    // A hook on this host may still be running after Ctrl-C; nobody waits for it.
    runtime.shutdown_timeout(Duration::from_secs(2));
    let exit = ended.unwrap_or_else(|_| {
        complain(&"this is a defect of fuelrig; please report it with the lines above");
        Exit::Defect
    });
    if LOST.load(Ordering::Relaxed) {
        return exit.worse(Exit::Infrastructure);
    }
    exit
}

async fn dispatch(command: Command) -> Exit {
    match command {
        Command::Test(arguments) => super::test::test(&arguments).await,
        Command::Check(arguments) => check(&arguments),
        Command::Render(arguments) => render(&arguments).await,
        Command::Shell(arguments) => shell(&arguments).await,
        Command::Logs(arguments) => logs(&arguments).await,
        Command::Images(arguments) => images(&arguments).await,
        Command::Gc(arguments) => gc(&arguments).await,
        Command::Doctor(arguments) => doctor(&arguments).await,
        Command::Schema(arguments) => schema(&arguments),
    }
}

/// Whether something could not be written to standard output: a redirection onto a full disk must not pass for a result.
static LOST: AtomicBool = AtomicBool::new(false);

/// A line on standard output. A reader that went away is no error of ours.
pub(super) fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        complain(&format!("cannot write to standard output: {error}"));
    }
}

/// An error on standard error.
pub(super) fn complain(error: &dyn std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "error: {error}");
}

fn check(arguments: &CheckArguments) -> Exit {
    let mut exit = Exit::Passed;
    let mut documents = Vec::new();
    for directory in &arguments.plugins {
        let report = plugin_builder::check(directory);
        let counted = report
            .findings
            .iter()
            .filter(|finding| arguments.strict || finding.severity == Severity::Error)
            .count();
        if counted > 0 {
            exit = Exit::Invalid;
        }
        if arguments.format == Format::Json {
            documents.push(json!({"plugin": directory, "valid": counted == 0, "findings": report.findings}));
            continue;
        }
        for finding in &report.findings {
            out(&finding.to_string());
        }
        let verdict = if counted == 0 { "is valid" } else { "is not valid" };
        out(&format!("{directory} {verdict}: {} finding(s)", report.findings.len()));
    }
    if arguments.format == Format::Json {
        out(&serde_json::to_string_pretty(&documents).unwrap_or_default());
    }
    exit
}

async fn render(arguments: &RenderArguments) -> Exit {
    let loaded = match LoadedScenario::load(&arguments.scenario) {
        Ok(loaded) => loaded,
        Err(error) => {
            complain(&error);
            return Exit::Invalid;
        }
    };
    let mut nodes = match crate::run::render(&loaded).await {
        Ok(nodes) => nodes,
        Err(error) => {
            complain(&error);
            return error.exit();
        }
    };
    if let Some(only) = &arguments.node {
        nodes.retain(|node| node.name == *only);
        if nodes.is_empty() {
            complain(&format!("scenario `{}` has no node `{only}`", loaded.name));
            return Exit::Usage;
        }
    }
    let text = match arguments.format {
        Format::Json => serde_json::to_string_pretty(&nodes).map_err(|error| error.to_string()),
        Format::Human => serde_yaml::to_string(&nodes).map_err(|error| error.to_string()),
    };
    match text {
        Ok(text) => {
            out(&text);
            Exit::Passed
        }
        Err(error) => {
            complain(&error);
            Exit::Defect
        }
    }
}

async fn connect() -> Result<Engine, Exit> {
    Engine::connect().await.map_err(|error| {
        complain(&error);
        Exit::Infrastructure
    })
}

async fn shell(arguments: &ShellArguments) -> Exit {
    let engine = match connect().await {
        Ok(engine) => engine,
        Err(exit) => return exit,
    };
    let (run, name) = match arguments.node.split_once('/') {
        Some((run, name)) => (Some(run), name),
        None => (None, arguments.node.as_str()),
    };
    // A person who says `master` means its own system, or else the place with a shell and the plugins' files.
    let name = if name == "master" && !engine.has(run, name).await {
        "nginx"
    } else {
        name
    };
    match engine.enter(run, name, &arguments.command).await {
        Ok(0) => Exit::Passed,
        Ok(_) => Exit::Negative,
        Err(error) => {
            complain(&error);
            Exit::Infrastructure
        }
    }
}

async fn logs(arguments: &LogsArguments) -> Exit {
    let engine = match connect().await {
        Ok(engine) => engine,
        Err(exit) => return exit,
    };
    let (run, name) = match arguments
        .container
        .as_deref()
        .map(|name| name.split_once('/').ok_or(name))
    {
        Some(Ok((run, name))) => (Some(run), Some(name)),
        Some(Err(name)) => (None, Some(name)),
        None => (None, None),
    };
    // What the master says is said by its Nailgun.
    let name = name.map(|name| if name == "master" { "nailgun" } else { name });
    match engine.logs(run, name).await {
        Ok(logs) => {
            for (container, text) in logs {
                out(&format!("==> {container}\n{text}"));
            }
            Exit::Passed
        }
        Err(error) => {
            complain(&error);
            Exit::Infrastructure
        }
    }
}

async fn images(arguments: &ImagesArguments) -> Exit {
    let engine = match connect().await {
        Ok(engine) => engine,
        Err(exit) => return exit,
    };
    const TARGETS: [Target; 5] = [
        Target::Nginx,
        Target::Rsync,
        Target::Nailgun,
        Target::Node,
        Target::Controller,
    ];
    let mut wanted: Vec<Image> = Vec::new();
    for name in &arguments.targets {
        let Some(target) = TARGETS.into_iter().find(|target| target.name() == name) else {
            let known = TARGETS.map(Target::name).join(", ");
            complain(&format!(
                "`{name}` is not an image of the rig\n  hint: use one of: {known}"
            ));
            return Exit::Usage;
        };
        wanted.push(Image::Target(target));
    }
    if wanted.is_empty() {
        wanted.extend(TARGETS.map(Image::Target));
    }
    let verbose = arguments.verbose;
    let progress = move |event: crate::engine::ImageProgress| {
        let (line, milestone) = crate::console::image_line(&event);
        if verbose || milestone {
            out(&line);
        }
    };
    match crate::engine::ensure(&engine, &wanted, &ImageOptions::default(), &progress).await {
        Ok(images) => {
            for image in &wanted {
                if let Ok(reference) = images.reference(image) {
                    out(&format!("{image}: {reference}"));
                }
            }
            Exit::Passed
        }
        Err(error) => {
            complain(&error);
            Exit::Infrastructure
        }
    }
}

/// Removes the runs that were named; one that there is not becomes a problem.
async fn remove_runs(engine: &Engine, runs: &[String]) -> Result<Swept, EngineError> {
    let mut all = Swept::default();
    for run in runs {
        let swept = engine.remove_run(run).await?;
        if swept.runs.is_empty() {
            all.problems.push(format!("there is no run `{run}`"));
        }
        all.add(swept);
    }
    Ok(all)
}

async fn gc(arguments: &GcArguments) -> Exit {
    let engine = match connect().await {
        Ok(engine) => engine,
        Err(exit) => return exit,
    };
    let options = GcOptions {
        kept: arguments.kept,
        images: arguments.images,
    };
    let swept = if arguments.runs.is_empty() {
        engine.gc(options).await
    } else {
        remove_runs(&engine, &arguments.runs).await
    };
    let swept = match swept {
        Ok(swept) => swept,
        Err(error) => {
            complain(&error);
            return Exit::Infrastructure;
        }
    };
    if arguments.format == Format::Json {
        let runs: Vec<_> = (swept.runs.iter())
            .map(|(run, scenario)| json!({"run": run, "scenario": scenario}))
            .collect();
        let left: Vec<_> = (swept.left.iter())
            .map(|(run, why)| json!({"run": run, "because": why}))
            .collect();
        let document = json!({
            "runs": runs, "containers": swept.containers, "networks": swept.networks,
            "volumes": swept.volumes, "images": swept.images, "left": left, "problems": swept.problems
        });
        out(&serde_json::to_string_pretty(&document).unwrap_or_default());
    } else {
        out(&format!(
            "removed {} run(s): {} containers, {} networks, {} volumes, {} images",
            swept.runs.len(),
            swept.containers,
            swept.networks,
            swept.volumes,
            swept.images
        ));
        for (run, why) in &swept.left {
            out(&format!("left {run}: {why}"));
        }
    }
    for problem in &swept.problems {
        complain(problem);
    }
    if swept.problems.is_empty() {
        Exit::Passed
    } else {
        Exit::Infrastructure
    }
}

async fn doctor(arguments: &DoctorArguments) -> Exit {
    let findings = crate::engine::doctor().await;
    let word = |severity| match severity {
        crate::engine::Severity::Good => "ok",
        crate::engine::Severity::Warning => "warning",
        crate::engine::Severity::Problem => "problem",
    };
    if arguments.format == Format::Json {
        let documents: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({"subject": finding.subject, "severity": word(finding.severity), "seen": finding.seen, "hint": finding.hint})
            })
            .collect();
        out(&serde_json::to_string_pretty(&documents).unwrap_or_default());
    } else {
        for finding in &findings {
            out(&format!(
                "{:<8} {:<20} {}",
                word(finding.severity),
                finding.subject,
                finding.seen
            ));
            if let Some(hint) = &finding.hint {
                out(&format!("         {:<20} hint: {hint}", ""));
            }
        }
    }
    if findings
        .iter()
        .any(|finding| finding.severity == crate::engine::Severity::Problem)
    {
        Exit::Infrastructure
    } else {
        Exit::Passed
    }
}

fn schema(arguments: &SchemaArguments) -> Exit {
    out(&match arguments.of {
        SchemaOf::Scenario => scenario_schema(),
        SchemaOf::Report => crate::report::report_schema(),
    });
    Exit::Passed
}
