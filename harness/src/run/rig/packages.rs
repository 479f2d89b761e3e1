//! From the scenario's plugins to packages on the master.

use std::io::Read;
use std::sync::Arc;

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use super::Rig;
use crate::engine::{ContainerHook, HookOptions, Image, Images, Master, Target};
use crate::event::{InstalledPlugin, Phase, RunEvent};
use crate::run::RunError;
use crate::run::build::{self, Package};

impl Rig<'_> {
    pub(super) async fn packages(&self, images: &Images) -> Result<Vec<Package>, RunError> {
        let mut packages = Vec::new();
        for entry in &self.loaded.scenario.plugins {
            let path = self.loaded.plugin_path(&entry.path);
            if !path.exists() {
                return Err(RunError::Invalid(format!(
                    "{}: plugin `{path}` is not there\n  hint: `path` is relative to the scenario file",
                    self.loaded.file
                )));
            }
            if !path.is_dir() {
                packages.push(build::package(&path)?);
                continue;
            }
            let hook = self.hook(images)?;
            let events = self.events.clone();
            let built = tokio::task::spawn_blocking(move || build::build_plugin(&path, hook.as_ref(), &events))
                .await
                .map_err(|error| RunError::Defect(format!("building a plugin: {error}")))??;
            packages.push(built);
        }
        Ok(packages)
    }

    fn hook(&self, images: &Images) -> Result<Box<dyn plugin_builder::HookRunner + Send + Sync>, RunError> {
        if self.options.build_on_host {
            return Ok(Box::new(plugin_builder::HostHook));
        }
        let image = images
            .reference(&Image::Target(Target::Node))
            .map_err(|error| RunError::Infrastructure(error.to_string()))?;
        let events = self.events.clone();
        let output = Arc::new(move |line: &str| events.emit(RunEvent::Detail(Phase::Build, line.to_owned())));
        Ok(Box::new(ContainerHook::new(
            self.engine,
            self.run,
            HookOptions::new(image, output),
        )))
    }

    pub(super) async fn install(&self, master: &Master, packages: &[Package]) -> Result<(), RunError> {
        self.install_with(master, packages, &["fuel", "plugins", "--install"])
            .await
    }

    /// Installs packages of versions that are there already.
    pub(super) async fn install_over(&self, master: &Master, packages: &[Package]) -> Result<(), RunError> {
        self.install_with(master, packages, &["fuel", "plugins", "--force", "--install"])
            .await
    }

    async fn install_with(&self, master: &Master, packages: &[Package], command: &[&str]) -> Result<(), RunError> {
        for package in packages {
            let name = package.file.file_name().unwrap_or("plugin.rpm").to_owned();
            let copied = master
                .copy_in(&package.file)
                .await
                .map_err(|error| RunError::Infrastructure(error.to_string()))?;
            let output = master
                .exec(command.iter().copied().chain([copied.as_str()]))
                .await
                .map_err(|error| RunError::Infrastructure(error.to_string()))?;
            if output.exit_code != 0 {
                return Err(RunError::Invalid(format!(
                    "`{} {name}` failed with exit code {}\n{}{}",
                    command.join(" "),
                    output.exit_code,
                    output.stdout,
                    output.stderr
                )));
            }
            let (sha256, size) =
                digest(&package.file).map_err(|error| RunError::infrastructure("cannot read the package", error))?;
            self.events.emit(RunEvent::PluginInstalled(InstalledPlugin {
                name: package.name.clone(),
                version: package.version.clone(),
                package: name,
                sha256,
                size,
            }));
        }
        Ok(())
    }
}

fn digest(file: &Utf8Path) -> std::io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut file = fs_err::File::open(file)?;
    let mut size = 0;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
    let hex = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hex, size))
}
