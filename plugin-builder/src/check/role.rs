//! A task's role, format 4.0.0 and later.

use std::sync::LazyLock;

use crate::check::pattern::Pattern;
use crate::python::check_regex;

pub(crate) const NAME: &str = r"^[0-9a-zA-Z_-]+$|^\*$";
static NAME_PATTERN: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(NAME));

/// The original's message, if a role is neither a name, nor `*`, nor a regular expression in slashes.
pub(crate) fn check_role(role: &str) -> Result<(), String> {
    let refuse = |reason: String| {
        Err(format!(
            "Role field should be either a valid regexp enclosed by slashes or a string of '{NAME}' or an array \
             of those. Got '{role}' instead.{reason}"
        ))
    };
    if role.starts_with('/') && role.ends_with('/') {
        let inner = role
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'))
            .unwrap_or_default();
        return match check_regex(inner) {
            Ok(()) => Ok(()),
            Err(message) => refuse(format!("SRE error: \"{message}\"")),
        };
    }
    if NAME_PATTERN.is_match(role) {
        Ok(())
    } else {
        refuse(String::new())
    }
}
