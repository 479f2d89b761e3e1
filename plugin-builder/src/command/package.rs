//! `fpb unpack` and `fpb info`.

use camino::Utf8Path;
use serde_json::{Value, json};

use super::Streams;
use super::answer::{Kind, Refusal, named, print_json};
use super::arguments::{Format, InfoArguments, Output, UnpackArguments};
use crate::package::{PackageInfo, PackageKind, UnpackError, inspect, unpack};

pub(super) fn unpack_one(arguments: &UnpackArguments, streams: &mut Streams<'_>) -> i32 {
    let Output { format, quiet } = arguments.output;
    match unpack(&arguments.package, &arguments.destination) {
        Ok(unpacked) => {
            match format {
                Format::Json => print_json(
                    &json!({"name": unpacked.name, "version": unpacked.version, "directory": unpacked.directory}),
                    streams,
                ),
                Format::Human if quiet => {}
                Format::Human => {
                    streams.out(&format!(
                        "{} {}: {}",
                        unpacked.name, unpacked.version, unpacked.directory
                    ));
                }
            }
            0
        }
        Err(error) => refusal(&arguments.package, &error).tell(format, streams),
    }
}

pub(super) fn describe_all(arguments: &InfoArguments, streams: &mut Streams<'_>) -> i32 {
    let Output { format, .. } = arguments.output;
    let packages = match named(&arguments.packages) {
        Ok(packages) => packages,
        Err(refusal) => return refusal.tell(format, streams),
    };
    let mut code = 0;
    let mut documents = Vec::new();
    for (position, package) in packages.iter().enumerate() {
        let result = inspect(package).map_err(|error| refusal(package, &error));
        if let Err(refusal) = &result {
            code = code.max(refusal.kind.exit_code());
        }
        match (format, result) {
            (Format::Json, Ok(info)) => documents.push(document(package, &info)),
            (Format::Json, Err(refusal)) => {
                documents.push(json!({"package": package, "error": refusal.to_json()}));
            }
            (Format::Human, Ok(info)) => {
                if position > 0 {
                    streams.out("");
                }
                print(&info, streams);
            }
            (Format::Human, Err(refusal)) => refusal.print(streams),
        }
    }
    if format == Format::Json {
        print_json(&json!({"packages": documents}), streams);
    }
    code
}

fn kind(info: &PackageInfo) -> &'static str {
    match info.kind {
        PackageKind::Fp => "fp",
        PackageKind::Rpm => "rpm",
    }
}

fn document(package: &Utf8Path, info: &PackageInfo) -> Value {
    json!({
        "package": package,
        "plugin": info.plugin_name,
        "version": info.version,
        "directory": info.name,
        "kind": kind(info),
    })
}

fn print(info: &PackageInfo, streams: &mut Streams<'_>) {
    streams.out(&format!("plugin: {}", info.plugin_name));
    streams.out(&format!("version: {}", info.version));
    streams.out(&format!("directory: {}", info.name));
    streams.out(&format!("kind: {}", kind(info)));
}

fn refusal(package: &Utf8Path, error: &UnpackError) -> Refusal {
    let kind = if matches!(error, UnpackError::Io(_)) {
        Kind::Infrastructure
    } else {
        Kind::Invalid
    };
    let refusal = Refusal::new(kind, error.to_string());
    if package.is_dir() {
        return refusal.helping(format!(
            "a directory is checked with `fpb check {package}`, built with `fpb build`"
        ));
    }
    refusal
}
