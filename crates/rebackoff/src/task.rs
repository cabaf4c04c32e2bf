//! The identity of the task that runs.

/// The id of a tokio task; none outside of one, and on other executors, which give tasks no identity.
#[cfg(feature = "tokio")]
pub(crate) type TaskId = Option<tokio::task::Id>;

#[cfg(not(feature = "tokio"))]
pub(crate) type TaskId = ();

/// The task that runs on this thread.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn current() -> TaskId {
    tokio::task::try_id()
}

#[cfg(not(feature = "tokio"))]
#[inline]
pub(crate) const fn current() -> TaskId {}

pub(crate) const NONE: TaskId = {
    #[cfg(feature = "tokio")]
    {
        None
    }
};
