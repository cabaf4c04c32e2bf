//! The events that have yet to happen, in the order (time, sequence).

/// The children of a place in the heap. Four lie in two cache lines, and halve the depth.
const CHILDREN: usize = 4;

/// A heap of events in the order of their times; events of one time keep the order in which they were pushed.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    heap: Vec<Entry<E>>,
    pushed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    time: u64,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    #[inline]
    fn is_before(&self, other: &Self) -> bool {
        (self.time, self.sequence) < (other.time, other.sequence)
    }
}

impl<E: Copy> Queue<E> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { heap: Vec::with_capacity(capacity), pushed: 0 }
    }

    /// The number of events that have yet to happen.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Adds an event; its sequence number is never 0.
    #[inline]
    pub(crate) fn push(&mut self, time: u64, event: E) -> u64 {
        self.pushed += 1;
        let entry = Entry { time, sequence: self.pushed, event };
        let mut place = self.heap.len();
        self.heap.push(entry);
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if !entry.is_before(&self.heap[parent]) {
                break;
            }
            self.heap[place] = self.heap[parent];
            place = parent;
        }
        self.heap[place] = entry;
        self.pushed
    }

    /// Removes the next event, with its time and sequence number.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(u64, u64, E)> {
        let last = self.heap.pop()?;
        let Some(&next) = self.heap.first() else {
            return Some((last.time, last.sequence, last.event));
        };
        let mut place = 0;
        loop {
            let begin = place * CHILDREN + 1;
            let end = (begin + CHILDREN).min(self.heap.len());
            let Some((first, others)) = self.heap.get(begin..end).and_then(<[_]>::split_first)
            else {
                break;
            };
            let (mut smallest, mut child) = (*first, begin);
            for (n, other) in others.iter().enumerate() {
                if other.is_before(&smallest) {
                    (smallest, child) = (*other, begin + 1 + n);
                }
            }
            if !smallest.is_before(&last) {
                break;
            }
            self.heap[place] = smallest;
            place = child;
        }
        self.heap[place] = last;
        Some((next.time, next.sequence, next.event))
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
            let (mut now, mut pushed, mut popped) = (0, 0_u32, Vec::new());
            for step in steps {
                if let Some(delay) = step {
                    queue.push(now + delay, pushed);
                    pushed += 1;
                } else if let Some((time, sequence, event)) = queue.pop() {
                    prop_assert!(time >= now);
                    prop_assert_eq!(sequence, u64::from(event) + 1);
                    now = time;
                    popped.push(event);
                }
            }
            let mut before = (now, 0);
            while let Some((time, sequence, event)) = queue.pop() {
                prop_assert!((time, sequence) > before || popped.is_empty());
                before = (time, sequence);
                popped.push(event);
            }
            popped.sort_unstable();
            prop_assert_eq!(popped, (0..pushed).collect::<Vec<_>>());
            prop_assert_eq!(queue.len(), 0);
        }
    }
}
