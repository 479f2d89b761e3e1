//! The shape of a file as data.
//!
//! Rules are JSON Schema (draft 4) as far as the original uses it. Properties stand in the order in which
//! the original walks them, since that decides which of several errors it reports.

use crate::check::pattern::Pattern;

/// A type of YAML value, under JSON Schema's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Integer,
    Boolean,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }

    /// What a person calls it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Object => "a mapping",
            Self::Array => "a list",
            Self::String => "text",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
        }
    }
}

/// A rule for one value. Everything is optional; an empty rule allows anything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    /// No keys but those of `properties` and `keys`.
    pub(crate) closed: bool,
    /// Keys of this form hold values of that shape.
    pub(crate) keys: Option<(Pattern, Box<Schema>)>,
    pub(crate) required: Vec<&'static str>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) properties: Vec<(&'static str, Schema)>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) unique_items: bool,
    pub(crate) minimum_items: usize,
    pub(crate) choices: Vec<&'static str>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) minimum: Option<i64>,
    pub(crate) minimum_length: usize,
    /// Exactly this many keys.
    pub(crate) keys_exactly: Option<usize>,
    /// At least one of them must fit.
    pub(crate) any_of: Vec<Schema>,
    /// A task's role: a name or a regular expression between slashes.
    pub(crate) role: bool,
}

impl Schema {
    fn of(kind: Kind) -> Self {
        Self {
            kinds: vec![kind],
            ..Self::default()
        }
    }

    pub(crate) fn required(mut self, keys: &[&'static str]) -> Self {
        self.required.extend_from_slice(keys);
        self
    }

    pub(crate) fn property(mut self, key: &'static str, schema: Schema) -> Self {
        self.properties.push((key, schema));
        self
    }

    pub(crate) fn optional_property(self, given: bool, key: &'static str, schema: Schema) -> Self {
        if given { self.property(key, schema) } else { self }
    }

    pub(crate) fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    pub(crate) fn keys(mut self, pattern: Pattern, schema: Schema) -> Self {
        self.keys = Some((pattern, Box::new(schema)));
        self
    }

    pub(crate) fn keys_exactly(mut self, count: usize) -> Self {
        self.keys_exactly = Some(count);
        self
    }

    pub(crate) fn minimum_items(mut self, count: usize) -> Self {
        self.minimum_items = count;
        self
    }

    pub(crate) fn unique(mut self) -> Self {
        self.unique_items = true;
        self
    }

    pub(crate) fn minimum(mut self, value: i64) -> Self {
        self.minimum = Some(value);
        self
    }

    pub(crate) fn minimum_length(mut self, length: usize) -> Self {
        self.minimum_length = length;
        self
    }

    pub(crate) fn pattern(mut self, pattern: Pattern) -> Self {
        self.pattern = Some(pattern);
        self
    }
}

pub(crate) fn object() -> Schema {
    Schema::of(Kind::Object)
}

pub(crate) fn array() -> Schema {
    Schema::of(Kind::Array)
}

pub(crate) fn array_of(items: Schema) -> Schema {
    Schema {
        items: Some(Box::new(items)),
        ..array()
    }
}

pub(crate) fn string() -> Schema {
    Schema::of(Kind::String)
}

pub(crate) fn integer() -> Schema {
    Schema::of(Kind::Integer)
}

pub(crate) fn boolean() -> Schema {
    Schema::of(Kind::Boolean)
}

pub(crate) fn anything() -> Schema {
    Schema::default()
}

pub(crate) fn text_or_integer() -> Schema {
    Schema {
        kinds: vec![Kind::String, Kind::Integer],
        ..Schema::default()
    }
}

/// One of these texts.
pub(crate) fn choice(choices: &[&'static str]) -> Schema {
    Schema {
        choices: choices.to_vec(),
        ..Schema::default()
    }
}

pub(crate) fn any_of(schemas: Vec<Schema>) -> Schema {
    Schema {
        any_of: schemas,
        ..Schema::default()
    }
}

/// A role of a task, format 4.0.0 and later.
pub(crate) fn role_name() -> Schema {
    Schema { role: true, ..string() }
}
