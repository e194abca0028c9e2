import {
  type Dashboard,
  GRID_COLUMNS,
  type Panel,
  SCHEMA_VERSION,
  type Target
} from '../../grafana/panels.ts'
import { isElasticsearch, isPrometheus, type ProvisionedSource } from './dashboards.ts'
import { fieldMistakes } from './field-mistakes.ts'
import { type KnownMetric, promqlMistakes } from './promql.ts'

export interface Known {
  sources: ProvisionedSource[]
  metrics: Map<string, KnownMetric>
}

const panelTypes = new Set(['stat', 'timeseries', 'table'])
/** Ids of Grafana's units that we use. */
const units = new Set(['short', 's', 'ns', 'bytes', 'cps', 'reqps', 'percentunit'])
const transformations = new Set(['filterFieldsByName', 'organize'])

/** What Grafana would show as an empty or wrong panel, or not load at all; empty if the dashboard is right. */
export function mistakesIn(dashboard: Dashboard, known: Known): string[] {
  const { panels, schemaVersion } = dashboard
  const ids = panels.map(({ id }) => id)
  return [
    ...(schemaVersion === SCHEMA_VERSION ? [] : [`schemaVersion ${schemaVersion} is not ${SCHEMA_VERSION}`]),
    ...(new Set(ids).size === ids.length ? [] : ['two panels have one id']),
    ...gridMistakes(panels),
    ...variableMistakes(dashboard, known),
    ...panels.flatMap((panel) => panelMistakes(panel, known).map((mistake) => `${panel.title}: ${mistake}`))
  ]
}

function gridMistakes(panels: Panel[]): string[] {
  const mistakes: string[] = []
  const taken = new Map<string, string>()
  for (const { title, gridPos } of panels) {
    const { x, y, w, h } = gridPos
    if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > GRID_COLUMNS)
      mistakes.push(`${title}: outside of the grid`)
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        const other = taken.get(`${row}:${column}`)
        if (other !== undefined && other !== title) mistakes.push(`${title}: overlaps ${other}`)
        taken.set(`${row}:${column}`, title)
      }
    }
  }
  return [...new Set(mistakes)]
}

/** Every `$name` is a variable of the dashboard, or one of Grafana's own, which begin with two underscores. */
function variableMistakes({ templating, panels }: Dashboard, { sources }: Known): string[] {
  const names = new Set(templating.list.map(({ name }) => name))
  const used = panels
    .flatMap(({ targets = [] }) => targets)
    .flatMap((target) => [...textOf(target).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name))
    .filter((name) => !name.startsWith('__'))
  const unknown = new Set(used.filter((name) => !names.has(name)))
  const unused = [...names].filter((name) => !used.includes(String(name)))
  const sourceless = templating.list.filter(
    ({ datasource }) =>
      datasource !== undefined && !sources.some(({ uid }) => uid === (datasource as { uid: string }).uid)
  )
  return [
    ...[...unknown].map((name) => `the variable ${name} is not defined`),
    ...unused.map((name) => `the variable ${String(name)} is not used`),
    ...sourceless.map(({ name }) => `the variable ${String(name)} asks a data source that is not provisioned`)
  ]
}

function panelMistakes(panel: Panel, known: Known): string[] {
  const { type, targets = [], fieldConfig, transformations: applied = [] } = panel
  const overrides = fieldConfig?.overrides.flatMap(({ properties }) => properties) ?? []
  const used = [
    fieldConfig?.defaults.unit,
    ...overrides.filter(({ id }) => id === 'unit').map(({ value }) => value)
  ]
  return [
    ...(panelTypes.has(type) ? [] : [`no known panel type: ${type}`]),
    ...(targets.length === 0 ? ['asks nothing'] : []),
    ...(new Set(targets.map(({ refId }) => refId)).size === targets.length
      ? []
      : ['two targets have one refId']),
    ...used
      .filter((unit) => unit !== undefined && !units.has(String(unit)))
      .map((unit) => `no known unit: ${String(unit)}`),
    ...applied.filter(({ id }) => !transformations.has(id)).map(({ id }) => `no known transformation: ${id}`),
    ...targets.flatMap((target) => targetMistakes(target, panel, known))
  ]
}

function targetMistakes(target: Target, panel: Panel, { sources, metrics }: Known): string[] {
  const { uid, type } = target.datasource
  const source = sources.find((provisioned) => provisioned.uid === uid)
  if (source === undefined) return [`no data source has the uid ${uid}`]
  if (source.type !== type) return [`the data source ${uid} is of type ${source.type}, not ${type}`]
  if (isElasticsearch(target)) return fieldMistakes(target, panel, source)
  return isPrometheus(target) ? promqlMistakes(target.expr, target.legendFormat, metrics) : []
}

function textOf(target: Target): string {
  return isElasticsearch(target) ? target.query : isPrometheus(target) ? target.expr : ''
}
