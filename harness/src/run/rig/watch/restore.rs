//! Nodes as they were at a boundary, with the plugins' files as they are now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use mock_astute::{Command, Node as _};
use serde_json::Value;

use super::{Session, engine_error};
use crate::capture::State;
use crate::checkpoint::Sources;
use crate::engine::TargetNode;
use crate::event::{Events, Phase};
use crate::run::RunError;
use crate::run::environment::refused;
use crate::run::rig::{Rig, as_nodes};

/// Brings a directory of a plugin up to date, as the core's task `plugins_rsync` does: $1 is the source, $2 the directory.
/// A node that has none yet gets it from that task. By content, since a file that was written anew within a second may
/// have its old size and time.
const BRING: &str = r#"
[ -d "$2" ] || exit 0
exec rsync --recursive --links --perms --times --checksum "$1" "$2"
"#;

/// How long bringing a plugin's files may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Nodes that stand at a boundary.
pub(super) struct Restored {
    pub(super) boundary: usize,
    pub(super) nodes: BTreeMap<String, Arc<TargetNode>>,
    /// How they look.
    pub(super) states: BTreeMap<String, State>,
    /// The plugins' files that each may have of an earlier time.
    scripts: BTreeMap<String, Arc<BTreeSet<String>>>,
}

impl Session<'_> {
    /// Replaces all nodes by new ones from what was kept at a boundary, and looks at them.
    pub(super) async fn restore(
        &self,
        rig: &Rig<'_>,
        boundary: usize,
        old: &BTreeMap<String, Arc<TargetNode>>,
    ) -> Result<Restored, RunError> {
        rig.phase(Phase::Restore, async {
            let kept = self.kept.lock().await.at(boundary);
            let starts = kept.iter().map(|(uid, state)| async move {
                if let Some(node) = old.get(uid) {
                    node.remove().await.map_err(engine_error)?;
                }
                let started = state.checkpoint.start(rig.engine, rig.run, &self.ready.networks).await;
                let node = started.map_err(engine_error)?;
                if let Some(hosts) = &state.hosts {
                    write_hosts(&node, hosts).await?;
                }
                Ok::<_, RunError>((uid.clone(), Arc::new(node)))
            });
            let nodes: BTreeMap<String, Arc<TargetNode>> = try_join_all(starts).await?.into_iter().collect();
            // Files of the image that they were started from first have not moved, so this reads only what is newer.
            let states = rig
                .look(
                    &Events::new(),
                    &self.ready.environment,
                    &as_nodes(&nodes),
                    Some(&self.start),
                )
                .await?;
            let scripts = kept.into_iter().map(|(uid, state)| (uid, state.scripts)).collect();
            Ok(Restored {
                boundary,
                nodes,
                states,
                scripts,
            })
        })
        .await
    }

    /// Gives restored nodes the plugins' files that the master has now, and takes away those that it has no more.
    pub(super) async fn bring_scripts(&self, restored: &Restored, sources: &Sources) -> Result<(), RunError> {
        let now = sources.scripts();
        let info = self
            .ready
            .client
            .deployment_info(self.ready.environment.id)
            .await
            .map_err(|error| refused("cannot read the deployment info", &error))?;
        let directories = |uid: &str| -> Vec<(String, String)> {
            let own = info.iter().find(|element| element["uid"] == uid);
            let plugins = own.and_then(|own| own["plugins"].as_array()).into_iter().flatten();
            let scripts = plugins.filter_map(|plugin| plugin["scripts"].as_array()).flatten();
            let text = |value: &Value| value.as_str().map(str::to_owned);
            scripts
                .filter_map(|script| Some((text(&script["remote_url"])?, text(&script["local_path"])?)))
                .collect()
        };
        let brings = restored.nodes.iter().map(|(uid, node)| {
            let old = restored.scripts.get(uid).cloned().unwrap_or_default();
            let gone: Vec<String> = old
                .iter()
                .filter(|path| !now.files.contains_key(*path))
                .cloned()
                .collect();
            let directories = directories(uid);
            async move {
                let mut commands: Vec<Vec<String>> = Vec::new();
                if !gone.is_empty() {
                    let mut command = ["rm", "-f", "--"].map(str::to_owned).to_vec();
                    command.extend(gone);
                    commands.push(command);
                }
                for (source, directory) in &directories {
                    commands.push(["sh", "-c", BRING, "sh", source, directory].map(str::to_owned).to_vec());
                }
                for argv in commands {
                    let output = node
                        .run(Command::new(argv, PATIENCE))
                        .await
                        .map_err(|error| RunError::Infrastructure(error.to_string()))?;
                    if output.exit_code != 0 {
                        return Err(RunError::Infrastructure(format!(
                            "{}: the plugins' files cannot be brought: exit code {}\n{}{}",
                            node.name(),
                            output.exit_code,
                            output.stdout,
                            output.stderr
                        )));
                    }
                }
                Ok(())
            }
        });
        try_join_all(brings).await.map(drop)
    }
}

/// Writes `/etc/hosts`, in place: the engine has mounted it.
async fn write_hosts(node: &TargetNode, hosts: &str) -> Result<(), RunError> {
    let argv = ["sh", "-c", r#"printf %s "$1" >/etc/hosts"#, "sh", hosts];
    let output = node
        .run(Command::new(argv, PATIENCE))
        .await
        .map_err(|error| RunError::Infrastructure(error.to_string()))?;
    if output.exit_code == 0 {
        return Ok(());
    }
    Err(RunError::Infrastructure(format!(
        "{}: /etc/hosts cannot be written: {}",
        node.name(),
        output.stderr.trim()
    )))
}
