//! Settings of environments: merging, generating, formatting, checking, locking.

mod format;
mod generator;
mod lock;
mod merge;
mod python_dict;
mod python_repr;
mod restriction;
mod section;
mod shape;
mod validation;

pub(crate) use format::{format_strings, unformattable};
pub(crate) use generator::{Generators, check_generators};
pub(crate) use lock::{check_lock, is_locked};
pub(crate) use merge::{flatten, merge, merge_into};
pub(crate) use python_repr::python_repr;
pub(crate) use restriction::Restriction;
pub(crate) use section::{
    SentSection, defaults_section, environment_sections, flat_sections, lifted, section, sent_section,
};
pub(crate) use shape::check_shapes;
pub(crate) use validation::{check_restrictions, check_section};
