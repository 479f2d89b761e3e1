//! Kept states that outlive their run: `fuelrig test --checkpoints` writes down what it kept, `--from` finds it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::keeper::Kept;
use super::verdicts::Verdicts;
use super::{Base, Round, Session, engine_error, master_is_no_node};
use crate::checkpoint::{FirstChanged, Inputs, Reader, TaskOnNode, Why, first_changed};
use crate::engine::{Checkpoint, Engine, Master, RunId};
use crate::event::RunEvent;
use crate::run::RunError;
use crate::run::environment::refused;
use crate::run::rig::{MasterSlot, Prepared, Ready, Rig};
use crate::scenario::Scenario;

/// The format that this code reads and writes.
const FORMAT: u32 = 1;

/// What was kept of a run, and what is known of the tasks that ran in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Index {
    format: u32,
    /// Id under which the engine has the states.
    pub(crate) store: String,
    scenario: Scenario,
    /// The images that the nodes were started from first, by Nailgun's id of the node.
    images: BTreeMap<String, String>,
    /// What Nailgun's generators made.
    generated: Value,
    /// The environment's settings.
    editable: Value,
    /// SHA-256 of the plugins' packages, by path.
    packages: BTreeMap<String, String>,
    /// Every task that began, in that order.
    order: Vec<TaskOnNode>,
    /// What those that ran well depended on.
    ran: Vec<Inputs>,
    states: Vec<State>,
    verdicts: Verdicts,
}

/// A node's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    /// Nailgun's id of the node.
    pub(super) node: String,
    /// How many tasks had begun on it.
    pub(super) begun: usize,
    /// The image's id.
    pub(super) image: String,
    /// `/etc/hosts`, where a task may have changed it.
    pub(super) hosts: Option<String>,
    /// The plugins' files that it may have.
    pub(super) scripts: BTreeSet<String>,
}

