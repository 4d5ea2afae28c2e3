/** A panel as it is thought of. */
export interface Panel {
  readonly title: string;
  readonly kind: 'stat' | 'timeseries' | 'piechart' | 'table' | 'gauge';
  readonly queries: readonly { readonly expr: string; readonly legend?: string }[];
  /** As Grafana names it: `currencyUSD`, `s`, `percentunit`. */
  readonly unit?: string;
  /** Of 24. @default 8 */
  readonly width?: number;
  /** From where on a value is worth a look, and where it is bad. */
  readonly thresholds?: { readonly warning: number; readonly critical: number };
  readonly description?: string;
}

export interface Dashboard {
  /** The name of its file, and its id in addresses. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Names of labels by which the whole board can be narrowed. */
  readonly variables: readonly { readonly name: string; readonly label: string; readonly metric: string }[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const height = 8;

/** The dashboard as Grafana imports it, or finds in a folder. */
export function grafanaDashboard({ id, title, description, variables, rows }: Dashboard): object {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { h: 1, w: 24, x: 0, y },
    });
    y += 1;
    let x = 0;
    for (const panel of row.panels) {
      const width = panel.width ?? 8;
      if (x + width > 24) {
        x = 0;
        y += height;
      }
      panels.push(grafanaPanel(panel, panels.length + 1, { h: height, w: width, x, y }));
      x += width;
    }
    y += height;
  }
  return {
    uid: id,
    title,
    description,
    tags: ['genops', 'llm'],
    timezone: 'utc',
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [sourceVariable, ...variables.map(grafanaVariable)] },
    panels,
  };
}

/** Which Prometheus, wherever the dashboard is used. */
const sourceVariable = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' };

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is Grafana that fills it in
const datasource = { type: 'prometheus', uid: '${datasource}' };

function grafanaPanel(panel: Panel, id: number, gridPos: object): object {
  const { title, kind, queries, unit, thresholds, description } = panel;
  const steps =
    thresholds === undefined
      ? [{ color: 'green', value: null }]
      : [{ color: 'green', value: null }, ...colours(thresholds)];
  return {
    id,
    type: kind,
    title,
    ...(description !== undefined && { description }),
    datasource,
    gridPos,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      ...(legend !== undefined && { legendFormat: legend }),
      ...(kind === 'table' && { format: 'table', instant: true }),
    })),
    fieldConfig: {
      defaults: { ...(unit !== undefined && { unit }), thresholds: { mode: 'absolute', steps } },
      overrides: [],
    },
  };
}

/** Bad is what is above, or, where the critical value is the smaller one, what is below. */
function colours({ warning, critical }: NonNullable<Panel['thresholds']>): object[] {
  const rising = [
    { color: 'yellow', value: warning },
    { color: 'red', value: critical },
  ];
  return critical >= warning
    ? rising
    : [
        { color: 'red', value: 0 },
        { color: 'yellow', value: critical },
        { color: 'green', value: warning },
      ];
}

function grafanaVariable({ name, label, metric }: Dashboard['variables'][number]): object {
  const query = `label_values(${metric}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource,
    definition: query,
    query: { query, refId: name },
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
    refresh: 2,
  };
}
