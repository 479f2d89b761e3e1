//! rpmbuild's macros in a plugin's texts.
//!
//! The original gives title, description and scripts to rpmbuild, which expands what it takes for macros. Those with a
//! value that is the same everywhere are expanded here as well; those that run something or name the machine that
//! builds are refused; what rpmbuild does not know stays as it is, as with rpmbuild.

use std::collections::BTreeMap;

/// Values by names.
pub(super) struct Macros {
    values: BTreeMap<String, String>,
}

/// Directories as Fuel's master has them.
const STANDARD: &[(&str, &str)] = &[
    ("nil", ""),
    ("_prefix", "/usr"),
    ("_exec_prefix", "/usr"),
    ("_bindir", "/usr/bin"),
    ("_sbindir", "/usr/sbin"),
    ("_libexecdir", "/usr/libexec"),
    ("_datadir", "/usr/share"),
    ("_datarootdir", "/usr/share"),
    ("_sysconfdir", "/etc"),
    ("_sharedstatedir", "/var/lib"),
    ("_localstatedir", "/var"),
    ("_includedir", "/usr/include"),
    ("_infodir", "/usr/share/info"),
    ("_mandir", "/usr/share/man"),
    ("_var", "/var"),
    ("_tmppath", "/var/tmp"),
    ("_usr", "/usr"),
];

/// What rpmbuild takes for a macro of its own: with an effect, or with a value of the machine that builds.
const REFUSED: &[&str] = &[
    "F",
    "P",
    "S",
    "basename",
    "buildroot",
    "define",
    "dirname",
    "dnl",
    "dump",
    "echo",
    "error",
    "eval",
    "exists",
    "expand",
    "getconfdir",
    "getenv",
    "getncpus",
    "global",
    "include",
    "len",
    "load",
    "lower",
    "lua",
    "macrobody",
    "optflags",
    "quote",
    "rep",
    "reverse",
    "rpmversion",
    "shescape",
    "shrink",
    "span",
    "sub",
    "suffix",
    "trace",
    "u2p",
    "uncompress",
    "undefine",
    "upper",
    "url2path",
    "verbose",
    "warn",
    "SOURCE0",
    "SOURCEURL0",
    "_arch",
    "_build",
    "_build_arch",
    "_builddir",
    "_buildrootdir",
    "_host",
    "_host_cpu",
    "_lib",
    "_libdir",
    "_os",
    "_rpmdir",
    "_sourcedir",
    "_specdir",
    "_srcrpmdir",
    "_target",
    "_target_cpu",
    "_topdir",
    "_vendor",
];

/// Lines that begin with one of these are rpmbuild's: a condition, or the start of another section.
const SPEC_LINES: &[&str] = &[
    "if",
    "ifarch",
    "ifnarch",
    "ifos",
    "ifnos",
    "elif",
    "elifarch",
    "elifos",
    "else",
    "endif",
    "include",
    "package",
    "description",
    "prep",
    "generate_buildrequires",
    "build",
    "install",
    "check",
    "clean",
    "pre",
    "post",
    "preun",
    "postun",
    "pretrans",
    "posttrans",
    "preuntrans",
    "postuntrans",
    "trigger",
    "triggerin",
    "triggerprein",
    "triggerun",
    "triggerpostun",
    "filetriggerin",
    "filetriggerun",
    "filetriggerpostun",
    "transfiletriggerin",
    "transfiletriggerun",
    "transfiletriggerpostun",
    "verifyscript",
    "sepolicy",
    "files",
    "changelog",
    "sourcelist",
    "patchlist",
];

impl Macros {
    pub(super) fn standard() -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            values: STANDARD.iter().map(own).collect(),
        }
    }

    /// A tag's value goes by its name in small and in capital letters.
    pub(super) fn set_tag(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_ascii_uppercase(), value.to_owned());
        self.values.insert(name.to_owned(), value.to_owned());
    }
}

/// Says why a line would not be text for rpmbuild.
pub(super) fn refuse_spec_lines(text: &str) -> Result<(), String> {
    for (number, line) in text.lines().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix('%') else {
            continue;
        };
        let word = rest
            .split(|letter: char| !is_name(letter) && letter != '-')
            .next()
            .unwrap_or_default();
        if SPEC_LINES.contains(&word) {
            return Err(format!(
                "line {} begins with `%{word}`, which rpmbuild takes for its own; write `%%{word}`",
                number + 1
            ));
        }
    }
    Ok(())
}

