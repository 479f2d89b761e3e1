//! Which settings are tried, one after the other.
//!
//! They are dealt out and not strewn, so that few of them reach far: every value of every choice comes as soon as it can,
//! then every pair of them; texts that programs stumble over come in turn, a part of the texts at a time, so that the
//! failure of one does not hide all others. What is left is drawn at random.

use std::collections::BTreeSet;

use serde_json::Value;

use super::field::{Field, Fields, Subject};
use super::reach::{Surroundings, sections};
use super::values::Maker;

/// How many settings are made up for each one that is taken.
const CANDIDATES: usize = 16;
/// What a value that has not come yet counts, in pairs that have not.
const SINGLE: usize = 50;
/// How many times settings that came already are made up before that is called the end.
const PATIENCE: usize = 300;
/// Up to how many settings there may be for all of them to be written out.
const ALL: usize = 2000;

/// A value that must come: the field's place, and the value's among the notable ones.
type Single = (usize, usize);

/// Draws settings from what fields allow: the same ones for the same seed, fields and surroundings.
pub(crate) struct Drawing {
    fields: Vec<Field>,
    surroundings: Surroundings,
    maker: Maker,
    seen: BTreeSet<String>,
    singles: BTreeSet<Single>,
    pairs: BTreeSet<(Single, Single)>,
    /// What is not understood or wanted otherwise, by the reason.
    left: Vec<(String, Vec<String>)>,
}

impl Drawing {
    /// For the fields of these plugins in an environment.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub(crate) fn new(
        seed: u64,
        editable: &Value,
        subjects: &[Subject<'_>],
        surroundings: Surroundings,
    ) -> Result<Self, String> {
        let mut maker = Maker::new(seed);
        let Fields { drawn: fields, left } = Fields::read(editable, subjects, &mut maker)?;
        let mut drawing = Self {
            fields,
            surroundings,
            maker,
            seen: BTreeSet::new(),
            singles: BTreeSet::new(),
            pairs: BTreeSet::new(),
            left: left.into_iter().collect(),
        };
        // The scenario's own settings are deployed before any others.
        drawing.take(&drawing.own());
        Ok(drawing)
    }

    /// The fields that are drawn.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Fields that stay as they are, as `plugin.field`, by the reason.
    pub(crate) fn left(&self) -> &[(String, Vec<String>)] {
        &self.left
    }

    /// The sections of the plugins with these values, as Nailgun takes them.
    pub(crate) fn sections(&self, values: &[Value]) -> Value {
        self.sections_in(self.surroundings.editable(), values)
    }

    /// As [`sections`](Self::sections), for another environment, whose settings these are.
    pub(crate) fn sections_in(&self, editable: &Value, values: &[Value]) -> Value {
        sections(editable, &self.fields, values)
    }

    /// What the fields hold in the scenario.
    pub(crate) fn own(&self) -> Vec<Value> {
        self.fields.iter().map(|field| field.own.clone()).collect()
    }

    /// The fields that do not hold what they do in the scenario.
    pub(crate) fn changed(&self, values: &[Value]) -> BTreeSet<usize> {
        let fields = self.fields.iter().zip(values).enumerate();
        fields
            .filter(|(_, (field, value))| field.own != **value)
            .map(|(place, _)| place)
            .collect()
    }

    /// These settings with only some of the changed fields as they were drawn; `None` where nobody can reach that.
    pub(crate) fn only(&mut self, values: &[Value], drawn: &BTreeSet<usize>) -> Option<Vec<Value>> {
        let mixed = self
            .fields
            .iter()
            .zip(values)
            .enumerate()
            .map(|(place, (field, value))| {
                let value = if drawn.contains(&place) { value } else { &field.own };
                value.clone()
            });
        let mixed = mixed.collect();
        self.surroundings.reachable(&self.fields, mixed)
    }

