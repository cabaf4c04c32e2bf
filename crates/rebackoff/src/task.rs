//! The identity of the task that runs.

#[cfg(feature = "tokio")]
pub(crate) use tokio_task::*;
#[cfg(not(feature = "tokio"))]
pub(crate) use unknown_task::*;

#[cfg(feature = "tokio")]
mod tokio_task {
    /// The id of a tokio task; none outside of one.
    pub(crate) type TaskId = Option<tokio::task::Id>;

    pub(crate) const NONE: TaskId = None;

    /// The task that runs on this thread.
    #[inline]
    pub(crate) fn current() -> TaskId {
        tokio::task::try_id()
    }
}

#[cfg(not(feature = "tokio"))]
mod unknown_task {
    /// Without tokio, tasks have no identity.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct TaskId;

    pub(crate) const NONE: TaskId = TaskId;

    /// The task that runs on this thread.
    #[inline]
    pub(crate) const fn current() -> TaskId {
        TaskId
    }
}
