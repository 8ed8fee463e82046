//! One panel: a title, a unit, a description, and what is asked of Prometheus.

use serde_json::{Map, Value, json};

/// The data source that every query goes to; provisioned under this id.
pub const SOURCE: &str = "prometheus";

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
    queries: Vec<(String, String)>,
    decimals: Option<u32>,
    words: Vec<(&'static str, &'static str, &'static str)>,
    colours: Vec<(&'static str, &'static str)>,
    is_stacked: bool,
    is_logarithmic: bool,
    has_exemplars: bool,
    repeat: Option<&'static str>,
    /// Columns of 24.
    pub(crate) width: u32,
    /// Rows of 30 pixels.
    pub(crate) height: u32,
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
            colours: Vec::new(),
            is_stacked: false,
            is_logarithmic: false,
            has_exemplars: false,
            repeat: None,
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
        Self { height: 4, width: 4, ..Self::new(Kind::Stat, title, unit, description) }
    }

    /// A histogram over time.
    #[must_use]
    pub fn heatmap(title: &str, unit: &'static str, description: &str) -> Self {
        Self::new(Kind::Heatmap, title, unit, description)
    }

    /// The values now, as bars, the longest first.
    #[must_use]
    pub fn bars(title: &str, unit: &'static str, description: &str) -> Self {
        Self { height: 12, ..Self::new(Kind::BarGauge, title, unit, description) }
    }

    /// Asks this, and names what comes by the legend (`{{label}}`).
    #[must_use]
    pub fn query(mut self, expr: &str, legend: &str) -> Self {
        // One line, however it is written in the code.
        let expr = expr.split_whitespace().collect::<Vec<_>>().join(" ");
        self.queries.push((expr, legend.to_owned()));
        self
    }

    /// What is asked.
    pub fn queries(&self) -> impl Iterator<Item = &str> {
        self.queries.iter().map(|(expr, _)| expr.as_str())
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

    /// Shows the series whose name matches in a colour of its own.
    #[must_use]
    pub fn colour(mut self, series: &'static str, colour: &'static str) -> Self {
        self.colours.push((series, colour));
        self
    }

    /// Puts the series on top of each other.
    #[must_use]
    pub fn stacked(mut self) -> Self {
        self.is_stacked = true;
        self
    }

    /// With a logarithmic axis.
    #[must_use]
    pub fn logarithmic(mut self) -> Self {
        self.is_logarithmic = true;
        self
    }

    /// With the traces that its buckets' exemplars name; the queries ask for buckets, and not for what was recorded of them.
    #[must_use]
    pub fn exemplars(mut self) -> Self {
        self.has_exemplars = true;
        self
    }

    /// The queries whose exemplars are shown.
    pub fn exemplar_queries(&self) -> impl Iterator<Item = &str> {
        self.queries().filter(|_| self.has_exemplars)
    }

    /// Once for each value of that variable, side by side.
    #[must_use]
    pub fn for_each(mut self, variable: &'static str) -> Self {
        self.repeat = Some(variable);
        self
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
        if let (Some(variable), Some(panel)) = (self.repeat, panel.as_object_mut()) {
            panel.insert("repeat".into(), variable.into());
            panel.insert("repeatDirection".into(), "h".into());
            panel.insert("maxPerRow".into(), 2.into());
        }
        panel
    }

    fn targets(&self) -> Vec<Value> {
        let target = |(index, (expr, legend)): (usize, &(String, String))| {
            json!({
                "refId": char::from(b'A' + u8::try_from(index % 26).unwrap_or(0)).to_string(),
                "datasource": source(),
                "expr": expr,
                "legendFormat": legend,
                "range": !self.is_instant(),
                "instant": self.is_instant(),
                "exemplar": self.has_exemplars,
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
            defaults.insert("mappings".into(), json!([{ "type": "value", "options": options }]));
        }
        let fixed = |colour: &str| json!({ "mode": "fixed", "fixedColor": colour });
        match self.kind {
            Kind::TimeSeries => {
                if !self.is_logarithmic {
                    defaults.insert("min".into(), 0.into());
                }
                defaults.insert("custom".into(), self.custom());
            }
            Kind::Stat if self.words.is_empty() => drop(defaults.insert("color".into(), fixed("text"))),
            Kind::BarGauge => {
                defaults.insert("min".into(), 0.into());
                defaults.insert("color".into(), fixed("blue"));
            }
            Kind::Stat | Kind::Heatmap => {}
        }
        Value::Object(defaults)
    }

    /// How lines are drawn.
    fn custom(&self) -> Value {
        let scale = if self.is_logarithmic {
            json!({ "type": "log", "log": 10 })
        } else {
            json!({ "type": "linear" })
        };
        json!({
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 2,
            "fillOpacity": if self.is_stacked { 35 } else { 8 },
            "showPoints": "never",
            "spanNulls": 15_000,
            "scaleDistribution": scale,
            "stacking": { "mode": if self.is_stacked { "normal" } else { "none" }, "group": "A" },
        })
    }

    fn overrides(&self) -> Vec<Value> {
        let colour = |(series, colour): &(&str, &str)| {
            json!({
                "matcher": { "id": "byRegexp", "options": series },
                "properties": [{ "id": "color", "value": { "mode": "fixed", "fixedColor": colour } }],
            })
        };
        self.colours.iter().map(colour).collect()
    }

    fn options(&self) -> Value {
        match self.kind {
            Kind::TimeSeries => json!({
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": ["lastNotNull"] },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            Kind::Stat => json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "colorMode": if self.words.is_empty() { "none" } else { "background" },
                "graphMode": "none",
                "textMode": "value_and_name",
                "wideLayout": false,
                "justifyMode": "auto",
                "orientation": "auto",
                "showPercentChange": false,
                "percentChangeColorMode": "standard",
            }),
            Kind::Heatmap => json!({
                "calculate": false,
                "cellGap": 1,
                "color": {
                    "mode": "scheme", "scheme": "Blues", "steps": 32, "scale": "exponential", "exponent": 0.5,
                    "reverse": false, "fill": "dark-blue",
                },
                "exemplars": { "color": "rgba(255,0,255,0.7)" },
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
                "namePlacement": "auto",
                "sizing": "auto",
                "minVizWidth": 8,
                "minVizHeight": 16,
                "maxVizHeight": 300,
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": [] },
            }),
        }
    }
}

/// A quantile of a histogram over the last minute: of its native buckets, or of the classic ones where there are no others.
pub(crate) fn quantile_of(quantile: &str, by: &str, histogram: &str, of: &str) -> String {
    format!(
        "histogram_quantile({quantile}, sum by ({by}) (rate({histogram}{{{of}}}[1m]))) \
         or histogram_quantile({quantile}, sum by ({by}, le) (rate({histogram}_bucket{{{of}}}[1m])))"
    )
}

/// The data source, as panels name it.
pub(crate) fn source() -> Value {
    json!({ "type": "prometheus", "uid": SOURCE })
}
