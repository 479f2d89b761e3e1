//! `shell` and `master_shell`: a command, wrapped into a manifest with one `exec` and run by Puppet.

use std::time::Duration;

use async_trait::async_trait;

use super::{Order, PrepareError, Site, Task, TaskFailure};
use crate::node::FileUpload;
use crate::puppet::PuppetJob;

/// Where wrapper scripts and manifests are kept on a node.
const MANIFESTS: &str = "/etc/puppet/shell_manifests";

/// A command to run.
pub(super) struct Shell {
    files: [FileUpload; 2],
    upload_timeout: Duration,
    job: PuppetJob,
}

/// Reads the parameters.
pub(super) fn prepare(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    let parameters = order.parameters;
    let defaults = &order.profile.shell;
    // `interval` is accepted and not used: this engine retries at once.
    Ok(Box::new(Shell::new(
        order,
        parameters.mandatory_text("cmd")?,
        parameters.text("cwd", "/")?,
        parameters.seconds("timeout", defaults.timeout)?,
        parameters.count("retries", defaults.retries)?,
    )))
}

impl Shell {
    /// A command in a directory.
    pub(super) fn new(order: &Order<'_>, command: &str, cwd: &str, timeout: Duration, retries: u32) -> Self {
        let script = format!("{MANIFESTS}/{}_command.sh", order.id);
        let manifest = format!("{MANIFESTS}/{}_manifest.pp", order.id);
        let executable = |path: &str, content: String| FileUpload {
            path: path.to_owned(),
            content: content.into_bytes(),
            mode: 0o755,
            directory_mode: 0o755,
            owner: "root".to_owned(),
            group: "root".to_owned(),
        };
        let exec_timeout = order.profile.shell.manifest_has_timeout.then_some(timeout);
        Self {
            files: [
                executable(&script, format!("#!/bin/bash\n\ncd {cwd} && {command}\n")),
                executable(&manifest, wrapper_manifest(order.id, &script, exec_timeout)),
            ],
            upload_timeout: order.profile.upload.timeout,
            job: PuppetJob {
                manifest,
                modules: order.profile.puppet.modules.to_owned(),
                cwd: MANIFESTS.to_owned(),
                command_prefix: Vec::new(),
                timeout,
                retries,
                succeed_retries: 0,
                debug: false,
                noop: order.noop,
                raw_report: false,
                shows_exec_output: true,
            },
        }
    }
}

#[async_trait]
impl Task for Shell {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        let write = |file: &FileUpload| super::upload::write(site.node.as_ref(), file.clone(), self.upload_timeout);
        let [script, manifest] = &self.files;
        tokio::try_join!(write(script), write(manifest))?;
        self.job.run(site).await
    }
}

/// The manifest that runs the script: an `exec` that only exit code 0 satisfies.
fn wrapper_manifest(task: &str, script: &str, timeout: Option<Duration>) -> String {
    let task = escape(task);
    let command = escape(&format!("/bin/bash \"{script}\""));
    let timeout = timeout.map_or_else(String::new, |timeout| {
        format!("  timeout   => {},\n", timeout.as_secs())
    });
    format!(
        "notice('MODULAR: {task}')\n\
         \n\
         exec {{ '{task}_shell':\n  \
           path      => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',\n  \
           command   => '{command}',\n  \
           logoutput => true,\n\
         {timeout}}}\n"
    )
}

/// For a Puppet text in single quotes.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrapper_manifest_is_one_exec_of_the_script() {
        assert_eq!(
            wrapper_manifest(
                "it's",
                "/etc/puppet/shell_manifests/it's_command.sh",
                Some(Duration::from_secs(42))
            ),
            r#"notice('MODULAR: it\'s')

exec { 'it\'s_shell':
  path      => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  command   => '/bin/bash "/etc/puppet/shell_manifests/it\'s_command.sh"',
  logoutput => true,
  timeout   => 42,
}
"#
        );
    }
}
