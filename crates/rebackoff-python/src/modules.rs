//! The modules whose attributes the world patches, looked up at call time.
//!
//! `mock.patch("time.sleep")` replaces an attribute of the module `time`;
//! `mock.patch("backoff._sync.time")` replaces the module in the namespace of `_sync`. Both are
//! seen here.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule, PyString};

/// A module of this package.
pub(crate) struct Own {
    name: &'static str,
    module: PyOnceLock<(Py<PyModule>, Py<PyDict>)>,
}

pub(crate) static SYNC: Own = Own::new("rebackoff._sync");
pub(crate) static ASYNC: Own = Own::new("rebackoff._async");
pub(crate) static COMMON: Own = Own::new("rebackoff._common");
pub(crate) static CALLABLES: Own = Own::new("rebackoff._callables");
pub(crate) static STACK: Own = Own::new("rebackoff._stack");
pub(crate) static GUARDS: Own = Own::new("rebackoff._guards");
static JITTER: Own = Own::new("rebackoff._jitter");

impl Own {
    const fn new(name: &'static str) -> Self {
        Self { name, module: PyOnceLock::new() }
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyModule>> {
        Ok(self.loaded(py)?.0.bind(py))
    }

    /// The module's namespace, as it is, without its `__getattr__`.
    pub(crate) fn namespace<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        Ok(self.loaded(py)?.1.bind(py))
    }

    fn loaded(&self, py: Python<'_>) -> PyResult<&(Py<PyModule>, Py<PyDict>)> {
        self.module.get_or_try_init(py, || {
            let module = py.import(self.name)?;
            let namespace = module.dict().unbind();
            Ok((module.unbind(), namespace))
        })
    }
}

/// `time.sleep`.
pub(crate) fn sleep(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    attribute(&SYNC, intern!(py, "time"), intern!(py, "sleep"))
}

/// `random.uniform`.
pub(crate) fn uniform(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    attribute(&JITTER, intern!(py, "random"), intern!(py, "uniform"))
}

/// `time.monotonic` and its like, where `_sync` sees the module `time`.
pub(crate) fn time<'py>(name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    attribute(&SYNC, intern!(name.py(), "time"), name)
}

/// `asyncio.sleep`, where `_async` sees the module `asyncio`.
pub(crate) fn asyncio<'py>(name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    attribute(&ASYNC, intern!(name.py(), "asyncio"), name)
}

/// `random.random`, where `_jitter` sees the module `random`.
pub(crate) fn random<'py>(name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    attribute(&JITTER, intern!(name.py(), "random"), name)
}

/// The module `name`, if the program has imported it.
pub(crate) fn imported<'py>(name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    loaded(name.py())?.get_item(name)
}

/// `sys.modules`.
pub(crate) fn loaded(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let modules = MODULES.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?.unbind())
    })?;
    Ok(modules.bind(py))
}

/// What the module `module` has under `name`, where `own` sees it: in its namespace, or else by its
/// `__getattr__`, which imports what is not there yet.
fn attribute<'py>(
    own: &Own,
    module: &Bound<'py, PyString>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = name.py();
    let module = match own.namespace(py)?.get_item(module)? {
        Some(module) => module,
        None => own.get(py)?.getattr(module)?,
    };
    // The way around `getattr` is for speed only.
    if let Ok(module) = module.cast_exact::<PyModule>() {
        if let Some(attribute) = module.dict().get_item(name)? {
            return Ok(attribute);
        }
    }
    module.getattr(name)
}
