import assert from 'node:assert/strict'
import type { Layer, Saved, SavedPanel } from './saved.ts'

/** A panel that is broken, and what the checker has to say about it. */
export interface Broken {
  what: string
  dashboard: string
  panel: string
  break: (panel: SavedPanel, layer: Layer, dashboard: Saved) => void
  says: RegExp
}

export const runs = 'playtrail-playbook-runs'

export const brokenPanels: Broken[] = [
  {
    what: 'an unknown field',
    dashboard: runs,
    panel: 'runs-by-status',
    break: (_, layer) => Object.assign(column(layer, 'top-2'), { sourceField: 'run.state' }),
    says: /› Runs over time, by how they ended: column top-2: there is no field run\.state$/
  },
  {
    what: 'percentiles of a keyword',
    dashboard: runs,
    panel: 'durations',
    break: (_, layer) => Object.assign(column(layer, 'metric-2'), { sourceField: 'run.name' }),
    says: /› How long runs take: column metric-2: percentile does not work on run\.name, which is keyword/
  },
  {
    what: 'a grouping by text',
    dashboard: 'playtrail-tasks',
    panel: 'slowest',
    break: (_, layer) => Object.assign(column(layer, 'top-1'), { sourceField: 'ansible.task.name.text' }),
    says: /› Slowest tasks: column top-1: terms does not work on ansible\.task\.name\.text, which is text/
  },
  {
    what: 'a percentile above 99',
    dashboard: 'playtrail-tasks',
    panel: 'slowest',
    break: (_, layer) => Object.assign(column(layer, 'metric-1'), { params: { percentile: 100 } }),
    says: /› Slowest tasks: column metric-1: expected a percentile from 1 to 99, got 100$/
  },
  {
    what: 'a count of nothing',
    dashboard: runs,
    panel: 'runs',
    break: (_, layer) => delete column(layer, 'metric-1').sourceField,
    says: /› Runs: column metric-1: a count without sourceField$/
  },
  {
    what: 'a column without a scale',
    dashboard: runs,
    panel: 'runs-by-status',
    break: (_, layer) => delete column(layer, 'time-1').scale,
    says: /› Runs over time, .*: column time-1: the scale of a date_histogram is interval, not missing$/
  },
  {
    what: 'a group that says it is none',
    dashboard: 'playtrail-hosts',
    panel: 'last-change',
    break: (_, layer) => Object.assign(column(layer, 'top-1'), { isBucketed: false }),
    says: /› Hosts by last change: column top-1: isBucketed of a terms has to be true$/
  },
  {
    what: 'an operation that Lens does not have',
    dashboard: runs,
    panel: 'runs',
    break: (_, layer) => Object.assign(column(layer, 'metric-1'), { operationType: 'total' }),
    says: /› Runs: column metric-1: the operation total is not known$/
  },
  {
    what: 'a wrong data type',
    dashboard: 'playtrail-audit',
    panel: 'from-where',
    break: (_, layer) => Object.assign(column(layer, 'top-1'), { dataType: 'string' }),
    says: /› From which address .*: column top-1: its dataType is string, but has to be ip$/
  },
  {
    what: 'a chart without layers',
    dashboard: runs,
    panel: 'durations',
    break: (panel) => Object.assign(visualizationOf(panel), { layers: [] }),
    says: /› How long runs take: an XY chart without layers shows nothing$/
  },
  {
    what: 'an unknown series',
    dashboard: runs,
    panel: 'durations',
    break: (panel) => Object.assign(visualizationOf(panel).layers?.[0] ?? {}, { seriesType: 'spline' }),
    says: /› How long runs take: the series spline is not known$/
  },
  {
    what: 'an accessor of nothing in a chart',
    dashboard: runs,
    panel: 'durations',
    break: (panel) => visualizationOf(panel).layers?.[0]?.accessors?.push('metric-9'),
    says: /› How long runs take: an accessor names a column that is not there: metric-9$/
  },
  {
    what: 'an accessor of nothing in a table',
    dashboard: runs,
    panel: 'who-runs-what',
    break: (panel) => visualizationOf(panel).columns?.push({ columnId: 'top-9' }),
    says: /› Who runs what: an accessor names a column that is not there: top-9$/
  },
  {
    what: 'an accessor of nothing in a number',
    dashboard: runs,
    panel: 'runs',
    break: (panel) => Object.assign(visualizationOf(panel), { metricAccessor: 'metric-9' }),
    says: /› Runs: an accessor names a column that is not there: metric-9$/
  },
  {
    what: 'a metric along the axis',
    dashboard: runs,
    panel: 'durations',
    break: (panel) => Object.assign(visualizationOf(panel).layers?.[0] ?? {}, { xAccessor: 'metric-1' }),
    says: /› How long runs take: metric-1 is no group$/
  },
  {
    what: 'a table that hides its groups',
    dashboard: runs,
    panel: 'who-runs-what',
    break: (panel) => visualizationOf(panel).columns?.shift(),
    says: /› Who runs what: the table does not show its group top-1$/
  },
  {
    what: 'a visualization of a layer that is not there',
    dashboard: runs,
    panel: 'runs',
    break: (panel) => Object.assign(visualizationOf(panel), { layerId: 'layer-2' }),
    says: /› Runs: its visualization shows a layer that is not there: layer-2$/
  },
  {
    what: 'an unknown type of visualization',
    dashboard: runs,
    panel: 'runs',
    break: (panel) =>
      Object.assign(panel.embeddableConfig?.attributes ?? {}, { visualizationType: 'lnsBar' }),
    says: /› Runs: the visualization type lnsBar is not known$/
  },
  {
    what: 'an unknown type of panel',
    dashboard: runs,
    panel: 'runs',
    break: (panel) => Object.assign(panel, { type: 'map' }),
    says: /› Runs: the panel type map is not known$/
  },
  {
    what: 'a panel without the reference to its data view',
    dashboard: runs,
    panel: 'runs',
    break: (panel) => Object.assign(panel.embeddableConfig?.attributes ?? {}, { references: [] }),
    says: /› Runs: the panel has no reference indexpattern-datasource-layer-layer$/
  },
  {
    what: 'a dashboard without the reference to a panel’s data view',
    dashboard: runs,
    panel: 'runs',
    break: (_, __, dashboard) => dropReference(dashboard, 'runs:indexpattern-datasource-layer-layer'),
    says: /› Runs: the dashboard has no reference runs:indexpattern-datasource-layer-layer$/
  },
  {
    what: 'a dashboard without the reference to a saved search',
    dashboard: runs,
    panel: 'latest-runs',
    break: (_, __, dashboard) => dropReference(dashboard, 'latest-runs:panel_latest-runs'),
    says: /› Latest runs: the dashboard has no reference latest-runs:panel_latest-runs$/
  },
  {
    what: 'a data view that is not there',
    dashboard: runs,
    panel: 'runs',
    break: (panel) =>
      Object.assign(panel.embeddableConfig?.attributes?.references?.[0] ?? {}, { id: 'logs' }),
    says: /› Runs: there is no data view logs$/
  },
  {
    what: 'a data view without the field',
    dashboard: runs,
    panel: 'runs',
    break: (panel) =>
      Object.assign(panel.embeddableConfig?.attributes?.state ?? {}, {
        query: { language: 'kuery', query: 'run.outcome : success' }
      }),
    says: /› Runs: there is no field run\.outcome, which is asked for in: run\.outcome : success$/
  },
  {
    what: 'a query that is no KQL',
    dashboard: runs,
    panel: 'runs',
    break: (panel) =>
      Object.assign(panel.embeddableConfig?.attributes?.state ?? {}, {
        query: { language: 'kuery', query: 'run.status :' }
      }),
    says: /› Runs: KQL that is not understood here: expected a word instead of the end/
  },
  {
    what: 'columnOrder that lacks a column',
    dashboard: runs,
    panel: 'failure-rate',
    break: (_, layer) => layer.columnOrder?.pop(),
    says: /› Failure rate: columnOrder lacks the column metric-1X2$/
  },
  {
    what: 'columnOrder with a metric before a group',
    dashboard: runs,
    panel: 'runs-by-status',
    break: (_, layer) => layer.columnOrder?.reverse(),
    says: /› Runs over time, .*: columnOrder has a metric before a group$/
  },
  {
    what: 'a formula without its parts',
    dashboard: runs,
    panel: 'failure-rate',
    break: (_, layer) => Object.assign(column(layer, 'metric-1'), { references: [] }),
    says: /› Failure rate: column metric-1: a formula needs a reference to its column of arithmetic$/
  },
  {
    what: 'an order by a formula',
    dashboard: 'playtrail-audit',
    panel: 'gaps',
    break: (_, layer) =>
      Object.assign(column(layer, 'top-1').params ?? {}, {
        orderBy: { type: 'column', columnId: 'metric-1' }
      }),
    says: /› Latest runs: events .*: column top-1: Elasticsearch cannot order by a formula: metric-1$/
  },
  {
    what: 'a row for missing values that Lens would leave out',
    dashboard: runs,
    panel: 'who-runs-what',
    break: (_, layer) => Object.assign(column(layer, 'top-1').params ?? {}, { otherBucket: false }),
    says: /› Who runs what: column top-1: Lens ignores missingBucket without otherBucket$/
  },
  {
    what: 'a row for missing addresses',
    dashboard: 'playtrail-audit',
    panel: 'from-where',
    break: (_, layer) =>
      Object.assign(column(layer, 'top-1').params ?? {}, { otherBucket: true, missingBucket: true }),
    says: /› From which address .*: column top-1: only a keyword can have a row for what is missing/
  },
  {
    what: 'a panel on top of another',
    dashboard: runs,
    panel: 'failure-rate',
    break: (panel) => Object.assign(panel.gridData ?? {}, { x: 11 }),
    says: /› Failure rate: it overlaps with "Runs"$/
  },
  {
    what: 'a panel beyond the grid',
    dashboard: runs,
    panel: 'running',
    break: (panel) => Object.assign(panel.gridData ?? {}, { w: 13 }),
    says: /› Still running: it ends at column 49; the grid has 48$/
  },
  {
    what: 'two panels of one id',
    dashboard: runs,
    panel: 'aborted',
    break: (panel) => Object.assign(panel, { panelIndex: 'runs' }),
    says: /› Aborted runs: there are two panels runs$/
  }
]

function column({ columns }: Layer, id: string): NonNullable<Layer['columns']>[string] {
  const found = columns?.[id]
  assert.ok(found, `there is no column ${id}`)
  return found
}

type VisualizationState = NonNullable<
  NonNullable<
    NonNullable<NonNullable<SavedPanel['embeddableConfig']>['attributes']>['state']
  >['visualization']
>

function visualizationOf(panel: SavedPanel): VisualizationState {
  const visualization = panel.embeddableConfig?.attributes?.state?.visualization
  assert.ok(visualization)
  return visualization
}

function dropReference(dashboard: Saved, name: string): void {
  dashboard.references = dashboard.references?.filter((reference) => reference.name !== name) ?? []
}
