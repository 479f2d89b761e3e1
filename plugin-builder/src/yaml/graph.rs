//! A document as nodes that aliases share.

use std::collections::HashMap;

use super::characters::Mark;
use super::error::YamlErrorKind;
use super::event::{Event, EventKind, Properties, Style};
use super::implicit::implied;
use super::limits::{MAXIMUM_DEPTH, MAXIMUM_NODES};
use super::parser::Parser;
use super::problem::{Outcome, Problem};
use super::tag::Tag;

/// A node's number in its graph.
pub(super) type Id = usize;

/// A key and its value.
pub(super) type Entry = (Id, Id);

#[derive(Debug)]
pub(super) enum Content {
    Scalar(String),
    Sequence(Vec<Id>),
    Mapping(Vec<Entry>),
}

impl Content {
    /// PyYAML's name for it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "scalar",
            Self::Sequence(_) => "sequence",
            Self::Mapping(_) => "mapping",
        }
    }
}

#[derive(Debug)]
pub(super) struct GraphNode {
    pub(super) tag: Tag,
    pub(super) content: Content,
    pub(super) mark: Mark,
    /// How many levels of collections it holds, itself included; unknown while it is open.
    height: Option<usize>,
    /// How many entries of a mapping were merged into it, once its merge keys are resolved.
    /// How many entries of a mapping were merged into it, once its merge keys are resolved.
    pub(super) flattened: Option<usize>,
}

/// A document's nodes.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<GraphNode>,
    /// What is wrong with a text that is otherwise right.
    pub(super) half_character: Option<Box<Problem>>,
}

impl Graph {
    pub(super) fn node(&self, id: Id) -> Option<&GraphNode> {
        self.nodes.get(id)
    }

    pub(super) fn node_mut(&mut self, id: Id) -> Option<&mut GraphNode> {
        self.nodes.get_mut(id)
    }

    pub(super) fn mark(&self, id: Id) -> Mark {
        self.node(id).map(|node| node.mark).unwrap_or_default()
    }
}

/// Reads a stream that holds one document, or none.
pub(super) fn compose(text: &[u8]) -> Outcome<(Graph, Option<Id>)> {
    let mut composer = Composer {
        parser: Parser::new(text),
        graph: Graph::default(),
        anchors: HashMap::new(),
    };
    let start = composer.parser.next()?;
    if matches!(start.kind, EventKind::StreamEnd) {
        return Ok((composer.graph, None));
    }
    let event = composer.parser.next()?;
    let root = composer.node(event, 0)?;
    composer.parser.next()?;
    let next = composer.parser.next()?;
    if !matches!(next.kind, EventKind::StreamEnd) {
        let problem = Problem::syntax(
            "expected a single document in the stream",
            composer.graph.mark(root),
            "but found another document",
            next.start,
        );
        return Err(problem.of(YamlErrorKind::SecondDocument).helping("delete the `---`"));
    }
    composer.graph.half_character = composer.parser.take_half_character();
    Ok((composer.graph, Some(root)))
}

struct Composer {
    parser: Parser,
    graph: Graph,
    anchors: HashMap<String, Id>,
}

impl Composer {
    /// Reads the node that begins with an event.
    fn node(&mut self, event: Event, depth: usize) -> Outcome<Id> {
        let start = event.start;
        match event.kind {
            EventKind::Alias(name) => self.alias(&name, start, depth),
            EventKind::Scalar {
                properties,
                text,
                style,
            } => {
                let tag = match properties.tag.as_deref() {
                    // `!` asks for what the text looks like, even in quotes.
                    Some("!") => implied(&text),
                    Some(name) => Tag::named(name),
                    None if style == Style::Plain => implied(&text),
                    None => Tag::Text,
                };
                let id = self.open(&properties, tag, Content::Scalar(text), start)?;
                self.close(id, Content::Scalar(String::new()), 0);
                Ok(id)
            }
            EventKind::SequenceStart(properties) => self.sequence(&properties, start, depth),
            EventKind::MappingStart(properties) => self.mapping(&properties, start, depth),
            // The grammar has no other event where a node must be.
            _ => Err(Problem::syntax_at(None, "expected a value", start)),
        }
    }

