//! Cleaning up: after this run, and after runs that were killed before they could.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread;

use bollard::errors::Error;
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, RemoveVolumeOptionsBuilder,
};
use futures_util::future::join_all;

use super::connect::Engine;
use super::error::EngineError;
use super::labels::{IMAGE, KEPT, NAME, OWNER, RUN, RunId, SCENARIO, filter};
use super::process::{Life, Owner};

/// What a sweep removed, and what it left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Ids of the runs whose things were removed, with the scenario's name.
    pub runs: Vec<(String, String)>,
    /// How many containers went.
    pub containers: usize,
    /// How many networks went.
    pub networks: usize,
    /// How many volumes went.
    pub volumes: usize,
    /// How many images went.
    pub images: usize,
    /// Ids of runs that were left: they live, are kept on purpose, or belong to another machine.
    pub left: Vec<(String, &'static str)>,
    /// What could not be removed, and why.
    pub problems: Vec<String>,
}

impl Swept {
    /// Adds what another sweep did.
    pub fn add(&mut self, other: Self) {
        self.runs.extend(other.runs);
        self.containers += other.containers;
        self.networks += other.networks;
        self.volumes += other.volumes;
        self.images += other.images;
        self.left.extend(other.left);
        self.problems.extend(other.problems);
    }
}

/// What [`Engine::gc`] takes besides what dead runs left.
#[derive(Debug, Clone, Copy, Default)]
pub struct GcOptions {
    /// Runs that were kept on purpose (`--keep`) too.
    pub kept: bool,
    /// The rig's images too, where no container uses them.
    pub images: bool,
}

/// Everything in the engine that carries the rig's labels, by run.
#[derive(Debug, Default)]
struct Inventory {
    runs: BTreeMap<String, Belongings>,
}

#[derive(Debug, Default)]
struct Belongings {
    scenario: String,
    owner: Option<Owner>,
    kept: bool,
    containers: Vec<String>,
    networks: Vec<String>,
    volumes: Vec<String>,
    /// Kept states of nodes.
    images: Vec<String>,
}

impl Engine {
    /// Removes what runs left whose process is gone. Never touches a run whose process lives, one that was kept on
    /// purpose, or one of another machine.
    ///
    /// # Errors
    /// The engine does not list its objects. What cannot be removed is no error, see [`Swept::problems`].
    pub async fn sweep(&self) -> Result<Swept, EngineError> {
        self.gc(GcOptions::default()).await
    }

    /// As [`Engine::sweep`], and what `options` says.
    ///
    /// # Errors
    /// As [`Engine::sweep`].
    pub async fn gc(&self, options: GcOptions) -> Result<Swept, EngineError> {
        let mut swept = Swept::default();
        let inventory = self.inventory(None).await?;
        for (run, belongings) in inventory.runs {
            if let Some(reason) = reason_to_leave(&belongings, options) {
                swept.left.push((run, reason));
                continue;
            }
            self.remove_all(&belongings, &mut swept).await;
            swept.runs.push((run, belongings.scenario));
        }
        if options.images {
            self.remove_images(&mut swept).await?;
        }
        Ok(swept)
    }

    /// Removes a run's containers, networks, volumes and kept states of nodes, whoever owns it.
    ///
    /// # Errors
    /// The engine does not list its objects.
    pub async fn remove_run(&self, run: &str) -> Result<Swept, EngineError> {
        let mut swept = Swept::default();
        for (run, belongings) in self.inventory(Some(run)).await?.runs {
            self.remove_all(&belongings, &mut swept).await;
            swept.runs.push((run, belongings.scenario));
        }
        Ok(swept)
    }

    /// Marks a run as kept: a sweep leaves it alone after its process has ended.
    ///
    /// # Errors
    /// The engine refuses.
    pub async fn keep(&self, run: &RunId) -> Result<(), EngineError> {
        let mut labels = run.labels("kept");
        labels.insert(KEPT.to_owned(), "true".to_owned());
        let request = VolumeCreateRequest {
            name: Some(run.object_name("kept")),
            labels: Some(labels),
            ..Default::default()
        };
        self.docker
            .create_volume(request)
            .await
            .map(drop)
            .map_err(EngineError::request("mark the run as kept"))
    }

