//! How Python 2 shows and orders things, since the original's messages depend on it.

mod dict;
mod format_text;
#[cfg(test)]
mod regex_peers;
mod regex_search;
mod regex_syntax;
mod repr;

pub(crate) use dict::dict_order;
pub(crate) use format_text::{field_root, parse_format};
#[cfg(test)]
pub(crate) use regex_peers::{ask_peer, generated_patterns};
pub use regex_search::{RegexError, RegexSearch};
pub(crate) use regex_syntax::check_regex;
pub(crate) use repr::{float_repr, repr, repr_bytes, repr_character, repr_text, repr_unicode, str_error};
