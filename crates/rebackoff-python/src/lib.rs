//! The extension module of the Python package `rebackoff`: the engine and the guards, without a driver, and
//! the simulator.
//!
//! Python drives: it calls targets, handlers and conditions, sleeps, reads the clock and draws at
//! random. The extension calls no Python code and holds no Python object. Exact numbers, words and
//! `None` cross the boundary, in both directions.
#![forbid(unsafe_code)]

mod engine;
mod guards;
mod hint;
mod policy;
mod simulate;
mod words;

use pyo3::prelude::*;

/// The engine and the guards.
#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<engine::Limits>()?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<guards::Budget>()?;
    module.add_class::<guards::Withdrawal>()?;
    module.add_class::<guards::Breaker>()?;
    module.add_class::<guards::Permit>()?;
    module.add_class::<guards::CallGuards>()?;
    module.add_class::<guards::Fleet>()?;
    module.add_function(wrap_pyfunction!(guards::open_message, module)?)?;
    module.add_function(wrap_pyfunction!(hint::hint, module)?)?;
    module.add_function(wrap_pyfunction!(hint::should_retry, module)?)?;
    module.add_function(wrap_pyfunction!(policy::policy, module)?)?;
    module.add_function(wrap_pyfunction!(policy::variables, module)?)?;
    module.add_function(wrap_pyfunction!(simulate::simulate, module)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    Ok(())
}
