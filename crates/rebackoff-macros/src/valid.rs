//! The options, checked against each other and against the function.

use proc_macro2::Span;
use syn::{
    Error, Expr, GenericArgument, Ident, Path, PathArguments, Result, ReturnType, Signature, Type,
    TypeParamBound, parse_quote,
};

use crate::ast::Function;
use crate::attr::{self, AttributeKind, Named, Options, STRATEGIES, Strategy};
use crate::boxed::Boxed;
use crate::value::{CheckedValue, ValueKind};
use crate::words::{self, list};

/// Everything that the expansion needs, known to be right as far as a macro can know.
pub(crate) struct CheckedAttribute {
    pub(crate) kind: AttributeKind,
    /// The path of the crate.
    pub(crate) import: Path,
    /// The name by which the expansion imports it once, so that a crate that is missing is one error.
    pub(crate) krate: Path,
    pub(crate) policy: PolicyExpr,
    pub(crate) predicate: Option<Expr>,
    /// Conditions, waits and handlers, by the names of their setters.
    pub(crate) hooks: Vec<Named>,
    pub(crate) guards: Vec<Guard>,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) sleeper: Option<Expr>,
}

/// The limit of a try, and the function that makes the outcome of a try that takes longer.
pub(crate) struct Timeout {
    pub(crate) limit: CheckedValue,
    pub(crate) late: Expr,
}

/// A budget or a breaker: an expression that is read on each call.
pub(crate) struct Guard {
    pub(crate) option: Named,
    /// Makes the outcome of a call that the breaker rejects.
    pub(crate) rejected: Option<Expr>,
}

pub(crate) enum PolicyExpr {
    /// Read on each call.
    Given(Expr),
    /// Built once, by the compiler.
    Built(Built),
}

pub(crate) struct Built {
    pub(crate) strategy: Ident,
    pub(crate) parameters: Vec<(Ident, CheckedValue)>,
    pub(crate) waits: Vec<CheckedValue>,
    pub(crate) settings: Vec<(Ident, CheckedValue)>,
    /// True if a value names something, perhaps a parameter of the function or of its `impl`, which no `static` may.
    pub(crate) is_generic: bool,
}

impl CheckedAttribute {
    pub(crate) fn check(options: Options, function: &Function) -> Result<Self> {
        let signature = &function.signature;
        let is_async = signature.asyncness.is_some() || Boxed::of(function).is_some();
        check_function(options.kind, signature, is_async)?;
        check_waits(&options)?;
        check_guards(&options)?;
        if options.kind == AttributeKind::OnPredicate && options.predicate.is_none() {
            let rule = "the predicate is missing: write it behind the wait strategy, as in \
                        `on_predicate(expo, |value| value.is_empty())`; it is true for what is \
                        tried again";
            return Err(Error::new(Span::call_site(), rule));
        }
        Ok(Self {
            kind: options.kind,
            import: krate(options.krate.as_ref())?,
            krate: parse_quote!(__rebackoff),
            policy: policy(options.strategy, options.policy, options.settings)?,
            predicate: options.predicate,
            hooks: options.hooks,
            guards: guards(options.budget, options.breaker, options.rejected),
            timeout: timeout(options.timeout, options.late, is_async)?,
            sleeper: options.sleeper.map(|option| option.value),
        })
    }
}

fn krate(given: Option<&Expr>) -> Result<Path> {
    let Some(given) = given else { return Ok(parse_quote!(::rebackoff)) };
    attr::path(given).cloned().ok_or_else(|| {
        Error::new_spanned(
            given,
            "`crate` is the path of the crate `rebackoff`, as in `crate = ::retry`",
        )
    })
}

