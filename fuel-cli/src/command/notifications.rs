//! `fuel notifications` and `fuel notify`.

use clap::Args;

use super::session::{CommandError, Session};
use crate::model::Notification;
use crate::table;

#[derive(Debug, Args)]
pub(super) struct NotificationArguments {
    /// List notifications (also what happens without any flag).
    #[arg(long, short, conflicts_with = "send")]
    list: bool,
    /// Send a notification.
    #[arg(long, value_name = "MESSAGE")]
    send: Option<String>,
    #[command(flatten)]
    topic: TopicArgument,
}

#[derive(Debug, Args)]
pub(super) struct NotifyArguments {
    /// The message.
    #[arg(long, short = 'm', value_name = "MESSAGE", num_args = 1.., required = true)]
    send: Vec<String>,
    #[command(flatten)]
    topic: TopicArgument,
}

#[derive(Debug, Args)]
struct TopicArgument {
    /// What the notification is about.
    #[arg(long, default_value = "done", value_parser = ["discover", "done", "error", "warning", "release"])]
    topic: String,
}

/// Lists notifications or sends one.
pub(super) async fn execute(session: &mut Session<'_>, arguments: NotificationArguments) -> Result<(), CommandError> {
    if let Some(message) = &arguments.send {
        session.client.notify(&arguments.topic.topic, message).await?;
        return session.say("Notification sent");
    }
    let (raw, notifications) = session.fetch::<Notification>("notifications/").await?;
    let rows: Vec<Vec<table::Cell>> = notifications
        .into_iter()
        .map(|notification| {
            vec![
                notification.id.to_string().into(),
                notification.message.into(),
                notification.other["status"].as_str().unwrap_or_default().into(),
                notification.topic.into(),
            ]
        })
        .collect();
    session.list(&raw, &table::render(&["id", "message", "status", "topic"], &rows))
}

/// Sends a notification.
pub(super) async fn notify(session: &mut Session<'_>, arguments: NotifyArguments) -> Result<(), CommandError> {
    session
        .client
        .notify(&arguments.topic.topic, &arguments.send.join(" "))
        .await?;
    session.say("Notification sent")
}
