//! A scenario's tables, read into a model.

use std::path::PathBuf;

use rebackoff_core::{Policy, Settings};

use super::ScenarioError;
use super::guards::guard_rules;
use super::node::{Table, Value};
use super::section::Section;
use crate::client::Link;
use crate::distribution::Distribution;
use crate::fault::{Effect, Fault};
use crate::guard::Fleet;
use crate::load::{Load, LoadKind};
use crate::model::Model;
use crate::profile::{Layer, Profile, Source, built_in};
use crate::server::Server;

type Read<T> = Result<T, ScenarioError>;

/// The keys of a scenario.
const KEYS: [&str; 15] = [
    "name", "about", "seed", "runs", "duration", "drain", "warmup", "bin", "load", "client",
    "profiles", "server", "fault", "sweep", "expect",
];

/// The most clients, servers of a scenario, and bins of its time series.
const MOST_CLIENTS: u64 = 10_000_000;
const MOST_SERVERS: usize = 64;
const MOST_BINS: u64 = 10_000;

/// The bins of a time series by default.
const BINS: u64 = 120;

/// The place of policies: tables of a scenario, and policies that a program sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policies<'a> {
    pub(super) own: &'a [(String, Policy)],
    pub(super) others: &'a Table,
}

struct Reader<'a> {
    root: Section<'a>,
    policies: Policies<'a>,
    servers: Vec<String>,
}

/// Reads one case of a scenario.
pub(super) fn read(table: &Table, policies: Policies<'_>) -> Read<Model> {
    let root = Section::new("", None, table);
    root.allow(&KEYS)?;
    let servers: Vec<_> = match root.table("server")? {
        None => Vec::new(),
        Some((_, servers)) => servers.keys().cloned().collect(),
    };
    if servers.is_empty() || servers.len() > MOST_SERVERS {
        let message = format!(
            "a scenario has from 1 to {MOST_SERVERS} tables [server.NAME], but there are {}",
            servers.len()
        );
        return Err(ScenarioError::new(root.get("server").and_then(|node| node.line), message));
    }
    Reader { root, policies, servers }.model()
}

