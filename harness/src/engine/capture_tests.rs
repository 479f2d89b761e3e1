//! Looks at real nodes that lack tools, have another shell, or are of another distribution.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use mock_astute::{Command, FileUpload, Node, NodeError, Output, TaskRecord, TaskStatus};

use super::dockerfile::Dockerfile;
use super::images::build;
use super::*;
use crate::capture::{Observer, Scope, State, capture};
use crate::verdict::{Call, DifferenceKind, NodeRuns, NoiseList, judge};

/// What the script of a capture calls.
const TOOLS: &str = "sh find xargs base64 gzip cat mktemp rm wc head tail grep sha256sum tar timeout getconf systemctl \
                     ss ip iptables-save ip6tables-save nft dpkg-query rpm getfattr python3 getcap sed sleep mkdir";

/// A node on which only the tools of one directory are found.
struct Equipped<'a> {
    node: &'a TargetNode,
    tools: String,
}

#[async_trait]
impl Node for Equipped<'_> {
    async fn run(&self, mut command: Command) -> Result<Output, NodeError> {
        command.environment.push(("PATH".to_owned(), self.tools.clone()));
        self.node.run(command).await
    }
    async fn write_file(&self, file: FileUpload) -> Result<(), NodeError> {
        self.node.write_file(file).await
    }
    async fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, NodeError> {
        self.node.read_file(path).await
    }
    async fn remove_file(&self, path: &str) -> Result<(), NodeError> {
        self.node.remove_file(path).await
    }
    async fn reboot(&self, timeout: Duration) -> Result<(), NodeError> {
        self.node.reboot(timeout).await
    }
    async fn is_online(&self) -> bool {
        self.node.is_online().await
    }
}

struct Bench {
    engine: Engine,
    node: Arc<TargetNode>,
    guard: RunGuard,
}

async fn bench(engine: Engine, image: &str) -> Bench {
    let run = RunId::new("capture-test");
    let guard = RunGuard::new(&engine, &run);
    let networks = Networks::create(&engine, &run).await.unwrap();
    let mut spec = NodeSpec::new("node-1", "1", image);
    spec.addresses.admin = Some(networks.admin.subnet.host(3));
    let node = Arc::new(TargetNode::start(&engine, &run, &networks, spec).await.unwrap());
    Bench { engine, node, guard }
}

impl Bench {
    async fn says(&self, script: &str) -> String {
        let output = self
            .node
            .run(Command::new(["bash", "-c", script], Duration::from_secs(120)))
            .await
            .unwrap();
        assert_eq!(output.exit_code, 0, "{script}: {output:?}");
        output.stdout
    }

    /// The node with all tools but some, which live in a directory of memory that no capture looks at.
    async fn without(&self, shell: &str, hidden: &[&str]) -> Equipped<'_> {
        let name = format!("/run/tools-{shell}-{}", hidden.join("-"));
        self.says(&format!(
            "mkdir -p {name}; for tool in {TOOLS}; do
                 case ' {} ' in *\" $tool \"*) continue ;; esac
                 [ $tool = sh ] && path=$(command -v {shell}) || path=$(command -v $tool) || continue
                 ln -sfn $path {name}/$tool
             done",
            hidden.join(" ")
        ))
        .await;
        Equipped {
            node: &self.node,
            tools: name,
        }
    }
}

async fn node_image(engine: &Engine) -> String {
    let images = ensure(engine, &[Target::Node.into()], &ImageOptions::default(), &|_| ())
        .await
        .unwrap();
    images.reference(&Target::Node.into()).unwrap().to_owned()
}

fn kinds(before: &State, after: &State) -> Vec<(DifferenceKind, String)> {
    let runs = NodeRuns {
        name: "node-1",
        before,
        after_first: before,
        after_second: after,
        first: &[],
        second: &[],
        glances: &[],
    };
    let verdict = judge(&[runs], &NoiseList::standard().unwrap(), &[], false);
    let differences = verdict.background.iter().map(|background| &background.difference);
    differences
        .map(|difference| (difference.kind, difference.subject.clone()))
        .collect()
}

