//! Findings as `fpb check` and `fpb explain` show them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod running;

use camino::Utf8PathBuf;
use rstest::rstest;

use running::fpb;

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

#[test]
fn a_code_is_explained_with_whom_it_concerns_why_it_matters_how_to_mend_it_and_an_example() {
    let (code, text, errors) = fpb(&["explain", "duplicate-key"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(text.starts_with("## duplicate-key (warning)\n"), "{text}");
    for part in [
        "* Concerns: ",
        "* Why: ",
        "* How to fix it: ",
        "```yaml\nrole: [controller]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_finding_has_colours_when_asked_and_the_same_text_without() {
    let keep = tempfile::tempdir().unwrap();
    let report = plugin_builder::check(&plugin_with_a_duplicate_key(&keep));
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.code == "duplicate-key")
        .unwrap();
    let show = |colour| finding.render(&plugin_builder::Rendering { colour, reason: true });
    let (plain, coloured) = (show(false), show(true));
    assert!(!plain.contains('\x1b') && coloured.starts_with("\x1b[1;33mwarning[duplicate-key]\x1b[0m"));
    let mut bare = coloured;
    for code in ["0", "1", "1;33", "1;34"] {
        bare = bare.replace(&format!("\x1b[{code}m"), "");
    }
    assert_eq!(bare, plain);
}

/// Runs fpb with a terminal for its output, if the machine has the program that makes one.
#[test]
fn a_terminal_gets_colours_unless_no_color_is_set_and_a_pipe_gets_none() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = plugin_with_a_duplicate_key(&keep);
    let program = env!("CARGO_BIN_EXE_fpb");
    let piped = std::process::Command::new(program)
        .args(["check", plugin.as_str()])
        .output()
        .unwrap();
    assert!(piped.stdout.starts_with(b"warning[duplicate-key]"));
    let on_a_terminal = |no_color: &str| {
        let command = format!("{program} check {plugin}");
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).env("NO_COLOR", no_color);
        let output = script.stdin(std::process::Stdio::null()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (Some(coloured), Some(plain)) = (on_a_terminal(""), on_a_terminal("1")) else {
        println!("skipped: there is no program `script` here");
        return;
    };
    assert!(coloured.contains("\x1b[1;33mwarning[duplicate-key]"), "{coloured}");
    assert!(
        plain.contains("warning[duplicate-key]") && !plain.contains('\x1b'),
        "{plain}"
    );
}

#[rstest]
#[case(&["explain", "duplicate-kye"], "did you mean `duplicate-key`?")]
#[case(&["check", "--allow", "schema", "x"], "cannot be allowed")]
fn a_code_that_does_not_fit_is_wrong_usage(#[case] arguments: &[&str], #[case] text: &str) {
    let (code, _, errors) = fpb(arguments);
    assert_eq!(code, 2);
    assert!(errors.contains(text), "{errors}");
}

#[test]
fn every_error_says_why_it_matters_and_what_to_do() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    fpb(&["--create", plugin.as_str(), "--package-version", "4.0.0"]);
    let broken = [
        (
            "metadata.yaml",
            "\ngroups: storage\nis_hotpluggable: 'false'\nfuel_version: ['6.0', x]\nbuild_version: 1\nreleases: [{os: ubuntu, version: mitaka-9.0, mode: [ha], deployment_scripts_path: nowhere/, repository_path: no/}]\n",
        ),
        (
            "environment_config.yaml",
            "attributes: {a: {label: '', weight: '10', value: [1], type: text, restrictions: []}}\n",
        ),
        (
            "deployment_tasks.yaml",
            "- {id: 'a b', type: pupet, requires: a, role: '/*/'}\n- {id: b, type: shell, parameters: 5}\n",
        ),
        (
            "network_roles.yaml",
            "- {id: [a], default_mapping: 1, properties: {subnet: no such, gateway: 1, vip: {}}}\n",
        ),
        ("node_roles.yaml", "1: {name: 5}\n"),
        ("volumes.yaml", "{a: [1,\n"),
        ("components.yaml", ""),
    ];
    for (name, text) in broken {
        let old = fs_err::read_to_string(plugin.join(name)).unwrap();
        let text = if name == "metadata.yaml" {
            old + text
        } else {
            text.to_owned()
        };
        fs_err::write(plugin.join(name), text).unwrap();
    }
    let (code, output, _) = fpb(&["check", "--format", "json", plugin.as_str()]);
    assert_eq!(code, 3);
    let document: serde_json::Value = serde_json::from_str(&output).unwrap();
    let findings = document.pointer("/plugins/0/findings").unwrap().as_array().unwrap();
    let errors: Vec<_> = findings
        .iter()
        .filter(|finding| finding.get("severity").unwrap() == "error")
        .collect();
    assert!(errors.len() > 15, "{output}");
    for error in errors {
        for key in ["why", "help"] {
            let text = error.get(key).unwrap().as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {key}: {error:#}");
        }
    }
}

#[rstest]
#[case("weight: '10'", "remove the quotes: 10")]
#[case("weight: heavy", "write digits without quotes")]
#[case("weight: [10]", "write digits without quotes")]
#[case("label: 5", "quote it: '…'")]
#[case("restrictions: always", "write a list: ['always']")]
#[case("restrictions: []", "leave the key out, or fill the list")]
fn a_wrong_value_s_fix_says_what_to_write(#[case] field: &str, #[case] fix: &str) {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    fpb(&["--create", plugin.as_str(), "--package-version", "4.0.0"]);
    let rest: String = ["type: text", "value: ''", "label: A", "weight: 10"]
        .iter()
        .filter(|other| other.split(':').next() != field.split(':').next())
        .map(|other| format!(", {other}"))
        .collect();
    let settings = format!("attributes: {{a: {{{field}{rest}}}}}\n");
    fs_err::write(plugin.join("environment_config.yaml"), settings).unwrap();
    let (_, output, _) = fpb(&["check", plugin.as_str()]);
    assert!(output.contains(&format!("fix: {fix}\n")), "{output}");
}

#[rstest]
#[case("check")]
#[case("build")]
fn a_directory_that_is_not_there_is_called_by_its_name(#[case] command: &str) {
    let (code, output, errors) = fpb(&[command, "/nonexistent/trove"]);
    let all = output + &errors;
    assert_eq!(code, 3);
    assert!(all.contains("`/nonexistent/trove` does not exist"), "{all}");
    assert!(
        all.contains("name the directory that holds the plugin's metadata.yaml"),
        "{all}"
    );
}

#[test]
fn a_plugin_with_tens_of_thousands_of_findings_takes_seconds() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    fpb(&["create", plugin.as_str(), "--package-version", "5.0.0"]);
    // A finding each, and all in one circle.
    let tasks: String = (0..12_000)
        .map(|task| {
            let next = (task + 1) % 12_000;
            format!("- {{id: t{task}, type: skipped, version: 2.0.0, requires: [t{next}, /t.*{task}/]}}\n")
        })
        .collect();
    fs_err::write(plugin.join("deployment_tasks.yaml"), tasks).unwrap();
    let metadata = plugin.join("metadata.yaml");
    let groups: Vec<String> = (0..50_000).map(|group| format!("g{group}")).collect();
    let text = fs_err::read_to_string(&metadata).unwrap();
    fs_err::write(
        &metadata,
        text.replace("groups: []", &format!("groups: [{}]", groups.join(", "))),
    )
    .unwrap();
    let begin = std::time::Instant::now();
    let (code, output, _) = fpb(&["check", plugin.as_str()]);
    let time = begin.elapsed();
    assert_eq!(code, 3);
    let last = output.lines().last().unwrap();
    assert!(last.contains("62000 errors, 0 warnings, 12001 notes"), "{last}");
    assert!(
        output.contains("note[cycles-unsearched]"),
        "the circle is too long to be found in time, which is told"
    );
    // Every pair of them looked at would take minutes.
    assert!(time.as_secs() < 60, "{time:?}");
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_and_a_reader_that_went_away_is_none() {
    let keep = tempfile::tempdir().unwrap();
    let plugin = Utf8PathBuf::from_path_buf(keep.path().join("trove")).unwrap();
    fpb(&["create", plugin.as_str()]);
    let check = |stdout: std::process::Stdio| {
        std::process::Command::new(env!("CARGO_BIN_EXE_fpb"))
            .args(["check", "--format", "json", plugin.as_str()])
            .stdout(stdout)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let full = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = check(full.into_file().into()).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("standard output cannot be written: No space left"),
        "{said}"
    );

    let mut child = check(std::process::Stdio::piped());
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
