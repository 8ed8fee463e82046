//! One panel: a title, a unit, a description, and what is asked of Prometheus.

use serde_json::{Map, Value, json};

/// The data source that every query goes to; provisioned under this id.
pub const SOURCE: &str = "prometheus";

/// The styles with the colour that each has in every picture: here and on the load's page; the terminal has
/// the nearest of its 256.
pub const STYLES: [(&str, &str); 2] = [("choreography", "#2f7de1"), ("orchestration", "#e07b26")];
/// Who works, with the colour that each has in every panel: none of a style's.
const WORKERS: [(&str, &str); 6] = [
    ("order-history", "#56a64b"),
    ("order-status", "#c9a100"),
    ("notifications", "#a352cc"),
    ("orchestrator", "#1f9e9e"),
    ("load", "#8e8e8e"),
    ("observer", "#8e8e8e"),
];
/// Messages of neither style.
const OTHER: (&str, &str) = ("other", "#8e8e8e");
/// Of what is known to be neither good nor bad.
const UNKNOWN: &str = "#808080";
/// Orders in a second. Grafana itself puts a space before a suffix.
pub const ORDERS_PER_S: &str = "suffix:orders/s";
/// Messages in a second.
pub const MESSAGES_PER_S: &str = "suffix:msg/s";
/// Whatever the title names, in a second.
pub const PER_S: &str = "suffix:/s";
/// Milliseconds as a plain number, however few or many.
pub const MILLISECONDS: &str = "suffix:ms";

/// How a panel looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    TimeSeries,
    Stat,
    Heatmap,
    BarGauge,
}

/// A panel, without its place.
#[derive(Clone, Debug)]
pub struct Panel {
    kind: Kind,
    title: String,
    description: String,
    unit: &'static str,
    queries: Vec<Query>,
    decimals: Option<u32>,
    words: Vec<(&'static str, &'static str, &'static str)>,
    overrides: Vec<Value>,
    scheme: &'static str,
    is_stacked: bool,
    is_logarithmic: bool,
    /// Its values below each other, each beside its name.
    is_list: bool,
    has_band: bool,
    /// Once for each broker.
    pub(crate) is_repeated: bool,
    /// Columns of 24.
    pub(crate) width: u32,
    /// Rows of 30 pixels.
    pub(crate) height: u32,
}

#[derive(Clone, Debug)]
struct Query {
    expr: String,
    legend: String,
    has_exemplars: bool,
}

impl Panel {
    fn new(kind: Kind, title: &str, unit: &'static str, description: &str) -> Self {
        Self {
            kind,
            title: title.to_owned(),
            description: description.to_owned(),
            unit,
            queries: Vec::new(),
            decimals: None,
            words: Vec::new(),
            overrides: Vec::new(),
            scheme: "Blues",
            is_stacked: false,
            is_logarithmic: false,
            is_list: false,
            has_band: false,
            is_repeated: false,
            width: 12,
            height: 8,
        }
    }

    /// Lines over time.
    #[must_use]
    pub fn lines(title: &str, unit: &'static str, description: &str) -> Self {
        Self::new(Kind::TimeSeries, title, unit, description)
    }

    /// The value now, large.
    #[must_use]
    pub fn stat(title: &str, unit: &'static str, description: &str) -> Self {
        Self { height: 3, width: 5, ..Self::new(Kind::Stat, title, unit, description) }
    }

    /// A histogram over time, in one of Grafana's colour schemes.
    #[must_use]
    pub fn heatmap(title: &str, unit: &'static str, scheme: &'static str, description: &str) -> Self {
        Self { scheme, ..Self::new(Kind::Heatmap, title, unit, description) }
    }

    /// The values now, as bars, the longest first.
    #[must_use]
    pub fn bars(title: &str, unit: &'static str, description: &str) -> Self {
        Self { height: 19, ..Self::new(Kind::BarGauge, title, unit, description) }
    }

    /// Asks this, and names what comes by the legend (`{{label}}`).
    #[must_use]
    pub fn query(mut self, expr: &str, legend: &str) -> Self {
        // One line, however it is written in the code.
        let expr = expr.split_whitespace().collect::<Vec<_>>().join(" ");
        self.queries.push(Query { expr, legend: legend.to_owned(), has_exemplars: false });
        self
    }

