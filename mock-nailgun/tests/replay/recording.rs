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

/// The folder of recordings: `FUELRIG_CONFORMANCE`, or the one beside the repository.
pub(crate) fn folder() -> Utf8PathBuf {
    std::env::var("FUELRIG_CONFORMANCE").map_or_else(
        |_| Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")),
        Utf8PathBuf::from,
    )
}

/// The recordings of one Fuel version, by name.
pub(crate) fn read_all(folder: &Utf8Path) -> Vec<Recording> {
    let mut recordings: Vec<Recording> = folder
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension() == Some("json"))
        .map(|path| read(&path))
        .collect();
    recordings.sort_by(|left, right| left.name.cmp(&right.name));
    recordings
}

fn read(path: &Utf8Path) -> Recording {
    let name = path.file_stem().unwrap().to_owned();
    let document: Value = serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
    let (Some(request), Some(response)) = (document.get("request"), document.get("response")) else {
        return Recording {
            name,
            request: None,
            status: None,
            content_type: None,
            body: document,
            is_trimmed: true,
        };
    };
    let body = match &request["body"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        body => Some(body.to_string()),
    };
    Recording {
        name,
        request: Some(Request {
            method: request["method"].as_str().unwrap().to_owned(),
            path: request["path"].as_str().unwrap().to_owned(),
            body,
            sends_whole_document: request["body"]["editable"] == WHOLE_DOCUMENT,
        }),
        status: response["status"].as_u64().map(|status| u16::try_from(status).unwrap()),
        content_type: Some(response["headers"]["Content-Type"].as_str().map(str::to_owned)),
        body: response["body"].clone(),
        is_trimmed: document.get("note").is_some(),
    }
}
