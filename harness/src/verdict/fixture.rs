//! States and task records to judge in tests.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use mock_astute::{Attempt, PuppetResource, PuppetRun, TaskRecord, TaskStatus};

use crate::capture::{ClockReading, Digest, FileKind, FileState, State};

pub(crate) const SECOND: i64 = 1_000_000_000;

pub(crate) fn at(seconds: f64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
}

pub(crate) fn state(taken: f64, files: &[(&str, FileState)]) -> State {
    let clock = ClockReading {
        rig_before: at(taken),
        rig_after: at(taken),
    };
    State {
        taken: at(taken),
        clock,
        files: files
            .iter()
            .map(|(path, file)| ((*path).to_owned(), file.clone()))
            .collect(),
        packages: [].into(),
        services: [].into(),
        users: [].into(),
        groups: [].into(),
        sockets: [].into(),
        processes: [].into(),
        mounts: [].into(),
        addresses: [].into(),
        routes: [].into(),
        packet_filter: [].into(),
        sysctl: [].into(),
        observers: [].into(),
        directories: None,
        unseen: [].into(),
    }
}

/// A text file that moved at this second.
pub(crate) fn file(text: &str, moved: f64) -> FileState {
    let time = (moved * 1e9) as i64;
    FileState {
        kind: FileKind::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: text.len() as u64,
        mtime_ns: time,
        ctime_ns: time,
        inode: 1,
        links: 1,
        target: None,
        sha256: Some(Digest::of(text.as_bytes())),
        text: Some(Arc::from(text)),
        capabilities: None,
        attributes: None,
    }
}

pub(crate) fn directory(moved: f64) -> FileState {
    FileState {
        kind: FileKind::Directory,
        mode: 0o755,
        sha256: None,
        text: None,
        ..file("", moved)
    }
}

pub(crate) fn unread(size: u64, moved: f64) -> FileState {
    FileState {
        size,
        sha256: None,
        text: None,
        ..file("", moved)
    }
}

pub(crate) fn task(task: &str, kind: &str, from: f64, to: f64) -> TaskRecord {
    TaskRecord {
        node_id: "1".to_owned(),
        task: task.to_owned(),
        kind: kind.to_owned(),
        status: TaskStatus::Successful,
        started: Some(at(from)),
        finished: Some(at(to)),
        attempts: vec![Attempt {
            started: at(from),
            finished: at(to),
            exit_code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
            puppet: None,
            error: None,
        }],
        error: None,
    }
}

/// A puppet task that says it changed these resources.
pub(crate) fn puppet(name: &str, from: f64, to: f64, changed: &[PuppetResource]) -> TaskRecord {
    let mut record = task(name, "puppet", from, to);
    record.attempts[0].puppet = Some(PuppetRun {
        changed: changed.len() as u64,
        changed_resources: changed.to_vec(),
        ..PuppetRun::default()
    });
    record
}

pub(crate) fn resource(name: &str, path: Option<&str>, time: Option<&str>) -> PuppetResource {
    PuppetResource {
        name: name.to_owned(),
        file: Some("/etc/fuel/plugins/trove-1.0/deploy.pp".to_owned()),
        line: Some(7),
        time: time.map(str::to_owned),
        events: vec!["content changed".to_owned()],
        path: path.map(str::to_owned),
    }
}
