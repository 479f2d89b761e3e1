//! Terms to values.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::error::YaqlError;
use super::functions;
use super::item::{Item, Root, equal, kind, order};
use super::parser::{Kind, Operator, Term, Yaql};

/// What an expression of a task sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contexts<'a> {
    /// What the node is told now.
    pub(crate) new: Root<'a>,
    /// What it was told when the task last succeeded there; `None` where it never did.
    pub(crate) old: Option<Root<'a>>,
}

impl Yaql {
    /// The expression's value.
    ///
    /// # Errors
    /// [`YaqlError`] for a path that leads nowhere, values that do not fit an operator, and functions not known here.
    pub(crate) fn evaluate<'a>(&self, contexts: Contexts<'a>) -> Result<Item<'a>, YaqlError> {
        let evaluator = Evaluator { contexts };
        evaluator.evaluate(&self.root, &Item::Root(contexts.new))
    }
}

/// Evaluates terms of one expression.
pub(super) struct Evaluator<'a> {
    pub(super) contexts: Contexts<'a>,
}

impl<'a> Evaluator<'a> {
    /// The value of a term where `$` is `current`.
    pub(super) fn evaluate(&self, term: &Term, current: &Item<'a>) -> Result<Item<'a>, YaqlError> {
        let column = term.column;
        Ok(match &term.kind {
            Kind::Constant(value) => Item::Owned(value.clone()),
            Kind::Current => current.clone(),
            Kind::Member { of, name, or_null } => {
                let of = self.evaluate(of, current)?;
                if *or_null && of.is_null() {
                    return Ok(Item::Owned(Value::Null));
                }
                member(&of, name, column)?
            }
            Kind::Index(of, index) => {
                let of = self.evaluate(of, current)?;
                self.index(&of, &self.evaluate(index, current)?, column)?
            }
            Kind::Call {
                receiver,
                name,
                arguments,
            } => {
                let receiver = receiver
                    .as_ref()
                    .map(|receiver| self.evaluate(receiver, current))
                    .transpose()?;
                functions::call(self, column, name, receiver, arguments, current)?
            }
            Kind::Not(inner) => Item::Owned(Value::Bool(!self.evaluate(inner, current)?.is_true())),
            Kind::Negative(inner) => {
                let value = self.evaluate(inner, current)?.into_value();
                arithmetic(Operator::Minus, &Value::from(0), &value, column).map(Item::Owned)?
            }
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, column, current)?,
            Kind::List(items) => {
                let items: Result<Vec<Value>, YaqlError> = items
                    .iter()
                    .map(|item| Ok(self.evaluate(item, current)?.into_value()))
                    .collect();
                Item::Owned(Value::from(items?))
            }
            Kind::Dictionary(pairs) => {
                let mut members = Map::new();
                for (key, value) in pairs {
                    let key = self.evaluate(key, current)?;
                    let key = key
                        .text()
                        .ok_or_else(|| YaqlError::at(column, "a key of a dictionary must be a string"))?;
                    members.insert(key, self.evaluate(value, current)?.into_value());
                }
                Item::Owned(Value::Object(members))
            }
        })
    }

    fn index(&self, of: &Item<'a>, index: &Item<'a>, column: usize) -> Result<Item<'a>, YaqlError> {
        if let Some(key) = index.text() {
            return member(of, &key, column);
        }
        let items = of
            .items()
            .ok_or_else(|| YaqlError::at(column, format!("{} has no items", kind(&of.value()))))?;
        let number = index
            .value()
            .as_i64()
            .ok_or_else(|| YaqlError::at(column, "an index must be a number or a string"))?;
        let position = if number < 0 {
            number + items.len() as i64
        } else {
            number
        };
        usize::try_from(position)
            .ok()
            .and_then(|position| items.get(position).cloned())
            .ok_or_else(|| YaqlError::at(column, format!("there is no item {number}")))
    }

    fn binary(
        &self,
        operator: Operator,
        left: &Term,
        right: &Term,
        column: usize,
        current: &Item<'a>,
    ) -> Result<Item<'a>, YaqlError> {
        let left = self.evaluate(left, current)?;
        match operator {
            Operator::Or if left.is_true() => return Ok(left),
            Operator::And if !left.is_true() => return Ok(left),
            Operator::Or | Operator::And => return self.evaluate(right, current),
            _ => {}
        }
        let right = self.evaluate(right, current)?;
        let (left, right) = (left.value(), right.value());
        let compared = |wanted: &[Ordering]| {
            order(&left, &right)
                .map(|order| Value::Bool(wanted.contains(&order)))
                .ok_or_else(|| {
                    let (left, right) = (kind(&left), kind(&right));
                    YaqlError::at(column, format!("{left} and {right} have no order"))
                })
        };
        Ok(Item::Owned(match operator {
            Operator::Or | Operator::And => Value::Null,
            Operator::Equal => Value::Bool(equal(&left, &right)),
            Operator::NotEqual => Value::Bool(!equal(&left, &right)),
            Operator::Greater => compared(&[Ordering::Greater])?,
            Operator::Less => compared(&[Ordering::Less])?,
            Operator::GreaterOrEqual => compared(&[Ordering::Greater, Ordering::Equal])?,
            Operator::LessOrEqual => compared(&[Ordering::Less, Ordering::Equal])?,
            Operator::In => Value::Bool(contains(&right, &left, column)?),
            Operator::Matches => Value::Bool(functions::matches(&left, &right, column)?),
            Operator::MatchesNot => Value::Bool(!functions::matches(&left, &right, column)?),
            Operator::Plus | Operator::Minus | Operator::Times | Operator::Divided | Operator::Modulo => {
                arithmetic(operator, &left, &right, column)?
            }
        }))
    }
}

