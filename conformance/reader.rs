//! Reads the vectors for the tests of the Rust crates, which include this file as a module.

use std::fmt;
use std::fs;
use std::path::Path;

use rebackoff_core::{Policy, Setting, Settings, policy};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// A call: how to retry, how each try turns out, and what must follow.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) target: Target,
    #[serde(deserialize_with = "read_policy")]
    pub(crate) policy: Policy,
    outcomes: Vec<Repeated<Outcome>>,
    draws: Vec<Draw>,
    steps: Vec<Repeated<Expected>>,
}

/// Reads a policy, whose strategy may also be `runtime`, which no file of a program holds.
fn read_policy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Policy, D::Error> {
    let mut settings = Settings::deserialize(deserializer)?;
    let policy = if settings.get("wait") == Some(&Setting::from("runtime")) {
        settings.remove("wait");
        settings.over(&policy!(runtime))
    } else {
        settings.build()
    };
    policy.map_err(D::Error::custom)
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    #[default]
    Errors,
    Values,
}

/// The outcome of a try.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Said,
    #[serde(default)]
    pub(crate) takes: f64,
    pub(crate) hint: Option<f64>,
    pub(crate) runtime: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    Accept,
    Retry,
    GiveUp,
    Stop,
}

/// The step that must follow a try.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Expected {
    pub(crate) tries: u64,
    /// Absent where it is the number of tries.
    pub(crate) total_tries: Option<u64>,
    pub(crate) elapsed: f64,
    #[serde(flatten)]
    pub(crate) decision: Decision,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Decision {
    Accept,
    Retry { wait: f64 },
    GiveUp { reason: String },
}

#[derive(Debug, Deserialize)]
struct Repeated<T> {
    #[serde(default = "once")]
    repeat: usize,
    #[serde(flatten)]
    one: T,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Draw {
    Once(f64),
    Repeated { draw: f64, repeat: usize },
}

fn once() -> usize {
    1
}

impl Case {
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = &Outcome> + Clone {
        self.outcomes.iter().flat_map(|run| std::iter::repeat_n(&run.one, run.repeat))
    }

    pub(crate) fn draws(&self) -> impl Iterator<Item = f64> {
        self.draws.iter().flat_map(|draw| match *draw {
            Draw::Once(draw) => std::iter::repeat_n(draw, 1),
            Draw::Repeated { draw, repeat } => std::iter::repeat_n(draw, repeat),
        })
    }

    /// Compares the steps that were taken with those that had to be.
    pub(crate) fn compare(&self, taken: impl IntoIterator<Item = Expected>) -> Result<(), String> {
        let mut taken = taken.into_iter();
        for Repeated { repeat, one: expected } in &self.steps {
            for left in (0..*repeat).rev() {
                let taken = taken.next().ok_or_else(|| format!("no step, not {expected}"))?;
                if !expected.allows(&taken, left) {
                    return Err(format!("{taken}, not {expected}"));
                }
            }
        }
        taken.next().map_or(Ok(()), |more| Err(format!("{more} after the end")))
    }
}

impl Expected {
    /// Returns whether `taken` is this step, or one that comes `left` before it in a run.
    fn allows(&self, taken: &Self, left: usize) -> bool {
        let same_decision = match (&self.decision, &taken.decision) {
            (Decision::Retry { wait }, Decision::Retry { wait: taken }) => same(*wait, *taken, 1),
            (expected, taken) => expected == taken,
        };
        let same_elapsed = left > 0 || same(self.elapsed, taken.elapsed, self.tries);
        let total = |step: &Self| step.total_tries.unwrap_or(step.tries);
        let left = left as u64;
        let same_tries = taken.tries + left == self.tries && total(taken) + left == total(self);
        same_decision && same_elapsed && same_tries
    }
}

#[allow(clippy::cast_precision_loss, reason = "no case has 2⁵³ tries")]
fn same(expected: f64, taken: f64, tries: u64) -> bool {
    const NANOSECOND: f64 = 1e-9;
    const FLOAT_NOISE: f64 = 1e-14;
    let allowed = if expected > 1e6 {
        expected * 1e-12
    } else {
        NANOSECOND * tries as f64 + expected * FLOAT_NOISE
    };
    (expected - taken).abs() <= allowed
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "try {} at {} s: {:?}", self.tries, self.elapsed, self.decision)
    }
}

/// Runs every case of every file, and names all that fail.
pub(crate) fn run_all(run: impl Fn(&Case) -> Result<(), String>) {
    let cases = read_all();
    assert!(cases.len() >= 150, "only {} cases were found", cases.len());
    let fails = |case: &Result<Case, String>| match case {
        Err(unreadable) => Some(unreadable.clone()),
        Ok(case) => {
            let problem = run(case).err()?;
            Some(format!("{} ({:?}): {problem}", case.name, case.target))
        }
    };
    let failures: Vec<_> = cases.iter().filter_map(fails).collect();
    let (failed, all) = (failures.len(), cases.len());
    assert!(failures.is_empty(), "{failed} of {all} cases failed:\n{}", failures.join("\n"));
}

/// All cases; one that cannot be read, for its policy perhaps, is a failure of its own.
fn read_all() -> Vec<Result<Case, String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let entries = fs::read_dir(&folder).expect("the vectors' folder");
    let files = entries.map(|entry| entry.expect("a file").path());
    let vectors =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    vectors.flat_map(|path| read(&path)).collect()
}

fn read(path: &Path) -> Vec<Result<Case, String>> {
    let text = fs::read_to_string(path).expect("a readable file");
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list of cases");
    let read = |case: serde_json::Value| {
        let name = case["name"].clone();
        Case::deserialize(case).map_err(|error| format!("{name} cannot be read: {error}"))
    };
    cases.into_iter().map(read).collect()
}
