//! `fuel` against the mock Nailgun.

mod answers;
mod deployed;
mod enabling;
mod environments;
mod hints;
mod nodes;
mod plugins;
