//! The shapes that are measured: one policy, one target, and the loop that one would write by hand.

pub mod hand;
pub mod rows;
