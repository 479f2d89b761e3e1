//! The images: built where they are missing, from what this executable carries.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use bollard::errors::Error;
use bollard::query_parameters::{BuildImageOptionsBuilder, BuilderVersion, CreateImageOptionsBuilder};
use camino::Utf8PathBuf;
use futures_util::StreamExt as _;

use super::base;
use super::connect::Engine;
use super::containers::{LOG_LINES, last_lines};
use super::context;
use super::dockerfile::{DOCKERFILE, Dockerfile, Recipe};
use super::error::{EngineError, ImageError};
use super::executable::{self, Executable};
use super::labels::IMAGE;

/// Where the executable lies in the build context.
const EXECUTABLE: &str = "nailgun/root/usr/bin/fuelrig";

/// A target of the rig's Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A provisioned node without a role.
    Node,
    /// A node that already runs what a controller runs.
    Controller,
    /// The master's web server.
    Nginx,
    /// The master's rsync daemon.
    Rsync,
    /// The master's brain: this executable.
    Nailgun,
}

impl Target {
    /// Its name in the Dockerfile and in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Controller => "controller",
            Self::Nginx => "nginx",
            Self::Rsync => "rsync",
            Self::Nailgun => "nailgun",
        }
    }

    /// The three images of the master.
    pub const MASTER: [Self; 3] = [Self::Nginx, Self::Rsync, Self::Nailgun];
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a container is started from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Image {
    /// One of the rig's own.
    Target(Target),
    /// An image of the user's: `registry/name:tag`.
    Reference(String),
}

impl From<Target> for Image {
    fn from(target: Target) -> Self {
        Self::Target(target)
    }
}

impl FromStr for Image {
    type Err = std::convert::Infallible;

    /// `node` and `controller` are the rig's own images, all else is a reference.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "node" => Self::Target(Target::Node),
            "controller" => Self::Target(Target::Controller),
            reference => Self::Reference(reference.to_owned()),
        })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(formatter),
            Self::Reference(reference) => formatter.write_str(reference),
        }
    }
}

/// How images are made.
#[derive(Debug, Clone)]
pub struct ImageOptions {
    /// The base of every image.
    pub base: String,
    /// The executable for the `nailgun` image; this process's own where none is given.
    pub executable: Option<Utf8PathBuf>,
}

impl Default for ImageOptions {
    fn default() -> Self {
        Self {
            base: base::DEFAULT.to_owned(),
            executable: None,
        }
    }
}

/// What happens while images are made.
#[derive(Debug, Clone, PartialEq)]
pub enum ImageProgress {
    /// Something is done for the base image.
    Base(String),
    /// An image is there already.
    Present {
        /// The image.
        image: String,
    },
    /// A build step begins.
    Step {
        /// The image.
        image: String,
        /// As the builder shows it: `Step 3/9 : RUN …`.
        step: String,
    },
    /// A line of a build step.
    Line {
        /// The image.
        image: String,
        /// The line.
        line: String,
    },
    /// An image is built.
    Built {
        /// The image.
        image: String,
        /// Its tag.
        reference: String,
        /// How long it took.
        took: Duration,
    },
}

/// Receives what happens while images are made.
pub type ProgressSink<'a> = &'a (dyn Fn(ImageProgress) + Sync);

/// Images that are there, and under which reference.
#[derive(Debug, Clone, Default)]
pub struct Images {
    references: HashMap<Image, String>,
}

