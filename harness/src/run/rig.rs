//! One run on an engine that answers, phase by phase.

mod look;
mod master_system;
mod nodes;
mod packages;
mod trials;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::Utf8Path;
use fuel_cli::Client;
use futures_util::future::join_all;
use mock_astute::{Node, TaskRecord};
use tokio_util::sync::CancellationToken;

use super::build::Package;
use super::checks;
use super::deploy::{self, Deployment};
use super::environment::{self, DeployedEnvironment, MASTER, NodeToRegister, RegisteredNode};
use super::error::RunError;
use super::options::TestOptions;
use super::phase;
use super::post_mortem;
use crate::engine::{
    Engine, Image, ImageOptions, Images, Master, MasterOptions, MasterPlace, Networks, Place, RunId, Target, TargetNode,
};
use crate::event::{Events, Phase, RunEvent};
use crate::scenario::LoadedScenario;
use crate::trial::TrialKind;

/// First host number of the admin network that nodes get; the master is 2.
const FIRST_NODE: u32 = 3;

pub(crate) use watch::{Anew, Base, Index, from, keep, session};

/// Where the running master is, so that whoever gives a run up can look what became of it.
#[derive(Default)]
pub(crate) struct MasterSlot(Mutex<Option<Master>>);

impl MasterSlot {
    /// The master as it was started, if it was.
    pub(crate) fn place(&self) -> Option<MasterPlace> {
        self.lock().as_ref().map(Master::as_started)
    }

    fn put(&self, master: Master) {
        *self.lock() = Some(master);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Master>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that a run holds while it goes on.
#[derive(Clone, Copy)]
struct Rig<'a> {
    engine: &'a Engine,
    run: &'a RunId,
    loaded: &'a LoadedScenario,
    options: &'a TestOptions,
    events: &'a Events,
    cancel: &'a CancellationToken,
    /// The run's own, for logs.
    directory: &'a Utf8Path,
}

/// A master with an environment, before its nodes boot.
struct Prepared {
    networks: Networks,
    images: Images,
    client: Client,
    environment: DeployedEnvironment,
    packages: Vec<Package>,
    /// Where the master's own system belongs.
    place: Place,
}

/// A master with an environment, and nodes on which nothing is deployed yet.
struct Ready {
    networks: Networks,
    images: Images,
    client: Client,
    environment: DeployedEnvironment,
    nodes: BTreeMap<String, Arc<TargetNode>>,
    packages: Vec<Package>,
    /// Where the master's own system belongs.
    place: Place,
}

/// Goes the whole way; `true` when everything holds.
#[expect(clippy::too_many_arguments, reason = "one caller; a struct would only rename them")]
pub(crate) async fn run(
    engine: &Engine,
    run: &RunId,
    loaded: &LoadedScenario,
    options: &TestOptions,
    events: &Events,
    cancel: &CancellationToken,
    directory: &Utf8Path,
    master: &MasterSlot,
) -> Result<bool, RunError> {
    // Trials of all kinds are drawn from one seed.
    let options = TestOptions {
        trials: options.trials.seeded(),
        ..options.clone()
    };
    Rig {
        engine,
        run,
        loaded,
        options: &options,
        events,
        cancel,
        directory,
    }
    .go(master)
    .await
}

impl Rig<'_> {
    /// Starts a master and creates the environment on it.
    async fn prepare_master(&self, slot: &MasterSlot) -> Result<Prepared, RunError> {
        let images = self.phase(Phase::Images, self.images()).await?;
        let networks = Networks::create(self.engine, self.run)
            .await
            .map_err(|e| RunError::Infrastructure(e.to_string()))?;
        // The hook and the master have nothing to do with each other.
        let (packages, master) = tokio::join!(
            self.phase(Phase::Build, self.packages(&images)),
            self.phase(Phase::Master, self.master(&images, &networks))
        );
        let (master, client) = master?;
        let packages = match packages {
            Ok(packages) => packages,
            Err(error) => {
                slot.put(master);
                return Err(error);
            }
        };
        let installed = self.phase(Phase::Install, self.install(&master, &packages)).await;
        let place = master.place(self.run);
        slot.put(master);
        installed?;
        let environment = self
            .phase(Phase::Environment, self.environment(&client, &packages, &networks))
            .await?;
        Ok(Prepared {
            networks,
            images,
            client,
            environment,
            packages,
            place,
        })
    }

