//! The base image: present, pulled, or made from Debian packages where no registry answers.

use std::process::Stdio;
use std::time::Duration;

use bollard::query_parameters::CreateImageOptionsBuilder;
use camino::Utf8Path;
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use super::connect::Engine;
use super::containers::{LOG_LINES, last_lines};
use super::error::ImageError;
use super::images::{ImageProgress, ProgressSink, split_reference};

/// The base unless another is given.
pub(crate) const DEFAULT: &str = "debian:bookworm-slim";
/// How long a registry may be silent.
const PULL_PATIENCE: Duration = Duration::from_secs(20);
const MIRROR: &str = "http://deb.debian.org/debian";

/// Makes sure that the base image `reference` is there.
pub(crate) async fn ensure(engine: &Engine, reference: &str, progress: ProgressSink<'_>) -> Result<(), ImageError> {
    if engine.has_image(reference).await? {
        return Ok(());
    }
    progress(ImageProgress::Base(format!("pulling {reference}")));
    let Err(pull) = engine.pull(reference, PULL_PATIENCE).await else {
        return Ok(());
    };
    let Some(suite) = debian_suite(reference) else {
        return Err(ImageError::Base {
            reference: reference.to_owned(),
            reason: format!("pulling it failed: {pull}"),
            hint: format!("load it into the engine (`docker load`, `docker import`) under the name {reference}"),
        });
    };
    progress(ImageProgress::Base(format!(
        "no registry has {reference} ({pull}); making it with debootstrap"
    )));
    let failed = |reason: String| ImageError::Base {
        reference: reference.to_owned(),
        reason: format!("pulling it failed: {pull}; {reason}"),
        hint: format!(
            "make it by hand on any Debian: `debootstrap --variant=minbase {suite} DIR {MIRROR}` as root, then \
             `tar -C DIR -c . | docker import - {reference}`"
        ),
    };
    have_debootstrap(progress).await.map_err(&failed)?;
    let directory = tempfile::Builder::new()
        .prefix("fuelrig-base-")
        .tempdir_in("/var/tmp")?;
    let root = Utf8Path::from_path(directory.path())
        .ok_or_else(|| failed("the temporary directory is not UTF-8".to_owned()))?;
    // In a mount namespace of its own: were it killed, its mounts must not stay below a directory that is removed.
    let debootstrap = [
        "unshare",
        "--mount",
        "debootstrap",
        "--variant=minbase",
        suite,
        root.as_str(),
        MIRROR,
    ];
    run(&debootstrap, progress).await.map_err(&failed)?;
    progress(ImageProgress::Base(format!("importing {reference}")));
    import(engine, root, reference).await.map_err(&failed)
}

/// The suite of an official Debian image: `bookworm` of `debian:bookworm-slim`.
fn debian_suite(reference: &str) -> Option<&str> {
    let (name, tag) = split_reference(reference);
    let suite = tag.strip_suffix("-slim").unwrap_or(tag);
    let official = ["debian", "library/debian"].contains(&name);
    let named = !suite.is_empty() && suite != "latest" && suite.chars().all(|letter| letter.is_ascii_lowercase());
    (official && named).then_some(suite)
}

/// debootstrap must be there, and this process must be root to use it.
async fn have_debootstrap(progress: ProgressSink<'_>) -> Result<(), String> {
    if !is_root() {
        return Err("making it needs root (debootstrap changes into the new system)".to_owned());
    }
    if ["/usr/sbin/debootstrap", "/usr/bin/debootstrap"]
        .iter()
        .any(|path| Utf8Path::new(path).exists())
    {
        return Ok(());
    }
    if !Utf8Path::new("/usr/bin/apt-get").exists() {
        return Err("debootstrap is not installed, and this is neither Debian nor Ubuntu".to_owned());
    }
    progress(ImageProgress::Base(
        "installing debootstrap on this machine with apt-get".to_owned(),
    ));
    run(
        &["apt-get", "install", "-y", "--no-install-recommends", "debootstrap"],
        progress,
    )
    .await
}

fn is_root() -> bool {
    // The owner of /proc/self is the effective user.
    use std::os::unix::fs::MetadataExt as _;
    fs_err::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Runs a program of this host; its lines are progress, its last ones the error.
async fn run(argv: &[&str], progress: ProgressSink<'_>) -> Result<(), String> {
    let (program, arguments) = argv.split_first().ok_or("no program")?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("`{program}` does not start: {error}"))?;
    let mut text = String::new();
    if let Some(output) = child.stdout.take() {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            progress(ImageProgress::Base(line.clone()));
            text.push_str(&line);
            text.push('\n');
        }
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    Err(format!(
        "`{}` ended with {status}:\n  {}",
        argv.join(" "),
        last_lines(&text, LOG_LINES).join("\n  ")
    ))
}

/// Sends a directory to the engine as the root of a new image.
async fn import(engine: &Engine, root: &Utf8Path, reference: &str) -> Result<(), String> {
    let mut child = Command::new("tar")
        .args([
            "--numeric-owner",
            "--one-file-system",
            "-C",
            root.as_str(),
            "--exclude=./var/cache/apt/archives/*.deb",
            "-c",
            ".",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("`tar` does not start: {error}"))?;
    let output = child.stdout.take().ok_or("`tar` has no output")?;
    let body = stream::unfold(output, |mut output| async move {
        let mut chunk = vec![0; 256 * 1024];
        match output.read(&mut chunk).await {
            Ok(0) => None,
            Ok(length) => {
                chunk.truncate(length);
                Some((Ok(chunk.into()), output))
            }
            Err(error) => Some((Err(error), output)),
        }
    });
    let (name, tag) = split_reference(reference);
    let options = CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(name)
        .tag(tag)
        .changes(vec!["CMD [\"bash\"]".to_owned()])
        .build();
    let mut answers = engine
        .docker
        .create_image(Some(options), Some(bollard::body_try_stream(body)), None);
    while let Some(answer) = answers.next().await {
        answer.map_err(|error| format!("the engine does not import it: {error}"))?;
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`tar` ended with {status}")),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("debian:bookworm-slim", Some("bookworm"))]
    #[case("library/debian:trixie", Some("trixie"))]
    #[case("debian:12", None)]
    #[case("debian", None)]
    #[case("ubuntu:jammy", None)]
    #[case("mycompany/debian:bookworm", None)]
    fn only_an_official_debian_image_can_be_made_with_debootstrap(
        #[case] reference: &str,
        #[case] suite: Option<&str>,
    ) {
        assert_eq!(debian_suite(reference), suite);
    }
}
