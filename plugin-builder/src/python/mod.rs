//! How Python 2 shows and orders things, since the original's messages depend on it.

mod dict;
#[cfg(test)]
mod regex_peers;
mod regex_syntax;
mod repr;

pub(crate) use dict::dict_order;
#[cfg(test)]
pub(crate) use regex_peers::{ask_peer, generated_patterns};
pub(crate) use regex_syntax::check_regex;
pub(crate) use repr::{float_repr, repr, repr_bytes, repr_character, repr_text, repr_unicode, str_error};
