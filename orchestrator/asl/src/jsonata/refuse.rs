//! What JSONata allows and AWS does not.

use jlens_core::ast::FallbackOp;
use jlens_core::{Ast, Node, NodeKind, stack};

use super::error::SyntaxError;

/// The first thing in `ast` that AWS refuses, if any.
pub(super) fn check(ast: &Ast) -> Result<(), SyntaxError> {
    let mut found = None;
    Walk { found: &mut found }.node(&ast.root, true);
    found.map_or(Ok(()), Err)
}

struct Walk<'f> {
    found: &'f mut Option<SyntaxError>,
}

impl Walk<'_> {
    /// `top`: whether the node is evaluated with what would be the input of the whole expression, and is not there.
    fn node(&mut self, node: &Node, top: bool) {
        stack::grow(|| self.node_here(node, top));
    }

    fn node_here(&mut self, node: &Node, top: bool) {
        match &node.kind {
            NodeKind::Path { steps, .. } => {
                for (i, step) in steps.iter().enumerate() {
                    self.node(step, top && i == 0);
                }
                return self.attributes(node);
            }
            NodeKind::Fallback { op, .. } => self.unknown_operator(*op, node),
            NodeKind::Variable { name } if name == "$" => self.refuse(node, NO_ROOT),
            NodeKind::Variable { name } if name.is_empty() && top => self.refuse(node, NO_INPUT),
            NodeKind::Name { .. } if top => self.refuse(node, NO_NAMES),
            _ => {}
        }
        // A function's body sees what its definition sees, but it is not for the text to say when it runs.
        let inside =
            top && !matches!(node.kind, NodeKind::Lambda(_) | NodeKind::Transform(_) | NodeKind::Sort { .. });
        children(node, |child| self.node(child, inside));
        self.attributes(node);
    }

    /// Filters and groups see the items that they are applied to.
    fn attributes(&mut self, node: &Node) {
        use jlens_core::ast::Stage;
        for stage in node.attrs.stages.iter().chain(&node.attrs.predicate) {
            if let Stage::Filter { expr, .. } = stage {
                self.node(expr, false);
            }
        }
        for (key, value) in node.attrs.group.iter().flat_map(|group| &group.pairs) {
            self.node(key, false);
            self.node(value, false);
        }
    }

    /// The operators of JSONata 2.1, as 2.0.6 reads them: the second sign stands where an operand should begin.
    fn unknown_operator(&mut self, op: FallbackOp, node: &Node) {
        let symbol = match op {
            FallbackOp::Default => ":",
            FallbackOp::Coalesce => "?",
        };
        let message = format!("The symbol \"{symbol}\" cannot be used as a unary operator");
        self.found.get_or_insert(SyntaxError {
            message,
            code: Some("S0211".into()),
            offset: Some(node.span.start),
        });
    }

    fn refuse(&mut self, node: &Node, message: &str) {
        let error = SyntaxError { message: message.to_owned(), code: None, offset: Some(node.span.start) };
        self.found.get_or_insert(error);
    }
}

const NO_INPUT: &str = "$ stands for nothing at the top level of an expression; use $states.input";
const NO_ROOT: &str = "$$ stands for nothing in an expression; use $states.input";
const NO_NAMES: &str = "a field's name stands for nothing at the top level of an expression; begin with $states.input or a variable";

/// The children of a node that are not among its filters and groups.
fn children(node: &Node, mut f: impl FnMut(&Node)) {
    match &node.kind {
        NodeKind::Binary { lhs, rhs, .. }
        | NodeKind::Fallback { lhs, rhs, .. }
        | NodeKind::Apply { lhs, rhs } => {
            f(lhs);
            f(rhs);
        }
        NodeKind::Bind { rhs, .. } => f(rhs),
        NodeKind::Negate { expr } => f(expr),
        NodeKind::Array { items } => items.iter().for_each(f),
        NodeKind::Object { pairs } => pairs.iter().for_each(|(key, value)| {
            f(key);
            f(value);
        }),
        NodeKind::Condition { condition, then, otherwise } => {
            f(condition);
            f(then);
            otherwise.iter().for_each(|node| f(node));
        }
        NodeKind::Block { exprs, .. } => exprs.iter().for_each(f),
        NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
            f(procedure);
            args.iter().for_each(f);
        }
        NodeKind::Lambda(definition) => f(&definition.body),
        NodeKind::Transform(definition) => {
            f(&definition.pattern);
            f(&definition.update);
            definition.delete.iter().for_each(f);
        }
        NodeKind::Sort { terms } => terms.iter().for_each(|term| f(&term.expr)),
        _ => {}
    }
}
