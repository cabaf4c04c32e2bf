//! Reports of a fleet about its own state: one when it loses its store.

use redis::RedisError;

/// The members go on without the store.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(super) fn degraded(error: &RedisError) {
    #[cfg(feature = "tracing")]
    tracing::warn!(%error, "the fleet's store cannot be reached: guards go on by themselves");
}
