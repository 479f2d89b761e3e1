//! What a person sees while a run goes on.

mod images;
mod progress;

pub use images::image_line;
pub use progress::{Progress, Verbosity};
