//! Feeds the seeds of the fuzzers to their targets; `scripts/fuzz` goes on from there.

#[path = "../../../fuzz/src/targets.rs"]
#[allow(unreachable_pub, reason = "the library of the fuzzers")]
mod targets;

use std::fs;
use std::path::Path;

type Target = fn(&str);

#[test]
fn no_seed_is_too_strange() {
    let all = [
        ("headers", targets::headers as Target),
        ("durations", targets::durations),
        ("settings", targets::settings),
    ];
    for (name, target) in all {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
        let seeds: Vec<_> = fs::read_dir(folder).unwrap().collect();
        assert!(seeds.len() > 5, "{name}");
        for seed in seeds {
            target(&fs::read_to_string(seed.unwrap().path()).unwrap());
        }
    }
}
