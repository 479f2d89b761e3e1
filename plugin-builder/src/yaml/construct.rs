//! From the graph to the tree of values.

use super::error::YamlErrorKind;
use super::graph::{Content, Entry, Graph, Id};
use super::limits::{MAXIMUM_DUPLICATES, MAXIMUM_NODES, MAXIMUM_TEXT};
use super::mapping::{Mapping, MappingBuilder};
use super::merge::Merger;
use super::node::{Node, Span, Yaml};
use super::problem::{Outcome, Problem};
use super::scalar::scalar;
use super::tag::Tag;
use crate::python::repr_bytes;

/// Makes the values of a document.
pub(super) fn construct(graph: Graph, root: Id) -> Outcome<Node> {
    let mut constructor = Constructor {
        graph,
        merger: Merger::default(),
        nodes: 0,
        text: 0,
        duplicates: 0,
        first: None,
    };
    let node = constructor.node(root, 0)?;
    let problem = constructor.first.map(|(_, problem)| problem);
    match problem.or(constructor.graph.half_character) {
        Some(problem) => Err(problem),
        None => Ok(node),
    }
}

struct Constructor {
    graph: Graph,
    merger: Merger,
    /// Values made so far.
    nodes: usize,
    /// Bytes of text in them.
    text: usize,
    /// Keys that were written again.
    duplicates: usize,
    /// The problem that PyYAML would stop at, and its level. PyYAML fills the collections level by level: of several
    /// problems it comes upon the outermost first.
    first: Option<(usize, Box<Problem>)>,
}

impl Constructor {
    /// Makes the value of a node. After a problem it goes on with null, to find one of an outer level; only a limit
    /// stops it at once.
    fn node(&mut self, id: Id, level: usize) -> Outcome<Node> {
        let Some(node) = self.graph.node(id) else {
            return Ok(Node::new(Yaml::Null, Span::default()));
        };
        let (tag, mark) = (node.tag.clone(), node.mark);
        self.nodes += 1;
        if self.nodes > MAXIMUM_NODES {
            return Err(Problem::ours(YamlErrorKind::too_many_values(), mark));
        }
        let inside = level + 1;
        let (level, value) = match tag {
            Tag::Sequence => (inside, self.sequence(id, inside).map(Yaml::Sequence)),
            Tag::Mapping => (inside, self.mapping(id, inside).map(Yaml::Mapping)),
            Tag::Set => (
                inside,
                self.mapping(id, inside).map(|mapping| Yaml::Set(mapping.into_keys())),
            ),
            Tag::OrderedMap | Tag::Pairs => (inside, self.pairs(id, inside, &tag).map(Yaml::Sequence)),
            Tag::Merge | Tag::DefaultValue | Tag::Unknown(_) => (level, Err(self.unknown(id, &tag))),
            _ => (level, self.scalar(id, &tag)),
        };
        let value = match value {
            Ok(value) => value,
            Err(problem) if problem.is_limit() => return Err(problem),
            Err(problem) => {
                if self.first.as_ref().is_none_or(|(first, _)| level < *first) {
                    self.first = Some((level, problem));
                }
                Yaml::Null
            }
        };
        Ok(Node::new(value, mark.into()))
    }

    fn unknown(&self, id: Id, tag: &Tag) -> Box<Problem> {
        let name = tag.name();
        let shown = repr_bytes(name.as_bytes());
        let problem = format!("could not determine a constructor for the tag {shown}");
        let help = match tag {
            Tag::DefaultValue => "quote the `=`",
            Tag::Merge => "`<<` is a key; quote it where it is a value",
            _ => "quote a text that begins with `!`; tags of one's own mean nothing here",
        };
        let kind = YamlErrorKind::Tag(name);
        if tag.is_python_object() {
            let help = "no Python objects are made here; write plain data";
            return Problem::ours(kind, self.graph.mark(id)).helping(help);
        }
        Problem::syntax_at(None, problem, self.graph.mark(id))
            .of(kind)
            .helping(help)
    }

    fn scalar(&mut self, id: Id, tag: &Tag) -> Outcome<Yaml> {
        let text = scalar_text(&self.graph, id)?;
        self.text += text.len();
        if self.text > MAXIMUM_TEXT {
            let kind = YamlErrorKind::Limit {
                what: "too many bytes of text after aliases",
                limit: MAXIMUM_TEXT,
            };
            return Err(Problem::ours(kind, self.graph.mark(id)));
        }
        scalar(tag, text, self.graph.mark(id))
    }

    fn sequence(&mut self, id: Id, level: usize) -> Outcome<Vec<Node>> {
        match self.graph.node(id).map(|node| &node.content) {
            Some(Content::Sequence(items)) => {
                let items = items.clone();
                items.into_iter().map(|item| self.node(item, level)).collect()
            }
            _ => Err(self.wrong_content(id, "sequence")),
        }
    }

