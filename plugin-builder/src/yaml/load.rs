//! Reading a file or a text.

use camino::Utf8Path;

use super::construct::construct;
use super::error::{YamlError, YamlErrorKind};
use super::graph::compose;
use super::limits::MAXIMUM_SIZE;
use super::node::{Node, Span, Yaml};
use super::problem::Outcome;

/// Reads a YAML file.
///
/// # Errors
/// If the file cannot be read or is no YAML that PyYAML would read; see [`YamlErrorKind`].
pub fn load(path: &Utf8Path) -> Result<Node, YamlError> {
    let text = fs_err::read(path).map_err(|error| YamlError::new(path, None, error.into()))?;
    parse(&text, path)
}

/// Reads YAML text; `name` is the file that errors name. Nothing but comments is null.
///
/// # Errors
/// If the text is no YAML that PyYAML would read; see [`YamlErrorKind`].
pub fn parse(text: &[u8], name: &Utf8Path) -> Result<Node, YamlError> {
    if text.len() > MAXIMUM_SIZE {
        let kind = YamlErrorKind::Limit {
            what: "too many bytes",
            limit: MAXIMUM_SIZE,
        };
        return Err(YamlError::new(name, None, kind));
    }
    document(text).map_err(|problem| problem.into_error(name))
}

fn document(text: &[u8]) -> Outcome<Node> {
    match compose(text)? {
        (graph, Some(root)) => construct(graph, root),
        (_, None) => Ok(Node::new(Yaml::Null, Span { line: 1, column: 1 })),
    }
}