    /// What is asked.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        self.queries.iter().map(|query| query.expr.as_str())
    }

    /// With that many columns (of 24) and rows.
    #[must_use]
    pub fn sized(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// With that many decimals.
    #[must_use]
    pub fn decimals(mut self, decimals: u32) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// Shows a value as a word in a colour.
    #[must_use]
    pub fn word(mut self, value: &'static str, word: &'static str, colour: &'static str) -> Self {
        self.words.push((value, word, colour));
        self
    }

    /// Shows series by that name with this property, instead of what the panel has.
    #[must_use]
    pub fn special(mut self, series: &str, property: &str, value: impl Into<Value>) -> Self {
        self.overrides.push(json!({
            "matcher": { "id": "byName", "options": series },
            "properties": [{ "id": property, "value": value.into() }],
        }));
        self
    }

    /// Shows what the latest query has found in the colour of a style.
    #[must_use]
    pub fn of_style(mut self, index: usize) -> Self {
        let asked = self.queries.len().saturating_sub(1);
        self.overrides.push(json!({
            "matcher": { "id": "byFrameRefID", "options": ref_id(asked) },
            "properties": [{ "id": "color", "value": fixed(STYLES[index].1) }],
        }));
        self
    }

    /// Draws the series of that name dashed.
    #[must_use]
    pub fn dashed(self, series: &str) -> Self {
        self.special(series, "custom.lineStyle", json!({ "fill": "dash", "dash": [6, 6] }))
    }

    /// Fills what lies between two series, the upper one thin.
    #[must_use]
    pub fn band(mut self, lower: &str, upper: &str) -> Self {
        self.has_band = true;
        self.special(upper, "custom.fillBelowTo", lower)
            .special(upper, "custom.lineWidth", 1)
            .special(upper, "custom.fillOpacity", 18)
            .special(lower, "custom.fillOpacity", 0)
    }

    /// Puts the series on top of each other.
    #[must_use]
    pub fn stacked(mut self) -> Self {
        self.is_stacked = true;
        self
    }

    /// Puts the values below each other, each beside its name.
    #[must_use]
    pub fn listed(mut self) -> Self {
        self.is_list = true;
        self
    }

    /// With a logarithmic axis.
    #[must_use]
    pub fn logarithmic(mut self) -> Self {
        self.is_logarithmic = true;
        self
    }

    /// With the traces that the exemplars name of the buckets which the latest query asks for: not of what was recorded of them.
    #[must_use]
    pub fn exemplars(mut self) -> Self {
        self.queries.iter_mut().rev().take(1).for_each(|query| query.has_exemplars = true);
        self
    }

    /// The queries whose exemplars are shown.
    pub fn exemplar_queries(&self) -> impl Iterator<Item = &str> {
        self.queries.iter().filter(|query| query.has_exemplars).map(|query| query.expr.as_str())
    }

    /// As Grafana reads it.
    pub(crate) fn json(&self, id: u32, x: u32, y: u32) -> Value {
        let mut panel = json!({
            "id": id,
            "type": match self.kind {
                Kind::TimeSeries => "timeseries",
                Kind::Stat => "stat",
                Kind::Heatmap => "heatmap",
                Kind::BarGauge => "bargauge",
            },
            "title": self.title,
            "description": self.description,
            "datasource": source(),
            "gridPos": { "x": x, "y": y, "w": self.width, "h": self.height },
            "targets": self.targets(),
            "fieldConfig": { "defaults": self.defaults(), "overrides": self.overrides() },
            "options": self.options(),
        });
        if let (true, Some(panel)) = (self.is_repeated, panel.as_object_mut()) {
            panel.insert("repeat".into(), "bus".into());
            panel.insert("repeatDirection".into(), "h".into());
            panel.insert("maxPerRow".into(), 2.into());
        }
        panel
    }

    fn targets(&self) -> Vec<Value> {
        let target = |(index, Query { expr, legend, has_exemplars }): (usize, &Query)| {
            json!({
                "refId": ref_id(index),
                "datasource": source(),
                "expr": expr,
                "legendFormat": legend,
                "range": !self.is_instant(),
                "instant": self.is_instant(),
                "exemplar": has_exemplars,
                "format": if self.kind == Kind::Heatmap { "heatmap" } else { "time_series" },
            })
        };
        self.queries.iter().enumerate().map(target).collect()
    }

    fn is_instant(&self) -> bool {
        matches!(self.kind, Kind::Stat | Kind::BarGauge)
    }

    fn defaults(&self) -> Value {
        let mut defaults = Map::new();
        defaults.insert("unit".into(), self.unit.into());
        if let Some(decimals) = self.decimals {
            defaults.insert("decimals".into(), decimals.into());
        }
        if !self.words.is_empty() {
            let word = |(index, (value, word, colour)): (usize, &(&str, &str, &str))| {
                let shown = json!({ "index": index, "text": word, "color": colour });
                ((*value).to_owned(), shown)
            };
            let options: Map<String, Value> = self.words.iter().enumerate().map(word).collect();
            let unknown = json!({ "index": self.words.len(), "text": UNJUDGED, "color": UNKNOWN });
            let nothing = json!({ "match": "null+nan", "result": unknown });
            defaults.insert(
                "mappings".into(),
                json!([{ "type": "value", "options": options }, { "type": "special", "options": nothing }]),
            );
            // What no mapping knows has the colour of the lowest step, and that is green unless one says otherwise.
            let steps = json!([{ "value": null, "color": UNKNOWN }]);
            defaults.insert("color".into(), json!({ "mode": "thresholds" }));
            defaults.insert("thresholds".into(), json!({ "mode": "absolute", "steps": steps }));
            defaults.insert("noValue".into(), UNJUDGED.into());
        }
        match self.kind {
            Kind::TimeSeries => {
                if !self.is_logarithmic {
                    defaults.insert("min".into(), 0.into());
                }
                defaults.insert("custom".into(), self.custom());
            }
            Kind::Stat if self.words.is_empty() => drop(defaults.insert("color".into(), fixed("text"))),
            Kind::BarGauge => drop(defaults.insert("min".into(), 0.into())),
            Kind::Stat | Kind::Heatmap => {}
        }
        Value::Object(defaults)
    }

    /// How lines are drawn.
    fn custom(&self) -> Value {
        let scale = if self.is_logarithmic {
            // A style that takes twice as long stands one line of the grid higher.
            json!({ "type": "log", "log": 2 })
        } else {
            json!({ "type": "linear" })
        };
        let mut custom = json!({
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 2,
            "fillOpacity": if self.is_stacked { 35 } else { 0 },
            "showPoints": "never",
            "spanNulls": 15_000,
            "scaleDistribution": scale,
            "stacking": { "mode": if self.is_stacked { "normal" } else { "none" }, "group": "A" },
        });
        // An axis of nothing but zeros would go to a hundred.
        if let Some(reach) = self.reach() {
            custom["axisSoftMax"] = reach.into();
        }
        custom
    }

    /// How far an axis goes at least.
    fn reach(&self) -> Option<f64> {
        if self.is_logarithmic {
            return None;
        }
        Some(match self.unit {
            "s" => 0.01,
            "percentunit" => 0.1,
            "bytes" | "Bps" => 1024.0,
            MILLISECONDS => 5.0,
            // Orders that were cancelled, or retries, are few.
            ORDERS_PER_S | MESSAGES_PER_S | PER_S => 1.0,
            _ => 5.0,
        })
    }

    fn overrides(&self) -> Vec<Value> {
        let by_style = STYLES.into_iter().chain([OTHER]).map(|(style, colour)| {
            json!({
                "matcher": { "id": "byRegexp", "options": format!("/^{style}/") },
                "properties": [{ "id": "color", "value": fixed(colour) }],
            })
        });
        let is_by_style = self.queries.iter().any(|query| {
            query.legend.contains("{{style}}")
                || STYLES.iter().any(|(style, _)| query.legend.starts_with(style))
        });
        let by_worker = WORKERS.into_iter().map(|(worker, colour)| {
            json!({
                "matcher": { "id": "byName", "options": worker },
                "properties": [{ "id": "color", "value": fixed(colour) }],
            })
        });
        let is_by_worker = self.kind == Kind::TimeSeries
            && self.queries.iter().any(|query| BY_WORKER.contains(&query.legend.as_str()));
        let by_style = by_style.filter(|_| is_by_style);
        let by_worker = by_worker.filter(|_| is_by_worker);
        by_style.chain(by_worker).chain(self.overrides.iter().cloned()).collect()
    }

    /// Whether it is known how many series there are, which is few: by style, or named one by one.
    fn has_few_series(&self) -> bool {
        let is_few = |legend: &str| {
            let labels = legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
            labels.into_iter().all(|label| FEW.contains(&label))
        };
        self.queries.iter().all(|query| is_few(&query.legend))
    }

    /// Few names stand below the lines, which then have all of the width; many beside them, where there is room for each.
    fn legend(&self) -> Value {
        if self.has_few_series() {
            // Of a band the values would take a line more.
            let calcs: &[&str] = if self.has_band { &[] } else { &["lastNotNull"] };
            json!({ "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": calcs })
        } else {
            json!({
                "displayMode": "table", "placement": "right", "showLegend": true, "calcs": ["lastNotNull"],
            })
        }
    }

    fn options(&self) -> Value {
        match self.kind {
            Kind::TimeSeries => json!({
                "legend": self.legend(),
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            Kind::Stat => json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "colorMode": if self.words.is_empty() { "value" } else { "background" },
                "graphMode": "none",
                "textMode": "value_and_name",
                "wideLayout": self.is_list,
                "justifyMode": "auto",
                "orientation": if self.is_list { "horizontal" } else { "vertical" },
                "text": { "titleSize": if self.is_list { 13 } else { 12 }, "valueSize": if self.is_list { 20 } else { 22 } },
                "showPercentChange": false,
                "percentChangeColorMode": "standard",
            }),
            Kind::Heatmap => json!({
                "calculate": false,
                "cellGap": 1,
                "color": {
                    "mode": "scheme", "scheme": self.scheme, "steps": 32, "scale": "exponential", "exponent": 0.5,
                    "reverse": false, "fill": "dark-blue",
                },
                // None are asked for; the schema wants a colour.
                "exemplars": { "color": "rgba(0,0,0,0)" },
                "showValue": "never",
                "yAxis": { "unit": self.unit, "axisPlacement": "left" },
                "legend": { "show": true },
                "tooltip": { "mode": "single", "yHistogram": true },
                "filterValues": { "le": 1e-9 },
            }),
            Kind::BarGauge => json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "orientation": "horizontal",
                "displayMode": "basic",
                "valueMode": "text",
                "showUnfilled": false,
                "namePlacement": "left",
                // As high and large with few bars as with many: names grow with their bars until they are cut.
                "sizing": "manual",
                "minVizWidth": 8,
                "minVizHeight": BAR_HEIGHT,
                "maxVizHeight": BAR_HEIGHT,
                "text": { "titleSize": 12, "valueSize": 14 },
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": [] },
            }),
        }
    }
}

