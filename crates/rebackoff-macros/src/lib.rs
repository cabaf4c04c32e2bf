//! The attributes of `rebackoff`.