/// Each tool that a look can do without, and what is then told as unseen: nothing where something else stands in.
const DISPENSABLE: [(&str, &str); 15] = [
    ("", ""),
    ("gzip", ""),
    ("getconf", ""),
    ("getcap", ""),
    ("python3", "extended attributes and access control lists"),
    ("tar", "what small files hold, line by line"),
    ("sha256sum", "the content of files that are large or lie under /usr"),
    ("tar sha256sum", "the content of small files"),
    ("timeout", "whether observers end in time"),
    ("grep", "processes and kernel parameters"),
    ("ss", "the programs that hold listening sockets"),
    ("ss grep", "listening sockets"),
    ("ip", "addresses and routing rules"),
    ("iptables-save nft", "packet filter rules"),
    ("systemctl", "services: systemctl does not tell of them"),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn a_node_that_lacks_a_tool_is_looked_at_with_the_others_and_says_what_nobody_sees() {
    let engine = Engine::connect().await.unwrap();
    let image = node_image(&engine).await;
    let bench = bench(engine, &image).await;
    let observers = [Observer {
        name: "said".to_owned(),
        command: "echo said".to_owned(),
    }];
    // A small tree, and all of the system.
    let scope = Scope {
        root: "/srv/t".to_owned(),
        ..Scope::machine(&observers)
    };
    for (number, (hidden, unseen)) in DISPENSABLE.into_iter().enumerate() {
        let hidden: Vec<&str> = hidden.split_ascii_whitespace().collect();
        let shell = if number % 2 == 0 { "dash" } else { "bash" };
        let node = bench.without(shell, &hidden).await;
        bench.says("mkdir -p /srv/t/etc/x/d; chmod 755 /srv/t/etc/x; echo one >/srv/t/etc/x/small; head -c 100000 /dev/zero >/srv/t/etc/x/large; touch /srv/t/etc/x/d/gone").await;
        let before = capture(&node, None, &scope)
            .await
            .unwrap_or_else(|error| panic!("without {hidden:?}: {error}"));
        assert_eq!(before.observers["said"].output, "said\n", "without {hidden:?}");
        let told = before
            .unseen
            .iter()
            .any(|line| !unseen.is_empty() && line.starts_with(unseen));
        assert_eq!(told, !unseen.is_empty(), "without {hidden:?}: {:?}", before.unseen);
        bench.says("sleep 0.1; echo two >/srv/t/etc/x/small; head -c 100000 /dev/urandom >/srv/t/etc/x/large; rm -r /srv/t/etc/x/d; chmod 700 /srv/t/etc/x").await;
        let after = capture(&node, Some(&before), &scope)
            .await
            .unwrap_or_else(|error| panic!("without {hidden:?}: {error}"));
        let found = kinds(&before, &after);
        let mut expected = vec![(DifferenceKind::Mode, "/srv/t/etc/x".to_owned())];
        expected.push((DifferenceKind::Removed, "/srv/t/etc/x/d".to_owned()));
        expected.push((DifferenceKind::Removed, "/srv/t/etc/x/d/gone".to_owned()));
        for file in ["large", "small"] {
            // What cannot be read is still known to be written anew.
            expected.push((DifferenceKind::Content, format!("/srv/t/etc/x/{file}")));
        }
        let beside: Vec<_> = found.iter().filter(|found| !expected.contains(found)).collect();
        let missed: Vec<_> = expected.iter().filter(|expected| !found.contains(expected)).collect();
        assert!(
            missed.is_empty() && beside.is_empty(),
            "without {hidden:?}: missed {missed:?}, beside {beside:?}"
        );
    }
    for essential in ["find", "xargs", "base64"] {
        let node = bench.without("dash", &[essential]).await;
        let error = capture(&node, None, &scope).await.unwrap_err().to_string();
        assert!(error.contains(&format!("{essential} is not there")), "{error}");
    }
    bench.guard.clean_up().await.unwrap();
}

const SPEC: &str = "Name: one
Version: VERSION
Release: 1
Summary: x
License: x
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/opt/one; echo VERSION >%{buildroot}/opt/one/file
%files
/opt/one
";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn packages_of_rpm_are_seen_installed_upgraded_installed_again_and_removed() {
    let engine = Engine::connect().await.unwrap();
    let base = node_image(&engine).await;
    let dockerfile = "ARG BASE\nFROM ${BASE} AS node\nRUN distribution-sources on && apt-get update && \
                      apt-get install -y --no-install-recommends rpm && distribution-sources off\n";
    let recipe = Dockerfile::parse(dockerfile).recipe("node").unwrap();
    let archive = context::archive(&recipe, &[], &[]).unwrap();
    let image = "fuelrig/node:rpm-test";
    build(&engine, Target::Node, &recipe, &base, image, archive, &|_| ())
        .await
        .unwrap();
    let bench = bench(engine, image).await;
    bench
        .says("mkdir -p /etc/rpm /var/lib/rpm; echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros; rpm --initdb")
        .await;
    for version in ["1.0", "2.0"] {
        let spec = SPEC.replace("VERSION", version);
        bench
            .says(&format!(
                "cd /tmp; cat >one.spec <<'END'\n{spec}END\nrpmbuild --quiet -bb --define '_topdir /tmp/b' one.spec >&2"
            ))
            .await;
    }
    let rpm = "/tmp/b/RPMS/noarch/one-";
    let scope = Scope::machine(&[]);
    for shell in ["dash", "bash"] {
        let node = bench.without(shell, &["dpkg-query"]).await;
        let mut before = capture(&node, None, &scope).await.unwrap();
        assert!(
            !before.unseen.iter().any(|line| line.starts_with("packages")),
            "{:?}",
            before.unseen
        );
        assert!(!before.packages.contains_key("one"), "{:?}", before.packages);
        for (act, version) in [
            (format!("rpm -i --nodeps {rpm}1.0-1.noarch.rpm"), Some("1.0-1")),
            (format!("rpm -U --nodeps {rpm}2.0-1.noarch.rpm"), Some("2.0-1")),
            (
                format!("rpm -U --nodeps --replacepkgs {rpm}2.0-1.noarch.rpm"),
                Some("2.0-1"),
            ),
            ("rpm -e one".to_owned(), None),
        ] {
            // rpm knows seconds only.
            let started = SystemTime::now();
            bench.says(&format!("sleep 1.1; {act}")).await;
            let record = TaskRecord {
                node_id: "1".to_owned(),
                task: "install".to_owned(),
                kind: "shell".to_owned(),
                status: TaskStatus::Successful,
                started: Some(started),
                finished: Some(SystemTime::now()),
                attempts: Vec::new(),
                error: None,
            };
            let after = capture(&node, Some(&before), &scope).await.unwrap();
            assert_eq!(
                after.packages.get("one").map(|package| package.version.as_str()),
                version,
                "{act}"
            );
            let runs = NodeRuns {
                name: "node-1",
                before: &before,
                after_first: &before,
                after_second: &after,
                first: &[],
                second: &[record],
                glances: &[],
            };
            let verdict = judge(&[runs], &NoiseList::standard().unwrap(), &[], false);
            let task = &verdict.tasks[0];
            assert_eq!(task.called, Call::SilentChange, "{act}");
            let packages: Vec<&str> = task
                .differences
                .iter()
                .filter(|difference| difference.kind == DifferenceKind::Package)
                .map(|difference| difference.subject.as_str())
                .collect();
            assert_eq!(packages, ["one"], "{act}: {:#?}", verdict.background);
            assert!(verdict.background.is_empty(), "{act}: {:#?}", verdict.background);
            before = after;
        }
        // Looking at rpm's packages changes nothing.
        let quiet = capture(&node, Some(&before), &scope).await.unwrap();
        assert_eq!(kinds(&before, &quiet), []);
    }
    bench.guard.clean_up().await.unwrap();
    bench
        .engine
        .client()
        .remove_image(image, None::<bollard::query_parameters::RemoveImageOptions>, None)
        .await
        .unwrap();
}

