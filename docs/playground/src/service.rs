//! The scenario of a form: clients that call one server, which has an outage.

use rebackoff_sim::profile::duration;

use crate::form::{Form, Wrong, text};
use crate::front_ends::toml;
use crate::guard::Guard;

/// The workers of the server. With its capacity they give the time of a job.
const WORKERS: f64 = 20.0;

/// The begin of the outage.
const BEGIN: f64 = 20.0;

/// The scenario as TOML, with this table `[fetch]` of the policy.
pub(crate) fn scenario(form: &Form, profile: &str) -> Result<String, Wrong> {
    let rate = form.number("rate", 80.0, [0.001, 10_000.0])?;
    let capacity = form.number("capacity", 100.0, [0.001, 100_000.0])?;
    let clients = form.number("clients", 1000_u32, [1, 100_000])?;
    let processes = form.number("processes", 10, [1, 100_000])?.min(clients);
    let queue = form.number("queue", 200_u32, [0, 1_000_000])?;
    let seed = form.number("seed", 0, [0, u64::MAX])?;
    let length = form.text("duration", "2m");
    let guards = [table("budget", Guard::budget(form)?), table("breaker", Guard::breaker(form)?)];
    let guards = guards.concat();
    let service = WORKERS / capacity;
    let fault = fault(form)?;
    Ok(format!(
        "seed = {seed}\nruns = 1\nduration = {length:?}\ndrain = \"10s\"\n\n\
         [load]\nrate = {rate}\nclients = {clients}\nprocesses = {processes}\n\n\
         [client]\nprofile = \"fetch\"\n{guards}\n\
         [profiles.{}\n\
         [server.api]\nworkers = {WORKERS}\nqueue = {queue}\nservice = {{ exponential = {service} }}\n{fault}",
        profile.trim_start_matches('[')
    ))
}

/// The guards of a process as a table in one line; nothing without a guard.
fn table(name: &str, guard: Option<Guard>) -> String {
    guard.map_or_else(String::new, |guard| {
        let kind = guard.kind.map(|kind| format!("kind = \"{kind}\", ")).unwrap_or_default();
        let parameters = guard.parameters.iter();
        let parameters = parameters.map(|(name, value)| format!("{name} = {}, ", toml(value)));
        format!("{name} = {{ {kind}{}scope = \"process\" }}\n", parameters.collect::<String>())
    })
}

fn fault(form: &Form) -> Result<String, Wrong> {
    let outage = form.text("outage", "0s");
    let lasts = duration("outage", outage).map_err(text)?;
    if lasts.is_zero() {
        return Ok(String::new());
    }
    let end = lasts.as_secs_f64() + BEGIN;
    let kind = form.text("fault", "down");
    Ok(format!("\n[[fault]]\nkind = {kind:?}\nfrom = {BEGIN}\nto = {end}\n"))
}
