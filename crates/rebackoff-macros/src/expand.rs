//! The function that takes the place of the one that was written: a loop of tries around its body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Path, ReturnType, Type, parse_quote};

use crate::ast::Function;
use crate::attr::{Kind, Named};
use crate::valid::{Built, Guard, Plan, PolicySource};
use crate::value::Value;

pub(crate) fn expand(plan: &Plan, function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, inner_attributes, body } = function;
    let krate = &plan.krate;
    let output = output(&signature.output);
    // Local names that the body and the options can neither see nor shadow.
    let [policy, tries, outcome, wait] =
        ["policy", "tries", "outcome", "wait"].map(|name| Ident::new(name, Span::mixed_site()));

    let bind = bind(&policy, krate, &plan.policy);
    let guards = plan.guards.iter().map(|Guard { option, class, .. }| {
        borrow(&option.name, krate, &Ident::new(class, Span::mixed_site()), &option.value)
    });
    let bind = quote!(#bind #(#guards)*);
    let call = call(plan, &policy, &output, signature.asyncness.is_some());
    let run = if signature.asyncness.is_none() {
        quote! {
            let mut #tries = #krate::__private::start(#call);
            loop {
                if let #krate::__private::ControlFlow::Break(#outcome) =
                    #krate::__private::begin(&mut #tries)
                {
                    return #outcome;
                }
                let #outcome = #krate::__private::once(&#tries, || -> #output #body);
                match #krate::__private::settle(&mut #tries, #outcome) {
                    #krate::__private::ControlFlow::Break(#outcome) => return #outcome,
                    #krate::__private::ControlFlow::Continue(()) => {}
                }
            }
        }
    } else {
        let statements = body.stream();
        quote! {
            let mut #tries = #krate::__private::start_async(#call);
            loop {
                if let #krate::__private::ControlFlow::Break(#outcome) =
                    #krate::__private::begin(&mut #tries)
                {
                    return #outcome;
                }
                let #outcome = #krate::__private::within(&mut #tries, async {
                    // Never run: it tells `?` and `return` what the body gives.
                    if false {
                        return #krate::__private::never::<#output>();
                    }
                    #statements
                })
                .await;
                // The outcome is gone before the wait, so that it need not be `Send`.
                let #wait = match #krate::__private::settle_async(&mut #tries, #outcome) {
                    #krate::__private::ControlFlow::Break(#outcome) => return #outcome,
                    #krate::__private::ControlFlow::Continue(#wait) => #wait,
                };
                #wait.await;
            }
        }
    };
    quote! {
        #(#attributes)*
        #visibility #signature {
            #(#inner_attributes)*
            #bind
            #run
        }
    }
}

/// The statements that bind `name` to a reference to the policy.
fn bind(name: &Ident, krate: &Path, policy: &PolicySource) -> TokenStream {
    let built = match policy {
        PolicySource::Built(built) => built,
        PolicySource::Given(policy) => {
            let class = Ident::new("Policy", Span::mixed_site());
            return borrow(name, krate, &class, policy);
        }
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

/// The statements that bind `name` to what `value` is or holds, of the type `class` of the crate.
fn borrow(name: &Ident, krate: &Path, class: &Ident, value: &Expr) -> TokenStream {
    let at = at(value.span());
    let name = &Ident::new(&name.to_string(), at);
    // In two steps, so that a temporary lives as long as the call.
    quote_spanned! {at=>
        let #name = &#value;
        let #name = #krate::__private::Borrow::<#krate::#class>::borrow(#name);
    }
}

fn built_policy(krate: &Path, built: &Built) -> TokenStream {
    let Built { strategy, parameters, waits, settings, .. } = built;
    let assign = |(name, value): &(Ident, Value)| {
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

fn value_tokens(krate: &Path, value: &Value) -> TokenStream {
    match value {
        Value::Duration(duration, span) => {
            let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
            quote_spanned!(at(*span)=> #krate::__private::Duration::new(#seconds, #nanoseconds))
        }
        Value::Variant(of, variant) => {
            let of = Ident::new(of, variant.span());
            quote_spanned!(at(variant.span())=> #krate::#of::#variant)
        }
        Value::Expr(value) => quote!(#value),
    }
}

/// The call in the making, with all that is said about it.
fn call(plan: &Plan, policy: &Ident, output: &Type, is_async: bool) -> TokenStream {
    let krate = &plan.krate;
    let begin = match (plan.kind, is_async) {
        (Kind::OnError, false) => quote!(on_error::<#output>),
        (Kind::OnError, true) => quote!(on_error_async::<#output>),
        (Kind::OnPredicate, false) => quote!(on_predicate::<#output, _>),
        (Kind::OnPredicate, true) => quote!(on_predicate_async::<#output, _>),
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

/// Where `span` is, for errors, but marked as written by a macro, for lints and names.
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

/// What the body gives, as a type that an expression may name: `_` where it is an `impl Trait`.
fn output(written: &ReturnType) -> Type {
    match written {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, output) => {
            let mut output = (**output).clone();
            Opaque.visit_type_mut(&mut output);
            output
        }
    }
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
