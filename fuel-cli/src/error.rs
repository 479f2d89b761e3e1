//! What can go wrong between a client and Nailgun.

use crate::settings::SettingsError;

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody answers at the address.
    #[error(
        "Can't connect to Nailgun server!\nPlease check connection settings in your configuration file.\n({url}: {})",
        innermost(source)
    )]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why it failed.
        source: reqwest::Error,
    },
    /// The answer broke off or took too long.
    #[error("{method} {url}: {}", innermost(source))]
    Transport {
        /// The method.
        method: &'static str,
        /// What was asked for.
        url: String,
        /// Why it failed.
        source: reqwest::Error,
    },
    /// Keystone does not know the user, or Nailgun not the token.
    #[error(
        "Unauthorized: need authentication!\nPlease provide user and password via client\nfuel --os-username=user --os-password=pass [action]\nor modify your credentials in your configuration file."
    )]
    Unauthorized,
    /// Nailgun refuses.
    #[error("{}", refusal(*status, reason, url, message))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its name.
        reason: String,
        /// The method.
        method: &'static str,
        /// What was asked for.
        url: String,
        /// `message` of the body, or the body.
        message: String,
    },
    /// The answer is not what the API promises.
    #[error("{method} {url}: the answer is not as expected: {problem}")]
    Answer {
        /// The method.
        method: &'static str,
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Settings that the environment does not have.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl ClientError {
    /// The HTTP status of a refusal; 401 where the login failed; `None` where there was no proper answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unauthorized => Some(401),
            // What Nailgun would have answered, had it been sent.
            Self::Settings(_) => Some(400),
            Self::Unreachable { .. } | Self::Transport { .. } | Self::Answer { .. } => None,
        }
    }

    /// What Nailgun says of a refusal, without the status line.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Refused { message, .. } => Some(message),
            _ => None,
        }
    }
}

/// As Python's requests and fuelclient word it: `404 Client Error: Not Found for url: … (Plugin not found)`.
fn refusal(status: u16, reason: &str, url: &str, message: &str) -> String {
    let kind = if status < 500 { "Client" } else { "Server" };
    format!("{status} {kind} Error: {reason} for url: {url} ({message})")
}

/// The innermost cause, which says what happened where the outer ones say which layer it went through.
fn innermost(error: &reqwest::Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
