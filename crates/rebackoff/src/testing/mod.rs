//! Aids for tests.
pub(crate) fn given_draw() -> Option<f64> {
    None
}
pub(crate) fn is_disabled() -> bool {
    false
}
