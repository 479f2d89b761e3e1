//! `upload_file`: a text from the message becomes a file.

use async_trait::async_trait;

use super::upload::Upload;
use super::{Order, PrepareError, Site, Task, TaskFailure};

/// A file to put on the task's node.
struct UploadFile(Upload);

/// Reads the parameters.
pub(super) fn prepare(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    let parameters = order.parameters;
    let defaults = &order.profile.upload;
    let path = parameters.mandatory_text("path")?;
    let data = parameters.mandatory_text("data")?;
    // MCollective's agent wants one line that is not empty.
    if data.lines().all(str::is_empty) {
        return Err(PrepareError::Invalid(
            "Task validation error: parameters.data is missing or empty".to_owned(),
        ));
    }
    let mut upload = Upload::new(
        path,
        data.as_bytes().to_vec(),
        parameters.permissions("permissions", 0o644)?,
        parameters.permissions("dir_permissions", 0o755)?,
    );
    upload.file.owner = parameters.text("user_owner", "root")?.to_owned();
    upload.file.group = parameters.text("group_owner", "root")?.to_owned();
    upload.timeout = parameters.seconds("timeout", defaults.timeout)?;
    upload.retries = parameters.count("retries", defaults.retries)?;
    upload.overwrite = parameters.flag("overwrite", true)?;
    upload.parents = parameters.flag("parents", true)?;
    Ok(Box::new(UploadFile(upload)))
}

#[async_trait]
impl Task for UploadFile {
    async fn run(&self, site: &Site) -> Result<(), TaskFailure> {
        self.0.put(site.node.as_ref(), &site.attempts).await
    }
}
