//! `fuel graph`.

use camino::Utf8PathBuf;
use clap::Args;

use super::node_tasks::chosen;
use super::output::python_list;
use super::session::{CommandError, Session};

#[derive(Debug, Args)]
pub(super) struct GraphArguments {
    /// Print the graph of the environment (what happens anyway).
    #[arg(long, short)]
    download: bool,
    /// Tasks to leave out.
    #[arg(long, value_name = "TASK", value_delimiter = ',', num_args = 1.., conflicts_with = "tasks")]
    skip: Vec<String>,
    /// Tasks to show.
    #[arg(long, value_name = "TASK", value_delimiter = ',', num_args = 1..)]
    tasks: Vec<String>,
    /// Begin at this task.
    #[arg(long, value_name = "TASK")]
    start: Option<String>,
    /// End at this task.
    #[arg(long, value_name = "TASK")]
    end: Option<String>,
    /// Types of tasks to leave out.
    #[arg(long, value_name = "TYPE", num_args = 1.., value_parser = ["skipped", "group", "stage"])]
    remove: Vec<String>,
    /// Only what this task waits for.
    #[arg(long, value_name = "TASK")]
    parents_for: Option<String>,
    /// Write the graph into cluster_<id>.gv of this directory instead of printing it.
    #[arg(long)]
    dir: Option<Utf8PathBuf>,
}

/// Prints the graph.
pub(super) async fn execute(session: &mut Session<'_>, arguments: GraphArguments) -> Result<(), CommandError> {
    let environment = session.environment()?;
    let (start, end) = (arguments.start.as_deref(), arguments.end.as_deref());
    let tasks = chosen(session, environment, &arguments.skip, &arguments.tasks, start, end).await?;
    let mut query = Vec::new();
    if let Some(tasks) = tasks {
        query.push(format!("tasks={}", tasks.join(",")));
    }
    if let Some(task) = &arguments.parents_for {
        query.push(format!("parents_for={task}"));
    }
    if !arguments.remove.is_empty() {
        query.push(format!("remove={}", arguments.remove.join(",")));
    }
    let mut path = format!("clusters/{environment}/deploy_tasks/graph.gv");
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let graph = session.client.get_text(&path).await?;
    let list = |texts: &[String]| python_list(texts.iter().map(String::as_str));
    let text = format!(
        "# params:\n# - start: {}\n# - end: {}\n# - skip: {}\n# - tasks: {}\n# - parents-for: {}\n# - remove: {}\n{graph}",
        start.unwrap_or("None"),
        end.unwrap_or("None"),
        list(&arguments.skip),
        list(&arguments.tasks),
        arguments.parents_for.as_deref().unwrap_or("None"),
        list(&arguments.remove),
    );
    match arguments.dir {
        None => session.print(&text),
        Some(directory) => {
            let file = super::documents::directory(Some(&directory))?.join(format!("cluster_{environment}.gv"));
            fs_err::write(&file, text)?;
            session.say(&format!("Graph of environment {environment} was written to {file}."))
        }
    }
}
