//! Shows how far a run is: one line that changes on a terminal, a line per step elsewhere.

use std::io::{IsTerminal, Write};

use telemetry::{printable_line, tell};
use terminal::grouped;

/// Shows progress on standard error.
pub(super) struct Progress {
    terminal: bool,
    steps: usize,
    step: usize,
    title: String,
}

impl Progress {
    /// Of a run of so many steps.
    pub(super) fn new(steps: usize) -> Self {
        Self { terminal: std::io::stderr().is_terminal(), steps, step: 0, title: String::new() }
    }

    /// The next step begins.
    pub(super) fn begin(&mut self, title: impl Into<String>) {
        self.step += 1;
        self.title = title.into();
        let line = self.line();
        if self.terminal {
            self.draw(&line);
        } else {
            tell(line);
        }
    }

    /// The step at hand has come so far.
    pub(super) fn at(&self, done: u64, of: u64) {
        if self.terminal {
            self.draw(&format!("{}: {} of {}", self.line(), grouped(done), grouped(of)));
        }
    }

    /// Something to be said in between, which stays.
    pub(super) fn say(&self, text: &str) {
        self.clear();
        tell(text);
    }

    /// Nothing is to be shown any more.
    pub(super) fn clear(&self) {
        if self.terminal {
            self.draw("");
        }
    }

    fn line(&self) -> String {
        format!("[{}/{}] {}", self.step, self.steps, self.title)
    }

    fn draw(&self, text: &str) {
        let text = printable_line(text);
        let mut out = std::io::stderr().lock();
        // Whoever does not see it misses nothing but the progress.
        let _ = write!(out, "\r\x1b[K{text}").and_then(|()| out.flush());
    }
}
