//! A directory with everything that a client needs: links to executables, configuration, plugins, packages.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use camino::Utf8Path;

use super::master::Master;
use super::python::{Python, SOURCES};
use super::test_plugin;

/// The directory, gone with this.
pub(crate) struct Workplace {
    directory: tempfile::TempDir,
}

/// What one command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) exit: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Outcome {
    /// Of what was done without a command.
    pub(crate) fn nothing() -> Self {
        Self {
            exit: 0,
            output: String::new(),
            errors: String::new(),
        }
    }
}

impl Workplace {
    pub(crate) fn new() -> Self {
        let workplace = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        for name in ["bin", "work", "plugins", "configuration/fuel"] {
            fs_err::create_dir_all(workplace.path(name)).unwrap();
        }
        // Without a file fuelclient tells on standard output that it wrote one.
        fs_err::write(
            workplace.path("configuration/fuel/fuel_client.yaml"),
            "OS_TENANT_NAME: admin\n",
        )
        .unwrap();
        symlink(std::env::current_exe().unwrap(), workplace.path("bin/mock-nailgun")).unwrap();
        for name in ["rpm", "yum"] {
            symlink(env!("CARGO_BIN_EXE_fuel"), workplace.path("bin").join(name)).unwrap();
        }
        symlink(Path::new(SOURCES).join("tox"), workplace.path("bin/tox")).unwrap();
        workplace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn start_master(&self) -> Master {
        Master::start(&self.path("bin/mock-nailgun"), &self.path("plugins"))
    }

    /// A command with everything around it.
    pub(crate) fn command(&self, program: &Path, python: &Python, master: &Master) -> Command {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = [self.path("bin"), python.bin.clone()]
            .into_iter()
            .chain(std::env::split_paths(&inherited));
        let mut command = Command::new(program);
        command
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("PYTHONPATH", SOURCES)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONWARNINGS", "ignore")
            // Sets, which it prints, have one order then.
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONIOENCODING", "utf-8")
            .env("XDG_CONFIG_HOME", self.path("configuration"))
            .env("SERVER_ADDRESS", "127.0.0.1")
            .env("SERVER_PORT", master.address.port().to_string())
            .env("OS_USERNAME", "admin")
            .env("OS_PASSWORD", "admin")
            .env("FUELRIG_PLUGINS_DIR", self.path("plugins"));
        command
    }

    /// Runs a command; ports and places become words, so that two runs can be compared.
    pub(crate) fn run(&self, program: &Path, words: &[String], python: &Python, master: &Master) -> Outcome {
        let output = self.command(program, python, master).args(words).output().unwrap();
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .replace(&self.directory.path().display().to_string(), "{place}")
                .replace(&format!("127.0.0.1:{}", master.address.port()), "{master}")
        };
        Outcome {
            exit: output.status.code().unwrap_or(-1),
            output: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }

    /// Builds the packages that the commands install.
    pub(crate) fn build_packages(&self) {
        for (file, version, package_version) in [
            ("greeter.rpm", "1.0.0", "4.0.0"),
            ("greeter-newer.rpm", "1.0.1", "4.0.0"),
            ("greeter-older.fp", "0.9.0", "1.0.0"),
        ] {
            let source = self.path(&format!("source-{version}"));
            let built = test_plugin::build(
                Utf8Path::from_path(&source).unwrap(),
                &test_plugin::metadata(version, package_version),
            );
            fs_err::copy(built, self.path("work").join(file)).unwrap();
        }
    }
}
