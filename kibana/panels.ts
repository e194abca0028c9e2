import { type Columns, columnsOf, kql } from './columns.ts'
import type { Fields } from './fields.ts'
import type { ChartPanel, DocumentsPanel, Panel, TextPanel } from './source.ts'

export interface Reference {
  type: string
  id: string
  name: string
}

/** A panel as it stands in a dashboard's `panelsJSON`, and what the dashboard has to refer to for it. */
export interface CompiledPanel {
  panel: Record<string, unknown>
  references: Reference[]
}

/** One layer a chart; its name is part of the references' names. */
const LAYER = 'layer'
const TABLE_ROWS_PER_PAGE = 10

export function compilePanel(panel: Panel, dashboard: string, fields: Fields): CompiledPanel {
  if (panel.chart === 'text') return textPanel(panel)
  if (panel.chart === 'documents') return documentsPanel(panel, dashboard)
  return chartPanel(panel, fields)
}

/** Id of the saved search that a panel of documents shows. */
export function searchId(dashboard: string, { id }: DocumentsPanel): string {
  return `playtrail-${dashboard}-${id}`
}

function chartPanel(panel: ChartPanel, fields: Fields): CompiledPanel {
  const columns = columnsOf(panel.by, panel.metrics, fields)
  const reference = { type: 'index-pattern', id: panel.of, name: `indexpattern-datasource-layer-${LAYER}` }
  const attributes = {
    title: panel.title,
    type: 'lens',
    visualizationType: visualizationType(panel.chart),
    references: [reference],
    state: {
      adHocDataViews: {},
      internalReferences: [],
      filters: [],
      query: kql(panel.where),
      datasourceStates: {
        formBased: {
          layers: {
            [LAYER]: {
              columnOrder: columns.columnOrder,
              columns: columns.columns,
              incompleteColumns: {},
              sampling: 1
            }
          }
        },
        textBased: { layers: {} }
      },
      visualization: visualization(panel, columns)
    }
  }
  return {
    panel: { ...frame(panel), type: 'lens', embeddableConfig: { ...config(panel), attributes } },
    references: [{ ...reference, name: `${panel.id}:${reference.name}` }]
  }
}

function visualizationType(chart: ChartPanel['chart']): string {
  if (chart === 'number') return 'lnsMetric'
  return chart === 'table' ? 'lnsDatatable' : 'lnsXY'
}

function visualization({ chart }: ChartPanel, { groups, metrics }: Columns): Record<string, unknown> {
  const layer = { layerId: LAYER, layerType: 'data' }
  if (chart === 'number') return { ...layer, metricAccessor: metrics[0] }
  if (chart === 'table')
    return {
      ...layer,
      columns: [...groups, ...metrics].map((columnId) => ({ columnId })),
      paging: { enabled: true, size: TABLE_ROWS_PER_PAGE }
    }
  const [xAccessor, splitAccessor] = groups
  return {
    preferredSeriesType: chart,
    legend: { isVisible: true, position: chart.startsWith('bar_horizontal') ? 'right' : 'bottom' },
    valueLabels: 'hide',
    layers: [
      {
        ...layer,
        seriesType: chart,
        showGridlines: false,
        xAccessor,
        ...(splitAccessor !== undefined && { splitAccessor }),
        accessors: metrics
      }
    ]
  }
}

function documentsPanel(panel: DocumentsPanel, dashboard: string): CompiledPanel {
  const panelRefName = `panel_${panel.id}`
  return {
    panel: { ...frame(panel), type: 'search', panelRefName, embeddableConfig: config(panel) },
    references: [{ type: 'search', id: searchId(dashboard, panel), name: `${panel.id}:${panelRefName}` }]
  }
}

function textPanel(panel: TextPanel): CompiledPanel {
  const savedVis = {
    id: '',
    title: panel.title,
    description: '',
    type: 'markdown',
    params: { fontSize: 12, openLinksInNewTab: false, markdown: panel.text },
    uiState: {},
    data: { aggs: [], searchSource: { query: kql(''), filter: [] } }
  }
  return {
    panel: {
      ...frame(panel),
      type: 'visualization',
      embeddableConfig: { ...config(panel), hidePanelTitles: true, savedVis }
    },
    references: []
  }
}

function frame({ id, title, place }: Panel): Record<string, unknown> {
  const [x, y, w, h] = place
  return { panelIndex: id, title, gridData: { x, y, w, h, i: id } }
}

/** The title stands here as well: one place is where older Kibana reads it, the other where newer ones do. */
function config({ title }: Panel): Record<string, unknown> {
  return { title, enhancements: {} }
}