    /// The next settings, none of which came before; `None` when there are no more.
    ///
    /// They do not count as having come until they are [taken](Self::take), but do not come again either.
    pub(crate) fn next(&mut self) -> Option<Vec<Value>> {
        for _ in 0..PATIENCE {
            let candidates: Vec<Vec<Value>> = (0..CANDIDATES).map(|_| self.candidate()).collect();
            let best = candidates.into_iter().max_by_key(|candidate| self.score(candidate))?;
            if let Some(values) = self.unseen(best) {
                return Some(values);
            }
        }
        let all = self.all()?;
        all.into_iter().find_map(|values| self.unseen(values))
    }

    /// Counts these settings' values as having come.
    pub(crate) fn take(&mut self, values: &[Value]) {
        self.seen.insert(written(values));
        let singles = self.singles_of(values);
        for (index, single) in singles.iter().enumerate() {
            self.singles.insert(*single);
            self.pairs
                .extend(singles[index + 1..].iter().map(|other| (*single, *other)));
        }
    }

    /// What a person can reach of it, if that did not come before.
    fn unseen(&mut self, values: Vec<Value>) -> Option<Vec<Value>> {
        let values = self.surroundings.reachable(&self.fields, values)?;
        self.seen.insert(written(&values)).then_some(values)
    }

    fn singles_of(&self, values: &[Value]) -> Vec<Single> {
        let fields = self.fields.iter().zip(values).enumerate();
        fields
            .filter_map(|(place, (field, value))| {
                let index = field.domain.notable.iter().position(|notable| notable == value)?;
                Some((place, index))
            })
            .collect()
    }

    fn score(&self, values: &[Value]) -> usize {
        let singles = self.singles_of(values);
        let new = singles.iter().filter(|single| !self.singles.contains(single)).count();
        let closed: Vec<&Single> = singles
            .iter()
            .filter(|(place, _)| self.fields[*place].domain.is_closed())
            .collect();
        let pairs = closed.iter().enumerate().flat_map(|(index, single)| {
            let others = closed[index + 1..].iter();
            others.map(move |other| (**single, **other))
        });
        new * SINGLE + pairs.filter(|pair| !self.pairs.contains(pair)).count()
    }

    fn candidate(&mut self) -> Vec<Value> {
        let open = self.fields.iter().filter(|field| !field.domain.is_closed()).count();
        // Of the fields that anything can be written into, half are; one where there is but one.
        let mut places: Vec<usize> = (0..open).collect();
        self.maker.draw.shuffle(&mut places);
        let written: BTreeSet<usize> = places.into_iter().take(open.div_ceil(2)).collect();
        let mut opens = 0;
        (0..self.fields.len())
            .map(|place| {
                if self.fields[place].domain.is_closed() {
                    return self.notable(place);
                }
                opens += 1;
                if !written.contains(&(opens - 1)) {
                    return self.fields[place].own.clone();
                }
                // What is known to be stumbled over, and now and then something else.
                let drawn = match self.maker.draw.below(4) {
                    0 => self.fields[place].domain.draw(&mut self.maker),
                    _ => None,
                };
                drawn.unwrap_or_else(|| self.notable(place))
            })
            .collect()
    }

    /// One that has not come yet, if there is one; else any.
    fn notable(&mut self, place: usize) -> Value {
        let domain = &self.fields[place].domain;
        let missing: Vec<usize> = (0..domain.notable.len())
            .filter(|index| !self.singles.contains(&(place, *index)))
            .collect();
        let draw = &mut self.maker.draw;
        if missing.is_empty() {
            return match domain.draw(&mut self.maker) {
                Some(value) => value,
                None => domain.notable[self.maker.draw.below(domain.notable.len())].clone(),
            };
        }
        // Not always: a pair may need what came already.
        let index = if draw.below(4) > 0 {
            missing[draw.below(missing.len())]
        } else {
            draw.below(domain.notable.len())
        };
        domain.notable[index].clone()
    }

    /// All settings there are, where there are not too many.
    fn all(&self) -> Option<Vec<Vec<Value>>> {
        let mut all = vec![Vec::new()];
        for field in &self.fields {
            let values = &field.domain.notable;
            if !field.domain.is_closed() || all.len() * values.len() > ALL {
                return None;
            }
            all = all
                .iter()
                .flat_map(|settings: &Vec<Value>| {
                    values.iter().map(|value| {
                        let mut settings = settings.clone();
                        settings.push(value.clone());
                        settings
                    })
                })
                .collect();
        }
        Some(all)
    }
}

