//! Functions of YAQL and of Nailgun.

use plugin_builder::RegexSearch;
use serde_json::Value;

use super::error::YaqlError;
use super::evaluate::Evaluator;
use super::item::{Item, Root, equal, kind};
use super::parser::Term;

/// Calls a function, or a method of `receiver`. Both are the same in YAQL: a method's receiver is the first argument.
pub(super) fn call<'a>(
    evaluator: &Evaluator<'a>,
    column: usize,
    name: &str,
    receiver: Option<Item<'a>>,
    arguments: &[Term],
    current: &Item<'a>,
) -> Result<Item<'a>, YaqlError> {
    let call = Call {
        evaluator,
        column,
        name,
        receiver: receiver.as_ref(),
        arguments,
        current,
    };
    let is_method = receiver.is_some();
    match name {
        "changed" | "changedAny" | "changedAll" | "old" | "new" | "added" | "deleted" if !is_method => call.compare(),
        "get" | "keys" | "values" | "items" | "containsKey" | "containsValue" if is_method => call.dictionary(),
        "where" | "select" | "any" | "all" | "first" | "last" | "flatten" | "distinct" | "toList" | "selectMany"
            if is_method =>
        {
            call.list()
        }
        "len" | "join" | "matches" | "startsWith" | "endsWith" | "toLower" | "toUpper" | "trim" | "replace"
        | "split"
            if is_method =>
        {
            call.text()
        }
        "toYaml" | "toJson" if is_method => call.written(),
        "concat" | "len" | "str" | "int" | "bool" | "coalesce" if !is_method => call.convert(),
        _ if is_method => Err(call.error(format!("the method `{name}` is not known to this mock of Nailgun"))),
        _ => Err(call.error(format!("the function `{name}` is not known to this mock of Nailgun"))),
    }
}

/// Python's `re.search`.
pub(super) fn matches(text: &Value, pattern: &Value, column: usize) -> Result<bool, YaqlError> {
    let (Some(text), Some(pattern)) = (text.as_str(), pattern.as_str()) else {
        let (text, pattern) = (kind(text), kind(pattern));
        return Err(YaqlError::at(
            column,
            format!("{text} cannot be matched with {pattern}"),
        ));
    };
    let error = |reason: &dyn std::fmt::Display| YaqlError::at(column, format!("`{pattern}`: {reason}"));
    let search = RegexSearch::new(pattern).map_err(|reason| error(&reason))?;
    search
        .finds(text)
        .ok_or_else(|| error(&"the search takes too many steps"))
}

struct Call<'c, 'a> {
    evaluator: &'c Evaluator<'a>,
    column: usize,
    name: &'c str,
    receiver: Option<&'c Item<'a>>,
    arguments: &'c [Term],
    current: &'c Item<'a>,
}

