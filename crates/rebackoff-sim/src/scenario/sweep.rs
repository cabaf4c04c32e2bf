//! The cases of a sweep: one for each combination of the values that it names.

use rebackoff_core::did_you_mean;

use super::ScenarioError;
use super::node::{Node, Table, Value};
use crate::scenario::section::Section;

/// The most cases of a scenario.
const MOST_CASES: usize = 1000;

/// The keys that all cases have in common.
const COMMON: [&str; 5] = ["name", "about", "runs", "sweep", "expect"];

/// The tables whose keys are names. A sweep gives them none: a new table would hide a profile of another source.
const NAMED: [&str; 2] = ["profiles", "server"];

/// A case: the swept parameters with their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Swept<'a>(Vec<(String, &'a Node)>);

impl Swept<'_> {
    /// The scenario with the values of this case.
    pub(super) fn of(&self, table: &Table) -> Result<Table, ScenarioError> {
        let mut table = table.clone();
        for (path, node) in &self.0 {
            if !set(&mut table, path, node) {
                let message = format_args!("sweep.{path} leads to no parameter");
                return Err(ScenarioError::new(node.line, message));
            }
        }
        Ok(table)
    }

    pub(super) fn parameters(self) -> Vec<(String, Value)> {
        self.0.into_iter().map(|(path, node)| (path, node.value.clone())).collect()
    }
}

/// The cases of a scenario: one without a sweep.
pub(super) fn cases(table: &Table) -> Result<Vec<Swept<'_>>, ScenarioError> {
    let mut cases = vec![Swept::default()];
    let root = Section::new("", None, table);
    let Some((_, sweep)) = root.table("sweep")? else {
        return Ok(cases);
    };
    for (path, node) in leaves("", sweep) {
        let wrong = |rule: &str| ScenarioError::new(node.line, format_args!("sweep.{path} {rule}"));
        refuse(&path, root).map_err(|rule| wrong(&rule))?;
        if cases.iter().any(|case| case.0.iter().any(|(swept, _)| *swept == path)) {
            return Err(wrong("must be given once, but it is given twice"));
        }
        let values = match &node.value {
            Value::List(values) if !values.is_empty() => values,
            value => {
                let rule = format!("must be a list of values that is not empty, but it is {value}");
                return Err(wrong(&rule));
            }
        };
        if cases.len().saturating_mul(values.len()) > MOST_CASES {
            let message =
                format!("sweep must have at most {MOST_CASES} cases together: name fewer values");
            return Err(ScenarioError::new(node.line, message));
        }
        let mut all = Vec::new();
        for case in &cases {
            for value in values {
                let mut case = case.clone();
                case.0.push((path.clone(), value));
                all.push(case);
            }
        }
        cases = all;
    }
    Ok(cases)
}

/// The values below a table with their full names: `a.b = 1` and `"a.b" = 1` are one name.
pub(super) fn leaves<'a>(path: &str, table: &'a Table) -> Vec<(String, &'a Node)> {
    let entries = table.iter().flat_map(|(key, node)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &node.value {
            Value::Table(table) => leaves(&path, table),
            _ => vec![(path, node)],
        }
    });
    entries.collect()
}

/// Refuses a path that does not lead to a parameter of a case, with the rule.
fn refuse(path: &str, root: Section<'_>) -> Result<(), String> {
    let mut keys = path.split('.');
    let (first, second) = (keys.next().unwrap_or_default(), keys.next());
    if COMMON.contains(&first) {
        return Err(format!("cannot vary, because all cases have one {first}"));
    }
    let Some(name) = second.filter(|_| NAMED.contains(&first)) else {
        return Ok(());
    };
    let tables = root.table(first).ok().flatten().map(|(_, table)| table);
    if tables.is_some_and(|tables| tables.contains_key(name)) {
        return Ok(());
    }
    let names = tables.into_iter().flat_map(|tables| tables.keys().map(String::as_str));
    let advice = did_you_mean(name, names);
    Err(format!(
        "must begin with the name of a table of the scenario, but there is no [{first}.{name}]{advice}"
    ))
}

/// Sets the value at a path, where `fault.1.to` is in the first fault. Returns whether the path leads to a parameter.
fn set(table: &mut Table, path: &str, node: &Node) -> bool {
    let Some((first, rest)) = path.split_once('.') else {
        table.insert(path.to_owned(), node.clone());
        return true;
    };
    let empty = || Node { line: node.line, value: Value::Table(Table::new()) };
    let inner = table.entry(first.to_owned()).or_insert_with(empty);
    match (&mut inner.value, rest.split_once('.')) {
        (Value::Table(table), _) => set(table, rest, node),
        (Value::List(nodes), Some((number, rest))) => {
            let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            match index.and_then(|index| nodes.get_mut(index)).map(|node| &mut node.value) {
                Some(Value::Table(table)) => set(table, rest, node),
                _ => false,
            }
        }
        _ => false,
    }
}