impl Reader<'_> {
    fn model(&self) -> Read<Model> {
        let root = self.root;
        let duration = root.nanos("duration", 0)?;
        if duration == 0 {
            return Err(
                root.wrong("duration", "a duration above 0s, the simulated time of the load")
            );
        }
        let warmup = root.nanos("warmup", 0)?;
        if warmup >= duration {
            return Err(root.wrong("warmup", "shorter than the duration"));
        }
        let drain = root.nanos("drain", 0)?;
        let end = duration.saturating_add(drain);
        let bin = root.nanos("bin", round_bin(end / BINS))?;
        if bin == 0 || end / bin.max(1) > MOST_BINS {
            let rule = format!("above 0s and at least duration + drain divided by {MOST_BINS}");
            return Err(root.wrong("bin", &rule));
        }
        let (load, fleet) = self.load(duration)?;
        let mut links = vec![self.client_link()?];
        let servers = self.all_servers(&mut links)?;
        self.refuse_circle(&servers, &links)?;
        let faults = self.faults(&servers, end)?;
        let seed = root.count("seed", 0..=u64::MAX, 0)?;
        Ok(Model { seed, duration, drain, warmup, bin, load, fleet, servers, links, faults })
    }

    /// The load, which lasts for `duration`.
    fn load(&self, duration: u64) -> Read<(Load, Fleet)> {
        let empty = Table::new();
        let (line, table) = self.root.table("load")?.unwrap_or((None, &empty));
        let load = Section::new("load", line, table);
        let allow =
            |own: &[&'static str]| load.allow(&[&["kind", "clients", "processes"], own].concat());
        let clients = load.count("clients", 1..=MOST_CLIENTS, 1)?;
        let processes = load.count("processes", 1..=clients, 1)?;
        let fleet = Fleet {
            clients: u32::try_from(clients).unwrap_or(u32::MAX),
            processes: u32::try_from(processes).unwrap_or(u32::MAX),
        };
        let kinds = [("open", 0), ("closed", 1), ("serial", 2), ("burst", 3)];
        let rate = || {
            let rate = load.number("rate", 1e-6..=1e9)?;
            rate.ok_or_else(|| load.wrong("rate", "a number of calls a second"))
        };
        let kind = match load.choice("kind", &kinds)?.unwrap_or(0) {
            0 => {
                allow(&["rate", "arrivals", "changes"])?;
                let arrivals = [("poisson", false), ("fixed", true)];
                let is_fixed = load.choice("arrivals", &arrivals)?.unwrap_or(false);
                LoadKind::Open { rate: rate()?, is_fixed }
            }
            1 => {
                allow(&["think", "changes"])?;
                let think = load.distribution("think", Distribution::Exponential { mean: 1e9 })?;
                LoadKind::Closed { think }
            }
            2 => {
                allow(&["rate", "changes"])?;
                LoadKind::Serial { rate: rate()? / clients as f64 }
            }
            _ => {
                allow(&["at", "within"])?;
                LoadKind::Burst {
                    at: moment(&load, "at", duration)?,
                    within: load.nanos("within", 0)?,
                }
            }
        };
        Ok((Load { kind, changes: changes(&load, duration)? }, fleet))
    }

    fn client_link(&self) -> Read<Link> {
        let empty = Table::new();
        let (line, table) = self.root.table("client")?.unwrap_or((None, &empty));
        self.link(&Section::new("client", line, table), None)
    }

    /// A link to a server: of clients, or of the server `of`.
    fn link(&self, section: &Section<'_>, of: Option<&str>) -> Read<Link> {
        section.allow(&[
            "server",
            "profile",
            "delay",
            "pass_deadline",
            "pass_nested",
            "budget",
            "breaker",
            "gate",
        ])?;
        let server = match (section.text("server")?, of) {
            (Some(name), _) => {
                self.servers.iter().position(|server| server == name).ok_or_else(|| {
                    section.wrong(
                        "server",
                        &format!("the name of a server: {}", self.servers.join(", ")),
                    )
                })?
            }
            (None, None) if self.servers.len() == 1 => 0,
            (None, _) => return Err(section.wrong("server", "the name of a server")),
        };
        let profile = self.profile(section)?;
        let timeout = profile
            .timeout
            .map(|timeout| rebackoff_core::Seconds::from_duration(timeout).to_nanos());
        Ok(Link {
            server,
            policy: profile.policy,
            throttled: profile.throttled,
            timeout,
            guards: guard_rules(section)?,
            delay: section.distribution("delay", Distribution::ZERO)?,
            passes_deadline: section.flag("pass_deadline")?,
            passes_nested: section.flag("pass_nested")?,
        })
    }

    /// The profile that a link names: a policy of the program, a table of the scenario or of `rebackoff.toml`.
    fn profile(&self, section: &Section<'_>) -> Read<Profile> {
        let given = section.text("profile")?;
        let name = given.unwrap_or("default");
        if let Some((_, policy)) = self.policies.own.iter().find(|(own, _)| own == name) {
            return Ok(Profile { cap_is_given: true, ..Profile::from(*policy) });
        }
        let empty = Table::new();
        let (_, own) = self.root.table("profiles")?.unwrap_or((None, &empty));
        let Some(node) = own.get(name).or_else(|| self.policies.others.get(name)) else {
            let built_in =
                given.map_or_else(|| Some(Vec::new()), |name| Some(vec![built_in(name)?]));
            if let Some(layers) = built_in {
                return Profile::of(&layers).map_err(|error| ScenarioError::new(None, error));
            }
            let names: Vec<_> =
                own.keys().chain(self.policies.others.keys()).map(String::as_str).collect();
            let names =
                if names.is_empty() { "there is none".to_owned() } else { names.join(", ") };
            return Err(section.wrong("profile", &format!("the name of a profile: {names}")));
        };
        let Value::Table(table) = &node.value else {
            return Err(ScenarioError::new(
                node.line,
                format_args!("profiles.{name} must be a table"),
            ));
        };
        let mut parameters = Settings::new();
        for (key, node) in table {
            parameters.set(key, node.value.setting());
        }
        let source = Source::File { path: PathBuf::from("profiles"), profile: name.to_owned() };
        Profile::of(&[Layer::with(source, parameters)]).map_err(|error| {
            let message = error.to_string();
            let named = table.iter().filter(|(key, _)| message.contains(key.as_str()));
            let line =
                named.max_by_key(|(key, _)| key.len()).map_or(node.line, |(_, node)| node.line);
            ScenarioError::new(line, message)
        })
    }

    /// The servers; each link of a server is added to `links`.
    fn all_servers(&self, links: &mut Vec<Link>) -> Read<Vec<Server>> {
        let Some((_, tables)) = self.root.table("server")? else {
            return Ok(Vec::new());
        };
        let server = |(name, node): (&String, &super::node::Node)| {
            let path = format!("server.{name}");
            let Value::Table(table) = &node.value else {
                return Err(ScenarioError::new(node.line, format_args!("{path} must be a table")));
            };
            self.server(name, &Section::new(&path, node.line, table), links)
        };
        tables.iter().map(server).collect()
    }

    fn server(&self, name: &str, section: &Section<'_>, links: &mut Vec<Link>) -> Read<Server> {
        section.allow(&[
            "workers",
            "queue",
            "service",
            "reject_cost",
            "slowdown",
            "on_timeout",
            "error_rate",
            "hint",
            "optimistic",
            "calls",
        ])?;
        let calls = match section.table("calls")? {
            None => None,
            Some((line, table)) => {
                let path = section.key("calls");
                links.push(self.link(&Section::new(&path, line, table), Some(name))?);
                u16::try_from(links.len() - 1).ok()
            }
        };
        Ok(Server {
            name: name.to_owned(),
            workers: section.bound("workers", 1..=1_000_000, u32::MAX)?,
            queue: section.bound("queue", 0..=100_000_000, u32::MAX)?,
            service: section.distribution("service", Distribution::ZERO)?,
            reject_cost: section.nanos("reject_cost", 0)?,
            slowdown: section.number("slowdown", 0.0..=1000.0)?.unwrap_or(0.0),
            cancels: section
                .choice("on_timeout", &[("finish", false), ("cancel", true)])?
                .unwrap_or(false),
            error_rate: section.number("error_rate", 0.0..=1.0)?.unwrap_or(0.0),
            hint: section.duration("hint")?,
            is_optimistic: section.flag("optimistic")?,
            calls,
        })
    }

    /// Refuses servers that call each other in a circle.
    fn refuse_circle(&self, servers: &[Server], links: &[Link]) -> Read<()> {
        for server in servers {
            let called = |link: u16| servers[links[link as usize].server].calls;
            let last = servers.iter().fold(server.calls, |link, _| link.and_then(called));
            if last.is_some() {
                let message = format!(
                    "server.{}.calls: servers must not call each other in a circle",
                    server.name
                );
                let line =
                    self.root.table("server")?.and_then(|(_, table)| table.get(&server.name)?.line);
                return Err(ScenarioError::new(line, message));
            }
        }
        Ok(())
    }

    fn faults(&self, servers: &[Server], end: u64) -> Read<Vec<Fault>> {
        let nodes = match self.root.get("fault").map(|node| &node.value) {
            None => return Ok(Vec::new()),
            Some(Value::List(nodes)) => nodes,
            Some(_) => return Err(self.root.wrong("fault", "tables [[fault]]")),
        };
        let fault = |(n, node): (usize, &super::node::Node)| {
            let path = format!("fault.{}", n + 1);
            let Value::Table(table) = &node.value else {
                return Err(ScenarioError::new(node.line, format_args!("{path} must be a table")));
            };
            fault(&Section::new(&path, node.line, table), servers, end)
        };
        nodes.iter().enumerate().map(fault).collect()
    }
}

