//! `fpb` beside the original builder: whole processes in turn, medians of the time that passes.
//!
//! ```text
//! FUEL_PLUGIN_BUILDER=$(.ci/original-builder) cargo bench -p plugin-builder --bench original
//! ```
//!
//! Without `FUEL_PLUGIN_BUILDER` only ours is measured. `BENCHMARK_RUNS` sets how often (default 15), and
//! `BENCHMARK_FPB` another executable, such as a link to `fuelrig` that is called `fpb`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark is a program of its own"
)]

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

/// A command line that is measured.
struct Case {
    name: &'static str,
    arguments: Vec<String>,
    /// Whether the original can do it in one process.
    original: bool,
}

fn main() {
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(keep.path()).unwrap();
    let ours = std::env::var("BENCHMARK_FPB").unwrap_or_else(|_| env!("CARGO_BIN_EXE_fpb").to_owned());
    let original = std::env::var("FUEL_PLUGIN_BUILDER").ok();
    let runs = std::env::var("BENCHMARK_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(15);
    println!(
        "{ours}\n{}",
        original
            .as_deref()
            .unwrap_or("the original is not here: FUEL_PLUGIN_BUILDER is not set")
    );
    println!("\n| | original, s | ours, s | ratio |\n|---|---|---|---|");
    for case in cases(root) {
        let (mut theirs, mut mine) = (Vec::new(), Vec::new());
        // In turn, so that a machine that slows down slows both.
        for run in 0..=runs {
            let other = original
                .as_deref()
                .filter(|_| case.original)
                .map(|program| time(program, &case.arguments));
            let own = time(&ours, &case.arguments);
            // The first run finds files that nobody has read yet.
            if run > 0 {
                theirs.extend(other);
                mine.push(own);
            }
        }
        let mine = median(mine);
        match (!theirs.is_empty()).then(|| median(theirs)) {
            Some(theirs) => println!("| {} | {theirs:.3} | {mine:.4} | {:.0} |", case.name, theirs / mine),
            None => println!("| {} | | {mine:.4} | |", case.name),
        }
    }
    reading(root, runs);
}

/// How long it takes to read one large file, in this process.
fn reading(root: &Utf8Path, runs: usize) {
    let file = plugin_with_tasks(&root.join("read"), 160).join("deployment_tasks.yaml");
    let size = fs_err::metadata(&file).unwrap().len() / 1000;
    let times = (0..runs * 10).map(|_| {
        let start = Instant::now();
        plugin_builder::yaml::load(&file).unwrap();
        start.elapsed()
    });
    let took = median(times.collect());
    println!("| reading {size} KB of YAML, without a process | | {took:.5} | |");
}

fn cases(root: &Utf8Path) -> Vec<Case> {
    let created = root.join("created");
    plugin_builder::create(&created, "4.0.0").unwrap();
    let large = plugin_with_tasks(&root.join("large"), 88);
    let check = |name, plugin: &Utf8Path| Case {
        name,
        arguments: vec!["--check".to_owned(), plugin.to_string()],
        original: true,
    };
    let mut cases = vec![
        check("check of a created plugin, format 4.0.0", &created),
        check("check of a plugin with 88 tasks", &large),
    ];
    let corpus = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/plugins");
    if let Ok(entries) = corpus.read_dir_utf8() {
        let plugins = entries.map(|entry| entry.unwrap().into_path().into_string());
        cases.push(Case {
            name: "check of the corpus' 202 plugins in one call",
            arguments: std::iter::once("check".to_owned()).chain(plugins).collect(),
            original: false,
        });
    }
    cases
}

/// A plugin whose deployment_tasks.yaml has this many tasks: what large plugins hold, in their proportions.
fn plugin_with_tasks(plugin: &Utf8Path, tasks: usize) -> Utf8PathBuf {
    plugin_builder::create(plugin, "4.0.0").unwrap();
    let mut text = String::new();
    for number in 0..tasks {
        let (kind, parameters) = match number % 4 {
            0 => ("shell", "{cmd: './run.sh', timeout: 180, retries: 3, interval: 20}"),
            3 => ("upload_file", "{path: /etc/large.conf, data: 'a = 1'}"),
            _ => (
                "puppet",
                "{puppet_manifest: deploy.pp, puppet_modules: 'modules:/etc/puppet/modules', timeout: 600}",
            ),
        };
        write!(
            text,
            "- id: large-{number}\n  type: {kind}\n  version: 2.0.0\n  role: [primary-controller, controller]\n  \
             requires: [deploy_start]\n  required_for: [deploy_end]\n  cross-depends:\n    - name: /^large-{}$/\n      \
             role: self\n  cross-depended-by:\n    - {{name: deploy_end}}\n  parameters: {parameters}\n",
            number.saturating_sub(1)
        )
        .unwrap();
    }
    fs_err::write(plugin.join("deployment_tasks.yaml"), text).unwrap();
    plugin.to_owned()
}

fn time(program: &str, arguments: &[String]) -> Duration {
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let took = start.elapsed();
    // 3 is the corpus', in which not all plugins are valid.
    assert!(matches!(status.unwrap().code(), Some(0 | 3)), "{program} {arguments:?}");
    took
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).unwrap().as_secs_f64()
}
