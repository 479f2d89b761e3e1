//! The YAML reader: PyYAML's types, places, and limits.

use camino::Utf8Path;
use plugin_builder::yaml::{Integer, Node, Yaml, YamlError, YamlErrorKind, parse};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

fn read(text: &str) -> Result<Node, YamlError> {
    parse(text.as_bytes(), Utf8Path::new("file.yaml"))
}

#[rstest]
#[case("yes", json!(true))]
#[case("Off", json!(false))]
#[case("y", json!("y"))]
#[case("~", json!(null))]
#[case("", json!(null))]
#[case("0777", json!(511))]
#[case("0o7", json!("0o7"))]
#[case("08", json!("08"))]
#[case("0x1F", json!(31))]
#[case("0b101", json!(5))]
#[case("1_000", json!(1000))]
#[case("12:30:45", json!(45045))]
#[case("-1:30", json!(-90))]
#[case("6.1", json!(6.1))]
#[case("1e3", json!("1e3"))]
#[case("1.0e+3", json!(1000.0))]
#[case(".5", json!(0.5))]
#[case("2.0.0", json!("2.0.0"))]
#[case(".inf", json!("Infinity"))]
#[case("2016-01-02", json!("2016-01-02"))]
#[case("2001-12-14t21:59:43.10-05:00", json!("2001-12-15T02:59:43.100000"))]
#[case("'yes'", json!("yes"))]
#[case("!!str 12", json!("12"))]
#[case("!!int '12'", json!(12))]
#[case("! 12", json!(12))]
#[case("! 'yes'", json!(true))]
#[case("!!set {a, b}", json!(["a", "b"]))]
#[case("!!python/unicode 'x'", json!("x"))]
#[case("!!binary aGk=", json!("hi"))]
#[case("12345678901234567890", json!(12_345_678_901_234_567_890_u64))]
#[case("{1: a, true: b, ~: c}", json!({"1": "b", "null": "c"}))]
#[case("a: 1\nb: 2\na: 3", json!({"a": 3, "b": 2}))]
#[case("base: &b {x: 1, y: 2}\nown: {<<: *b, y: 3}", json!({"base": {"x": 1, "y": 2}, "own": {"x": 1, "y": 3}}))]
#[case("[{<<: [{a: 1}, {a: 2, b: 3}]}]", json!([{"a": 1, "b": 3}]))]
#[case("= : a", json!({"=": "a"}))]
#[case("!!pairs [a: 1, a: 2]", json!([["a", 1], ["a", 2]]))]
#[case("a:\n  b: ['x',\n'y']", json!({"a": {"b": ["x", "y"]}}))]
#[case("a:\n  b: \"x\ny\"", json!({"a": {"b": "x y"}}))]
#[case("text: |\n  a\n  \tb\n", json!({"text": "a\n\tb\n"}))]
#[case("text: |\n  a\n  b", json!({"text": "a\nb"}))]
#[case("text: |\n  a\nlast: b", json!({"text": "a\n", "last": "b"}))]
fn values_have_the_types_that_pyyaml_gives_them(#[case] text: &str, #[case] value: serde_json::Value) {
    assert_eq!(read(text).unwrap().to_json(), value);
}

#[rstest]
#[case("a:\n\t- b", "file.yaml:2:1: found character '\\t' that cannot start any token")]
#[case("a: b\t", "file.yaml:1:5: found character '\\t' that cannot start any token")]
#[case(
    "a: [http://x]",
    "file.yaml:1:9: found unexpected ':' (while scanning a plain scalar that starts in line 1, column 5)"
)]
#[case("a: &x 1\nb: &x 2", "file.yaml:2:4: the anchor `x` exists already")]
#[case("a: *b", "file.yaml:1:4: found undefined alias 'b'")]
#[case("--- a\n--- b", "file.yaml:2:1: a second document starts here")]
#[case("a: =", "file.yaml:1:4: unknown tag `tag:yaml.org,2002:value`")]
#[case(
    "a: !!python/name:os.system x",
    "unknown tag `tag:yaml.org,2002:python/name:os.system`"
)]
#[case("? [a]\n: b", "a list cannot be a key")]
#[case("a: 2016-13-01", "month must be in 1..12")]
#[case("a: &a [*a]", "an alias to the value that holds it")]
#[case("{<<: 1}", "`<<` takes a mapping or a list of mappings")]
#[case("a: \u{1}", "character U+0001 is not allowed")]
fn what_pyyaml_refuses_is_refused_with_its_place(#[case] text: &str, #[case] message: &str) {
    let error = read(text).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn every_key_and_value_knows_its_place() {
    let node = read("# comment\nname: x\nreleases:\n  - os: ubuntu\n").unwrap();
    let releases = node.as_mapping().unwrap().entry("releases").unwrap();
    assert_eq!((releases.0.span.line, releases.0.span.column), (3, 1));
    let os = releases.1.as_sequence().unwrap()[0].get("os").unwrap();
    assert_eq!((os.span.line, os.span.column), (4, 9));
}

#[test]
fn places_in_lines_that_are_hardly_indented_are_those_of_the_file() {
    let node = read("a:\n  b: [x,\n y]\n").unwrap();
    let items = node
        .get("a")
        .and_then(|a| a.get("b"))
        .and_then(Node::as_sequence)
        .unwrap();
    assert_eq!((items[1].span.line, items[1].span.column), (3, 2));
}

#[test]
fn a_key_that_is_written_twice_is_remembered() {
    let node = read("a: 1\nb: 2\na: 3\n").unwrap();
    let duplicates = node.as_mapping().unwrap().duplicates();
    assert_eq!((duplicates[0].first.line, duplicates[0].key.span.line), (1, 3));
}

#[test]
fn aliases_that_multiply_without_end_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
    }
    assert!(matches!(read(&text).unwrap_err().kind, YamlErrorKind::Limit { .. }));
}

