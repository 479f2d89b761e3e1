//! The plugins of `scenarios/beyond/` whose faults only some settings show, on real nodes.
//!
//! Without a master: Nailgun runs in this process, and of Fuel's own tasks only those happen that tell a node its
//! settings.

use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use fuel_cli::{Client, Credentials};
use mock_nailgun::{Config, Network, Profile, Server};
use rstest::rstest;
use tokio_util::sync::CancellationToken;

use super::{Ground, Heard};
use crate::console::{Progress, Verbosity};
use crate::engine::{Engine, ImageOptions, Networks, Place, RunGuard, RunId, Target, ensure};
use crate::event::{Consumer, Events, RunEvent};
use crate::report::{Aggregator, render};
use crate::run::TestOptions;
use crate::run::build::Package;
use crate::run::rig::Rig;
use crate::scenario::LoadedScenario;
use crate::trial::{TrialResult, TrialsPlan};

/// The tasks that tell a node its settings.
const TELLING: &str = "\
upload_configuration:
  type: upload_file
  content: deployment_info
  parameters:
    path: /etc/fuel/cluster/{CLUSTER_ID}/astute.yaml
    permissions: '0640'
    dir_permissions: '0750'
    timeout: 180
configuration_symlink:
  type: shell
  parameters:
    cmd: ln -sf /etc/fuel/cluster/{CLUSTER_ID}/astute.yaml /etc/astute.yaml
    timeout: 180
";

/// The number of the trial in which seed 1 draws the mode `cluster`, where nothing else is drawn.
const TRIAL_OF_CLUSTER: usize = 2;

#[derive(Default)]
struct Told(Vec<TrialResult>);

impl Consumer for Told {
    fn consume(&mut self, event: &RunEvent) {
        if let RunEvent::TrialFinished(trial) = event {
            self.0.push(trial.as_ref().clone());
        }
    }
}

/// Deploys a plugin of `scenarios/beyond/` with other settings, as the plan says.
async fn bench(plugin: &str, fixed: &str, plan: TrialsPlan) -> Vec<TrialResult> {
    let directory = tempfile::tempdir().unwrap();
    let directory = Utf8Path::from_path(directory.path()).unwrap();
    let file = directory.join(format!("{plugin}.yaml"));
    let path = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/beyond")).join(plugin);
    let text = format!(
        "{{fuel: '9.2', plugins: [{{path: '{path}', fixed: [{fixed}]}}], environment: {{release: mitaka-9.0}}, \
         nodes: [{{name: node-1, roles: [controller], image: node}}]}}"
    );
    fs_err::write(&file, text).unwrap();
    let loaded = LoadedScenario::load(&file).unwrap();
    let engine = Engine::connect().await.unwrap();
    let images = ensure(&engine, &[Target::Node.into()], &ImageOptions::default(), &|_| ())
        .await
        .unwrap();
    let run = RunId::new(&format!("settings-{}", loaded.name));
    let guard = RunGuard::new(&engine, &run);
    let networks = Networks::create(&engine, &run).await.unwrap();
    let (server, client) = nailgun(&path, directory, &networks).await;
    let options = TestOptions {
        trials: plan,
        ..TestOptions::default()
    };
    let told = Arc::new(Mutex::new(Told::default()));
    let events = Events::new();
    events.subscribe(Box::new(Arc::clone(&told)));
    let report = Arc::new(Mutex::new(Aggregator::new()));
    events.subscribe(Box::new(Arc::clone(&report)));
    events.subscribe(Box::new(Progress::stderr(Verbosity::Normal)));
    let rig = Rig {
        engine: &engine,
        run: &run,
        loaded: &loaded,
        options: &options,
        events: &events,
        cancel: &CancellationToken::new(),
        directory,
    };
    let package = Package {
        file: Utf8PathBuf::new(),
        name: plugin.to_owned(),
        version: "1.0.0".to_owned(),
    };
    let ground = Ground {
        client: &client,
        images: &images,
        networks: &networks,
        packages: &[package],
        place: Place {
            network_of: String::new(),
            volume: String::new(),
            mounted_at: String::new(),
        },
    };
    let environment = rig.environment(&client, ground.packages, &networks).await.unwrap();
    let drawn = rig.draw_settings(&client, &environment, ground.packages).await.unwrap();
    let ended = rig.other_settings(&ground, drawn.unwrap(), &Heard::default()).await;
    let swept = guard.clean_up().await.unwrap();
    server.stop().await;
    let trials = std::mem::take(&mut told.lock().unwrap().0);
    // What a user would see, for whoever looks at a test that failed.
    eprintln!("{}", render(&report.lock().unwrap().report()));
    assert_eq!(ended.unwrap(), trials.iter().all(TrialResult::passed));
    assert!(swept.problems.is_empty(), "{swept:?}");
    trials
}

