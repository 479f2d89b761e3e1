//! A plugin's deployment tasks with their edges, as the topics see them.

use crate::check::files::File;
use crate::check::lint::Subject;
use crate::yaml::{Node, Span};

/// A text and its place.
pub(in crate::check::lint) type Placed<'a> = (&'a str, Span);

/// A task of deployment_tasks.yaml that has an id.
pub(in crate::check::lint) struct Task<'a> {
    /// The whole task.
    pub(in crate::check::lint) node: &'a Node,
    /// Its id.
    pub(in crate::check::lint) id: &'a str,
    /// The id's place.
    pub(in crate::check::lint) span: Span,
    /// `puppet`, `group`, …
    pub(in crate::check::lint) kind: &'a str,
    /// `role`, `roles`, `groups` and `tags`.
    pub(super) roles: Vec<Placed<'a>>,
    /// `requires` and `required_for`.
    pub(super) edges: Vec<Edge<'a>>,
}

/// An edge to another task.
pub(super) struct Edge<'a> {
    /// The key it stands under: `requires`, `cross-depends`, …
    pub(super) key: &'static str,
    /// The other task's name, or `/regular expression/`.
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// The roles of the nodes on the other end; `None` for the same node (`requires`, `required_for`).
    pub(super) relation: Option<Relation<'a>>,
}

/// What a cross-dependency says besides the name.
pub(super) struct Relation<'a> {
    pub(super) roles: Vec<Placed<'a>>,
    /// Whether one of the nodes is enough.
    pub(super) any: bool,
}

impl Edge<'_> {
    /// Whether the other task comes first.
    pub(super) fn is_behind(&self) -> bool {
        matches!(self.key, "requires" | "cross-depends")
    }
}

impl<'a> Task<'a> {
    fn read(node: &'a Node) -> Option<Self> {
        let id = node.get("id")?;
        let mut roles = Vec::new();
        for key in ["role", "roles", "groups", "tags"] {
            roles.extend(texts(node.get(key)));
        }
        let mut edges = Vec::new();
        for key in ["requires", "required_for"] {
            edges.extend(texts(node.get(key)).into_iter().map(|(name, span)| Edge {
                key,
                name,
                span,
                relation: None,
            }));
        }
        for key in ["cross-depends", "cross-depended-by"] {
            for relation in node.get(key).and_then(Node::as_sequence).unwrap_or_default() {
                let Some((name, span)) = texts(relation.get("name")).first().copied() else {
                    continue;
                };
                let relation = Relation {
                    roles: texts(relation.get("role")),
                    any: relation.get("policy").and_then(Node::as_str) == Some("any"),
                };
                edges.push(Edge {
                    key,
                    name,
                    span,
                    relation: Some(relation),
                });
            }
        }
        Some(Self {
            node,
            id: id.as_str()?,
            span: id.span,
            kind: node.get("type").and_then(Node::as_str).unwrap_or_default(),
            roles,
            edges,
        })
    }
}

/// The tasks of deployment_tasks.yaml that have ids.
pub(in crate::check::lint) fn tasks<'a>(subject: &Subject<'a>) -> Option<(&'a File, Vec<Task<'a>>)> {
    let (file, items) = subject.items("deployment_tasks.yaml")?;
    Some((file, items.iter().filter_map(Task::read).collect()))
}

/// A text, or the texts of a list, each with its place.
pub(in crate::check::lint) fn texts(node: Option<&Node>) -> Vec<Placed<'_>> {
    let Some(node) = node else { return Vec::new() };
    let one = std::slice::from_ref(node);
    let items = node.as_sequence().unwrap_or(one);
    items
        .iter()
        .filter_map(|item| Some((item.as_str()?, item.span)))
        .collect()
}
