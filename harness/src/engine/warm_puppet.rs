//! Puppet on a node, loaded once: `puppet apply` forks from it instead of starting anew.
//!
//! A `puppet apply` of one `exec` takes more than two seconds of a processor, most of it Ruby reading Puppet's files, and
//! nearly every task of Fuel 9 is one. `server.rb` is started when a node is up, reads them once and waits; `client.rb`
//! takes the place of the command. The run is a process like that of the command itself: the node's own Puppet, the same
//! environment, session, working directory, streams, exit code and name. Where there is no such server (a node without
//! Puppet, a Puppet that is no Ruby script, another locale, a Puppet that was replaced since), the command is run as it is.

use bollard::exec::{CreateExecOptions, StartExecOptions};

use super::node::TargetNode;

/// Name of the server's process (15 bytes are seen of it) by which a look at the node leaves it out.
pub(crate) const SERVER: &str = "fuelrig-puppet";
/// Where its socket lies: gone with the next boot, as the server is.
const DIRECTORY: &str = "/run/fuelrig-puppet";
/// The locale of Astute's runs.
const LOCALE: &str = "LC_ALL=en_US.UTF-8";
/// Variables by which a command's processes are found; every run writes its own over them, of the same length.
const MARKS: [&str; 2] = [
    "FUELRIG_EXEC=00000000000000000000000000000000",
    "FUELRIG_TRIAL=00000000000000000000000000000000",
];

/// Starts the server with the Ruby that the node's Puppet names. Arguments: the program, directory, name.
const START: &str = r#"
puppet=$(command -v puppet) && read -r interpreter <"$puppet" || exit 0
case $interpreter in
'#!'*ruby*) exec ${interpreter#??} -e "$@" ;;
esac
"#;

/// Names of the program that is loaded; the second is the one that the orchestrator calls.
const PROGRAMS: [&str; 2] = ["puppet", "/usr/bin/puppet"];

/// Arguments: the client's program, the directory, the command.
const APPLY: &str = r#"
client=$1
directory=$2
shift 2
if [ -S "$directory/socket" ] && program=$(command -v "$1") && read -r interpreter <"$program"; then
    exec ${interpreter#??} --disable=gems,rubyopt -rsocket -e "$client" -- "$directory/socket" "${interpreter#??}" "$program" "$@"
fi
exec "$@"
"#;

/// The command line that has `puppet apply …` carried out by the server; any other as it is.
pub(super) fn through_server(argv: Vec<String>) -> Vec<String> {
    if !matches!(argv.as_slice(), [program, apply, ..] if PROGRAMS.contains(&program.as_str()) && apply == "apply") {
        return argv;
    }
    [
        "sh",
        "-c",
        APPLY,
        "sh",
        include_str!("warm_puppet/client.rb"),
        DIRECTORY,
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(argv)
    .collect()
}

impl TargetNode {
    /// Starts the server and does not wait for it. A node on which that fails is slower, no more.
    pub(super) async fn load_puppet(&self) {
        let program = include_str!("warm_puppet/server.rb");
        let options = CreateExecOptions {
            env: Some(MARKS.into_iter().chain([LOCALE]).map(str::to_owned).collect()),
            cmd: Some(
                ["sh", "-c", START, "sh", program, DIRECTORY, SERVER]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            working_dir: Some("/".to_owned()),
            ..CreateExecOptions::default()
        };
        let started = async {
            let exec = self.engine.docker.create_exec(&self.id, options).await?;
            let detached = StartExecOptions {
                detach: true,
                ..StartExecOptions::default()
            };
            self.engine.docker.start_exec(&exec.id, Some(detached)).await
        };
        if let Err(error) = started.await {
            tracing::debug!(%error, node = self.name(), "Puppet is not loaded ahead");
        }
    }
}

#[cfg(test)]
mod live_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_of_puppet_goes_through_the_server() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for other in ["puppet --version", "sh -c true", "nice puppet apply a.pp", "puppet"] {
            assert_eq!(through_server(words(other)), words(other));
        }
        for program in PROGRAMS {
            let command = words(&format!("{program} apply a.pp --noop"));
            let through = through_server(command.clone());
            assert_eq!(through[0], "sh");
            assert!(through.len() > command.len() && through.ends_with(&command));
        }
    }

    #[test]
    fn what_the_orchestrator_calls_goes_through_the_server() {
        for fuel in ["6.1", "7.0", "8.0", "9.2"] {
            let profile = mock_astute::Profile::of(fuel).unwrap();
            let command = [profile.puppet.program, "apply", "a.pp"].map(str::to_owned).to_vec();
            assert_ne!(through_server(command.clone()), command, "{fuel}");
        }
    }
}
