//! Progress on standard error: live bars on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mock_astute::{TaskRecord, TaskStatus};

use super::images::duration;
use crate::event::{Consumer, Phase, RunEvent, SnapshotOutcome};
use crate::report::size;
use crate::trial::TrialKind;

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Warnings and failures only.
    Quiet,
    /// A line per phase and per task.
    Normal,
    /// Also the output of builds and hooks.
    Verbose,
}

/// Consumer that shows a run's progress.
pub struct Progress {
    verbosity: Verbosity,
    bars: MultiProgress,
    live: bool,
    /// Where lines go while there are no bars.
    plain: Box<dyn Write + Send>,
    /// Bars by phase: building the plugins and starting the master overlap.
    phases: HashMap<Phase, ProgressBar>,
    /// The phase that began last, and how many lines stand below its title.
    current: Option<(Phase, usize)>,
}

impl Progress {
    /// Shows progress on standard error.
    pub fn stderr(verbosity: Verbosity) -> Self {
        let live = std::io::stderr().is_terminal() && verbosity == Verbosity::Normal;
        let target = if live {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            verbosity,
            bars: MultiProgress::with_draw_target(target),
            live,
            plain: Box::new(std::io::stderr()),
            phases: HashMap::new(),
            current: None,
        }
    }

    fn line(&mut self, least: Verbosity, text: &str) {
        if self.verbosity < least {
            return;
        }
        if self.live {
            // A terminal that went away is no reason to stop a run.
            let _ = self.bars.println(text);
        } else {
            let _ = writeln!(self.plain, "{text}");
        }
    }

    /// A line of the current phase; its title comes before the first of them.
    fn item(&mut self, least: Verbosity, text: &str) {
        if self.verbosity < least {
            return;
        }
        let title = match &mut self.current {
            Some((phase, lines)) => {
                *lines += 1;
                (*lines == 1).then(|| phase.title())
            }
            None => None,
        };
        if let Some(title) = title {
            self.line(Verbosity::Normal, &format!("  {title}"));
        }
        self.line(least, text);
    }

    fn begin(&mut self, phase: Phase) {
        self.current = Some((phase, 0));
        if !self.live {
            return;
        }
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(style("  {spinner} {prefix:<36} {elapsed:>5}  {wide_msg}"));
        bar.set_prefix(phase.title());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.phases.insert(phase, bar);
    }

    fn end(&mut self, phase: Phase, took: Duration) {
        if let Some(bar) = self.phases.remove(&phase) {
            bar.finish_and_clear();
        }
        let took = duration(took);
        match self.current.take_if(|(current, _)| *current == phase) {
            None | Some((_, 0)) => self.line(Verbosity::Normal, &format!("  {:<51} {took:>10}", phase.title())),
            // One line says it all.
            Some((_, 1)) => {}
            Some(_) => self.line(Verbosity::Normal, &format!("    {:<49} {took:>10}", "in all")),
        }
    }

    fn message(&self, phase: Phase, text: &str) {
        if let Some(bar) = self.phases.get(&phase) {
            bar.set_message(text.trim().to_owned());
        }
    }
}

impl Consumer for Progress {
    fn consume(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started {
                scenario,
                file,
                run,
                fuel,
                ..
            } => {
                self.line(
                    Verbosity::Normal,
                    &format!("fuelrig: {scenario} ({file}), Fuel {fuel}, run {run}"),
                );
            }
            RunEvent::EngineFound(engine) => self.line(Verbosity::Normal, &format!("  {engine}")),
            RunEvent::PhaseStarted(phase) => self.begin(*phase),
            RunEvent::PhaseFinished(phase, took) => self.end(*phase, *took),
            RunEvent::BeganAt(text) => self.line(Verbosity::Normal, &format!("  {text}")),
            RunEvent::Note(text) => self.line(Verbosity::Normal, &format!("  note: {text}")),
            RunEvent::Warning(text) => self.line(Verbosity::Quiet, &format!("  warning: {}", below(text, 4))),
            RunEvent::Detail(phase, text) => {
                self.message(*phase, text);
                self.line(
                    Verbosity::Verbose,
                    &format!("    {}: {}", phase.title(), text.trim_end()),
                );
            }
            RunEvent::PluginInstalled(plugin) => self.item(
                Verbosity::Normal,
                &format!(
                    "    {} {} installed from {} ({})",
                    plugin.name,
                    plugin.version,
                    plugin.package,
                    size(plugin.size)
                ),
            ),
            RunEvent::DeploymentStarted { run, tasks } => {
                if let Some(bar) = self.phases.get(&Phase::Deploy(*run)) {
                    bar.set_style(style(
                        "  {spinner} {prefix:<36} {elapsed:>5}  [{bar:24}] {pos}/{len}  {wide_msg}",
                    ));
                    bar.set_length(*tasks as u64);
                }
            }
            RunEvent::TaskStarted { run, node, task } => self.message(Phase::Deploy(*run), &format!("{node}: {task}")),
            RunEvent::TaskFinished { run, node, record } => {
                if let Some(bar) = self.phases.get(&Phase::Deploy(*run)) {
                    bar.inc(1);
                }
                self.item(Verbosity::Normal, &task_line(node, record));
                if let Some(error) = &record.error {
                    self.item(Verbosity::Quiet, &format!("      {}", below(error, 6)));
                }
            }
            RunEvent::Captured { node, files, took } => {
                self.item(
                    Verbosity::Normal,
                    &format!("    {node:<12} {:<39} {:>7}", format!("{files} files"), duration(*took)),
                );
            }
            RunEvent::Verified(result) => {
                let mark = if result.passed { "ok  " } else { "FAIL" };
                let least = if result.passed {
                    Verbosity::Normal
                } else {
                    Verbosity::Quiet
                };
                self.item(
                    least,
                    &format!(
                        "    {mark} {:<12} {:<34} {:>7}",
                        result.node,
                        result.name,
                        duration(result.took)
                    ),
                );
                if let Some(detail) = &result.detail {
                    self.item(Verbosity::Quiet, &format!("      {}", below(detail, 6)));
                }
            }
            RunEvent::Snapshot(result) => {
                let (least, text) = match &result.outcome {
                    SnapshotOutcome::Same => (Verbosity::Verbose, "same".to_owned()),
                    SnapshotOutcome::New => (Verbosity::Quiet, format!("new, written to {}: commit it", result.file)),
                    SnapshotOutcome::Updated => (Verbosity::Quiet, format!("updated: {}", result.file)),
                    SnapshotOutcome::Differs(_) => (Verbosity::Quiet, format!("DIFFERS from {}", result.file)),
                };
                self.item(least, &format!("    {:<12} {text}", result.name));
            }
            RunEvent::TrialFinished(trial) => {
                let (mark, least) = if trial.passed() {
                    ("ok  ", Verbosity::Normal)
                } else {
                    ("FAIL", Verbosity::Quiet)
                };
                let place = trial
                    .task
                    .as_ref()
                    .filter(|_| trial.kind != TrialKind::Settings)
                    .map(|(node, task)| format!("{node}: {task}, "))
                    .unwrap_or_default();
                let title = format!("{} {} of {}", trial.kind, trial.number, trial.of);
                let text = format!("{place}{}", trial.what);
                self.item(
                    least,
                    &format!("    {mark} {title:<16} {text:<41} {:>6}", duration(trial.took)),
                );
                if let Some(failure) = &trial.failure {
                    self.item(Verbosity::Quiet, &format!("      {}", below(failure, 6)));
                    self.item(Verbosity::Quiet, &format!("      again: {}", trial.replay));
                }
            }
            RunEvent::TrialsNote(_, note) => self.item(Verbosity::Normal, &format!("    {}", below(note, 4))),
            RunEvent::Failed(text) => self.line(Verbosity::Quiet, &format!("error: {}", below(text, 2))),
            RunEvent::Judged(_) | RunEvent::Finished { .. } => {}
        }
    }
}

