//! Names and versions of plugins. A plugin's directory is named after both, so they may not lead out of it.

use super::error::ApiError;

/// Checks that a directory can be named after a plugin.
///
/// # Errors
/// 400 that names what is wrong.
pub(super) fn check(name: &str, version: &str) -> Result<(), ApiError> {
    for (what, text, others) in [("name", name, "_-."), ("version", version, "_-.+~")] {
        let is_taken = |character: char| character.is_ascii_alphanumeric() || others.contains(character);
        if text.is_empty() || text.starts_with('.') || !text.chars().all(is_taken) {
            let shown: String = text.chars().take(100).collect();
            let characters: Vec<String> = others.chars().map(|character| format!("'{character}'")).collect();
            return Err(ApiError::bad_request(format!(
                "'{shown}' cannot be the {what} of a plugin: the plugin's directory has its name; use letters, digits \
                 and {}, and no '.' at the beginning",
                characters.join(", ")
            )));
        }
    }
    Ok(())
}
