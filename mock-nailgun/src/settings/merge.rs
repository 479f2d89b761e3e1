//! Merging and flattening of attribute documents.

use serde_json::{Map, Value};

/// Puts `changes` over `base`: objects are merged member by member, everything else, lists too, is replaced.
pub(crate) fn merge(base: &mut Value, changes: &Value) {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            for (key, change) in changes {
                match base.get_mut(key) {
                    Some(value) => merge(value, change),
                    None => {
                        base.insert(key.clone(), change.clone());
                    }
                }
            }
        }
        (base, changes) => *base = changes.clone(),
    }
}

/// As [`merge`], with changes that nobody else needs.
pub(crate) fn merge_into(base: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (key, change) in changes {
        match (base.get_mut(&key), change) {
            (Some(Value::Object(base)), Value::Object(change)) => merge_into(base, change),
            (Some(value), change) => *value = change,
            (None, change) => {
                base.insert(key, change);
            }
        }
    }
}

/// Editable attributes as nodes get them: a field's `value` in place of the field, the section `common` poured into
/// the top level, `additional_components` as `<component>: {enabled: …}`; other sections keep their `metadata`.
pub(crate) fn flatten(editable: &Map<String, Value>) -> Map<String, Value> {
    let mut flat = Value::Object(Map::new());
    for (name, section) in editable {
        let Value::Object(fields) = section else { continue };
        let values: Map<String, Value> = fields.iter().map(|(key, field)| (key.clone(), bare(field))).collect();
        let part = match name.as_str() {
            "common" => Value::Object(values),
            "additional_components" => Value::Object(
                values
                    .into_iter()
                    .filter(|(key, _)| key != "metadata")
                    .map(|(key, enabled)| (key, Value::Object(Map::from_iter([("enabled".to_owned(), enabled)]))))
                    .collect(),
            ),
            _ => Value::Object(Map::from_iter([(name.clone(), Value::Object(values))])),
        };
        merge(&mut flat, &part);
    }
    match flat {
        Value::Object(flat) => flat,
        _ => Map::new(),
    }
}

fn bare(field: &Value) -> Value {
    match field {
        Value::Object(members) => members.get("value").cloned().unwrap_or_else(|| field.clone()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_merged_and_lists_are_replaced() {
        let mut base = json!({"a": {"x": 1, "y": [1, 2]}, "b": 1});
        merge(&mut base, &json!({"a": {"y": [3], "z": null}, "c": 2}));
        assert_eq!(base, json!({"a": {"x": 1, "y": [3], "z": null}, "b": 1, "c": 2}));
    }

    #[test]
    fn flattening_gives_bare_values_and_pours_common_into_the_top_level() {
        let editable = json!({
            "common": {"metadata": {"label": "Common"}, "debug": {"type": "checkbox", "value": false}},
            "additional_components": {"metadata": {}, "heat": {"type": "hidden", "value": true}},
            "trove": {"metadata": {"enabled": true}, "password": {"type": "text", "value": "secret"}},
        });
        assert_eq!(
            Value::Object(flatten(editable.as_object().unwrap())),
            json!({
                "metadata": {"label": "Common"}, "debug": false, "heat": {"enabled": true},
                "trove": {"metadata": {"enabled": true}, "password": "secret"},
            })
        );
    }

    fn objects() -> impl Strategy<Value = Value> {
        prop::collection::btree_map("[a-d]", documents(), 0..4).prop_map(|members| json!(members))
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            "[a-c]{0,3}".prop_map(Value::from),
            Just(Value::Null)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|members| json!(members)),
            ]
        })
    }

    /// Whether `whole` holds every member of `part`, all the way down, with the same values.
    fn holds(whole: &Value, part: &Value) -> bool {
        match (whole, part) {
            (Value::Object(whole), Value::Object(part)) => part
                .iter()
                .all(|(key, value)| whole.get(key).is_some_and(|other| holds(other, value))),
            (whole, part) => whole == part,
        }
    }

    proptest! {
        #[test]
        fn what_is_merged_last_holds_whatever_came_before(base in documents(), changes in documents()) {
            let mut merged = base;
            merge(&mut merged, &changes);
            prop_assert!(holds(&merged, &changes), "{merged} lacks something of {changes}");
        }

        #[test]
        fn members_that_are_not_changed_stay(base in objects(), changes in objects()) {
            let mut merged = base.clone();
            merge(&mut merged, &changes);
            for (key, value) in base.as_object().unwrap() {
                if changes.get(key).is_none() {
                    prop_assert_eq!(&merged[key], value);
                }
            }
        }

        #[test]
        fn fuels_own_settings_are_flat_as_ever_whatever_a_plugin_brings(plugin in objects(), core in objects()) {
            let sections = |document: &Value| -> Map<String, Value> {
                let members = document.as_object().unwrap();
                members.iter().map(|(name, value)| (name.clone(), json!({"field": {"type": "text", "value": value}}))).collect()
            };
            let own = Value::Object(flatten(&sections(&core)));
            let mut flat = Value::Object(flatten(&sections(&plugin)));
            merge(&mut flat, &own);
            prop_assert!(holds(&flat, &own), "{flat} lacks something of {own}");
        }

        #[test]
        fn merging_a_document_twice_changes_nothing_more(base in documents(), changes in documents()) {
            let mut once = base;
            merge(&mut once, &changes);
            let mut twice = once.clone();
            merge(&mut twice, &changes);
            prop_assert_eq!(once, twice);
        }
    }
}
