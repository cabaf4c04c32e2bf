//! The arguments, parsed: which option each one is.

use syn::{Error, Expr, ExprCall, Ident, Path, Result};

use crate::ast::{Argument, Arguments, ungrouped};
use crate::words::{self, list};

/// The attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttributeKind {
    OnError,
    OnPredicate,
}

/// The options that were given, with unchecked values.
pub(crate) struct Options {
    pub(crate) kind: AttributeKind,
    pub(crate) krate: Option<Expr>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) predicate: Option<Expr>,
    pub(crate) policy: Option<Expr>,
    /// Jitter and limits.
    pub(crate) settings: Vec<Named>,
    /// Conditions, waits and handlers, in order.
    pub(crate) hooks: Vec<Named>,
    pub(crate) budget: Option<Named>,
    pub(crate) breaker: Option<Named>,
    pub(crate) rejected: Option<Named>,
    pub(crate) timeout: Option<Named>,
    pub(crate) late: Option<Named>,
    pub(crate) sleeper: Option<Named>,
}

/// `name = value`.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

/// `expo`, `expo(max_value = 30)`, `list(1, 5, 30)`.
pub(crate) struct Strategy {
    pub(crate) name: Ident,
    pub(crate) parameters: Vec<Named>,
    pub(crate) waits: Vec<Expr>,
}

pub(crate) const STRATEGIES: [&str; 8] =
    ["constant", "decay", "decorrelated", "expo", "fibo", "linear", "list", "runtime"];
const SETTINGS: [&str; 9] = [
    "max_tries",
    "max_time",
    "jitter",
    "last_wait",
    "nested",
    "reset_after",
    "hint_ceiling",
    "hint_above",
    "hint_spread",
];
const OF_ERRORS: [&str; 5] = ["when", "giveup", "hint", "policy_for", "until"];
const OF_OUTCOMES: [&str; 5] = ["judge", "wait_from", "jitter_by", "counts", "costs"];
const GUARDS: [&str; 3] = ["budget", "breaker", "rejected"];
const HANDLERS: [&str; 5] = ["on_try", "on_backoff", "on_giveup", "on_success", "hook"];
const THE_REST: [&str; 5] = ["policy", "timeout", "late", "sleeper", "crate"];

impl AttributeKind {
    fn options(self) -> Vec<&'static str> {
        let of_errors = match self {
            Self::OnError => OF_ERRORS.as_slice(),
            Self::OnPredicate => &[],
        };
        [&SETTINGS, of_errors, &OF_OUTCOMES, &HANDLERS, &GUARDS, &THE_REST].concat()
    }
}

impl Options {
    pub(crate) fn parse(kind: AttributeKind, arguments: Arguments) -> Result<Self> {
        let mut options = Self {
            kind,
            krate: None,
            strategy: None,
            predicate: None,
            policy: None,
            settings: Vec::new(),
            hooks: Vec::new(),
            budget: None,
            breaker: None,
            rejected: None,
            timeout: None,
            late: None,
            sleeper: None,
        };
        let mut positional = Vec::new();
        let mut seen = Vec::new();
        for Argument { name, value } in arguments.0 {
            match name {
                None => positional.push(value),
                Some(name) => {
                    once(&mut seen, &name)?;
                    options.take_named(Named { name, value })?;
                }
            }
        }
        options.take_positional(positional)?;
        Ok(options)
    }

    fn take_named(&mut self, named: Named) -> Result<()> {
        let name = named.name.to_string();
        let allowed = self.kind.options();
        if !allowed.contains(&name.as_str()) {
            return Err(Error::new(named.name.span(), explain_unknown(&name, &allowed)));
        }
        match name.as_str() {
            "policy" => self.policy = Some(named.value),
            "budget" => self.budget = Some(named),
            "breaker" => self.breaker = Some(named),
            "rejected" => self.rejected = Some(named),
            "timeout" => self.timeout = Some(named),
            "late" => self.late = Some(named),
            "sleeper" => self.sleeper = Some(named),
            "crate" => self.krate = Some(named.value),
            setting if SETTINGS.contains(&setting) => self.settings.push(named),
            handler if HANDLERS.contains(&handler) => self.hooks.extend(each(named)),
            _ => self.hooks.push(named),
        }
        Ok(())
    }

