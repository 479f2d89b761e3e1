//! Hooks: one task for several nodes, strictly one after another.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::event::Attempt;
use crate::granular::ledger::Ledger;
use crate::granular::message::Hook;
use crate::granular::raw_shell::RawShell;
use crate::liveness;
use crate::message::TaskMessage;
use crate::orchestrator::Orchestrator;
use crate::profile::Profile;
use crate::task::{Parameters, PrepareError, Prepared, Site, TaskFailure, prepare};

/// Why a hook did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HookFailure {
    /// It ran and failed, or cannot run with these parameters. Astute's text.
    #[error("{0}")]
    Failed(String),
    /// Astute knows no such hook; nothing tolerates that.
    #[error("{0}")]
    Unknown(String),
    /// A node is not there any more.
    #[error("{0}")]
    Gone(String),
    /// The deployment was stopped before the hook had begun on all its nodes.
    #[error("stopped")]
    Stopped,
}

/// One type of hook.
struct HookType {
    name: &'static str,
    /// Whether it is run once for all nodes, since its parameters name them.
    once: bool,
    prepare: fn(&Hook, &Profile) -> Result<Prepared, PrepareError>,
    /// Astute's text, from what each node that failed said.
    text: fn(&Hook, &[NodeFailure]) -> String,
}

/// What a node that failed said.
struct NodeFailure {
    uid: String,
    error: String,
    exit_code: Option<i64>,
}

/// The types that this engine knows.
const TYPES: &[HookType] = &[
    each("shell", shell, command_failed),
    each("sync", sync, command_failed),
    each("puppet", puppet, |_, _| {
        "Puppet run failed. Check puppet logs for details".to_owned()
    }),
    each("upload_file", as_task, nodes_failed),
    each("copy_files", as_task, nodes_failed),
    each("reboot", reboot, nodes_failed),
    HookType {
        name: "upload_files",
        once: true,
        prepare: as_task,
        text: nodes_failed,
    },
    HookType {
        name: "cobbler_sync",
        once: true,
        prepare: as_task,
        text: nodes_failed,
    },
];

const fn each(
    name: &'static str,
    prepare: fn(&Hook, &Profile) -> Result<Prepared, PrepareError>,
    text: fn(&Hook, &[NodeFailure]) -> String,
) -> HookType {
    HookType {
        name,
        once: false,
        prepare,
        text,
    }
}

/// Whether a hook is run once for all its nodes; it is recorded for the first of them.
pub(crate) fn is_run_once(hook: &Hook) -> bool {
    TYPES.iter().any(|kind| kind.once && kind.name == hook.kind)
}

/// Runs a hook on its nodes, at most `max_busy_nodes` at once. `lines` are its lines in the ledger: a node each, or one.
pub(crate) async fn run(
    orchestrator: &Orchestrator,
    hook: &Hook,
    lines: &[usize],
    ledger: &Arc<Ledger>,
    cancel: &CancellationToken,
) -> Result<(), HookFailure> {
    let Some(kind) = TYPES.iter().find(|kind| kind.name == hook.kind) else {
        let known: Vec<&str> = TYPES.iter().map(|kind| kind.name).collect();
        let problem = format!("Unknown hook type '{}'; known types: {}", hook.kind, known.join(", "));
        for &line in lines {
            ledger.begin(line);
            ledger.end(line, &Err(TaskFailure::Failed(problem.clone())));
        }
        return Err(HookFailure::Unknown(problem));
    };
    let nodes: Vec<(usize, &String)> = lines.iter().copied().zip(&hook.uids).collect();
    let mut failures = Vec::new();
    for slice in nodes.chunks(orchestrator.profile.max_busy_nodes.max(1)) {
        if cancel.is_cancelled() {
            return Err(HookFailure::Stopped);
        }
        failures.extend(run_slice(orchestrator, kind, hook, slice, ledger).await?);
    }
    if failures.is_empty() {
        return Ok(());
    }
    failures.sort_by(|one, other| one.uid.cmp(&other.uid));
    Err(HookFailure::Failed((kind.text)(hook, &failures)))
}

