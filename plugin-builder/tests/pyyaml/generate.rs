//! Documents from a seeded generator: a grammar of what is tricky in YAML 1.1, and damage.

/// A small generator of pseudo-random numbers (splitmix64), the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// Plain scalars that mean something, or nearly do.
const SCALARS: &[&str] = &[
    "",
    "~",
    "null",
    "Null",
    "nuLL",
    "yes",
    "No",
    "ON",
    "off",
    "y",
    "n",
    "true",
    "TRUE",
    "tRue",
    "0",
    "-0",
    "+1",
    "12",
    "-7",
    "0777",
    "08",
    "0o7",
    "0_7",
    "-010",
    "0x1F",
    "0xg",
    "-0x_f",
    "0b101",
    "0b2",
    "0b_",
    "1_000",
    "_1",
    "1_",
    "+_1",
    "1e3",
    "1.0e+3",
    "1.0e3",
    "1.e+3",
    ".5",
    "-.5",
    "5.",
    "6.1",
    "6.1.0",
    "1.2.3.4",
    ".inf",
    "-.INF",
    "+.inf",
    ".nan",
    "-.nan",
    ".NaN",
    "1_0.5_",
    "0.",
    "00.1",
    "._",
    "._1",
    ".e+1",
    "12:30",
    "12:30:45",
    "-1:30",
    "190:20:30.15",
    "1:60",
    "01:30",
    "1:5.",
    "2016-01-02",
    "2016-1-2",
    "2016-13-01",
    "2015-02-29",
    "0000-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-15 2:59:43.10",
    "2001-12-15 25:00:00",
    "2001-01-01 00:00:00 +14:00",
    "0001-01-01 00:00:00 +01:00",
    "2001-12-14 21:59:43 Z",
    "2001-12-14 21:59:43.123456789",
    "<<",
    "=",
    "a",
    "key",
    "some words",
    "it's",
    "a:b",
    "a#b",
    "a #b",
    "-a",
    "?a",
    ":a",
    "a:",
    "http://x/y",
    "a, b",
    "a]",
    "%x",
    "@x",
    "`x",
    "12345678901234567890",
    "99999999999999999999999999999999999999999",
    "0xffffffffffffffffffff",
    "é",
    "日本",
    "a\u{a0}b",
    "a\u{85}b",
    "a\u{2028}b",
    "\u{feff}a",
    "a\\b",
    "1 2",
    "--",
    "---",
    "...",
    "- a",
    "a\tb",
    "\ta",
    "x\t",
    "|",
    ">",
    "&a",
    "*a",
    "!",
];

const TAGS: &[&str] = &[
    "!",
    "!!str",
    "!!int",
    "!!float",
    "!!bool",
    "!!null",
    "!!timestamp",
    "!!binary",
    "!!seq",
    "!!map",
    "!!set",
    "!!omap",
    "!!pairs",
    "!!merge",
    "!!value",
    "!foo",
    "!<tag:yaml.org,2002:str>",
    "!<x",
    "!e!foo",
    "!!python/unicode",
    "!!%73tr",
    "!!%zz",
    "!a%C3%A9",
    "!!python/int",
    "!",
];

/// Pieces of text for damage.
const PIECES: &[&str] = &[
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    "?",
    ",",
    "[",
    "]",
    "{",
    "}",
    "#",
    " #",
    "&a ",
    "*a",
    "!",
    "!!",
    "|",
    ">",
    "|-\n",
    ">+\n",
    "'",
    "\"",
    "%",
    "@",
    "`",
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "  ",
    "\n---\n",
    "\n...\n",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "\\",
    "\\x4",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{1}",
    "\u{1f600}",
    "\0",
    "<<: ",
    "=",
    "~",
    "''",
    "\"\"",
];

/// A document.
pub(crate) fn document(random: &mut Random, samples: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = if !samples.is_empty() && random.one_in(8) {
        let sample = &samples[random.below(samples.len())];
        let start = random.below(sample.len());
        let end = (start + 1 + random.below(400)).min(sample.len());
        // From the beginning of a line.
        let start = sample[..start]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        sample[start..end].to_vec()
    } else {
        let mut text = String::new();
        if random.one_in(12) {
            text.push_str(random.pick(&[
                "---\n",
                "--- ",
                "%YAML 1.1\n---\n",
                "%TAG !e! tag:e,2000:\n--- ",
                "\u{feff}",
                "# c\n",
            ]));
        }
        let depth = 1 + random.below(4);
        block(random, depth, 0, &mut text);
        if random.one_in(20) {
            text.push_str(random.pick(&["...\n", "---\n", "--- b\n", "... # c", "# end", "\t", "   "]));
        }
        text.into_bytes()
    };
    for _ in 0..[0, 0, 1, 1, 2, 4][random.below(6)] {
        damage(random, &mut bytes);
    }
    bytes
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len() + 1);
    match random.below(9) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => drop(bytes.remove(at)),
        2 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
        3 if at < bytes.len() => bytes[at] = random.pick(b" \t\n:-,[]{}#&*!|>'\"%@`?\\"),
        4 => {
            // A line once more.
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            if !lines.is_empty() {
                let again = lines[random.below(lines.len())].to_vec();
                bytes.extend(again);
            }
        }
        5 => {
            let end = (at + 1 + random.below(6)).min(bytes.len());
            drop(bytes.drain(at.min(end)..end));
        }
        _ => {
            let piece = random.pick(PIECES).bytes();
            drop(bytes.splice(at..at, piece));
        }
    }
}

