/** The few words of Grafana's dashboard model that our dashboards are written with. */

/** The oldest version that has all we use: Grafana brings older dashboards up to date by itself. */
export const SCHEMA_VERSION = 39
export const GRID_COLUMNS = 24

export interface DataSource {
  type: 'elasticsearch' | 'prometheus'
  uid: string
}

/** One file for Grafana's data sources, provisioning/datasources/playtrail.yaml, defines these. */
export const dataSources = {
  runs: { type: 'elasticsearch', uid: 'playtrail-runs' },
  events: { type: 'elasticsearch', uid: 'playtrail-events' },
  metrics: { type: 'prometheus', uid: 'playtrail-metrics' }
} as const satisfies Record<string, DataSource>

export interface Metric {
  id: string
  type: 'count' | 'cardinality' | 'avg' | 'max' | 'percentiles' | 'raw_data'
  field?: string
  settings?: Record<string, unknown>
}

export interface BucketAggregation {
  id: string
  type: 'date_histogram' | 'terms' | 'filters'
  field?: string
  settings: Record<string, unknown>
}

export interface ElasticsearchTarget {
  refId: string
  datasource: DataSource
  query: string
  timeField: string
  metrics: Metric[]
  bucketAggs: BucketAggregation[]
  alias?: string
}

export interface PrometheusTarget {
  refId: string
  datasource: DataSource
  expr: string
  legendFormat: string
}

export type Target = ElasticsearchTarget | PrometheusTarget

/** Where a panel stands on the grid, and how large it is. */
export interface GridPosition {
  x: number
  y: number
  w: number
  h: number
}

export interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: GridPosition
  datasource?: DataSource
  targets?: Target[]
  fieldConfig?: { defaults: Record<string, unknown>; overrides: Override[] }
  options?: Record<string, unknown>
  transformations?: { id: string; options: Record<string, unknown> }[]
}

export interface Override {
  matcher: { id: string; options: string }
  properties: { id: string; value: unknown }[]
}

/** A panel before it has a place: `laidOut` gives it one. */
export type Placed = Omit<Panel, 'id' | 'gridPos'> & { w: number; h: number }

export interface Dashboard {
  uid: string
  title: string
  description: string
  tags: string[]
  schemaVersion: number
  editable: boolean
  refresh: string
  time: { from: string; to: string }
  timezone: string
  graphTooltip: number
  templating: { list: Record<string, unknown>[] }
  panels: Panel[]
}

/** The panels row by row: each row begins below the tallest panel of the one before. */
export function laidOut(rows: Placed[][]): Panel[] {
  const panels: Panel[] = []
  let y = 0
  for (const row of rows) {
    let x = 0
    for (const { w, h, ...panel } of row) {
      panels.push({ id: panels.length + 1, ...panel, gridPos: { x, y, w, h } })
      x += w
    }
    y += Math.max(...row.map(({ h }) => h))
  }
  return panels
}

interface Look {
  title: string
  description?: string
  w: number
  h: number
  unit?: string
  /** Value → colour, for names that mean the same everywhere. */
  colors?: Record<string, string>
}

/** One number: of the last moment, or of the field named `field`. */
export function stat(look: Look & { field?: string; red?: number }, target: Target): Placed {
  const { field, red, unit = 'short', ...rest } = look
  const steps = [
    { color: 'green', value: null },
    ...(red === undefined ? [] : [{ color: 'red', value: red }])
  ]
  return {
    ...rest,
    type: 'stat',
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: { unit, color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps } },
      overrides: []
    },
    options: {
      colorMode: red === undefined ? 'none' : 'value',
      graphMode: 'none',
      reduceOptions: {
        calcs: ['lastNotNull'],
        fields: field === undefined ? '' : `/^${field}$/`,
        values: false
      }
    }
  }
}

/** Lines over time, or stacked bars. */
export function overTime(look: Look & { isStacked?: boolean }, ...targets: Target[]): Placed {
  const { unit = 'short', colors = {}, isStacked = false, ...rest } = look
  const custom = isStacked
    ? { drawStyle: 'bars', fillOpacity: 80, lineWidth: 0, stacking: { mode: 'normal', group: 'A' } }
    : { drawStyle: 'line', fillOpacity: 10, lineWidth: 1, showPoints: 'auto' }
  return {
    ...rest,
    type: 'timeseries',
    ...(targets[0] === undefined ? {} : { datasource: targets[0].datasource }),
    targets: targets.map((target, index) => ({ ...target, refId: 'ABCDEF'.charAt(index) })),
    fieldConfig: {
      defaults: { unit, min: 0, custom },
      overrides: Object.entries(colors).map(([name, color]) =>
        override(name, 'color', { mode: 'fixed', fixedColor: color })
      )
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' }
    }
  }
}

/** A table with these columns, in this order: name of the field → heading, and a unit if it has one. */
export function table(
  look: Look,
  target: Target,
  columns: Record<string, string | { name: string; unit: string }>
): Placed {
  const named = Object.entries(columns).map(([field, column]) =>
    typeof column === 'string' ? { field, name: column } : { field, ...column }
  )
  return {
    ...look,
    type: 'table',
    datasource: target.datasource,
    targets: [target],
    fieldConfig: {
      defaults: { custom: { align: 'auto', filterable: true } },
      overrides: named.flatMap((column) =>
        'unit' in column ? [override(column.name, 'unit', column.unit)] : []
      )
    },
    options: { showHeader: true, cellHeight: 'sm' },
    transformations: [
      { id: 'filterFieldsByName', options: { include: { names: named.map(({ field }) => field) } } },
      {
        id: 'organize',
        options: {
          indexByName: Object.fromEntries(named.map(({ field }, index) => [field, index])),
          renameByName: Object.fromEntries(named.map(({ field, name }) => [field, name]))
        }
      }
    ]
  }
}

function override(name: string, id: string, value: unknown): Override {
  return { matcher: { id: 'byName', options: name }, properties: [{ id, value }] }
}
