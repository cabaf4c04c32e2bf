//! The function that takes the place of the one that was written: a call of its body, or a loop where it is async.

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprBlock, ExprClosure, Ident, Path, ReturnType, Stmt, Type, parse_quote};

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
            let mut functions = Functions::new(krate, output);
            let outcome_of = functions.ask("late", outcome_of);
            let run = functions.bind(quote! {
                #private::within_limit(&#tries, #limit, #outcome_of, #body)
            });
            quote!(let (#outcome, #late) = #run.await;)
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
    let import = &plan.import;
    let policy = hidden("policy");
    let bind = bind(&policy, &plan.krate, &plan.policy);
    let guards = plan.guards.iter().map(|Guard { option: Named { name, value }, .. }| {
        let name = hidden(&name.to_string());
        quote!(let #name = &#value;)
    });
    let at = at(import.span());
    let import = quote_spanned!(at=> use #import::{self as __rebackoff};);
    let (krate, of_tries) = (&plan.krate, hidden("of_tries"));
    let bindings = quote! {
        #import
        // One value, because each mention of an `impl Trait` is a type of its own.
        let #of_tries = #krate::__private::Body::<#output>::OF_TRIES;
        #bind
        #(#guards)*
    };
    Begun { bindings, call: call(plan, &policy, output, is_async) }
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
        PolicyExpr::Given(policy) => return quote!(let #name = &#policy;),
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
    let mut functions = Functions::new(krate, output);
    let of_tries = hidden("of_tries");
    let mut body = quote!(#of_tries);
    if plan.kind == AttributeKind::OnError {
        let check = Ident::new("returns_a_result", at(output.span()));
        body = quote!(#body.#check());
    }
    for Guard { option, rejected } in &plan.guards {
        if option.name == "breaker" && rejected.is_none() {
            let check = Ident::new("can_be_made_of_a_rejection", at(option.name.span()));
            body = quote!(#body.#check());
        }
    }
    let begin = match (plan.kind, is_async) {
        (AttributeKind::OnError, false) => quote!(on_error),
        (AttributeKind::OnError, true) => quote!(on_error_async),
        (AttributeKind::OnPredicate, false) => quote!(on_predicate),
        (AttributeKind::OnPredicate, true) => quote!(on_predicate_async),
    };
    let policy = match &plan.policy {
        PolicyExpr::Built(_) => quote!(#policy),
        PolicyExpr::Given(value) => given("is_a_policy", value.span(), policy),
    };
    let predicate = plan.predicate.iter().map(|predicate| functions.ask("on_predicate", predicate));
    let mut call = quote!(#body.#begin(#policy #(, #predicate)*));
    for Guard { option: Named { name, value }, rejected } in &plan.guards {
        let check = format!("is_a_{name}_or_a_handle_to_one");
        let guard = given(&check, value.span(), &hidden(&name.to_string()));
        let setter = Ident::new(&name.to_string(), at(name.span()));
        call = match rejected {
            None => quote!(#call.#setter(#guard)),
            Some(rejected) => {
                let rejected = functions.ask("rejected", rejected);
                quote!(#call.breaker_or(#guard, #rejected))
            }
        };
    }
    for Named { name, value } in &plan.hooks {
        let value = if name == "hook" {
            given("is_a_hook", value.span(), value)
        } else {
            functions.ask(&name.to_string(), value)
        };
        let setter = if name == "jitter_by" { "jitter".to_owned() } else { name.to_string() };
        let setter = Ident::new(&setter, at(name.span()));
        call = quote!(#call.#setter(#value));
    }
    if let Some(sleeper) = &plan.sleeper {
        let check = if is_async { "is_an_async_sleeper" } else { "is_a_sleeper" };
        let sleeper = given(check, sleeper.span(), sleeper);
        call = quote!(#call.sleeper(#sleeper));
    }
    functions.bind(call)
}

/// The value of an option, checked at its own `place`.
fn given(check: &str, place: Span, value: &impl ToTokens) -> TokenStream {
    let (of_tries, check) = (hidden("of_tries"), Ident::new(check, at(place)));
    quote!(#of_tries.given(#value).#check())
}

/// The functions that options hold. Each is called in a closure of the right type, so that a wrong one is one error of the
/// compiler.
struct Functions<'a> {
    krate: &'a Path,
    output: &'a Type,
    /// All but closures, which take the types of their parameters from their place.
    bound: Vec<(Ident, &'a Expr)>,
}

impl<'a> Functions<'a> {
    fn new(krate: &'a Path, output: &'a Type) -> Self {
        Self { krate, output, bound: Vec::new() }
    }

    /// A closure that calls `function` for `option`.
    fn ask(&mut self, option: &str, function: &'a Expr) -> TokenStream {
        let mut written = function.clone();
        if let Some(closure) = closure_in(&mut written) {
            let capture = closure.capture.take();
            *closure = self.asking(option, function.span(), &capture, closure);
            return quote!(#written);
        }
        // It may write a closure.
        if let Expr::Macro(_) = function {
            return quote!(#function);
        }
        let bound = Ident::new(&format!("function_{}", self.bound.len()), at(function.span()));
        let closure = self.asking(option, function.span(), &quote!(move), &bound);
        self.bound.push((bound, function));
        quote!(#closure)
    }

    fn asking(
        &self,
        option: &str,
        place: Span,
        capture: &impl ToTokens,
        function: &impl ToTokens,
    ) -> ExprClosure {
        let at = at(place);
        let output = self.output;
        let krate = located_at(place, self.krate);
        let name = Ident::new(option, at);
        let ask = match option {
            "rejected" => quote_spanned!(at=> rejected::<#output>(value, #function)),
            "late" => quote_spanned!(at=> late::<#output>(value, &mut #function)),
            _ => quote_spanned!(at=> #name(value, &mut #function)),
        };
        let closure = quote_spanned!(at=> #capture |value| #krate::__private::#ask);
        parse_quote!(#closure)
    }

    /// The expression `call`, in which the functions are bound.
    fn bind(&self, call: TokenStream) -> TokenStream {
        if self.bound.is_empty() {
            return call;
        }
        let (names, functions): (Vec<_>, Vec<_>) = self.bound.iter().cloned().unzip();
        quote!(match (#(#functions,)*) { (#(mut #names,)*) => #call })
    }
}

/// The closure that an expression is.
fn closure_in(function: &mut Expr) -> Option<&mut ExprClosure> {
    match function {
        Expr::Closure(closure) => Some(closure),
        Expr::Paren(inner) => closure_in(&mut inner.expr),
        Expr::Group(inner) => closure_in(&mut inner.expr),
        Expr::Block(ExprBlock { block, .. }) => match block.stmts.last_mut() {
            Some(Stmt::Expr(last, None)) => closure_in(last),
            _ => None,
        },
        _ => None,
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
