//! Checks of request bodies, with the first lines of python-jsonschema's texts.

use serde_json::{Map, Value};

use super::error::ApiError;
use crate::settings::python_repr;

/// What a field must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    String,
    Integer,
    Boolean,
    List,
    ListOfStrings,
    ListOfIntegers,
    Object,
    NullableString,
    NullableInteger,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::String => "'string'",
            Self::Integer => "'integer'",
            Self::Boolean => "'boolean'",
            Self::List | Self::ListOfStrings | Self::ListOfIntegers => "'array'",
            Self::Object => "'object'",
            Self::NullableString => "'string', 'null'",
            Self::NullableInteger => "'integer', 'null'",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Boolean => value.is_boolean(),
            Self::List | Self::ListOfStrings | Self::ListOfIntegers => value.is_array(),
            Self::Object => value.is_object(),
            Self::NullableString => value.is_string() || value.is_null(),
            Self::NullableInteger => value.is_null() || Self::Integer.fits(value),
        }
    }

    fn item(self) -> Option<Self> {
        match self {
            Self::ListOfStrings => Some(Self::String),
            Self::ListOfIntegers => Some(Self::Integer),
            _ => None,
        }
    }
}

/// The refusal of a body that is of another type as a whole; `name` in quotes, as the text has it.
pub(super) fn wrong_type(instance: &Value, name: &str) -> ApiError {
    let instance = python_repr(instance);
    ApiError::bad_request(format!(
        "{instance} is not of type {name}\n\nFailed validating 'type' in schema\n\nOn instance:\n    {instance}"
    ))
}

/// The fields an object may and must have. Unknown ones are accepted unless `closed`.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) required: &'static [&'static str],
    pub(crate) fields: &'static [(&'static str, Kind)],
    pub(crate) closed: bool,
}

impl Schema {
    /// Checks an object.
    ///
    /// # Errors
    /// 400 with the first thing that is wrong.
    pub(crate) fn check(&self, object: &Map<String, Value>) -> Result<(), ApiError> {
        let failed = |line: String, keyword: &str| {
            let instance = python_repr(&Value::Object(object.clone()));
            Err(ApiError::bad_request(format!(
                "{line}\n\nFailed validating '{keyword}' in schema\n\nOn instance:\n    {instance}"
            )))
        };
        for required in self.required {
            if !object.contains_key(*required) {
                return failed(format!("'{required}' is a required property"), "required");
            }
        }
        if self.closed
            && let Some(unknown) = object
                .keys()
                .find(|key| !self.fields.iter().any(|(name, _)| name == key))
        {
            return failed(
                format!(
                    "Additional properties are not allowed ({} was unexpected)",
                    python_repr(&Value::from(unknown.clone()))
                ),
                "additionalProperties",
            );
        }
        for (name, kind) in self.fields {
            let Some(value) = object.get(*name) else { continue };
            if !kind.fits(value) {
                return failed(format!("{} is not of type {}", python_repr(value), kind.name()), "type");
            }
            if let (Some(item_kind), Value::Array(items)) = (kind.item(), value)
                && let Some(item) = items.iter().find(|item| !item_kind.fits(item))
            {
                return failed(
                    format!("{} is not of type {}", python_repr(item), item_kind.name()),
                    "type",
                );
            }
        }
        Ok(())
    }
}
