import type { Fields } from '../../kibana/fields.ts'
import { checkKql, checkLayer, type Say } from './check-layer.ts'
import type { LensColumn, Saved, SavedPanel, SavedReference, Visualization } from './saved.ts'

const GRID_COLUMNS = 48
const series = [
  'line',
  'area_stacked',
  'bar_stacked',
  'bar_percentage_stacked',
  'bar_horizontal',
  'bar_horizontal_stacked',
  'bar_horizontal_percentage_stacked'
]

/** What a panel may point to. */
export interface Surrounding {
  dashboard: Saved
  /** Every object of the file, by type and id. */
  objects: ReadonlyMap<string, Saved>
  fieldsOf: (dataViewId: string) => Fields | undefined
}

export function checkPanel(panel: SavedPanel, surrounding: Surrounding, say: Say): void {
  if (panel.type === 'lens') checkLens(panel, surrounding, say)
  else if (panel.type === 'search') checkSearch(panel, surrounding, say)
  else if (panel.type === 'visualization') checkText(panel, say)
  else say(`the panel type ${panel.type} is not known`)
}

function checkText(panel: SavedPanel, say: Say): void {
  const { type, params } = panel.embeddableConfig?.savedVis ?? {}
  if (type !== 'markdown') say(`the visualization ${type} is not known`)
  else if (!params?.markdown) say('it has no text')
}

export function checkGrid(panels: readonly SavedPanel[], sayOf: (panel: SavedPanel) => Say): void {
  for (const [number, panel] of panels.entries()) {
    const say = sayOf(panel)
    const { x = -1, y = -1, w = 0, h = 0, i } = panel.gridData ?? {}
    if (![x, y, w, h].every(Number.isInteger) || x < 0 || y < 0 || w < 1 || h < 1)
      say('it has no place on the grid')
    if (x + w > GRID_COLUMNS) say(`it ends at column ${x + w}; the grid has ${GRID_COLUMNS}`)
    if (i !== panel.panelIndex) say(`gridData.i is ${i}, but panelIndex ${panel.panelIndex}`)
    for (const other of panels.slice(0, number))
      if (overlap(panel, other)) say(`it overlaps with "${other.title}"`)
  }
}

function overlap({ gridData: a }: SavedPanel, { gridData: b }: SavedPanel): boolean {
  const apart = (start = 0, size = 0, otherStart = 0, otherSize = 0): boolean =>
    start + size <= otherStart || otherStart + otherSize <= start
  return !apart(a?.x, a?.w, b?.x, b?.w) && !apart(a?.y, a?.h, b?.y, b?.h)
}

function checkSearch({ panelIndex, panelRefName }: SavedPanel, { dashboard }: Surrounding, say: Say): void {
  if (panelRefName === undefined) {
    say('it has no panelRefName')
    return
  }
  const name = `${panelIndex}:${panelRefName}`
  const reference = dashboard.references?.find((candidate) => candidate.name === name)
  if (reference === undefined) say(`the dashboard has no reference ${name}`)
  else if (reference.type !== 'search') say(`its reference is a ${reference.type}, not a search`)
}

function checkLens(panel: SavedPanel, surrounding: Surrounding, say: Say): void {
  const { state, references = [], visualizationType } = panel.embeddableConfig?.attributes ?? {}
  const layers = state?.datasourceStates?.formBased?.layers ?? {}
  if (Object.keys(layers).length === 0) say('it has no layers')
  for (const [id, layer] of Object.entries(layers)) {
    const reference = layerReference(id, panel, references, surrounding, say)
    const fields = surrounding.fieldsOf(reference?.id ?? '')
    if (fields === undefined) {
      if (reference !== undefined) say(`there is no data view ${reference.id}`)
      continue
    }
    checkLayer(layer, fields, say)
    checkKql(state?.query, fields, say)
  }
  if ((state?.filters ?? []).length > 0) say('filters are not looked into here: put it into the query')
  const columns = Object.fromEntries(Object.entries(layers).map(([id, layer]) => [id, layer.columns ?? {}]))
  checkVisualization(visualizationType, state?.visualization ?? {}, columns, say)
}

