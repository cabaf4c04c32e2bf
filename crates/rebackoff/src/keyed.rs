//! One guard for each key.

use std::borrow::{Borrow, ToOwned};
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU64;
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

/// A budget or a breaker for each key, for example for each host.
///
/// At most `capacity` keys are kept. The least recently used key goes first, and its guard lives on in the
/// calls that hold it. A key that comes back gets a new guard: a closed breaker, or a budget as it was
/// made. A lookup of a known key waits for no lock, and a new key delays no other key.
///
/// - **Overshoot:** evicted keys are dropped along with later calls of `get`, or by
///   [`trim`](Self::trim). While threads bring new keys faster than that, a few hundred keys more than
///   `capacity` can be there.
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
    guards: Cache<K, Arc<G>>,
    make: Box<dyn Fn(&K) -> G + Send + Sync>,
}

impl<K, G> Keyed<K, G>
where
    K: Hash + Eq + Send + Sync + 'static,
    G: Send + Sync + 'static,
{
    /// Keeps the guards of at most `capacity` keys; `make` makes that of a new one.
    pub fn new(capacity: NonZeroU64, make: impl Fn(&K) -> G + Send + Sync + 'static) -> Self {
        let guards = Cache::builder()
            .max_capacity(capacity.get())
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { guards, make: Box::new(make) }
    }

    /// The guard of `key`, made if there is none yet. Calls that ask for a new key at once share one.
    pub fn get<Q>(&self, key: &Q) -> Arc<G>
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    {
        self.guards.get(key).unwrap_or_else(|| {
            let make = || Arc::new((self.make)(&key.to_owned()));
            self.guards.get_with_by_ref(key, make)
        })
    }

    /// The keys and guards that are kept, in no order, for metrics. Listing a guard is no use of it.
    pub fn iter(&self) -> impl Iterator<Item = (Arc<K>, Arc<G>)> {
        self.guards.iter()
    }

    /// Drops the keys above the capacity at once; otherwise later calls of `get` drop them.
    pub fn trim(&self) {
        self.guards.run_pending_tasks();
    }
}

impl<K, G> fmt::Debug for Keyed<K, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let capacity = self.guards.policy().max_capacity();
        f.debug_struct("Keyed").field("capacity", &capacity).finish_non_exhaustive()
    }
}
