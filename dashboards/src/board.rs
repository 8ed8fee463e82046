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
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    Heading(&'static str),
    Panels(Vec<Panel>),
    /// Under a heading that names the broker, once for each.
    OfBroker(Vec<Panel>),
}

impl Board {
    /// Of that id, which is also its file's name.
    #[must_use]
    pub fn new(uid: &'static str, title: &'static str, description: &'static str) -> Self {
        Self { uid, title, description, rows: Vec::new() }
    }

    /// A row of panels under the name of a broker, once for each. A heading has to follow.
    #[must_use]
    pub fn row_of_each_broker(mut self, panels: impl IntoIterator<Item = Panel>) -> Self {
        self.rows.push(Row::OfBroker(panels.into_iter().collect()));
        self
    }

    /// A panel once for each broker, side by side: both styles stand in one, and so on one axis.
    #[must_use]
    pub fn each(self, mut panel: Panel) -> Self {
        panel.is_repeated = true;
        self.row([panel])
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

    /// What it is called in the folder of dashboards.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.json", self.uid)
    }

    /// Every panel.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| match row {
            Row::Heading(_) => &[][..],
            Row::Panels(panels) | Row::OfBroker(panels) => panels,
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
            "refresh": "10s",
            "time": { "from": "now-15m", "to": "now" },
            "timepicker": { "refresh_intervals": ["10s", "30s", "1m"] },
            "links": links(),
            "annotations": { "list": annotations() },
            "templating": { "list": variables() },
            "panels": self.placed(),
        });
        // Values made here can be written.
        format!("{board:#}\n")
    }

    fn placed(&self) -> Vec<Value> {
        let (mut placed, mut y, mut id) = (Vec::new(), 0, 1);
        for row in &self.rows {
            let (heading, panels) = match row {
                Row::Heading(title) => (Some((*title, None)), &[][..]),
                Row::OfBroker(panels) => (Some(("$bus", Some("bus"))), panels.as_slice()),
                Row::Panels(panels) => (None, panels.as_slice()),
            };
            if let Some((title, repeat)) = heading {
                let place = json!({ "x": 0, "y": y, "w": COLUMNS, "h": 1 });
                let mut heading = json!({
                    "id": id, "type": "row", "title": title, "collapsed": false, "gridPos": place, "panels": [],
                });
                if let Some(variable) = repeat {
                    heading["repeat"] = variable.into();
                }
                placed.push(heading);
                (y, id) = (y + 1, id + 1);
            }
            let mut x = 0;
            for panel in panels {
                placed.push(panel.json(id, x, y));
                (x, id) = (x + panel.width, id + 1);
            }
            y += panels.iter().map(|panel| panel.height).max().unwrap_or(0);
        }
        placed
    }
}

/// What can be chosen: the brokers that are shown. No more than one row of controls fits above the panels.
fn variables() -> Vec<Value> {
    vec![json!({
        "name": "bus",
        "label": "broker",
        "type": "query",
        "datasource": source(),
        // Of the profiles that run: Prometheus is told of all.
        "query": { "query": "query_result(count by (bus) (up{job=\"duet\"} == 1))", "refId": "bus" },
        "regex": "/bus=\"([^\"]+)\"/",
        "refresh": 2,
        // From the end of the alphabet: RabbitMQ, then Kafka, as everywhere.
        "sort": 2,
        "multi": true,
        "includeAll": true,
        "current": { "selected": true, "text": ["All"], "value": ["$__all"] },
    })]
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
            "name": name, "enable": true, "hide": true, "iconColor": colour, "datasource": source(), "expr": expr,
            "titleFormat": title, "step": "5s",
            // A moment is marked once, and not where it begins to be seen and where it ends.
            "useValueForTime": name == RESTARTS,
        })
    };
    vec![
        annotation(
            "switches",
            "blue",
            "duet:load_switched{bus=~\"$bus\"}",
            "{{bus}}: {{to}}, {{rate}} orders/s",
        ),
        annotation(
            "declines",
            "blue",
            "duet:declines_switched{bus=~\"$bus\"}",
            "{{bus}}: {{percent}} % of the payments declined",
        ),
        annotation(
            RESTARTS,
            "orange",
            // However long it was away.
            "1000 * process_start_time_seconds{job=\"duet\", bus=~\"$bus\"} and (time() - process_start_time_seconds) < 15",
            "{{bus}}: {{service}} began anew",
        ),
        annotation(
            "faults",
            "red",
            "duet:fault_spell{bus=~\"$bus\"} > 0",
            "{{bus}}: {{service}} does not answer",
        ),
        annotation(
            "waiting",
            "purple",
            "duet:waiting_spell{bus=~\"$bus\"} > 0",
            "{{bus}}: somebody waits for the broker or the database",
        ),
    ]
}

/// The mark whose value is its time.
const RESTARTS: &str = "restarts";
