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
    module: PyOnceLock<Py<PyModule>>,
}

pub(crate) static SYNC: Own = Own::new("rebackoff._sync");
pub(crate) static ASYNC: Own = Own::new("rebackoff._async");
pub(crate) static COMMON: Own = Own::new("rebackoff._common");
pub(crate) static CALLABLES: Own = Own::new("rebackoff._callables");
static JITTER: Own = Own::new("rebackoff._jitter");

impl Own {
    const fn new(name: &'static str) -> Self {
        Self { name, module: PyOnceLock::new() }
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyModule>> {
        let module = self.module.get_or_try_init(py, || py.import(self.name).map(Bound::unbind))?;
        Ok(module.bind(py))
    }

    /// What the module's namespace holds under `name`, without asking its `__getattr__`.
    pub(crate) fn held<'py>(
        &self,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        namespace(self.get(name.py())?).get_item(name)
    }
}

pub(crate) fn namespace<'py>(module: &Bound<'py, PyModule>) -> Bound<'py, PyDict> {
    module.dict()
}

/// The module `time`, as `_sync` sees it.
pub(crate) fn time(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    seen(&SYNC, intern!(py, "time"))
}

/// The module `asyncio`, as `_async` sees it.
pub(crate) fn asyncio(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    seen(&ASYNC, intern!(py, "asyncio"))
}

/// The module `random`, as `_jitter` sees it.
pub(crate) fn random(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    seen(&JITTER, intern!(py, "random"))
}

/// The module `name`, if the program has imported it.
pub(crate) fn imported<'py>(name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let py = name.py();
    let modules = MODULES.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?.unbind())
    })?;
    modules.bind(py).get_item(name)
}

/// The namespace of the module first, then its `__getattr__`, which imports what is not there yet.
fn seen<'py>(own: &Own, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    own.get(name.py())?.getattr(name)
}
