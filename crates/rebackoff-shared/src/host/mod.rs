//! Guards that the processes of a host share in a memory-mapped file.
//!
//! `folder` and `file` open and check, `boot` tells the boot and its clock, `mapping` puts a guard's
//! state into the file (the one module with unsafe code), `watch` opens a removed file anew.

#[cfg(target_os = "linux")]
mod boot;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod entry;
mod error;
#[cfg(target_os = "linux")]
mod file;
#[cfg(target_os = "linux")]
mod folder;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(target_os = "linux")]
mod list;
#[cfg(all(test, target_os = "linux"))]
mod mapped;
#[cfg(target_os = "linux")]
mod mapping;
#[cfg(target_os = "linux")]
mod name;
#[cfg(target_os = "linux")]
mod open;
mod share;
#[cfg(all(test, target_os = "linux"))]
mod tests;
#[cfg(target_os = "linux")]
mod watch;

#[cfg(not(target_os = "linux"))]
use elsewhere::StateOfAtomics;
#[cfg(target_os = "linux")]
use mapping::StateOfAtomics;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Host;
pub use entry::{HostEntry, HostGuardRef, Opened};
pub use error::SharedError;
#[cfg(target_os = "linux")]
pub use open::Host;
pub use share::ShareOnHost;
