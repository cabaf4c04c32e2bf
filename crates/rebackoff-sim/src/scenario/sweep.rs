//! The cases of a sweep: one for each combination of the values that it names.

use super::ScenarioError;
use super::node::{Node, Table, Value};
use crate::scenario::section::Section;

/// The most cases of a scenario.
const MOST_CASES: usize = 1000;

/// A case: the swept parameters with their values, and the scenario that has them.
#[derive(Clone, Debug)]
pub(super) struct Swept {
    pub(super) parameters: Vec<(String, Value)>,
    pub(super) table: Table,
}

/// The cases of a scenario: one without a sweep.
pub(super) fn cases(table: &Table) -> Result<Vec<Swept>, ScenarioError> {
    let mut cases = vec![Swept { parameters: Vec::new(), table: table.clone() }];
    let root = Section::new("", None, table);
    let Some((_, sweep)) = root.table("sweep")? else {
        return Ok(cases);
    };
    for (path, node) in leaves("", sweep) {
        let values = match &node.value {
            Value::List(values) if !values.is_empty() => values,
            value => {
                let message = format!(
                    "sweep.{path} must be a list of values that is not empty, but it is {value}"
                );
                return Err(ScenarioError::new(node.line, message));
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
                set(&mut case.table, &path, value, node.line)?;
                case.parameters.push((path.clone(), value.value.clone()));
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

/// Sets the value at a path; `fault.1.to` is in the first fault.
fn set(
    table: &mut Table,
    path: &str,
    value: &Node,
    line: Option<usize>,
) -> Result<(), ScenarioError> {
    let wrong = || ScenarioError::new(line, format_args!("sweep.{path} leads to no parameter"));
    let Some((first, rest)) = path.split_once('.') else {
        table.insert(path.to_owned(), Node { line, value: value.value.clone() });
        return Ok(());
    };
    let empty = || Node { line, value: Value::Table(Table::new()) };
    let node = table.entry(first.to_owned()).or_insert_with(empty);
    match (&mut node.value, rest.split_once('.')) {
        (Value::Table(table), _) => set(table, rest, value, line),
        (Value::List(nodes), Some((number, rest))) => {
            let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            match index.and_then(|index| nodes.get_mut(index)).map(|node| &mut node.value) {
                Some(Value::Table(table)) => set(table, rest, value, line),
                _ => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}
