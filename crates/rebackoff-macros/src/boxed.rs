//! An async method as `#[async_trait]` leaves it: a function whose last expression is `Box::pin(async { … })`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Block, Expr, ExprAsync, ExprBlock, ExprCall, GenericArgument, Ident, Local, Pat, PathArguments,
    ReturnType, Stmt, Type, TypeParamBound,
};

use crate::ast::{Function, take_mut};

/// The parts of such a function.
pub(crate) struct Boxed {
    /// The statements before the last expression.
    pub(crate) before: Vec<Stmt>,
    /// `Box::pin`.
    pub(crate) pin: Expr,
    /// The statements of the async block that bind its arguments.
    pub(crate) bindings: Vec<Stmt>,
    /// The arguments that these statements bind.
    pub(crate) bound: Vec<Ident>,
    /// The bindings that the body may change.
    pub(crate) changed: Vec<Ident>,
    /// The rest of the async block, which each try runs.
    pub(crate) body: TokenStream,
    /// The output of the future.
    pub(crate) output: Type,
}

impl Boxed {
    /// The parts of `function`, where it is such a function.
    pub(crate) fn of(function: &Function) -> Option<Self> {
        let ReturnType::Type(_, returned) = &function.signature.output else { return None };
        let output = output_of(returned)?;
        let Block { stmts: mut before, .. } = syn::parse2(function.body.to_token_stream()).ok()?;
        let Some(Stmt::Expr(Expr::Call(ExprCall { func, args, .. }), None)) = before.pop() else {
            return None;
        };
        let Expr::Path(path) = &*func else { return None };
        path.path.segments.last().filter(|segment| segment.ident == "pin")?;
        let mut args = args.into_iter();
        let (Some(Expr::Async(ExprAsync { block, .. })), None) = (args.next(), args.next()) else {
            return None;
        };
        let shares_self = function.shares_self();
        let (mut bindings, mut bound, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = Vec::new();
        for mut statement in block.stmts {
            let argument =
                bound_argument(&statement).filter(|_| !rest.iter().any(is_body)).cloned();
            match (&mut statement, argument) {
                (Stmt::Local(local), Some(argument)) => {
                    if argument != "self" || !shares_self {
                        changed.extend(take_mut(&mut local.pat));
                    }
                    bound.push(argument);
                    bindings.push(statement);
                }
                _ => rest.push(statement),
            }
        }
        Some(Self { before, pin: *func, bindings, bound, changed, body: quote!(#(#rest)*), output })
    }
}

/// Returns whether a statement may be a part of the body: all but the `if` that gives the compiler the type.
fn is_body(statement: &Stmt) -> bool {
    !matches!(statement, Stmt::Expr(Expr::If(_), _))
}

/// The argument of a statement `let name = name;`, for a pattern `let (a, b) = { let name = name; name };`.
fn bound_argument(statement: &Stmt) -> Option<&Ident> {
    let Stmt::Local(Local { pat, init: Some(init), .. }) = statement else { return None };
    match (pat, &*init.expr) {
        (Pat::Type(_), _) => None,
        (_, Expr::Path(path)) => path.path.get_ident(),
        (_, Expr::Block(ExprBlock { block, .. })) => match &block.stmts[..] {
            [binding, Stmt::Expr(Expr::Path(value), None)] => {
                bound_argument(binding).filter(|name| value.path.is_ident(*name))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The output of `Pin<Box<dyn Future<Output = …>>>`.
fn output_of(of: &Type) -> Option<Type> {
    match of {
        Type::Path(of) => {
            let PathArguments::AngleBracketed(inner) = &of.path.segments.last()?.arguments else {
                return None;
            };
            inner.args.iter().find_map(|inner| match inner {
                GenericArgument::Type(inner) => output_of(inner),
                _ => None,
            })
        }
        // Only `#[async_trait]` binds this lifetime; another boxed future is refused.
        Type::TraitObject(of) if of.bounds.iter().any(is_async_trait) => {
            of.bounds.iter().find_map(|bound| {
                let TypeParamBound::Trait(bound) = bound else { return None };
                let future = bound.path.segments.last().filter(|last| last.ident == "Future")?;
                let PathArguments::AngleBracketed(inner) = &future.arguments else { return None };
                inner.args.iter().find_map(|inner| match inner {
                    GenericArgument::AssocType(output) if output.ident == "Output" => {
                        Some(output.ty.clone())
                    }
                    _ => None,
                })
            })
        }
        _ => None,
    }
}

fn is_async_trait(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "async_trait")
}
