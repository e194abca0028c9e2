import { readFileSync } from 'node:fs'

/** What lies in a file of saved objects, as far as it is looked at here. Anything may be missing from a broken one. */
export interface Saved {
  id?: string
  type?: string
  coreMigrationVersion?: string
  typeMigrationVersion?: string
  references?: SavedReference[]
  attributes?: Record<string, unknown>
}

export interface SavedReference {
  type: string
  id: string
  name: string
}

export interface SavedPanel {
  type?: string
  title?: string
  panelIndex?: string
  panelRefName?: string
  gridData?: { x?: number; y?: number; w?: number; h?: number; i?: string }
  embeddableConfig?: { attributes?: Lens; savedVis?: { type?: string; params?: { markdown?: string } } }
}

export interface Lens {
  title?: string
  visualizationType?: string
  references?: SavedReference[]
  state?: {
    query?: Kql
    filters?: unknown[]
    datasourceStates?: { formBased?: { layers?: Record<string, Layer> } }
    visualization?: Visualization
  }
}

export interface Layer {
  columnOrder?: string[]
  columns?: Record<string, LensColumn>
}

export interface LensColumn {
  label?: string
  dataType?: string
  isBucketed?: boolean
  operationType?: string
  scale?: string
  sourceField?: string
  filter?: Kql
  references?: string[]
  params?: {
    interval?: string
    size?: number
    orderBy?: { type?: string; columnId?: string }
    orderDirection?: string
    otherBucket?: boolean
    missingBucket?: boolean
    percentile?: number
    filters?: { label?: string; input?: Kql }[]
    formula?: string
    tinymathAst?: { type?: string; name?: string; args?: unknown[] }
  }
}

export interface Visualization {
  layerId?: string
  layerType?: string
  metricAccessor?: string
  columns?: { columnId?: string }[]
  preferredSeriesType?: string
  layers?: {
    layerId?: string
    layerType?: string
    seriesType?: string
    xAccessor?: string
    splitAccessor?: string
    accessors?: string[]
  }[]
}

export interface Kql {
  language?: string
  query?: string
}

export const committedFile = (): string =>
  readFileSync(new URL('../../kibana/playtrail.ndjson', import.meta.url), 'utf8')

export function parseObjects(ndjson: string): Saved[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Saved)
}

export function panelsOf({ attributes }: Saved): SavedPanel[] {
  return JSON.parse(String(attributes?.panelsJSON ?? '[]')) as SavedPanel[]
}
