//! Restrictions: conditions that disable, hide or forbid something.

use plugin_builder::expression::{Expression, ExpressionError, Models};
use serde_json::Value;

/// What a restriction does while its condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Disable,
    Hide,
    None,
}

/// One restriction, whichever of its forms it was written in: `"condition"`, `{"condition": "message"}` or
/// `{condition, message, action, strict}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restriction {
    pub(crate) condition: String,
    pub(crate) message: Option<String>,
    pub(crate) action: Action,
    pub(crate) strict: bool,
}

impl Restriction {
    /// The restrictions of a list; what is none is left out.
    pub(crate) fn list(value: &Value) -> Vec<Self> {
        value
            .as_array()
            .map(|items| items.iter().filter_map(Self::read).collect())
            .unwrap_or_default()
    }

    fn read(value: &Value) -> Option<Self> {
        let short = |condition: &str, message: Option<&Value>| Self {
            condition: condition.to_owned(),
            message: message.and_then(Value::as_str).map(str::to_owned),
            action: Action::Disable,
            strict: true,
        };
        match value {
            Value::String(condition) => Some(short(condition, None)),
            Value::Object(members) => match members.get("condition").and_then(Value::as_str) {
                Some(condition) => Some(Self {
                    action: match members.get("action").and_then(Value::as_str) {
                        Some("hide") => Action::Hide,
                        Some("none") => Action::None,
                        _ => Action::Disable,
                    },
                    strict: members.get("strict").and_then(Value::as_bool).unwrap_or(true),
                    ..short(condition, members.get("message"))
                }),
                None => members
                    .iter()
                    .next()
                    .map(|(condition, message)| short(condition, Some(message))),
            },
            _ => None,
        }
    }

    /// Whether its condition holds.
    pub(crate) fn holds(&self, models: &Models) -> Result<bool, ExpressionError> {
        Expression::parse(&self.condition)?.holds(models, self.strict)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_a_restriction_is_read() {
        let restrictions = Restriction::list(&json!([
            "a:b == 1",
            {"a:c == 1": "c is on"},
            {"condition": "a:d == 1", "action": "hide", "strict": false},
        ]));
        assert_eq!(restrictions.len(), 3);
        assert_eq!(restrictions[1].message.as_deref(), Some("c is on"));
        assert_eq!((restrictions[2].action, restrictions[2].strict), (Action::Hide, false));
    }
}
