//! `fpb unpack` and `fpb info`.

use camino::Utf8Path;
use serde_json::{Value, json};

use super::Streams;
use super::answer::{Kind, Refusal, named, print_json};
use super::arguments::{Format, InfoArguments, Output, UnpackArguments};
use crate::package::{Limits, PackageContents, PackageKind, UnpackError, describe, unpack_within};

pub(super) fn unpack_one(arguments: &UnpackArguments, streams: &mut Streams<'_>) -> i32 {
    let Output { format, quiet } = arguments.output;
    match unpack_within(&arguments.package, &arguments.destination, &limits(arguments.no_limits)) {
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
        let result = describe(package, &limits(arguments.no_limits)).map_err(|error| refusal(package, &error));
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

fn limits(none: bool) -> Limits {
    if none { Limits::none() } else { Limits::default() }
}

fn document(package: &Utf8Path, contents: &PackageContents) -> Value {
    let mut document = json!(contents);
    if let Some(document) = document.as_object_mut() {
        document.insert("package".to_owned(), json!(package));
        document.insert("plugin".to_owned(), json!(contents.name));
    }
    document
}

fn print(contents: &PackageContents, streams: &mut Streams<'_>) {
    let kind = match contents.kind {
        PackageKind::Fp => "fp",
        PackageKind::Rpm => "rpm",
    };
    let releases = contents.releases.iter();
    let releases: Vec<String> = releases
        .map(|release| format!("{} {}", release.os, release.version).trim().to_owned())
        .collect();
    let list = |words: &[String]| match words {
        [] => "none".to_owned(),
        words => words.join(", "),
    };
    for (what, text) in [
        ("plugin", contents.name.clone()),
        ("version", contents.version.clone()),
        ("title", contents.title.clone()),
        ("package version", contents.package_version.clone()),
        ("directory", contents.directory.clone()),
        ("kind", kind.to_owned()),
        ("releases", list(&releases)),
        ("roles", list(&contents.roles)),
        ("tasks", list(&contents.tasks)),
        ("files", format!("{}, {} bytes", contents.files, contents.unpacked_size)),
        ("size", format!("{} bytes", contents.size)),
    ] {
        streams.out(&format!("{what}: {text}"));
    }
    for (name, digest) in &contents.digests {
        streams.out(&format!("{name}: {digest}"));
    }
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
