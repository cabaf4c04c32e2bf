//! The extension module of the Python package `rebackoff`.
//!
//! The decisions are the engine's (`rebackoff-core`). What must be Python stays Python: the
//! decorated function is one, and everything that programs and their tests patch (`time.sleep`,
//! `random.uniform`, handlers, loggers) is looked up when it is needed, where they patch it.
//!
//! A decorator makes a `Run` of its options, once. A call that fails makes a
//! `Call`, which holds the engine; `settle` is what happens between two tries.

mod call;
mod clock;
mod details;
mod guards;
mod hint;
mod jitter;
mod log;
mod modules;
mod options;
mod outside;
mod random;
mod run;
mod scope;
mod seconds;
mod settle;
mod sleep;
mod stack;
mod steps;
mod strategy;
mod telemetry;
mod testing;
mod waits;

use pyo3::prelude::*;

/// What Rust does for the package.
#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<waits::Waits>()?;
    module.add_class::<run::Run>()?;
    module.add_class::<call::Call>()?;
    module.add_class::<steps::Steps>()?;
    module.add_class::<clock::Start>()?;
    module.add_class::<scope::Scope>()?;
    module.add_class::<guards::Breaker>()?;
    module.add_class::<guards::Budget>()?;
    module.add_class::<guards::Permit>()?;
    module.add_class::<guards::Withdrawal>()?;
    module.add_function(wrap_pyfunction!(clock::clock, module)?)?;
    module.add_function(wrap_pyfunction!(scope::remaining, module)?)?;
    module.add_function(wrap_pyfunction!(hint::hint, module)?)?;
    module.add_function(wrap_pyfunction!(testing::set_disabled, module)?)?;
    module.add_function(wrap_pyfunction!(testing::set_waits, module)?)?;
    module.add_function(wrap_pyfunction!(telemetry::set_exporters, module)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    Ok(())
}