fn check_function(kind: AttributeKind, signature: &Signature, is_async: bool) -> Result<()> {
    if let Some(constant) = signature.constness {
        let rule = "a `const fn` cannot be retried: it cannot wait";
        return Err(Error::new(constant.span, rule));
    }
    let ReturnType::Type(_, output) = &signature.output else {
        if kind == AttributeKind::OnError {
            let rule = "`on_error` retries on `Err`: the function must return a `Result`";
            return Err(Error::new_spanned(signature, rule));
        }
        return Ok(());
    };
    if !is_async && is_future(output) {
        let rule = "a function that returns a future cannot be retried, only the `async fn` that \
                    makes it: put the attribute there, or write `async fn` here";
        return Err(Error::new_spanned(output, rule));
    }
    Ok(())
}

/// Returns whether a type is `impl Future`, or `Pin<Box<dyn Future>>` and its like.
fn is_future(of: &Type) -> bool {
    let is_the_trait = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|segment| segment.ident == "Future")
        }
        _ => false,
    };
    match of {
        Type::ImplTrait(of) => of.bounds.iter().any(is_the_trait),
        Type::TraitObject(of) => of.bounds.iter().any(is_the_trait),
        Type::Path(of) => of.path.segments.last().is_some_and(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(inner)
                if segment.ident == "Pin" || segment.ident == "Box" =>
            {
                inner
                    .args
                    .iter()
                    .any(|inner| matches!(inner, GenericArgument::Type(inner) if is_future(inner)))
            }
            _ => segment.ident == "BoxFuture" || segment.ident == "LocalBoxFuture",
        }),
        _ => false,
    }
}

/// The options about waits that need each other, or exclude each other.
fn check_waits(options: &Options) -> Result<()> {
    let hook = |name| options.hooks.iter().find(|hook| hook.name == name);
    let setting = |name| options.settings.iter().find(|setting| setting.name == name);
    if let (Some(jitter), Some(_)) = (hook("jitter_by"), setting("jitter")) {
        let rule = "`jitter_by` takes the place of `jitter`: leave one of them out";
        return Err(Error::new(jitter.name.span(), rule));
    }
    let Some(strategy) = &options.strategy else { return Ok(()) };
    match (strategy.name == "runtime", hook("wait_from")) {
        (true, None) => Err(Error::new(
            strategy.name.span(),
            "`runtime` waits as a function of the outcome says: add `wait_from = |outcome| …`",
        )),
        (false, Some(function)) => Err(Error::new(
            function.name.span(),
            format!("`wait_from` is for the wait strategy `runtime`, not for `{}`", strategy.name),
        )),
        _ => Ok(()),
    }
}

fn timeout(timeout: Option<Named>, late: Option<Named>, is_async: bool) -> Result<Option<Timeout>> {
    match (timeout, late) {
        (None, None) => Ok(None),
        (Some(timeout), Some(late)) if is_async => {
            let limit = CheckedValue::check(ValueKind::Duration, timeout)?;
            Ok(Some(Timeout { limit, late: late.value }))
        }
        (Some(timeout), _) if !is_async => {
            let rule = "`timeout` cancels a try of an `async fn`; a blocking try cannot be cancelled: \
                        give its client a timeout";
            Err(Error::new(timeout.name.span(), rule))
        }
        (Some(timeout), _) => {
            let rule = "`timeout` goes with `late`, the outcome of a try that takes longer, as in \
                        `late = |limit| Err(…)`";
            Err(Error::new(timeout.name.span(), rule))
        }
        (None, Some(late)) => {
            Err(Error::new(late.name.span(), "`late` goes with a `timeout`, which is missing"))
        }
    }
}

/// The options that say something to a guard need it.
fn check_guards(options: &Options) -> Result<()> {
    let hook = |name| options.hooks.iter().find(|hook| hook.name == name);
    let lonely = [
        (hook("costs"), &options.budget, "budget"),
        (hook("counts"), &options.breaker, "breaker"),
        (options.rejected.as_ref(), &options.breaker, "breaker"),
    ];
    for (option, guard, name) in lonely {
        if let (Some(option), None) = (option, guard) {
            let rule = format!("`{}` goes with a `{name}`, which is missing", option.name);
            return Err(Error::new(option.name.span(), rule));
        }
    }
    Ok(())
}