fn written(values: &[Value]) -> String {
    serde_json::to_string(values).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use plugin_builder::expression::Models;
    use serde_json::json;

    use super::*;

    fn drawing(seed: u64, section: Value) -> Drawing {
        let mut section = section;
        section["metadata"] = json!({"plugin_id": 1, "enabled": true});
        let editable = json!({"p": section});
        let surroundings = Surroundings::new(editable.clone(), Models::new());
        let subject = Subject {
            plugin: "p",
            fixed: &[],
        };
        Drawing::new(seed, &editable, &[subject], surroundings).unwrap()
    }

    fn settings(drawing: &mut Drawing, count: usize) -> Vec<Vec<Value>> {
        let mut all = Vec::new();
        while all.len() < count {
            let Some(values) = drawing.next() else { break };
            drawing.take(&values);
            all.push(values);
        }
        all
    }

    fn choice(own: &str, data: &[&str]) -> Value {
        let values: Vec<Value> = data.iter().map(|data| json!({"data": data})).collect();
        json!({"type": "radio", "value": own, "values": values})
    }

    #[test]
    fn every_value_of_every_choice_comes_in_as_many_settings_as_the_longest_has() {
        let section = json!({
            "a": choice("1", &["1", "2", "3", "4"]), "b": choice("x", &["x", "y", "z"]),
            "c": {"type": "checkbox", "value": true}, "d": {"type": "checkbox", "value": false},
        });
        for seed in 0..20 {
            let mut drawing = drawing(seed, section.clone());
            let drawn = settings(&mut drawing, 4);
            for (place, field) in drawing.fields().iter().enumerate() {
                for value in &field.domain.notable[1..] {
                    assert!(
                        drawn.iter().any(|values| values[place] == *value),
                        "{} = {value} of seed {seed}",
                        field.name
                    );
                }
            }
        }
    }

    #[test]
    fn every_pair_of_choices_comes_soon() {
        let checkbox = json!({"type": "checkbox", "value": false});
        let names = ["a", "b", "c", "d", "e", "f"];
        let section: Value = names
            .iter()
            .map(|name| ((*name).to_owned(), checkbox.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let mut drawing = drawing(3, section);
        let mut drawn = settings(&mut drawing, 9);
        drawn.push(drawing.own());
        for one in 0..6 {
            for other in 0..one {
                let pairs: BTreeSet<String> = drawn
                    .iter()
                    .map(|values| format!("{}{}", values[one], values[other]))
                    .collect();
                assert_eq!(pairs.len(), 4, "{one} and {other}: {pairs:?}");
            }
        }
    }

    #[test]
    fn settings_end_where_there_are_no_more() {
        let section = json!({
            "a": choice("1", &["1", "2", "3"]), "b": {"type": "checkbox", "value": true},
            "c": {"type": "checkbox", "value": false, "restrictions": ["settings:p.b.value == false"]},
        });
        let mut drawing = drawing(1, section);
        let drawn = settings(&mut drawing, 50);
        // Three times on and on, on and off, off and off; less the scenario's own.
        assert_eq!(drawn.len(), 8, "{drawn:?}");
        assert_eq!(
            drawn
                .iter()
                .map(|values| written(values))
                .collect::<BTreeSet<_>>()
                .len(),
            8
        );
    }

    #[test]
    fn one_seed_draws_the_same_settings_and_another_seed_others() {
        let section = json!({"a": {"type": "text", "value": "own"}, "b": {"type": "password", "value": "own"},
            "c": {"type": "text", "value": "1", "regex": {"source": "^\\d+$", "error": "no"}}});
        let drawn = |seed| settings(&mut drawing(seed, section.clone()), 12);
        assert_eq!(drawn(5), drawn(5));
        assert_ne!(drawn(5), drawn(6));
        assert_eq!(drawn(5).len(), 12);
        // Never all of them at once.
        assert!(
            drawn(5)
                .iter()
                .all(|values| values.contains(&json!("own")) || values.contains(&json!("1")))
        );
    }
}
