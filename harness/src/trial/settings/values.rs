//! What a field of the settings may hold: the values that must come, and a way to more of them.

use std::fmt;

use proptest::collection::vec;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use super::pattern::Pattern;
use crate::trial::Draw;

/// Letters beyond ASCII that texts are written with: two bytes, three, and one that has a capital of other length.
const FOREIGN: &[char] = &['ß', 'é', 'Ж', '中'];
/// Texts that programs stumble over. Braces are not among them: Nailgun itself reads them as places to fill in, and 8.0
/// fails on those that it cannot fill.
const TEXTS: &[&str] = &[
    "two words",
    "it's",
    "say \"hi\"",
    "$HOME `id`",
    "back\\slash",
    "Жé中",
    "",
    "-n",
    "a;b&c|d>e",
    "# no remark",
    "a/b.c*",
    " at the edges ",
    "yes",
    "007",
    "a: b, %s",
];
/// Passwords likewise.
const PASSWORDS: &[&str] = &[
    "correct horse",
    "pa$$w0rd",
    "it's-\"secret\"",
    "back\\slash",
    "p@ss:w/rd#1",
    "x",
    "",
    "&amp;|;<>*?!%s",
];
/// What a long text is as long as: one column of a database takes no more.
const LONG: usize = 255;
/// Characters of a password that is made up.
const PASSWORD: &str = r##"[A-Za-z0-9 !"#$%&'()*+,./:;<=>?@^_`|~\\\[\]-]{8,32}"##;
/// How many items more than it must have a list gets at most.
const ITEMS: usize = 3;

/// The characters that texts are written with, in order.
pub(super) fn written_characters() -> impl Iterator<Item = char> {
    let of_ascii = (' '..='~').filter(|character| !matches!(character, '{' | '}'));
    of_ascii.chain(FOREIGN.iter().copied())
}

/// Makes values by strategies, from a seed.
pub(super) struct Maker {
    pub(super) draw: Draw,
    runner: TestRunner,
}

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        // ChaCha gives the same numbers with every version of proptest.
        let bytes: Vec<u8> = (0..4).flat_map(|_| draw.bits().to_le_bytes()).collect();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self {
            draw,
            runner: TestRunner::new_with_rng(Config::default(), rng),
        }
    }

    /// A value of a strategy; none where it finds none.
    pub(super) fn make<T: fmt::Debug>(&mut self, strategy: &BoxedStrategy<T>) -> Option<T> {
        strategy.new_tree(&mut self.runner).ok().map(|tree| tree.current())
    }
}

/// More values than those that must come.
#[derive(Debug)]
enum More {
    Strategy(BoxedStrategy<Value>),
    Pattern(Pattern),
    /// Lists of texts of a pattern, with the least and the most items.
    Patterns(Pattern, usize, usize),
}

/// What a field may hold.
#[derive(Debug)]
pub(super) struct Domain {
    /// What must come, each at least once; the field's own value first.
    pub(super) notable: Vec<Value>,
    more: Option<More>,
}

impl Domain {
    /// Of a field as Nailgun describes it; `own` is what it holds.
    ///
    /// # Errors
    /// Why it is left as it is, in a few words.
    pub(super) fn of(attribute: &Map<String, Value>, own: &Value, maker: &mut Maker) -> Result<Self, String> {
        let kind = attribute.get("type").and_then(Value::as_str).unwrap_or_default();
        let (notable, more) = match kind {
            "checkbox" => (vec![json!(false), json!(true)], None),
            "radio" | "select" => (choices(attribute), None),
            "number" => numbers(attribute, own),
            "text" | "textarea" | "password" => texts(kind, attribute, maker)?,
            "text_list" | "textarea_list" => lists(attribute, maker)?,
            _ => return Err(format!("type `{kind}`")),
        };
        let mut domain = Self {
            notable: vec![own.clone()],
            more,
        };
        for value in notable {
            if !domain.notable.contains(&value) {
                domain.notable.push(value);
            }
        }
        if domain.is_closed() && domain.notable.len() == 1 {
            return Err("one value only".to_owned());
        }
        Ok(domain)
    }

