//! `report.html`: the report as one page that needs no network, no script and no other file.

mod difference;
mod page;
mod task;
mod timeline;
mod trials;

pub(crate) use page::page;
