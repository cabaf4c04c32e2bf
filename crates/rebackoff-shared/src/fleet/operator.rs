//! The commands of operators: they look at guards and change them, and are no members.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rebackoff_core::BreakerState;
use redis::{Commands as _, Connection, ErrorKind, RedisError, RedisResult};

use super::FleetError;
use super::connection::{client, connect, reason, without_secrets};
use super::hub::seed;
use super::keys::parts;
use super::protocol::{Action, BreakerRequest, BreakerTerms, BudgetRequest, FleetState};
use super::rule::BudgetRule;
use super::store::{Store, is_of_guard};

/// The longest time that the connection, and each answer, may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The keys that one request looks through.
const KEYS: usize = 1_000;

/// An operator's connection to the store of a fleet.
///
/// ```
/// use rebackoff_shared::fleet::{FleetError, FleetOperator};
///
/// fn open(url: &str, name: &str) -> Result<(), FleetError> {
///     let mut operator = FleetOperator::connect(url)?;
///     for mut entry in operator.guards()?.into_iter().flatten() {
///         if entry.name == name {
///             operator.open(&mut entry)?;
///         }
///     }
///     Ok(())
/// }
///
/// let no_store = open("redis://user:secret@127.0.0.1:1/0", "shop").unwrap_err().to_string();
/// assert!(no_store.contains("127.0.0.1:1") && !no_store.contains("secret"));
/// ```
pub struct FleetOperator {
    url: String,
    connection: Connection,
    store: Store,
}

/// A guard, as the store of its fleet has it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FleetEntry {
    /// The name.
    pub name: String,
    /// The rule, in words.
    pub rule: String,
    /// The state.
    pub state: FleetEntryState,
    key: String,
}

/// The state of a guard, as the store of its fleet has it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FleetEntryState {
    /// The state of a breaker.
    #[non_exhaustive]
    Breaker {
        /// The state.
        state: BreakerState,
        /// The time until a probe is leased, unless the breaker is closed.
        retry_in: Option<Duration>,
        /// The number of changes of state.
        epoch: u64,
        /// The number of times that the breaker re-opened since it was last closed.
        reopened: u64,
        /// Up to ten members that voted for opening, or the operator that opened it, as `HOST:PROCESS:NUMBER`.
        votes: Vec<String>,
        /// The number of members that called the target in the window.
        callers: u64,
        /// The member that has the lease of the probe.
        probing: Option<String>,
    },
    /// The state of a budget.
    #[non_exhaustive]
    Budget {
        /// The tokens that are left in the store. Members hold leases besides.
        tokens: u64,
    },
}

impl FleetOperator {
    /// Connects to the store at `url`.
    ///
    /// # Errors
    ///
    /// The URL is not one of Redis, or the store does not answer.
    pub fn connect(url: &str) -> Result<Self, FleetError> {
        let client = client(url)?;
        let connection = connect(&client, PATIENCE).map_err(|error| failed(url, &error))?;
        let store = Store::new(seed());
        Ok(Self { url: url.to_owned(), connection, store })
    }

    // Getters

    /// The address without user and password.
    pub fn address(&self) -> String {
        without_secrets(&self.url)
    }

    // Handlers

    /// Returns the guards in the store by name, and the error of each key that is none.
    ///
    /// # Errors
    ///
    /// The store does not answer, or refuses.
    pub fn guards(&mut self) -> Result<Vec<Result<FleetEntry, FleetError>>, FleetError> {
        let mut keys = self.keys().map_err(|error| failed(&self.url, &error))?;
        // A scan may give a key twice.
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        for key in keys {
            match self.entry(&key) {
                Ok(entry) => found.extend(entry.map(Ok)),
                Err(error) if is_of_guard(&error) => found.push(Err(failed(&key, &error))),
                Err(error) => return Err(failed(&self.url, &error)),
            }
        }
        Ok(found)
    }

    /// Opens a breaker for all members, for its open time, and updates the entry. A budget stays as it is.
    ///
    /// # Errors
    ///
    /// The store does not answer, or refuses.
    pub fn open(&mut self, entry: &mut FleetEntry) -> Result<(), FleetError> {
        self.change(entry, |terms| Action::Open { span: terms.open_for })
    }

    /// Closes a breaker for all members, and updates the entry. A budget stays as it is.
    ///
    /// # Errors
    ///
    /// The store does not answer, or refuses.
    pub fn reset(&mut self, entry: &mut FleetEntry) -> Result<(), FleetError> {
        self.change(entry, |_| Action::Reset)
    }

    fn change(
        &mut self,
        entry: &mut FleetEntry,
        action: impl FnOnce(&BreakerTerms) -> Action,
    ) -> Result<(), FleetError> {
        let key = entry.key.clone();
        let run = || {
            if let Some(terms) = breaker_terms(&self.connection.hgetall(&key)?) {
                let request = request(action(&terms));
                self.store.run_breaker(&mut self.connection, &key, &terms, &request)?;
            }
            self.entry(&key)
        };
        if let Some(changed) = run().map_err(|error| failed(&key, &error))? {
            *entry = changed;
        }
        Ok(())
    }