    /// The containers of runs, by run id: name in the run (`node-1`) and id in the engine.
    ///
    /// # Errors
    /// The engine does not list them.
    pub async fn containers_of(&self, run: &str) -> Result<BTreeMap<String, String>, EngineError> {
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filter(&format!("{RUN}={run}")))
            .build();
        let containers = self
            .docker
            .list_containers(Some(options))
            .await
            .map_err(EngineError::request("list the containers"))?;
        Ok(containers
            .into_iter()
            .filter_map(|container| Some((container.labels?.remove(NAME)?, container.id?)))
            .collect())
    }

    /// Removes those containers of a run that are there, by their names in it (`node-1`), with all that is on them.
    ///
    /// # Errors
    /// The engine does not list or not remove them.
    pub async fn remove_containers(&self, run: &RunId, names: &[&str]) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let containers = self.containers_of(run.id()).await?;
        let removals = containers
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(name, id)| {
                let removal = self.docker.remove_container(id, Some(options.clone()));
                async move {
                    let removed = removal.await;
                    removed.map_err(EngineError::request(format!("remove {name}")))
                }
            });
        futures_util::future::try_join_all(removals).await.map(drop)
    }

    /// Ids of the runs whose process is gone, kept ones included.
    pub(crate) async fn dead_runs(&self) -> Result<Vec<String>, EngineError> {
        let options = GcOptions {
            kept: true,
            images: false,
        };
        let runs = self.inventory(None).await?.runs;
        Ok(runs
            .into_iter()
            .filter(|(_, run)| reason_to_leave(run, options).is_none())
            .map(|(id, _)| id)
            .collect())
    }

    async fn inventory(&self, run: Option<&str>) -> Result<Inventory, EngineError> {
        let filters = filter(&run.map_or_else(|| RUN.to_owned(), |run| format!("{RUN}={run}")));
        let mut inventory = Inventory::default();
        let containers = self
            .docker
            .list_containers(Some(
                ListContainersOptionsBuilder::new().all(true).filters(&filters).build(),
            ))
            .await
            .map_err(EngineError::request("list the containers"))?;
        for container in containers {
            if let (Some(id), Some(labels)) = (container.id, container.labels) {
                inventory.of(&labels).containers.push(id);
            }
        }
        let networks = self
            .docker
            .list_networks(Some(ListNetworksOptionsBuilder::new().filters(&filters).build()))
            .await
            .map_err(EngineError::request("list the networks"))?;
        for network in networks {
            if let (Some(id), Some(labels)) = (network.id, network.labels) {
                inventory.of(&labels).networks.push(id);
            }
        }
        let volumes = self
            .docker
            .list_volumes(Some(ListVolumesOptionsBuilder::new().filters(&filters).build()))
            .await
            .map_err(EngineError::request("list the volumes"))?;
        for volume in volumes.volumes.unwrap_or_default() {
            let belongings = inventory.of(&volume.labels);
            belongings.kept |= volume.labels.contains_key(KEPT);
            belongings.volumes.push(volume.name);
        }
        let images = self
            .docker
            .list_images(Some(ListImagesOptionsBuilder::new().filters(&filters).build()))
            .await
            .map_err(EngineError::request("list the images"))?;
        for image in images {
            inventory.of(&image.labels).images.push(image.id);
        }
        Ok(inventory)
    }

    async fn remove_all(&self, belongings: &Belongings, swept: &mut Swept) {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let removals = belongings
            .containers
            .iter()
            .map(|id| self.docker.remove_container(id, Some(options.clone())));
        swept.containers += tally(join_all(removals).await, "container", &mut swept.problems);
        // Networks and volumes can go only when no container uses them any more.
        let removals = belongings.networks.iter().map(|id| self.docker.remove_network(id));
        swept.networks += tally(join_all(removals).await, "network", &mut swept.problems);
        let options = RemoveVolumeOptionsBuilder::new().force(true).build();
        let removals = belongings
            .volumes
            .iter()
            .map(|name| self.docker.remove_volume(name, Some(options.clone())));
        swept.volumes += tally(join_all(removals).await, "volume", &mut swept.problems);
        // One state may be kept of a node that was started from another: the engine wants the children first, and
        // tells them apart by itself only where they go one after the other, the newest first.
        let options = RemoveImageOptionsBuilder::new().force(true).build();
        for image in &belongings.images {
            let removal = self
                .docker
                .remove_image(image, Some(options.clone()), None)
                .await
                .map(drop);
            swept.images += tally(vec![removal], "image", &mut swept.problems);
        }
    }

    async fn remove_images(&self, swept: &mut Swept) -> Result<(), EngineError> {
        let containers = self
            .docker
            .list_containers(Some(ListContainersOptionsBuilder::new().all(true).build()))
            .await
            .map_err(EngineError::request("list the containers"))?;
        let used: BTreeSet<String> = containers
            .into_iter()
            .filter_map(|container| container.image_id)
            .collect();
        let images = self
            .docker
            .list_images(Some(ListImagesOptionsBuilder::new().filters(&filter(IMAGE)).build()))
            .await
            .map_err(EngineError::request("list the images"))?;
        let options = RemoveImageOptionsBuilder::new().build();
        for image in images.into_iter().filter(|image| !used.contains(&image.id)) {
            for tag in image.repo_tags.iter().filter(|tag| tag.starts_with("fuelrig/")) {
                let removal = self
                    .docker
                    .remove_image(tag, Some(options.clone()), None)
                    .await
                    .map(drop);
                swept.images += tally(vec![removal], "image", &mut swept.problems);
            }
        }
        Ok(())
    }
}

