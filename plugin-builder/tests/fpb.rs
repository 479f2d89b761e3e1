//! The `fpb` command: the original's texts and exit codes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod running;

use camino::Utf8PathBuf;
use rstest::rstest;

use running::fpb;

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
        errors.contains("error[schema]: `attributes.a.label` must be text, not `5`")
            && errors.contains("environment_config.yaml:4:12"),
        "{errors}"
    );
    let message = format!(
        "Validation failed\nFile '{plugin}/environment_config.yaml', 5 is not of type 'string', value path 'attributes -> a -> label'\n"
    );
    assert!(errors.ends_with(&message), "{errors}");
    let (code, output, _) = fpb(&["check", "--format", "json", plugin.as_str()]);
    let document: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!((code, &document["plugins"][0]["valid"]), (3, &serde_json::json!(false)));
    assert_eq!(document["plugins"][0]["findings"][0]["place"]["line"], 4);
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

fn created(keep: &tempfile::TempDir, name: &str) -> Utf8PathBuf {
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join(name)).unwrap();
    let (code, output, _) = fpb(&["create", plugin.as_str(), "--package-version", "4.0.0"]);
    assert_eq!(
        (code, output),
        (0, format!("created {plugin} (package version 4.0.0)\n"))
    );
    plugin
}

#[test]
fn several_plugins_are_checked_in_the_order_in_which_they_are_given() {
    let keep = tempfile::tempdir().unwrap();
    let plugins: Vec<Utf8PathBuf> = (0..12).map(|number| created(&keep, &format!("p{number}"))).collect();
    fs_err::remove_file(plugins[5].join("environment_config.yaml")).unwrap();
    let mut words = vec!["check"];
    words.extend(plugins.iter().map(|plugin| plugin.as_str()));
    let (code, output, _) = fpb(&words);
    assert_eq!(code, 3);
    let verdicts: Vec<&str> = output.lines().filter(|line| line.contains("valid, ")).collect();
    for (plugin, verdict) in plugins.iter().zip(&verdicts) {
        assert!(verdict.starts_with(&format!("{plugin}: ")), "{output}");
    }
    assert!(
        output.ends_with("\n12 plugins: 11 valid, 1 not valid; 1 error, 0 warnings\n"),
        "{output}"
    );
    words.push("--quiet");
    assert!(!fpb(&words).1.contains("valid, "));
}

#[test]
fn a_directory_of_plugins_is_told_from_a_plugin() {
    let keep = tempfile::tempdir().unwrap();
    created(&keep, "one");
    let directory = keep.path().to_str().unwrap();
    let (code, output, _) = fpb(&["check", directory]);
    assert_eq!(code, 3);
    assert!(
        output.contains(&format!("check them with `fpb check {directory}/*`")),
        "{output}"
    );
}

#[test]
fn a_package_that_was_built_is_described_and_unpacked_as_json() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = created(&keep, "one");
    let built: serde_json::Value = json(&["build", plugin.as_str(), "--format", "json"], 0);
    let package = built["plugins"][0]["package"].as_str().unwrap().to_owned();
    let described = json(&["info", &package, "--format=json"], 0);
    assert_eq!(described["packages"][0]["plugin"], "one");
    let target = keep.path().join("plugins");
    let unpacked = json(&["unpack", &package, target.to_str().unwrap(), "--format", "json"], 0);
    assert_eq!(unpacked["name"], "one");
    assert!(target.join("one-1.0/metadata.yaml").exists());
}

/// Runs `fpb`, which must write exactly one JSON document to standard output.
fn json(arguments: &[&str], exit: i32) -> serde_json::Value {
    let (code, output, errors) = fpb(arguments);
    assert_eq!((code, errors.as_str()), (exit, ""), "{output}");
    serde_json::from_str(&output).unwrap()
}

#[rstest]
#[case(&["check", "--format", "json"], 2, "/error/kind", "usage")]
#[case(&["chek", "--format=json"], 2, "/error/kind", "usage")]
#[case(&["info", "/nonexistent.rpm", "--format", "json"], 4, "/packages/0/error/kind", "infrastructure")]
#[case(&["unpack", "/nonexistent.rpm", "--format", "json"], 4, "/error/kind", "infrastructure")]
#[case(&["create", "/nonexistent/Name", "--format", "json"], 3, "/error/kind", "invalid")]
#[case(&["build", "/nonexistent", "--format", "json"], 3, "/plugins/0/error/kind", "invalid")]
fn errors_too_are_one_json_document(#[case] arguments: &[&str], #[case] exit: i32, #[case] at: &str, #[case] is: &str) {
    let document = json(arguments, exit);
    assert_eq!(
        document.pointer(at).and_then(serde_json::Value::as_str),
        Some(is),
        "{document}"
    );
}

#[test]
fn a_subcommand_that_is_mistyped_is_answered_with_the_one_that_was_meant() {
    let (code, _, errors) = fpb(&["buld", "plugin"]);
    assert_eq!(code, 2);
    assert!(errors.contains("a similar subcommand exists: 'build'"), "{errors}");
}

#[test]
fn the_version_names_the_original_that_the_words_are_from() {
    let version = env!("CARGO_PKG_VERSION");
    let text = format!("fpb {version} (compatible with fuel-plugin-builder 4.2.0)\n");
    assert_eq!(fpb(&["--version"]), (0, text, String::new()));
}

#[rstest]
#[case("bash", "complete -F _fpb")]
#[case("zsh", "#compdef fpb")]
#[case("fish", "complete -c fpb")]
fn a_shell_s_completion_knows_the_subcommands_and_the_original_s_options(#[case] shell: &str, #[case] mark: &str) {
    let (code, output, _) = fpb(&["completions", shell]);
    assert_eq!(code, 0);
    assert!(
        output.contains(mark) && output.contains("unpack") && output.contains("package-version"),
        "{output}"
    );
}