/// A text whose further lines stand below its first one.
fn below(text: &str, indent: usize) -> String {
    text.trim().replace('\n', &format!("\n{}", " ".repeat(indent)))
}

fn task_line(node: &str, record: &TaskRecord) -> String {
    let took = match (record.started, record.finished) {
        (Some(started), Some(finished)) => finished.duration_since(started).unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let status = match record.status {
        TaskStatus::Successful => "ok  ",
        TaskStatus::Failed => "FAIL",
        TaskStatus::Skipped => "skip",
        TaskStatus::DependencyFailed => "left",
        TaskStatus::NotReached => "stop",
    };
    let mut said = match record.attempts.last().and_then(|attempt| attempt.puppet.as_ref()) {
        Some(puppet) if record.kind == "puppet" => format!("puppet changed {}", puppet.changed),
        _ => record.kind.clone(),
    };
    if record.tries() > 1 {
        said.push_str(&format!(", {} attempts", record.tries()));
    }
    format!(
        "    {status} {node:<12} {:<34} {:>7}  {said}",
        record.task,
        duration(took)
    )
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .tick_chars("|/-\\ ")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::event::VerifyResult;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn printed(verbosity: Verbosity) -> String {
        let lines = Lines::default();
        let mut progress = Progress {
            verbosity,
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            live: false,
            plain: Box::new(lines.clone()),
            phases: HashMap::new(),
            current: None,
        };
        let check = |name: &str, detail: Option<&str>| {
            RunEvent::Verified(VerifyResult {
                run: 1,
                node: "node-1".to_owned(),
                name: name.to_owned(),
                passed: detail.is_none(),
                detail: detail.map(str::to_owned),
                took: Duration::from_millis(100),
            })
        };
        let captured = RunEvent::Captured {
            node: "node-1".to_owned(),
            files: 52_012,
            took: Duration::from_millis(1400),
        };
        for event in [
            RunEvent::PhaseStarted(Phase::Verify(1)),
            check("it answers", None),
            check("it counts", Some("exit code 7\ninstead of 0")),
            RunEvent::PhaseFinished(Phase::Verify(1), Duration::from_millis(200)),
            RunEvent::PhaseStarted(Phase::CaptureAfter(1)),
            captured,
            RunEvent::PhaseFinished(Phase::CaptureAfter(1), Duration::from_millis(1400)),
            RunEvent::PhaseStarted(Phase::Judge),
            RunEvent::PhaseFinished(Phase::Judge, Duration::from_secs(125)),
            RunEvent::Warning("one\ntwo".to_owned()),
        ] {
            progress.consume(&event);
        }
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_phase_s_title_stands_above_its_lines_and_its_time_below_several() {
        let expected = "  checks after deployment 1
    ok   node-1       it answers                           0.1 s
    FAIL node-1       it counts                            0.1 s
      exit code 7
      instead of 0
    in all                                                 0.2 s
  look at the nodes after deployment 1
    node-1       52012 files                               1.4 s
  judge                                               2 min 05 s
  warning: one
    two
";
        let shown = printed(Verbosity::Normal);
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn quiet_leaves_only_failures_and_warnings_without_titles() {
        let expected = "    FAIL node-1       it counts                            0.1 s
      exit code 7
      instead of 0
  warning: one
    two
";
        let shown = printed(Verbosity::Quiet);
        assert_eq!(shown, expected, "\n{shown}");
    }
}
