//! The package of formats 2.0.0 and later: an RPM.

mod cpio;
mod fields;
mod header;
mod macros;
mod package;
mod relations;
mod scripts;

pub(crate) use package::write;
