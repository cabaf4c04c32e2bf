//! One piece of work, done by each library: one adapter for each, in `peers/`.
//!
//! An adapter is a [`Peer`]: functions that do a row's work n times, in the library's own words and
//! with the settings that come nearest to [`work`]. A row that a library cannot do is not there.

pub mod clock;
pub mod edges;
pub mod peer;
pub mod peers;
pub mod work;

pub use peer::{Peer, row};
