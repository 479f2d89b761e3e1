//! `fuelrig test --watch`, `--checkpoints` and `--from` on a plugin of ten tasks whose last one is edited: the others do not
//! run again.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::busy::{nothing_left_of, signal};
use crate::rig::{self, EXECUTABLE, Test, ensure, output};

/// How long the whole job may take where the engine is slow and the machine busy.
const WHOLE: Duration = Duration::from_secs(1500);
/// How long a round of one task may take there. That no other task runs is seen in the report, not by the clock.
const ROUND: Duration = Duration::from_secs(300);
/// What is added to the last step: a line each time, of which nobody tells.
const EDIT: &str = "echo more >>/etc/ten-tasks/step-10.conf\n";

pub(crate) const TESTS: &[Test] = &[(
    "of ten tasks only the last one runs again when it is edited under --watch",
    watched,
)];

/// Those that take as long again as the first and show little more.
pub(crate) const MORE: &[Test] = &[(
    "more: a later process starts from a checkpoint and says why where it cannot",
    from_a_checkpoint,
)];

/// A copy of the plugin and a scenario beside it.
struct Copy {
    _directory: tempfile::TempDir,
    plugin: Utf8PathBuf,
    scenario: Utf8PathBuf,
}

fn copy() -> Result<Copy, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).map_err(|path| format!("{path:?}"))?;
    let from = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/watch");
    rig::copy_plugin(&from, &root.join("scenarios")).map_err(|error| error.to_string())?;
    Ok(Copy {
        _directory: directory,
        plugin: root.join("scenarios/ten-tasks"),
        scenario: root.join("scenarios/ten-tasks.yaml"),
    })
}

impl Copy {
    /// Edits a file as an editor does: another one takes its place.
    fn edit(&self, file: &str, edit: impl FnOnce(String) -> String) -> Result<(), String> {
        let path = self.plugin.join(file);
        let edited = || -> std::io::Result<()> {
            let text = edit(fs_err::read_to_string(&path)?);
            let draft = Utf8PathBuf::from(format!("{path}~"));
            fs_err::write(&draft, text)?;
            fs_err::set_permissions(&draft, fs_err::metadata(&path)?.permissions())?;
            fs_err::rename(&draft, &path)
        };
        edited().map_err(|error| error.to_string())
    }

    fn start(&self, arguments: &[&str], of: &str) -> Result<Child, String> {
        Command::new(EXECUTABLE)
            .args(["test", "--format", "json", "--output", output(of).as_str()])
            .args(arguments)
            .arg(&self.scenario)
            // The snapshot of a scenario that exists only for one test is new each time.
            .env_remove("CI")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{EXECUTABLE}: {error}"))
    }
}

/// The lines of a pipe, as they come.
fn lines(pipe: Option<impl std::io::Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).lines());
        for line in lines.map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// For whoever runs the tests with `--nocapture`, and for CI's log.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The next report, or what stood on standard error until then.
fn report(reports: &Receiver<String>, told: &Receiver<String>, limit: Duration) -> Result<Value, String> {
    match reports.recv_timeout(limit) {
        Ok(line) => serde_json::from_str(&line).map_err(|error| format!("{error}: {line}")),
        Err(error) => Err(format!(
            "no verdict: {error}\n{}",
            told.try_iter().collect::<Vec<_>>().join("\n")
        )),
    }
}

