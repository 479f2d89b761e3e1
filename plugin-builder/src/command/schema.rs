//! `fpb schema`.

use super::Streams;
use super::arguments::SchemaArguments;

pub(super) fn run(_arguments: &SchemaArguments, _streams: &mut Streams<'_>) -> i32 {
    0
}
