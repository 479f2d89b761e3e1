//! The sessions in the README do what they show.

use std::process::Command;

use camino::Utf8Path;

#[test]
fn the_sessions_with_fpb_in_the_readme_print_what_they_show() {
    let readme = fs_err::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let sessions: Vec<&str> = readme
        .split("```console\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|session| session.starts_with("$ fpb"))
        .collect();
    assert!(!sessions.is_empty());
    let programs = Utf8Path::new(env!("CARGO_BIN_EXE_fpb")).parent().unwrap();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    for session in sessions {
        let keep = tempfile::tempdir().unwrap();
        let mut shown = String::new();
        for command in session.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let output = Command::new("sh")
                .args(["-c", command])
                .env("PATH", &path)
                .current_dir(keep.path())
                .output();
            let output = output.unwrap();
            shown += &format!(
                "$ {command}\n{}{}",
                String::from_utf8(output.stdout).unwrap(),
                String::from_utf8(output.stderr).unwrap()
            );
        }
        assert_eq!(shown, session);
    }
}
