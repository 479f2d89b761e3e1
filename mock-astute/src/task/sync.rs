//! `sync`: a directory is fetched with rsync, as a shell task.

use super::shell::Shell;
use super::{Order, PrepareError, Task};

/// Reads the parameters.
pub(super) fn prepare(order: &Order<'_>) -> Result<Box<dyn Task>, PrepareError> {
    let parameters = order.parameters;
    let defaults = &order.profile.sync;
    let destination = parameters.mandatory_text("dst")?;
    let source = parameters.mandatory_text("src")?;
    let command = format!(
        "mkdir -p {destination} && rsync {} {source} {destination}",
        defaults.options
    );
    Ok(Box::new(Shell::new(
        order,
        &command,
        "/",
        parameters.seconds("timeout", defaults.timeout)?,
        parameters.count("retries", defaults.retries)?,
    )))
}
