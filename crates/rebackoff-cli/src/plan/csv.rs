//! A plan as lines of CSV.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rebackoff_sim::plan::{PlanFigures, PlanLoad};
use serde_json::Value;

use crate::CliError;

/// A line for each try, then a line for each figure of the load, by its name in JSON.
pub(super) fn table(figures: &PlanFigures) -> Result<String, CliError> {
    let mut table = "try,raw_wait,shortest_wait,longest_wait,p5,p50,p95,share\n".to_owned();
    let wait = |wait: Option<f64>| wait.map_or_else(String::new, |wait| wait.to_string());
    // Writing to a string cannot fail.
    for row in &figures.tries {
        let waits = [row.raw_wait, row.shortest_wait, row.longest_wait].map(wait).join(",");
        let (number, p5, p50, p95, share) = (row.number, row.p5, row.p50, row.p95, row.share);
        let _ = writeln!(table, "{number},{waits},{p5},{p50},{p95},{share}");
    }
    let loads = std::iter::once(&figures.load).chain(&figures.compared).map(numbers);
    let loads = loads.collect::<Result<Vec<_>, _>>()?;
    table.push_str(if loads.len() == 1 {
        "\nfigure,policy\n"
    } else {
        "\nfigure,policy,compared\n"
    });
    let names: BTreeSet<_> = loads.iter().flat_map(BTreeMap::keys).collect();
    for name in names {
        let value = |load: &BTreeMap<_, _>| load.get(name).map(f64::to_string).unwrap_or_default();
        let values: Vec<_> = loads.iter().map(value).collect();
        let _ = writeln!(table, "{name},{}", values.join(","));
    }
    Ok(table)
}

/// The numbers of a load by their names, for example `peak_second.retries`.
fn numbers(load: &PlanLoad) -> Result<BTreeMap<String, f64>, CliError> {
    let mut numbers = BTreeMap::new();
    collect("", &serde_json::to_value(load).map_err(CliError::new)?, &mut numbers);
    Ok(numbers)
}

fn collect(name: &str, value: &Value, numbers: &mut BTreeMap<String, f64>) {
    if let Some(number) = value.as_f64() {
        numbers.insert(name.to_owned(), number);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        collect(&name, value, numbers);
    }
}