    /// Whether there is nothing but what must come.
    pub(super) fn is_closed(&self) -> bool {
        self.more.is_none()
    }

    /// Some value beyond what must come; none for a closed one.
    pub(super) fn draw(&self, maker: &mut Maker) -> Option<Value> {
        match self.more.as_ref()? {
            More::Strategy(strategy) => maker.make(strategy),
            More::Pattern(pattern) => pattern.draw(maker).map(Value::from),
            More::Patterns(pattern, least, most) => {
                let count = least + maker.draw.below(most - least + 1);
                let items: Option<Vec<String>> = (0..count).map(|_| pattern.draw(maker)).collect();
                items.map(Value::from)
            }
        }
    }
}

/// Nailgun takes nothing but texts here.
fn choices(attribute: &Map<String, Value>) -> Vec<Value> {
    let values = attribute.get("values").and_then(Value::as_array);
    let data = values.into_iter().flatten().map(|choice| &choice["data"]);
    data.filter(|data| data.is_string()).cloned().collect()
}

/// From the least to the most; without a most, what lies around the field's own value: a number of workers or of
/// gigabytes is not to be taken for a row of digits.
fn numbers(attribute: &Map<String, Value>, own: &Value) -> (Vec<Value>, Option<More>) {
    let bound = |name: &str| attribute.get(name).and_then(Value::as_i64);
    let least = bound("min").unwrap_or(0);
    let most = bound("max").unwrap_or_else(|| {
        own.as_i64()
            .unwrap_or(least)
            .max(least)
            .saturating_mul(2)
            .saturating_add(2)
    });
    if most < least {
        return (Vec::new(), None);
    }
    let span = most.saturating_sub(least);
    if span < 10 {
        return ((least..=most).map(Value::from).collect(), None);
    }
    let notable = [least, least + 1, most, most - 1].map(Value::from).to_vec();
    (
        notable,
        Some(More::Strategy((least..=most).prop_map(Value::from).boxed())),
    )
}

fn pattern_of(attribute: &Map<String, Value>) -> Result<Option<Pattern>, String> {
    let Some(source) = attribute.get("regex").and_then(|regex| regex["source"].as_str()) else {
        return Ok(None);
    };
    let refused = || format!("no text can be made up for the expression `{source}`");
    Pattern::new(source).map(Some).ok_or_else(refused)
}

fn texts(kind: &str, attribute: &Map<String, Value>, maker: &mut Maker) -> Result<(Vec<Value>, Option<More>), String> {
    let from = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
    if let Some(pattern) = pattern_of(attribute)? {
        let mut notable: Vec<Value> = pattern.notable(maker).into_iter().map(Value::from).collect();
        if notable.is_empty() {
            return Err("no text was found that its expression lets through".to_owned());
        }
        // What programs stumble over is the first thing to try, where the expression lets it through.
        let kinds = if kind == "password" { PASSWORDS } else { TEXTS };
        let let_through: Vec<&str> = kinds
            .iter()
            .copied()
            .filter(|text| !text.is_empty() && pattern.lets_through(text))
            .collect();
        notable.extend(from(&let_through));
        return Ok((notable, Some(More::Pattern(pattern))));
    }
    let strategy = |pattern: &str| {
        let strategy = string_regex(pattern).map_err(|error| error.to_string())?;
        Ok::<_, String>(Some(More::Strategy(strategy.prop_map(Value::from).boxed())))
    };
    if kind == "password" {
        let mut notable = from(PASSWORDS);
        notable.push(Value::from("Aa1".repeat(LONG / 3)));
        return Ok((notable, strategy(PASSWORD)?));
    }
    let mut notable = from(TEXTS);
    notable.push(Value::from("x".repeat(LONG)));
    let letters: String = FOREIGN.iter().collect();
    let mut text = format!(r"[ -z|~{letters}]{{1,40}}");
    if kind == "textarea" {
        notable.extend(from(&["one line\nanother line", "a line feed at the end\n"]));
        text = format!("{text}(\n{text}){{0,3}}");
    }
    Ok((notable, strategy(&text)?))
}

