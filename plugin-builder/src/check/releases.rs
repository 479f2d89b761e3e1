//! Rules that tie metadata.yaml to the directory and to Fuel's versions.

use camino::Utf8Path;

use crate::check::files::File;
use crate::check::format::Format;
use crate::check::lint::{FUEL_VERSION, RELEASE_PATH};
use crate::check::version::StrictVersion;
use crate::finding::{Finding, Header, Report};
use crate::python::{repr, repr_text};
use crate::yaml::Node;

/// Each release's two directories must exist. A file or a dangling link will do, as with the original.
pub(crate) fn paths(directory: &Utf8Path, file: &File, report: &mut Report) {
    let Ok(tree) = &file.tree else { return };
    for release in tree.get("releases").and_then(Node::as_sequence).unwrap_or_default() {
        if release.as_mapping().is_none() {
            continue;
        }
        let mut missing = Vec::new();
        let mut first = None;
        for key in ["deployment_scripts_path", "repository_path"] {
            let Some(value) = release.get(key) else {
                let finding = Finding::error(&RELEASE_PATH, Header::Unexpected, repr_text(key))
                    .saying(format!("the release lacks `{key}`"))
                    .helping(format!("add `{key}: …`, a directory of the plugin"));
                report.push(file.place(finding, release.span));
                break;
            };
            let Some(text) = value.as_str() else { continue };
            let path = directory.join(text);
            if fs_err::symlink_metadata(&path).is_err() {
                first = first.or(Some((key, text, value.span)));
                missing.push(path.to_string());
            }
        }
        if let Some((key, text, span)) = first {
            let message = format!(
                "Cannot find directories {} for release \"{}\"",
                missing.join(", "),
                repr(release)
            );
            let finding = Finding::error(&RELEASE_PATH, Header::Unexpected, message)
                .saying(format!("`{key}`: there is no `{text}` in the plugin"))
                .helping(format!("create {}", missing.join(" and ")));
            report.push(file.place(finding, span));
        }
    }
}

/// Each Fuel version must know the package format.
pub(crate) fn compatibility(format: &Format, file: &File, report: &mut Report) {
    let Ok(tree) = &file.tree else { return };
    for value in tree.get("fuel_version").and_then(Node::as_sequence).unwrap_or_default() {
        let Some(text) = value.as_str() else { continue };
        let (package, minimum) = (format.version, format.minimum_fuel);
        let finding = match StrictVersion::parse(text) {
            None => Finding::error(
                &FUEL_VERSION,
                Header::Unexpected,
                format!("invalid version number '{text}'"),
            )
            .saying(format!("`{text}` is no version of Fuel"))
            .helping(format!("write a version like '{minimum}'")),
            Some(version) if StrictVersion::parse(minimum).is_some_and(|minimum| version < minimum) => {
                let message = format!(
                    "Current plugin format {package} is not compatible with {text} Fuel release. Fuel version must \
                     be {minimum} or higher. Please remove {text} version from metadata.yaml file or downgrade \
                     package_version."
                );
                Finding::error(&FUEL_VERSION, Header::Validation, message)
                    .saying(format!("Fuel {text} does not know package format {package}"))
                    .helping(format!("remove {text}; Fuel {minimum} is the first that knows it"))
            }
            Some(_) => continue,
        };
        report.push(file.place(finding, value.span));
    }
}
