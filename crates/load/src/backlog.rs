//! How far behind a system is that works on more orders than it can: an order is stuck when it does not move though others do, and
//! not when it waits its turn behind others that end one after the other.

use std::collections::{BTreeMap, VecDeque};

use contract::Style;
use participant::Millis;

/// Ends that are remembered of each style, at the most: the latest.
const ENDS_MAX: usize = 1_000;
/// Fewer tell nothing: what was stuck and is set going again ends late, too.
const ENDS_MIN: usize = 10;

/// The orders that ended lately, and how long each of them took.
#[derive(Debug)]
pub struct Backlog {
    /// An end counts for so long, in milliseconds.
    window: Millis,
    /// What an order may take in a system that is not behind.
    usual: Millis,
    ends: BTreeMap<Style, VecDeque<End>>,
    /// What the last look came to: asked for with every order.
    behind: BTreeMap<Style, Millis>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    at: Millis,
    took: Millis,
}

impl Backlog {
    /// Nothing ended yet. An end tells something for as long as `window`; orders that take no longer than `usual` wait for nobody. Both in
    /// milliseconds.
    #[must_use]
    pub fn new(window: Millis, usual: Millis) -> Self {
        Self { window, usual, ends: BTreeMap::new(), behind: BTreeMap::new() }
    }

    /// An order of that style was seen to end `at`, and took so long without the time in which it was held up.
    pub fn ended(&mut self, style: Style, at: Millis, took: Millis) {
        let ends = self.ends.entry(style).or_default();
        if ends.len() >= ENDS_MAX {
            ends.pop_front();
        }
        ends.push_back(End { at, took });
    }

    /// Looks which orders have ended lately, and how long these took.
    pub fn look_back(&mut self, now: Millis) {
        self.behind = self.ends.iter().map(|(style, ends)| (*style, self.median(ends, now))).collect();
    }

    /// How long the others took at the last look, in milliseconds: half of those that ended lately took so long at least. 0 when that is no more than
    /// usual, and when hardly anything ends: then nobody's turn comes.
    #[must_use]
    pub fn behind(&self, style: Style) -> Millis {
        self.behind.get(&style).copied().unwrap_or(0)
    }

    fn median(&self, ends: &VecDeque<End>, now: Millis) -> Millis {
        let is_late = |end: &&End| now - end.at < self.window;
        let mut took: Vec<_> = ends.iter().filter(is_late).map(|end| end.took).collect();
        if took.len() < ENDS_MIN {
            return 0;
        }
        let middle = (took.len() - 1) / 2;
        let (_, median, _) = took.select_nth_unstable(middle);
        if *median > self.usual { *median } else { 0 }
    }

    /// The clock was put back: all of it happened by so much earlier.
    pub fn put_back(&mut self, by: Millis) {
        self.ends.values_mut().flatten().for_each(|end| end.at -= by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::Choreography;

    /// Each of these ends five times.
    fn with(ends: &[(Millis, Millis)]) -> Backlog {
        let mut backlog = Backlog::new(60_000, 5_000);
        let five = ends.iter().flat_map(|end| std::iter::repeat_n(end, 5));
        five.for_each(|(at, took)| backlog.ended(STYLE, *at, *took));
        backlog
    }

    /// How far behind it is in that style, looked at then.
    fn behind(backlog: &mut Backlog, style: Style, now: Millis) -> Millis {
        backlog.look_back(now);
        backlog.behind(style)
    }

    #[test]
    fn half_of_what_ended_lately_says_how_far_it_is_behind() {
        let mut backlog = with(&[(1_000, 90_000), (1_100, 70_000), (1_200, 100), (1_300, 80_000)]);
        assert_eq!(behind(&mut backlog, STYLE, 2_000), 70_000);
        assert_eq!(
            behind(&mut backlog, Style::Orchestration, 2_000),
            0,
            "the other style has queues of its own"
        );
        assert_eq!(behind(&mut backlog, STYLE, 61_000), 70_000, "those of the last minute");
        assert_eq!(behind(&mut backlog, STYLE, 61_200), 0, "hardly anything ends any more");
    }

    #[test]
    fn few_that_end_late_are_no_backlog_and_usual_times_are_none() {
        assert_eq!(behind(&mut with(&[(1_000, 900_000)]), STYLE, 1_000), 0, "they were set going again");
        assert_eq!(behind(&mut with(&[(1_000, 20), (1_000, 30), (1_000, 45_000)]), STYLE, 1_000), 0);
        assert_eq!(behind(&mut with(&[(1_000, 5_000), (1_000, 5_000)]), STYLE, 1_000), 0);
        assert_eq!(behind(&mut with(&[]), STYLE, 1_000), 0);
    }

    #[test]
    fn only_the_latest_are_remembered_and_they_move_with_the_clock() {
        let many = (0..400).map(|n| (n, if n < 200 { 90_000 } else { 10_000 })).collect::<Vec<_>>();
        let mut backlog = with(&many);
        assert_eq!((behind(&mut backlog, STYLE, 2_000), backlog.ends[&STYLE].len()), (10_000, ENDS_MAX));
        backlog.put_back(1_000);
        assert_eq!(backlog.ends[&STYLE].back().unwrap().at, -601);
    }
}
