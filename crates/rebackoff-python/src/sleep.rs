//! Who sleeps.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::{modules, outside};

/// `time.sleep(wait)`.
pub(crate) fn block(wait: &Bound<'_, PyAny>) -> PyResult<()> {
    outside::call1(&modules::sleep(wait.py())?, wait)?;
    Ok(())
}

/// `asyncio.sleep(wait)`, or the `sleep` of the async library that runs this task.
pub(crate) fn pause<'py>(wait: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = wait.py();
    let name = intern!(py, "sleep");
    let sleep = match foreign_library(py)? {
        Some(library) => library.getattr(name)?,
        None => modules::asyncio(name)?,
    };
    sleep.call1((wait,))
}

/// The library that runs this task, if it is another than asyncio. Trio tells it to sniffio.
fn foreign_library(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(sniffio) = modules::imported(intern!(py, "sniffio"))? else {
        return Ok(None);
    };
    let Ok(library) = sniffio.call_method0(intern!(py, "current_async_library")) else {
        return Ok(None);
    };
    if library.eq(intern!(py, "asyncio"))? {
        return Ok(None);
    }
    modules::imported(library.cast::<PyString>()?)
}
