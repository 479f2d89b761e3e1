//! `copy_files`: files of the master are put on the node.

use async_trait::async_trait;
use serde_json::Value;

use super::parameters::Parameters;
use super::upload::Upload;
use super::{Order, PrepareError, Site, Task, TaskFailure};
use crate::message::MASTER;

/// One file to copy.
struct Copy {
    source: String,
    destination: String,
    permissions: u32,
    directory_permissions: u32,
}

/// Files to copy.
struct CopyFiles(Vec<Copy>);

/// Reads the parameters.
pub(super) fn prepare(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    let parameters = order.parameters;
    // Astute reads `files` before it validates anything, so their absence ends the whole message.
    let files = parameters
        .get("files")
        .and_then(Value::as_array)
        .ok_or_else(|| PrepareError::Fatal(format!("Task '{}' has no list parameters.files", order.id)))?;
    let permissions = parameters.permissions("permissions", 0o644)?;
    let directory_permissions = parameters.permissions("dir_permissions", 0o755)?;
    let copies = files
        .iter()
        .map(|file| {
            let file = Parameters(file.as_object().ok_or_else(|| {
                PrepareError::Invalid("Task validation error: an item of parameters.files is not an object".to_owned())
            })?);
            Ok(Copy {
                source: file.mandatory_text("src")?.to_owned(),
                destination: file.mandatory_text("dst")?.to_owned(),
                permissions: file.permissions("permissions", permissions)?,
                directory_permissions: file.permissions("dir_permissions", directory_permissions)?,
            })
        })
        .collect::<Result<Vec<_>, PrepareError>>()?;
    Ok(Box::new(CopyFiles(copies)))
}

#[async_trait]
impl Task for CopyFiles {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        let Some(master) = site.nodes.get(MASTER) else {
            return Err(TaskFailure::Failed(
                "files of the master cannot be read: no machine stands for node master".to_owned(),
            ));
        };
        for copy in &self.0 {
            let Some(content) = master.read_file(&copy.source).await? else {
                return Err(TaskFailure::Failed(format!(
                    "{}: there is no such regular file on the master",
                    copy.source
                )));
            };
            // Astute copies once, without retries.
            Upload::new(&copy.destination, content, copy.permissions, copy.directory_permissions)
                .put(site.node.as_ref(), &site.attempts)
                .await?;
        }
        Ok(())
    }
}
