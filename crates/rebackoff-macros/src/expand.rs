//! The function that takes the place of the one that was written: a call of its body, or a loop where it is async.

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Path, ReturnType, Type, parse_quote};

use crate::ast::Function;
use crate::attr::{AttributeKind, Named};
use crate::boxed::Boxed;
use crate::valid::{Built, CheckedAttribute, Guard, PolicyExpr, Timeout};
use crate::value::CheckedValue;

pub(crate) fn expand(plan: &CheckedAttribute, mut function: Function) -> TokenStream {
    let mut changed = function.take_changed();
    let boxed = Boxed::of(&function);
    let Function { attributes, visibility, signature, inner_attributes, body } = function;
    let body = if let Some(boxed) = boxed {
        let Boxed { before, pin, bindings, bound, changed: of_body, body, output } = boxed;
        changed.retain(|name| !bound.contains(name));
        changed.extend(of_body);
        let tries = run_async(plan, &opaque(output), &changed, &body);
        quote!(#(#before)* #pin(async move { #(#bindings)* #tries }))
    } else {
        let output = match &signature.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, output) => opaque((**output).clone()),
        };
        match signature.asyncness {
            Some(_) => run_async(plan, &output, &changed, &body.stream()),
            None => run_blocking(plan, &output, &changed, &body),
        }
    };
    quote! {
        #(#attributes)*
        #visibility #signature {
            #(#inner_attributes)*
            #body
        }
    }
}

