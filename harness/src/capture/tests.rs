//! The script and its readers against real trees of files.

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{local_node::LocalNode, *};

struct Tree {
    _directory: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path())
            .unwrap()
            .canonicalize_utf8()
            .unwrap();
        let tree = Self {
            _directory: directory,
            root,
        };
        for (path, content) in files {
            tree.write(path, content);
        }
        tree
    }

    fn at(&self, path: &str) -> Utf8PathBuf {
        self.root.join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs_err::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs_err::write(self.at(path), content).unwrap();
    }

    async fn capture(&self, previous: Option<&State>) -> State {
        // Two captures within one tick of the kernel's clock are more than a deployment ever asks for.
        tokio::time::sleep(Duration::from_millis(30)).await;
        capture(&LocalNode, previous, &Scope::directory(self.root.as_str()))
            .await
            .unwrap()
    }

    /// A later capture; it must equal what a fresh walk sees.
    async fn capture_again(&self, previous: &State) -> State {
        let later = self.capture(Some(previous)).await;
        let fresh = self.capture(None).await;
        assert_eq!(
            later.files.keys().collect::<Vec<_>>(),
            fresh.files.keys().collect::<Vec<_>>()
        );
        for (path, file) in &later.files {
            assert_eq!(file.ctime_ns, fresh.files[path].ctime_ns, "{path}");
            assert_eq!(file.inode, fresh.files[path].inode, "{path}");
        }
        later
    }

    fn file<'a>(&self, state: &'a State, path: &str) -> &'a FileState {
        &state.files[self.at(path).as_str()]
    }
}

#[tokio::test]
async fn a_first_capture_reads_what_lies_in_etc_and_only_lists_the_rest() {
    let tree = Tree::new(&[
        ("etc/a.conf", "one\n"),
        ("usr/bin/tool", "#!/bin/sh\n"),
        ("etc/empty", ""),
    ]);
    symlink("a.conf", tree.at("etc/link")).unwrap();
    let state = tree.capture(None).await;
    let read = tree.file(&state, "etc/a.conf");
    assert_eq!(
        (read.text.as_deref(), read.sha256),
        (Some("one\n"), Some(Digest::of(b"one\n")))
    );
    assert_eq!(tree.file(&state, "usr/bin/tool").sha256, None);
    assert_eq!(tree.file(&state, "etc/empty").text.as_deref(), Some(""));
    assert_eq!(tree.file(&state, "etc/link").target.as_deref(), Some("a.conf"));
    assert_eq!(tree.file(&state, "etc").kind, FileKind::Directory);
}

#[tokio::test]
async fn what_is_appended_is_read_and_the_rest_is_taken_over() {
    let tree = Tree::new(&[("etc/a.conf", "one\n"), ("etc/b.conf", "b\n"), ("usr/bin/tool", "x")]);
    let before = tree.capture(None).await;
    tree.write("etc/a.conf", "one\ntwo\n");
    tree.write("usr/bin/tool", "xy");
    let after = tree.capture_again(&before).await;
    assert_eq!(tree.file(&after, "etc/a.conf").text.as_deref(), Some("one\ntwo\n"));
    assert_eq!(tree.file(&after, "etc/b.conf").text.as_deref(), Some("b\n"));
    let tool = tree.file(&after, "usr/bin/tool");
    assert_eq!((tool.sha256, tool.text.as_deref()), (Some(Digest::of(b"xy")), None));
}

#[tokio::test]
async fn a_rewrite_of_the_same_size_with_its_old_mtime_is_seen() {
    let tree = Tree::new(&[("etc/a.conf", "one\n")]);
    let before = tree.capture(None).await;
    let path = tree.at("etc/a.conf");
    let old = fs_err::metadata(&path).unwrap().modified().unwrap();
    tree.write("etc/a.conf", "two\n");
    fs_err::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .file()
        .set_modified(old)
        .unwrap();
    let after = tree.capture_again(&before).await;
    let (was, is) = (tree.file(&before, "etc/a.conf"), tree.file(&after, "etc/a.conf"));
    assert_eq!((was.size, was.mtime_ns), (is.size, is.mtime_ns));
    assert_eq!(is.text.as_deref(), Some("two\n"));
}

#[tokio::test]
async fn a_change_of_mode_moves_no_content() {
    let tree = Tree::new(&[("etc/a.conf", "one\n")]);
    let before = tree.capture(None).await;
    fs_err::set_permissions(tree.at("etc/a.conf"), std::fs::Permissions::from_mode(0o4750)).unwrap();
    let after = tree.capture_again(&before).await;
    assert_eq!(tree.file(&after, "etc/a.conf").mode, 0o4750);
    assert_eq!(
        tree.file(&after, "etc/a.conf").sha256,
        tree.file(&before, "etc/a.conf").sha256
    );
}

