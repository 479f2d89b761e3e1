//! Log records as the original writes them to standard error: `2016-01-31 12:00:00 ERROR 4711 (cli) message`.

use time::{OffsetDateTime, UtcOffset};

use super::Streams;

/// How much a record matters, under the names of Python's logging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Debug,
    Warning,
    Error,
}

/// The original's logger; debug records are written only where they were asked for.
pub(super) struct Log {
    pub(super) debug: bool,
}

impl Log {
    /// Writes a record; `module` is the part of the original that speaks.
    pub(super) fn record(&self, level: Level, module: &str, message: &str, streams: &mut Streams<'_>) {
        let level = match level {
            Level::Debug if !self.debug => return,
            Level::Debug => "DEBUG",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        };
        // Local time, as Python's logging has it.
        let now = OffsetDateTime::now_utc().to_offset(UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC));
        let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
        let (hour, minute, second) = (now.hour(), now.minute(), now.second());
        let process = std::process::id();
        streams.error(&format!(
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} {level} {process} ({module}) {message}"
        ));
    }
}
