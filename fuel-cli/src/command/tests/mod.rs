//! `fuel` against the mock Nailgun.

mod deployed;
mod enabling;
mod environments;
mod nodes;
mod plugins;
