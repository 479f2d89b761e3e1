//! The command line.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Test rig for Fuel plugins.
#[derive(Debug, Parser)]
#[command(
    name = "fuelrig",
    version,
    about = "Test rig for Fuel plugins: deploys a plugin twice through an emulated Fuel master and judges from the machine's own state.",
    after_help = "Exit codes: 0 passed; 1 negative verdict; 2 usage; 3 invalid plugin or scenario; 4 infrastructure (no Docker, image, disk, a node that died); 5 a defect of the rig; 130 interrupted, after clean-up."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Deploy scenarios twice and judge them.
    Test(TestArguments),
    /// Check a plugin directory without building it (no Docker needed).
    Check(CheckArguments),
    /// Show what Nailgun merges and orders for a scenario, without deploying (no Docker needed).
    Render(RenderArguments),
    /// Open a shell in a node (or the master) that was kept, or that runs now.
    Shell(ShellArguments),
    /// Show what the containers of the latest run have logged.
    Logs(LogsArguments),
    /// Build the images that are missing.
    Images(ImagesArguments),
    /// Remove what killed or kept runs have left.
    Gc(GcArguments),
    /// Look at this machine: engine, storage driver, disk, systemd containers.
    Doctor(DoctorArguments),
    /// Print a JSON Schema.
    Schema(SchemaArguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    Human,
    /// JSON on standard output.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keep {
    /// Keep the nodes if the run did not pass.
    OnFailure,
    /// Keep the nodes always.
    Always,
    /// Remove everything always.
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Scenario files.
    #[arg(required = true, value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<Utf8PathBuf>,
    /// Whether containers are kept for `fuelrig shell`.
    #[arg(long, value_enum, default_value = "never")]
    pub(crate) keep: Keep,
    /// Count warnings as failures: tasks that are `noisy` or fail always, and what moved outside every task.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write snapshots that differ anew.
    #[arg(long)]
    pub(crate) update_snapshots: bool,
    /// Run `pre_build_hook` on this host, not in a container.
    #[arg(long)]
    pub(crate) build_on_host: bool,
    /// Also cut the deployment off at N points, in the middle of the plugins' tasks and between them, and deploy again:
    /// the end must be that of an undisturbed deployment.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) crash: usize,
    /// Also run the tasks in N other orders that their graph allows: the end must be that of the usual order. Where it is
    /// not, the two tasks that lack an edge are named.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) order: usize,
    /// Also repeat the job, two deployments and the verdict, with N other settings of the plugins, drawn from what
    /// environment_config.yaml allows.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) settings: usize,
    /// Draw trials from this seed instead of one of the rig's choice.
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,
    /// Of the trials that the seed draws, only the one with this number.
    #[arg(long, value_name = "NUMBER", requires = "seed")]
    pub(crate) trial: Option<usize>,
    /// Keep the nodes' states before each task of a plugin, wait for changes of the plugins and the scenario, and deploy
    /// again from the first task that a change concerns. Ctrl-C ends it and removes everything.
    #[arg(long, conflicts_with_all = ["keep", "crash", "seed", "trial"])]
    pub(crate) watch: bool,
    /// Keep the nodes' states before each task of a plugin beyond this run, for `--from`.
    #[arg(long, conflicts_with_all = ["keep", "crash", "seed", "trial", "watch"])]
    pub(crate) checkpoints: bool,
    /// Deploy from this task on, with nodes as a run with `--checkpoints` kept them before it.
    #[arg(long, value_name = "TASK", conflicts_with_all = ["keep", "crash", "seed", "trial", "watch", "checkpoints"])]
    pub(crate) from: Option<String>,
    /// Directory for reports and logs; each run has a directory of its own in it.
    #[arg(long, value_name = "DIR", default_value = ".fuelrig")]
    pub(crate) output: Utf8PathBuf,
    /// What is printed on standard output at the end.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
    /// Also print the output of builds and hooks.
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Print warnings and failures only, and the verdict.
    #[arg(long, short, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Plugin directories.
    #[arg(required = true, value_name = "PLUGIN")]
    pub(crate) plugins: Vec<Utf8PathBuf>,
    /// Count warnings as errors.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Output format.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct RenderArguments {
    /// Scenario file. Its plugins are taken from their directories, without building them.
    pub(crate) scenario: Utf8PathBuf,
    /// Only this node.
    #[arg(long)]
    pub(crate) node: Option<String>,
    /// Output format: YAML for people, or JSON.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ShellArguments {
    /// `node-1`, `master`, or `<run>/node-1` where several runs have such a node.
    pub(crate) node: String,
    /// A command instead of an interactive shell.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// `node-1`, `nailgun`, `nginx`, `rsync`; all if left out.
    pub(crate) container: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImagesArguments {
    /// Targets of the Dockerfile; all if left out.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Also print the output of the build steps.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GcArguments {
    /// Remove these runs and no others, whatever state they are in.
    #[arg(value_name = "RUN", conflicts_with_all = ["kept", "images"])]
    pub(crate) runs: Vec<String>,
    /// Also remove all runs that were kept with `--keep`.
    #[arg(long)]
    pub(crate) kept: bool,
    /// Also remove the rig's images.
    #[arg(long)]
    pub(crate) images: bool,
    /// Output format.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Output format.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Which schema.
    #[arg(value_enum)]
    pub(crate) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Scenario files.
    Scenario,
    /// `report.json`.
    Report,
}
