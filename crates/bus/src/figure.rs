//! What a bus's client measures by itself.

/// A number that the client of a bus keeps of itself and its broker, for whoever watches it: beyond what anybody can count who
/// publishes and receives.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As Prometheus names it.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Whether it only grows.
    pub kind: FigureKind,
    /// What tells it from others of its name: few values.
    pub labels: Vec<(&'static str, String)>,
    /// Its value now.
    pub value: f64,
}

/// How a figure behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureKind {
    /// It only grows, from zero at the start.
    Counter,
    /// It goes up and down.
    Gauge,
}
