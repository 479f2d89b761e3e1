//! One call of the command: from its arguments to its exit code.

use std::ffi::OsString;
use std::io::Write;

use clap::Parser as _;
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::arguments::{Arguments, Command, with_words_as_flags};
use super::{environments, nodes, plugins, releases};
use crate::client::Client;
use crate::configuration::{Configuration, Variables};
use crate::error::ClientError;
use crate::registration::RegistrationError;

/// Why a command failed; its text goes to standard error, and the exit code is 1.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    #[error("{0}")]
    Text(String),
    #[error("cannot write the answer: {0}")]
    Write(#[from] std::io::Error),
}

/// How lists are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Table,
    Json,
    Yaml,
}

/// What a command works with.
pub(super) struct Session<'writer> {
    pub(super) configuration: Configuration,
    pub(super) client: Client,
    /// The environment that `--env` names.
    pub(super) environment: Option<u64>,
    format: Format,
    output: &'writer mut (dyn Write + Send),
    errors: &'writer mut (dyn Write + Send),
}

impl Session<'_> {
    /// `GET`s a list once: as it came, and as a type.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<(Value, Vec<T>), CommandError> {
        let raw = self.client.get(path).await?;
        let typed = Vec::deserialize(&raw)
            .map_err(|error| CommandError::Text(format!("{path}: the answer is not as expected: {error}")))?;
        Ok((raw, typed))
    }

    /// A line for people.
    pub(super) fn say(&mut self, line: &str) -> Result<(), CommandError> {
        Ok(writeln!(self.output, "{line}")?)
    }

    /// A line on standard error.
    pub(super) fn warn(&mut self, line: &str) -> Result<(), CommandError> {
        Ok(writeln!(self.errors, "{line}")?)
    }

    /// A list: the table, or with `--json` and `--yaml` what Nailgun answered.
    pub(super) fn list(&mut self, raw: &Value, table: &str) -> Result<(), CommandError> {
        match self.format {
            Format::Table => write!(self.output, "{table}")?,
            Format::Json => writeln!(self.output, "{}", indented(raw)?)?,
            Format::Yaml => {
                let text = serde_yaml::to_string(raw).map_err(|error| CommandError::Text(error.to_string()))?;
                write!(self.output, "{text}")?;
            }
        }
        Ok(())
    }

    /// The environment that `--env` must name.
    pub(super) fn environment(&self) -> Result<u64, CommandError> {
        self.environment
            .ok_or_else(|| CommandError::Text("\"--env\" required!".to_owned()))
    }
}

/// JSON with fuelclient's indent of four.
fn indented(value: &Value) -> Result<String, CommandError> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(value, &mut serializer).map_err(|error| CommandError::Text(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs `fuel` with `args` (the program's name first) and returns its exit code: 0 done, 1 it failed, 2 the arguments
/// are wrong.
///
/// Server and user come from the environment as fuelclient's do (`SERVER_ADDRESS`, `SERVER_PORT`, `OS_USERNAME`, …);
/// `FUELRIG_PLUGINS_DIR` moves `/var/www/nailgun/plugins`. It makes a Tokio runtime of its own, so it must not be
/// called inside one.
#[must_use]
pub fn run(args: Vec<OsString>) -> i32 {
    let variables: Variables = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "cannot start: {error}");
            return 1;
        }
    };
    runtime.block_on(run_with(
        args,
        &variables,
        &mut std::io::stdout(),
        &mut std::io::stderr(),
    ))
}

/// [`run`] with everything around it given.
pub(crate) async fn run_with(
    args: Vec<OsString>,
    variables: &Variables,
    output: &mut (dyn Write + Send),
    errors: &mut (dyn Write + Send),
) -> i32 {
    let arguments = match Arguments::try_parse_from(with_words_as_flags(args)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.render().to_string();
            let _ = if error.use_stderr() {
                errors.write_all(text.as_bytes())
            } else {
                output.write_all(text.as_bytes())
            };
            return error.exit_code();
        }
    };
    match execute(arguments, variables, output, errors).await {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(errors, "{error}");
            1
        }
    }
}

async fn execute(
    arguments: Arguments,
    variables: &Variables,
    output: &mut (dyn Write + Send),
    errors: &mut (dyn Write + Send),
) -> Result<(), CommandError> {
    let common = arguments.common;
    let mut configuration = Configuration::read(variables).map_err(CommandError::Text)?;
    let credentials = &mut configuration.credentials;
    for (target, given) in [
        (&mut credentials.username, common.os_username),
        (&mut credentials.password, common.os_password),
        (&mut credentials.tenant, common.os_tenant_name),
    ] {
        if let Some(given) = given {
            *target = given;
        }
    }
    let client = Client::connect_within(&configuration.base, &configuration.credentials, configuration.timeout).await?;
    let format = match (common.json, common.yaml) {
        (true, _) => Format::Json,
        (_, true) => Format::Yaml,
        _ => Format::Table,
    };
    let mut session = Session {
        configuration,
        client,
        environment: common.environment,
        format,
        output,
        errors,
    };
    match arguments.command {
        Command::Plugins(arguments) => plugins::execute(&mut session, arguments).await,
        Command::Environment(arguments) => environments::execute(&mut session, arguments).await,
        Command::Node(arguments) => nodes::execute(&mut session, arguments).await,
        Command::Release(arguments) => releases::execute(&mut session, &arguments).await,
        Command::DeployChanges => environments::deploy_changes(&mut session).await,
        Command::FuelVersion => releases::fuel_version(&mut session).await,
    }
}