    /// The strategy, unless a policy holds one, and then the predicate.
    fn take_positional(&mut self, positional: Vec<Expr>) -> Result<()> {
        let mut positional = positional.into_iter();
        if self.policy.is_none() {
            self.strategy = positional.next().map(Strategy::parse).transpose()?;
        }
        if self.kind == AttributeKind::OnPredicate {
            self.predicate = positional.next();
        }
        let Some(surplus) = positional.next() else { return Ok(()) };
        let rule = match (self.kind, &self.policy) {
            (_, Some(_)) if STRATEGIES.iter().any(|name| names(&surplus, name)) => {
                "the `policy` holds the wait strategy: leave one of them out"
            }
            (AttributeKind::OnError, Some(_)) => "beside a `policy`, every argument has a name",
            (AttributeKind::OnError, None) => "after the wait strategy, every argument has a name",
            (AttributeKind::OnPredicate, _) => "after the predicate, every argument has a name",
        };
        Err(Error::new_spanned(surplus, rule))
    }
}

impl Strategy {
    fn parse(written: Expr) -> Result<Self> {
        let (name, arguments) = match written {
            Expr::Call(ExprCall { func, args, .. }) => {
                (*func, args.into_iter().map(ungrouped).collect())
            }
            name => (name, Vec::new()),
        };
        let Some(name) = ident(&name) else {
            let rule = format!("the wait strategy comes first: {}", list(&STRATEGIES));
            return Err(Error::new_spanned(name, rule));
        };
        if !STRATEGIES.iter().any(|strategy| name == strategy) {
            let rule = words::unknown("wait strategy", &name, &STRATEGIES);
            return Err(Error::new(name.span(), rule));
        }
        let mut strategy = Self { name, parameters: Vec::new(), waits: Vec::new() };
        if strategy.name == "list" {
            strategy.waits = arguments;
        } else {
            strategy.take_parameters(arguments)?;
        }
        Ok(strategy)
    }

    fn take_parameters(&mut self, arguments: Vec<Expr>) -> Result<()> {
        let mut seen = Vec::new();
        for argument in arguments {
            let Expr::Assign(assignment) = argument else {
                let rule = format!("`{}` takes its parameters by name", self.name);
                return Err(Error::new_spanned(argument, rule));
            };
            let Some(name) = ident(&assignment.left) else {
                return Err(Error::new_spanned(assignment.left, "expected a parameter's name"));
            };
            once(&mut seen, &name)?;
            self.parameters.push(Named { name, value: ungrouped(*assignment.right) });
        }
        Ok(())
    }
}

fn explain_unknown(name: &str, allowed: &[&str]) -> String {
    if OF_ERRORS.contains(&name) {
        return format!(
            "`{name}` is an option of `on_error`; here the predicate says what is retried, \
             or `judge` says it all"
        );
    }
    if STRATEGIES.contains(&name) {
        return format!("a wait strategy has no name of its own: write `{name}(…)` first");
    }
    if ["base", "factor", "max_value", "interval"].contains(&name) {
        return format!(
            "`{name}` is a parameter of a wait strategy: write it behind the strategy's name, \
             as in `expo(max_value = 30)`"
        );
    }
    words::unknown("option", name, allowed)
}

/// A handler, or each one of a list.
fn each(Named { name, value }: Named) -> Vec<Named> {
    match value {
        Expr::Array(array) => {
            array.elems.into_iter().map(|value| Named { name: name.clone(), value }).collect()
        }
        value => vec![Named { name, value }],
    }
}

/// Only handlers may be given more than once.
fn once(seen: &mut Vec<Ident>, name: &Ident) -> Result<()> {
    if seen.contains(name) && !HANDLERS.iter().any(|handler| name == handler) {
        return Err(Error::new(name.span(), format!("`{name}` is given twice")));
    }
    seen.push(name.clone());
    Ok(())
}

pub(crate) fn ident(value: &Expr) -> Option<Ident> {
    path(value)?.get_ident().cloned()
}

pub(crate) fn path(value: &Expr) -> Option<&Path> {
    match value {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => Some(&path.path),
        _ => None,
    }
}

fn names(value: &Expr, strategy: &str) -> bool {
    let name = if let Expr::Call(call) = value { ident(&call.func) } else { ident(value) };
    name.is_some_and(|name| name == strategy)
}
