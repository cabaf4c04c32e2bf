//! Figures: counted in each replication, then summed up over all.

mod interval;
mod named;
mod recovery;
mod series;
mod tally;

pub use interval::Figure;
pub(crate) use named::{NamedFigures, Names};
pub(crate) use series::{Bin, Series};
pub(crate) use tally::{Failing, ServerTally, Tally};
