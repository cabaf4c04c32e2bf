//! Guards that the processes of a host share in a memory-mapped file.
//!
//! `folder` and `file` open and check, `boot` tells the boot and its clock, `mapping` puts a guard's
//! state into the file (the one module with unsafe code), `watch` opens a removed file anew.

mod boot;
mod error;
mod file;
mod folder;
mod list;
mod mapping;
mod name;
mod open;
mod share;
mod watch;

pub use error::SharedError;
pub use list::{HostEntry, HostGuardRef};
pub use open::{Host, Opened};
pub use share::ShareOnHost;
