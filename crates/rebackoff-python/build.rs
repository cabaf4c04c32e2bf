//! Makes `Py_3_12` and its like known to the crate, for what only some interpreters have.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
