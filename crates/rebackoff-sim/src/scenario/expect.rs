//! Bounds on figures.

use rebackoff_core::{did_you_mean, parse_duration};

use super::ScenarioError;
use super::node::{Table, Value};
use super::sweep::leaves;
use crate::scenario::section::Section;

/// A bound on a figure, for example `amplification <= 1.2`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) figure: String,
    pub(crate) relation: Relation,
    pub(crate) limit: f64,
    /// The bound as written.
    pub(crate) text: String,
}

/// The relation of a figure to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    AtMost,
    Below,
    AtLeast,
    Above,
}

/// The relations by their signs; those that begin with another one come first.
const RELATIONS: [(&str, Relation); 4] = [
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("<", Relation::Below),
    (">", Relation::Above),
];

impl Bound {
    /// Returns whether a figure keeps this bound.
    pub(crate) fn holds(&self, figure: f64) -> bool {
        match self.relation {
            Relation::AtMost => figure <= self.limit,
            Relation::Below => figure < self.limit,
            Relation::AtLeast => figure >= self.limit,
            Relation::Above => figure > self.limit,
        }
    }
}

/// The bounds of a scenario whose figures have these names.
pub(super) fn bounds(table: &Table, names: &[String]) -> Result<Vec<Bound>, ScenarioError> {
    let root = Section::new("", None, table);
    let Some((_, expect)) = root.table("expect")? else {
        return Ok(Vec::new());
    };
    let bound = |(figure, node): (String, &super::node::Node)| {
        let wrong = |message: String| ScenarioError::new(node.line, message);
        if !names.contains(&figure) {
            let advice = match did_you_mean(&figure, names.iter().map(String::as_str)) {
                advice if advice.is_empty() => format!(": known are {}", names.join(", ")),
                advice => advice,
            };
            return Err(wrong(format!("expect.{figure} is no figure{advice}")));
        }
        let text = if let Value::Text(text) = &node.value { text.trim() } else { "" };
        let sign = RELATIONS.iter().find(|(sign, _)| text.starts_with(sign));
        let limit = sign.and_then(|(sign, _)| limit(text[sign.len()..].trim()));
        let (Some((_, relation)), Some(limit)) = (sign, limit) else {
            let rule = "must be a relation (<=, <, >= or >) and a number, a duration or a percentage, such as \"<= 1.2\"";
            return Err(wrong(format!("expect.{figure} {rule}, but it is {}", node.value)));
        };
        Ok(Bound { figure, relation: *relation, limit, text: text.to_owned() })
    };
    leaves("", expect).into_iter().map(bound).collect()
}

/// A number, a duration in seconds, or a percentage.
fn limit(text: &str) -> Option<f64> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some(percent) = text.strip_suffix('%') {
        return number(percent.trim()).map(|percent| percent / 100.0);
    }
    number(text).or_else(|| parse_duration(text).ok().map(|duration| duration.as_secs_f64()))
}
