//! One change: what it concerns, and the way from there to a verdict.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use super::restore::Restored;
use super::{Anew, Round, Session, TaskOnNode};
use crate::checkpoint::{FileChange, FirstChanged, Part, Sources, Why, first_changed};
use crate::event::{Phase, RunEvent};
use crate::run::RunError;
use crate::run::build::{Package, errors_of};
use crate::run::environment::refused;
use crate::run::rig::Rig;
use crate::scenario::LoadedScenario;

/// How many files a line names.
const NAMED: usize = 3;

impl Session<'_> {
    /// Files have changed. Gives why all must begin anew, if it must; an edit that cannot be used yet is told, and nothing
    /// is lost.
    pub(super) async fn repeat(&mut self, changed: &[Utf8PathBuf]) -> Result<Option<Anew>, RunError> {
        let loaded = self.base.loaded;
        if changed.contains(&loaded.file) {
            match LoadedScenario::load(&loaded.file) {
                Ok(now) if now.scenario != loaded.scenario => {
                    return Ok(Some(Anew(format!("{} changed", loaded.file))));
                }
                Ok(_) => {}
                Err(error) => self.base.rounds.say(&format!("error: {error}")),
            }
        }
        let sources = match self.reader.read(&self.base.plugins()) {
            Ok(sources) => sources,
            Err(error) => {
                self.base
                    .rounds
                    .say(&format!("error: {}", self.findings().unwrap_or(error)));
                return Ok(None);
            }
        };
        let changes = sources.changes_since(&self.sources);
        let is_used = |change: &FileChange| change.part != Part::Other;
        if changes.is_empty() || !(sources.has_hook() || changes.iter().any(is_used)) {
            self.sources = sources;
            return Ok(None);
        }
        if let Some(change) = changes.iter().find(|change| change.part == Part::Definition) {
            return Ok(match self.findings() {
                Some(findings) => {
                    self.base.rounds.say(&format!("error: {findings}"));
                    None
                }
                None => Some(Anew(told(change))),
            });
        }
        self.rounds += 1;
        let round = self.base.begin(self.rounds);
        match self.prepare_round(&round.rig(), sources).await {
            Ok(Some((restored, first))) => {
                let result = self.from(&round, restored, &first).await;
                round.end(&result);
                self.warm_up_after(result, self.restored).await?;
            }
            Ok(None) => {
                let files: Vec<String> = changes.iter().take(NAMED).map(told).collect();
                self.base
                    .rounds
                    .say(&format!("no task's inputs are others: {}", files.join(", ")));
            }
            Err(error @ RunError::Invalid(_)) => self.base.rounds.say(&format!("error: {error}")),
            Err(error) => {
                let result = Err(error);
                round.end(&result);
                return result.map(|()| None);
            }
        }
        Ok(None)
    }

    /// What is wrong with the plugins, by the builder's checks.
    fn findings(&self) -> Option<String> {
        let plugins = self.base.plugins();
        let mut directories = plugins.iter().filter(|path| path.is_dir());
        directories.find_map(|path| {
            let report = plugin_builder::check(path);
            report.has_errors().then(|| errors_of(path, &report))
        })
    }

    /// Builds, installs, finds out from where the deployment is to be repeated, and restores the nodes to there. `None`
    /// where no task is concerned.
    async fn prepare_round(
        &mut self,
        rig: &Rig<'_>,
        mut sources: Sources,
    ) -> Result<Option<(Restored, FirstChanged)>, RunError> {
        let packages = rig.phase(Phase::Build, rig.packages(&self.ready.images)).await?;
        if sources.has_hook() {
            sources = self.reader.read(&self.base.plugins()).map_err(RunError::Invalid)?;
        }
        let expected = self.expected(&sources).await;
        // Nodes that do not stand where they are expected to be needed boot while the master takes the plugin; where
        // the expectation is wrong, they boot again.
        let warm = self.warm.take();
        let nodes = std::mem::take(&mut self.ready.nodes);
        let (restored, asked) = tokio::join!(
            async {
                match (expected, warm) {
                    (Some(boundary), Some(warm)) if warm.boundary == boundary => Ok(Some(warm)),
                    (Some(boundary), _) => self.restore(rig, boundary, &nodes).await.map(Some),
                    (None, warm) => Ok(warm),
                }
            },
            self.install_again(rig, &packages, &sources)
        );
        let restored = restored?;
        self.ready.nodes = restored.as_ref().map_or(nodes, |restored| restored.nodes.clone());
        let (graph, inputs) = match asked {
            Ok(asked) => asked,
            Err(error) => {
                self.warm = restored;
                return Err(error);
            }
        };
        let changes = sources.changes_since(&self.sources);
        let first = first_of(&changes).or_else(|| first_changed(&self.ran, &graph, &inputs));
        self.sources = sources;
        self.graph = graph;
        self.inputs = inputs;
        let Some(first) = first.map(|first| self.with_failure(first)) else {
            self.warm = restored;
            return Ok(None);
        };
        let boundary = self.kept.lock().await.boundary(first.position);
        let restored = match restored {
            Some(restored) if restored.boundary == boundary => restored,
            _ => {
                let old = std::mem::take(&mut self.ready.nodes);
                self.restore(rig, boundary, &old).await?
            }
        };
        self.ready.nodes = restored.nodes.clone();
        self.restored = boundary;
        Ok(Some((restored, first)))
    }

    /// Installs packages over those of the same name, as a user would, makes Nailgun forget the deployment, and asks what
    /// it would have run now.
    async fn install_again(
        &self,
        rig: &Rig<'_>,
        packages: &[Package],
        sources: &Sources,
    ) -> Result<(serde_json::Value, std::collections::BTreeMap<TaskOnNode, super::Inputs>), RunError> {
        rig.phase(Phase::Install, async {
            rig.install_over(&self.master, packages).await?;
            self.ready
                .client
                .put(&format!("clusters/{}/reset/", self.ready.environment.id), &json!({}))
                .await
                .map_err(|error| refused("cannot reset the environment", &error))?;
            self.asked(sources).await
        })
        .await
    }

    /// The boundary that the nodes will have to be restored to, as far as it can be told before Nailgun is asked.
    async fn expected(&self, sources: &Sources) -> Option<usize> {
        let changes = sources.changes_since(&self.sources);
        let inputs = crate::checkpoint::inputs(&self.graph, &sources.scripts(), &self.core);
        let by_files = first_of(&changes)
            .or_else(|| first_changed(&self.ran, &self.graph, &inputs))
            .map(|first| first.position);
        // An edit of the tasks is most often one of the task that is being worked on.
        let position = match by_files {
            Some(position) => position,
            None if changes.iter().any(|change| change.part == Part::Tasks) => self.restored,
            None => return None,
        };
        Some(self.kept.lock().await.boundary(position))
    }

    /// A task that is not among those which ran well is new, or it failed.
    fn with_failure(&self, first: FirstChanged) -> FirstChanged {
        if first.why == Why::New && self.records.contains_key(&first.task) {
            return FirstChanged {
                why: Why::Failed,
                ..first
            };
        }
        first
    }

    /// Goes the way from restored nodes to a verdict.
    pub(super) async fn from(
        &mut self,
        round: &Round<'_>,
        restored: Restored,
        first: &FirstChanged,
    ) -> Result<(), RunError> {
        let rig = round.rig();
        let useless = {
            let mut kept = self.kept.lock().await;
            let useless = kept.restored(restored.boundary);
            self.ran.truncate(restored.boundary);
            rig.events.emit(RunEvent::BeganAt(self.sentence(kept.order(), first)));
            useless
        };
        let engine = rig.engine.clone();
        tokio::spawn(async move { engine.forget(&useless).await });
        let sources = self.sources.clone();
        self.bring_scripts(&restored, &sources).await?;
        self.deploy(&rig, restored.boundary, &restored.states).await
    }

    /// What a person reads first.
    fn sentence(&self, before: &[TaskOnNode], first: &FirstChanged) -> String {
        let node = self
            .ready
            .environment
            .nodes
            .iter()
            .find(|node| node.uid == first.task.0);
        let node = node.map_or(first.task.0.as_str(), |node| node.name.as_str());
        let place = if first.task.1.is_empty() {
            "from the beginning".to_owned()
        } else {
            format!("from `{}` on {node}", first.task.1)
        };
        let cut = before.iter().cloned().collect();
        let judged = self.verdicts.judged(&self.ready.environment, &cut).len();
        let stands = stands(before.len(), judged);
        format!("{place}: {}; {stands}", first.why)
    }
}

