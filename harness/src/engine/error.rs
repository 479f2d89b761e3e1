//! What can go wrong between the rig and the engine.

use std::fmt::Write as _;

use camino::Utf8PathBuf;

/// Something that the engine, or the way to it, refused.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing answers at the engine's address.
    #[error(
        "no Docker engine answers at {address}: {reason}\n\
         hint: start Docker (`systemctl start docker`), or name another engine in DOCKER_HOST (unix:///path or tcp://host:port)"
    )]
    NoAnswer {
        /// Where it was looked for.
        address: String,
        /// What the attempt ended with.
        reason: String,
    },
    /// Something takes connections at the engine's address and never answers.
    #[error(
        "the Docker engine at {address} takes connections but does not answer within {seconds} s: it hangs, or its \
         machine is far too busy\n\
         hint: `docker version` says the same then; `journalctl -u docker` shows its log, `systemctl restart docker` \
         starts it anew"
    )]
    Hangs {
        /// Where it is.
        address: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The engine answered and does so no more: it was stopped, or hangs.
    #[error(
        "the Docker engine at {address} does not answer any more: {reason}\n\
         hint: start it again (`systemctl restart docker`; its log says why it stopped: `journalctl -u docker`); what \
         was left then goes with the next run or with `fuelrig gc`"
    )]
    Lost {
        /// Where it was.
        address: String,
        /// What the last question ended with.
        reason: String,
    },
    /// The engine's socket is there and may not be opened.
    #[error(
        "may not open the Docker socket {address}\n\
         hint: add yourself to the group that owns it (`usermod -aG docker $USER`, then log in anew) or run as root"
    )]
    PermissionDenied {
        /// The socket.
        address: String,
    },
    /// `DOCKER_HOST` names an engine in a way that the rig does not speak.
    #[error("cannot use DOCKER_HOST `{address}`: {reason}\nhint: use unix:///path/to/docker.sock or tcp://host:port")]
    UnsupportedAddress {
        /// The value.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine refused a request.
    #[error("cannot {action}: {source}")]
    Request {
        /// What was tried, as in "cannot …".
        action: String,
        /// The engine's answer.
        #[source]
        source: Box<bollard::errors::Error>,
    },
    /// A container did not become ready.
    #[error("{container} did not become ready: {reason}{}", log_block(.log))]
    NotReady {
        /// Its name in the run: `nginx`, `node-1`.
        container: String,
        /// Why.
        reason: String,
        /// Its last log lines.
        log: Vec<String>,
    },
    /// A container ended while it was needed.
    #[error("{container} is gone: {reason}{}", log_block(.log))]
    Gone {
        /// Its name in the run.
        container: String,
        /// What the engine says of it.
        reason: String,
        /// Its last log lines.
        log: Vec<String>,
    },
    /// Every subnet that a network could have is taken.
    #[error(
        "no free subnet for the {network} network: all of {tried} overlap with a Docker network or a route of this host\n\
         hint: `fuelrig gc` removes networks of runs that died; `docker network ls` shows the others"
    )]
    NoFreeSubnet {
        /// Network's name in Fuel.
        network: &'static str,
        /// What was looked through.
        tried: String,
    },
    /// Several runs have such a container.
    #[error("several runs have a container `{wanted}`\n  hint: say which: {known}")]
    SeveralContainers {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// No run has such a container.
    #[error(
        "no run has a container `{wanted}`\n  hint: there are: {known}; `fuelrig test --keep always` keeps a run's containers"
    )]
    NoContainer {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// A command in a container failed.
    #[error("{container}: `{command}` ended with code {code}{}", log_block(.output))]
    Command {
        /// Its name in the run.
        container: String,
        /// The command line.
        command: String,
        /// Its exit code.
        code: i64,
        /// Its last lines.
        output: Vec<String>,
    },
    /// A file of the host.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl EngineError {
    pub(crate) fn request(action: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> Self {
        let action = action.into();
        move |source| Self::Request {
            action,
            source: Box::new(source),
        }
    }
}

/// Why an image could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A build step failed.
    #[error("building image `{target}` failed in {step}: {reason}{}", log_block(.log))]
    Build {
        /// The target of the Dockerfile.
        target: String,
        /// The step, as the builder shows it.
        step: String,
        /// The builder's last word.
        reason: String,
        /// The step's last lines.
        log: Vec<String>,
    },
    /// The Dockerfile has no such target.
    #[error("the Dockerfile has no target `{target}`; it has {known}")]
    UnknownTarget {
        /// What was asked for.
        target: String,
        /// What there is.
        known: String,
    },
    /// The executable for the `nailgun` image does not fit.
    #[error("cannot put {path} into the master's nailgun image: {reason}\nhint: {hint}")]
    Executable {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What helps.
        hint: String,
    },
    /// No way to a base image worked.
    #[error("base image `{reference}` is not there and cannot be had: {reason}\nhint: {hint}")]
    Base {
        /// The reference.
        reference: String,
        /// What was tried and how it ended.
        reason: String,
        /// What helps.
        hint: String,
    },
    /// An image that the scenario names is not there.
    #[error(
        "image `{reference}` is not there and pulling it failed: {reason}\nhint: build or load it, or check the name"
    )]
    Missing {
        /// The reference.
        reference: String,
        /// The registry's answer.
        reason: String,
    },
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file of the host.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

fn log_block(lines: &[String]) -> String {
    let mut block = String::new();
    for line in lines {
        // Writing to a string cannot fail.
        let _ = write!(block, "\n  | {line}");
    }
    block
}
