//! How far long work is: on a terminal one line with rate and time left; elsewhere nothing, or a line a step.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use telemetry::{printable_line, tell};

use crate::{grouped, significant};

/// How often the time on the line moves while nothing else does.
const TICK: Duration = Duration::from_millis(250);

/// Shows progress on standard error. That it cannot be shown stops nothing.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Whether steps are told where there is no terminal.
    tells: bool,
    steps: usize,
    step: usize,
}

impl Progress {
    /// Of work of so many steps, each of which is told where there is no terminal.
    #[must_use]
    pub fn of_steps(steps: usize) -> Self {
        Self::new(true, steps)
    }

    /// Of work that says nothing where there is no terminal.
    #[must_use]
    pub fn on_a_terminal() -> Self {
        Self::new(false, 0)
    }

    fn new(tells: bool, steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let bar = (!bar.is_hidden()).then_some(bar);
        Self { bar, tells, steps, step: 0 }
    }

    /// The next step begins.
    pub fn begin(&mut self, title: &str) {
        self.step += 1;
        let line =
            if self.steps > 0 { format!("[{}/{}] {title}", self.step, self.steps) } else { title.to_owned() };
        match &self.bar {
            Some(bar) => {
                // Each of these draws: what is left of the step before must not be shown against the length of this one.
                bar.set_style(style("{prefix} ({elapsed})"));
                bar.unset_length();
                bar.reset();
                bar.set_prefix(printable_line(&line));
                bar.enable_steady_tick(TICK);
            }
            None if self.tells => tell(line),
            None => {}
        }
    }

    /// The step at hand has done so much, of so much where that is known.
    pub fn at(&self, done: u64, of: Option<u64>) {
        let Some(bar) = &self.bar else { return };
        if bar.position() == 0 || bar.length() != of {
            bar.set_style(style(match of {
                Some(_) => "{prefix}: {bar:20} {human_pos} of {human_len} ({rate}/s, {eta} left)",
                None => "{prefix}: {human_pos} ({rate}/s)",
            }));
            of.map_or_else(|| bar.unset_length(), |of| bar.set_length(of));
        }
        bar.set_position(done);
    }

    /// The step at hand takes `of`, of which `elapsed` is over, and has done so much.
    pub fn during(&self, done: u64, elapsed: Duration, of: Duration) {
        let Some(bar) = &self.bar else { return };
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let per_s = done as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let left_s = of.saturating_sub(elapsed).as_secs_f64().ceil();
        if bar.length() != Some(ms(of)) {
            bar.set_style(style("{prefix}: {bar:20} {msg}"));
            bar.set_length(ms(of));
        }
        bar.set_message(format!("{} ({}/s, {left_s}s left)", grouped(done), significant(per_s)));
        bar.set_position(ms(elapsed.min(of)));
    }

    /// Something to be said in between, which stays.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(text)),
            None => tell(text),
        }
    }

    /// Nothing is to be shown until the next step.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // What cannot be written is not shown.
        let _ = write!(out, "{}", significant(state.per_sec()));
    })
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    fn on(term: &InMemoryTerm, steps: usize) -> Progress {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(term.clone()), 255);
        Progress { bar: Some(ProgressBar::with_draw_target(None, target)), tells: true, steps, step: 0 }
    }

    #[test]
    fn a_step_shows_how_far_it_is_and_what_is_cleared_is_gone() {
        let term = InMemoryTerm::new(4, 120);
        let mut progress = on(&term, 2);
        progress.begin("memory, warm-up\u{1b}[2J");
        assert!(term.contents().starts_with("[1/2] memory, warm-up\\u{1b}[2J (0s)"), "{}", term.contents());
        progress.begin("memory, paced");
        progress.at(1_500, Some(3_000));
        progress.bar.as_ref().unwrap().force_draw();
        let shown = term.contents();
        assert!(shown.starts_with("[2/2] memory, paced: ") && shown.contains(" 1,500 of 3,000 ("), "{shown}");
        progress.at(7, None);
        progress.bar.as_ref().unwrap().force_draw();
        assert!(term.contents().starts_with("[2/2] memory, paced: 7 ("), "{}", term.contents());
        progress.begin("memory, timed");
        progress.during(4_500, Duration::from_millis(1_500), Duration::from_secs(3));
        progress.bar.as_ref().unwrap().force_draw();
        let shown = term.contents();
        assert!(shown.contains("memory, timed: ") && shown.ends_with(" 4,500 (3,000/s, 2s left)"), "{shown}");
        progress.clear();
        assert_eq!(term.contents(), "");
    }
}
