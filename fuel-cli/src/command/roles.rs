//! `fuel role`.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::documents;
use super::output::Format;
use super::session::{CommandError, Session};
use crate::table;

#[derive(Debug, Args)]
pub(super) struct RoleArguments {
    /// List roles (also what happens without any flag).
    #[arg(long, short)]
    list: bool,
    /// Id of the release whose roles are meant.
    #[arg(long, visible_alias = "rel")]
    release: Option<u64>,
    /// Name of the role.
    #[arg(long)]
    role: Option<String>,
    /// File with the role, to be written unless --create or --update is given.
    #[arg(long)]
    file: Option<Utf8PathBuf>,
    #[command(flatten)]
    action: RoleAction,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct RoleAction {
    /// Create the role of the file.
    #[arg(long, short)]
    create: bool,
    /// Change the role to what the file says.
    #[arg(long)]
    update: bool,
    /// Delete the role.
    #[arg(long)]
    delete: bool,
}

/// Whose roles are meant.
struct Owner {
    /// `releases` or `clusters`.
    kind: &'static str,
    id: u64,
}

/// Does what the one flag says, writes a role into a file, or lists.
pub(super) async fn execute(session: &mut Session<'_>, arguments: RoleArguments) -> Result<(), CommandError> {
    let owner = match (session.environment, arguments.release) {
        (Some(id), None) => Owner { kind: "clusters", id },
        (None, Some(id)) => Owner { kind: "releases", id },
        (Some(_), Some(_)) => {
            return Err(CommandError::Usage(
                "--env and --release exclude each other: name the one whose roles are meant".to_owned(),
            ));
        }
        (None, None) => {
            return Err(CommandError::Usage("one of --env and --release is required".to_owned()));
        }
    };
    let roles = format!("{}/{}/roles/", owner.kind, owner.id);
    let needed = |what: &str| CommandError::Text(format!("\"{what}\" required!"));
    let (role, file) = (arguments.role.as_deref(), arguments.file.as_deref());
    if arguments.action.create || arguments.action.update {
        let file = file.ok_or_else(|| needed("--file"))?;
        let document = documents::read_file(file)?;
        let name = document["name"]
            .as_str()
            .ok_or_else(|| CommandError::Text(format!("{file}: the role has no `name`")))?
            .to_owned();
        let past = if arguments.action.create {
            session.client.post(&roles, &document).await?;
            "created"
        } else {
            session.client.put(&format!("{roles}{name}/"), &document).await?;
            "updated"
        };
        session.say(&format!(
            "Role {name} for {} successfully {past} from {file}.",
            owner.kind
        ))
    } else if arguments.action.delete {
        let role = role.ok_or_else(|| needed("--role"))?;
        session.client.delete(&format!("{roles}{role}/")).await?;
        session.say(&format!(
            "Role {role} for {} with id {} successfully deleted.",
            owner.kind, owner.id
        ))
    } else if role.is_some() || file.is_some() {
        let (Some(role), Some(file)) = (role, file) else {
            return Err(CommandError::Text("\"--role\" and \"--file\" required!".to_owned()));
        };
        let path = format!("{roles}{role}/");
        let document = Value::Object(Session::mapping(&path, &session.client.get(&path).await?)?);
        fs_err::write(file, by_name(file, session.format).document(&document)?)?;
        session.say(&format!("Role {role} for {} successfully saved to {file}.", owner.kind))
    } else {
        list(session, &roles).await
    }
}

/// A role is written as `--json` or the name of its file says.
fn by_name(file: &Utf8Path, format: Format) -> Format {
    if file.extension() == Some("json") {
        Format::Json
    } else {
        format
    }
}

/// A role in a list.
#[derive(Debug, Deserialize)]
struct Role {
    name: String,
    #[serde(flatten)]
    _other: Map<String, Value>,
}

async fn list(session: &mut Session<'_>, path: &str) -> Result<(), CommandError> {
    let raw = session.client.get(path).await?;
    let roles: Vec<Role> = Session::typed(path, &raw)?;
    let rows: Vec<Vec<table::Cell>> = roles.into_iter().map(|role| vec![role.name.into()]).collect();
    session.list(&raw, &table::render(&["name"], &rows))
}
