//! Cells side by side: a column for each, the styles of one bus next to each other with their ratio.

use std::fmt::Write;

use contract::Style;
use terminal::{Colour, Terminal, grouped};

use crate::report::Cell;

/// How many buses stand next to each other before a further block begins.
const BUSES_A_BLOCK: usize = 2;

/// How wide things are, and what the styles are called.
struct Layout {
    label: usize,
    column: usize,
    ratio: usize,
    style: fn(Style) -> &'static str,
}

const OF_ONE_BUS: Layout = Layout { label: 38, column: 14, ratio: 14, style: Style::as_str };
const OF_SEVERAL: Layout = Layout { label: 36, column: 12, ratio: 8, style: abbreviated };

const fn abbreviated(style: Style) -> &'static str {
    match style {
        Style::Choreography => "choreogr.",
        Style::Orchestration => "orchestr.",
    }
}

/// The cells of one bus, in the order in which styles are shown.
struct Group<'a> {
    bus: &'a str,
    cells: Vec<&'a Cell>,
}

/// A block of columns.
pub(super) struct Columns<'a> {
    groups: Vec<Group<'a>>,
    layout: Layout,
}

impl<'a> Columns<'a> {
    /// All cells, in blocks that fit.
    pub(super) fn blocks(cells: &'a [Cell]) -> Vec<Self> {
        let mut groups = groups(cells);
        if groups.len() <= 1 {
            return vec![Self { groups, layout: OF_ONE_BUS }];
        }
        let mut blocks = Vec::new();
        while !groups.is_empty() {
            let rest = groups.split_off(groups.len().min(BUSES_A_BLOCK));
            blocks.push(Self { groups, layout: OF_SEVERAL });
            groups = rest;
        }
        blocks
    }

    /// All cells, in the order in which they are shown.
    pub(super) fn in_order(cells: &'a [Cell]) -> impl Iterator<Item = &'a Cell> {
        groups(cells).into_iter().flat_map(|group| group.cells)
    }

    /// The cells of this block.
    pub(super) fn cells(&self) -> impl Iterator<Item = &'a Cell> {
        self.groups.iter().flat_map(|group| group.cells.iter().copied())
    }

    /// The columns' names.
    pub(super) fn heading(&self, out: &mut String, terminal: Terminal) -> std::fmt::Result {
        let Layout { label, column, ratio, style } = self.layout;
        if self.layout.label == OF_SEVERAL.label {
            let mut line = " ".repeat(label);
            for group in &self.groups {
                let width = 2 * column + ratio;
                // Over the middle of its columns.
                write!(line, "{:^width$}", format!("{:>column$}", group.bus))?;
            }
            writeln!(out, "{}", terminal.paint(Colour::Strong, line.trim_end()))?;
        }
        let mut line = " ".repeat(label);
        for group in &self.groups {
            for cell in &group.cells {
                write!(line, "{:>column$}", style(cell.style))?;
            }
            write!(line, "{:>ratio$}", "ratio")?;
        }
        writeln!(out, "{}", terminal.paint(Colour::Strong, &line))
    }

    /// A line of values with their ratios.
    pub(super) fn row(
        &self,
        out: &mut String,
        name: &str,
        value: impl Fn(&Cell) -> Option<f64>,
        show: fn(f64) -> String,
    ) -> std::fmt::Result {
        let Layout { label, column, ratio, .. } = self.layout;
        write!(out, "{name:label$}")?;
        for group in &self.groups {
            let values: Vec<_> = group.cells.iter().map(|cell| value(cell)).collect();
            for value in &values {
                write!(out, "{:>column$}", value.map_or_else(|| "-".to_owned(), show))?;
            }
            write!(out, "{:>ratio$}", of_the_first(&values))?;
        }
        writeln!(out)
    }

    /// Lines of counts under a heading; the names are those of the first cell.
    pub(super) fn counts(
        &self,
        out: &mut String,
        heading: &str,
        of: impl Fn(&Cell) -> Vec<(&'static str, u64)>,
    ) -> std::fmt::Result {
        let Layout { label, column, ratio, .. } = self.layout;
        writeln!(out, "{heading}")?;
        let counts: Vec<Vec<_>> =
            self.groups.iter().map(|group| group.cells.iter().map(|cell| of(cell)).collect()).collect();
        let names: Vec<_> =
            counts.iter().flatten().next().into_iter().flatten().map(|(name, _)| name).collect();
        for (index, name) in names.into_iter().enumerate() {
            let mut line = format!("  {name:width$}", width = label - 2);
            for group in &counts {
                for cell in group {
                    let count = cell.get(index).map_or_else(|| "-".to_owned(), |(_, count)| grouped(*count));
                    write!(line, "{count:>column$}")?;
                }
                line.push_str(&" ".repeat(ratio));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn groups(cells: &[Cell]) -> Vec<Group<'_>> {
    let mut groups = Vec::<Group<'_>>::new();
    for cell in cells {
        match groups.iter_mut().find(|group| group.bus == cell.bus) {
            Some(group) => group.cells.push(cell),
            None => groups.push(Group { bus: &cell.bus, cells: vec![cell] }),
        }
    }
    let place = |cell: &&Cell| Style::ALL.iter().position(|style| *style == cell.style);
    groups.iter_mut().for_each(|group| group.cells.sort_by_key(place));
    groups
}

/// The second of the first.
fn of_the_first(values: &[Option<f64>]) -> String {
    match values {
        [Some(first), Some(second)] if *first > 0.0 => format!("x {:.2}", second / first),
        _ => "-".to_owned(),
    }
}