/// Labels that have two or three values.
const FEW: [&str; 3] = ["style", "outcome", "bus"];
/// Names of series that are those of who works.
const BY_WORKER: [&str; 3] = ["{{service}}", "{{group}}", "{{by}}"];

/// Pixels.
const BAR_HEIGHT: u32 = 16;

/// What a panel of words says when there is nothing to show.
const UNJUDGED: &str = "not judged";

fn fixed(colour: &str) -> Value {
    json!({ "mode": "fixed", "fixedColor": colour })
}

fn ref_id(index: usize) -> String {
    char::from(b'A' + u8::try_from(index % 26).unwrap_or(0)).to_string()
}

/// A quantile of a histogram over the last minute: of its native buckets, or of the classic ones where there are no others.
pub(crate) fn quantile_of(quantile: &str, by: &str, histogram: &str, of: &str) -> String {
    format!(
        "histogram_quantile({quantile}, sum by ({by}) (rate({histogram}{{{of}}}[1m]))) \
         or histogram_quantile({quantile}, sum by ({by}, le) (rate({histogram}_bucket{{{of}}}[1m])))"
    )
}

/// Only while the style is at work: after a switch the minute holds the last stragglers alone, which say nothing of the style.
pub(crate) fn at_work(quantile: &str) -> String {
    format!("({quantile}) and on (style) duet:at_work{{bus=~\"$bus\"}}")
}

/// The data source, as panels name it.
pub(crate) fn source() -> Value {
    json!({ "type": "prometheus", "uid": SOURCE })
}