fn block(random: &mut Random, depth: usize, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    let count = 1 + random.below(4);
    match if depth == 0 { 9 } else { random.below(8) } {
        0..=3 => {
            for _ in 0..count {
                text.push_str(&pad);
                entry(random, depth, indent, text);
            }
        }
        4 | 5 => {
            for _ in 0..count {
                text.push_str(&pad);
                text.push('-');
                value(random, depth, indent, text);
            }
        }
        _ => {
            text.push_str(&pad);
            properties(random, text);
            inline(random, depth, false, text);
            line_end(random, text);
        }
    }
}

fn entry(random: &mut Random, depth: usize, indent: usize, text: &mut String) {
    match random.below(16) {
        0 => text.push_str(random.pick(&["? ", "? a\n: ", "? [a]\n: ", "<<: *a\n"])),
        1 => text.push_str("<<"),
        _ => {
            if random.one_in(12) {
                properties(random, text);
            }
            let plain = ["a", "b", "c", "name", "key"];
            match random.below(4) {
                0 => inline(random, 0, false, text),
                _ => text.push_str(random.pick(&plain)),
            }
        }
    }
    text.push(':');
    value(random, depth, indent, text);
}

/// What stands behind `-` or `:`.
fn value(random: &mut Random, depth: usize, indent: usize, text: &mut String) {
    match random.below(10) {
        0..=3 if depth > 0 => {
            if random.one_in(4) {
                text.push(' ');
                properties(random, text);
            }
            line_end(random, text);
            let more = random.pick(&[0, 1, 2, 2, 2, 4]);
            block(random, depth - 1, indent + more, text);
        }
        4 => {
            text.push(' ');
            block_scalar(random, indent, text);
        }
        _ => {
            text.push_str(random.pick(&[" ", " ", " ", " ", "  ", "", "\t"]));
            properties(random, text);
            inline(random, depth, false, text);
            line_end(random, text);
        }
    }
}

fn properties(random: &mut Random, text: &mut String) {
    if random.one_in(8) {
        text.push_str(random.pick(&["&a ", "&b ", "&c ", "&a1-_ ", "&"]));
    }
    if random.one_in(8) {
        text.push_str(random.pick(TAGS));
        text.push(' ');
    }
}

fn line_end(random: &mut Random, text: &mut String) {
    if random.one_in(10) {
        text.push_str(random.pick(&[" # comment", "#x", " ", "\t", "  # a: b", "\t# c"]));
    }
    text.push_str(random.pick(&[
        "\n", "\n", "\n", "\n", "\n", "\n", "\n\n", "\r\n", "\r", "\n  \n", "\u{85}",
    ]));
}

fn block_scalar(random: &mut Random, indent: usize, text: &mut String) {
    text.push_str(random.pick(&[
        "|", ">", "|-", ">+", "|2", ">1-", "|+3", "|0", "|x", "> # c", "|-2", ">9",
    ]));
    text.push('\n');
    for _ in 0..random.below(5) {
        text.push_str(&" ".repeat((indent + random.below(5)).saturating_sub(random.below(2))));
        text.push_str(random.pick(&[
            "text",
            "a b",
            "",
            "\tx",
            "# no comment",
            "- a",
            "k: v",
            "é",
            "'",
            "...",
            "---",
        ]));
        text.push_str(random.pick(&["\n", "\n", "\n", "\n\n", "\r\n", "\u{2028}", " \n", ""]));
    }
    text.push('\n');
}

/// Something that may stand in a line.
fn inline(random: &mut Random, depth: usize, flow: bool, text: &mut String) {
    match random.below(if depth == 0 { 9 } else { 14 }) {
        0 => {
            text.push('\'');
            quoted(
                random,
                &[
                    "''", "a", " ", "\n", "\n\n ", "\t", "\"", "\\", "yes", "#", ": ", "é", "\n---",
                ],
                text,
            );
            text.push('\'');
        }
        1 => {
            text.push('"');
            let parts = [
                "a",
                " ",
                "\\n",
                "\\t",
                "\\x41",
                "\\u00e9",
                "\\U0001F600",
                "\\\n",
                "\n",
                "\n\n  ",
                "\\/",
                "\\ ",
                "'",
                "\\e",
                "\\0",
                "\\ud800",
                "\\q",
                "\\x4",
                "12",
                "\\\"",
                "\\_\\N\\L\\P",
                "\t",
            ];
            quoted(random, &parts, text);
            text.push('"');
        }
        2 => text.push_str(random.pick(&["*a", "*b", "*c", "*", "*a1-_", "*a:"])),
        3 => {
            // A plain text over several lines.
            text.push_str(random.pick(SCALARS));
            text.push_str(random.pick(&["\n  ", "\n \n  ", "\n", " \n\t", "\r\n  "]));
            text.push_str(random.pick(SCALARS));
        }
        4..=8 => text.push_str(random.pick(SCALARS)),
        9..=11 => collection(random, depth - 1, ('[', ']'), text),
        _ if flow && random.one_in(3) => text.push_str("? "),
        _ => collection(random, depth - 1, ('{', '}'), text),
    }
}

fn quoted(random: &mut Random, parts: &[&str], text: &mut String) {
    for _ in 0..random.below(5) {
        text.push_str(random.pick(parts));
    }
}

fn collection(random: &mut Random, depth: usize, (open, close): (char, char), text: &mut String) {
    text.push(open);
    for index in 0..random.below(4) {
        if index > 0 {
            text.push_str(random.pick(&[", ", ",", ",\n", " , ", ", # c\n ", ",,"]));
        }
        properties(random, text);
        inline(random, depth, true, text);
        if random.below(3) < if open == '{' { 2 } else { 1 } {
            text.push_str(random.pick(&[": ", ":", " : ", ":\n  ", ": !!str ", "?"]));
            inline(random, depth, true, text);
        }
    }
    text.push_str(random.pick(&["", "", "", "", ",", " ", "\n"]));
    if !random.one_in(30) {
        text.push(close);
    }
}