/** The reference to a layer's data view, which stands in the panel and once more in the dashboard. */
function layerReference(
  layer: string,
  { panelIndex }: SavedPanel,
  references: readonly SavedReference[],
  { dashboard }: Surrounding,
  say: Say
): SavedReference | undefined {
  const name = `indexpattern-datasource-layer-${layer}`
  const own = references.find((reference) => reference.name === name)
  const inDashboard = dashboard.references?.find((reference) => reference.name === `${panelIndex}:${name}`)
  if (own === undefined) say(`the panel has no reference ${name}`)
  if (inDashboard === undefined) say(`the dashboard has no reference ${panelIndex}:${name}`)
  if (own !== undefined && inDashboard !== undefined && own.id !== inDashboard.id)
    say(`its data view is ${own.id}, but ${inDashboard.id} in the dashboard`)
  return own
}

type LayerColumns = Record<string, Record<string, LensColumn>>

function checkVisualization(
  type: string | undefined,
  visualization: Visualization,
  columns: LayerColumns,
  say: Say
): void {
  if (type === 'lnsXY') checkXy(visualization, columns, say)
  else if (type === 'lnsMetric') checkNumber(visualization, columns, say)
  else if (type === 'lnsDatatable') checkTable(visualization, columns, say)
  else say(`the visualization type ${type} is not known`)
}

function checkNumber(visualization: Visualization, columns: LayerColumns, say: Say): void {
  const layer = shownLayer(visualization, columns, say)
  if (layer !== undefined) checkAccessor(visualization.metricAccessor, 'metric', layer, say)
}

function checkTable(visualization: Visualization, columns: LayerColumns, say: Say): void {
  const layer = shownLayer(visualization, columns, say)
  if (layer === undefined) return
  const shown = (visualization.columns ?? []).map(({ columnId }) => columnId)
  if (shown.length === 0) say('the table has no columns')
  for (const id of shown) checkAccessor(id, 'any', layer, say)
  for (const [id, { isBucketed }] of Object.entries(layer))
    if (isBucketed === true && !shown.includes(id)) say(`the table does not show its group ${id}`)
}

function shownLayer(
  { layerId, layerType }: Pick<Visualization, 'layerId' | 'layerType'>,
  columns: LayerColumns,
  say: Say
): Record<string, LensColumn> | undefined {
  const layer = columns[layerId ?? '']
  if (layer !== undefined && layerType === 'data') return layer
  say(`its visualization shows a layer that is not there: ${layerId}`)
  return undefined
}

function checkXy({ preferredSeriesType, layers = [] }: Visualization, columns: LayerColumns, say: Say): void {
  if (!series.includes(preferredSeriesType ?? '')) say(`the series ${preferredSeriesType} is not known`)
  if (layers.length === 0) say('an XY chart without layers shows nothing')
  for (const layer of layers) checkXyLayer(layer, columns, say)
}

type XyLayer = NonNullable<Visualization['layers']>[number]

function checkXyLayer(shown: XyLayer, columns: LayerColumns, say: Say): void {
  const { seriesType, xAccessor, splitAccessor, accessors = [] } = shown
  const layer = shownLayer(shown, columns, say)
  if (layer === undefined) return
  if (!series.includes(seriesType ?? '')) say(`the series ${seriesType} is not known`)
  checkAccessor(xAccessor, 'group', layer, say)
  if (splitAccessor !== undefined) checkAccessor(splitAccessor, 'group', layer, say)
  if (accessors.length === 0) say('an XY chart without accessors shows nothing')
  for (const id of accessors) checkAccessor(id, 'metric', layer, say)
  for (const [id, { isBucketed }] of Object.entries(layer))
    if (isBucketed === true && id !== xAccessor && id !== splitAccessor)
      say(`the chart does not show its group ${id}`)
}

function checkAccessor(
  id: string | undefined,
  kind: 'metric' | 'group' | 'any',
  layer: Record<string, LensColumn>,
  say: Say
): void {
  const column = layer[id ?? '']
  if (column === undefined) say(`an accessor names a column that is not there: ${id}`)
  else if (kind !== 'any' && (column.isBucketed === true) !== (kind === 'group')) say(`${id} is no ${kind}`)
}
