//! Which of a plugin's files a text names: by their path, by the end of it, by a directory above them, or by a pattern.
//!
//! A name that is put together in another way is not seen. What no text names counts as everybody's, see
//! [`inputs`](super::inputs()).

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

/// The files that can be named, by their absolute paths on a node.
pub(super) struct Names<'a> {
    files: BTreeSet<&'a str>,
    /// Files and directories by the last part of their path.
    by_last: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Names<'a> {
    /// These files.
    pub(super) fn new(files: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Self {
            files: BTreeSet::new(),
            by_last: BTreeMap::new(),
        };
        for file in files {
            names.files.insert(file);
            let mut path = file;
            while let Some((above, last)) = path.rsplit_once('/') {
                let is_new = names.by_last.entry(last).or_default().insert(path);
                if !is_new || above.is_empty() {
                    break;
                }
                path = above;
            }
        }
        names
    }

    /// All files at or below this path.
    pub(super) fn below(&self, path: &str) -> BTreeSet<&'a str> {
        let path = path.trim_end_matches('/');
        let prefix = format!("{path}/");
        self.files
            .iter()
            .copied()
            .filter(|file| *file == path || file.starts_with(&prefix))
            .collect()
    }

    /// The files that a text names. In a Puppet manifest a word alone is no directory: `puppet` and the like are words of
    /// the language there.
    pub(super) fn in_text(&self, text: &str, is_manifest: bool) -> BTreeSet<&'a str> {
        let mut named = BTreeSet::new();
        for line in text.lines().filter(|line| !is_comment(line)) {
            for token in line.split(is_separator) {
                let token = token.trim_end_matches([':', '.', ',', '/']);
                let token = token.strip_prefix("./").unwrap_or(token);
                if token.contains(['*', '?', '$', '{']) {
                    named.extend(self.matching(token));
                } else {
                    named.extend(self.called(token, is_manifest));
                }
            }
        }
        named
    }

    fn called(&self, token: &str, is_manifest: bool) -> BTreeSet<&'a str> {
        let trimmed = token.trim_start_matches("../").trim_start_matches('/');
        let Some(last) = trimmed.rsplit('/').next().filter(|last| !last.is_empty()) else {
            return BTreeSet::new();
        };
        let end = format!("/{trimmed}");
        let is_word = last == token;
        let candidates = self.by_last.get(last).into_iter().flatten();
        candidates
            .filter(|path| path.ends_with(&end))
            // `puppet apply` is a command.
            .filter(|path| !is_word || self.files.contains(*path) || !(is_manifest || token == "puppet"))
            .flat_map(|path| self.below(path))
            .collect()
    }

    fn matching(&self, token: &str) -> BTreeSet<&'a str> {
        let Some(pattern) = pattern(token) else {
            return BTreeSet::new();
        };
        self.files
            .iter()
            .copied()
            .filter(|file| pattern.is_match(file))
            .collect()
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#') && !line.starts_with("#!")
}

fn is_separator(character: char) -> bool {
    !(character.is_alphanumeric() || "/._-+*?$@{}~%".contains(character))
}

/// What a path with `*`, `?`, `$name` and `${name}` may stand for; `None` where nothing of it is certain.
fn pattern(token: &str) -> Option<Regex> {
    let mut expression = String::from("^(?:.*/)?");
    let mut certain = 0;
    let mut characters = token.trim_start_matches('/').chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '$' => {
                if characters.peek() == Some(&'{') {
                    for inside in characters.by_ref() {
                        if inside == '}' {
                            break;
                        }
                    }
                } else {
                    while characters
                        .peek()
                        .is_some_and(|next| next.is_alphanumeric() || *next == '_')
                    {
                        characters.next();
                    }
                }
                expression.push_str(".*");
            }
            '{' | '}' => expression.push_str(".*"),
            plain => {
                certain += usize::from(plain.is_alphanumeric());
                expression.push_str(&regex::escape(&plain.to_string()));
            }
        }
    }
    expression.push_str("(?:/.*)?$");
    (certain > 0).then(|| Regex::new(&expression).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ROOT: &str = "/etc/fuel/plugins/mine-1.0/";

    fn named(text: &str, is_manifest: bool) -> Vec<String> {
        let files = ["a.sh", "b.sh", "conf/one.cfg", "conf/two.cfg", "puppet/manifests/a.pp"];
        let files: Vec<String> = files.iter().map(|file| format!("{ROOT}{file}")).collect();
        let names = Names::new(files.iter().map(String::as_str));
        let named = names.in_text(text, is_manifest);
        named
            .iter()
            .map(|file| file.trim_start_matches(ROOT).to_owned())
            .collect()
    }

    #[rstest]
    #[case::a_name("bash a.sh --now", &["a.sh"])]
    #[case::a_path_from_here("./a.sh; sh ./b.sh", &["a.sh", "b.sh"])]
    #[case::a_whole_path("sh /etc/fuel/plugins/mine-1.0/a.sh", &["a.sh"])]
    #[case::behind_a_variable("sh \"$HERE/a.sh\"", &["a.sh"])]
    #[case::behind_a_quoted_variable("sh \"${HERE}\"/a.sh", &["a.sh"])]
    #[case::a_directory("cp -r conf /etc/mine", &["conf/one.cfg", "conf/two.cfg"])]
    #[case::a_pattern("cat conf/*.cfg", &["conf/one.cfg", "conf/two.cfg"])]
    #[case::a_name_from_a_variable("sh ${step}.sh", &["a.sh", "b.sh"])]
    #[case::nothing_certain("sh \"$1\" \"$@\"", &[])]
    #[case::a_command("puppet apply /etc/puppet/manifests/site.pp", &[])]
    #[case::a_comment("# see a.sh\ntrue", &[])]
    #[case::a_part_of_a_name("sh extra.sh", &[])]
    fn files_are_named_in_many_ways(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(named(text, false), expected);
    }

    #[test]
    fn in_a_manifest_a_word_alone_is_no_directory() {
        assert_eq!(named("class { 'conf': }", true), Vec::<String>::new());
        assert_eq!(
            named("source => '/etc/fuel/plugins/mine-1.0/conf/one.cfg'", true),
            ["conf/one.cfg"]
        );
    }
}
