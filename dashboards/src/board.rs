//! A dashboard: rows of panels, each row as wide as the page.

use serde_json::{Value, json};

use crate::panel::{Panel, source};

/// Columns of a page.
const COLUMNS: u32 = 24;
/// The page that switches the load.
const LOAD_PAGE: &str = "http://127.0.0.1:8089";

/// A dashboard.
#[derive(Clone, Debug)]
pub struct Board {
    uid: &'static str,
    title: &'static str,
    description: &'static str,
    has_style: bool,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    Heading(&'static str),
    Panels(Vec<Panel>),
}

impl Board {
    /// Of that id, which is also its file's name.
    #[must_use]
    pub fn new(uid: &'static str, title: &'static str, description: &'static str) -> Self {
        Self { uid, title, description, has_style: false, rows: Vec::new() }
    }

    /// With a variable for the style, over which panels can repeat.
    #[must_use]
    pub fn by_style(mut self) -> Self {
        self.has_style = true;
        self
    }

    /// A heading over what follows.
    #[must_use]
    pub fn heading(mut self, title: &'static str) -> Self {
        self.rows.push(Row::Heading(title));
        self
    }

    /// A row of panels, from left to right.
    #[must_use]
    pub fn row(mut self, panels: impl IntoIterator<Item = Panel>) -> Self {
        self.rows.push(Row::Panels(panels.into_iter().collect()));
        self
    }

    /// Its file.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.json", self.uid)
    }

    /// Every panel.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| match row {
            Row::Heading(_) => &[][..],
            Row::Panels(panels) => panels,
        })
    }

    /// As Grafana reads it, ended by a line break.
    #[must_use]
    pub fn json(&self) -> String {
        let board = json!({
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["duet"],
            "schemaVersion": 41,
            "editable": false,
            "graphTooltip": 1,
            "refresh": "5s",
            "time": { "from": "now-15m", "to": "now" },
            "timepicker": { "refresh_intervals": ["5s", "10s", "30s", "1m"] },
            "links": links(),
            "annotations": { "list": annotations() },
            "templating": { "list": self.variables() },
            "panels": self.placed(),
        });
        // Values made here can be written.
        format!("{board:#}\n")
    }

    fn placed(&self) -> Vec<Value> {
        let (mut placed, mut y, mut id) = (Vec::new(), 0, 1);
        for row in &self.rows {
            match row {
                Row::Heading(title) => {
                    let place = json!({ "x": 0, "y": y, "w": COLUMNS, "h": 1 });
                    placed.push(json!({
                        "id": id, "type": "row", "title": title, "collapsed": false, "gridPos": place, "panels": [],
                    }));
                    (y, id) = (y + 1, id + 1);
                }
                Row::Panels(panels) => {
                    let mut x = 0;
                    for panel in panels {
                        placed.push(panel.json(id, x, y));
                        (x, id) = (x + panel.width, id + 1);
                    }
                    y += panels.iter().map(|panel| panel.height).max().unwrap_or(0);
                }
            }
        }
        placed
    }

    fn variables(&self) -> Vec<Value> {
        let all = json!({ "selected": true, "text": ["All"], "value": ["$__all"] });
        let mut variables = vec![json!({
            "name": "bus",
            "label": "bus",
            "type": "query",
            "datasource": source(),
            // Of the profiles that run: Prometheus is told of all.
            "query": { "query": "query_result(count by (bus) (up{job=\"duet\"} == 1))", "refId": "bus" },
            "regex": "/bus=\"([^\"]+)\"/",
            "refresh": 2,
            "sort": 1,
            "multi": true,
            "includeAll": true,
            "current": all,
        })];
        if self.has_style {
            let option = |style: &str| json!({ "selected": false, "text": style, "value": style });
            variables.push(json!({
                "name": "style",
                "label": "style",
                "type": "custom",
                "query": "choreography,orchestration",
                "options": [option("choreography"), option("orchestration")],
                "multi": true,
                "includeAll": true,
                "current": all,
            }));
        }
        variables
    }
}

fn links() -> Vec<Value> {
    vec![
        json!({
            "type": "dashboards", "title": "Dashboards", "icon": "external link", "tooltip": "The other dashboards",
            "tags": ["duet"], "asDropdown": true, "includeVars": true, "keepTime": true, "targetBlank": false,
        }),
        json!({
            "type": "link", "title": "Switch the load", "icon": "bolt", "url": LOAD_PAGE,
            "tooltip": "Style, rate and declined payments of what is sent from now on",
            "tags": [], "asDropdown": false, "includeVars": false, "keepTime": false, "targetBlank": true,
        }),
    ]
}

/// What is asked for the marks in every panel.
pub fn annotation_queries() -> Vec<String> {
    annotations().iter().filter_map(|annotation| Some(annotation["expr"].as_str()?.to_owned())).collect()
}

/// What happened: the load was switched, a process began or was away, or somebody waits for a server.
fn annotations() -> Vec<Value> {
    let annotation = |name: &str, colour: &str, expr: &str, title: &str| {
        json!({
            "name": name, "enable": true, "iconColor": colour, "datasource": source(), "expr": expr,
            "titleFormat": title, "step": "5s", "useValueForTime": false,
        })
    };
    vec![
        annotation(
            "switches",
            "blue",
            "max by (bus) (changes(duet_load_target_orders_per_second{bus=~\"$bus\"}[10s]) or changes(duet_load_target_decline_ratio{bus=~\"$bus\"}[10s])) > 0",
            "load switched on {{bus}}",
        ),
        annotation(
            "restarts",
            "orange",
            // Grafana marks where a value is above zero. However long it was away.
            "(time() - process_start_time_seconds{job=\"duet\", bus=~\"$bus\"}) < 15",
            "{{service}} on {{bus}} began anew",
        ),
        annotation(
            "faults",
            "red",
            "(1 - up{job=~\"duet|rabbitmq\", bus=~\"$bus\"}) > 0 and on (bus) (max by (bus) (up{job=\"duet\"}) == 1)",
            "{{service}} on {{bus}} does not answer",
        ),
        annotation(
            "waiting",
            "purple",
            "(1 - min by (bus, check) (duet_ready{bus=~\"$bus\", check!=\"shutdown\"})) > 0",
            "{{bus}}: somebody waits for the broker or the database ({{check}})",
        ),
    ]
}
