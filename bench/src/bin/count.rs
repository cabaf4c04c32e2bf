//! `count ROW N` runs one row n times; a profiler counts the instructions.

use std::env;
use std::process::ExitCode;

use rebackoff_bench::rows::COUNTED;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(row), Some(n)) = (arguments.next(), arguments.next()) else {
        for (name, _) in COUNTED {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    let run = COUNTED.iter().find(|(name, _)| *name == row);
    match (run, n.parse()) {
        (Some((_, run)), Ok(n)) => {
            run(n);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("count: no row {row:?}, or {n:?} is no number");
            ExitCode::FAILURE
        }
    }
}
