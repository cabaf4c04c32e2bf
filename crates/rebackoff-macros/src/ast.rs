//! The attribute's arguments and the function below it, as written.

use proc_macro2::{Delimiter, Group};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Error, Expr, FnArg, GenericArgument, Ident, Pat, PatIdent, PatType, PathArguments,
    ReceiverKind, Result, Signature, Token, Type, Visibility, braced,
};

/// The arguments of the attribute, in order.
pub(crate) struct Arguments(pub(crate) Vec<Argument>);

/// `value`, or `name = value`.
pub(crate) struct Argument {
    pub(crate) name: Option<Ident>,
    pub(crate) value: Expr,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let arguments = Punctuated::<Argument, Token![,]>::parse_terminated(input)?;
        Ok(Self(arguments.into_iter().collect()))
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let is_named = input.peek(Ident::peek_any)
            && input.peek2(Token![=])
            && !input.peek2(Token![==])
            && !input.peek2(Token![=>]);
        let name = if is_named {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                return Err(Error::new(name.span(), format!("`{name}` has no value")));
            }
            Some(name)
        } else {
            None
        };
        Ok(Self { name, value: ungrouped(input.parse()?) })
    }
}

/// The expression that a fragment of a macro by example (`$limit:expr`) hands on as a group.
pub(crate) fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        value => value,
    }
}

/// A function or method. Its body is not looked into, but for attributes of its own.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) inner_attributes: Vec<Attribute>,
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.call(signature)?;
        let (inner_attributes, body) = input.call(body)?;
        Ok(Self { attributes, visibility, signature, inner_attributes, body })
    }
}

impl Function {
    /// Takes `mut` from the arguments that are bound by value. Returns their names, and `self` where it is
    /// bound as `mut`: each try begins with a clone of the caller's value.
    pub(crate) fn take_changed(&mut self) -> Vec<Ident> {
        let shares_self = self.shares_self();
        let mut changed = Vec::new();
        for argument in &mut self.signature.inputs {
            match argument {
                FnArg::Typed(PatType { pat, ty, .. }) if !is_shared(ty) => {
                    changed.extend(take_mut(pat));
                }
                FnArg::Receiver(receiver) if receiver.mutability.is_some() && !shares_self => {
                    changed.push(Ident::from(receiver.self_token));
                }
                _ => {}
            }
        }
        changed
    }

    /// Returns whether all tries share what `self` points to.
    pub(crate) fn shares_self(&self) -> bool {
        self.signature.receiver().is_some_and(|receiver| match &receiver.kind {
            ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
            ReceiverKind::Typed(_, of) => is_shared(of),
            _ => false,
        })
    }
}

/// Returns whether all tries share what an argument of this type points to: a `&mut`, or a `Pin` of one.
fn is_shared(of: &Type) -> bool {
    match of {
        Type::Reference(reference) => reference.mutability.is_some(),
        Type::Path(of) => of.path.segments.last().is_some_and(|last| {
            let PathArguments::AngleBracketed(inner) = &last.arguments else { return false };
            let is_shared = |inner: &_| matches!(inner, GenericArgument::Type(of) if is_shared(of));
            last.ident == "Pin" && inner.args.iter().any(is_shared)
        }),
        _ => false,
    }
}

/// Takes `mut` from the names of a pattern that are bound by value. Returns these names.
pub(crate) fn take_mut(pattern: &mut Pat) -> Vec<Ident> {
    let mut changed = Changed(Vec::new());
    changed.visit_pat_mut(pattern);
    changed.0
}

struct Changed(Vec<Ident>);

impl VisitMut for Changed {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        if pattern.by_ref.is_none() && pattern.mutability.take().is_some() {
            self.0.push(pattern.ident.clone());
        }
        visit_mut::visit_pat_ident_mut(self, pattern);
    }
}

fn signature(input: ParseStream<'_>) -> Result<Signature> {
    let starts_a_function = input.peek(Token![fn])
        || input.peek(Token![const]) && !input.peek2(Ident) && !input.peek2(Token![_])
        || input.peek(Token![async])
        || input.peek(Token![unsafe]) && !input.peek2(Token![impl]) && !input.peek2(Token![trait])
        || input.peek(Token![extern]) && !input.peek2(Token![crate]);
    if starts_a_function {
        return input.parse();
    }
    Err(input.error("only a function or method can be retried"))
}

fn body(input: ParseStream<'_>) -> Result<(Vec<Attribute>, Group)> {
    if input.peek(Token![;]) {
        let rule = "this method has no body to retry: the attribute goes on its implementation";
        return Err(input.error(rule));
    }
    let inside;
    let braces = braced!(inside in input);
    let attributes = inside.call(Attribute::parse_inner)?;
    let mut body = Group::new(Delimiter::Brace, inside.parse()?);
    body.set_span(braces.span.join());
    Ok((attributes, body))
}
