//! Registering a plugin that lies on the master's disk, as fuelclient does.

use serde_json::Value;

use crate::client::Client;
use crate::error::ClientError;
use crate::settings::compare;

/// Why a plugin was not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// It is registered already, and nothing forces the matter.
    #[error("Nothing to do: {title}, version {package_version}, does not update installed plugin.")]
    NothingToDo {
        /// The plugin's title.
        title: String,
        /// The version of its format: fuelclient prints that one.
        package_version: String,
    },
    /// A call failed.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Registers a plugin by its metadata.yaml, which is sent as a whole; gives Nailgun's object.
///
/// From format 2.0.0 on, a registered plugin of the same name and the same major.minor version is updated. Otherwise
/// it is created; one that is there already is overwritten only with `force`.
///
/// # Errors
/// [`RegistrationError::NothingToDo`] where it is there and nothing forces, else what the calls fail with.
pub async fn register(client: &Client, metadata: &Value, force: bool) -> Result<Value, RegistrationError> {
    let text = |key: &str| metadata[key].as_str().unwrap_or_default();
    if has_rpm_format(text("package_version")) {
        let same = client.plugins().await?.into_iter().find(|plugin| {
            plugin.name == text("name")
                && has_rpm_format(&plugin.package_version)
                && major_minor(&plugin.version) == major_minor(text("version"))
        });
        if let Some(plugin) = same {
            return Ok(client.put(&format!("plugins/{}", plugin.id), metadata).await?);
        }
    }
    match client.post("plugins/", metadata).await {
        Ok(created) => Ok(created),
        Err(ClientError::Refused {
            status: 409, message, ..
        }) if force => {
            // Nailgun puts the plugin that is there into the message, as JSON in a text.
            let id = serde_json::from_str::<Value>(&message)
                .ok()
                .and_then(|plugin| plugin["id"].as_u64())
                .ok_or_else(|| ClientError::Answer {
                    method: "POST",
                    url: "plugins/".to_owned(),
                    problem: format!("409 without the plugin's id: {message}"),
                })?;
            Ok(client.put(&format!("plugins/{id}"), metadata).await?)
        }
        Err(ClientError::Refused { status: 409, .. }) => Err(RegistrationError::NothingToDo {
            title: text("title").to_owned(),
            package_version: text("package_version").to_owned(),
        }),
        Err(error) => Err(error.into()),
    }
}

/// Whether plugins of this format come as RPMs.
pub(crate) fn has_rpm_format(package_version: &str) -> bool {
    compare(package_version, "2.0.0").is_ge()
}

/// `1.2` of `1.2.3`.
pub(crate) fn major_minor(version: &str) -> &str {
    match version.match_indices('.').nth(1) {
        Some((end, _)) => &version[..end],
        None => version,
    }
}