fn guards(budget: Option<Named>, breaker: Option<Named>, rejected: Option<Named>) -> Vec<Guard> {
    let budget = budget.map(|option| Guard { option, rejected: None });
    let rejected = rejected.map(|option| option.value);
    let breaker = breaker.map(|option| Guard { option, rejected });
    budget.into_iter().chain(breaker).collect()
}

fn policy(
    strategy: Option<Strategy>,
    policy: Option<Expr>,
    settings: Vec<Named>,
) -> Result<PolicyExpr> {
    match (strategy, policy, settings.first()) {
        (_, Some(_), Some(setting)) => Err(Error::new(
            setting.name.span(),
            format!("the `policy` holds `{}`: leave one of them out", setting.name),
        )),
        (_, Some(policy), None) => Ok(PolicyExpr::Given(policy)),
        (Some(strategy), None, _) => built(strategy, settings).map(PolicyExpr::Built),
        (None, None, _) => Err(Error::new(
            Span::call_site(),
            format!("the wait strategy is missing: {}, or `policy = …`", list(&STRATEGIES)),
        )),
    }
}

fn built(strategy: Strategy, settings: Vec<Named>) -> Result<Built> {
    let Strategy { name, parameters, waits } = strategy;
    if name == "list" && waits.is_empty() {
        let rule = "`list` holds the waits, as in `list(1, 5, 30)`";
        return Err(Error::new(name.span(), rule));
    }
    let known = parameters_of(&name);
    let parameters: Vec<_> = parameters
        .into_iter()
        .map(|parameter| named(&format!("parameter of `{name}`"), known, parameter))
        .collect::<Result<_>>()?;
    let settings: Vec<_> = settings
        .into_iter()
        .map(|setting| named("setting", SETTINGS, setting))
        .collect::<Result<_>>()?;
    let waits: Vec<_> = waits.into_iter().map(CheckedValue::wait).collect::<Result<_>>()?;
    let named = parameters.iter().chain(&settings).map(|(_, value)| value);
    let is_generic = named.chain(&waits).any(CheckedValue::names_something);
    Ok(Built { strategy: name, parameters, waits, settings, is_generic })
}

type Known = &'static [(&'static str, ValueKind)];

const SETTINGS: Known = &[
    ("max_tries", ValueKind::Count),
    ("max_time", ValueKind::Duration),
    ("jitter", ValueKind::Jitter),
    ("last_wait", ValueKind::LastWait),
    ("nested", ValueKind::Nested),
    ("reset_after", ValueKind::Duration),
    ("hint_ceiling", ValueKind::Duration),
    ("hint_above", ValueKind::Above),
    ("hint_spread", ValueKind::Number),
];

fn parameters_of(strategy: &Ident) -> Known {
    use ValueKind::{Duration, Number};
    match strategy.to_string().as_str() {
        "constant" => &[("interval", Duration)],
        "linear" => &[("start", Duration), ("step", Duration), ("max_value", Duration)],
        "expo" => &[("base", Number), ("factor", Duration), ("max_value", Duration)],
        "fibo" => &[("max_value", Duration)],
        "decay" => {
            &[("initial_value", Duration), ("decay_factor", Number), ("min_value", Duration)]
        }
        "decorrelated" => &[("base", Duration), ("max_value", Duration)],
        _ => &[],
    }
}

fn named(what: &str, known: Known, named: Named) -> Result<(Ident, CheckedValue)> {
    let name = named.name.clone();
    let Some((_, kind)) = known.iter().find(|(known, _)| name == known) else {
        let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        return Err(Error::new(name.span(), words::unknown(what, &name, &known)));
    };
    Ok((name, CheckedValue::check(*kind, named)?))
}
