//! What an expression reads of its scope, found without evaluating it.

use jlens_core::ast::Stage;
use jlens_core::{Ast, Node, NodeKind, stack};

/// Which parts of `$states` an expression reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatesRead {
    /// `$states.input`.
    pub input: bool,
    /// `$states.result`.
    pub result: bool,
    /// `$states.errorOutput`.
    pub error_output: bool,
    /// Anything of `$states.context`.
    pub context: bool,
    /// `$states.context.Execution.Input`, or so much of the context that it is in it.
    pub execution_input: bool,
    /// `$states` in a way that does not say which part: by itself, or with a filter.
    pub all: bool,
}

/// What an expression reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Reads {
    /// Free variables that are no built-in functions, in the order of the text.
    pub(super) variables: Vec<Box<str>>,
    /// Built-in functions that are named: the workflow may have a variable of that name.
    pub(super) built_ins: Vec<Box<str>>,
    pub(super) states: StatesRead,
    /// Whether it may ask for random numbers.
    pub(super) random: bool,
}

/// What `ast` reads; `is_built_in` knows the names of functions.
pub(super) fn of(ast: &Ast, is_built_in: &dyn Fn(&str) -> bool) -> Reads {
    let mut walk = Walk { reads: Reads::default(), scopes: Vec::new(), lambdas: 0, is_built_in };
    walk.scoped(&ast.root, |walk| walk.node(&ast.root));
    walk.reads
}

/// Names bound in one frame.
#[derive(Default)]
struct Scope<'n> {
    /// Those bound so far, in the order of evaluation.
    bound: Vec<&'n str>,
    /// All that the frame ever binds: a function's body runs later than it stands.
    eventually: Vec<&'n str>,
    /// How many functions this frame is inside of.
    lambdas: usize,
}

struct Walk<'n, 'f> {
    reads: Reads,
    scopes: Vec<Scope<'n>>,
    lambdas: usize,
    is_built_in: &'f dyn Fn(&str) -> bool,
}

impl<'n> Walk<'n, '_> {
    /// Walks with a frame of its own, which binds what `frame` binds outside of inner frames.
    fn scoped(&mut self, frame: &'n Node, walk: impl FnOnce(&mut Self)) {
        let mut eventually = Vec::new();
        binds(frame, &mut eventually, true);
        self.scopes.push(Scope { bound: Vec::new(), eventually, lambdas: self.lambdas });
        walk(self);
        self.scopes.pop();
    }

    fn bind(&mut self, name: &'n str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.bound.push(name);
        }
    }

    fn is_bound(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| {
            // A frame around the function that is being walked will be complete when the function runs.
            let later = scope.lambdas < self.lambdas;
            scope.bound.contains(&name) || later && scope.eventually.contains(&name)
        })
    }

    fn node(&mut self, node: &'n Node) {
        stack::grow(|| self.node_here(node));
    }

    fn node_here(&mut self, node: &'n Node) {
        match &node.kind {
            NodeKind::Path { steps, .. } => return self.path(node, steps),
            NodeKind::Variable { name } => self.variable(name, &[], node),
            NodeKind::Bind { lhs, rhs } => {
                self.node(rhs);
                if let NodeKind::Variable { name } = &lhs.kind {
                    self.bind(name);
                }
            }
            NodeKind::Block { exprs, .. } => {
                self.scoped(node, |walk| exprs.iter().for_each(|expr| walk.node(expr)));
            }
            NodeKind::Lambda(definition) => {
                self.lambdas += 1;
                self.scoped(&definition.body, |walk| {
                    definition.params.iter().for_each(|name| walk.bind(name));
                    walk.node(&definition.body);
                });
                self.lambdas -= 1;
            }
            _ => {
                node.for_each_child(|child| self.node(child));
                return;
            }
        }
        self.attributes(node);
    }

    /// The steps of a path: what one binds (`@$x`, `#$i`) is bound for those after it, and for nothing else.
    fn path(&mut self, node: &'n Node, steps: &'n [Node]) {
        let before = self.scopes.last().map_or(0, |scope| scope.bound.len());
        for (i, step) in steps.iter().enumerate() {
            [&step.attrs.focus, &step.attrs.index].into_iter().flatten().for_each(|name| self.bind(name));
            for stage in step.attrs.stages.iter().chain(&step.attrs.predicate) {
                if let Stage::Index { var, .. } = stage {
                    self.bind(var);
                }
            }
            match &step.kind {
                NodeKind::Variable { name } => {
                    self.variable(name, &steps[i + 1..], step);
                    self.attributes(step);
                }
                _ => self.node(step),
            }
        }
        self.attributes(node);
        if let Some(scope) = self.scopes.last_mut() {
            scope.bound.truncate(before);
        }
    }

    /// What hangs on a node besides its children: filters and groups.
    fn attributes(&mut self, node: &'n Node) {
        for stage in node.attrs.stages.iter().chain(&node.attrs.predicate) {
            if let Stage::Filter { expr, .. } = stage {
                self.node(expr);
            }
        }
        for (key, value) in node.attrs.group.iter().flat_map(|group| &group.pairs) {
            self.node(key);
            self.node(value);
        }
    }

    fn variable(&mut self, name: &'n str, rest: &[Node], node: &Node) {
        if name.is_empty() || name == "$" || self.is_bound(name) {
            return;
        }
        if name == "states" {
            return self.states(rest, node);
        }
        self.reads.random |= matches!(name, "random" | "uuid" | "shuffle");
        let built_in = (self.is_built_in)(name);
        let names = if built_in { &mut self.reads.built_ins } else { &mut self.reads.variables };
        if !names.iter().any(|known| **known == *name) {
            names.push(name.into());
        }
    }

    fn states(&mut self, rest: &[Node], node: &Node) {
        let read = &mut self.reads.states;
        let plain = |node: &Node| {
            node.attrs.stages.is_empty() && node.attrs.predicate.is_empty() && node.attrs.group.is_none()
        };
        let part = rest.first().filter(|_| plain(node)).and_then(name_of);
        match part {
            Some("input") => read.input = true,
            Some("result") => read.result = true,
            Some("errorOutput") => read.error_output = true,
            Some("context") => {
                read.context = true;
                // What is not said by name may be it.
                let named = |i: usize| rest.get(i).filter(|_| plain(&rest[i - 1])).and_then(name_of);
                read.execution_input |= match named(1) {
                    Some("Execution") => named(2).is_none_or(|name| name == "Input"),
                    Some(_) => false,
                    None => true,
                };
            }
            // Of any other name there is nothing.
            Some(_) => {}
            None => read.all = true,
        }
    }
}

/// The field that a step is, if it is one.
fn name_of(step: &Node) -> Option<&str> {
    match &step.kind {
        NodeKind::Name { name } => Some(name),
        _ => None,
    }
}

/// The names that a frame binds outside of the frames within it.
fn binds<'n>(node: &'n Node, names: &mut Vec<&'n str>, outermost: bool) {
    match &node.kind {
        NodeKind::Block { .. } if !outermost => return,
        NodeKind::Lambda(_) => return,
        NodeKind::Bind { lhs, .. } => {
            if let NodeKind::Variable { name } = &lhs.kind {
                names.push(name);
            }
        }
        _ => {}
    }
    stack::grow(|| node.for_each_child(|child| binds(child, names, false)));
}
