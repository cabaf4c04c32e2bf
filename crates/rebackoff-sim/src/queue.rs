//! The events that have yet to happen, in the order (time, sequence).

use crate::event::SimEvent;

/// The children of a place in the heap. Four entries fill a cache line, and halve the depth.
const CHILDREN: usize = 4;

/// The sequence number of an event, above the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// The bits of the sequence number.
    pub(crate) const SEQUENCE_BITS: u32 = u64::BITS - SimEvent::BITS;

    /// The stamp of no event.
    pub(crate) const NONE: Self = Self(0);

    /// The event.
    #[inline]
    pub(crate) fn event(self) -> SimEvent {
        SimEvent::from_bits((self.0 & ((1 << SimEvent::BITS) - 1)) as u32)
    }
}

/// A heap of events in the order of their times; events of one time keep the order in which they were pushed.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Times above stamps, so that one comparison orders two events.
    heap: Vec<u128>,
    pushed: u64,
}

impl Queue {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { heap: Vec::with_capacity(capacity), pushed: 0 }
    }

    /// The number of events that have yet to happen.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Adds an event.
    #[inline]
    pub(crate) fn push(&mut self, time: u64, event: SimEvent) -> Stamp {
        self.pushed += 1;
        let stamp = self.pushed << SimEvent::BITS | u64::from(event.to_bits());
        let entry = u128::from(time) << 64 | u128::from(stamp);
        let mut place = self.heap.len();
        self.heap.push(entry);
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.heap[parent] < entry {
                break;
            }
            self.heap[place] = self.heap[parent];
            place = parent;
        }
        self.heap[place] = entry;
        Stamp(stamp)
    }

    /// Removes the next event, with its time.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "each half is taken by itself")]
    pub(crate) fn pop(&mut self) -> Option<(u64, Stamp)> {
        let last = self.heap.pop()?;
        let next = self.heap.first().copied().unwrap_or(last);
        let mut place = 0;
        while let Some(child) = self.smallest_child(place) {
            let smallest = self.heap[child];
            if last < smallest {
                break;
            }
            self.heap[place] = smallest;
            place = child;
        }
        if let Some(free) = self.heap.get_mut(place) {
            *free = last;
        }
        Some(((next >> 64) as u64, Stamp(next as u64)))
    }

    /// The place of the first of the children of `place`. Four are compared without branches, which no processor
    /// could predict.
    #[inline]
    fn smallest_child(&self, place: usize) -> Option<usize> {
        let begin = place * CHILDREN + 1;
        let children = self.heap.get(begin..)?;
        let Some(&[a, b, c, d]) = children.first_chunk::<CHILDREN>() else {
            return (begin..self.heap.len()).min_by_key(|child| self.heap[*child]);
        };
        let (first, second) = (usize::from(b < a), 2 + usize::from(d < c));
        Some(begin + if c.min(d) < a.min(b) { second } else { first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_event_is_lost_and_time_never_goes_back(
            steps in prop::collection::vec(prop::option::of(0_u64..50), 1..400),
        ) {
            let mut queue = Queue::with_capacity(0);
            let (mut now, mut stamps, mut popped) = (0, Vec::new(), Vec::new());
            for step in steps {
                if let Some(delay) = step {
                    let event = u32::try_from(stamps.len()).unwrap();
                    stamps.push(queue.push(now + delay, SimEvent::Begin(event)));
                } else if let Some((time, stamp)) = queue.pop() {
                    prop_assert!(time >= now);
                    let SimEvent::Begin(event) = stamp.event() else {
                        return Err(TestCaseError::fail("another event"));
                    };
                    prop_assert_eq!(stamps[event as usize], stamp);
                    now = time;
                    popped.push(stamp);
                }
            }
            let mut before = (now, Stamp::NONE);
            while let Some((time, stamp)) = queue.pop() {
                prop_assert!((time, stamp) > before);
                before = (time, stamp);
                popped.push(stamp);
            }
            popped.sort_unstable();
            prop_assert_eq!(popped, stamps);
            prop_assert_eq!(queue.len(), 0);
        }
    }
}
