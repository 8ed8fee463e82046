//! Circles among imports.

use std::collections::BTreeSet;
use std::path::PathBuf;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::imports::Import;

/// Files that import each other, directly or through others: each set is one circle, or several that touch.
#[must_use]
pub fn circles(imports: &BTreeSet<Import>) -> Vec<BTreeSet<PathBuf>> {
    let graph: DiGraphMap<&PathBuf, ()> = imports.iter().map(|(from, to)| (from, to)).collect();
    let components = tarjan_scc(&graph).into_iter().filter(|component| component.len() > 1);
    components.map(|component| component.into_iter().cloned().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_through_others_and_a_chain_is_none() {
        let import = |from: &str, to: &str| (PathBuf::from(from), PathBuf::from(to));
        let chain = BTreeSet::from([import("a", "b"), import("b", "c"), import("a", "c")]);
        assert!(circles(&chain).is_empty());
        let mut circle = chain;
        circle.insert(import("c", "a"));
        assert_eq!(circles(&circle), [["a", "b", "c"].map(PathBuf::from).into()]);
    }
}
