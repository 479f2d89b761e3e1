//! The subcommands' arguments.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::explain;
use crate::create::LATEST_PACKAGE_VERSION;
use crate::finding::Rule;

/// Creates, checks and builds Fuel plugins.
#[derive(Debug, Parser)]
#[command(
    name = "fpb",
    version,
    subcommand_required = true,
    after_help = "The original's options are there as well: fpb --create|--build|--check PATH (`fpb -h`).\n\
                  Exit codes: 0 done; 2 usage; 3 a plugin or package is invalid; 4 a file cannot be read or written."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Whatever prints a result takes these.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Output {
    /// Text for people, or one JSON document on standard output (errors too)
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

/// What a new plugin starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum From {
    /// The files that the original creates, and the manifest that their task names.
    Skeleton,
    /// Roles, settings, a Puppet module and a test scenario, as the reference plugin is laid out (version 4.0.0).
    Trove,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a plugin
    Create(CreateArguments),
    /// Check plugins: all findings, each with its place
    Check(CheckArguments),
    /// Explain findings by their codes: why they matter, on which Fuel version, how to fix them
    Explain(ExplainArguments),
    /// Build the packages of plugins
    Build(BuildArguments),
    /// Unpack a package as a master has it
    Unpack(UnpackArguments),
    /// Say what packages are
    Info(InfoArguments),
    /// Print the JSON Schema of a plugin's file, for editors
    Schema(SchemaArguments),
    /// Print a script that completes `fpb` in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The names of the subcommands; building clap's table of them takes longer than checking a plugin.
pub(super) const SUBCOMMANDS: &[&str] = &[
    "create",
    "check",
    "explain",
    "build",
    "unpack",
    "info",
    "schema",
    "completions",
    "help",
];

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// A path; its last component is the plugin's name
    pub(super) path: Utf8PathBuf,
    /// The version of the plugin format [default: 5.0.0, or 4.0.0 with --from trove]
    #[arg(long, value_name = "VERSION")]
    pub(super) package_version: Option<String>,
    /// What to start from
    #[arg(long, value_enum, default_value = "skeleton")]
    pub(super) from: From,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The plugins' directories; `-` reads them from standard input, one a line
    #[arg(required = true, value_name = "PLUGIN")]
    pub(super) plugins: Vec<Utf8PathBuf>,
    /// Warnings make a plugin invalid too
    #[arg(long)]
    pub(super) strict: bool,
    /// Leave out a warning or note that is deliberate, by its code; may be repeated
    #[arg(long, value_name = "CODE", value_parser = explain::allowable)]
    pub(super) allow: Vec<&'static str>,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Codes, as the findings show them
    #[arg(required_unless_present = "all", value_name = "CODE", value_parser = explain::find)]
    pub(super) codes: Vec<&'static Rule>,
    /// All of them, as one Markdown document
    #[arg(long, conflicts_with = "codes")]
    pub(super) all: bool,
}

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// The plugins' directories; `-` reads them from standard input, one a line
    #[arg(required = true, value_name = "PLUGIN")]
    pub(super) plugins: Vec<Utf8PathBuf>,
    /// Do not run the plugins' pre_build_hook
    #[arg(long)]
    pub(super) no_hook: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct UnpackArguments {
    /// A .rpm or .fp
    pub(super) package: Utf8PathBuf,
    /// The directory of plugins
    #[arg(default_value = ".")]
    pub(super) destination: Utf8PathBuf,
    /// Do not limit what the package may unpack to; for one that you trust
    #[arg(long)]
    pub(super) no_limits: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct InfoArguments {
    /// .rpm or .fp files; `-` reads them from standard input, one a line
    #[arg(required = true, value_name = "PACKAGE")]
    pub(super) packages: Vec<Utf8PathBuf>,
    /// Do not limit what the package may unpack to; for one that you trust
    #[arg(long)]
    pub(super) no_limits: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// The file, such as metadata.yaml; without it the schemas of all files, in one object
    pub(super) file: Option<String>,
    /// The version of the plugin format
    #[arg(long, value_name = "VERSION", default_value = LATEST_PACKAGE_VERSION)]
    pub(super) package_version: String,
    /// Write one file per schema, such as metadata.schema.json, into this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "file")]
    pub(super) output: Option<Utf8PathBuf>,
}
