//! `fpb create`.

use serde_json::json;

use super::Streams;
use super::answer::{Kind, Refusal, print_json};
use super::arguments::{CreateArguments, Format, Output};
use crate::create::{CreateError, create};

pub(super) fn run(arguments: &CreateArguments, streams: &mut Streams<'_>) -> i32 {
    let Output { format, quiet } = arguments.output;
    let CreateArguments {
        path, package_version, ..
    } = arguments;
    if let Err(error) = create(path, package_version) {
        return refusal(&error).tell(format, streams);
    }
    match format {
        Format::Json => print_json(&json!({"plugin": path, "package_version": package_version}), streams),
        Format::Human if quiet => {}
        Format::Human => streams.out(&format!("created {path} (package version {package_version})")),
    }
    0
}

fn refusal(error: &CreateError) -> Refusal {
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
        _ => refusal,
    }
}
