//! An installation that is interrupted or killed leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../src/test_plugin.rs"]
mod test_plugin;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use mock_nailgun::{Config, Profile, Server};
use rstest::rstest;

/// A master, and two packages of one plugin, the newer of which takes a while to unpack.
struct Place {
    _keep: tempfile::TempDir,
    server: Server,
    plugins: Utf8PathBuf,
    small: Utf8PathBuf,
    large: Utf8PathBuf,
}

impl Place {
    async fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
        let plugins = root.join("plugins");
        fs_err::create_dir(&plugins).unwrap();
        let small = test_plugin::build(&root.join("small"), &test_plugin::metadata("1.0.0", "4.0.0"));
        let source = root.join("large");
        fs_err::create_dir_all(source.join("deployment_scripts")).unwrap();
        fs_err::write(source.join("deployment_scripts/zeros"), vec![0; 64 << 20]).unwrap();
        let large = test_plugin::build(&source, &test_plugin::metadata("1.0.1", "4.0.0"));
        let config = Config::new(Profile::named("9.2").unwrap(), plugins.clone());
        let server = Server::start(config).await.unwrap();
        Self {
            _keep: keep,
            server,
            plugins,
            small,
            large,
        }
    }

    fn start(&self, words: &[&str]) -> Child {
        let address = self.server.address();
        Command::new(env!("CARGO_BIN_EXE_fuel"))
            .args(words)
            .env("SERVER_ADDRESS", address.ip().to_string())
            .env("SERVER_PORT", address.port().to_string())
            .env("FUELRIG_PLUGINS_DIR", &self.plugins)
            .env_remove("XDG_CONFIG_HOME")
            .env("HOME", &self.plugins)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Exit code, standard output, standard error.
    fn end(child: Child) -> (Option<i32>, String, String) {
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// Names and versions of the directories below the plugins' directory.
    fn installed(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = self
            .plugins
            .read_dir_utf8()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let metadata = fs_err::read_to_string(entry.path().join("metadata.yaml")).unwrap_or_default();
                let metadata =
                    plugin_builder::yaml::parse(metadata.as_bytes(), Utf8Path::new("metadata.yaml")).unwrap();
                let version = metadata.to_json()["version"].as_str().unwrap_or("none").to_owned();
                (entry.file_name().to_owned(), version)
            })
            .collect();
        found.sort();
        found
    }

    /// Waits until a package is being unpacked.
    fn until_it_unpacks(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.installed().iter().any(|(name, _)| name.starts_with(".install-")) {
            assert!(Instant::now() < end, "nothing is unpacked");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn send(signal: &str, child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

fn pair(name: &str, version: &str) -> (String, String) {
    (name.to_owned(), version.to_owned())
}

#[rstest]
#[case("-INT")]
#[case("-TERM")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_interrupted_update_leaves_the_plugin_as_it_was(#[case] signal: &str) {
    let place = Place::new().await;
    let (small, large) = (place.small.as_str(), place.large.as_str());
    assert_eq!(Place::end(place.start(&["plugins", "--install", small])).0, Some(0));

    let child = place.start(&["plugins", "--update", large]);
    place.until_it_unpacks();
    send(signal, &child);
    let expected = (
        Some(130),
        String::new(),
        format!("interrupted: {large} was not updated\n"),
    );
    assert_eq!(Place::end(child), expected);
    assert_eq!(place.installed(), [pair("greeter-1.0", "1.0.0")]);
    let (_, listed, _) = Place::end(place.start(&["plugins"]));
    assert!(listed.contains("1.0.0"), "{listed}");

    let (code, output, _) = Place::end(place.start(&["plugins", "--update", large]));
    assert_eq!(
        (code, output),
        (Some(0), format!("Plugin {large} was successfully updated.\n"))
    );
    assert_eq!(place.installed(), [pair("greeter-1.0", "1.0.1")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_killed_installation_left_is_removed_by_the_next() {
    let place = Place::new().await;
    let mut child = place.start(&["plugins", "--install", place.large.as_str()]);
    place.until_it_unpacks();
    send("-KILL", &child);
    child.wait().unwrap();
    assert_eq!(place.installed().len(), 1, "{:?}", place.installed());

    // Between two steps it may have moved the old version away.
    let left = place.plugins.join(&place.installed()[0].0);
    let other = left.join("old/other-2.0");
    test_plugin::write(&other, &test_plugin::metadata("2.0.0", "4.0.0"));

    let code = Place::end(place.start(&["plugins", "--install", place.small.as_str()])).0;
    assert_eq!(code, Some(0));
    assert_eq!(
        place.installed(),
        [pair("greeter-1.0", "1.0.0"), pair("other-2.0", "2.0.0")]
    );
}
