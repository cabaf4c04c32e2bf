//! One guard for each key.

use std::borrow::{Borrow, ToOwned};
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use papaya::HashMap;

/// A budget or a breaker for each key, for example for each host.
///
/// `capacity` keys are kept. The least recently used keys go first, and their guards live on in the
/// calls that hold them. A key that comes back gets a new guard: a closed breaker, or a budget as it was
/// made. A lookup of a known key waits for no lock, and a new key delays no other key.
///
/// - **Overshoot:** up to an eighth more than `capacity` are there until a new key, or
///   [`trim`](Self::trim), drops those. The order of use is exact to as many keys.
/// - **Keys of strangers:** a client that chooses its keys freely (a header, a path) can push out the
///   guards of others, and so close an open breaker. Take keys that clients cannot choose, such as the
///   hosts of a configuration, or a `Keyed` of its own for each client.
///
/// ```
/// use std::num::NonZeroU64;
/// use std::sync::{Arc, LazyLock};
///
/// use rebackoff::prelude::*;
/// use rebackoff::Keyed;
/// # let _no_wait = rebackoff::testing::no_wait();
///
/// static FETCH: Policy = policy!(expo, max_tries = 4);
/// static HOSTS: LazyLock<Keyed<String, Breaker>> = LazyLock::new(|| {
///     Keyed::new(NonZeroU64::new(1000).unwrap(), |_| breaker!(consecutive = 5))
/// });
///
/// fn fetch(host: &str) -> Result<(), Box<dyn std::error::Error>> {
///     FETCH.retry(|| Ok(println!("asking {host}"))).breaker(HOSTS.get(host)).call()
/// }
///
/// assert!(fetch("shop.example").is_ok());
/// assert!(Arc::ptr_eq(&HOSTS.get("shop.example"), &HOSTS.get("shop.example")));
/// ```
pub struct Keyed<K, G> {
    slots: HashMap<K, Slot<G>>,
    capacity: usize,
    /// Counts the uses of keys, but for those that are among the newest already.
    uses: AtomicU64,
    make: Box<dyn Fn(&K) -> G + Send + Sync>,
}

/// The guard of a key, and the number of its last use.
struct Slot<G> {
    guard: OnceLock<Arc<G>>,
    last_use: AtomicU64,
}

impl<K, G> Keyed<K, G>
where
    K: Hash + Eq + Send + Sync + 'static,
    G: Send + Sync + 'static,
{
    /// Keeps the guards of `capacity` keys; `make` makes that of a new one. `make` may ask for the guards of other
    /// keys, but not for that of its own.
    pub fn new(capacity: NonZeroU64, make: impl Fn(&K) -> G + Send + Sync + 'static) -> Self {
        Self {
            slots: HashMap::new(),
            capacity: usize::try_from(capacity.get()).unwrap_or(usize::MAX),
            uses: AtomicU64::new(0),
            make: Box::new(make),
        }
    }

    /// The guard of `key`, made if there is none yet. Calls that ask for a new key at once share one.
    pub fn get<Q>(&self, key: &Q) -> Arc<G>
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    {
        let slots = self.slots.pin();
        let slot = slots.get(key).unwrap_or_else(|| {
            let new = Slot { guard: OnceLock::new(), last_use: AtomicU64::new(self.next_use()) };
            let slot = slots.get_or_insert(key.to_owned(), new);
            if slots.len() > self.capacity.saturating_add(self.slack()) {
                self.trim();
            }
            slot
        });
        // A key among the newest is left where it is, so that threads seldom write to the count.
        let newer = self.uses.load(Relaxed).saturating_sub(slot.last_use.load(Relaxed));
        if newer > self.slack() as u64 {
            slot.last_use.store(self.next_use(), Relaxed);
        }
        slot.guard.get_or_init(|| Arc::new((self.make)(&key.to_owned()))).clone()
    }

    fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Relaxed) + 1
    }

    /// By so many keys the capacity may be exceeded, and the order of use may be wrong.
    const fn slack(&self) -> usize {
        self.capacity / 8
    }

    /// The keys and guards that are kept, in no order, for metrics. Listing a guard is no use of it.
    pub fn iter(&self) -> impl Iterator<Item = (Arc<K>, Arc<G>)>
    where
        K: Clone,
    {
        let slots = self.slots.pin();
        let kept = slots.iter().filter_map(|(key, slot)| {
            slot.guard.get().map(|guard| (Arc::new(key.clone()), guard.clone()))
        });
        kept.collect::<Vec<_>>().into_iter()
    }

    /// Drops the keys above the capacity at once; otherwise later calls of `get` drop them.
    pub fn trim(&self) {
        let slots = self.slots.pin();
        let mut by_use: Vec<_> =
            slots.iter().map(|(key, slot)| (slot.last_use.load(Relaxed), key)).collect();
        let surplus = by_use.len().saturating_sub(self.capacity);
        if surplus == 0 {
            return;
        }
        by_use.select_nth_unstable_by_key(surplus - 1, |(last_use, _)| *last_use);
        for (last_use, key) in &by_use[..surplus] {
            let unused = |_: &_, slot: &Slot<G>| slot.last_use.load(Relaxed) == *last_use;
            // A key that is used meanwhile stays.
            let _ = slots.remove_if(*key, unused);
        }
    }
}

impl<K, G> fmt::Debug for Keyed<K, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