/// What moves, and how it must be seen: these kinds and no others.
const MOVES: [(&str, DifferenceKind, &str); 20] = [
    (
        "cp -p rewritten old; echo 2 >rewritten; touch -r old rewritten; rm old",
        DifferenceKind::Content,
        "/srv/t/rewritten",
    ),
    ("echo more >>appended", DifferenceKind::Content, "/srv/t/appended"),
    ("chmod 4755 mode", DifferenceKind::Mode, "/srv/t/mode"),
    ("chown daemon owner", DifferenceKind::Owner, "/srv/t/owner"),
    ("chgrp daemon group", DifferenceKind::Owner, "/srv/t/group"),
    (
        "setcap cap_net_raw=ep capable",
        DifferenceKind::Capabilities,
        "/srv/t/capable",
    ),
    (
        "python3 -c 'import os; os.setxattr(\"attributed\", \"user.x\", b\"y\")'",
        DifferenceKind::Attributes,
        "/srv/t/attributed",
    ),
    ("ln -sfn two link", DifferenceKind::Target, "/srv/t/link"),
    ("ln linked -T /srv/t/linked-too", DifferenceKind::Links, "/srv/t/linked"),
    (":", DifferenceKind::Created, "/srv/t/linked-too"),
    ("rm gone", DifferenceKind::Removed, "/srv/t/gone"),
    ("mkdir empty", DifferenceKind::Created, "/srv/t/empty"),
    ("rm turned; mkdir turned", DifferenceKind::Type, "/srv/t/turned"),
    (
        "systemctl restart cron",
        DifferenceKind::ServiceRestarted,
        "cron.service",
    ),
    ("useradd -M -u 4711 mover", DifferenceKind::User, "mover"),
    (":", DifferenceKind::Group, "mover"),
    (
        "ip route add 203.0.113.0/24 dev lo",
        DifferenceKind::Route,
        "203.0.113.0/24 dev lo scope link",
    ),
    (
        "sysctl -qw net.ipv4.ip_default_ttl=63",
        DifferenceKind::Sysctl,
        "net.ipv4.ip_default_ttl",
    ),
    (
        "mkdir -p /run/m; mount -t tmpfs x /run/m",
        DifferenceKind::Mount,
        "/run/m",
    ),
    (
        "setsid sleep 4711 >/dev/null 2>&1 </dev/null &",
        DifferenceKind::Process,
        "sleep 4711",
    ),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Docker engine: `cargo test -p fuelrig --lib -- --ignored`"]
async fn every_kind_of_change_is_seen_as_what_it_is_even_where_size_and_time_stay() {
    let engine = Engine::connect().await.unwrap();
    let image = node_image(&engine).await;
    let bench = bench(engine, &image).await;
    bench
        .says(
            "mkdir /srv/t; cd /srv/t; echo 1 >rewritten; for file in appended mode owner group capable attributed linked gone turned; \
             do echo $file >$file; done; ln -s one link; systemctl start cron",
        )
        .await;
    let scope = Scope::machine(&[]);
    let before = capture(&*bench.node, None, &scope).await.unwrap();
    let script: Vec<&str> = MOVES.iter().map(|(script, ..)| *script).collect();
    bench
        .says(&format!(
            "set -e; cd /srv/t; sleep 0.1\n{}\nsleep 0.1",
            script.join("\n")
        ))
        .await;
    let after = capture(&*bench.node, Some(&before), &scope).await.unwrap();
    let found = kinds(&before, &after);
    let is = |found: &(DifferenceKind, String), kind: DifferenceKind, subject: &str| {
        found.0 == kind && found.1.contains(subject)
    };
    let missed: Vec<_> = MOVES
        .iter()
        .filter(|(_, kind, subject)| !found.iter().any(|found| is(found, *kind, subject)))
        .collect();
    assert!(missed.is_empty(), "missed {missed:#?} among {found:#?}");
    let beside: Vec<_> = found
        .iter()
        .filter(|found| !MOVES.iter().any(|(_, kind, subject)| is(found, *kind, subject)))
        // Adding a user writes these, and they are told as files too.
        .filter(|(_, subject)| {
            !["passwd", "group", "shadow", "gshadow", "subuid", "subgid"]
                .iter()
                .any(|name| *subject == format!("/etc/{name}"))
        })
        .collect();
    assert!(beside.is_empty(), "{beside:#?}");
    bench.guard.clean_up().await.unwrap();
}
