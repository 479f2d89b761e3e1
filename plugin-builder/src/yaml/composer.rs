//! From parser events to the document tree.

use std::collections::HashMap;

use camino::Utf8Path;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::error::{YamlError, YamlErrorKind};
use super::indentation::Reindented;
use super::mapping::Mapping;
use super::node::{Node, Span, Yaml};
use super::scalar::{Resolved, construct, resolve_plain};
use super::strictness::Strictness;

/// No plugin's YAML file comes near to this many bytes.
const MAXIMUM_SIZE: usize = 16 * 1024 * 1024;
/// Nesting, well below what the recursion over a tree could not bear.
const MAXIMUM_DEPTH: usize = 200;
/// Nodes after aliases are expanded: what stops a "billion laughs" document.
const MAXIMUM_NODES: usize = 1_000_000;

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
    let fail = |kind| YamlError::new(name, None, kind);
    if text.len() > MAXIMUM_SIZE {
        return Err(fail(YamlErrorKind::Limit {
            what: "too many bytes",
            limit: MAXIMUM_SIZE,
        }));
    }
    let text = decode(text).ok_or_else(|| fail(YamlErrorKind::Encoding))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut text = Reindented::new(text);
    loop {
        match parse_text(&text.text(), name) {
            Ok(mut node) => {
                text.restore(&mut node);
                return Ok(node);
            }
            Err(error) if text.repair(&error) => {}
            Err(error) => return Err(text.restore_error(error)),
        }
    }
}

fn parse_text(text: &str, name: &Utf8Path) -> Result<Node, YamlError> {
    let mut strictness = Strictness::new(text);
    strictness.characters().map_err(|problem| problem.into_error(name))?;
    let mut composer = Composer::new(name);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let place = place(*error.marker());
            YamlError::new(name, Some(place), YamlErrorKind::Syntax(error.info().to_owned()))
        })?;
        strictness
            .event(&event, span)
            .map_err(|problem| problem.into_error(name))?;
        let event = without_added_line_break(event, span, text);
        composer.event(event, place(span.start))?;
    }
    strictness.finish().map_err(|problem| problem.into_error(name))?;
    Ok(composer
        .root
        .unwrap_or_else(|| Node::new(Yaml::Null, Span { line: 1, column: 1 })))
}

/// A block of text at the end of a file without a last line break has none for PyYAML either.
fn without_added_line_break<'a>(event: Event<'a>, span: saphyr_parser::Span, text: &str) -> Event<'a> {
    let last_line = text.rsplit('\n').next().unwrap_or_default().trim_start();
    let reaches_end = !last_line.is_empty() && span.end.line() > text.matches('\n').count();
    match event {
        Event::Scalar(content, style @ (ScalarStyle::Literal | ScalarStyle::Folded), anchor, tag) if reaches_end => {
            // A comment may stand in the last line instead.
            let content = match content.strip_suffix('\n') {
                Some(rest) if rest.ends_with(last_line) => rest.to_owned().into(),
                _ => content,
            };
            Event::Scalar(content, style, anchor, tag)
        }
        event => event,
    }
}

/// UTF-8, or UTF-16 with a byte order mark, as PyYAML takes it.
fn decode(text: &[u8]) -> Option<String> {
    let wide = |order: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units = rest
            .chunks_exact(2)
            .filter_map(|pair| Some(order(pair.try_into().ok()?)));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match text {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        _ => String::from_utf8(text.to_vec()).ok(),
    }
}

