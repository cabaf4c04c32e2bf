//! Ready scenarios, each with a paragraph on what to see.

/// The names of the ready scenarios.
pub(super) const NAMES: [&str; 6] = [ALL[0].0, ALL[1].0, ALL[2].0, ALL[3].0, ALL[4].0, ALL[5].0];

/// The ready scenarios by name.
pub(super) const ALL: [(&str, &str); 6] = [
    ("brown-out", include_str!("examples/brown-out.toml")),
    ("retry-storm", include_str!("examples/retry-storm.toml")),
    ("thundering-herd", include_str!("examples/thundering-herd.toml")),
    ("three-layers", include_str!("examples/three-layers.toml")),
    ("budget-or-breaker", include_str!("examples/budget-or-breaker.toml")),
    ("hint-herd", include_str!("examples/hint-herd.toml")),
];
