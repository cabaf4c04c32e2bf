use core::fmt;
use core::time::Duration;

use crate::Seconds;
use crate::error::{PolicyError, Value};

/// The waits of a finite list; made by [`list`].
#[derive(Clone, Copy, PartialEq)]
pub struct List {
    waits: [Seconds; List::CAPACITY],
    len: usize,
}

/// Waits as the list says, then gives up with `exhausted`: raw wait = waits\[n\].
///
/// A policy is plain data of a fixed size, so a list holds 1 to [`List::CAPACITY`] waits; longer
/// schedules are written as a function of the outcome, with [`runtime`](crate::runtime).
///
/// ```
/// use rebackoff_core::{Seconds, list, secs};
///
/// let wait = list(&[secs(1), secs(5), secs(30)]).wait();
/// assert_eq!(wait.raw(2), Seconds::new(30.0));
/// assert_eq!(wait.raw(3), None);
/// ```
pub const fn list(waits: &[Duration]) -> List {
    let mut list = List { waits: [Seconds::ZERO; List::CAPACITY], len: waits.len() };
    let mut n = 0;
    while n < waits.len() && n < List::CAPACITY {
        list.waits[n] = Seconds::from_duration(waits[n]);
        n += 1;
    }
    list
}

impl List {
    /// The most waits that a list holds.
    pub const CAPACITY: usize = 16;

    /// The waits, in order.
    pub fn waits(&self) -> &[Seconds] {
        &self.waits[..self.len.min(Self::CAPACITY)]
    }

    pub(crate) fn raw(&self, n: u64) -> Option<Seconds> {
        self.waits().get(usize::try_from(n).ok()?).copied()
    }

    pub(crate) const fn check(&self) -> Result<(), PolicyError> {
        if self.len >= 1 && self.len <= Self::CAPACITY {
            return Ok(());
        }
        let rule = "interval must list 1 to 16 waits";
        Err(PolicyError::new("interval", rule, Value::Count(self.len as u64)))
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("List").field(&self.waits()).finish()
    }
}