/// A moment before the end of the load.
fn moment(section: &Section<'_>, key: &str, duration: u64) -> Read<u64> {
    let moment = section.nanos(key, 0)?;
    if moment >= duration {
        return Err(section.wrong(key, "before the end of the load, which is the duration"));
    }
    Ok(moment)
}

fn changes(load: &Section<'_>, duration: u64) -> Read<Vec<(u64, f64)>> {
    let nodes = match load.get("changes").map(|node| &node.value) {
        None => return Ok(Vec::new()),
        Some(Value::List(nodes)) => nodes,
        Some(_) => return Err(load.wrong("changes", "a list of tables with at and factor")),
    };
    let change = |node: &super::node::Node| {
        let Value::Table(table) = &node.value else {
            return Err(load.wrong("changes", "a list of tables with at and factor"));
        };
        let section = Section::new("load.changes", node.line, table);
        section.allow(&["at", "factor"])?;
        let factor = section.number("factor", 0.001..=1000.0)?;
        let factor =
            factor.ok_or_else(|| section.wrong("factor", "a number from 0.001 to 1000"))?;
        Ok((moment(&section, "at", duration)?, factor))
    };
    let mut changes = nodes.iter().map(change).collect::<Read<Vec<_>>>()?;
    changes.sort_by_key(|(at, _)| *at);
    Ok(changes)
}

