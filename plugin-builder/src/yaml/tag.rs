//! What type a tag names.

/// What YAML's own tags begin with.
pub(super) const CORE: &str = "tag:yaml.org,2002:";

/// The types that PyYAML knows, written (`!!int`) or implied by a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Bool,
    Integer,
    Float,
    Timestamp,
    Binary,
    Text,
    /// `<<`.
    Merge,
    /// `=`.
    DefaultValue,
    Sequence,
    Mapping,
    Set,
    OrderedMap,
    Pairs,
    /// Anything else, by its full name.
    Unknown(String),
}

/// Tags by their names below [`CORE`]. Those of Python are what its own `yaml.dump` writes for plain data.
const TAGS: &[(&str, Tag)] = &[
    ("null", Tag::Null),
    ("bool", Tag::Bool),
    ("int", Tag::Integer),
    ("float", Tag::Float),
    ("timestamp", Tag::Timestamp),
    ("binary", Tag::Binary),
    ("str", Tag::Text),
    ("merge", Tag::Merge),
    ("value", Tag::DefaultValue),
    ("seq", Tag::Sequence),
    ("map", Tag::Mapping),
    ("set", Tag::Set),
    ("omap", Tag::OrderedMap),
    ("pairs", Tag::Pairs),
    ("python/none", Tag::Null),
    ("python/bool", Tag::Bool),
    ("python/int", Tag::Integer),
    ("python/long", Tag::Integer),
    ("python/float", Tag::Float),
    ("python/str", Tag::Text),
    ("python/unicode", Tag::Text),
    ("python/list", Tag::Sequence),
    ("python/dict", Tag::Mapping),
];

/// What the original makes of Python, most of it by running code; it means nothing here.
const PYTHON_OBJECTS: &[&str] = &[
    "python/complex",
    "python/tuple",
    "python/name:",
    "python/module:",
    "python/object:",
    "python/object/apply:",
    "python/object/new:",
];

impl Tag {
    /// The type that a tag's full name names.
    pub(super) fn named(name: &str) -> Self {
        let known = name
            .strip_prefix(CORE)
            .and_then(|short| TAGS.iter().find(|(known, _)| *known == short));
        known.map_or_else(|| Self::Unknown(name.to_owned()), |(_, tag)| tag.clone())
    }

    /// Whether the original makes an object of Python of it.
    pub(super) fn is_python_object(&self) -> bool {
        let Self::Unknown(name) = self else { return false };
        name.strip_prefix(CORE)
            .is_some_and(|short| PYTHON_OBJECTS.iter().any(|object| short.starts_with(object)))
    }

    /// The full name.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Unknown(name) => name.clone(),
            known => {
                let short = TAGS.iter().find(|(_, tag)| tag == known).map_or("", |(short, _)| short);
                format!("{CORE}{short}")
            }
        }
    }
}
