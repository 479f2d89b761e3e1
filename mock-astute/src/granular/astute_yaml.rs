//! The node's facts of this engine: `/etc/<role>.yaml` for each role, and the link `/etc/astute.yaml` to one of them.

use std::time::Duration;

use crate::granular::message::NodeRole;
use crate::node::{Command, FileUpload, Node};
use crate::task::TaskFailure;

/// What Puppet reads.
const LINK: &str = "/etc/astute.yaml";
/// How long a file or a link may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Writes the role's file.
pub(crate) async fn upload(node: &dyn Node, role: &NodeRole) -> Result<(), TaskFailure> {
    let file = FileUpload {
        path: path(role),
        content: plugin_builder::yaml::to_text(&role.info).into_bytes(),
        mode: 0o600,
        directory_mode: 0o755,
        owner: "root".to_owned(),
        group: "root".to_owned(),
    };
    crate::task::write(node, file, TIMEOUT).await
}

/// Makes the role's file the one that Puppet reads.
pub(crate) async fn point_to(node: &dyn Node, role: &NodeRole) -> Result<(), TaskFailure> {
    let target = path(role);
    let output = node.run(Command::new(["ln", "-sfn", &target, LINK], TIMEOUT)).await?;
    if output.exit_code == 0 {
        return Ok(());
    }
    Err(TaskFailure::Failed(format!(
        "{LINK} cannot be pointed to {target}: {}",
        output.stderr.trim()
    )))
}

fn path(role: &NodeRole) -> String {
    format!("/etc/{}.yaml", role.role)
}