    /// Starts everything up to the nodes.
    async fn prepare(&self, slot: &MasterSlot) -> Result<Ready, RunError> {
        let Prepared {
            networks,
            images,
            client,
            mut environment,
            packages,
            place,
        } = self.prepare_master(slot).await?;
        let (nodes, system) = self
            .phase(Phase::Nodes, async {
                tokio::try_join!(
                    self.nodes(&images, &networks, &environment),
                    self.master_system(&client, &environment, &images, place.clone())
                )
            })
            .await?;
        if system.is_some() {
            environment.has_master_system();
            self.refuse_trials()?;
        }
        let system = system.map(|system| (MASTER.to_owned(), system));
        Ok(Ready {
            networks,
            images,
            client,
            environment,
            nodes: nodes.into_iter().chain(system).collect(),
            packages,
            place,
        })
    }

    async fn go(&self, slot: &MasterSlot) -> Result<bool, RunError> {
        let Ready {
            networks,
            images,
            client,
            environment,
            nodes,
            packages,
            place,
        } = self.prepare(slot).await?;
        let other_settings = self.draw_settings(&client, &environment, &packages).await?;
        let heard = Arc::new(Mutex::new(trials::Heard::default()));
        self.events.subscribe(Box::new(Arc::clone(&heard)));
        let as_nodes = as_nodes(&nodes);

        let before = self
            .phase(Phase::CaptureBefore, self.capture(&environment, &as_nodes, None))
            .await?;
        let checkpoints = if self.options.trials.keeps_state() {
            Some(self.phase(Phase::Keep, self.keep(&nodes, "start")).await?)
        } else {
            None
        };
        let snapshots_hold = self
            .phase(Phase::Snapshots, self.snapshots(&client, &environment, &networks))
            .await?;
        let first = self.deployment(1, &client, &environment, &as_nodes).await?;
        if let Some(failure) = &first.failure {
            return Err(self.cause(1, failure, &first.records, &environment, &as_nodes).await);
        }
        let first_holds = self
            .phase(Phase::Verify(1), self.verify(1, &environment, &as_nodes))
            .await;
        let after_first = self
            .phase(
                Phase::CaptureAfter(1),
                self.capture(&environment, &as_nodes, Some(&before)),
            )
            .await?;
        // Only the run that is judged: what it did to things without a time of their own is asked of the glances.
        let watched = self.watched(&environment, &as_nodes);
        let second = self
            .deployment(2, &client, &environment, &look::as_nodes(&watched))
            .await?;
        if let Some(failure) = &second.failure {
            match self.cause(2, failure, &second.records, &environment, &as_nodes).await {
                // That is what the second run is for: the verdict names the task, unless something befell its machine.
                cause @ RunError::Deployment(_) => {
                    match post_mortem::explained(self.engine, self.run, slot, cause).await {
                        RunError::Deployment(text) => self.events.emit(RunEvent::Warning(text)),
                        cause => return Err(cause),
                    }
                }
                cause => return Err(cause),
            }
        }
        let second_holds = self
            .phase(Phase::Verify(2), self.verify(2, &environment, &as_nodes))
            .await;
        let after_second = self
            .phase(
                Phase::CaptureAfter(2),
                self.capture(&environment, &as_nodes, Some(&after_first)),
            )
            .await?;
        let passed = self
            .phase(Phase::Judge, async {
                self.judge(
                    &environment,
                    [&before, &after_first, &after_second],
                    &first.records,
                    &second.records,
                    &watched,
                )
            })
            .await?;
        let mut holds = passed && snapshots_hold && first_holds && second_holds && second.failure.is_none();
        if second.failure.is_some() && !self.options.trials.is_empty() {
            self.events.emit(RunEvent::Warning(
                "nothing is tried beyond two runs: the second one failed without any disturbance".to_owned(),
            ));
            return Ok(false);
        }
        drop(as_nodes);
        if let Some(checkpoints) = checkpoints {
            let known = trials::Known {
                networks: &networks,
                environment: &environment,
                nodes,
                checkpoints,
                messages: first.messages,
                records: &first.records,
                states: [&before, &after_first, &after_second],
            };
            holds &= self.trials(&client, known).await?;
        }
        if let Some(drawn) = other_settings {
            let ground = trials::Ground {
                client: &client,
                images: &images,
                networks: &networks,
                packages: &packages,
                place,
            };
            let baseline = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
            let trials = self.other_settings(&ground, drawn, &baseline);
            holds &= self.phase(Phase::Trials(TrialKind::Settings), trials).await?;
        }
        Ok(holds)
    }

