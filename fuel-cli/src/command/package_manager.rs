//! Stand-ins for `rpm` and `yum`, so that the real python-fuelclient can install plugins where neither is.
//!
//! The executable is `rpm` or `yum` under a link of that name. It knows what fuelclient asks of them and no more.

use std::io::Write;

use camino::Utf8Path;

use super::local_plugins::{Change, LocalPlugins};
use super::session::CommandError;
use crate::configuration::{Configuration, Variables};

/// Runs `rpm` or `yum`: 0 done, 1 it failed.
pub(crate) fn run_with(
    name: &str,
    words: &[String],
    variables: &Variables,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> i32 {
    let done = Configuration::read(variables)
        .map_err(CommandError::Text)
        .and_then(|configuration| {
            let plugins = LocalPlugins::new(configuration.plugins_directory);
            if name == "rpm" {
                rpm(&plugins, words)
            } else {
                yum(&plugins, words)
            }
        });
    match done {
        Ok(text) => {
            let _ = output.write_all(text.as_bytes());
            0
        }
        Err(error) => {
            let _ = writeln!(errors, "{name}: {error}");
            1
        }
    }
}

/// `rpm -q fuel` and `rpm -qp --queryformat '%{name}' FILE`
fn rpm(plugins: &LocalPlugins, words: &[String]) -> Result<String, CommandError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["-q", "fuel"] => {
            plugins.must_be_the_master()?;
            Ok("fuel\n".to_owned())
        }
        ["-qp", "--queryformat", format, file] => {
            let info =
                plugin_builder::inspect(Utf8Path::new(file)).map_err(|error| CommandError::Text(error.to_string()))?;
            Ok(format
                .replace("%{name}", &info.name)
                .replace("%{version}", &info.version))
        }
        _ => Err(unknown(&words)),
    }
}

/// `yum -y install|reinstall|update|downgrade FILE` and `yum -y remove NAME-MAJOR.MINOR`
fn yum(plugins: &LocalPlugins, words: &[String]) -> Result<String, CommandError> {
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "-y" && !word.starts_with("--disablerepo"))
        .collect();
    let (change, file) = match words.as_slice() {
        ["install", file] => (Change::Install { force: false }, file),
        ["reinstall", file] => (Change::Install { force: true }, file),
        ["update", file] => (Change::Update, file),
        ["downgrade", file] => (Change::Downgrade, file),
        ["remove", package] => {
            plugins.remove_directory(package)?;
            return Ok(String::new());
        }
        _ => return Err(unknown(&words)),
    };
    plugins.unpack(Utf8Path::new(file), change)?.place()?.keep();
    // Where yum says what it did, this says nothing.
    Ok(String::new())
}

fn unknown(words: &[&str]) -> CommandError {
    CommandError::Text(format!(
        "this stand-in cannot do `{}`: it knows what python-fuelclient asks for",
        words.join(" ")
    ))
}
