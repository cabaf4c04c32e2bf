//! The records that decorators log by default.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::modules::COMMON;
use crate::outside;

/// Where, and how loud.
pub(crate) struct Log {
    pub(crate) logger: Py<PyAny>,
    pub(crate) backoff_level: Py<PyAny>,
    pub(crate) giveup_level: Py<PyAny>,
}

/// Which record.
#[derive(Clone, Copy)]
pub(crate) enum Record {
    Backoff,
    Giveup,
}

impl Log {
    /// Whether the record can be left out because provably nobody would see it.
    pub(crate) fn is_unseen(&self, py: Python<'_>, record: Record) -> PyResult<bool> {
        is_unseen(self.logger.bind(py), self.level(record).bind(py))
    }

    /// Logs through Python, so that everything there is to patch has its effect.
    pub(crate) fn write(
        &self,
        details: &Bound<'_, PyDict>,
        record: Record,
        in_context: bool,
    ) -> PyResult<()> {
        let py = details.py();
        let function = match (record, in_context) {
            (Record::Backoff, false) => intern!(py, "_log_backoff"),
            (Record::Giveup, false) => intern!(py, "_log_giveup"),
            (Record::Backoff, true) => intern!(py, "_log_backoff_context"),
            (Record::Giveup, true) => intern!(py, "_log_giveup_context"),
        };
        let function = COMMON.get(py)?.getattr(function)?;
        let arguments = (details, &self.logger, self.level(record)).into_pyobject(py)?;
        outside::call(&function, &arguments, None)?;
        Ok(())
    }

    fn level(&self, record: Record) -> &Py<PyAny> {
        match record {
            Record::Backoff => &self.backoff_level,
            Record::Giveup => &self.giveup_level,
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.logger)?;
        visit.call(&self.backoff_level)?;
        visit.call(&self.giveup_level)
    }
}

/// What the module `logging` is born with.
struct Born {
    logger: Py<PyAny>,
    null_handler: Py<PyAny>,
    /// The methods of `Logger` on the way of a record, as they were.
    methods: Vec<(Py<PyString>, Py<PyAny>)>,
    /// The methods of `NullHandler`.
    null_methods: Vec<(Py<PyString>, Py<PyAny>)>,
    factory: Py<PyAny>,
}

/// The methods that decide whether there is a record come first.
const METHODS: [&str; 9] = [
    "log",
    "isEnabledFor",
    "_log",
    "findCaller",
    "makeRecord",
    "handle",
    "filter",
    "callHandlers",
    "getEffectiveLevel",
];
const DECIDING: usize = 2;
const NULL_METHODS: [&str; 2] = ["handle", "emit"];

fn is_unseen(logger: &Bound<'_, PyAny>, level: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = logger.py();
    let Some(born) = born(py)? else {
        return Ok(false);
    };
    let class = logger.get_type();
    if !class.is(&born.logger) {
        return Ok(false);
    }
    let attributes = logger.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
    let untouched = |methods: &[(Py<PyString>, Py<PyAny>)]| -> PyResult<bool> {
        for (name, method) in methods {
            let name = name.bind(py);
            if !class.getattr(name)?.is(method) || attributes.contains(name)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if !untouched(&born.methods[..DECIDING])? {
        return Ok(false);
    }
    if !is_enabled(logger, &attributes, level)? {
        return Ok(true);
    }
    Ok(untouched(&born.methods[DECIDING..])?
        && is_empty(&logger.getattr(intern!(py, "filters"))?)
        && born.record_factory_is_original(py)?
        && born.ends_in_null_handlers(logger)?)
}

/// `logger.isEnabledFor(level)`, which keeps its answers in a dict.
fn is_enabled(
    logger: &Bound<'_, PyAny>,
    attributes: &Bound<'_, PyDict>,
    level: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = logger.py();
    let disabled = attributes.get_item(intern!(py, "disabled"))?;
    if disabled.map_or(Ok(false), |disabled| disabled.is_truthy())? {
        return Ok(false);
    }
    if let Some(cache) = attributes.get_item(intern!(py, "_cache"))? {
        if let Some(answer) = cache.cast::<PyDict>()?.get_item(level)? {
            return answer.is_truthy();
        }
    }
    logger.call_method1(intern!(py, "isEnabledFor"), (level,))?.is_truthy()
}

impl Born {
    fn record_factory_is_original(&self, py: Python<'_>) -> PyResult<bool> {
        let logging = py.import(intern!(py, "logging"))?;
        Ok(logging.getattr(intern!(py, "_logRecordFactory"))?.is(&self.factory))
    }

    /// Whether every handler up the chain is a `NullHandler`, and there is one.
    fn ends_in_null_handlers(&self, logger: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = logger.py();
        let null_handler = self.null_handler.bind(py);
        for (name, method) in &self.null_methods {
            if !null_handler.getattr(name.bind(py))?.is(method) {
                return Ok(false);
            }
        }
        let mut found = false;
        let mut next = logger.clone();
        while !next.is_none() {
            for handler in next.getattr(intern!(py, "handlers"))?.try_iter()? {
                let handler = handler?;
                if !handler.get_type().is(null_handler) || has_own_attributes(&handler)? {
                    return Ok(false);
                }
                found = true;
            }
            if !next.getattr(intern!(py, "propagate"))?.is_truthy()? {
                break;
            }
            next = next.getattr(intern!(py, "parent"))?;
        }
        Ok(found)
    }
}

fn has_own_attributes(handler: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = handler.py();
    let attributes = handler.getattr(intern!(py, "__dict__"))?;
    Ok(attributes.contains(intern!(py, "handle"))? || attributes.contains(intern!(py, "emit"))?)
}

fn is_empty(list: &Bound<'_, PyAny>) -> bool {
    list.cast_exact::<PyList>().is_ok_and(pyo3::types::PyListMethods::is_empty)
}

fn born(py: Python<'_>) -> PyResult<Option<&'static Born>> {
    static BORN: PyOnceLock<Option<Born>> = PyOnceLock::new();
    Ok(BORN.get_or_try_init(py, || find_born(py))?.as_ref())
}

/// `None` when something was replaced before the first look, so that nothing can be proven.
fn find_born(py: Python<'_>) -> PyResult<Option<Born>> {
    let logging = py.import("logging")?;
    let own = |object: &Bound<'_, PyAny>| -> PyResult<bool> {
        let module = object.getattr_opt("__module__")?;
        module.map_or(Ok(false), |module| module.eq("logging"))
    };
    let (logger, null_handler) = (logging.getattr("Logger")?, logging.getattr("NullHandler")?);
    let factory = logging.getattr("LogRecord")?;
    let home = logging.getattr("getLogger")?.getattr("__code__")?.getattr("co_filename")?;
    let mut all_own = own(&logger)? && own(&null_handler)? && own(&factory)?;
    let mut methods_of = |class: &Bound<'_, PyAny>, names: &[&str]| {
        let mut methods = Vec::new();
        for name in names {
            let name = PyString::intern(py, name);
            let method = class.getattr(&name)?;
            all_own &= match method.getattr_opt("__code__")? {
                Some(code) => code.getattr("co_filename")?.eq(&home)?,
                None => false,
            };
            methods.push((name.unbind(), method.unbind()));
        }
        Ok::<_, PyErr>(methods)
    };
    let methods = methods_of(&logger, &METHODS)?;
    let null_methods = methods_of(&null_handler, &NULL_METHODS)?;
    let (logger, null_handler) = (logger.unbind(), null_handler.unbind());
    let factory = factory.unbind();
    Ok(all_own.then_some(Born { logger, null_handler, methods, null_methods, factory }))
}