fn fault(section: &Section<'_>, servers: &[Server], end: u64) -> Read<Fault> {
    let names: Vec<_> = servers.iter().map(|server| server.name.as_str()).collect();
    let server = match section.text("server")? {
        None if servers.len() == 1 => 0,
        name => names.iter().position(|server| Some(*server) == name).ok_or_else(|| {
            section.wrong("server", &format!("the name of a server: {}", names.join(", ")))
        })?,
    };
    let kinds =
        [("down", 0), ("freeze", 1), ("slow", 2), ("capacity", 3), ("errors", 4), ("latency", 5)];
    let allow =
        |own: &[&'static str]| section.allow(&[&["server", "kind", "from", "to"], own].concat());
    let share = |key| {
        allow(&[key])?;
        Ok(section.number(key, 0.0..=1.0)?.unwrap_or(0.5))
    };
    let effect = match section.choice("kind", &kinds)? {
        Some(kind @ (0 | 1)) => {
            allow(&[])?;
            if kind == 0 { Effect::Down } else { Effect::Freeze }
        }
        Some(2) => {
            allow(&["factor"])?;
            Effect::Slow(section.number("factor", 1.0..=1e6)?.unwrap_or(10.0))
        }
        Some(3) => Effect::Capacity(share("share")?),
        Some(4) => Effect::Errors(share("rate")?),
        Some(_) => {
            allow(&["latency"])?;
            Effect::Latency(section.nanos("latency", 1_000_000_000)?)
        }
        None => {
            return Err(
                section.wrong("kind", "one of down, freeze, slow, capacity, errors, latency")
            );
        }
    };
    let (from, to) = (section.nanos("from", 0)?, section.nanos("to", 0)?);
    if to <= from {
        return Err(section.wrong("to", "later than from"));
    }
    if from >= end {
        return Err(section.wrong("from", "before the end, which is duration + drain"));
    }
    Ok(Fault { server, effect, from, to })
}

/// The next width up of the form 1, 2 or 5 · 10ⁿ nanoseconds.
fn round_bin(width: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            if power.saturating_mul(step) >= width {
                return power.saturating_mul(step);
            }
        }
        power = power.saturating_mul(10);
    }
}