    fn mapping(&mut self, id: Id, level: usize) -> Outcome<Mapping> {
        let merged = self.merger.flatten(&mut self.graph, id)?;
        let entries = match self.graph.node(id).map(|node| &node.content) {
            Some(Content::Mapping(entries)) => entries.clone(),
            _ => return Err(self.wrong_content(id, "mapping")),
        };
        let mut builder = MappingBuilder::new(entries.len());
        for (index, (key, value)) in entries.into_iter().enumerate() {
            let unhashable = self.graph.node(key).and_then(|node| unhashable(&node.tag));
            let key_mark = self.graph.mark(key);
            let key = self.node(key, level)?;
            if let Some((python, ours)) = unhashable {
                let problem = format!("found unacceptable key (unhashable type: '{python}')");
                let problem = Problem::syntax("while constructing a mapping", self.graph.mark(id), problem, key_mark);
                let help = "quote it if it is a text; `{{ name }}` without quotes is a mapping as a key";
                return Err(problem.of(YamlErrorKind::Key(ours)).helping(help));
            }
            let value = self.node(value, level)?;
            builder.insert(key, value, index >= merged);
        }
        let mapping = builder.finish();
        self.duplicates += mapping.duplicates().len();
        if self.duplicates > MAXIMUM_DUPLICATES {
            let kind = YamlErrorKind::Limit {
                what: "too many keys that are written twice",
                limit: MAXIMUM_DUPLICATES,
            };
            return Err(Problem::ours(kind, self.graph.mark(id)));
        }
        Ok(mapping)
    }

    /// `!!omap` and `!!pairs`: each mapping of one key becomes a list of key and value.
    fn pairs(&mut self, id: Id, level: usize, tag: &Tag) -> Outcome<Vec<Node>> {
        let context = match tag {
            Tag::OrderedMap => "while constructing an ordered map",
            _ => "while constructing pairs",
        };
        let begin = self.graph.mark(id);
        let wrong = |what: String, mark| {
            let kind = YamlErrorKind::Value("each item of `!!pairs` and `!!omap` is a mapping of one key".to_owned());
            Problem::syntax(context, begin, what, mark).of(kind)
        };
        let items = match self.graph.node(id).map(|node| &node.content) {
            Some(Content::Sequence(items)) => items.clone(),
            content => {
                let found = content.map_or("nothing", Content::name);
                return Err(wrong(format!("expected a sequence, but found {found}"), begin));
            }
        };
        let mut pairs = Vec::new();
        for item in items {
            let mark = self.graph.mark(item);
            let entries: Vec<Entry> = match self.graph.node(item).map(|node| &node.content) {
                Some(Content::Mapping(entries)) => entries.clone(),
                content => {
                    let found = content.map_or("nothing", Content::name);
                    return Err(wrong(
                        format!("expected a mapping of length 1, but found {found}"),
                        mark,
                    ));
                }
            };
            let [(key, value)] = entries[..] else {
                let what = format!("expected a single mapping item, but found {} items", entries.len());
                return Err(wrong(what, mark));
            };
            let pair = vec![self.node(key, level)?, self.node(value, level)?];
            pairs.push(Node::new(Yaml::Sequence(pair), mark.into()));
        }
        Ok(pairs)
    }

    fn wrong_content(&self, id: Id, expected: &str) -> Box<Problem> {
        wrong_content(&self.graph, id, expected)
    }
}

/// Python's name and ours for a type that cannot be a key.
fn unhashable(tag: &Tag) -> Option<(&'static str, &'static str)> {
    match tag {
        Tag::Sequence | Tag::OrderedMap | Tag::Pairs => Some(("list", "list")),
        Tag::Mapping => Some(("dict", "mapping")),
        Tag::Set => Some(("set", "set")),
        _ => None,
    }
}

/// The text of a scalar, or of the scalar under the key `=` of a mapping.
fn scalar_text(graph: &Graph, id: Id) -> Outcome<&str> {
    match graph.node(id).map(|node| &node.content) {
        Some(Content::Scalar(text)) => Ok(text),
        Some(Content::Mapping(entries)) => {
            let is_default = |key: Id| graph.node(key).is_some_and(|node| node.tag == Tag::DefaultValue);
            match entries.iter().find(|(key, _)| is_default(*key)) {
                Some((_, value)) => scalar_text(graph, *value),
                None => Err(wrong_content(graph, id, "scalar")),
            }
        }
        _ => Err(wrong_content(graph, id, "scalar")),
    }
}

fn wrong_content(graph: &Graph, id: Id, expected: &str) -> Box<Problem> {
    let found = graph.node(id).map_or("nothing", |node| node.content.name());
    let problem = format!("expected a {expected} node, but found {found}");
    let words = format!("the tag wants a {expected}, and this is a {found}");
    Problem::syntax_at(None, problem, graph.mark(id)).of(YamlErrorKind::Value(words))
}