impl Index {
    /// Reads what an earlier run wrote down.
    ///
    /// # Errors
    /// There is nothing, or it cannot be used; the sentence says what to do.
    pub(crate) fn read(file: &Utf8Path, scenario: &Utf8Path) -> Result<Self, RunError> {
        let how = format!("`fuelrig test --checkpoints {scenario}` keeps them");
        let text = match fs_err::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(RunError::Usage(format!(
                    "there are no checkpoints of {scenario}: {file} is not there\n  hint: {how}"
                )));
            }
            Err(error) => return Err(RunError::infrastructure("cannot read the checkpoints", error)),
        };
        match serde_json::from_str::<Self>(&text) {
            Ok(index) if index.format == FORMAT => Ok(index),
            _ => Err(RunError::Usage(format!(
                "{file} is of another version of fuelrig, or damaged\n  hint: {how} anew"
            ))),
        }
    }

    /// Where a task stands in the order in which the tasks began.
    ///
    /// # Errors
    /// There is no such task.
    pub(crate) fn position(&self, task: &str) -> Result<usize, RunError> {
        if let Some(position) = self.order.iter().position(|(_, id)| id == task) {
            return Ok(position);
        }
        let known: Vec<&str> = self.order.iter().map(|(_, id)| id.as_str()).collect();
        let hint = plugin_builder::nearest(task, known.iter().copied()).map_or_else(
            || format!("these ran: {}", known.join(", ")),
            |nearest| format!("did you mean `{nearest}`?"),
        );
        Err(RunError::Usage(format!(
            "no task `{task}` ran when the checkpoints were made\n  hint: {hint}"
        )))
    }

    /// Whether the engine still has all states.
    ///
    /// # Errors
    /// The engine does not say.
    pub(crate) async fn is_whole(&self, engine: &Engine) -> Result<bool, RunError> {
        for state in &self.states {
            if !engine.has_image(&state.image).await.map_err(engine_error)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Runs the whole job and writes down what was kept, so that `--from` finds it.
pub(crate) async fn keep(base: Base<'_>, store: &RunId, slot: &MasterSlot, file: &Utf8Path) -> Result<(), RunError> {
    let round = base.begin(1);
    let result = async {
        let rig = round.rig();
        let mut session = Session::begin(base, &rig, slot, store).await?;
        let start = Arc::clone(&session.start);
        let result = session.deploy(&rig, 0, &start).await;
        match &result {
            // A task that failed is what somebody mends next: what was kept before it is of use.
            Ok(()) | Err(RunError::Deployment(_)) => {
                session.write(file).await?;
                round.events.emit(RunEvent::Note(format!(
                    "checkpoints are kept: `fuelrig test --from TASK {}` starts from one, `fuelrig gc {store}` removes them",
                    base.loaded.file
                )));
            }
            Err(_) => {}
        }
        result
    }
    .await;
    round.end(&result);
    result
}

/// Deploys from a task of an earlier run, or from an earlier one if that changed.
pub(crate) async fn from(base: Base<'_>, slot: &MasterSlot, index: Index, task: &str) -> Result<(), RunError> {
    let round = base.begin(1);
    let result = from_index(base, &round, slot, index, task).await;
    round.end(&result);
    result
}

async fn from_index(
    base: Base<'_>,
    round: &Round<'_>,
    slot: &MasterSlot,
    index: Index,
    task: &str,
) -> Result<(), RunError> {
    let asked = index.position(task)?;
    let asked_for = index.order[asked].clone();
    let packages = index.packages.clone();
    let rig = round.rig();
    let mut session = Session::adopt(base, &rig, slot, index).await?;
    let changed = if session.sources.packages() == packages {
        first_changed(&session.ran, &session.graph, &session.inputs)
    } else {
        Some(FirstChanged {
            position: 0,
            task: (String::new(), String::new()),
            why: Why::Packages,
        })
    };
    let first = match changed {
        Some(first) if first.position < asked => {
            rig.events.emit(RunEvent::Warning(format!(
                "`{task}` cannot be the first: what comes before it is not as it was when the checkpoints were made"
            )));
            first
        }
        _ => FirstChanged {
            position: asked,
            task: asked_for,
            why: Why::Asked,
        },
    };
    let boundary = session.kept.lock().await.boundary(first.position);
    let restored = session.restore(&rig, boundary, &BTreeMap::new()).await?;
    session.ready.nodes = restored.nodes.clone();
    session.from(round, restored, &first).await
}

impl<'a> Session<'a> {
    /// Writes down what was kept; what an earlier run had kept of this scenario is removed.
    async fn write(&self, file: &Utf8Path) -> Result<(), RunError> {
        let environment = self.ready.environment.id;
        let client = &self.ready.client;
        let doing = "cannot read the settings";
        let generated = client
            .get(&format!("clusters/{environment}/generated/"))
            .await
            .map_err(|error| refused(doing, &error))?;
        let editable = client
            .attributes(environment)
            .await
            .map_err(|error| refused(doing, &error))?["editable"]
            .take();
        let nodes = self.ready.nodes.iter();
        let kept = self.kept.lock().await;
        let index = Index {
            format: FORMAT,
            store: self.store.id().to_owned(),
            scenario: self.base.loaded.scenario.clone(),
            images: nodes
                .map(|(uid, node)| (uid.clone(), node.spec().image.clone()))
                .collect(),
            generated,
            editable,
            packages: self.sources.packages(),
            order: kept.order().to_vec(),
            ran: self.ran.iter().map(|(_, inputs)| inputs.clone()).collect(),
            states: kept.states(),
            verdicts: self.verdicts.clone(),
        };
        drop(kept);
        let doing = "cannot write down the checkpoints";
        let text = serde_json::to_string(&index).map_err(|error| RunError::infrastructure(doing, error))?;
        let earlier = Index::read(file, &self.base.loaded.file).ok();
        let draft = file.with_extension("json.new");
        let written = file
            .parent()
            .map_or(Ok(()), fs_err::create_dir_all)
            .and_then(|()| fs_err::write(&draft, text))
            // The generators' passwords are in it.
            .and_then(|()| fs_err::set_permissions(&draft, Permissions::from_mode(0o600)))
            .and_then(|()| fs_err::rename(&draft, file));
        written.map_err(|error| RunError::infrastructure(doing, error))?;
        if let Some(earlier) = earlier {
            self.base
                .engine
                .remove_run(&earlier.store)
                .await
                .map_err(engine_error)?;
        }
        Ok(())
    }

    /// A master as it was when the states were kept; the nodes are not started yet.
    async fn adopt(base: Base<'a>, rig: &Rig<'_>, slot: &MasterSlot, index: Index) -> Result<Self, RunError> {
        let Prepared {
            networks,
            images,
            client,
            environment,
            packages,
            place,
        } = rig.prepare_master(slot).await?;
        if rig.needs_master_system(&client, &environment).await? {
            return Err(master_is_no_node(&base.loaded.file, "--from"));
        }
        let mut reader = Reader::default();
        let sources = reader.read(&base.plugins()).map_err(RunError::Invalid)?;
        let doing = "cannot give the environment the settings that it had";
        client
            .post_root(&format!("mock/clusters/{}/generated", environment.id), &index.generated)
            .await
            .map_err(|error| refused(doing, &error))?;
        if index.scenario == base.loaded.scenario {
            // Plugins' own fields may have been generated as well.
            client
                .put_attributes(environment.id, &json!({"editable": index.editable}))
                .await
                .map_err(|error| refused(doing, &error))?;
        }
        let mut specs = BTreeMap::new();
        for spec in rig.specs(&images, &environment)? {
            if index.images.get(&spec.uid) != Some(&spec.image) {
                return Err(RunError::Usage(format!(
                    "{} was another image when the checkpoints were made\n  hint: `fuelrig test --checkpoints {}` makes \
                     them anew",
                    spec.name, base.loaded.file
                )));
            }
            specs.insert(spec.uid.clone(), spec);
        }
        let states = index.states.into_iter().filter_map(|state| {
            let checkpoint = Checkpoint::of(state.image.clone(), specs.get(&state.node)?.clone());
            Some((state, checkpoint))
        });
        let kept = Kept::again(index.order.clone(), states.collect());
        let master = Master::attach(base.engine, base.run.id()).await.map_err(engine_error)?;
        let core = Arc::new(rig.core_tasks(&client, &environment).await?);
        let mut session = Self {
            base,
            ready: Ready {
                networks,
                images,
                client,
                environment,
                nodes: BTreeMap::new(),
                packages,
                place,
            },
            master,
            core,
            store: base.run.clone(),
            keeps: false,
            kept: Arc::new(Mutex::new(kept)),
            start: Arc::default(),
            reader,
            sources,
            graph: Value::Null,
            inputs: BTreeMap::new(),
            ran: index.order.into_iter().zip(index.ran).collect(),
            records: BTreeMap::new(),
            verdicts: index.verdicts,
            restored: 0,
            warm: None,
            rounds: 1,
        };
        let sources = session.sources.clone();
        (session.graph, session.inputs) = session.asked(&sources).await?;
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(tasks: &[&str]) -> Index {
        Index {
            format: FORMAT,
            store: "1a2b3c4d".to_owned(),
            scenario: serde_yaml::from_str(
                "{fuel: '9.2', environment: {release: mitaka-9.0}, nodes: [{name: node-1, roles: [controller]}]}",
            )
            .unwrap(),
            images: BTreeMap::new(),
            generated: json!({}),
            editable: json!({}),
            packages: BTreeMap::new(),
            order: tasks.iter().map(|task| ("1".to_owned(), (*task).to_owned())).collect(),
            ran: Vec::new(),
            states: Vec::new(),
            verdicts: Verdicts::default(),
        }
    }

    #[test]
    fn what_was_written_down_is_read_again_and_what_is_not_there_is_told_with_what_to_do() {
        let temporary = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(temporary.path()).unwrap().join("mine.json");
        let scenario = Utf8Path::new("scenarios/mine.yaml");
        let missing = Index::read(&file, scenario).unwrap_err().to_string();
        assert!(
            missing.contains("fuelrig test --checkpoints scenarios/mine.yaml"),
            "{missing}"
        );
        fs_err::write(&file, serde_json::to_string(&index(&["a", "b"])).unwrap()).unwrap();
        let read = Index::read(&file, scenario).unwrap();
        assert_eq!((read.store.as_str(), read.order.len()), ("1a2b3c4d", 2));
        fs_err::write(&file, "{}").unwrap();
        let damaged = Index::read(&file, scenario).unwrap_err().to_string();
        assert!(damaged.contains("another version of fuelrig, or damaged"), "{damaged}");
    }

    #[test]
    fn a_task_that_did_not_run_is_refused_with_the_one_that_was_meant() {
        let index = index(&["hiera", "step-01", "step-02"]);
        assert_eq!(index.position("step-02").unwrap(), 2);
        let error = index.position("step-2").unwrap_err();
        assert_eq!(error.exit(), crate::cli::Exit::Usage);
        assert!(error.to_string().contains("did you mean `step-02`?"), "{error}");
        let error = index.position("nothing-like-it").unwrap_err();
        assert!(
            error.to_string().contains("these ran: hiera, step-01, step-02"),
            "{error}"
        );
    }
}
