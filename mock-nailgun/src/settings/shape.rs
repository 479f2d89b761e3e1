//! What sections of a request look like, before anything is read from them.

use serde_json::{Map, Value};

/// Checks that every section is a mapping, and that what says which plugins are on can be read. What is left out is
/// nobody's fault: Nailgun takes a section without it.
///
/// # Errors
/// The first place that is wrong.
pub(crate) fn check_shapes(sections: &Map<String, Value>) -> Result<(), String> {
    for (name, section) in sections {
        let Some(fields) = section.as_object() else {
            return Err(format!("Section '{name}' is {section}; it must be a mapping of fields"));
        };
        let Some(metadata) = fields.get("metadata") else {
            continue;
        };
        let metadata = metadata
            .as_object()
            .ok_or_else(|| format!("Section '{name}': `metadata` is {metadata}; it must be a mapping"))?;
        check_metadata(metadata).map_err(|problem| format!("Section '{name}': {problem}"))?;
    }
    Ok(())
}

fn check_metadata(metadata: &Map<String, Value>) -> Result<(), String> {
    for name in ["enabled", "default"] {
        if let Some(value) = metadata.get(name).filter(|value| !value.is_boolean()) {
            return Err(format!("`metadata.{name}` is {value}; it must be true or false"));
        }
    }
    if let Some(chosen) = metadata.get("chosen_id").filter(|id| !id.is_null() && !id.is_i64()) {
        return Err(format!(
            "`metadata.chosen_id` is {chosen}; it must be the number of a plugin"
        ));
    }
    let Some(versions) = metadata.get("versions") else {
        return Ok(());
    };
    let versions = versions
        .as_array()
        .ok_or_else(|| format!("`metadata.versions` is {versions}; it must be a list"))?;
    for (index, version) in versions.iter().enumerate() {
        if !version.is_object() {
            return Err(format!(
                "`metadata.versions[{index}]` is {version}; it must be a mapping of fields"
            ));
        }
        let id = &version["metadata"]["plugin_id"];
        if !id.is_i64() {
            return Err(format!(
                "`metadata.versions[{index}].metadata.plugin_id` is {id}; it must be the number of a plugin"
            ));
        }
    }
    Ok(())
}
