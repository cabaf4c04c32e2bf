//! The attributes of `rebackoff`.

mod ast;
mod attr;
mod duration;
mod expand;
mod valid;
mod value;
mod words;

use proc_macro::TokenStream;
use quote::quote;
use syn::parse_macro_input;

use ast::{Arguments, Function};
use attr::{Kind, Options};
use valid::Plan;

#[proc_macro_attribute]
pub fn on_error(arguments: TokenStream, item: TokenStream) -> TokenStream {
    retried(Kind::OnError, arguments, item)
}

#[proc_macro_attribute]
pub fn on_predicate(arguments: TokenStream, item: TokenStream) -> TokenStream {
    retried(Kind::OnPredicate, arguments, item)
}

fn retried(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let as_written = proc_macro2::TokenStream::from(item.clone());
    let function = parse_macro_input!(item as Function);
    let plan = syn::parse(arguments)
        .and_then(|arguments: Arguments| Options::parse(kind, arguments))
        .and_then(|options| Plan::check(options, &function.signature));
    match plan {
        Ok(plan) => expand::expand(&plan, &function).into(),
        Err(error) => {
            // The function stays, so that its callers are not told that it is missing.
            let error = error.into_compile_error();
            quote!(#error #as_written).into()
        }
    }
}