    fn keys(&mut self) -> RedisResult<Vec<String>> {
        let (mut cursor, mut keys) = (0_u64, Vec::new());
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg("rebackoff:{*}:*").arg("COUNT").arg(KEYS);
            // The iterator of the crate takes a refusal for a wrong answer.
            let (next, found): (_, Vec<String>) = scan.query(&mut self.connection)?;
            keys.extend(found);
            cursor = next;
            if cursor == 0 {
                return Ok(keys);
            }
        }
    }

    /// The guard at a key; `None` for a key of another kind, or one that has just ended.
    fn entry(&mut self, key: &str) -> RedisResult<Option<FleetEntry>> {
        let Some((name, kind)) = parts(key) else { return Ok(None) };
        let fields: HashMap<String, String> = self.connection.hgetall(key)?;
        if fields.is_empty() {
            return Ok(None);
        }
        let found = match kind {
            "breaker" => self.breaker(key, &fields)?,
            "budget" => self.budget(key, &fields)?,
            _ => return Ok(None),
        };
        let wrong = (ErrorKind::UnexpectedReturnType, "holds no guard; delete it");
        let (rule, state) = found.ok_or(wrong)?;
        Ok(Some(FleetEntry { name: name.to_owned(), rule, state, key: key.to_owned() }))
    }

    fn breaker(
        &mut self,
        key: &str,
        fields: &HashMap<String, String>,
    ) -> RedisResult<Option<(String, FleetEntryState)>> {
        let Some(terms) = breaker_terms(fields) else { return Ok(None) };
        let request = request(Action::Sync);
        let answer = self.store.run_breaker(&mut self.connection, key, &terms, &request)?;
        let open = answer.state.open;
        let field = |name| fields.get(name).filter(|text| !text.is_empty());
        let votes = match open {
            Some(_) => field("voters")
                .map_or_else(Vec::new, |voters| voters.split(' ').map(str::to_owned).collect()),
            None => self.connection.zrange(format!("{key}:votes"), 0, 9)?,
        };
        let probing = field("holder").filter(|_| !answer.lease.is_zero());
        let state = FleetEntryState::Breaker {
            state: match open {
                None => BreakerState::Closed,
                Some(_) if probing.is_some() => BreakerState::HalfOpen,
                Some(_) => BreakerState::Open,
            },
            retry_in: open.map(|open| open.left),
            epoch: answer.state.epoch,
            reopened: open.map_or(0, |open| open.reopened),
            votes,
            callers: self.connection.zcard(format!("{key}:callers"))?,
            probing: probing.cloned(),
        };
        Ok(Some((terms.rule, state)))
    }

    fn budget(
        &mut self,
        key: &str,
        fields: &HashMap<String, String>,
    ) -> RedisResult<Option<(String, FleetEntryState)>> {
        let Some((rule, text)) = budget_rule(fields) else { return Ok(None) };
        let none = BudgetRequest::default();
        let answer = self.store.run_budget(&mut self.connection, key, &rule, &none)?;
        Ok(Some((text, FleetEntryState::Budget { tokens: answer.left })))
    }
}

impl fmt::Debug for FleetOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetOperator").field("address", &self.address()).finish_non_exhaustive()
    }
}

/// A request of no member, which knows nothing.
fn request(action: Action) -> BreakerRequest {
    BreakerRequest { called: false, known: FleetState::default(), action }
}

fn breaker_terms(fields: &HashMap<String, String>) -> Option<BreakerTerms> {
    Some(BreakerTerms {
        rule: fields.get("rule")?.clone(),
        window: Duration::from_millis(number(fields, "window")?),
        open_for: Duration::from_millis(number(fields, "open_for")?),
    })
}

/// The rule of a budget, also in words.
fn budget_rule(fields: &HashMap<String, String>) -> Option<(BudgetRule, String)> {
    let rule = if let Some(rate) = number(fields, "rate") {
        BudgetRule::per_second(rate, number(fields, "capacity")?)
    } else {
        let ttl = Duration::from_millis(number(fields, "window")?);
        BudgetRule::share(number(fields, "ratio")?, number(fields, "floor")?, ttl)
    };
    let text = rule.whole().ok()?.to_string();
    Some((rule.starts_empty(fields.get("start")? == "empty"), text))
}

fn number<T: FromStr>(fields: &HashMap<String, String>, name: &str) -> Option<T> {
    fields.get(name)?.parse().ok()
}

/// The error of the store, or of one of its keys.
fn failed(place: &str, error: &RedisError) -> FleetError {
    FleetError::of(&without_secrets(place), &reason(error, PATIENCE))
}