fn place(marker: saphyr_parser::Marker) -> Span {
    Span {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// A node on its way to its parent: its value, and what it costs with all below it.
struct Finished {
    resolved: Resolved,
    span: Span,
    nodes: usize,
}

enum Frame {
    Sequence {
        items: Vec<Node>,
        pairs: bool,
    },
    Mapping {
        entries: Vec<(Resolved, Span, Node)>,
        key: Option<(Resolved, Span)>,
    },
}

struct Open {
    frame: Frame,
    span: Span,
    anchor: usize,
    nodes: usize,
}

struct Composer<'a> {
    name: &'a Utf8Path,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

impl<'a> Composer<'a> {
    fn new(name: &'a Utf8Path) -> Self {
        Self {
            name,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            documents: 0,
            root: None,
        }
    }

    fn error(&self, span: Span, kind: YamlErrorKind) -> YamlError {
        YamlError::new(self.name, Some(span), kind)
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.error(span, YamlErrorKind::SecondDocument));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::SequenceStart(anchor, tag) => {
                let pairs = tag.as_deref().is_some_and(is_pairs);
                if !pairs {
                    self.collection_tag(tag.as_deref(), "seq", span)?;
                }
                self.push(
                    Frame::Sequence {
                        items: Vec::new(),
                        pairs,
                    },
                    anchor,
                    span,
                )
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", span)?;
                self.push(
                    Frame::Mapping {
                        entries: Vec::new(),
                        key: None,
                    },
                    anchor,
                    span,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.pop(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), YamlError> {
        let resolved = match tag {
            Some(tag) if !is_non_specific(tag) => construct(&tag_name(tag), text),
            None if style == ScalarStyle::Plain => resolve_plain(text),
            _ => Ok(Resolved::Value(Yaml::String(text.to_owned()))),
        }
        .map_err(|kind| self.error(span, kind))?;
        self.count(1, span)?;
        self.finish(
            Finished {
                resolved,
                span,
                nodes: 1,
            },
            anchor,
        )
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), YamlError> {
        let Some((node, nodes)) = self.anchors.get(&anchor) else {
            // The parser knows the anchor, so its value is still open: the alias is inside of it.
            return Err(self.error(span, YamlErrorKind::Recursion));
        };
        let (nodes, node_span) = (*nodes, node.span);
        let value = node.value.clone();
        self.count(nodes, span)?;
        self.finish(
            Finished {
                resolved: Resolved::Value(value),
                span: node_span,
                nodes,
            },
            0,
        )
    }

    fn collection_tag(&self, tag: Option<&Tag>, own: &str, span: Span) -> Result<(), YamlError> {
        let Some(tag) = tag else { return Ok(()) };
        let fits = is_non_specific(tag) || (tag.is_yaml_core_schema() && tag.suffix == own);
        if fits {
            Ok(())
        } else {
            Err(self.error(span, YamlErrorKind::Tag(tag_name(tag))))
        }
    }

    fn push(&mut self, frame: Frame, anchor: usize, span: Span) -> Result<(), YamlError> {
        if self.open.len() >= MAXIMUM_DEPTH {
            let kind = YamlErrorKind::Limit {
                what: "nested too deeply",
                limit: MAXIMUM_DEPTH,
            };
            return Err(self.error(span, kind));
        }
        self.count(1, span)?;
        self.open.push(Open {
            frame,
            span,
            anchor,
            nodes: 1,
        });
        Ok(())
    }

    fn pop(&mut self) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.frame {
            Frame::Sequence { items, pairs: false } => Yaml::Sequence(items),
            Frame::Sequence { items, pairs: true } => Yaml::Sequence(self.pairs(items)?),
            Frame::Mapping { entries, .. } => Yaml::Mapping(self.mapping(entries)?),
        };
        let finished = Finished {
            resolved: Resolved::Value(value),
            span: open.span,
            nodes: open.nodes,
        };
        self.finish(finished, open.anchor)
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAXIMUM_NODES {
            let kind = YamlErrorKind::Limit {
                what: "too many values after aliases",
                limit: MAXIMUM_NODES,
            };
            return Err(self.error(span, kind));
        }
        Ok(())
    }

    fn finish(&mut self, finished: Finished, anchor: usize) -> Result<(), YamlError> {
        let Finished { resolved, span, nodes } = finished;
        if anchor > 0
            && let Resolved::Value(value) = &resolved
        {
            self.anchors.insert(anchor, (Node::new(value.clone(), span), nodes));
        }
        let is_key = match self.open.last_mut() {
            Some(open) => {
                open.nodes += nodes;
                matches!(&open.frame, Frame::Mapping { key: None, .. })
            }
            None => false,
        };
        if is_key {
            if let Some(Open {
                frame: Frame::Mapping { key, .. },
                ..
            }) = self.open.last_mut()
            {
                *key = Some((resolved, span));
            }
            return Ok(());
        }
        let value = resolved.into_value().map_err(|kind| self.error(span, kind))?;
        let node = Node::new(value, span);
        match self.open.last_mut().map(|open| &mut open.frame) {
            None => self.root = Some(node),
            Some(Frame::Sequence { items, .. }) => items.push(node),
            Some(Frame::Mapping { entries, key }) => {
                if let Some((key, key_span)) = key.take() {
                    entries.push((key, key_span, node));
                }
            }
        }
        Ok(())
    }

    /// Puts merged entries (`<<`) first, so that the mapping's own keys override them.
    fn mapping(&self, entries: Vec<(Resolved, Span, Node)>) -> Result<Mapping, YamlError> {
        let mut merged = Vec::new();
        let mut own = Vec::new();
        for (key, span, value) in entries {
            match key {
                Resolved::Merge => self.merge(&mut merged, value, span)?,
                Resolved::DefaultValue => own.push((Node::new(Yaml::String("=".to_owned()), span), value)),
                Resolved::Value(key) => own.push((self.key(key, span)?, value)),
            }
        }
        let mut mapping = Mapping::default();
        for (key, value) in merged {
            mapping.insert(key, value, false);
        }
        let inherited = mapping.len();
        let mut own_mapping = Mapping::default();
        for (key, value) in own {
            own_mapping.insert(key, value, true);
        }
        if inherited == 0 {
            return Ok(own_mapping);
        }
        mapping.absorb(own_mapping);
        Ok(mapping)
    }

    fn merge(&self, into: &mut Vec<(Node, Node)>, value: Node, span: Span) -> Result<(), YamlError> {
        match value.value {
            Yaml::Mapping(mapping) => into.extend(mapping.into_entries()),
            Yaml::Sequence(items) => {
                // The earlier mapping wins, so it comes last.
                for item in items.into_iter().rev() {
                    let Yaml::Mapping(mapping) = item.value else {
                        return Err(self.error(item.span, YamlErrorKind::Merge));
                    };
                    into.extend(mapping.into_entries());
                }
            }
            _ => return Err(self.error(span, YamlErrorKind::Merge)),
        }
        Ok(())
    }

    /// `!!pairs` and `!!omap`: each mapping of one key becomes a list of key and value.
    fn pairs(&self, items: Vec<Node>) -> Result<Vec<Node>, YamlError> {
        items
            .into_iter()
            .map(|item| {
                let span = item.span;
                let entries = match item.value {
                    Yaml::Mapping(mapping) => mapping.into_entries(),
                    _ => Vec::new(),
                };
                match <[(Node, Node); 1]>::try_from(entries) {
                    Ok([(key, value)]) => Ok(Node::new(Yaml::Sequence(vec![key, value]), span)),
                    Err(_) => {
                        let what = "each item of `!!pairs` is a mapping of one key";
                        Err(self.error(span, YamlErrorKind::Value(what.to_owned())))
                    }
                }
            })
            .collect()
    }

    fn key(&self, key: Yaml, span: Span) -> Result<Node, YamlError> {
        match key {
            Yaml::Sequence(_) => Err(self.error(span, YamlErrorKind::Key("list"))),
            Yaml::Mapping(_) => Err(self.error(span, YamlErrorKind::Key("mapping"))),
            key => Ok(Node::new(key, span)),
        }
    }
}

fn is_pairs(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "pairs" | "omap")
}

/// `!`: "take it as what it looks like", which for a scalar is text.
fn is_non_specific(tag: &Tag) -> bool {
    tag.handle.is_empty() && tag.suffix == "!"
}

fn tag_name(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}
