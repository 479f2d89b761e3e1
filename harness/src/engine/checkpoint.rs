//! A node's state, kept, and nodes started anew from it.
//!
//! What is kept is the disk. /run and /tmp are in memory and processes are not part of an image, so a node that is
//! started from a checkpoint boots, as a machine does that was restored from its disk; it has the same name, addresses,
//! networks and limits as the node that was kept.

use bollard::errors::Error;
use bollard::models::ContainerConfig;
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, KillContainerOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveImageOptionsBuilder, StartContainerOptions,
};

use super::connect::Engine;
use super::error::EngineError;
use super::exec::{ExecError, ExecRequest};
use super::labels::RunId;
use super::networks::Networks;
use super::node::{NodeSpec, TargetNode};

/// Repository of the images that hold nodes' states. Not below `fuelrig/`, where the images are that outlive a run.
const REPOSITORY: &str = "fuelrig-checkpoint";

/// Kills all that carries the environment variable ($1, `NAME=value`) and all that descends from it, until none is left.
/// Unlike at a timeout nothing is asked to end first: what is cut off so has no time for its traps. Services that
/// systemd started for a command live on.
const KILL: &str = r#"
round=0
while [ $round -lt 50 ]; do
    seeds=$(grep -lzxF -- "$1" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n' | tr '\n' ' ')
    [ -n "$seeds" ] || exit 0
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v seeds="$seeds" '
        { pid = $1; sub(/^.*\) /, ""); if ($1 != "Z") parent[pid] = $2 }
        END {
            count = split(seeds, list, " "); for (i = 1; i <= count; i++) hit[list[i]] = 1
            do { more = 0
                for (pid in parent) if (!(pid in hit) && (parent[pid] in hit)) { hit[pid] = 1; more = 1 }
            } while (more)
            for (pid in hit) if (pid in parent) print pid
        }' | xargs -r kill -KILL 2>/dev/null
    round=$((round + 1))
    sleep 0.1
done
echo $seeds
exit 1
"#;

/// A node's disk at one moment, and what the node was started as.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The image's id in the engine.
    image: String,
    /// The node as it was started first.
    spec: NodeSpec,
}

impl Checkpoint {
    /// One that an earlier process kept: the image's id, and what the node is now started as.
    pub fn of(image: String, spec: NodeSpec) -> Self {
        Self { image, spec }
    }

    /// The image's id in the engine.
    pub fn image(&self) -> &str {
        &self.image
    }

    /// Starts a node from it and waits until it is up. The node that was kept, or an earlier one from this checkpoint,
    /// must have been removed: they have the same name and addresses.
    ///
    /// # Errors
    /// As [`TargetNode::start`].
    pub async fn start(&self, engine: &Engine, run: &RunId, networks: &Networks) -> Result<TargetNode, EngineError> {
        let mut spec = self.spec.clone();
        spec.image.clone_from(&self.image);
        TargetNode::start(engine, run, networks, spec).await
    }
}

impl Engine {
    /// Forgets kept states. One that another one was kept on top of stays until that goes; what stays goes with the run.
    pub async fn forget(&self, images: &[String]) {
        for image in images.iter().rev() {
            let options = RemoveImageOptionsBuilder::new().build();
            if let Err(error) = self.docker.remove_image(image, Some(options), None).await {
                tracing::debug!(image, %error, "a kept state stays for now");
            }
        }
    }
}

impl TargetNode {
    /// Keeps the node's disk as it is now. The node stands still meanwhile and goes on afterwards.
    ///
    /// The image carries the run's labels and goes with the run.
    ///
    /// # Errors
    /// The engine refuses: as a rule its disk is full.
    pub async fn keep(&self, run: &RunId, name: &str) -> Result<Checkpoint, EngineError> {
        let options = CommitContainerOptionsBuilder::new()
            .container(&self.id)
            .repo(REPOSITORY)
            .tag(&format!("{run}-{}-{name}", self.spec.name))
            .pause(true)
            .build();
        let config = ContainerConfig {
            labels: Some(run.labels(&self.spec.name)),
            ..ContainerConfig::default()
        };
        let committed = self
            .engine
            .docker
            .commit_container(options, config)
            .await
            .map_err(EngineError::request(format!("keep the state of {}", self.spec.name)))?;
        Ok(Checkpoint {
            image: committed.id,
            spec: self.spec.clone(),
        })
    }

    /// Removes the node with all that is on it.
    ///
    /// # Errors
    /// The engine refuses.
    pub async fn remove(&self) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        self.engine
            .docker
            .remove_container(&self.id, Some(options))
            .await
            .or_else(|error| match error {
                Error::DockerResponseServerError { status_code: 404, .. } => Ok(()),
                error => Err(error),
            })
            .map_err(EngineError::request(format!("remove {}", self.spec.name)))
    }

    /// Cuts the node's power: whatever runs ends at once, and /run and /tmp are lost.
    ///
    /// # Errors
    /// The engine refuses.
    pub async fn power_off(&self) -> Result<(), EngineError> {
        let options = KillContainerOptionsBuilder::new().signal("KILL").build();
        self.engine
            .docker
            .kill_container(&self.id, Some(options))
            .await
            .map_err(EngineError::request(format!("cut the power of {}", self.spec.name)))
    }

    /// Starts the node again after its power was cut, and waits until it is up.
    ///
    /// # Errors
    /// As [`TargetNode::start`].
    pub async fn power_on(&self) -> Result<(), EngineError> {
        self.engine
            .docker
            .start_container(&self.id, None::<StartContainerOptions>)
            .await
            .map_err(EngineError::request(format!("start {} again", self.spec.name)))?;
        self.wait_until_up(self.spec.boot_timeout).await.map(drop)
    }

    /// Kills every command that was started with this environment variable, in the middle of whatever it does.
    ///
    /// # Errors
    /// The engine refuses, or a process survives.
    pub async fn kill_commands(&self, variable: (&str, &str)) -> Result<(), EngineError> {
        let variable = format!("{}={}", variable.0, variable.1);
        let request = ExecRequest {
            argv: ["sh", "-c", KILL, "sh", &variable].map(str::to_owned).to_vec(),
            output_limit: 64 * 1024,
            ..ExecRequest::default()
        };
        let reason = match self.engine.exec(&self.id, request).await {
            Ok(output) if output.code == 0 => return Ok(()),
            Ok(output) => format!(
                "processes {} survive SIGKILL",
                String::from_utf8_lossy(&output.stdout).trim()
            ),
            Err(ExecError::Gone(reason)) => reason,
            Err(ExecError::Engine(error)) => error.to_string(),
        };
        Err(EngineError::NotReady {
            container: self.spec.name.clone(),
            reason: format!("its tasks cannot be killed: {reason}"),
            log: Vec::new(),
        })
    }
}