    /// A phase. After Ctrl-C it is dropped where it stands, by whoever waits for the run.
    async fn phase<T>(&self, which: Phase, work: impl Future<Output = T>) -> T {
        phase(self.events, which, work).await
    }

    async fn images(&self) -> Result<Images, RunError> {
        let mut wanted: Vec<Image> = Target::MASTER.into_iter().map(Image::Target).collect();
        wanted.push(Image::Target(Target::Node));
        wanted.extend(self.node_images());
        let options = ImageOptions {
            executable: match &self.options.executable {
                Some(path) => Some(
                    camino::Utf8PathBuf::from_path_buf(path.clone())
                        .map_err(|path| RunError::Infrastructure(format!("{}: not UTF-8", path.display())))?,
                ),
                None => None,
            },
            ..ImageOptions::default()
        };
        let progress = |event: crate::engine::ImageProgress| {
            let (line, milestone) = crate::console::image_line(&event);
            self.events.emit(if milestone {
                RunEvent::Note(line)
            } else {
                RunEvent::Detail(Phase::Images, line)
            });
        };
        crate::engine::ensure(self.engine, &wanted, &options, &progress)
            .await
            .map_err(|error| RunError::Infrastructure(error.to_string()))
    }

    fn node_images(&self) -> Vec<Image> {
        self.loaded.scenario.nodes.iter().map(nodes::image_of).collect()
    }

    async fn master(&self, images: &Images, networks: &Networks) -> Result<(Master, Client), RunError> {
        let options = MasterOptions {
            fuel_version: self.loaded.scenario.fuel.clone(),
            ..MasterOptions::default()
        };
        let master = Master::start(self.engine, self.run, images, networks, &options)
            .await
            .map_err(|error| RunError::Infrastructure(error.to_string()))?;
        let client = Client::connect(&master.api_url, &fuel_cli::Credentials::default())
            .await
            .map_err(|error| RunError::infrastructure("cannot log in to the master", error))?;
        Ok((master, client))
    }

