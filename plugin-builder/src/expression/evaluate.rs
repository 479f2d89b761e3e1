//! The value of an expression, as Python computes it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::ExpressionError;
use super::parser::Expression;
use super::term::{Operator, Path, Term, TermKind};

/// What paths of an expression lead into: model name to document.
pub type Models = BTreeMap<String, Value>;

impl Expression {
    /// Its value. A path that leads nowhere is an error when `strict`, else null.
    ///
    /// # Errors
    /// [`ExpressionError`] for a model or, when `strict`, a path that there is not.
    pub fn evaluate(&self, models: &Models, strict: bool) -> Result<Value, ExpressionError> {
        self.root().value(&mut |path| look_up(models, path, strict))
    }

    /// The value of a part of an expression, with `look_up` for its paths.
    ///
    /// # Errors
    /// What `look_up` gives, and [`ExpressionError::NotAContainer`].
    pub(crate) fn value_of(
        term: &Term,
        look_up: &mut dyn FnMut(&Path) -> Result<Value, ExpressionError>,
    ) -> Result<Value, ExpressionError> {
        term.value(look_up)
    }

    /// Whether its value is true as Python sees it.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn holds(&self, models: &Models, strict: bool) -> Result<bool, ExpressionError> {
        Ok(is_true(&self.evaluate(models, strict)?))
    }
}

/// Truth as Python sees it: null, false, zero and empty things are false.
#[must_use]
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

impl Term {
    fn value(
        &self,
        look_up: &mut dyn FnMut(&Path) -> Result<Value, ExpressionError>,
    ) -> Result<Value, ExpressionError> {
        match &self.kind {
            TermKind::Constant(value) => Ok(value.clone()),
            TermKind::Path(path) => look_up(path),
            TermKind::Not(term) => Ok(Value::Bool(!is_true(&term.value(look_up)?))),
            TermKind::Binary(operator, left, right) => {
                let value = left.value(look_up)?;
                match operator {
                    Operator::Or if is_true(&value) => Ok(value),
                    Operator::And if !is_true(&value) => Ok(value),
                    Operator::Or | Operator::And => right.value(look_up),
                    Operator::Equal => Ok(Value::Bool(equal(&value, &right.value(look_up)?))),
                    Operator::NotEqual => Ok(Value::Bool(!equal(&value, &right.value(look_up)?))),
                    Operator::In => contains(&right.value(look_up)?, &value).map(Value::Bool),
                }
            }
        }
    }
}

fn look_up(models: &Models, path: &Path, strict: bool) -> Result<Value, ExpressionError> {
    let mut value = models
        .get(&path.model)
        .ok_or_else(|| ExpressionError::UnknownModel(path.model.clone()))?;
    for key in path.keys.split('.').filter(|_| !path.keys.is_empty()) {
        match value.get(key) {
            Some(next) => value = next,
            None if strict => return Err(ExpressionError::Undefined(path.to_string())),
            None => return Ok(Value::Null),
        }
    }
    Ok(value.clone())
}

/// Equality as Python sees it: `True == 1`, `1 == 1.0`.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (as_number(left), as_number(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Number(number) => number.as_f64(),
        _ => None,
    }
}

fn contains(container: &Value, item: &Value) -> Result<bool, ExpressionError> {
    match (container, item) {
        (Value::Array(items), item) => Ok(items.iter().any(|candidate| equal(candidate, item))),
        (Value::Object(members), Value::String(key)) => Ok(members.contains_key(key)),
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        (other, _) => Err(ExpressionError::NotAContainer(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn models() -> Models {
        Models::from([
            (
                "settings".to_owned(),
                json!({"common": {"debug": {"value": true}}, "trove-1": {"size": {"value": 3}}}),
            ),
            ("cluster".to_owned(), json!({"mode": "ha_compact"})),
            ("version".to_owned(), json!({"feature_groups": ["experimental"]})),
        ])
    }

    #[rstest]
    #[case("settings:common.debug.value == true", json!(true))]
    #[case("settings:common.debug.value != true", json!(false))]
    #[case("cluster:mode == 'ha_compact' and settings:trove-1.size.value == 3", json!(true))]
    #[case("cluster:mode == \"multinode\" or 'experimental' in version:feature_groups", json!(true))]
    #[case("not ('advanced' in version:feature_groups)", json!(true))]
    #[case("false or false and true or 7", json!(7))]
    #[case("true == 1", json!(true))]
    #[case("null or 'x'", json!("x"))]
    #[case("not false == true", json!(true))]
    #[case("'a' in 'cat'", json!(true))]
    #[case("§ true §", json!(true))]
    #[case("100000000000000000000 == 100000000000000000000", json!(true))]
    fn an_expression_has_the_value_python_gives_it(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(
            Expression::parse(text).unwrap().evaluate(&models(), true).unwrap(),
            expected
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_is_an_error_only_when_strict() {
        let expression = Expression::parse("settings:trove.on.value == true").unwrap();
        assert_eq!(
            expression.evaluate(&models(), true).unwrap_err().to_string(),
            "Value of settings:trove.on.value is undefined. Set options.strict to false to allow undefined values."
        );
        assert!(!expression.holds(&models(), false).unwrap());
        let unknown = Expression::parse("nothing:a").unwrap();
        assert_eq!(
            unknown.evaluate(&models(), false).unwrap_err(),
            ExpressionError::UnknownModel("nothing".to_owned())
        );
    }

    #[test]
    fn a_minus_after_a_path_belongs_to_the_path() {
        let expression = Expression::parse("settings:trove-1.size.value-1").unwrap();
        assert_eq!(expression.evaluate(&models(), false).unwrap(), Value::Null);
    }

    proptest::proptest! {
        #[test]
        fn evaluating_never_panics(text in "([ ()'\"a-c:.=!-]|and|or|not|in|true|null|[0-9]|cluster:mode){0,12}") {
            if let Ok(expression) = Expression::parse(&text) {
                let _ = expression.evaluate(&models(), false);
            }
        }
    }
}
