//! Scenarios: what is simulated, read from TOML or JSON.

mod error;
mod examples;
mod expect;
mod guards;
mod needs;
mod node;
mod read;
mod section;
mod sweep;

use rebackoff_core::Policy;

pub use error::ScenarioError;
pub(crate) use expect::Bound;
pub use guards::{named_breaker, named_budget};
pub(crate) use node::Value;

use crate::figures::Names;
use crate::model::Model;
use node::{Node, Table};
use section::Section;

/// The most replications of a case.
const MOST_RUNS: u64 = 100_000;

/// A service, its clients and their policies, and what is expected of them.
///
/// ```
/// use rebackoff_sim::Scenario;
///
/// let report = Scenario::parse(
///     r#"
///     duration = "1m"
///     load = { rate = 50 }
///     client = { profile = "fetch", budget = { ratio = 0.1, floor = 0 } }
///     profiles.fetch = { max_tries = 4, base = 0.1 }
///     server.api = { workers = 4, service = "20ms", error_rate = 0.5 }
///     expect.amplification = "<= 1.2"
///     "#,
/// )?
/// .run()?;
/// assert!(report.is_as_expected());
/// assert!(report.figure("amplification").is_some_and(|figure| figure.mean < 1.2));
/// # Ok::<(), rebackoff_sim::ScenarioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    table: Table,
    policies: Vec<(String, Policy)>,
    others: Table,
}

/// A scenario that is checked: its cases and the bounds on their figures.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) runs: u64,
    /// The number of replications that fit into memory at once.
    pub(crate) at_once: f64,
    pub(crate) cases: Vec<(Vec<(String, Value)>, Model)>,
    pub(crate) names: Vec<String>,
    pub(crate) bounds: Vec<Bound>,
}

impl Scenario {
    /// Reads a scenario from TOML, or from JSON if the text begins with a brace.
    ///
    /// # Errors
    ///
    /// The text is neither, or has more than a mebibyte. Keys and values are checked by [`check`](Self::check).
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        Ok(Self { table: node::parse(text)?, policies: Vec::new(), others: Table::new() })
    }

    /// A ready scenario by its name, which is among [`EXAMPLES`](Self::EXAMPLES).
    pub fn example(name: &str) -> Option<&'static str> {
        examples::ALL.iter().find(|(example, _)| *example == name).map(|(_, text)| *text)
    }

    /// The names of the ready scenarios.
    pub const EXAMPLES: [&'static str; 6] = examples::NAMES;

    /// Sets the profile `name` to a policy of the program.
    ///
    /// ```
    /// use rebackoff_core::{policy, expo};
    /// use rebackoff_sim::Scenario;
    ///
    /// let scenario = Scenario::parse("duration = '10s'\nload.rate = 10\nserver.api = { error_rate = 0.5 }")?;
    /// let report = scenario.policy("default", policy!(expo, max_tries = 2)).run()?;
    /// assert!(report.figure("amplification").is_some_and(|figure| figure.mean < 2.0));
    /// # Ok::<(), rebackoff_sim::ScenarioError>(())
    /// ```
    pub fn policy(mut self, name: &str, policy: Policy) -> Self {
        self.policies.retain(|(other, _)| other != name);
        self.policies.push((name.to_owned(), policy));
        self
    }

    /// Adds the profiles of a `rebackoff.toml`, for those that the scenario does not have itself.
    ///
    /// # Errors
    ///
    /// The text is not TOML, or has more than a mebibyte.
    pub fn profiles(mut self, text: &str) -> Result<Self, ScenarioError> {
        self.others = node::parse(text)?;
        Ok(self)
    }

    /// Sets the number of replications of each case.
    pub fn runs(self, runs: u64) -> Self {
        self.with("runs", runs)
    }

    /// Sets the seed of the draws.
    pub fn seed(self, seed: u64) -> Self {
        self.with("seed", seed)
    }

    fn with(mut self, key: &str, count: u64) -> Self {
        self.table.insert(key.to_owned(), Node { line: None, value: Value::Count(count) });
        self
    }

    /// Checks every case without running it.
    ///
    /// # Errors
    ///
    /// A key is unknown, a value is not allowed, or a case needs more than the simulator's bounds.
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.checked().map(drop)
    }

    pub(crate) fn checked(&self) -> Result<Checked, ScenarioError> {
        let root = Section::new("", None, &self.table);
        let runs = root.count("runs", 1..=MOST_RUNS, 5)?;
        let policies = read::Policies { own: &self.policies, others: &self.others };
        let case = |case: sweep::Swept<'_>| {
            let model = read::read(&case.of(&self.table)?, policies)?;
            Ok((case.parameters(), model))
        };
        let cases = sweep::cases(&self.table)?.into_iter().map(case);
        let cases = cases.collect::<Result<Vec<_>, ScenarioError>>()?;
        let models: Vec<_> = cases.iter().map(|(_, model)| model).collect();
        let servers = models.first().map(|model| model.servers.iter());
        let servers: Vec<_> =
            servers.into_iter().flatten().map(|server| server.name.clone()).collect();
        let names = Names::of(&servers);
        let at_once = needs::at_once(&models, names.len(), runs)?;
        let bounds = expect::bounds(&self.table, &names)?;
        let text = |key| root.text(key).map(|text| text.unwrap_or_default().trim().to_owned());
        Ok(Checked {
            name: text("name")?,
            about: text("about")?,
            runs,
            at_once,
            cases,
            names,
            bounds,
        })
    }
}