impl Inventory {
    fn of(&mut self, labels: &HashMap<String, String>) -> &mut Belongings {
        let run = labels.get(RUN).cloned().unwrap_or_default();
        let belongings = self.runs.entry(run).or_default();
        if belongings.owner.is_none() {
            belongings.owner = labels.get(OWNER).and_then(|owner| owner.parse().ok());
        }
        if let Some(scenario) = labels.get(SCENARIO) {
            belongings.scenario.clone_from(scenario);
        }
        belongings
    }
}

fn reason_to_leave(belongings: &Belongings, options: GcOptions) -> Option<&'static str> {
    match belongings.owner.as_ref().map(Owner::life) {
        Some(Life::Alive) => Some("its process lives"),
        Some(Life::Foreign) => Some("it belongs to another machine"),
        // A label of another version of the rig: nothing can be known of its owner.
        None => Some("its owner is not known"),
        Some(Life::Dead) if belongings.kept && !options.kept => Some("it was kept on purpose"),
        Some(Life::Dead) => None,
    }
}

/// Counts what went; what was gone already or is going is no problem.
fn tally(results: Vec<Result<(), Error>>, kind: &str, problems: &mut Vec<String>) -> usize {
    let mut removed = 0;
    for result in results {
        match result {
            Ok(()) => removed += 1,
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => {}
            Err(Error::DockerResponseServerError {
                status_code: 409,
                message,
            }) if message.contains("in progress") => {}
            Err(error) => problems.push(format!("{kind}: {error}")),
        }
    }
    removed
}

/// Removes everything of a run when it is dropped, however the run ended.
///
/// Prefer [`RunGuard::clean_up`] at the normal end: it says what could not be removed. Dropping covers failures and
/// panics; it works on a thread and a runtime of its own, so it may happen anywhere.
#[derive(Debug)]
pub struct RunGuard {
    engine: Engine,
    run: RunId,
    armed: bool,
}

impl RunGuard {
    /// A guard for `run`.
    pub fn new(engine: &Engine, run: &RunId) -> Self {
        Self {
            engine: engine.clone(),
            run: run.clone(),
            armed: true,
        }
    }

    /// Removes all containers, networks, volumes and kept states of the run.
    ///
    /// # Errors
    /// The engine does not list its objects.
    pub async fn clean_up(mut self) -> Result<Swept, EngineError> {
        self.armed = false;
        self.engine.remove_run(self.run.id()).await
    }

    /// Leaves everything standing and marks the run as kept.
    ///
    /// # Errors
    /// The engine refuses the mark.
    pub async fn keep(mut self) -> Result<(), EngineError> {
        self.armed = false;
        self.engine.keep(&self.run).await
    }

    /// Leaves everything where it is, for the next sweep: the engine does not answer.
    pub(crate) fn leave(mut self) {
        self.armed = false;
    }

    /// As [`RunGuard::clean_up`], for where no runtime is at hand: a panic hook, a signal handler's thread.
    pub fn clean_up_blocking(&mut self) {
        if !std::mem::take(&mut self.armed) {
            return;
        }
        let address = self.engine.address.clone();
        let run = self.run.id().to_owned();
        // Connections belong to the runtime that made them, which may be going down: hence a new client.
        let cleaner = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let swept = runtime.map_err(EngineError::from).and_then(|runtime| {
                runtime.block_on(async {
                    let engine = Engine::connect_to(&address).await?;
                    engine.while_it_answers(engine.remove_run(&run)).await?
                })
            });
            match swept {
                Ok(swept) if swept.problems.is_empty() => {}
                Ok(swept) => {
                    tracing::warn!(run, problems = ?swept.problems, "not everything of the run could be removed")
                }
                Err(error) => tracing::warn!(run, %error, "the run could not be cleaned up"),
            }
        });
        // A panic in the cleaner must not become a second one here.
        let _ = cleaner.join();
    }
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        self.clean_up_blocking();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(owner: Option<Owner>, kept: bool) -> Belongings {
        Belongings {
            owner,
            kept,
            ..Belongings::default()
        }
    }

    #[test]
    fn only_what_a_dead_run_left_is_taken() {
        let alive = Owner::current();
        let dead = Owner {
            started: alive.started + 1,
            ..alive.clone()
        };
        let foreign = Owner {
            machine: "elsewhere".into(),
            ..alive.clone()
        };
        let default = GcOptions::default();
        assert_eq!(reason_to_leave(&of(Some(dead.clone()), false), default), None);
        assert_eq!(
            reason_to_leave(&of(Some(alive), false), default),
            Some("its process lives")
        );
        assert_eq!(
            reason_to_leave(&of(Some(foreign), false), default),
            Some("it belongs to another machine")
        );
        assert_eq!(
            reason_to_leave(&of(None, false), default),
            Some("its owner is not known")
        );
        assert_eq!(
            reason_to_leave(&of(Some(dead.clone()), true), default),
            Some("it was kept on purpose")
        );
        assert_eq!(
            reason_to_leave(
                &of(Some(dead), true),
                GcOptions {
                    kept: true,
                    images: false
                }
            ),
            None
        );
    }
}