/// A Nailgun of these networks, to which the plugin is known.
async fn nailgun(plugin: &Utf8Path, directory: &Utf8Path, networks: &Networks) -> (Server, Client) {
    let files = plugin_builder::Plugin::load(plugin).unwrap();
    let target = directory.join("plugins").join(files.directory_name());
    fs_err::create_dir_all(&target).unwrap();
    for entry in plugin.read_dir_utf8().unwrap().map(Result::unwrap) {
        if entry.file_name().ends_with(".yaml") {
            fs_err::copy(entry.path(), target.join(entry.file_name())).unwrap();
        }
    }
    let profile = Profile::named("9.2").unwrap().with_core_tasks(TELLING);
    let mut config = Config::new(profile, directory.join("plugins"));
    config.admin_network = Network {
        address: networks.admin.subnet.host(0),
        prefix: networks.admin.subnet.prefix(),
    };
    let server = Server::start(config).await.unwrap();
    let client = Client::connect(&format!("http://{}", server.address()), &Credentials::default())
        .await
        .unwrap();
    let metadata = plugin_builder::yaml::load(&plugin.join("metadata.yaml"))
        .unwrap()
        .to_json();
    fuel_cli::register(&client, &metadata, false).await.unwrap();
    (server, client)
}

fn settings(settings: usize, seed: u64, only: Option<usize>) -> TrialsPlan {
    TrialsPlan {
        settings,
        seed: Some(seed),
        only,
        ..TrialsPlan::default()
    }
}

/// The settings that a trial's failure needs.
fn needed(trial: &TrialResult) -> Vec<String> {
    let needed = trial.settings.iter().filter(|setting| setting.needed != Some(false));
    needed.map(|setting| setting.text()).collect()
}

/// The defaults show nothing of these faults. Cases called `more_` take long and are left out by CI.
#[rstest]
#[case::a_choice("stamp-in-cluster-mode", "members", 2, Some(TRIAL_OF_CLUSTER), "mode = \"cluster\"")]
#[case::more_a_choice_among_others("stamp-in-cluster-mode", "", 2, None, "mode = \"cluster\"")]
#[case::more_a_checkbox("append-when-verbose", "", 2, None, "verbose = true")]
#[case::more_a_text("unquoted-text", "", 4, None, "banner = ")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_fault_that_only_some_settings_show_is_found_with_the_setting_it_needs(
    #[case] plugin: &str,
    #[case] fixed: &str,
    #[case] count: usize,
    #[case] only: Option<usize>,
    #[case] cause: &str,
) {
    let trials = bench(plugin, fixed, settings(count, 1, only)).await;
    assert_eq!(trials.len(), if only.is_some() { 1 } else { count });
    let failed: Vec<&TrialResult> = trials.iter().filter(|trial| !trial.passed()).collect();
    assert!(!failed.is_empty());
    for trial in failed {
        assert_eq!(trial.task.as_ref().map(|(_, task)| task.as_str()), Some(plugin));
        let needed = needed(trial);
        assert!(needed.len() == 1 && needed[0].contains(cause), "{needed:?}");
    }
}

#[rstest]
#[case::more_every_mode_converges("every-mode-converges")]
#[case::more_quoted_text("quoted-text")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_plugin_that_takes_all_of_its_settings_passes_every_trial(#[case] plugin: &str) {
    let trials = bench(plugin, "", settings(5, 1, None)).await;
    assert_eq!(trials.len(), 5);
    for trial in trials {
        assert!(trial.passed(), "{:?}", trial.failure);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn more_a_trial_alone_is_the_same_as_among_the_others() {
    let all = bench("append-when-verbose", "", settings(3, 7, None)).await;
    let alone = bench("append-when-verbose", "", settings(3, 7, Some(2))).await;
    assert_eq!(alone.len(), 1);
    assert_eq!(alone[0].settings, all[1].settings);
    assert_eq!(alone[0].failure, all[1].failure);
}
