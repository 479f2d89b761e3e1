//! The `fpb` command: the original's texts and exit codes.

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

#[test]
fn a_plugin_is_created_checked_and_built_with_the_original_s_words() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("a/b/trove")).unwrap();
    let path = plugin.as_str();
    assert_eq!(
        fpb(&["--create", path, "--package-version", "4.0.0"]),
        (0, "Plugin is created\n".to_owned(), String::new())
    );
    assert_eq!(fpb(&["--check", path]).1, "Plugin is valid\n");
    assert_eq!(fpb(&["--build", path]).1, "Plugin is built\n");
    assert!(plugin.join("trove-1.0-1.0.0-1.noarch.rpm").exists());
    let (code, _, errors) = fpb(&["--create", path]);
    assert_eq!(code, 255);
    assert!(errors.ends_with(&format!(
        "Unexpected error\nPlugins directory {path} already exists, choose another name\n"
    )));
}

#[test]
fn a_broken_rule_is_shown_with_its_place_and_the_original_s_message() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    fpb(&["--create", plugin.as_str(), "--package-version", "4.0.0"]);
    fs_err::write(
        plugin.join("environment_config.yaml"),
        "attributes:\n  a:\n    type: text\n    label: 5\n    weight: 1\n    value: ''\n",
    )
    .unwrap();
    let (code, _, errors) = fpb(&["--check", plugin.as_str()]);
    assert_eq!(code, 255);
    assert!(
        errors.contains("environment_config.yaml:4:12: error[schema]: `attributes.a.label` must be text, not `5`"),
        "{errors}"
    );
    let message = format!(
        "Validation failed\nFile '{plugin}/environment_config.yaml', 5 is not of type 'string', value path 'attributes -> a -> label'\n"
    );
    assert!(errors.ends_with(&message), "{errors}");
    let (code, output, _) = fpb(&["check", "--format", "json", plugin.as_str()]);
    let document: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!((code, &document[0]["valid"]), (3, &serde_json::json!(false)));
    assert_eq!(document[0]["findings"][0]["place"]["line"], 4);
}

#[rstest]
#[case(&[], 2, "fpb: error: one of the arguments --create --build --check is required\n")]
#[case(&["--build", "a", "--package-version", "4.0.0"], 2, "fpb: error: --package-version works only with --create\n")]
#[case(&["--create", "/nonexistent/Trove"], 255, "Validation failed\nPlugin name is invalid, use only lower case letters, numbers, '_', '-' symbols\n")]
#[case(&["--create", "/nonexistent/trove", "--package-version", "9.9.9"], 255, "Unexpected error\nWrong package version \"9.9.9\"\n")]
#[case(&["--check", "/nonexistent"], 255, "Unexpected error\n[Errno 2] No such file or directory: u'/nonexistent/metadata.yaml'\n")]
#[case(&["--build", "/nonexistent"], 255, "Unexpected error\n[Errno 2] No such file or directory: u'/nonexistent/metadata.yaml'\n")]
fn errors_end_with_the_original_s_text(#[case] arguments: &[&str], #[case] code: i32, #[case] end: &str) {
    let (exit, _, errors) = fpb(arguments);
    assert_eq!(exit, code);
    assert!(errors.ends_with(end), "{errors}");
}

#[test]
fn an_empty_name_creates_nothing_and_succeeds() {
    assert_eq!(fpb(&["--create", ""]), (0, String::new(), String::new()));
}
