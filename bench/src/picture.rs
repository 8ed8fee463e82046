//! Distributions of latency as a picture in text: a logarithmic axis, one strip of columns for each.

use terminal::{Colour, Terminal};

/// What the names take, unless one of them is longer.
const MARGIN: usize = 15;
const WIDTH: usize = 64;
const HEIGHT: usize = 4;
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// In ASCII a cell is empty, a little or full.
const ASCII: [char; 9] = [' ', '.', '.', '.', ':', ':', ':', '#', '#'];

/// Values in microseconds with how often they occur.
type Buckets = [(u64, u64)];

/// Draws the distributions above one another; `None` when there is nothing to draw.
#[must_use]
pub fn render(distributions: &[(&str, &Buckets)], terminal: Terminal) -> Option<String> {
    let axis = Axis::over(distributions.iter().flat_map(|(_, buckets)| buckets.iter().map(|&(us, _)| us)))?;
    let strips: Vec<_> = distributions.iter().map(|(name, buckets)| (*name, axis.shares(buckets))).collect();
    let top = strips.iter().flat_map(|(_, shares)| shares.iter().copied()).fold(0.0, f64::max);
    let margin = strips.iter().map(|(name, _)| name.chars().count() + 2).fold(MARGIN, usize::max);
    let mut out = String::new();
    for ((name, shares), colour) in strips.iter().zip([Colour::First, Colour::Second].into_iter().cycle()) {
        for row in (0..HEIGHT).rev() {
            let label = if row == 0 { name } else { "" };
            let cells: String = shares.iter().map(|share| cell(share / top, row, terminal)).collect();
            let cells = cells.trim_end();
            out.push_str(format!("{label:margin$}").as_str());
            out.push_str(&terminal.paint(colour, cells));
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
    }
    out.push_str(&axis.render(margin, terminal));
    Some(out)
}

/// How one cell of a column is filled whose height is `share` of the highest. Whatever occurs at all shows.
fn cell(share: f64, row: usize, terminal: Terminal) -> char {
    let levels = if terminal.unicode { BLOCKS } else { ASCII };
    let eighths = (share * (HEIGHT * 8) as f64).ceil() as usize;
    levels[eighths.saturating_sub(row * 8).min(8)]
}

/// A logarithmic axis of `WIDTH` columns.
struct Axis {
    from_us: f64,
    to_us: f64,
}

impl Axis {
    /// From the nearest 1, 2 or 5 below the smallest value to the nearest above the largest.
    fn over(values_us: impl Iterator<Item = u64> + Clone) -> Option<Self> {
        let (min, max) = (values_us.clone().min()?, values_us.max()?);
        let from_us = ticks().take_while(|&tick| tick <= min as f64).last().unwrap_or(1.0);
        let to_us = ticks().find(|&tick| tick > max as f64)?;
        Some(Self { from_us, to_us })
    }

    fn column(&self, us: f64) -> usize {
        let place = (us / self.from_us).ln() / (self.to_us / self.from_us).ln();
        ((place * WIDTH as f64) as usize).min(WIDTH - 1)
    }

    /// Each column's share of all values.
    fn shares(&self, buckets: &Buckets) -> [f64; WIDTH] {
        let mut shares = [0.0; WIDTH];
        let total: u64 = buckets.iter().map(|(_, count)| count).sum();
        for &(us, count) in buckets {
            shares[self.column(us as f64)] += count as f64 / total as f64;
        }
        shares
    }

    fn render(&self, margin: usize, terminal: Terminal) -> String {
        let (line, mark, start) = if terminal.unicode { ('─', '┬', '├') } else { ('-', '+', '+') };
        let mut rule = vec![line; WIDTH];
        let mut labels = String::new();
        for tick in ticks().skip_while(|&tick| tick < self.from_us).take_while(|&tick| tick < self.to_us) {
            let column = self.column(tick);
            let gap = usize::from(!labels.is_empty());
            let label = label(tick);
            if labels.chars().count() + gap > column || column + label.len() > WIDTH {
                continue;
            }
            rule[column] = if column == 0 { start } else { mark };
            labels.push_str(&" ".repeat(column - labels.chars().count()));
            labels.push_str(&label);
        }
        let rule: String = rule.into_iter().collect();
        format!("{:margin$}{rule}\n{:margin$}{labels}\n", "", "")
    }
}

/// 1, 2, 5, 10, 20, … microseconds, up to some days.
fn ticks() -> impl Iterator<Item = f64> {
    (0..12).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(exponent)))
}

fn label(us: f64) -> String {
    if us >= 1e6 {
        format!("{} s", us / 1e6)
    } else if us >= 1e3 {
        format!("{} ms", us / 1e3)
    } else {
        format!("{us} us")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNICODE: Terminal = Terminal { colour: false, unicode: true };

    fn two() -> Vec<(&'static str, Vec<(u64, u64)>)> {
        let bell = |centre: u64| (0..40).map(|i| (centre + centre * i / 20, (40 - i) * (i + 1))).collect();
        vec![("choreography", bell(2_000)), ("orchestration", bell(5_000))]
    }

    fn drawn(terminal: Terminal) -> String {
        let two = two();
        let borrowed: Vec<_> = two.iter().map(|(name, buckets)| (*name, buckets.as_slice())).collect();
        render(&borrowed, terminal).unwrap()
    }

    #[test]
    fn both_stand_on_one_axis() {
        let picture = drawn(UNICODE);
        let lines: Vec<_> = picture.lines().collect();
        assert_eq!(lines.len(), 2 * HEIGHT + 2, "\n{picture}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "\n{picture}");
        assert!(lines[2 * HEIGHT + 1].trim_start().starts_with("2 ms"), "\n{picture}");
        let start = |line: &str| line.chars().position(|c| BLOCKS[1..].contains(&c)).unwrap();
        assert!(start(lines[HEIGHT - 1]) < start(lines[2 * HEIGHT - 1]), "\n{picture}");
    }

    #[test]
    fn a_long_name_moves_everything_to_the_right() {
        let buckets: Vec<_> = (1..50).map(|i| (i * 100, i)).collect();
        let drawn = |name| render(&[(name, buckets.as_slice())], UNICODE).unwrap();
        let (short, long) = (drawn("kafka"), drawn("rabbitmq orchestration"));
        assert!(long.lines().all(|line| line.chars().count() <= 100), "\n{long}");
        let shifted = |line: &str| line.replacen(' ', &" ".repeat(10), 1);
        assert_eq!(long.lines().last().unwrap(), shifted(short.lines().last().unwrap()));
    }

    #[test]
    fn plain_is_ascii() {
        assert!(drawn(Terminal::PLAIN).is_ascii());
    }

    #[test]
    fn a_single_slow_order_shows() {
        let picture = render(&[("c", &[(1_000, 1_000_000), (90_000, 1)])], UNICODE).unwrap();
        let bottom = picture.lines().nth(HEIGHT - 1).unwrap();
        assert!(bottom.ends_with('▁'), "\n{picture}");
    }

    #[test]
    fn nothing_to_draw_is_no_picture() {
        assert_eq!(render(&[("c", &[])], UNICODE), None);
    }
}
