//! What to do instead where a Fuel lacks what a command asks of it.
//!
//! Nailgun's own answer to an address that it does not have is two words, `not found`; a thing that is not there it
//! names. The hint stands on a line of its own below fuelclient's text, so whatever reads that still finds it.

use super::session::{CommandError, Session};
use crate::error::ClientError;

/// What later versions of Fuel have.
struct Later {
    /// The beginning and the end of the path below `/api/v1/`.
    path: (&'static str, &'static str),
    what: &'static str,
    since: &'static str,
    instead: &'static str,
}

const LATER: &[Later] = &[
    Later {
        path: ("clusters/", "/roles"),
        what: "roles of an environment",
        since: "7.0",
        instead: "ask for its release's: `fuel role --rel ID`; `fuel env` shows the release's id",
    },
    Later {
        path: ("plugins/sync", ""),
        what: "`plugins --sync`",
        since: "7.0",
        instead: "nothing has to be read again: it reads a plugin's files each time that it needs them. \
                  `fuel plugins --register NAME==VERSION` makes a plugin known",
    },
    Later {
        path: ("transactions/", "/deployment_history"),
        what: "a history of tasks",
        since: "9.0",
        instead: "see how far a deployment is with `fuel task --task ID`, and what became of its nodes with `fuel node`",
    },
    Later {
        path: ("clusters/", "/changes/redeploy"),
        what: "`redeploy-changes`",
        since: "9.0",
        instead: "deploy what changed with `fuel --env ID deploy-changes`, or chosen nodes again with \
                  `fuel --env ID node --deploy --node IDS`",
    },
];

/// Adds what is wrong and what to do to a refusal that says neither.
pub(super) async fn with_hint(session: &Session<'_>, error: CommandError) -> CommandError {
    let CommandError::Client(refusal @ ClientError::Refused { .. }) = error else {
        return error;
    };
    let Some((method, path)) = unknown_address(&refusal) else {
        return CommandError::Client(refusal);
    };
    // Who refused a moment ago tells its version too, as a rule; the hint is worth having without it.
    let version = match session.client.get("version/").await {
        Ok(version) => version["release"].as_str().map(str::to_owned),
        Err(_) => None,
    };
    let fuel = version.map_or_else(|| "this Fuel".to_owned(), |version| format!("Fuel {version}"));
    let named = path.trim_end_matches('/');
    let hint = LATER
        .iter()
        .find(|later| {
            let (beginning, end) = later.path;
            named
                .strip_prefix(beginning)
                .is_some_and(|rest| end.is_empty() || rest.contains(end))
        })
        .map_or_else(
            || {
                format!(
                    "{fuel} does not have `{method} {path}`, which this command needs: it came with a later version. \
                     Use a master of that version"
                )
            },
            |later| {
                format!(
                    "{fuel} does not have {} (there since {}): {}",
                    later.what, later.since, later.instead
                )
            },
        );
    CommandError::Hinted {
        refusal: Box::new(refusal),
        hint,
    }
}

/// Method and path, without the query, of an address that Nailgun does not have.
fn unknown_address(refusal: &ClientError) -> Option<(&'static str, String)> {
    let ClientError::Refused {
        status: 404,
        method,
        url,
        message,
        ..
    } = refusal
    else {
        return None;
    };
    if message != "not found" {
        return None;
    }
    let (_, path) = url.split_once("/api/v1/")?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    Some((method, path.to_owned()))
}
