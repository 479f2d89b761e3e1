//! Where the master is and who the user is: defaults, files, environment, command line, in that order.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::client::Credentials;

/// Keys that files and environment variables may set.
const KEYS: [&str; 6] = [
    "SERVER_ADDRESS",
    "SERVER_PORT",
    "OS_USERNAME",
    "OS_PASSWORD",
    "OS_TENANT_NAME",
    "HTTP_TIMEOUT",
];

/// The environment variable that moves the plugins' directory, for tests.
const PLUGINS_DIRECTORY: &str = "FUELRIG_PLUGINS_DIR";

/// Variables of the process, or of a test.
pub(crate) type Variables = BTreeMap<String, String>;

/// What the command needs to know before it calls.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    /// `http://HOST:PORT`.
    pub(crate) base: String,
    /// Who logs in.
    pub(crate) credentials: Credentials,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// Where plugins lie on the master.
    pub(crate) plugins_directory: Utf8PathBuf,
}

impl Configuration {
    /// Reads `$XDG_CONFIG_HOME/fuel/fuel_client.yaml`, the file in `$FUELCLIENT_CUSTOM_SETTINGS` and the variables.
    ///
    /// Unlike fuelclient it never writes a file of defaults.
    pub(crate) fn read(variables: &Variables) -> Result<Self, String> {
        let mut settings = BTreeMap::new();
        let home = variables
            .get("XDG_CONFIG_HOME")
            .cloned()
            .or_else(|| variables.get("HOME").map(|home| format!("{home}/.config")));
        if let Some(home) = home {
            read_file(
                &Utf8PathBuf::from(home).join("fuel/fuel_client.yaml"),
                true,
                &mut settings,
            )?;
        }
        if let Some(file) = variables
            .get("FUELCLIENT_CUSTOM_SETTINGS")
            .filter(|file| !file.is_empty())
        {
            read_file(&Utf8PathBuf::from(file), false, &mut settings)?;
        }
        for key in KEYS {
            if let Some(value) = variables.get(key) {
                settings.insert(key.to_owned(), value.clone());
            }
        }
        let get = |key: &str, default: &str| settings.get(key).cloned().unwrap_or_else(|| default.to_owned());
        let port = get("SERVER_PORT", "8000");
        let port: u16 = port
            .parse()
            .map_err(|_| format!("SERVER_PORT is `{port}`: it must be a port number"))?;
        let timeout = get("HTTP_TIMEOUT", "10");
        let timeout = timeout
            .parse()
            .map_err(|_| format!("HTTP_TIMEOUT is `{timeout}`: it must be a number of seconds"))?;
        Ok(Self {
            base: format!("http://{}:{port}", get("SERVER_ADDRESS", "127.0.0.1")),
            credentials: Credentials {
                username: get("OS_USERNAME", "admin"),
                password: get("OS_PASSWORD", "admin"),
                tenant: get("OS_TENANT_NAME", "admin"),
            },
            timeout: Duration::from_secs(timeout),
            plugins_directory: variables
                .get(PLUGINS_DIRECTORY)
                .map_or("/var/www/nailgun/plugins", String::as_str)
                .into(),
        })
    }
}

fn read_file(path: &Utf8PathBuf, may_be_absent: bool, into: &mut BTreeMap<String, String>) -> Result<(), String> {
    let text = match fs_err::read_to_string(path) {
        Ok(text) => text,
        Err(error) if may_be_absent && error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let values: serde_yaml::Mapping = serde_yaml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    for key in KEYS {
        let value = match values.get(key) {
            Some(serde_yaml::Value::String(text)) => text.clone(),
            Some(serde_yaml::Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        into.insert(key.to_owned(), value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_beats_the_custom_file_which_beats_the_users_file() {
        let directory = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        fs_err::create_dir(home.join("fuel")).unwrap();
        fs_err::write(
            home.join("fuel/fuel_client.yaml"),
            "SERVER_ADDRESS: a\nSERVER_PORT: 1\nOS_USERNAME: u\n",
        )
        .unwrap();
        fs_err::write(home.join("custom.yaml"), "SERVER_PORT: 2\nOS_USERNAME: v\n").unwrap();
        let variables = Variables::from([
            ("XDG_CONFIG_HOME".to_owned(), home.to_string()),
            (
                "FUELCLIENT_CUSTOM_SETTINGS".to_owned(),
                home.join("custom.yaml").to_string(),
            ),
            ("OS_USERNAME".to_owned(), "w".to_owned()),
        ]);
        let configuration = Configuration::read(&variables).unwrap();
        assert_eq!(configuration.base, "http://a:2");
        assert_eq!(configuration.credentials.username, "w");
        assert_eq!(configuration.credentials.password, "admin");
    }

    #[test]
    fn a_port_that_is_no_number_is_refused() {
        let variables = Variables::from([("SERVER_PORT".to_owned(), "x".to_owned())]);
        assert!(Configuration::read(&variables).unwrap_err().contains("SERVER_PORT"));
    }
}
