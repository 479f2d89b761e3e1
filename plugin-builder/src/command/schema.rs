//! `fpb schema`.

use camino::Utf8Path;
use serde_json::{Map, Value};

use super::Streams;
use super::answer::{Kind, Refusal, print_json};
use super::arguments::SchemaArguments;
use crate::check::{Format, json_schema, schema_files};

pub(super) fn run(arguments: &SchemaArguments, streams: &mut Streams<'_>) -> i32 {
    match schemas(arguments) {
        Ok(Some(document)) => {
            print_json(&document, streams);
            0
        }
        Ok(None) => 0,
        Err(refusal) => refusal.tell(super::arguments::Format::Human, streams),
    }
}

/// The document to print, if it is not written to files.
fn schemas(arguments: &SchemaArguments) -> Result<Option<Value>, Refusal> {
    let version = &arguments.package_version;
    let Some(format) = Format::find(version) else {
        let known: Vec<&str> = Format::versions().collect();
        return Err(
            Refusal::new(Kind::Usage, format!("there is no package version `{version}`"))
                .helping(format!("the package versions are {}", known.join(", "))),
        );
    };
    let files = schema_files(format);
    if let Some(file) = &arguments.file {
        // The file's path may be given as well, and `metadata` is enough.
        let name = Utf8Path::new(file).file_stem().unwrap_or_default();
        let found = files.iter().find(|known| known.strip_suffix(".yaml") == Some(name));
        let schema = found.and_then(|known| json_schema(format, known));
        return schema.map(Some).ok_or_else(|| {
            Refusal::new(Kind::Usage, format!("package version {version} knows no file `{file}`"))
                .helping(format!("its files are {}", files.join(", ")))
        });
    }
    let all: Map<String, Value> = files
        .iter()
        .filter_map(|file| Some(((*file).to_owned(), json_schema(format, file)?)))
        .collect();
    let Some(directory) = &arguments.output else {
        return Ok(Some(Value::Object(all)));
    };
    let fail = |error: std::io::Error| Refusal::new(Kind::Infrastructure, error.to_string());
    fs_err::create_dir_all(directory).map_err(fail)?;
    for (file, schema) in &all {
        let name = file.replace(".yaml", ".schema.json");
        fs_err::write(directory.join(name), format!("{schema:#}\n")).map_err(fail)?;
    }
    Ok(None)
}