#[tokio::test]
async fn another_name_of_a_file_is_counted() {
    let tree = Tree::new(&[("etc/a", "1")]);
    let before = tree.capture(None).await;
    fs_err::hard_link(tree.at("etc/a"), tree.at("etc/b")).unwrap();
    let after = tree.capture_again(&before).await;
    assert_eq!(
        (tree.file(&before, "etc/a").links, tree.file(&after, "etc/a").links),
        (1, 2)
    );
}

#[tokio::test]
async fn extended_attributes_of_files_and_directories_are_read_where_there_is_a_tool() {
    let tree = Tree::new(&[("etc/d/a", "1"), ("etc/b", "2")]);
    let set = "import os, sys; [os.setxattr(path, 'user.deployed', b'yes') for path in sys.argv[1:]]";
    let set = std::process::Command::new("python3")
        .args(["-c", set, tree.at("etc/d").as_str(), tree.at("etc/d/a").as_str()])
        .status();
    if !set.is_ok_and(|status| status.success()) {
        eprintln!("not tested: no python3, or a file system without extended attributes");
        return;
    }
    let state = tree.capture(None).await;
    for path in ["etc/d", "etc/d/a"] {
        assert_eq!(
            tree.file(&state, path).attributes.as_deref(),
            Some("user.deployed=yes"),
            "{path}"
        );
    }
    assert_eq!(tree.file(&state, "etc/b").attributes.as_deref(), Some(""));
}

#[tokio::test]
async fn a_link_that_points_elsewhere_is_seen() {
    let tree = Tree::new(&[("etc/one", "1"), ("etc/two", "2")]);
    symlink("one", tree.at("etc/link")).unwrap();
    let before = tree.capture(None).await;
    fs_err::remove_file(tree.at("etc/link")).unwrap();
    symlink("two", tree.at("etc/link")).unwrap();
    let after = tree.capture_again(&before).await;
    assert_eq!(tree.file(&after, "etc/link").target.as_deref(), Some("two"));
}

#[tokio::test]
async fn deleted_files_and_trees_are_gone_and_new_empty_directories_are_there() {
    let tree = Tree::new(&[("etc/a", "1"), ("etc/d/e/f", "2"), ("etc/stays", "3")]);
    let before = tree.capture(None).await;
    fs_err::remove_file(tree.at("etc/a")).unwrap();
    fs_err::remove_dir_all(tree.at("etc/d")).unwrap();
    fs_err::create_dir(tree.at("etc/empty")).unwrap();
    let after = tree.capture_again(&before).await;
    let names: Vec<_> = after
        .files
        .keys()
        .map(|path| path[tree.root.as_str().len()..].to_owned())
        .collect();
    assert_eq!(names, ["", "/etc", "/etc/empty", "/etc/stays"]);
}

#[tokio::test]
async fn a_tree_that_was_moved_here_is_walked_and_read() {
    let tree = Tree::new(&[("etc/a/b/c", "deep\n"), ("usr/t/u/v", "lib\n")]);
    let before = tree.capture(None).await;
    fs_err::rename(tree.at("etc/a"), tree.at("etc/z")).unwrap();
    fs_err::rename(tree.at("usr/t/u"), tree.at("usr/u")).unwrap();
    let after = tree.capture_again(&before).await;
    assert_eq!(tree.file(&after, "etc/z/b/c").text.as_deref(), Some("deep\n"));
    assert_eq!(tree.file(&after, "usr/u/v").sha256, Some(Digest::of(b"lib\n")));
}

#[tokio::test]
async fn names_with_newlines_blanks_and_odd_bytes_keep_their_content() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let tree = Tree::new(&[("etc/two\nlines", "1"), ("etc/-n blank\\ *", "2"), ("etc/größe", "3")]);
    let before = tree.capture(None).await;
    let odd = tree
        .at("etc")
        .into_std_path_buf()
        .join(OsStr::from_bytes(b"odd\xff\x01"));
    fs_err::write(&odd, "4").unwrap();
    tree.write("etc/two\nlines", "11");
    tree.write("usr/big\nname", &"x".repeat(70_000));
    let after = tree.capture_again(&before).await;
    let text = |path: &str| tree.file(&after, path).text.as_deref();
    assert_eq!(text("etc/two\nlines"), Some("11"));
    assert_eq!(text("etc/-n blank\\ *"), Some("2"));
    assert_eq!(text("etc/größe"), Some("3"));
    assert_eq!(text("etc/odd\\xff\u{1}"), Some("4"));
    assert_eq!(
        tree.file(&after, "usr/big\nname").sha256,
        Some(Digest::of("x".repeat(70_000).as_bytes()))
    );
}

