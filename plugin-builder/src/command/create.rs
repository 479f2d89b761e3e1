//! `fpb create`.

use camino::Utf8Path;
use serde_json::json;

use super::Streams;
use super::answer::{Kind, Refusal, print_json};
use super::arguments::{CreateArguments, Format, From, Output};
use crate::create::{CreateError, LATEST_PACKAGE_VERSION, Start, TROVE_PACKAGE_VERSION, create_from};

pub(super) fn run(arguments: &CreateArguments, streams: &mut Streams<'_>) -> i32 {
    let Output { format, quiet } = arguments.output;
    let (start, latest) = match arguments.from {
        From::Skeleton => (Start::Skeleton, LATEST_PACKAGE_VERSION),
        From::Trove => (Start::Trove, TROVE_PACKAGE_VERSION),
    };
    let path = &arguments.path;
    let package_version = arguments.package_version.as_deref().unwrap_or(latest);
    if let Err(error) = create_from(start, path, package_version) {
        return refusal(path, &error).tell(format, streams);
    }
    match format {
        Format::Json => print_json(&json!({"plugin": path, "package_version": package_version}), streams),
        Format::Human if quiet => {}
        Format::Human => streams.out(&format!("created {path} (package version {package_version})")),
    }
    0
}

fn refusal(path: &Utf8Path, error: &CreateError) -> Refusal {
    let kind = if matches!(error, CreateError::Io(_)) {
        Kind::Infrastructure
    } else {
        Kind::Invalid
    };
    let refusal = Refusal::new(kind, error.to_string());
    match error {
        CreateError::PackageVersion(_) => {
            let known: Vec<&str> = crate::check::Format::versions().collect();
            refusal.helping(format!("the package versions are {}", known.join(", ")))
        }
        CreateError::Name => refusal.helping(format!(
            "the path's last component is the name: `{}`",
            path.file_name().unwrap_or_default()
        )),
        CreateError::Exists(_) | CreateError::Start(_) | CreateError::Io(_) => refusal,
    }
}