impl<'a> Call<'_, 'a> {
    fn error(&self, reason: impl Into<String>) -> YaqlError {
        YaqlError::at(self.column, reason)
    }

    /// Checks how many arguments there are.
    fn count(&self, least: usize, most: usize) -> Result<(), YaqlError> {
        let found = self.arguments.len();
        if (least..=most).contains(&found) {
            return Ok(());
        }
        Err(self.error(format!("`{}` does not take {found} arguments", self.name)))
    }

    fn argument(&self, index: usize) -> Result<Item<'a>, YaqlError> {
        self.evaluator.evaluate(&self.arguments[index], self.current)
    }

    fn text_argument(&self, index: usize) -> Result<String, YaqlError> {
        let argument = self.argument(index)?;
        argument.text().ok_or_else(|| {
            self.error(format!(
                "`{}` takes strings, not {}",
                self.name,
                kind(&argument.value())
            ))
        })
    }

    fn receiver(&self) -> Result<&Item<'a>, YaqlError> {
        self.receiver.ok_or_else(|| self.error("nothing stands before the dot"))
    }

    fn items(&self) -> Result<Vec<Item<'a>>, YaqlError> {
        let receiver = self.receiver()?;
        receiver
            .items()
            .ok_or_else(|| self.error(format!("`{}` needs a list, not {}", self.name, kind(&receiver.value()))))
    }

    /// An argument's value for each item, `$` being the item.
    fn for_each(&self, items: &[Item<'a>]) -> Result<Vec<Item<'a>>, YaqlError> {
        items
            .iter()
            .map(|item| self.evaluator.evaluate(&self.arguments[0], item))
            .collect()
    }

    /// Nailgun's own: an argument is evaluated with what the node is told now, and with what it was told when the task
    /// last succeeded. What cannot be evaluated with the latter, or a task that never succeeded, counts as undefined,
    /// which equals nothing.
    fn compare(&self) -> Result<Item<'a>, YaqlError> {
        if self.name == "changedAny" || self.name == "changedAll" {
            self.count(1, usize::MAX)?;
        } else {
            self.count(1, 1)?;
        }
        let with = |root: Root<'a>, term: &Term| self.evaluator.evaluate(term, &Item::Root(root));
        let new = |term: &Term| with(self.evaluator.contexts.new, term);
        let old = |term: &Term| self.evaluator.contexts.old.and_then(|root| with(root, term).ok());
        let is_changed = |term: &Term| -> Result<bool, YaqlError> {
            let new = new(term)?;
            Ok(old(term).is_none_or(|old| !equal(&new.value(), &old.value())))
        };
        let list = |item: Option<Item<'a>>| -> Vec<Value> {
            let items = item.and_then(|item| item.items()).unwrap_or_default();
            items.into_iter().map(Item::into_value).collect()
        };
        let without = |items: Vec<Value>, others: Vec<Value>| -> Value {
            items
                .into_iter()
                .filter(|item| !others.iter().any(|other| equal(item, other)))
                .collect()
        };
        let first = &self.arguments[0];
        Ok(Item::Owned(match self.name {
            "new" => return new(first),
            "old" => return Ok(old(first).unwrap_or(Item::Owned(Value::Null))),
            "added" => without(list(Some(new(first)?)), list(old(first))),
            "deleted" => without(list(old(first)), list(Some(new(first)?))),
            "changedAll" => {
                for term in self.arguments {
                    if !is_changed(term)? {
                        return Ok(Item::Owned(Value::Bool(false)));
                    }
                }
                Value::Bool(true)
            }
            _ => {
                for term in self.arguments {
                    if is_changed(term)? {
                        return Ok(Item::Owned(Value::Bool(true)));
                    }
                }
                Value::Bool(false)
            }
        }))
    }

    fn dictionary(&self) -> Result<Item<'a>, YaqlError> {
        let receiver = self.receiver()?;
        if !receiver.is_dictionary() {
            let found = kind(&receiver.value());
            return Err(self.error(format!("`{}` needs a dictionary, not {found}", self.name)));
        }
        if self.name == "get" {
            self.count(1, 2)?;
            return match receiver.member(&self.text_argument(0)?) {
                Some(member) => Ok(member),
                None if self.arguments.len() == 2 => self.argument(1),
                None => Ok(Item::Owned(Value::Null)),
            };
        }
        if self.name == "containsKey" {
            self.count(1, 1)?;
            let found = receiver.member(&self.text_argument(0)?).is_some();
            return Ok(Item::Owned(Value::Bool(found)));
        }
        let value = receiver.value();
        let members = value.as_object().into_iter().flatten();
        Ok(Item::Owned(match self.name {
            "keys" => members.map(|(key, _)| Value::from(key.as_str())).collect(),
            "values" => members.map(|(_, member)| member.clone()).collect(),
            "items" => members
                .map(|(key, member)| Value::from(vec![Value::from(key.as_str()), member.clone()]))
                .collect(),
            _ => {
                self.count(1, 1)?;
                let wanted = self.argument(0)?;
                let found = members.into_iter().any(|(_, member)| equal(member, &wanted.value()));
                Value::Bool(found)
            }
        }))
    }

    fn list(&self) -> Result<Item<'a>, YaqlError> {
        let items = self.items()?;
        let owned = |items: Vec<Item<'a>>| -> Value { items.into_iter().map(Item::into_value).collect() };
        Ok(Item::Owned(match self.name {
            "where" => {
                self.count(1, 1)?;
                let verdicts = self.for_each(&items)?;
                let kept = items.into_iter().zip(verdicts);
                owned(
                    kept.filter(|(_, verdict)| verdict.is_true())
                        .map(|(item, _)| item)
                        .collect(),
                )
            }
            "select" => {
                self.count(1, 1)?;
                owned(self.for_each(&items)?)
            }
            "selectMany" => {
                self.count(1, 1)?;
                let lists = self.for_each(&items)?;
                owned(
                    lists
                        .into_iter()
                        .flat_map(|list| list.items().unwrap_or(vec![list]))
                        .collect(),
                )
            }
            "any" | "all" => {
                self.count(0, 1)?;
                let verdicts = if self.arguments.is_empty() {
                    items
                } else {
                    self.for_each(&items)?
                };
                Value::Bool(match (self.name, self.arguments.is_empty()) {
                    ("any", true) => !verdicts.is_empty(),
                    ("any", false) => verdicts.iter().any(Item::is_true),
                    _ => verdicts.iter().all(Item::is_true),
                })
            }
            "first" | "last" => {
                self.count(0, 1)?;
                let mut items = items;
                let found = match self.name {
                    "first" => items.into_iter().next(),
                    _ => items.pop(),
                };
                return match found {
                    Some(item) => Ok(item),
                    None if self.arguments.len() == 1 => self.argument(0),
                    None => Err(self.error(format!("`{}` of an empty list", self.name))),
                };
            }
            "flatten" => {
                self.count(0, 0)?;
                let mut flat = Vec::new();
                items.into_iter().for_each(|item| flatten(item.into_value(), &mut flat));
                Value::from(flat)
            }
            "distinct" => {
                self.count(0, 0)?;
                let mut kept: Vec<Value> = Vec::new();
                for item in items.into_iter().map(Item::into_value) {
                    if !kept.iter().any(|known| equal(known, &item)) {
                        kept.push(item);
                    }
                }
                Value::from(kept)
            }
            _ => owned(items),
        }))
    }

    fn text(&self) -> Result<Item<'a>, YaqlError> {
        let receiver = self.receiver()?;
        if self.name == "len" {
            self.count(0, 0)?;
            return self.length(receiver);
        }
        if self.name == "join" {
            // `list.join(separator)`, or `separator.join(list)`.
            self.count(1, 1)?;
            let argument = self.argument(0)?;
            let (list, separator) = match receiver.items() {
                Some(items) => (items, argument.text()),
                None => (argument.items().unwrap_or_default(), receiver.text()),
            };
            let separator = separator.ok_or_else(|| self.error("`join` needs a list and a string"))?;
            let parts: Vec<String> = list.iter().map(|item| shown(&item.value())).collect();
            return Ok(Item::Owned(Value::from(parts.join(&separator))));
        }
        let text = receiver.text().ok_or_else(|| {
            let found = kind(&receiver.value());
            self.error(format!("`{}` needs a string, not {found}", self.name))
        })?;
        Ok(Item::Owned(match self.name {
            "matches" => {
                self.count(1, 1)?;
                Value::Bool(matches(&Value::from(text), &self.argument(0)?.value(), self.column)?)
            }
            "startsWith" => {
                self.count(1, 1)?;
                Value::Bool(text.starts_with(&self.text_argument(0)?))
            }
            "endsWith" => {
                self.count(1, 1)?;
                Value::Bool(text.ends_with(&self.text_argument(0)?))
            }
            "replace" => {
                self.count(2, 2)?;
                Value::from(text.replace(&self.text_argument(0)?, &self.text_argument(1)?))
            }
            "split" => {
                self.count(0, 1)?;
                match self.arguments.is_empty() {
                    true => text.split_whitespace().map(Value::from).collect(),
                    false => text.split(&self.text_argument(0)?).map(Value::from).collect(),
                }
            }
            "toLower" => Value::from(text.to_lowercase()),
            "toUpper" => Value::from(text.to_uppercase()),
            _ => Value::from(text.trim()),
        }))
    }

    fn length(&self, of: &Item<'a>) -> Result<Item<'a>, YaqlError> {
        let value = of.value();
        let length = match &*value {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            Value::String(text) => text.chars().count(),
            other => return Err(self.error(format!("{} has no length", kind(other)))),
        };
        Ok(Item::Owned(Value::from(length)))
    }

    fn written(&self) -> Result<Item<'a>, YaqlError> {
        self.count(0, 0)?;
        let value = self.receiver()?.value();
        Ok(Item::Owned(Value::from(match self.name {
            "toYaml" => plugin_builder::yaml::to_text(&value),
            _ => value.to_string(),
        })))
    }

    fn convert(&self) -> Result<Item<'a>, YaqlError> {
        match self.name {
            "concat" => {
                let parts: Result<Vec<String>, YaqlError> = (0..self.arguments.len())
                    .map(|index| self.text_argument(index))
                    .collect();
                Ok(Item::Owned(Value::from(parts?.concat())))
            }
            "coalesce" => {
                for index in 0..self.arguments.len() {
                    let argument = self.argument(index)?;
                    if !argument.is_null() {
                        return Ok(argument);
                    }
                }
                Ok(Item::Owned(Value::Null))
            }
            "len" => {
                self.count(1, 1)?;
                self.length(&self.argument(0)?)
            }
            _ => {
                self.count(1, 1)?;
                let argument = self.argument(0)?;
                let value = argument.value();
                Ok(Item::Owned(match self.name {
                    "str" => Value::from(shown(&value)),
                    "bool" => Value::Bool(argument.is_true()),
                    _ => {
                        let number = match &*value {
                            Value::String(text) => text.trim().parse::<i64>().ok(),
                            Value::Bool(value) => Some(i64::from(*value)),
                            Value::Null => Some(0),
                            other => other.as_i64().or(other.as_f64().map(|number| number as i64)),
                        };
                        let number = number.ok_or_else(|| self.error(format!("{} is no integer", kind(&value))))?;
                        Value::from(number)
                    }
                }))
            }
        }
    }
}

fn flatten(value: Value, flat: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| flatten(item, flat)),
        other => flat.push(other),
    }
}

/// A value as YAQL's `str` writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
