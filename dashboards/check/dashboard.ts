// A dashboard file of this project, in the types of Grafana's own schema. From them check.mjs makes a JSON schema that allows
// nothing else: a misspelt option is an error, though Grafana would silently ignore it.
import type * as bargauge from '@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as heatmap from '@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type * as raw from '@grafana/schema/dist/types/raw/dashboard/x/dashboard_types.gen';

/** Of the Prometheus data source, which has no schema of its own. */
interface PrometheusQuery {
  refId: string;
  datasource: raw.DataSourceRef;
  expr: string;
  legendFormat: string;
  range: boolean;
  instant: boolean;
  exemplar: boolean;
  format: 'time_series' | 'heatmap';
}

/** The same, as annotations. */
interface PrometheusAnnotation extends raw.AnnotationQuery {
  expr: string;
  titleFormat: string;
  step: string;
  useValueForTime: boolean;
}

/** Every panel has a title, a description and a unit. */
interface Described extends Omit<raw.Panel, 'options' | 'fieldConfig' | 'targets'> {
  id: number;
  title: string;
  description: string;
  datasource: raw.DataSourceRef;
  gridPos: raw.GridPos;
  targets: PrometheusQuery[];
}

interface Fields<Custom> extends Omit<raw.FieldConfigSource, 'defaults'> {
  defaults: Omit<raw.FieldConfig, 'custom' | 'unit'> & { unit: string; custom?: Custom };
}

export type TimeSeries = Described & { type: 'timeseries'; options: timeseries.Options; fieldConfig: Fields<timeseries.FieldConfig> };
export type Stat = Described & { type: 'stat'; options: stat.Options; fieldConfig: Fields<never> };
export type Heatmap = Described & { type: 'heatmap'; options: heatmap.Options; fieldConfig: Fields<heatmap.FieldConfig> };
export type BarGauge = Described & { type: 'bargauge'; options: bargauge.Options; fieldConfig: Fields<never> };

export type Row = raw.RowPanel;

/** All but the panels, which are checked one by one. */
export interface Dashboard extends Omit<raw.Dashboard, 'panels' | 'annotations'> {
  uid: string;
  title: string;
  description: string;
  annotations: { list: PrometheusAnnotation[] };
  panels: unknown[];
}
