//! Findings as `fpb check` and `fpb explain` show them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;

use camino::Utf8PathBuf;
use plugin_builder::run_fpb;
use rstest::rstest;

/// Exit code, standard output, standard error.
fn fpb(arguments: &[&str]) -> (i32, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let words = std::iter::once("fpb")
        .chain(arguments.iter().copied())
        .map(OsString::from);
    let code = run_fpb(words, &mut stdout, &mut stderr);
    (
        code,
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

/// A created plugin of this package version whose metadata.yaml says its title twice.
fn plugin_with_a_duplicate_key(keep: &tempfile::TempDir) -> Utf8PathBuf {
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    fpb(&["--create", plugin.as_str(), "--package-version", "1.0.0"]);
    let file = plugin.join("metadata.yaml");
    let text = fs_err::read_to_string(&file).unwrap();
    fs_err::write(&file, format!("title: Another\n{text}")).unwrap();
    plugin
}

#[test]
fn warnings_alone_are_valid_unless_strict_and_can_be_allowed_by_their_code() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = plugin_with_a_duplicate_key(&keep);
    let (code, output, _) = fpb(&["check", plugin.as_str()]);
    assert_eq!(code, 0, "{output}");
    assert!(
        output.contains("warning[duplicate-key]: `title` is written twice"),
        "{output}"
    );
    assert_eq!(fpb(&["check", "--strict", plugin.as_str()]).0, 3);
    let (code, output, _) = fpb(&["check", "--strict", "--allow", "duplicate-key", plugin.as_str()]);
    assert_eq!((code, output), (0, format!("{plugin}: valid, 0 errors, 0 warnings\n")));
}

#[test]
fn our_warnings_do_not_show_under_the_original_s_flags() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = plugin_with_a_duplicate_key(&keep);
    let valid = (0, "Plugin is valid\n".to_owned(), String::new());
    assert_eq!(fpb(&["--check", plugin.as_str()]), valid);
    assert!(
        fpb(&["--check", plugin.as_str(), "--debug"])
            .2
            .contains("duplicate-key")
    );
}

#[test]
fn a_finding_shows_both_places_why_it_matters_and_how_to_mend_it() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = plugin_with_a_duplicate_key(&keep);
    let output = fpb(&["check", plugin.as_str()]).1.replace(plugin.as_str(), "trove");
    insta::assert_snapshot!(output);
}

#[test]
fn the_document_of_all_findings_is_current() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/findings.md");
    let (code, document, _) = fpb(&["explain", "--all"]);
    assert_eq!(code, 0);
    let same = fs_err::read_to_string(committed).unwrap() == document;
    assert!(same, "run `fpb explain --all > docs/findings.md`");
}

#[rstest]
#[case(&["explain", "duplicate-kye"], "did you mean `duplicate-key`?")]
#[case(&["check", "--allow", "schema", "x"], "cannot be allowed")]
fn a_code_that_does_not_fit_is_wrong_usage(#[case] arguments: &[&str], #[case] text: &str) {
    let (code, _, errors) = fpb(arguments);
    assert_eq!(code, 2);
    assert!(errors.contains(text), "{errors}");
}
