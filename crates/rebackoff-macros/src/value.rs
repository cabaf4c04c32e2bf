//! The values of parameters and settings, checked by kind.

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprUnary, Ident, Lit, LitFloat, Result, UnOp};

use crate::attr::{Named, ident};
use crate::words;

/// A checked value.
pub(crate) enum CheckedValue {
    /// A number of seconds.
    Seconds(Duration, Span),
    /// A duration with units, which `parse_duration` reads while compiling.
    Text(String, Span),
    /// A variant of one of the crate's enums.
    Variant(&'static str, Ident),
    /// An expression, which only the compiler can check.
    Expr(Expr),
}

/// The kind of value of a parameter or setting.
#[derive(Clone, Copy)]
pub(crate) enum ValueKind {
    Duration,
    Number,
    Count,
    Jitter,
    LastWait,
    Nested,
    Above,
}

const JITTERS: [&str; 4] = ["full", "equal", "random", "none"];
const LAST_WAITS: [&str; 2] = ["shorten", "stop"];
const NESTED: [&str; 2] = ["allow", "once"];
const ABOVES: [&str; 2] = ["give_up", "cap"];

impl CheckedValue {
    pub(crate) fn check(kind: ValueKind, Named { name, value }: Named) -> Result<Self> {
        match kind {
            ValueKind::Duration => duration(&name, value),
            ValueKind::Number => Ok(number(value)),
            ValueKind::Count => count(&name, value),
            ValueKind::Jitter => variant("Jitter", &name, &value, &JITTERS),
            ValueKind::LastWait => variant("LastWait", &name, &value, &LAST_WAITS),
            ValueKind::Nested => variant("Nested", &name, &value, &NESTED),
            ValueKind::Above => variant("Above", &name, &value, &ABOVES),
        }
    }

    /// Returns whether it is an expression with a name in it, which only the compiler can look up.
    pub(crate) fn names_something(&self) -> bool {
        matches!(self, Self::Expr(value) if has_name(value.to_token_stream()))
    }

    /// A duration that has no name, in a list.
    pub(crate) fn wait(value: Expr) -> Result<Self> {
        let name = Ident::new("wait", value.span());
        duration(&name, value)
    }
}

fn has_name(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Group(group) => has_name(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn duration(name: &Ident, value: Expr) -> Result<CheckedValue> {
    if is_negative(&value) {
        return Err(Error::new_spanned(value, format!("`{name}` must not be negative")));
    }
    let Expr::Lit(ExprLit { lit, .. }) = &value else { return Ok(CheckedValue::Expr(value)) };
    let seconds = match lit {
        Lit::Int(literal) if literal.suffix().is_empty() => {
            literal.base10_parse().ok().map(Duration::from_secs)
        }
        Lit::Float(literal) if literal.suffix().is_empty() => {
            let seconds = literal.base10_parse().ok();
            seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok())
        }
        Lit::Int(_) | Lit::Float(_) => {
            return Ok(CheckedValue::Text(
                lit.to_token_stream().to_string().replace('_', ""),
                lit.span(),
            ));
        }
        Lit::Str(literal) => return Ok(CheckedValue::Text(literal.value(), lit.span())),
        _ => None,
    };
    let Some(seconds) = seconds else {
        let rule = format!("`{name}` is a duration, as `30`, `0.5`, `500ms` or `\"1m 30s\"`");
        return Err(Error::new(lit.span(), rule));
    };
    Ok(CheckedValue::Seconds(seconds, lit.span()))
}

/// A whole number counts as one with a fraction, so that it need not be written `2.0`.
fn number(value: Expr) -> CheckedValue {
    match value {
        Expr::Unary(ExprUnary { attrs, op: op @ UnOp::Neg(_), expr }) => match number(*expr) {
            CheckedValue::Expr(expr) => {
                CheckedValue::Expr(Expr::Unary(ExprUnary { attrs, op, expr: Box::new(expr) }))
            }
            other => other,
        },
        Expr::Lit(ExprLit { attrs, lit: Lit::Int(whole) }) if whole.suffix().is_empty() => {
            let number = LitFloat::new(&format!("{}.0", whole.base10_digits()), whole.span());
            CheckedValue::Expr(Expr::Lit(ExprLit { attrs, lit: Lit::Float(number) }))
        }
        value => CheckedValue::Expr(value),
    }
}

fn count(name: &Ident, value: Expr) -> Result<CheckedValue> {
    let is_zero = matches!(
        &value,
        Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) if count.base10_digits() == "0"
    );
    let is_count = !matches!(
        &value,
        Expr::Lit(ExprLit { lit, .. }) if !matches!(lit, Lit::Int(_))
    );
    if is_zero || is_negative(&value) || !is_count {
        let rule = format!("`{name}` must be a whole number of at least 1");
        return Err(Error::new_spanned(value, rule));
    }
    Ok(CheckedValue::Expr(value))
}

fn variant(of: &'static str, name: &Ident, value: &Expr, allowed: &[&str]) -> Result<CheckedValue> {
    match ident(value) {
        Some(word) if allowed.iter().any(|allowed| word == allowed) => {
            let variant: String = word.to_string().split('_').map(capitalised).collect();
            Ok(CheckedValue::Variant(of, Ident::new(&variant, word.span())))
        }
        Some(word) => {
            Err(Error::new(word.span(), words::unknown(&name.to_string(), &word, allowed)))
        }
        None => {
            let function = if name == "jitter" { "; a function goes to `jitter_by`" } else { "" };
            let rule = format!("`{name}` is one word: {}{function}", words::list(allowed));
            Err(Error::new_spanned(value, rule))
        }
    }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

fn is_negative(value: &Expr) -> bool {
    matches!(
        value,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) if matches!(**expr, Expr::Lit(_))
    )
}
