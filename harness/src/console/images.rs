//! What happens while images are made, in words.

use std::time::Duration;

use crate::engine::ImageProgress;

/// A line for people, and whether it is worth a line of its own where details are not shown.
pub fn image_line(progress: &ImageProgress) -> (String, bool) {
    match progress {
        ImageProgress::Base(text) => (format!("base image: {text}"), true),
        ImageProgress::Present { image } => (format!("{image} is there"), false),
        ImageProgress::Step { image, step } => (format!("{image}: {step}"), false),
        ImageProgress::Line { image, line } => (format!("{image}: {line}"), false),
        ImageProgress::Built { image, took, .. } => (format!("{image} is built ({})", seconds(*took)), true),
    }
}

/// A duration for people.
pub(crate) fn seconds(took: Duration) -> String {
    if took >= Duration::from_secs(60) {
        format!("{}:{:02} min", took.as_secs() / 60, took.as_secs() % 60)
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}
