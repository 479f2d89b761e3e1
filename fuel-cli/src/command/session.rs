//! One call of the command: from its arguments to its exit code.

use std::ffi::OsString;
use std::io::Write;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::arguments::{Arguments, Command};
use super::output::{self, Format};
use super::words::with_words_as_flags;
use super::{
    deployment_info, deployments, environments, graphs, hint, networks, nodes, notifications, package_manager, plugins,
    releases, roles, settings, tasks,
};
use crate::client::Client;
use crate::configuration::{Configuration, Variables};
use crate::error::ClientError;
use crate::registration::RegistrationError;

/// Why a command failed; its text goes to standard error.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A refusal that does not say what to do, and that.
    #[error("{refusal}\nhint: {hint}")]
    Hinted { refusal: Box<ClientError>, hint: String },
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    #[error("{0}")]
    Text(String),
    /// The arguments do not go together; the exit code is 2 as for what clap refuses.
    #[error("error: {0}\n\nFor more information, try '--help'.")]
    Usage(String),
    /// Ctrl-C, and what it kept from happening; the exit code is the one that shells know for it.
    #[error("interrupted: {0}")]
    Interrupted(String),
    /// A file or the output; fs_err's messages name the file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl CommandError {
    fn exit_code(&self) -> i32 {
        match self {
            Self::Usage(_) => 2,
            Self::Interrupted(_) => 130,
            Self::Client(_) | Self::Hinted { .. } | Self::Registration(_) | Self::Text(_) | Self::Io(_) => 1,
        }
    }
}

/// What a command works with.
pub(super) struct Session<'writer> {
    pub(super) configuration: Configuration,
    pub(super) client: Client,
    /// The environment that `--env` names.
    pub(super) environment: Option<u64>,
    pub(super) format: Format,
    output: &'writer mut (dyn Write + Send),
    errors: &'writer mut (dyn Write + Send),
}

impl Session<'_> {
    /// `GET`s a list once: as it came, and as a type.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<(Value, Vec<T>), CommandError> {
        let raw = self.client.get(path).await?;
        let typed = Self::typed(path, &raw)?;
        Ok((raw, typed))
    }

    /// An answer as a list of a type.
    pub(super) fn typed<T: DeserializeOwned>(path: &str, raw: &Value) -> Result<Vec<T>, CommandError> {
        Self::read(path, raw)
    }

    /// An answer as a document that has keys.
    pub(super) fn mapping(path: &str, raw: &Value) -> Result<Map<String, Value>, CommandError> {
        Self::read(path, raw)
    }

    fn read<T: DeserializeOwned>(path: &str, raw: &Value) -> Result<T, CommandError> {
        T::deserialize(raw)
            .map_err(|error| CommandError::Text(format!("{path}: the answer is not as expected: {error}")))
    }

    /// A text as it is.
    pub(super) fn print(&mut self, text: &str) -> Result<(), CommandError> {
        Ok(write!(self.output, "{text}")?)
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
            Format::Json => writeln!(self.output, "{}", output::json(raw)?)?,
            Format::Yaml => self.list_as_yaml_text(raw)?,
        }
        Ok(())
    }

    /// A document that is YAML unless `--json` says otherwise.
    pub(super) fn list_as_yaml(&mut self, raw: &Value) -> Result<(), CommandError> {
        match self.format {
            Format::Json => self.list(raw, ""),
            Format::Table | Format::Yaml => self.list_as_yaml_text(raw),
        }
    }

    /// fuelclient leaves an empty line behind YAML.
    fn list_as_yaml_text(&mut self, raw: &Value) -> Result<(), CommandError> {
        Ok(writeln!(self.output, "{}", plugin_builder::yaml::to_text(raw))?)
    }

    /// The environment of a command that is nothing without one: the exit code is that of wrong arguments.
    pub(super) fn required_environment(&self) -> Result<u64, CommandError> {
        self.environment
            .ok_or_else(|| CommandError::Usage("the following arguments are required: --env".to_owned()))
    }

    /// The environment that `--env` must name.
    pub(super) fn environment(&self) -> Result<u64, CommandError> {
        self.environment
            .ok_or_else(|| CommandError::Text("\"--env\" required!".to_owned()))
    }
}

/// Runs `fuel` with `args` (the program's name first) and returns its exit code: 0 done, 1 it failed, 2 the arguments
/// are wrong, 130 it was interrupted.
///
/// Server and user come from the environment as fuelclient's do (`SERVER_ADDRESS`, `SERVER_PORT`, `OS_USERNAME`, …);
/// `FUELRIG_PLUGINS_DIR` moves `/var/www/nailgun/plugins`. It makes a Tokio runtime of its own, so it must not be
/// called inside one.
///
/// Called `rpm` or `yum` it stands in for those, as far as python-fuelclient needs them.
#[must_use]
pub fn run(args: Vec<OsString>) -> i32 {
    let variables: Variables = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    if let Some(name @ ("rpm" | "yum")) = called(&args) {
        let words: Vec<String> = args[1..]
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let (output, errors) = (&mut std::io::stdout(), &mut std::io::stderr());
        return package_manager::run_with(name, &words, &variables, output, errors);
    }
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

/// The name that the program was called by.
fn called(args: &[OsString]) -> Option<&str> {
    std::path::Path::new(args.first()?).file_name()?.to_str()
}

/// [`run`] with everything around it given.
pub(crate) async fn run_with(
    args: Vec<OsString>,
    variables: &Variables,
    output: &mut (dyn Write + Send),
    errors: &mut (dyn Write + Send),
) -> i32 {
    let args = with_words_as_flags(&Arguments::command(), args);
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            let text = error.render().to_string();
            if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                // `fuel` alone is a question, not a mistake, as in fuelclient.
                let _ = output.write_all(text.as_bytes());
                return 0;
            }
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
            error.exit_code()
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
    let done = match arguments.command {
        Command::Plugins(arguments) => plugins::execute(&mut session, arguments).await,
        Command::Environment(arguments) => environments::execute(&mut session, arguments).await,
        Command::Node(arguments) => nodes::execute(&mut session, arguments).await,
        Command::Settings(arguments) => settings::execute(&mut session, arguments).await,
        Command::Network(arguments) => networks::execute(&mut session, arguments).await,
        Command::Deployment(arguments) => deployment_info::execute(&mut session, arguments).await,
        Command::Role(arguments) => roles::execute(&mut session, arguments).await,
        Command::Release(arguments) => releases::execute(&mut session, arguments).await,
        Command::DeployChanges(arguments) => deployments::deploy(&mut session, "changes", &arguments).await,
        Command::RedeployChanges(arguments) => deployments::deploy(&mut session, "changes/redeploy", &arguments).await,
        Command::DeploymentTasks(arguments) => deployments::history(&mut session, &arguments).await,
        Command::Task(arguments) => tasks::execute(&mut session, arguments).await,
        Command::Graph(arguments) => graphs::execute(&mut session, arguments).await,
        Command::Notifications(arguments) => notifications::execute(&mut session, arguments).await,
        Command::Notify(arguments) => notifications::notify(&mut session, arguments).await,
        Command::Token => releases::token(&mut session).await,
        Command::FuelVersion => releases::fuel_version(&mut session).await,
    };
    match done {
        Err(error) => Err(hint::with_hint(&session, error).await),
        Ok(()) => Ok(()),
    }
}