/// A local name that the body and the options can neither see nor shadow.
fn hidden(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn run_blocking(
    plan: &CheckedAttribute,
    output: &Type,
    changed: &[Ident],
    body: &Group,
) -> TokenStream {
    let krate = &plan.krate;
    let private = quote!(#krate::__private);
    let outcome = hidden("outcome");
    let Begun { bindings, call } = begin(plan, output, false);
    let (before, again) = again(&private, changed);
    let body = if again.is_empty() { quote!(#body) } else { quote!({ #again #body }) };
    quote! {
        #bindings
        #before
        let #outcome = #private::run(#call, || -> #output #body);
        #outcome
    }
}

fn run_async(
    plan: &CheckedAttribute,
    output: &Type,
    changed: &[Ident],
    statements: &TokenStream,
) -> TokenStream {
    let krate = &plan.krate;
    let private = quote!(#krate::__private);
    let flow = quote!(#private::ControlFlow);
    let [tries, outcome, late, wait, kept] =
        ["tries", "outcome", "late", "wait", "kept"].map(hidden);
    let Begun { bindings, call } = begin(plan, output, true);
    let (before, again) = again(&private, changed);
    let body = quote! {
        async {
            // Never run: the compiler takes the type of `?` and `return` from it.
            if false {
                return #private::never::<#output>();
            }
            #again
            #statements
        }
    };
    let run = match &plan.timeout {
        None => quote! {
            let #outcome = #private::within(&#tries, #body).await;
            let #late = false;
        },
        Some(Timeout { limit, late: outcome_of }) => {
            let limit = value_tokens(krate, limit);
            quote! {
                let (#outcome, #late) =
                    #private::within_limit(&#tries, #limit, #outcome_of, #body).await;
            }
        }
    };
    quote! {
        #bindings
        #before
        let mut #tries = match #private::start(#call) {
            #flow::Continue(#tries) => #tries,
            #flow::Break(#outcome) => return #outcome,
        };
        loop {
            #run
            // The outcome is gone before the wait, so that it need not be `Send`.
            let (#wait, #kept) = match #private::settle_async(&mut #tries, #outcome, #late) {
                #flow::Break(#outcome) => return #outcome,
                #flow::Continue(#wait) => #wait,
            };
            #wait.await;
            if let #flow::Break(#outcome) = #private::resume(&mut #tries, #kept) {
                return #outcome;
            }
        }
    }
}

/// A call in the making, and the statements that bind what it borrows.
struct Begun {
    bindings: TokenStream,
    call: TokenStream,
}

fn begin(plan: &CheckedAttribute, output: &Type, is_async: bool) -> Begun {
    let policy = hidden("policy");
    let bind = bind(&policy, &plan.krate, &plan.policy);
    let guards = plan.guards.iter().map(|Guard { option, .. }| borrow(&option.name, &option.value));
    Begun { bindings: quote!(#bind #(#guards)*), call: call(plan, &policy, output, is_async) }
}

/// The statements that begin a try with the caller's values of the arguments that the body changes, and those
/// before all tries.
fn again(private: &TokenStream, changed: &[Ident]) -> (TokenStream, TokenStream) {
    let callers = hidden("callers");
    let (mut before, mut again) = (TokenStream::new(), TokenStream::new());
    for name in changed {
        let at = at(name.span());
        let clone = quote_spanned!(at=> #private::each_try_begins_with_a_clone_of);
        // `self` cannot be bound again.
        if name == "self" {
            before.extend(quote_spanned!(at=> let #callers = #clone(&#name);));
            again.extend(quote_spanned!(at=> #name = #clone(&#callers);));
        } else {
            again.extend(quote_spanned!(at=> let mut #name = #clone(&#name);));
        }
    }
    (before, again)
}

/// The statements that bind `name` to a reference to the policy.
fn bind(name: &Ident, krate: &Path, policy: &PolicyExpr) -> TokenStream {
    let built = match policy {
        PolicyExpr::Built(built) => built,
        PolicyExpr::Given(policy) => return borrow(name, policy),
    };
    let policy = built_policy(krate, built);
    if built.is_generic {
        return quote!(let #name = &#policy;);
    }
    quote! {
        let #name = {
            static __REBACKOFF_POLICY: #krate::Policy = #policy;
            &__REBACKOFF_POLICY
        };
    }
}

/// The statement that binds `name` to a reference to `value`.
fn borrow(name: &Ident, value: &Expr) -> TokenStream {
    let at = at(value.span());
    let name = &Ident::new(&name.to_string(), at);
    quote_spanned!(at=> let #name = &#value;)
}

fn built_policy(krate: &Path, built: &Built) -> TokenStream {
    let Built { strategy, parameters, waits, settings, .. } = built;
    let assign = |(name, value): &(Ident, CheckedValue)| {
        let value = value_tokens(krate, value);
        quote!(#name = #value)
    };
    let waits = waits.iter().map(|wait| value_tokens(krate, wait));
    let parameters = parameters.iter().map(assign).chain(waits);
    let settings = settings.iter().map(assign);
    let at = at(strategy.span());
    let krate = located_at(strategy.span(), krate);
    quote_spanned!(at=> #krate::policy!(#strategy(#(#parameters),*) #(, #settings)*))
}

fn value_tokens(krate: &Path, value: &CheckedValue) -> TokenStream {
    match value {
        CheckedValue::Seconds(duration, span) => {
            let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
            quote_spanned!(at(*span)=> #krate::__private::Duration::new(#seconds, #nanoseconds))
        }
        CheckedValue::Text(text, span) => {
            quote_spanned! {at(*span)=>
                const {
                    match #krate::engine::parse_duration(#text) {
                        ::core::result::Result::Ok(duration) => duration,
                        ::core::result::Result::Err(_) => {
                            ::core::panic!("{}", #krate::engine::ParseDurationError::RULE)
                        }
                    }
                }
            }
        }
        CheckedValue::Variant(of, variant) => {
            let of = Ident::new(of, variant.span());
            quote_spanned!(at(variant.span())=> #krate::prelude::#of::#variant)
        }
        CheckedValue::Expr(value) => quote!(#value),
    }
}

/// The call in the making, with all that is said about it.
fn call(plan: &CheckedAttribute, policy: &Ident, output: &Type, is_async: bool) -> TokenStream {
    let krate = &plan.krate;
    let begin = match (plan.kind, is_async) {
        (AttributeKind::OnError, false) => quote!(on_error::<#output, _>),
        (AttributeKind::OnError, true) => quote!(on_error_async::<#output, _>),
        (AttributeKind::OnPredicate, false) => quote!(on_predicate::<#output, _, _>),
        (AttributeKind::OnPredicate, true) => quote!(on_predicate_async::<#output, _, _>),
    };
    let predicate = plan.predicate.iter();
    let setters = plan.hooks.iter().chain(&plan.sleeper).map(|Named { name, value }| {
        let setter = if name == "jitter_by" { "jitter".to_owned() } else { name.to_string() };
        let setter = Ident::new(&setter, at(name.span()));
        quote!(.#setter(#value))
    });
    let guards =
        plan.guards.iter().map(|Guard { option: Named { name, value }, rejected, .. }| {
            let guard = Ident::new(&name.to_string(), at(value.span()));
            if let Some(rejected) = rejected {
                return quote!(.breaker_or(#guard, #rejected));
            }
            let setter = Ident::new(&name.to_string(), at(name.span()));
            quote!(.#setter(#guard))
        });
    quote! {
        #krate::__private::#begin(
            #policy,
            #(#predicate)*
        )
        #(#guards)*
        #(#setters)*
    }
}

/// The place of `span`, for errors, marked as written by a macro, for lints and names.
fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

fn located_at(span: Span, path: &Path) -> TokenStream {
    let located = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    located.collect()
}

/// The return type of the body, as an expression may name it: `_` for an `impl Trait`.
fn opaque(mut output: Type) -> Type {
    Opaque.visit_type_mut(&mut output);
    output
}

struct Opaque;

impl VisitMut for Opaque {
    fn visit_type_mut(&mut self, of: &mut Type) {
        if let Type::ImplTrait(_) = of {
            *of = parse_quote!(_);
        } else {
            visit_mut::visit_type_mut(self, of);
        }
    }
}