fn lists(attribute: &Map<String, Value>, maker: &mut Maker) -> Result<(Vec<Value>, Option<More>), String> {
    let bound = |name: &str| {
        attribute
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|bound| usize::try_from(bound).ok())
    };
    let least = bound("min").unwrap_or(0);
    let most = bound("max")
        .unwrap_or(usize::MAX)
        .min(least.saturating_add(ITEMS))
        .max(least);
    let (items, more) = texts("text", attribute, maker)?;
    let list = |length: usize| -> Value { items.iter().cycle().take(length).cloned().collect() };
    let notable = vec![list(least), list(least.max(1).min(most)), list(most)];
    let more = match more {
        Some(More::Pattern(pattern)) => Some(More::Patterns(pattern, least, most)),
        Some(More::Strategy(item)) => Some(More::Strategy(vec(item, least..=most).prop_map(Value::from).boxed())),
        other => other,
    };
    Ok((notable, more))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn domain(attribute: Value) -> Result<Domain, String> {
        let own = attribute["value"].clone();
        Domain::of(attribute.as_object().unwrap(), &own, &mut Maker::new(1))
    }

    #[test]
    fn a_choice_is_every_value_that_is_a_text_the_own_one_first() {
        let domain = domain(json!({"type": "select", "value": "b", "values": [
            {"data": "a"}, {"data": "b"}, {"data": 3}, {"data": "c"},
        ]}))
        .unwrap();
        assert_eq!(domain.notable, [json!("b"), json!("a"), json!("c")]);
        assert!(domain.is_closed());
    }

    #[rstest]
    #[case(json!({"type": "number", "value": 5, "min": 3, "max": 6}), &[5, 3, 4, 6], true)]
    #[case(json!({"type": "number", "value": 8, "min": 1, "max": 4096}), &[8, 1, 2, 4096, 4095], false)]
    #[case(json!({"type": "number", "value": 10}), &[10, 0, 1, 22, 21], false)]
    fn numbers_come_from_the_edges(#[case] attribute: Value, #[case] notable: &[i64], #[case] closed: bool) {
        let domain = domain(attribute).unwrap();
        assert_eq!(
            domain.notable,
            notable.iter().map(|number| json!(number)).collect::<Vec<_>>()
        );
        assert_eq!(domain.is_closed(), closed);
    }

    #[rstest]
    #[case(json!({"type": "hidden", "value": 1}), "type `hidden`")]
    #[case(json!({"type": "custom_hugepages", "value": {}}), "type `custom_hugepages`")]
    #[case(json!({"type": "radio", "value": "a", "values": [{"data": "a"}]}), "one value only")]
    fn what_is_not_understood_is_left_and_says_why(#[case] attribute: Value, #[case] why: &str) {
        assert_eq!(domain(attribute).unwrap_err(), why);
    }

    #[test]
    fn a_list_has_as_many_items_as_it_may_and_each_fits() {
        let attribute = json!({"type": "text_list", "value": ["1"], "min": 1, "max": 3,
            "regex": {"source": "^[0-9]+$", "error": "no number"}});
        let domain = domain(attribute).unwrap();
        let mut maker = Maker::new(3);
        let drawn = (0..50).map(|_| domain.draw(&mut maker).unwrap());
        for list in domain.notable.iter().cloned().chain(drawn) {
            let items = list.as_array().unwrap();
            assert!((1..=3).contains(&items.len()), "{list}");
            assert!(
                items.iter().all(|item| item.as_str().unwrap().parse::<u128>().is_ok()),
                "{list}"
            );
        }
    }

    #[test]
    fn a_seed_makes_the_same_values_today_and_tomorrow() {
        let domain = domain(json!({"type": "text", "value": ""})).unwrap();
        let mut maker = Maker::new(7);
        let drawn: Vec<Value> = (0..2).filter_map(|_| domain.draw(&mut maker)).collect();
        let mut again = Maker::new(7);
        assert_eq!(
            drawn,
            (0..2).filter_map(|_| domain.draw(&mut again)).collect::<Vec<_>>()
        );
        assert_ne!(drawn[0], drawn[1]);
    }
}
