/// A function of the outcome, given where the target is called; made by [`runtime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runtime;

/// Waits as a function of the outcome says, which the caller gives beside the target.
///
/// A policy is data and holds no function, so it only says that there is one. Without it, the
/// first failed try gives up with `exhausted`. `Call::wait_from` of the crate `rebackoff` has an example.
pub const fn runtime() -> Runtime {
    Runtime
}