/// What becomes of the tasks before a boundary, of which some have been judged.
fn stands(before: usize, judged: usize) -> String {
    match (before, before - judged) {
        (0, _) => "every task runs again".to_owned(),
        (1, 0) => "1 task before it stands".to_owned(),
        (many, 0) => format!("{many} tasks before it stand"),
        (many, once) => format!(
            "of the {many} tasks before it {once} ran only once, since one behind them failed: they are deployed a second time"
        ),
    }
}

/// Packages that nodes install are not told task by task: all of them begin anew, from nodes on which nothing is.
fn first_of(changes: &[FileChange]) -> Option<FirstChanged> {
    let packages: Vec<(String, &'static str)> = changes
        .iter()
        .filter(|change| change.part == Part::Repository)
        .map(|change| (change.path.to_string(), change.how))
        .collect();
    (!packages.is_empty()).then(|| FirstChanged {
        position: 0,
        task: (String::new(), String::new()),
        why: Why::Files(packages),
    })
}

fn told(change: &FileChange) -> String {
    format!("{} {}", shown(&change.path), change.how)
}

fn shown(path: &Utf8Path) -> &str {
    path.as_str().strip_prefix("./").unwrap_or(path.as_str())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 0, "every task runs again")]
    #[case(1, 1, "1 task before it stands")]
    #[case(9, 9, "9 tasks before it stand")]
    #[case(
        9,
        0,
        "of the 9 tasks before it 9 ran only once, since one behind them failed: they are deployed a second time"
    )]
    fn it_is_told_what_becomes_of_the_tasks_before(#[case] before: usize, #[case] judged: usize, #[case] told: &str) {
        assert_eq!(stands(before, judged), told);
    }

    #[test]
    fn packages_of_a_repository_concern_every_task() {
        let change = |path: &str, part| FileChange {
            path: path.into(),
            how: "added",
            part,
        };
        assert_eq!(first_of(&[change("mine/deployment_scripts/a.sh", Part::Script)]), None);
        let first = first_of(&[change("mine/repositories/ubuntu/a.deb", Part::Repository)]).unwrap();
        assert_eq!(
            (first.position, first.why.to_string().as_str()),
            (0, "mine/repositories/ubuntu/a.deb added")
        );
    }
}
