//! Recorded exchanges: one JSON file each, `{"request": {method, path, body}, "response": {status, headers, body}}`, or
//! the bare body of an answer.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

/// What stands in a request for the document that a GET of the same address gives.
const WHOLE_DOCUMENT: &str = "<whole document as returned by GET>";

/// One recorded exchange.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    /// Its file's name without `.json`.
    pub(crate) name: String,
    /// How it was asked for; `None` where only a body was kept.
    pub(crate) request: Option<Request>,
    /// `None` where only a body was kept.
    pub(crate) status: Option<u16>,
    /// `None` where only a body was kept.
    pub(crate) content_type: Option<Option<String>>,
    /// What was answered.
    pub(crate) body: Value,
    /// Whether only the sections of plugins were kept of the settings.
    pub(crate) is_trimmed: bool,
}

/// How a recording was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// As it is sent; `None` for no body.
    pub(crate) body: Option<String>,
    /// Whether the settings in the body are what a GET gives at that moment.
    pub(crate) sends_whole_document: bool,
}

/// Where the recordings that the sessions were written for are.
pub(crate) fn default_folder() -> Utf8PathBuf {
    Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance"))
}

/// The folder of recordings: `FUELRIG_CONFORMANCE`, or the one beside the repository.
pub(crate) fn folder() -> Utf8PathBuf {
    std::env::var("FUELRIG_CONFORMANCE").map_or_else(|_| default_folder(), Utf8PathBuf::from)
}

/// The recordings of one Fuel version, by name, and what in the folder is none, with the reason. There are none where
/// there is no folder.
pub(crate) fn read_all(folder: &Utf8Path) -> (Vec<Recording>, Vec<String>) {
    let (mut recordings, mut problems) = (Vec::new(), Vec::new());
    let Ok(entries) = folder.read_dir_utf8() else {
        return (recordings, problems);
    };
    let mut paths: Vec<Utf8PathBuf> = entries.map(|entry| entry.unwrap().into_path()).collect();
    paths.sort();
    for path in paths {
        if is_other_file(&path) {
            continue;
        }
        match read(&path) {
            Ok(recording) => recordings.push(recording),
            Err(reason) => problems.push(format!("{path}: {reason}")),
        }
    }
    (recordings, problems)
}

/// Files in a folder of recordings that are none: a recording's name ends in `.json`.
pub(crate) fn other_files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.into_path()))
        .filter(|path| is_other_file(path))
        .collect()
}

fn is_other_file(path: &Utf8Path) -> bool {
    path.extension() != Some("json") && path.is_file()
}

fn read(path: &Utf8Path) -> Result<Recording, String> {
    if !path.is_file() {
        return Err("is a folder: recordings are files in the folder of their Fuel version".to_owned());
    }
    let name = path.file_stem().unwrap_or_default();
    let text = fs_err::read_to_string(path).map_err(|error| error.to_string())?;
    let document: Value = serde_json::from_str(&text).map_err(|error| format!("is no JSON: {error}"))?;
    parse(name, &document)
}

/// A recording from what its file holds.
pub(crate) fn parse(name: &str, document: &Value) -> Result<Recording, String> {
    let name = name.to_owned();
    let (Some(request), Some(response)) = (document.get("request"), document.get("response")) else {
        return Ok(Recording {
            name,
            request: None,
            status: None,
            content_type: None,
            body: document.clone(),
            is_trimmed: true,
        });
    };
    let body = match &request["body"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        body => Some(body.to_string()),
    };
    let text = |key: &str| {
        let text = request[key].as_str().map(str::to_owned);
        text.ok_or_else(|| format!("`request.{key}` is no text"))
    };
    let status = match &response["status"] {
        Value::Null => None,
        status => Some(
            status
                .as_u64()
                .and_then(|status| u16::try_from(status).ok())
                .ok_or_else(|| format!("`response.status` is {status}"))?,
        ),
    };
    Ok(Recording {
        name,
        request: Some(Request {
            method: text("method")?,
            path: text("path")?,
            body,
            sends_whole_document: request["body"]["editable"] == WHOLE_DOCUMENT,
        }),
        status,
        content_type: response
            .get("headers")
            .map(|headers| headers["Content-Type"].as_str().map(str::to_owned)),
        body: response["body"].clone(),
        is_trimmed: document.get("note").is_some(),
    })
}
