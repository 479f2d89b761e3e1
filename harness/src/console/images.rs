//! What happens while images are made, in words.

use std::time::Duration;

use crate::engine::ImageProgress;

/// A line for people, and whether it is worth a line of its own where details are not shown.
pub fn image_line(progress: &ImageProgress) -> (String, bool) {
    match progress {
        // What debootstrap says of each package is detail.
        ImageProgress::Base(text) => (format!("base image: {text}"), !text.starts_with("I: ")),
        ImageProgress::Present { image } => (format!("{image} is there"), false),
        ImageProgress::Step { image, step } => (format!("{image}: {step}"), false),
        ImageProgress::Line { image, line } => (format!("{image}: {line}"), false),
        ImageProgress::Built { image, took, .. } => (format!("{image} is built ({})", duration(*took)), true),
    }
}

/// A duration as reports show it.
pub(crate) fn duration(took: Duration) -> String {
    crate::report::duration(took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_debootstrap_says_of_each_package_is_detail() {
        assert!(!image_line(&ImageProgress::Base("I: Retrieving apt 2.6.1".to_owned())).1);
        assert!(image_line(&ImageProgress::Base("making it with debootstrap".to_owned())).1);
    }
}
