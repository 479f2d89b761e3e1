//! Merge keys: `<<` with a mapping or a list of mappings.

use super::error::YamlErrorKind;
use super::graph::{Content, Entry, Graph, Id};
use super::limits::MAXIMUM_NODES;
use super::problem::{Outcome, Problem};
use super::tag::Tag;

/// Resolves merge keys of a document's mappings, each once.
#[derive(Default)]
pub(super) struct Merger {
    /// How many entries were copied into other mappings.
    copied: usize,
}

impl Merger {
    /// Puts the merged entries of a mapping before its own, so that its own override them. Says how many there are.
    pub(super) fn flatten(&mut self, graph: &mut Graph, id: Id) -> Outcome<usize> {
        let Some(node) = graph.node_mut(id) else { return Ok(0) };
        let Content::Mapping(entries) = &mut node.content else {
            return Ok(0);
        };
        if let Some(merged) = node.flattened {
            return Ok(merged);
        }
        node.flattened = Some(0);
        let entries = std::mem::take(entries);
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            match graph.node(key).map(|node| &node.tag) {
                Some(Tag::Merge) => self.merge(graph, id, value, &mut merged)?,
                Some(Tag::DefaultValue) => {
                    // As a key `=` is a text.
                    if let Some(node) = graph.node_mut(key) {
                        node.tag = Tag::Text;
                    }
                    own.push((key, value));
                }
                _ => own.push((key, value)),
            }
        }
        let count = merged.len();
        merged.append(&mut own);
        if let Some(node) = graph.node_mut(id) {
            node.content = Content::Mapping(merged);
            node.flattened = Some(count);
        }
        Ok(count)
    }

    fn merge(&mut self, graph: &mut Graph, id: Id, value: Id, into: &mut Vec<Entry>) -> Outcome<()> {
        let items = match graph.node(value).map(|node| &node.content) {
            Some(Content::Mapping(_)) => vec![value],
            // The earlier mapping wins, so it comes last.
            Some(Content::Sequence(items)) => items.iter().rev().copied().collect(),
            content => {
                let found = content.map_or("nothing", Content::name);
                let words = "a mapping or list of mappings";
                return Err(wrong(graph, id, value, words, found));
            }
        };
        // PyYAML looks at them in the order of the file.
        for &item in items.iter().rev() {
            match graph.node(item).map(|node| &node.content) {
                Some(Content::Mapping(_)) => self.flatten(graph, item)?,
                content => {
                    return Err(wrong(
                        graph,
                        id,
                        item,
                        "a mapping",
                        content.map_or("nothing", Content::name),
                    ));
                }
            };
        }
        for item in items {
            if let Some(Content::Mapping(entries)) = graph.node(item).map(|node| &node.content) {
                self.copied += entries.len();
                if self.copied > MAXIMUM_NODES {
                    return Err(Problem::ours(YamlErrorKind::too_many_values(), graph.mark(item)));
                }
                into.extend_from_slice(entries);
            }
        }
        Ok(())
    }
}

fn wrong(graph: &Graph, mapping: Id, value: Id, expected: &str, found: &str) -> Box<Problem> {
    let problem = format!("expected {expected} for merging, but found {found}");
    Problem::syntax(
        "while constructing a mapping",
        graph.mark(mapping),
        problem,
        graph.mark(value),
    )
    .of(YamlErrorKind::Merge)
}
