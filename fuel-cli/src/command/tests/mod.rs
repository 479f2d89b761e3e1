//! `fuel` against the mock Nailgun.

mod enabling;
mod environments;
mod nodes;
mod plugins;
