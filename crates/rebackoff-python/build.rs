//! Makes `Py_3_12` and its like known to the crate, for what only some interpreters have.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo::rustc-check-cfg=cfg(accelerated)");
    if has_accelerator() {
        println!("cargo::rustc-cfg=accelerated");
    }
}

/// `CPython` has what the accelerator needs from 3.12 on.
fn has_accelerator() -> bool {
    let config = pyo3_build_config::get();
    let version = config.version();
    config.implementation() == pyo3_build_config::PythonImplementation::CPython
        && (version.major, version.minor) >= (3, 12)
}