    async fn environment(
        &self,
        client: &Client,
        packages: &[Package],
        networks: &Networks,
    ) -> Result<DeployedEnvironment, RunError> {
        let plugins: Vec<(String, String, usize)> = packages
            .iter()
            .enumerate()
            .map(|(index, package)| (package.name.clone(), package.version.clone(), index))
            .collect();
        let nodes: Vec<NodeToRegister> = self
            .loaded
            .scenario
            .nodes
            .iter()
            .zip(FIRST_NODE..)
            .map(|(node, number)| {
                let address = networks.admin.subnet.host(number);
                let [a, b, c, d] = address.octets();
                NodeToRegister {
                    name: node.name.clone(),
                    admin_address: address.to_string(),
                    mac: format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}"),
                    roles: node.roles.clone(),
                }
            })
            .collect();
        let places = [
            ("management", &networks.management, "192.168.0.0/24"),
            ("storage", &networks.storage, "192.168.1.0/24"),
            ("public", &networks.public, "172.16.0.0/24"),
        ]
        .into_iter()
        .filter(|(_, network, usual)| network.subnet.to_string() != *usual)
        .map(|(name, network, _)| (name.to_owned(), network.subnet.to_string()))
        .collect();
        environment::create(client, self.loaded, &plugins, &nodes, &places).await
    }

    /// The master's own system is not kept and restored, and hooks are not cut into (a scenario before 9.0 has both).
    fn refuse_trials(&self) -> Result<(), RunError> {
        if !self.options.trials.keeps_state() {
            return Ok(());
        }
        let refused = self.options.trials.kinds().filter(|kind| kind.starts_from_kept_state());
        let options = refused.map(|kind| format!("`--{}`", kind.option()));
        let options: Vec<String> = options.collect();
        Err(RunError::Invalid(format!(
            "{}: {} cannot be used where a deployment does something on the master
  hint: leave out tasks with \
             `role: master`, `copy_files` and `on: master`; before Fuel 9.0 it is always so",
            self.loaded.file,
            options.join(" and ")
        )))
    }

    async fn deployment(
        &self,
        run: u8,
        client: &Client,
        environment: &DeployedEnvironment,
        nodes: &BTreeMap<String, Arc<dyn Node>>,
    ) -> Result<Deployment, RunError> {
        let timeout = Duration::from_secs(self.loaded.scenario.deployment_timeout);
        self.phase(
            Phase::Deploy(run),
            deploy::deploy(run, client, environment, nodes, timeout, self.events, self.cancel),
        )
        .await
    }

    /// Runs every check on every node that it is for, nodes in parallel.
    async fn verify(
        &self,
        run: u8,
        environment: &DeployedEnvironment,
        nodes: &BTreeMap<String, Arc<dyn Node>>,
    ) -> bool {
        let per_node = environment.machines().map(|node| async move {
            let mut holds = true;
            for check in self
                .loaded
                .scenario
                .verify
                .iter()
                .filter(|check| is_on(node, &check.on))
            {
                let result = checks::verify(check, run, &node.name, nodes[&node.uid].as_ref()).await;
                holds &= result.passed;
                self.events.emit(RunEvent::Verified(result));
            }
            holds
        });
        join_all(per_node).await.into_iter().all(|holds| holds)
    }

    /// Why a deployment failed: Nailgun refused it, a node is gone, or a task failed.
    async fn cause(
        &self,
        run: u8,
        failure: &str,
        records: &[TaskRecord],
        environment: &DeployedEnvironment,
        nodes: &BTreeMap<String, Arc<dyn Node>>,
    ) -> RunError {
        let text = self.explain(run, failure, records, environment);
        if records.is_empty() {
            return RunError::Invalid(format!("{}: {text}", self.loaded.file));
        }
        for node in environment.machines() {
            if !nodes[&node.uid].is_online().await {
                return RunError::Infrastructure(text);
            }
        }
        RunError::Deployment(text)
    }

    /// Nailgun's words on a failure, and which task on which node it was.
    fn explain(&self, run: u8, failure: &str, records: &[TaskRecord], environment: &DeployedEnvironment) -> String {
        let name = |uid: &str| {
            environment
                .machines()
                .find(|node| node.uid == uid)
                .map_or(uid.to_owned(), |node| node.name.clone())
        };
        let mut text = format!("deployment {run} failed: {}", failure.trim());
        for record in records
            .iter()
            .filter(|record| record.status == mock_astute::TaskStatus::Failed)
        {
            let why = record.error.as_deref().unwrap_or("no reason is known");
            text.push_str(&format!(
                "\n  {}: task `{}`: {}",
                name(&record.node_id),
                record.task,
                why.trim()
            ));
        }
        text
    }
}

/// The same nodes, as the orchestrator takes them.
fn as_nodes(nodes: &BTreeMap<String, Arc<TargetNode>>) -> BTreeMap<String, Arc<dyn Node>> {
    nodes
        .iter()
        .map(|(uid, node)| (uid.clone(), Arc::clone(node) as Arc<dyn Node>))
        .collect()
}

/// Whether a check or an observer with `on: …` is for this node.
fn is_on(node: &RegisteredNode, on: &str) -> bool {
    node.name == on
        || node
            .roles
            .iter()
            .any(|role| role == on || role.strip_prefix("primary-") == Some(on))
}
