//! The store: scripts in Redis.

use std::env::var;
use std::fs::read_to_string;
use std::time::Duration;

use redis::{
    Connection, ErrorKind, RedisError, RedisResult, Script, ScriptInvocation, ServerErrorKind,
};

use super::protocol::{
    Action, BreakerAnswer, BreakerRequest, BreakerTerms, BudgetAnswer, BudgetRequest, FleetState,
    OpenFor,
};
use super::rule::{BudgetRule, Kind};

/// The shortest time for which a bucket of `per_second` is kept; a full one is as good as a new one.
const SHORTEST_TTL: Duration = Duration::from_secs(86_400);

/// The scripts, with their hashes.
pub(super) struct Store {
    /// The name of this process: host, process and a random number.
    member: String,
    per_second: Script,
    share: Script,
    breaker: Script,
}

impl Store {
    pub(super) fn new(member: u64) -> Self {
        Self::of(member, Script::new)
    }

    pub(super) fn of(member: u64, script: impl Fn(&str) -> Script) -> Self {
        Self {
            member: format!("{}:{}:{member:016x}", host_name(), std::process::id()),
            per_second: script(include_str!("scripts/per_second.lua")),
            share: script(include_str!("scripts/share.lua")),
            breaker: script(include_str!("scripts/breaker.lua")),
        }
    }

    /// Asks for tokens of the budget at `key`.
    pub(super) fn run_budget(
        &self,
        connection: &mut Connection,
        key: &str,
        rule: &BudgetRule,
        request: &BudgetRequest,
    ) -> RedisResult<BudgetAnswer> {
        let (granted, left) = match rule.kind() {
            Kind::PerSecond { rate, capacity } => {
                let fill = Duration::try_from_secs_f64(2.0 * f64::from(capacity) / rate);
                let ttl = fill.unwrap_or(SHORTEST_TTL).max(SHORTEST_TTL);
                let mut call = self.per_second.key(key);
                call.arg(request.wanted).arg(request.back).arg(rate).arg(capacity);
                call.arg(rule.start()).arg(millis(ttl)).invoke(connection)?
            }
            Kind::Share { ratio, floor, ttl } => {
                let mut call = self.share.key(key);
                call.arg(request.wanted).arg(request.back).arg(request.calls).arg(ratio);
                call.arg(floor).arg(millis(ttl));
                call.arg(rule.start()).invoke(connection)?
            }
        };
        Ok(BudgetAnswer { granted, left })
    }

    /// Sends a request to the breaker at `key`.
    pub(super) fn run_breaker(
        &self,
        connection: &mut Connection,
        key: &str,
        terms: &BreakerTerms,
        request: &BreakerRequest,
    ) -> RedisResult<BreakerAnswer> {
        let mut call = self.breaker.key(key);
        call.key(format!("{key}:votes")).key(format!("{key}:callers"));
        call.arg(&self.member).arg(millis(terms.window)).arg(u8::from(request.called));
        add_action(&mut call, request);
        call.arg(&terms.rule).arg(millis(terms.open_for));
        let (epoch, open, left, reopened, mine, lease): (u64, u8, u64, u64, u8, u64) =
            call.invoke(connection)?;
        let open = OpenFor { left: Duration::from_millis(left), reopened }.when(open);
        Ok(BreakerAnswer {
            state: FleetState { epoch, open },
            is_mine: mine == 1,
            lease: Duration::from_millis(lease),
        })
    }
}

/// The name of the machine, without characters that a terminal or the store would take for others.
fn host_name() -> String {
    let variable = || ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(|name| var(name).ok());
    let name = read_to_string("/proc/sys/kernel/hostname").ok().or_else(variable);
    let mut name = name.unwrap_or_default();
    name.retain(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    name
}

/// Returns whether the store refused a request because of its key, its script or the memory: requests of other
/// guards may be answered.
pub(super) fn is_of_guard(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, MasterDown, ReadOnly};
    match error.kind() {
        ErrorKind::Server(kind) => !matches!(kind, BusyLoading | MasterDown | ReadOnly),
        ErrorKind::Extension => error.code() != Some("NOAUTH"),
        ErrorKind::UnexpectedReturnType => true,
        _ => false,
    }
}

/// Reads a state that the script has published.
pub(super) fn parse(message: &str) -> Option<FleetState> {
    let mut numbers = message.split(' ').map(|number| number.parse::<u64>().ok());
    let mut next = || numbers.next().flatten();
    let (epoch, open, left, reopened) = (next()?, next()?, next()?, next()?);
    let open = OpenFor { left: Duration::from_millis(left), reopened }.when(u8::from(open == 1));
    Some(FleetState { epoch, open })
}

impl OpenFor {
    fn when(self, open: u8) -> Option<Self> {
        (open == 1).then_some(self)
    }
}

fn add_action(call: &mut ScriptInvocation<'_>, request: &BreakerRequest) {
    let (action, span, reopened) = match request.action {
        Action::Sync => ("sync", Duration::ZERO, 0),
        Action::Vote { span } => ("vote", span, 0),
        Action::Ask { lease } => ("ask", lease, 0),
        Action::Release => ("release", Duration::ZERO, 0),
        Action::Close => ("close", Duration::ZERO, 0),
        Action::Reopen { span, reopened } => ("reopen", span, reopened),
        Action::Open { span } => ("open", span, 0),
        Action::Reset => ("reset", Duration::ZERO, 0),
    };
    let known = &request.known;
    call.arg(action).arg(known.epoch);
    match known.open {
        Some(open) => call.arg(millis(open.left)).arg(open.reopened),
        None => call.arg(-1).arg(0),
    };
    call.arg(millis(span)).arg(reopened);
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