async fn run_slice(
    orchestrator: &Orchestrator,
    kind: &HookType,
    hook: &Hook,
    slice: &[(usize, &String)],
    ledger: &Arc<Ledger>,
) -> Result<Vec<NodeFailure>, HookFailure> {
    let mut work = JoinSet::new();
    let mut failures = Vec::new();
    for &(line, uid) in slice {
        let attempts = ledger.begin(line);
        let prepared = (kind.prepare)(hook, &orchestrator.profile).map_err(|error| error.to_string());
        let node = orchestrator.nodes.get(uid);
        let node = node.ok_or_else(|| format!("no machine stands for node {uid}"));
        let (task, node) = match prepared.and_then(|prepared| Ok((prepared, node?.clone()))) {
            Ok((Prepared::Run(task), node)) => (task, node),
            Ok((Prepared::Nothing, _)) => {
                ledger.end(line, &Ok(()));
                continue;
            }
            Err(error) => {
                ledger.end(line, &Err(TaskFailure::Failed(error.clone())));
                failures.push(NodeFailure {
                    uid: uid.clone(),
                    error,
                    exit_code: None,
                });
                continue;
            }
        };
        let site = Site {
            node,
            nodes: orchestrator.nodes.clone(),
            profile: orchestrator.profile.clone(),
            attempts: attempts.clone(),
        };
        let (ledger, uid, kind) = (ledger.clone(), uid.clone(), hook.kind.clone());
        work.spawn(async move {
            let result = liveness::supervised(&kind, &uid, task.as_ref(), &site).await;
            let exit_code = attempts.last().and_then(|last: Attempt| last.exit_code);
            ledger.end(line, &result);
            if !matches!(result, Err(TaskFailure::Gone(_))) {
                site.node.task_ended(&kind).await;
            }
            (uid, result, exit_code)
        });
    }
    while let Some(ended) = work.join_next().await {
        let (uid, result, exit_code) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                return Err(HookFailure::Failed(format!(
                    "a defect of the orchestrator, please report it: {error}"
                )));
            }
        };
        match result {
            Ok(()) => {}
            Err(TaskFailure::Failed(error)) => failures.push(NodeFailure { uid, error, exit_code }),
            Err(TaskFailure::Gone(error)) => {
                return Err(HookFailure::Gone(format!(
                    "{error}: hook {} on node {uid} cannot end, so the deployment does",
                    hook.label
                )));
            }
        }
    }
    Ok(failures)
}

fn shell(hook: &Hook, profile: &Profile) -> Result<Prepared, PrepareError> {
    let parameters = Parameters(&hook.parameters);
    let command = parameters.mandatory_text("cmd")?;
    let cwd = parameters.text("cwd", "/")?;
    raw(hook, profile, format!("cd {cwd} && {command}"))
}

fn sync(hook: &Hook, profile: &Profile) -> Result<Prepared, PrepareError> {
    let parameters = Parameters(&hook.parameters);
    let destination = parameters.mandatory_text("dst")?;
    let source = parameters.mandatory_text("src")?;
    let options = profile.sync.options;
    raw(
        hook,
        profile,
        format!("mkdir -p {destination} && rsync {options} {source} {destination}"),
    )
}

fn raw(hook: &Hook, profile: &Profile, command: String) -> Result<Prepared, PrepareError> {
    let parameters = Parameters(&hook.parameters);
    let defaults = &profile.hooks;
    Ok(Prepared::Run(Box::new(RawShell {
        command,
        timeout: parameters.seconds("timeout", defaults.timeout)?,
        retries: parameters.count("retries", defaults.retries)?,
        interval: parameters.seconds("interval", defaults.interval)?,
    })))
}

/// Puppet as the tasks of roles run it, but nothing is left out and less time is given.
fn puppet(hook: &Hook, profile: &Profile) -> Result<Prepared, PrepareError> {
    let parameters = Parameters(&hook.parameters);
    for key in ["puppet_manifest", "puppet_modules", "cwd"] {
        parameters.mandatory_text(key)?;
    }
    let timeout = parameters.seconds("timeout", profile.hooks.timeout)?;
    let retries = parameters.count("retries", profile.puppet.retries)?;
    let debug = parameters.flag("debug", true)?;
    let mut message = message(hook);
    message
        .parameters
        .insert("timeout".to_owned(), timeout.as_secs_f64().into());
    message.parameters.insert("retries".to_owned(), retries.into());
    message.parameters.insert("debug".to_owned(), debug.into());
    prepare(&message, profile, false)
}

fn reboot(hook: &Hook, profile: &Profile) -> Result<Prepared, PrepareError> {
    let timeout: Duration = Parameters(&hook.parameters).seconds("timeout", profile.hooks.timeout)?;
    let mut message = message(hook);
    message
        .parameters
        .insert("timeout".to_owned(), timeout.as_secs_f64().into());
    prepare(&message, profile, false)
}

fn as_task(hook: &Hook, profile: &Profile) -> Result<Prepared, PrepareError> {
    prepare(&message(hook), profile, false)
}

fn message(hook: &Hook) -> TaskMessage {
    TaskMessage::alone(&hook.name, &hook.kind, hook.parameters.clone())
}

fn command_failed(hook: &Hook, failures: &[NodeFailure]) -> String {
    let nodes: Vec<String> = failures
        .iter()
        .map(|failure| match failure.exit_code {
            Some(code) => format!("node {} returned {code}", failure.uid),
            None => format!("node {}: {}", failure.uid, failure.error),
        })
        .collect();
    let command = match hook.kind.as_str() {
        "shell" => hook.parameters.get("cmd").and_then(|command| command.as_str()),
        _ => None,
    };
    let command = command.map_or_else(|| format!("of hook {}", hook.kind), str::to_owned);
    format!("Failed to run command {command} ({}).", nodes.join(", "))
}

fn nodes_failed(_: &Hook, failures: &[NodeFailure]) -> String {
    let nodes: Vec<String> = failures
        .iter()
        .map(|failure| format!("node {}: {}", failure.uid, failure.error))
        .collect();
    nodes.join("; ")
}
