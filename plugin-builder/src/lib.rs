//! The Fuel plugin format: read, check, create, build and unpack plugins.
//!
//! A plugin is a directory of YAML files, scripts and package repositories. [`Plugin::load`] reads it,
//! [`check`] says what is wrong with it and where, [`build`] makes the package that a Fuel master
//! installs, [`inspect`] and [`unpack`] read such a package. [`run_fpb`] is the `fpb` command.

mod build;
mod check;
mod command;
mod create;
pub mod expression;
mod finding;
pub mod fuel;
mod hook;
mod javascript;
mod metadata;
mod package;
mod plugin;
mod python;
mod regex_dialect;
mod repository;
mod rpm_metadata;
mod suggestion;
mod tree;
pub mod yaml;

pub use build::{BuildError, BuildOptions, BuildProgress, Built, build};
pub use check::check;
pub use command::{run_fpb, run_fpb_process};
pub use create::{CreateError, LATEST_PACKAGE_VERSION, Start, create, create_from};
pub use finding::{Finding, Header, Place, Related, Rendering, Report, Rule, Severity};
pub use hook::{HOOK_FILE, HookError, HookRunner, HostHook};
pub use metadata::{Metadata, Release};
pub use package::{
    Limits, PackageContents, PackageInfo, PackageKind, UnpackError, Unpacked, describe, inspect, unpack, unpack_within,
};
pub use plugin::{LoadError, Plugin};
pub use python::{RegexError, RegexSearch};
pub use suggestion::nearest;
