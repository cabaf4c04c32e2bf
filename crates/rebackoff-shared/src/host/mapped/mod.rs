//! Mapped guards under the tests of those in memory.

mod bits;
mod breakers;
mod budgets;
mod vectors;

use std::cell::Cell;

use rebackoff_core::{Moment, Seconds};

use super::file::GuardFile;
use super::mapping::StateOfAtomics;
use super::{Host, boot};

thread_local! {
    static NOW: Cell<Moment> = const { Cell::new(Moment::ZERO) };
}

fn set_clock(now: Seconds) {
    NOW.set(now.into());
}

/// A folder with a file for each guard.
struct Mapper {
    folder: tempfile::TempDir,
    made: Cell<u32>,
}

impl Mapper {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), made: Cell::new(0) }
    }

    fn place<G: StateOfAtomics>(&self, guard: G) -> &'static G {
        set_clock(Seconds::ZERO);
        let name = format!("guard-{}", self.made.replace(self.made.get() + 1));
        let host = Host::at(self.folder.path().join("guards")).with_clock(|| NOW.get());
        let file = GuardFile::new(host.folder(), &name, &guard, boot::id().unwrap());
        host.map(file, guard).unwrap()
    }
}