fn wait_for(told: &Receiver<String>, part: &str, limit: Duration) -> Result<(), String> {
    let begun = Instant::now();
    let mut seen = Vec::new();
    while begun.elapsed() < limit {
        match told.recv_timeout(Duration::from_millis(200)) {
            Ok(line) if line.contains(part) => return Ok(()),
            Ok(line) => seen.push(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Err(format!("`{part}` was not told:\n{}", seen.join("\n")))
}

fn watched() -> Result<(), String> {
    let copy = copy()?;
    let mut child = copy.start(&["--watch"], "watch")?;
    let (reports, told) = (lines(child.stdout.take()), lines(child.stderr.take()));
    let result = edits(&copy, &reports, &told);
    let run = match &result {
        Ok(run) => run.clone(),
        Err(_) => String::new(),
    };
    signal(&child, "INT")?;
    let finished = rig::finish(child, ROUND)?;
    result?;
    ensure(finished.code == Some(130), || format!("exit code {:?}", finished.code))?;
    nothing_left_of(&run)
}

/// Edits while it waits; gives the run's id.
fn edits(copy: &Copy, reports: &Receiver<String>, told: &Receiver<String>) -> Result<String, String> {
    let first = report(reports, told, WHOLE)?;
    ensure(first["passed"] == true && first["began_at"].is_null(), || {
        format!("the plugin does not pass: {first:#}")
    })?;
    wait_for(told, "waiting for changes", ROUND)?;

    // What cannot be used yet is told, and nothing is lost.
    copy.edit("deployment_tasks.yaml", |text| format!("{text}  broken: ["))?;
    wait_for(told, "is not a valid plugin", ROUND)?;
    wait_for(told, "waiting for changes", ROUND)?;
    copy.edit("deployment_tasks.yaml", |text| text.replace("  broken: [", ""))?;

    let begun = Instant::now();
    copy.edit("deployment_scripts/steps/step-10.sh", |text| text + EDIT)?;
    let second = report(reports, told, ROUND)?;
    let took = begun.elapsed().as_secs_f64();
    only_the_last(&second)?;
    let began_at = second["began_at"].as_str().unwrap_or_default();
    ensure(
        began_at.contains("`step-10` on node-1") && began_at.contains("steps/step-10.sh changed"),
        || format!("it does not say why: {began_at}"),
    )?;
    let task: f64 = tasks_that_ran(&second)
        .map(|task| task["seconds"].as_f64().unwrap_or_default())
        .sum();
    say(&format!(
        "the verdict came {took:.1} s after the edit; the task took {task:.1} s in both runs together"
    ));
    Ok(second["run"].as_str().unwrap_or_default().to_owned())
}

fn tasks_that_ran(report: &Value) -> impl Iterator<Item = &Value> {
    let deployments = report["deployments"].as_array().into_iter().flatten();
    deployments.flat_map(|deployment| deployment["tasks"].as_array().into_iter().flatten())
}

/// The last step alone ran, twice, and is blamed; the others stand as they were judged before.
fn only_the_last(report: &Value) -> Result<(), String> {
    let ran: Vec<&str> = tasks_that_ran(report)
        .filter_map(|task| task["task"].as_str())
        .collect();
    ensure(ran == ["step-10", "step-10"], || format!("these ran: {ran:?}"))?;
    let tasks: Vec<&Value> = report["verdict"]["tasks"].as_array().into_iter().flatten().collect();
    for number in 1..10 {
        let name = format!("step-{number:02}");
        ensure(
            tasks
                .iter()
                .any(|task| task["task"] == name.as_str() && task["called"] == "idempotent" && task["earlier"] == true),
            || format!("{name} does not stand: {:#}", report["verdict"]),
        )?;
    }
    let last = tasks.iter().find(|task| task["task"] == "step-10");
    ensure(
        last.is_some_and(|task| task["called"] == "silent_change" && task["earlier"] == false),
        || format!("the edit is not blamed: {last:#?}"),
    )?;
    ensure(report["passed"] == false, || "it passes".to_owned())
}

fn from_a_checkpoint() -> Result<(), String> {
    let copy = copy()?;
    let without = rig::finish(copy.start(&["--from", "step-10"], "from-nothing")?, ROUND)?;
    ensure(
        without.code == Some(2) && without.stderr.contains("fuelrig test --checkpoints"),
        || format!("exit code {:?}: {}", without.code, without.stderr),
    )?;
    let kept = rig::finish(copy.start(&["--checkpoints"], "from")?, WHOLE)?;
    ensure(kept.code == Some(0), || {
        format!("exit code {:?}: {}", kept.code, kept.stderr)
    })?;
    let store = kept
        .stderr
        .split("`fuelrig gc ")
        .nth(1)
        .and_then(|rest| rest.split('`').next())
        .ok_or_else(|| format!("it does not say how they are removed: {}", kept.stderr))?
        .to_owned();
    let result = from_steps(&copy);
    let gc = Command::new(EXECUTABLE)
        .args(["gc", &store])
        .status()
        .map_err(|error| error.to_string())?;
    result?;
    ensure(gc.success(), || "`fuelrig gc` failed".to_owned())?;
    nothing_left_of(&store)
}

fn from_steps(copy: &Copy) -> Result<(), String> {
    let unknown = rig::finish(copy.start(&["--from", "step-1O"], "from")?, ROUND)?;
    ensure(
        unknown.code == Some(2) && unknown.stderr.contains("did you mean `step-1"),
        || format!("exit code {:?}: {}", unknown.code, unknown.stderr),
    )?;
    copy.edit("deployment_scripts/steps/step-10.sh", |text| text + EDIT)?;
    let begun = Instant::now();
    let from = rig::finish(copy.start(&["--from", "step-10"], "from")?, WHOLE)?;
    ensure(from.code == Some(1), || {
        format!("exit code {:?}: {}", from.code, from.stderr)
    })?;
    only_the_last(&from.report)?;
    say(&format!("`--from step-10` took {:.1} s", begun.elapsed().as_secs_f64()));

    // What comes before the task that is asked for has changed: it begins there, and says so.
    copy.edit("deployment_scripts/steps/step-09.sh", |text| format!("{text}true\n"))?;
    let earlier = rig::finish(copy.start(&["--from", "step-10"], "from")?, WHOLE)?;
    let began_at = earlier.report["began_at"].as_str().unwrap_or_default();
    ensure(
        began_at.contains("`step-09` on node-1") && earlier.stderr.contains("`step-10` cannot be the first"),
        || format!("{began_at}: {}", earlier.stderr),
    )
}
