//! The processes around a call: those of its tries, and others.

mod change;
mod job;
mod lineage;
mod table;

pub(super) use change::{Change, next_change, reap};
pub(super) use job::is_orphaned;
pub(super) use lineage::{Group, Lineage, Survivor};