/// A member of a dictionary; of a list, that member of each of its items.
fn member<'a>(of: &Item<'a>, name: &str, column: usize) -> Result<Item<'a>, YaqlError> {
    if let Some(items) = of.items() {
        let members: Result<Vec<Value>, YaqlError> = items
            .iter()
            .map(|item| Ok(member(item, name, column)?.into_value()))
            .collect();
        return Ok(Item::Owned(Value::from(members?)));
    }
    of.member(name).ok_or_else(|| {
        let reason = if of.is_dictionary() {
            format!("there is no `{name}` here")
        } else {
            format!("{} has no member `{name}`", kind(&of.value()))
        };
        YaqlError::at(column, reason)
    })
}

/// Whether a list, a dictionary (by its keys) or a string holds something.
fn contains(container: &Value, value: &Value, column: usize) -> Result<bool, YaqlError> {
    match (container, value) {
        (Value::Array(items), _) => Ok(items.iter().any(|item| equal(item, value))),
        (Value::Object(members), Value::String(key)) => Ok(members.contains_key(key)),
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        (Value::Object(_), _) => Ok(false),
        _ => Err(YaqlError::at(
            column,
            format!("the right side of `in` is {}, which holds nothing", kind(container)),
        )),
    }
}

fn arithmetic(operator: Operator, left: &Value, right: &Value, column: usize) -> Result<Value, YaqlError> {
    let refused = || {
        let (left, right) = (kind(left), kind(right));
        YaqlError::at(column, format!("{left} and {right} cannot be calculated with"))
    };
    match (operator, left, right) {
        (Operator::Plus, Value::String(left), Value::String(right)) => {
            return Ok(Value::from(format!("{left}{right}")));
        }
        (Operator::Plus, Value::Array(left), Value::Array(right)) => {
            return Ok(left.iter().chain(right).cloned().collect());
        }
        _ => {}
    }
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        let result = match operator {
            Operator::Plus => left.checked_add(right),
            Operator::Minus => left.checked_sub(right),
            Operator::Times => left.checked_mul(right),
            // Rounded down, as Python 2 does.
            Operator::Divided => left.checked_div_euclid(right),
            _ => left.checked_rem_euclid(right),
        };
        return result
            .map(Value::from)
            .ok_or_else(|| YaqlError::at(column, "the result is too large, or something is divided by zero"));
    }
    let (left, right) = left.as_f64().zip(right.as_f64()).ok_or_else(refused)?;
    let result = match operator {
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Divided => left / right,
        _ => left % right,
    };
    Number::from_f64(result).map(Value::Number).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::yaql::parser::DEEPEST;

    fn new() -> Value {
        json!({
            "uid": "1", "roles": ["primary-controller", "primary-database"], "debug": false, "count": 3,
            "storage": {"volumes_ceph": true, "images_ceph": false}, "empty": null,
            "kubernetes-plugin": {"networking": "calico"},
            "network_metadata": {"nodes": {
                "node-1": {"node_roles": ["primary-controller"], "network_roles": {"mgmt/messaging": "10.0.0.1"}},
                "node-2": {"node_roles": ["compute"], "network_roles": {"mgmt/messaging": "10.0.0.2"}},
                "node-3": {"node_roles": ["controller"], "network_roles": {"mgmt/messaging": "10.0.0.3"}},
            }},
        })
    }

    fn old() -> Value {
        let mut old = new();
        old["storage"]["images_ceph"] = json!(true);
        old["roles"] = json!(["primary-controller"]);
        old.as_object_mut().unwrap().shift_remove("debug");
        old
    }

    fn value(expression: &str) -> Result<Value, YaqlError> {
        let (new, old) = (new(), old());
        let contexts = Contexts {
            new: Root::Document(&new),
            old: Some(Root::Document(&old)),
        };
        Ok(Yaql::parse(expression)?.evaluate(contexts)?.into_value())
    }

    #[rstest]
    #[case("$.storage.volumes_ceph", json!(true))]
    #[case("$.get('nothing')", json!(null))]
    #[case("$.get(nothing, 'else')", json!("else"))]
    #[case("$.get('kubernetes-plugin').get(\"networking\") = \"calico\"", json!(true))]
    #[case("$.get('puppet-agent', {}).get('enable-lcm-9_2', false) = true", json!(false))]
    #[case("not ('calico-etcd' in $.roles)", json!(true))]
    #[case("('primary-controller' in $.roles) and not $.debug", json!(true))]
    #[case("not $.storage.images_ceph or not $.storage.volumes_ceph", json!(true))]
    #[case("concat(\"node-\", $.uid)", json!("node-1"))]
    #[case("$.network_metadata.nodes.get(concat(\"node-\", $.uid)).network_roles.get('mgmt/messaging')", json!("10.0.0.1"))]
    #[case(
        "$.network_metadata.nodes.values().where($.node_roles.any($.matches('controller'))).network_roles.select(\n  $.get('mgmt/messaging'))",
        json!(["10.0.0.1", "10.0.0.3"])
    )]
    #[case(
        "$.network_metadata.nodes.values().where(('controller' in $.node_roles) or ('primary-controller' in $.node_roles)).len()",
        json!(2)
    )]
    #[case("$.roles[0]", json!("primary-controller"))]
    #[case("$.roles[-1]", json!("primary-database"))]
    #[case("$['uid']", json!("1"))]
    #[case("$.empty?.anything", json!(null))]
    #[case("1 + 2 * 3 - -4 = 11", json!(true))]
    #[case("$.count > 2 and $.count <= 3", json!(true))]
    #[case("'a' + 'b'", json!("ab"))]
    #[case("7 mod 4", json!(3))]
    #[case("{a => 1, 'b' => [2, $.uid]}", json!({"a": 1, "b": [2, "1"]}))]
    #[case("[1, [2, [3]], 1].flatten().distinct()", json!([1, 2, 3]))]
    #[case("$.roles.join(',')", json!("primary-controller,primary-database"))]
    #[case("int('7') = 7", json!(true))]
    fn an_expression_has_the_value_that_yaql_gives_it(#[case] expression: &str, #[case] expected: Value) {
        assert_eq!(value(expression).unwrap(), expected);
    }

    #[rstest]
    #[case("changed($.storage)", true)]
    #[case("changed($.uid)", false)]
    #[case("changed($.debug)", true)]
    #[case("changedAny($.uid, $.get('nothing'), $.count)", false)]
    #[case("changedAny($.uid, $.storage)", true)]
    #[case("changedAll($.uid, $.storage)", false)]
    #[case("changedAll($.roles, $.storage)", true)]
    #[case("$.storage.volumes_ceph and changed($.storage.volumes_ceph)", false)]
    #[case("added($.roles) = ['primary-database'] and deleted($.roles) = []", true)]
    #[case("old($.storage.images_ceph) and not new($.storage.images_ceph)", true)]
    fn what_changed_is_seen_by_comparing_with_the_last_success(#[case] expression: &str, #[case] expected: bool) {
        assert_eq!(value(expression).unwrap(), json!(expected));
    }

    #[test]
    fn on_a_node_where_the_task_never_succeeded_everything_has_changed() {
        let new = new();
        let contexts = Contexts {
            new: Root::Document(&new),
            old: None,
        };
        let value = Yaql::parse("changed($.get('nothing'))")
            .unwrap()
            .evaluate(contexts)
            .unwrap();
        assert_eq!(value.into_value(), json!(true));
    }

    #[rstest]
    #[case("$.nothing", "column 2: there is no `nothing` here")]
    #[case("$.uid.more", "column 6: a string has no member `more`")]
    #[case(
        "frobnicate(1)",
        "column 1: the function `frobnicate` is not known to this mock of Nailgun"
    )]
    #[case(
        "$.roles.groupBy($)",
        "column 8: the method `groupBy` is not known to this mock of Nailgun"
    )]
    #[case("$name", "column 1: the variable `$name` is not known here")]
    #[case("$.roles.where($", "column 16: `,` is expected, not the end")]
    #[case("'open", "column 1: the string that begins with ' does not end")]
    #[case("1 +", "column 4: a value is expected, not the end")]
    #[case("1 2", "column 3: `2` is not expected here")]
    #[case("$ & 1", "column 3: `&` means nothing in YAQL")]
    #[case("$.roles =~ 'x'", "column 9: a list cannot be matched with a string")]
    #[case("1 / 0", "column 3: the result is too large, or something is divided by zero")]
    #[case("$.get()", "column 2: `get` does not take 0 arguments")]
    #[case("$.fuel-plugin-x", "column 2: there is no `fuel` here")]
    fn what_has_no_value_is_named_with_its_column(#[case] expression: &str, #[case] message: &str) {
        assert_eq!(value(expression).unwrap_err().to_string(), message);
    }

    #[rstest]
    #[case("1", "+1")]
    #[case("1", " and true")]
    #[case("1", " - 1 * 2")]
    #[case("$", ".a")]
    #[case("$", "?.a")]
    #[case("[1]", ".select($)")]
    #[case("[1]", "[0]")]
    #[case("(((1 + 1) + 1) + 1)", " or 1")]
    fn a_chain_without_brackets_is_refused_where_it_is_too_deep(#[case] begin: &str, #[case] link: &str) {
        let error = Yaql::parse(&format!("{begin}{}", link.repeat(10_000))).unwrap_err();
        assert_eq!(error.reason, "the expression is more than 100 levels deep");
    }

    #[rstest]
    #[case("[1]", ".select($)", "")]
    #[case("[1]", ".where($).flatten()", "")]
    #[case("", "[1].select(", "1")]
    #[case("", "[1].where($ = ", "1")]
    #[case("", "[1, ", "1")]
    #[case("", "{a => ", "1")]
    #[case("1", " and 1", "")]
    #[case("", "1 + (2 * ", "1")]
    #[case("", "concat(a, ", "b")]
    fn the_deepest_that_is_read_is_evaluated_too(#[case] begin: &str, #[case] link: &str, #[case] end: &str) {
        let closing: String = link
            .chars()
            .rev()
            .filter_map(|sign| match sign {
                '(' if !link.contains(')') => Some(')'),
                '[' if !link.contains(']') => Some(']'),
                '{' => Some('}'),
                _ => None,
            })
            .collect();
        let nested = |times| format!("{begin}{}{end}{}", link.repeat(times), closing.repeat(times));
        let deepest = (0..=DEEPEST + 1)
            .rev()
            .map(nested)
            .find(|text| Yaql::parse(text).is_ok());
        let text = deepest.unwrap();
        assert!(text.len() > 20 * link.len(), "{text}");
        value(&text).unwrap();
    }

    #[test]
    fn a_long_chain_of_what_people_write_has_a_value() {
        assert_eq!(value(&format!("0{}", " + 1".repeat(90))).unwrap(), json!(90));
        assert_eq!(
            value(&format!("[{}1]", "1, ".repeat(2000)))
                .unwrap()
                .as_array()
                .unwrap()
                .len(),
            2001
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_or_the_evaluation_panic(text in "[$a-c.(),'0-9 \\[\\]=><!+*/{}-]{0,40}") {
            let _ = value(&text);
        }

        #[test]
        fn any_depth_is_read_or_refused(depth in 0usize..2000) {
            let _ = value(&format!("{}1{}", "(".repeat(depth), ")".repeat(depth)));
            let _ = value(&format!("{}1", "not ".repeat(depth)));
            let _ = value(&format!("{}1", "-".repeat(depth)));
        }

        #[test]
        fn nothing_has_changed_where_nothing_is_different(key in "uid|roles|storage|network_metadata") {
            let document = new();
            let root = Root::Document(&document);
            let expression = Yaql::parse(&format!("changed($.{key})")).unwrap();
            let value = expression.evaluate(Contexts { new: root, old: Some(root) }).unwrap();
            prop_assert!(!value.is_true());
        }
    }
}