/// Expands a text's macros, or says what cannot be expanded.
pub(super) fn expand(text: &str, macros: &Macros) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        let (before, from) = rest.split_at(start);
        expanded.push_str(before);
        let line = || {
            text.get(..text.len() - from.len())
                .unwrap_or_default()
                .matches('\n')
                .count()
                + 1
        };
        let after = from.get(1..).unwrap_or_default();
        let (found, length) = match after.chars().next() {
            Some('%') => ("%".to_owned(), 2),
            Some('(') => {
                return Err(format!(
                    "line {}: `%(…)` makes rpmbuild run a command; write `%%(`, or do it in `pre_build_hook`",
                    line()
                ));
            }
            Some('{') => {
                let Some(end) = closing_brace(after) else {
                    return Err(format!(
                        "line {}: `%{{` has no closing brace; write `%%{{` for the text",
                        line()
                    ));
                };
                let inner = after.get(1..end).unwrap_or_default();
                let whole = from.get(..end + 2).unwrap_or_default();
                (
                    braced(inner, whole, macros).map_err(|why| format!("line {}: {why}", line()))?,
                    end + 2,
                )
            }
            _ => {
                let flags = after.len() - after.trim_start_matches(['?', '!']).len();
                let name_length = after
                    .get(flags..)
                    .unwrap_or_default()
                    .chars()
                    .take_while(|c| is_name(*c))
                    .count();
                let whole = from.get(..1 + flags + name_length).unwrap_or("%");
                let inner = whole.get(1..).unwrap_or_default();
                (
                    braced(inner, whole, macros).map_err(|why| format!("line {}: {why}", line()))?,
                    whole.len(),
                )
            }
        };
        expanded.push_str(&found);
        rest = from.get(length..).unwrap_or_default();
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// `name`, `?name`, `!?name`, `?name:text`, `!?name:text`.
fn braced(inner: &str, whole: &str, macros: &Macros) -> Result<String, String> {
    let flags = inner.len() - inner.trim_start_matches(['?', '!']).len();
    let (flags, rest) = inner.split_at(flags);
    let length = rest.chars().take_while(|letter| is_name(*letter)).count();
    let (name, arguments) = rest.split_at(length);
    if name.starts_with(|letter: char| letter.is_ascii_digit()) || name.is_empty() {
        return Ok(whole.to_owned());
    }
    if REFUSED.contains(&name) {
        return Err(format!(
            "`%{name}` is a macro of rpmbuild that depends on the machine; write `%%{name}` for the text"
        ));
    }
    let value = macros.values.get(name);
    let (asks, negated) = (flags.contains('?'), flags.matches('!').count() % 2 == 1);
    if let Some(text) = arguments.strip_prefix(':').filter(|_| asks) {
        return if value.is_some() == negated {
            Ok(String::new())
        } else {
            expand(text, macros)
        };
    }
    match value {
        Some(_) if negated => Ok(String::new()),
        Some(value) => Ok(value.clone()),
        None if asks => Ok(String::new()),
        None => Ok(whole.to_owned()),
    }
}

/// Where the brace that `text` begins with is closed.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::{Macros, expand, refuse_spec_lines};
    use proptest::prelude::{ProptestConfig, any, proptest};
    use rstest::rstest;

    fn macros() -> Macros {
        let mut macros = Macros::standard();
        macros.set_tag("name", "trove-1.0");
        macros.set_tag("version", "1.0.0");
        macros
    }

    // Each as rpmbuild 4.18 was seen to do it.
    #[rstest]
    #[case("%{name} %name %{NAME} %{version}", "trove-1.0 trove-1.0 trove-1.0 1.0.0")]
    #[case("100% %% %foo %{foo}", "100% % %foo %{foo}")]
    #[case(
        "[%{?foo}] [%{?name:yes}] [%{!?foo:no}] [%{?name:%{version}}]",
        "[] [yes] [no] [1.0.0]"
    )]
    #[case("%{_datadir} %{_tmppath}%{nil}", "/usr/share /var/tmp")]
    #[case("${x%.*} ${x%%.*} $1", "${x%.*} ${x%.*} $1")]
    #[case("date +%Y-%m-%d", "date +%Y-%m-%d")]
    #[case("%5.2f %s%", "%5.2f %s%")]
    #[case("%{?name:a\nb}", "a\nb")]
    fn macros_are_expanded_as_rpmbuild_does(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(expand(text, &macros()).unwrap(), expected);
    }

    #[rstest]
    #[case("a\n%(date)", "line 2: `%(…)`")]
    #[case("%{name", "line 1: `%{` has no closing brace")]
    #[case("date +%H:%M:%S", "`%S` is a macro of rpmbuild")]
    #[case("%{lua:print(1)}", "`%lua`")]
    #[case("%{?name:%{buildroot}}", "`%buildroot`")]
    fn what_depends_on_the_building_machine_is_refused(#[case] text: &str, #[case] said: &str) {
        let why = expand(text, &macros()).unwrap_err();
        assert!(why.contains(said), "{why}");
    }

    #[rstest]
    #[case("a\n%files\n", Some("line 2 begins with `%files`"))]
    #[case("%if 1\n%endif", Some("line 1 begins with `%if`"))]
    #[case("%postfoo\n%description-x\n%%files", None)]
    fn lines_of_a_spec_are_refused_in_a_script(#[case] text: &str, #[case] said: Option<&str>) {
        let why = refuse_spec_lines(text).err();
        assert_eq!(why.is_some(), said.is_some(), "{why:?}");
        assert!(why.unwrap_or_default().contains(said.unwrap_or_default()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_text_makes_it_panic_and_one_without_percent_stays(text in any::<String>()) {
            let _ = refuse_spec_lines(&text);
            let expanded = expand(&text, &macros());
            if !text.contains('%') {
                assert_eq!(expanded.unwrap(), text);
            }
        }
    }
}
