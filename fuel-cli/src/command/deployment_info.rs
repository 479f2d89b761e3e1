//! `fuel deployment`: what each node would be told, as files.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use serde_json::Value;

use super::documents;
use super::session::{CommandError, Session};

#[derive(Debug, Args)]
pub(super) struct DeploymentArguments {
    #[command(flatten)]
    action: DeploymentAction,
    /// Directory in which `deployment_<id>` lies, the current one without it.
    #[arg(long)]
    dir: Option<Utf8PathBuf>,
    /// Only these nodes.
    #[arg(long, visible_alias = "node-id", value_name = "ID", value_delimiter = ',', num_args = 1..)]
    node: Vec<u64>,
    /// Write what all nodes have in common into each node's file instead of one file of its own.
    #[arg(long)]
    no_split: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct DeploymentAction {
    /// Write what Nailgun would tell the nodes now into a file for each.
    #[arg(long)]
    default: bool,
    /// Write what was uploaded into a file for each node.
    #[arg(long, short)]
    download: bool,
    /// Have Nailgun tell the nodes what stands in the files, instead of its own.
    #[arg(long, short)]
    upload: bool,
    /// Forget what was uploaded.
    #[arg(long)]
    delete: bool,
}

/// Downloads, uploads or forgets deployment info.
pub(super) async fn execute(session: &mut Session<'_>, arguments: DeploymentArguments) -> Result<(), CommandError> {
    let environment = session.required_environment()?;
    let action = &arguments.action;
    let path = format!("clusters/{environment}/orchestrator/deployment/");
    let directory = || -> Result<Utf8PathBuf, CommandError> {
        let current = documents::directory(None)?;
        let directory = arguments
            .dir
            .as_deref()
            .map_or(current.clone(), |dir| current.join(dir));
        Ok(directory.join(format!("deployment_{environment}")))
    };
    if action.delete {
        session.client.delete(&path).await?;
        return session.say("deployment facts deleted.");
    }
    if action.upload {
        // One that is named has to be there; without one it is the directory of the environment that is missed.
        if let Some(named) = &arguments.dir {
            documents::directory(Some(named))?;
        }
        let facts = read(session, &directory()?, &arguments.node)?;
        session.client.put(&path, &Value::Array(facts)).await?;
        return session.say("deployment facts were uploaded.");
    }
    let mut query = Vec::new();
    if action.default {
        query.push(format!("split={}", u8::from(!arguments.no_split)));
    }
    if !arguments.node.is_empty() {
        let ids: Vec<String> = arguments.node.iter().map(u64::to_string).collect();
        query.push(format!("nodes={}", ids.join(",")));
    }
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let source = if action.default { "defaults/" } else { "" };
    let facts = session.client.get(&format!("{path}{source}{query}")).await?;
    let facts = facts.as_array().map(Vec::as_slice).unwrap_or_default();
    if facts.is_empty() {
        return Err(CommandError::Text(
            "There is no deployment info for this environment!".to_owned(),
        ));
    }
    let directory = directory()?;
    write(session, &directory, facts)?;
    let which = if action.default { "Default" } else { "Current" };
    session.say(&format!("{which} deployment info was downloaded to {directory}"))
}

/// Writes a file for each; those of an earlier download go, because an upload would send them too.
fn write(session: &Session<'_>, directory: &Utf8Path, facts: &[Value]) -> Result<(), CommandError> {
    match fs_err::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    for fact in facts {
        let text = |key: &str| fact[key].as_str();
        let uid = text("uid").ok_or_else(|| {
            CommandError::Text("the answer is no deployment info: an element of it has no `uid`".to_owned())
        })?;
        // Up to 8.0 a node has an element for each of its roles.
        let name = match text("role") {
            Some(role) => format!("{role}_{uid}"),
            None => uid.to_owned(),
        };
        documents::write(&directory.join(name), session.format, fact)?;
    }
    Ok(())
}

/// Reads the files of nodes, or of these nodes.
fn read(session: &Session<'_>, directory: &Utf8Path, nodes: &[u64]) -> Result<Vec<Value>, CommandError> {
    if !directory.is_dir() {
        return Err(CommandError::Text(format!("Directory '{directory}' doesn't exist.")));
    }
    let mut files = Vec::new();
    for entry in directory.read_dir_utf8()? {
        files.push(entry?.into_path());
    }
    files.retain(|file| file.extension() == Some(session.format.extension()));
    files.sort();
    let mut facts = Vec::new();
    for file in files {
        let fact = documents::read_file(&file)?;
        let uid = fact["uid"].as_str().unwrap_or_default();
        if nodes.is_empty() || nodes.iter().any(|node| node.to_string() == uid) {
            facts.push(fact);
        }
    }
    if facts.is_empty() {
        return Err(CommandError::Text(format!(
            "Directory '{directory}' holds no deployment info in .{} files.\n  hint: `fuel --env … deployment --default` \
             writes them",
            session.format.extension()
        )));
    }
    Ok(facts)
}