#[test]
fn brackets_without_end_are_refused() {
    assert!(read(&"[".repeat(100_000)).is_err());
}

fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[rstest]
#[case::brackets("[".repeat(100_000), "nested too deeply (at most 200)")]
#[case::dashes("- ".repeat(2_000_000), "nested too deeply")]
#[case::braces("{a: ".repeat(100_000), "nested too deeply")]
#[case::aliases_in_each_other(many(2000, |n| format!("a{}: &a{} [{}]\n", n, n, if n == 0 { String::new() } else { format!("*a{}", n - 1) })), "nested too deeply")]
#[case::merges(many(60, |n| format!("a{n}: &a{n} {{k{n}: 1, <<: {}}}\n", if n == 0 { "{}".to_owned() } else { format!("[*a{0}, *a{0}, *a{0}]", n - 1) })), "too many values after aliases and merge keys")]
#[case::one_mapping_merged_often(format!("a: &a {{{}}}\n{}", many(5000, |n| format!("k{n}: 1,")), many(5000, |n| format!("b{n}: {{<<: *a}}\n"))), "too many values")]
#[case::long_text_aliased_often(format!("a: &a {}\n{}", "x".repeat(1_000_000), many(10_000, |_| "? *a\n".to_owned())), "too many bytes of text after aliases")]
#[case::values(many(500_000, |_| "- a\n".to_owned()), "too many values")]
#[case::bytes("#".repeat(5_000_000), "too many bytes (at most 4194304)")]
#[case::repeated_keys("a: 1\n".repeat(100_000), "too many keys that are written twice (at most 1000)")]
#[case::digits("9".repeat(1_000_000), "a number with too many digits (at most 4096)")]
fn what_costs_too_much_is_refused_within_a_second(#[case] text: String, #[case] message: &str) {
    let begin = std::time::Instant::now();
    let error = read(&text).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
    // Ten times that without optimisation, on a busy machine.
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
}

#[rstest]
#[case::text_keys(many(100_000, |n| format!("k{n}: 1\n")))]
#[case::number_keys(many(100_000, |n| format!("{n}: 1\n")))]
#[case::anchors(many(60_000, |n| format!("- &a{n} x\n- *a{n}\n")))]
#[case::one_line(format!("[{}]", "a, ".repeat(200_000)))]
#[case::merge_keys(format!("a: &a {{x: 1}}\nb:\n{}", many(50_000, |_| "  <<: *a\n".to_owned())))]
#[case::possible_keys("a ".repeat(1_000_000))]
#[case::quoted_lines(format!("'{}'", "a\n".repeat(1_000_000)))]
fn what_is_large_but_plain_is_read_within_a_second(#[case] text: String) {
    let begin = std::time::Instant::now();
    read(&text).unwrap();
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
}

#[test]
fn a_file_in_utf_16_is_read_as_pyyaml_reads_it() {
    let bytes: Vec<u8> = "\u{feff}name: é".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let node = parse(&bytes, Utf8Path::new("file.yaml")).unwrap();
    assert_eq!(node.to_json(), json!({"name": "é"}));
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        "[ -~]{0,12}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-z_]{1,6}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\n\t]{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn what_is_written_as_yaml_is_read_back(value in tree()) {
        // Flow style with a blank after each colon and quoted text, which every YAML reads alike.
        let text = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(read(&text).unwrap().to_json(), value);
    }
}

#[test]
fn numbers_of_any_size_keep_their_digits() {
    let node = read("-123456789012345678901234567890").unwrap();
    assert_eq!(
        node.value,
        Yaml::Integer(Integer::Big("-123456789012345678901234567890".to_owned()))
    );
}
