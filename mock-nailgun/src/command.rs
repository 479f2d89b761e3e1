//! The `mock-nailgun` command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand, ValueEnum};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{Authentication, Config, Database, Network};
use crate::profile::Profile;
use crate::server::Server;

#[derive(Debug, Parser)]
#[command(
    name = "mock-nailgun",
    version,
    about = "A mock of Nailgun, the REST service of a Fuel master."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the REST API until the process is told to stop.
    Serve {
        /// Which Fuel to behave as.
        #[arg(long, default_value = "9.2", value_parser = profile)]
        fuel_version: Profile,
        /// Address and port to listen on; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8001", value_parser = address)]
        listen: SocketAddr,
        /// Where installed plugins lie.
        #[arg(long, default_value = "/var/www/nailgun/plugins")]
        plugins_dir: Utf8PathBuf,
        /// An SQLite file, or `:memory:`.
        #[arg(long, default_value = ":memory:", value_parser = database)]
        database: Database,
        /// The master's address as nodes see it.
        #[arg(long, default_value = "10.20.0.2")]
        master_ip: IpAddr,
        /// The admin network.
        #[arg(long, default_value = "10.20.0.0/24")]
        admin_network: Network,
        /// Who may come in.
        #[arg(long, value_enum, default_value = "none")]
        auth: AuthenticationArgument,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AuthenticationArgument {
    /// Everybody.
    None,
    /// Who has a token of the fake Keystone (admin/admin).
    Fake,
}

fn profile(name: &str) -> Result<Profile, String> {
    Profile::named(name).map_err(|error| error.to_string())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "an IP address and a port are needed, like 127.0.0.1:8001 or 0.0.0.0:0".to_owned())
}

/// SQLite would take an empty name as a file that is gone with the process.
fn database(text: &str) -> Result<Database, String> {
    match text {
        "" => Err("a file, or `:memory:`, is needed".to_owned()),
        ":memory:" => Ok(Database::Memory),
        path => Ok(Database::File(path.into())),
    }
}

/// Runs `mock-nailgun` with `args` (the program's name first) and returns its exit code:
/// 0 it ended as asked, 1 it could not start or failed, 2 the arguments are wrong.
pub fn run(args: Vec<OsString>) -> i32 {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return error.exit_code();
        }
    };
    match serve(arguments.command) {
        Ok(()) => 0,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
            1
        }
    }
}

fn serve(command: Command) -> Result<(), String> {
    let Command::Serve {
        fuel_version,
        listen,
        plugins_dir,
        database,
        master_ip,
        admin_network,
        auth,
    } = command;
    let fuel = fuel_version.name;
    if plugins_dir.exists() && !plugins_dir.is_dir() {
        return Err(format!(
            "the plugins directory `{plugins_dir}` is no directory; give one with `--plugins-dir`"
        ));
    }
    // No error: the first plugin that is installed makes it.
    let missing = (!plugins_dir.is_dir()).then(|| plugins_dir.clone());
    let config = Config {
        profile: fuel_version,
        plugins_directory: plugins_dir,
        database,
        master_ip,
        admin_network,
        authentication: match auth {
            AuthenticationArgument::None => Authentication::None,
            AuthenticationArgument::Fake => Authentication::Fake,
        },
        listen,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(async {
        let server = Server::start(config).await.map_err(|error| error.to_string())?;
        // Before anybody is told that it is there, and may tell it to stop.
        let stop = StopSignals::register().map_err(|error| format!("cannot wait for signals: {error}"))?;
        let _ = writeln!(std::io::stderr(), "mock-nailgun {fuel} listens on {}", server.address());
        if let Some(directory) = missing {
            let _ = writeln!(
                std::io::stderr(),
                "warning: the plugins directory `{directory}` is not there: until it is, plugins are registered without \
                 their settings, roles and tasks; make it, or give the right one with `--plugins-dir`"
            );
        }
        stop.received().await;
        server.stop().await;
        Ok(())
    })
}

/// SIGINT and SIGTERM: as PID 1 of a container the process gets no default handling of either.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// From here on neither ends the process by itself.
    fn register() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    async fn received(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
