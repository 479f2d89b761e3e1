//! YAQL, as deployment tasks compute fields with it: `{yaql_exp: "changed($.storage)"}`.
//!
//! The part of the language that task graphs use: paths into what a node is told, operators, lambdas over lists, and
//! Nailgun's own functions that compare what a node is told with what it was told when the task last succeeded. What is
//! not known is an error that names it and its column, never a guess.

mod error;
mod evaluate;
mod functions;
mod item;
mod lexer;
mod parser;

pub(crate) use evaluate::Contexts;
pub(crate) use item::Root;
pub(crate) use parser::Yaql;
