//! Parameters of a task, read as Astute reads them: `null` is as good as absent.

use std::time::Duration;

use serde_json::{Map, Value};

use super::PrepareError;

/// The longest time that a task may ask for: a year.
const LONGEST_SECONDS: f64 = 366.0 * 86_400.0;

/// `parameters` of a task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameters<'message>(pub(crate) &'message Map<String, Value>);

impl<'message> Parameters<'message> {
    /// The value, unless it is absent or `null`.
    pub(crate) fn get(&self, key: &str) -> Option<&'message Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A text that must be there and must not be empty.
    pub(crate) fn mandatory_text(&self, key: &str) -> Result<&'message str, PrepareError> {
        match self.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(Value::String(_)) | None => Err(PrepareError::Invalid(format!(
                "Task validation error: parameters.{key} is missing or empty"
            ))),
            Some(_) => Err(invalid(key, "must be a text")),
        }
    }

    /// A text with a default.
    pub(crate) fn text(&self, key: &str, default: &'message str) -> Result<&'message str, PrepareError> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(invalid(key, "must be a text")),
        }
    }

    /// A time in seconds with a default; a number in quotes will do.
    pub(crate) fn seconds(&self, key: &str, default: Duration) -> Result<Duration, PrepareError> {
        let Some(value) = self.get(key) else {
            return Ok(default);
        };
        let seconds = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match seconds {
            Some(seconds) if (0.0..=LONGEST_SECONDS).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
            _ => Err(invalid(key, "must be a number of seconds")),
        }
    }

    /// A count with a default; a number in quotes will do.
    pub(crate) fn count(&self, key: &str, default: u32) -> Result<u32, PrepareError> {
        let Some(value) = self.get(key) else {
            return Ok(default);
        };
        let count = match value {
            // Astute counts retries down while they are above zero.
            Value::Number(number) => number
                .as_i64()
                .map(|count| u32::try_from(count.max(0)).unwrap_or(u32::MAX)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        count.ok_or_else(|| invalid(key, "must be a whole number"))
    }

    /// A switch with a default.
    pub(crate) fn flag(&self, key: &str, default: bool) -> Result<bool, PrepareError> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(invalid(key, "must be true or false")),
        }
    }

    /// Permission bits, three or four octal digits, with a default.
    pub(crate) fn permissions(&self, key: &str, default: u32) -> Result<u32, PrepareError> {
        let Some(value) = self.get(key) else {
            return Ok(default);
        };
        let digits = match value {
            Value::String(text) => text.clone(),
            // YAML without quotes: `permissions: 0640` has become 416 on its way, `permissions: 640` has not.
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let length = digits.len();
        u32::from_str_radix(&digits, 8)
            .ok()
            .filter(|_| (3..=4).contains(&length) && !digits.starts_with('+'))
            .ok_or_else(|| invalid(key, "must be three or four octal digits in quotes, like \"0644\""))
    }
}

fn invalid(key: &str, problem: &str) -> PrepareError {
    PrepareError::Invalid(format!("Task validation error: parameters.{key} {problem}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!(null), 2)]
    #[case(json!(5), 5)]
    #[case(json!("5"), 5)]
    #[case(json!(-1), 0)]
    fn retries_are_read_tolerantly(#[case] value: Value, #[case] expected: u32) {
        let map = json!({"retries": value});
        let parameters = Parameters(map.as_object().unwrap());
        assert_eq!(parameters.count("retries", 2).unwrap(), expected);
    }

    #[rstest]
    #[case(json!("0640"), Some(0o640))]
    #[case(json!("755"), Some(0o755))]
    #[case(json!("0888"), None)]
    #[case(json!("7"), None)]
    #[case(json!("+644"), None)]
    fn permissions_are_octal_digits(#[case] value: Value, #[case] expected: Option<u32>) {
        let map = json!({"permissions": value});
        let parameters = Parameters(map.as_object().unwrap());
        assert_eq!(parameters.permissions("permissions", 0o644).ok(), expected);
    }
}