impl Images {
    /// The reference to start a container from: `fuelrig/node:1a2b3c4d5e6f7081`.
    ///
    /// # Errors
    /// The image was not among those that were asked for.
    pub fn reference(&self, image: &Image) -> Result<&str, ImageError> {
        self.references
            .get(image)
            .map(String::as_str)
            .ok_or_else(|| ImageError::UnknownTarget {
                target: image.to_string(),
                known: self
                    .references
                    .keys()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}

/// Makes sure that images are there: builds the rig's own where they are missing, pulls others.
///
/// An image of the rig is tagged with a key of everything that it is made of, so one that is there is never stale.
///
/// # Errors
/// A build step fails, no base can be had, an image of the user's cannot be pulled, or the engine refuses.
pub async fn ensure(
    engine: &Engine,
    wanted: &[Image],
    options: &ImageOptions,
    progress: ProgressSink<'_>,
) -> Result<Images, ImageError> {
    let dockerfile = Dockerfile::parse(DOCKERFILE);
    let mut images = Images::default();
    for image in wanted {
        if images.references.contains_key(image) {
            continue;
        }
        let reference = match image {
            Image::Target(target) => ensure_target(engine, &dockerfile, *target, options, progress).await?,
            Image::Reference(reference) => {
                ensure_reference(engine, reference).await?;
                reference.clone()
            }
        };
        images.references.insert(image.clone(), reference);
    }
    Ok(images)
}

async fn ensure_target(
    engine: &Engine,
    dockerfile: &Dockerfile<'_>,
    target: Target,
    options: &ImageOptions,
    progress: ProgressSink<'_>,
) -> Result<String, ImageError> {
    let recipe = dockerfile.recipe(target.name())?;
    let files = context::files(&recipe);
    let program = match target {
        Target::Nailgun => Some(executable::read(options.executable.as_deref())?),
        _ => None,
    };
    let key = context::key(
        &recipe,
        &files,
        &options.base,
        program.as_ref().map(|program| program.digest.as_slice()),
    );
    let reference = format!("fuelrig/{target}:{key}");
    if engine.has_image(&reference).await? {
        progress(ImageProgress::Present {
            image: target.to_string(),
        });
        return Ok(reference);
    }
    if recipe.dockerfile.contains("${BASE}") {
        base::ensure(engine, &options.base, progress).await?;
    }
    let started = Instant::now();
    let extra: Vec<(&str, &[u8])> = program
        .iter()
        .map(|Executable { bytes, .. }| (EXECUTABLE, bytes.as_slice()))
        .collect();
    let archive = context::archive(&recipe, &files, &extra)?;
    build(engine, target, &recipe, &options.base, &reference, archive, progress).await?;
    progress(ImageProgress::Built {
        image: target.to_string(),
        reference: reference.clone(),
        took: started.elapsed(),
    });
    Ok(reference)
}

pub(crate) async fn build(
    engine: &Engine,
    target: Target,
    recipe: &Recipe,
    base: &str,
    reference: &str,
    archive: Vec<u8>,
    progress: ProgressSink<'_>,
) -> Result<(), ImageError> {
    // An argument that no stage uses is an error of the builder.
    let arguments = if recipe.dockerfile.contains("${BASE}") {
        HashMap::from([("BASE".to_owned(), base.to_owned())])
    } else {
        HashMap::new()
    };
    let options = BuildImageOptionsBuilder::new()
        .dockerfile("Dockerfile")
        .t(reference)
        .target(target.name())
        .buildargs(&arguments)
        .labels(&HashMap::from([(IMAGE.to_owned(), target.to_string())]))
        .version(BuilderVersion::BuilderV1)
        .rm(true)
        .forcerm(true)
        .build();
    let mut stream = engine
        .docker
        .build_image(options, None, Some(bollard::body_full(archive.into())));
    let mut step = "the first step".to_owned();
    let mut lines: VecDeque<String> = VecDeque::new();
    while let Some(message) = stream.next().await {
        let text = match message {
            Ok(message) => message.stream.or(message.status).unwrap_or_default(),
            Err(error) => {
                return Err(ImageError::Build {
                    target: target.to_string(),
                    step,
                    reason: build_reason(error),
                    log: lines.into(),
                });
            }
        };
        for line in last_lines(&text, usize::MAX) {
            if line.starts_with("Step ") && line.contains(" : ") {
                lines.clear();
                step = shortened(&line);
                progress(ImageProgress::Step {
                    image: target.to_string(),
                    step: step.clone(),
                });
                continue;
            }
            if lines.len() == LOG_LINES {
                lines.pop_front();
            }
            lines.push_back(line.clone());
            progress(ImageProgress::Line {
                image: target.to_string(),
                line,
            });
        }
    }
    Ok(())
}

/// The builder's own words, which repeat the whole command line, cut to what matters.
fn build_reason(error: Error) -> String {
    let reason = match error {
        Error::DockerStreamError { error } => error,
        other => other.to_string(),
    };
    match reason.rsplit_once("returned a non-zero code: ") {
        Some((_, code)) => format!("the command ended with code {}", code.trim()),
        None => reason,
    }
}

fn shortened(step: &str) -> String {
    const LENGTH: usize = 100;
    let flat = step.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= LENGTH {
        return flat;
    }
    let mut short: String = flat.chars().take(LENGTH).collect();
    short.push('…');
    short
}

/// The reference of a target that is built already, as this executable would build it.
///
/// # Errors
/// As [`ensure`].
pub(crate) async fn built(engine: &Engine, target: Target, base: &str) -> Result<Option<String>, ImageError> {
    let recipe = Dockerfile::parse(DOCKERFILE).recipe(target.name())?;
    let reference = format!(
        "fuelrig/{target}:{}",
        context::key(&recipe, &context::files(&recipe), base, None)
    );
    Ok(engine.has_image(&reference).await?.then_some(reference))
}

async fn ensure_reference(engine: &Engine, reference: &str) -> Result<(), ImageError> {
    if engine.has_image(reference).await? {
        return Ok(());
    }
    engine
        .pull(reference, Duration::from_secs(900))
        .await
        .map_err(|reason| ImageError::Missing {
            reference: reference.to_owned(),
            reason,
        })
}

impl Engine {
    pub(crate) async fn has_image(&self, reference: &str) -> Result<bool, EngineError> {
        match self.docker.inspect_image(reference).await {
            Ok(_) => Ok(true),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
            Err(error) => Err(EngineError::request(format!("inspect image {reference}"))(error)),
        }
    }

    /// Pulls an image; gives up where nothing moves for `patience`.
    pub(crate) async fn pull(&self, reference: &str, patience: Duration) -> Result<(), String> {
        let (name, tag) = split_reference(reference);
        let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
        let mut stream = self.docker.create_image(Some(options), None, None);
        loop {
            match tokio::time::timeout(patience, stream.next()).await {
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(Error::DockerStreamError { error }))) => return Err(error),
                Ok(Some(Err(Error::DockerResponseServerError { message, .. }))) => return Err(message),
                Ok(Some(Err(error))) => return Err(error.to_string()),
                Ok(None) => return Ok(()),
                Err(_) => return Err(format!("no registry answered within {} s", patience.as_secs())),
            }
        }
    }
}

/// Name and tag; a digest stays with the tag's place, as the engine wants it.
pub(crate) fn split_reference(reference: &str) -> (&str, &str) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name, digest);
    }
    match reference.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("debian:bookworm-slim", "debian", "bookworm-slim")]
    #[case("localhost:5000/node", "localhost:5000/node", "latest")]
    #[case("localhost:5000/node:2", "localhost:5000/node", "2")]
    #[case("debian@sha256:00ff", "debian", "sha256:00ff")]
    fn a_reference_is_split_into_name_and_tag(#[case] reference: &str, #[case] name: &str, #[case] tag: &str) {
        assert_eq!(split_reference(reference), (name, tag));
    }

    #[test]
    fn an_image_that_was_not_asked_for_is_an_error_and_no_panic() {
        assert!(Images::default().reference(&Target::Node.into()).is_err());
    }

    #[test]
    fn the_builders_repetition_of_the_command_is_left_out() {
        let error = Error::DockerStreamError {
            error: "The command '/bin/sh -c long' returned a non-zero code: 100".into(),
        };
        assert_eq!(build_reason(error), "the command ended with code 100");
    }
}