#[tokio::test]
async fn a_secret_is_hashed_but_not_kept() {
    let tree = Tree::new(&[("etc/shadow", "root:x\n")]);
    let state = tree.capture(None).await;
    let shadow = tree.file(&state, "etc/shadow");
    assert_eq!(
        (shadow.text.as_deref(), shadow.sha256),
        (None, Some(Digest::of(b"root:x\n")))
    );
}

#[tokio::test]
async fn the_system_and_its_observers_are_seen() {
    let tree = Tree::new(&[("etc/a", "1")]);
    let observers = [
        Observer {
            name: "greeting".to_owned(),
            command: "printf 'a\\0b'; echo \"it's odd\" >&2; exit 3".to_owned(),
        },
        Observer {
            name: "slow".to_owned(),
            command: "echo begun; sleep 30".to_owned(),
        },
    ];
    let scope = Scope {
        observers: &observers,
        system: true,
        observer_timeout: Duration::from_secs(1),
        ..Scope::directory(tree.root.as_str())
    };
    let state = capture(&LocalNode, None, &scope).await.unwrap();
    let greeting = &state.observers["greeting"];
    assert_eq!((greeting.exit_code, greeting.output.as_str()), (3, "a\0b"));
    assert_eq!(greeting.errors, "it's odd\n");
    assert_eq!(
        (
            state.observers["slow"].exit_code,
            state.observers["slow"].output.as_str()
        ),
        (124, "begun\n")
    );
    assert_eq!(state.users["root"].split(':').nth(1), Some("0"));
    // This test is the capture's parent here, and the capture leaves its own family out.
    let pids: Vec<u32> = state.processes.iter().map(|process| process.pid).collect();
    assert!(pids.contains(&1) && !pids.contains(&std::process::id()), "{pids:?}");
    assert!(state.mounts.contains_key("/proc"));
    assert_eq!(state.clock_offset_ns(), 0);
}

#[tokio::test]
async fn a_root_that_is_not_there_is_an_error_that_says_so() {
    let error = capture(&LocalNode, None, &Scope::directory("/nowhere/at/all"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the node's `find` cannot walk the file system: it found nothing; GNU findutils 4.5 or newer is needed"
    );
}

#[tokio::test]
async fn a_glance_tells_what_is_left_in_directories_that_changed_since_the_one_before() {
    let tree = Tree::new(&[
        ("etc/d/a", "1"),
        ("etc/d/b c", "2"),
        ("etc/still/x", "3"),
        ("var/lib/mysql/x", "4"),
        ("usr/lib/x", "5"),
        ("opt/gone/deep/x", "6"),
    ]);
    let scope = Scope::directory(tree.root.as_str());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let first = glance_since(&LocalNode, &scope, Some(std::time::SystemTime::now()))
        .await
        .unwrap();
    assert_eq!(first.directories.as_ref().unwrap().changed.len(), 0);
    tokio::time::sleep(Duration::from_millis(50)).await;
    for file in ["etc/d/a", "var/lib/mysql/x", "usr/lib/x"] {
        fs_err::remove_file(tree.at(file)).unwrap();
    }
    fs_err::remove_dir_all(tree.at("opt/gone")).unwrap();
    let second = glance_since(&LocalNode, &scope, Some(first.taken)).await.unwrap();
    let told = second.directories.unwrap();
    let paths: Vec<_> = told
        .changed
        .keys()
        .map(|path| &path[tree.root.as_str().len()..])
        .collect();
    assert_eq!(paths, ["/etc/d", "/opt"]);
    let changed = &told.changed[tree.at("etc/d").as_str()];
    assert_eq!(changed.names, ["b c".to_owned()].into());
    let tells = |path: &str| told.tells_of(tree.at(path).as_str());
    assert_eq!(tells("etc/d/a"), Some(Presence::GoneSince(changed.ctime_ns)));
    assert_eq!(tells("etc/d/b c"), Some(Presence::There));
    assert!(matches!(tells("opt/gone/deep/x"), Some(Presence::GoneSince(_))));
    assert_eq!(
        (tells("etc/still/x"), tells("var/lib/mysql/x"), tells("usr/lib/x")),
        (None, None, None)
    );

    // A glance without a time does not look for any.
    assert_eq!(glance(&LocalNode, &scope).await.unwrap().directories, None);
}
