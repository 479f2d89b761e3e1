//! `upload_files`: several files for several nodes.

use async_trait::async_trait;
use serde_json::Value;

use super::parameters::Parameters;
use super::upload::Upload;
use super::{Order, PrepareError, Site, Task, TaskFailure};

/// Files by node.
struct UploadFiles(Vec<(String, Vec<Upload>)>);

/// Reads the parameters.
pub(super) fn prepare(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    let defaults = &order.profile.upload;
    let timeout = order.parameters.seconds("timeout", defaults.timeout)?;
    let retries = order.parameters.count("retries", defaults.retries)?;
    // Astute reads `nodes` before it validates anything, so their absence ends the whole message.
    let nodes = order
        .parameters
        .get("nodes")
        .and_then(Value::as_array)
        .ok_or_else(|| PrepareError::Fatal(format!("Task '{}' has no list parameters.nodes", order.id)))?;
    let mut uploads = Vec::with_capacity(nodes.len());
    for node in nodes {
        let uid = match node.get("uid") {
            Some(Value::String(uid)) => uid.clone(),
            Some(Value::Number(uid)) => uid.to_string(),
            _ => {
                return Err(PrepareError::Invalid(
                    "Task validation error: an item of parameters.nodes has no uid".to_owned(),
                ));
            }
        };
        let files = node
            .get("files")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let mut files_of_node = Vec::with_capacity(files.len());
        for file in files {
            let file = Parameters(file.as_object().ok_or_else(|| {
                PrepareError::Invalid(format!("Task validation error: a file of node {uid} is not an object"))
            })?);
            let mut upload = Upload::new(
                file.mandatory_text("dst")?,
                file.mandatory_text("data")?.as_bytes().to_vec(),
                file.permissions("permissions", 0o644)?,
                file.permissions("dir_permissions", 0o755)?,
            );
            upload.timeout = timeout;
            upload.retries = retries;
            files_of_node.push(upload);
        }
        uploads.push((uid, files_of_node));
    }
    Ok(Box::new(UploadFiles(uploads)))
}

#[async_trait]
impl Task for UploadFiles {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        let mut problems = Vec::new();
        for (uid, files) in &self.0 {
            let Some(node) = site.nodes.get(uid) else {
                problems.push(format!("no machine stands for node {uid}"));
                continue;
            };
            for file in files {
                match file.put(node.as_ref(), &site.attempts).await {
                    Ok(()) => {}
                    Err(gone @ TaskFailure::Gone(_)) => return Err(gone),
                    Err(failed) => {
                        // The rest of this node's files is not tried; other nodes get theirs.
                        problems.push(format!("node {uid}: {}: {failed}", file.file.path));
                        break;
                    }
                }
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(TaskFailure::Failed(problems.join("; ")))
        }
    }
}