    fn sequence(&mut self, properties: &Properties, start: Mark, depth: usize) -> Outcome<Id> {
        check_depth(depth + 1, start)?;
        let tag = collection_tag(properties, Tag::Sequence);
        let id = self.open(properties, tag, Content::Sequence(Vec::new()), start)?;
        let (mut items, mut height) = (Vec::new(), 0);
        loop {
            let event = self.parser.next()?;
            if matches!(event.kind, EventKind::SequenceEnd) {
                break;
            }
            let item = self.node(event, depth + 1)?;
            height = height.max(self.height(item));
            items.push(item);
        }
        self.close(id, Content::Sequence(items), height + 1);
        Ok(id)
    }

    fn mapping(&mut self, properties: &Properties, start: Mark, depth: usize) -> Outcome<Id> {
        check_depth(depth + 1, start)?;
        let tag = collection_tag(properties, Tag::Mapping);
        let id = self.open(properties, tag, Content::Mapping(Vec::new()), start)?;
        let (mut entries, mut height) = (Vec::new(), 0);
        loop {
            let event = self.parser.next()?;
            if matches!(event.kind, EventKind::MappingEnd) {
                break;
            }
            let key = self.node(event, depth + 1)?;
            let event = self.parser.next()?;
            let value = self.node(event, depth + 1)?;
            height = height.max(self.height(key)).max(self.height(value));
            entries.push((key, value));
        }
        self.close(id, Content::Mapping(entries), height + 1);
        Ok(id)
    }

    fn height(&self, id: Id) -> usize {
        self.graph.node(id).and_then(|node| node.height).unwrap_or_default()
    }

    fn alias(&self, name: &str, start: Mark, depth: usize) -> Outcome<Id> {
        let Some(&id) = self.anchors.get(name) else {
            let problem = Problem::syntax_at(None, format!("found undefined alias '{name}'"), start);
            return Err(problem.helping("write `&name` before the value that it means, or quote a text with a `*`"));
        };
        let Some(height) = self.graph.node(id).and_then(|node| node.height) else {
            return Err(Problem::ours(YamlErrorKind::Recursion, start));
        };
        check_depth(depth + height, start)?;
        Ok(id)
    }

    /// Adds a node, which an alias may name from now on.
    fn open(&mut self, properties: &Properties, tag: Tag, content: Content, mark: Mark) -> Outcome<Id> {
        let id = self.graph.nodes.len();
        if id >= MAXIMUM_NODES {
            return Err(Problem::ours(YamlErrorKind::too_many_values(), mark));
        }
        self.graph.nodes.push(GraphNode {
            tag,
            content,
            mark,
            height: None,
            flattened: None,
        });
        if let Some(anchor) = &properties.anchor {
            if let Some(&first) = self.anchors.get(anchor) {
                // "occurence" is what PyYAML says.
                let context = format!("found duplicate anchor '{anchor}'; first occurence");
                let problem = Problem::syntax(&context, self.graph.mark(first), "second occurence", mark);
                let kind = YamlErrorKind::Syntax(format!("the anchor `{anchor}` exists already"));
                return Err(problem.of(kind).helping("give each anchor of a file its own name"));
            }
            self.anchors.insert(anchor.clone(), id);
        }
        Ok(id)
    }

    /// Sets what a collection holds; a scalar keeps its text.
    fn close(&mut self, id: Id, content: Content, height: usize) {
        if let Some(node) = self.graph.nodes.get_mut(id) {
            node.height = Some(height);
            if !matches!(node.content, Content::Scalar(_)) {
                node.content = content;
            }
        }
    }
}

fn collection_tag(properties: &Properties, own: Tag) -> Tag {
    match properties.tag.as_deref() {
        None | Some("!") => own,
        Some(name) => Tag::named(name),
    }
}

fn check_depth(depth: usize, mark: Mark) -> Outcome<()> {
    if depth <= MAXIMUM_DEPTH {
        return Ok(());
    }
    let kind = YamlErrorKind::Limit {
        what: "nested too deeply",
        limit: MAXIMUM_DEPTH,
    };
    Err(Problem::ours(kind, mark))
}
