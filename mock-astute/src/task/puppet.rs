//! `puppet`: a manifest is applied.

use async_trait::async_trait;

use super::{Order, PrepareError, Site, Task, TaskFailure};
use crate::puppet::PuppetJob;

/// A manifest to apply.
struct Puppet(PuppetJob);

/// Reads the parameters.
pub(super) fn prepare(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    let parameters = order.parameters;
    let defaults = &order.profile.puppet;
    let noop = order.noop || parameters.flag("puppet_noop_run", false)?;
    Ok(Box::new(Puppet(PuppetJob {
        manifest: parameters.mandatory_text("puppet_manifest")?.to_owned(),
        modules: parameters.text("puppet_modules", defaults.modules)?.to_owned(),
        cwd: parameters.text("cwd", "/")?.to_owned(),
        command_prefix: parameters
            .text("command_prefix", "")?
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        timeout: parameters.seconds("timeout", defaults.timeout)?,
        retries: parameters.count("retries", defaults.retries)?,
        succeed_retries: parameters.count("succeed_retries", 0)?,
        debug: parameters.flag("debug", false)?,
        noop,
        raw_report: parameters.flag("raw_report", false)?,
        shows_exec_output: false,
    })))
}

#[async_trait]
impl Task for Puppet {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        self.0.run(site).await
    }
}
