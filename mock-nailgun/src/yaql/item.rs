//! Values while an expression is evaluated: borrowed for as long as possible, since what a node is told is large.

use std::borrow::Cow;
use std::cmp::Ordering;

use plugin_builder::expression::is_true;
use serde_json::Value;

use crate::environment::Told;

/// What `$` means outside of lambdas.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Root<'a> {
    /// What a node is told.
    Told(Told<'a>),
    /// A document of its own.
    Document(&'a Value),
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Item<'a> {
    Root(Root<'a>),
    Borrowed(&'a Value),
    Owned(Value),
}

impl<'a> Item<'a> {
    /// The value, copied only where there is none to borrow.
    pub(crate) fn value(&self) -> Cow<'_, Value> {
        match self {
            Self::Root(Root::Told(told)) => Cow::Owned(told.whole()),
            Self::Root(Root::Document(value)) | Self::Borrowed(value) => Cow::Borrowed(value),
            Self::Owned(value) => Cow::Borrowed(value),
        }
    }

    /// The value as its own.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Owned(value) => value,
            other => other.value().into_owned(),
        }
    }

    /// A member of a dictionary.
    pub(super) fn member(&self, name: &str) -> Option<Item<'a>> {
        match self {
            Self::Root(Root::Told(told)) => told.member(name).map(Item::Borrowed),
            Self::Root(Root::Document(value)) | Self::Borrowed(value) => {
                value.as_object()?.get(name).map(Item::Borrowed)
            }
            Self::Owned(value) => value.as_object()?.get(name).cloned().map(Item::Owned),
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<Vec<Item<'a>>> {
        match self {
            Self::Root(Root::Told(_)) => None,
            Self::Root(Root::Document(value)) | Self::Borrowed(value) => {
                Some(value.as_array()?.iter().map(Item::Borrowed).collect())
            }
            Self::Owned(value) => Some(value.as_array()?.iter().cloned().map(Item::Owned).collect()),
        }
    }

    pub(super) fn is_dictionary(&self) -> bool {
        matches!(self, Self::Root(Root::Told(_))) || self.value().is_object()
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Borrowed(Value::Null) | Self::Owned(Value::Null))
    }

    /// Truth as Python sees it.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Root(Root::Told(_)) => true,
            other => is_true(&other.value()),
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        self.value().as_str().map(str::to_owned)
    }
}

/// Equality as Python sees it: numbers by value, whatever their type.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        (left, right) => left == right,
    }
}

/// Order of two numbers or two strings.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// What a value is called in messages.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a dictionary",
    }
}
