//! Doc comments that say no more than the name beside them.

use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprLit, Field, ImplItemFn, ItemConst, ItemEnum, ItemFn, ItemStruct, ItemTrait,
    ItemType, Lit, Meta, TraitItemFn, Variant,
};

/// Words that add nothing to a name.
const FILLERS: [&str; 10] = ["a", "an", "the", "its", "this", "of", "is", "whether", "it", "their"];

/// The names whose doc comments only repeat them.
///
/// # Panics
/// If the text is no Rust.
#[must_use]
pub fn empty_comments(text: &str) -> Vec<String> {
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(text).unwrap());
    found.0
}

#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn look(&mut self, name: &str, attributes: &[Attribute]) {
        let comment: Vec<_> = attributes.iter().filter_map(text_of).collect();
        let comment = comment.join(" ");
        // What stands in code quotes is a name of something else: of a field of the language, say.
        let words = words(&comment);
        if !comment.contains('`') && !comment.is_empty() && words == self::words(&name.replace('_', " ")) {
            self.0.push(name.to_owned());
        }
    }
}

fn text_of(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value else { return None };
    meta.path.is_ident("doc").then(|| text.value())
}

/// What is said, without fillers, capitals and plurals; a name in capitals or camels is taken apart.
fn words(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut was_small = false;
    for letter in text.replace("'s", "").chars() {
        if letter.is_uppercase() && was_small {
            spaced.push(' ');
        }
        was_small = letter.is_lowercase();
        spaced.extend(letter.to_lowercase());
    }
    let words = spaced.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !FILLERS.contains(word)).map(|word| word.trim_end_matches('s').to_owned()).collect()
}

impl<'ast> Visit<'ast> for Found {
    fn visit_field(&mut self, field: &'ast Field) {
        if let Some(ident) = &field.ident {
            self.look(&ident.to_string(), &field.attrs);
        }
        visit::visit_field(self, field);
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        self.look(&variant.ident.to_string(), &variant.attrs);
        visit::visit_variant(self, variant);
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.look(&item.ident.to_string(), &item.attrs);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.look(&item.ident.to_string(), &item.attrs);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.look(&item.ident.to_string(), &item.attrs);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.look(&item.ident.to_string(), &item.attrs);
    }

    fn visit_item_type(&mut self, item: &'ast ItemType) {
        self.look(&item.ident.to_string(), &item.attrs);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.look(&item.sig.ident.to_string(), &item.attrs);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.look(&item.sig.ident.to_string(), &item.attrs);
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.look(&item.sig.ident.to_string(), &item.attrs);
        visit::visit_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_that_repeats_its_name_is_found() {
        let text = "/// The order's id.\nstruct OrderId;\n/// When it was made, in milliseconds.\nstruct MadeAt;\n\
                    struct Row { /// Its rows.\n row: u8, /// Why it failed.\n error: u8 }";
        assert_eq!(empty_comments(text), ["OrderId", "row"]);
    }
}
