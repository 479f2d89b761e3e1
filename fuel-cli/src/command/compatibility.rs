//! Whether a plugin is made for the Fuel that runs: the specification asks for that, the original never looked.

use serde_json::Value;

use super::session::{CommandError, Session};
use crate::model::Release;

/// Versions of Fuel that ship the same release of OpenStack, so that a plugin for one is a plugin for all of them; the
/// master of 9.2 itself says that it is 9.1.
const SERIES: &[&[&str]] = &[&["9.0", "9.1", "9.2"]];

/// Why the plugin of a package is not made for this master; nothing if it is.
pub(super) async fn mismatch(
    session: &Session<'_>,
    package: &str,
    metadata: &Value,
) -> Result<Option<String>, CommandError> {
    let running = session.client.version().await?["release"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let releases = session.client.releases().await?;
    let mut problems = Vec::new();
    let named = texts(&metadata["fuel_version"]);
    // Where nothing is named, nothing is promised, and nothing can be broken.
    if !named.is_empty() && !named.iter().any(|version| same_fuel(version, &running)) {
        problems.push(format!(
            "fuel_version: the plugin names {}; this master runs {running}",
            named.join(", ")
        ));
    }
    let entries: Vec<&Value> = metadata["releases"].as_array().into_iter().flatten().collect();
    let usable: Vec<&Release> = releases
        .iter()
        .filter(|release| release.state != "unavailable")
        .collect();
    let fits = |entry: &&Value| {
        // A plugin that brings a release of its own needs none of the master's.
        entry["is_release"] == true || usable.iter().any(|release| same_release(entry, release))
    };
    if !entries.iter().any(fits) {
        let of_plugin: Vec<String> = entries
            .iter()
            .map(|entry| {
                let text = |key: &str| entry[key].as_str().unwrap_or("(none)");
                format!("{} {}", text("os"), text("version"))
            })
            .collect();
        let of_master: Vec<String> = usable
            .iter()
            .map(|release| format!("{} {}", release.operating_system.to_lowercase(), release.version))
            .collect();
        problems.push(format!(
            "releases: the plugin names {}; this master has {}",
            or_none(&of_plugin),
            or_none(&of_master)
        ));
    }
    if problems.is_empty() {
        return Ok(None);
    }
    let text = |key: &str| metadata[key].as_str().unwrap_or_default();
    Ok(Some(format!(
        "{package}: plugin {} {} is not made for this Fuel\n  {}",
        text("name"),
        text("version"),
        problems.join("\n  ")
    )))
}

fn or_none(texts: &[String]) -> String {
    if texts.is_empty() {
        "none".to_owned()
    } else {
        texts.join(", ")
    }
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Whether a version of a plugin's `fuel_version` is the one that runs, or one of its series.
fn same_fuel(named: &str, running: &str) -> bool {
    let is_in = |series: &&&[&str], version: &str| series.contains(&version);
    major_minor(named) == major_minor(running)
        || SERIES
            .iter()
            .any(|series| is_in(&series, major_minor(named)) && is_in(&series, major_minor(running)))
}

/// `6.1` of `6.1.2` and of `6.1a3`.
fn major_minor(version: &str) -> &str {
    crate::registration::major_minor(version)
        .split(|character: char| character.is_ascii_alphabetic())
        .next()
        .unwrap_or(version)
}

/// Nailgun's rule: the same system, and each half of the version begins with the plugin's (facts 2.2).
fn same_release(entry: &Value, release: &Release) -> bool {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    let Some((left, right)) = text("version").split_once('-') else {
        return false;
    };
    let Some((release_left, release_right)) = release.version.split_once('-') else {
        return false;
    };
    text("os").eq_ignore_ascii_case(&release.operating_system)
        && release_left.starts_with(left)
        && release_right.starts_with(right)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("9.0", "9.1", true)]
    #[case("9.2", "9.1", true)]
    #[case("8.0", "8.0", true)]
    #[case("6.1.2", "6.1", true)]
    #[case("6.0", "6.1", false)]
    #[case("8.0", "9.1", false)]
    #[case("10.0", "9.1", false)]
    fn a_version_fits_if_it_is_the_running_one_or_of_its_series(
        #[case] named: &str,
        #[case] running: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(same_fuel(named, running), expected);
    }
}
