/**
 * What a dashboard is written in. kibana/*.ts describe the dashboards in these words, and
 * kibana/saved-objects.ts makes of them what Kibana imports. `where` is always KQL.
 */
export interface Dashboard {
  /** Part of the saved object's id, which never changes: bookmarks and links hold on to it. */
  id: string
  title: string
  description: string
  /** Lists above the panels, each to choose values of one field. */
  choices: readonly Choice[]
  panels: readonly Panel[]
}

export interface Choice {
  field: string
  title: string
}

export type DataViewId = 'playtrail-events' | 'playtrail-runs'

export type Panel = TextPanel | ChartPanel | DocumentsPanel

interface PanelBase {
  /** Unique in its dashboard. */
  id: string
  title: string
  /** x, y, width and height on Kibana's grid, which is 48 columns wide. */
  place: readonly [x: number, y: number, width: number, height: number]
}

/** Markdown: how to read the dashboard. */
export interface TextPanel extends PanelBase {
  chart: 'text'
  text: string
}

/** The documents themselves, newest first. */
export interface DocumentsPanel extends PanelBase {
  chart: 'documents'
  of: DataViewId
  where: string
  columns: readonly string[]
}

/** Numbers over documents. */
export interface ChartPanel extends PanelBase {
  chart: 'number' | 'table' | Series
  of: DataViewId
  where: string
  /** What the documents are grouped by: of a series, first what stands along the axis, then what it is split by. */
  by: readonly Group[]
  metrics: readonly Metric[]
}

export type Series =
  | 'line'
  | 'area_stacked'
  | 'bar_stacked'
  | 'bar_percentage_stacked'
  | 'bar_horizontal'
  | 'bar_horizontal_stacked'
  | 'bar_horizontal_percentage_stacked'

export type Group =
  /** `auto` follows the time that the dashboard shows. */
  | { kind: 'time'; interval: 'auto' | '1d' }
  /** The values of a field for which the first metric, or the one that `rankedBy` numbers, is greatest. */
  | { kind: 'top'; field: string; label: string; size: number; rankedBy?: number; withMissing?: true }
  | { kind: 'filters'; label: string; filters: readonly { label: string; where: string }[] }

export type Metric = PlainMetric | Formula

export type PlainMetric =
  | { kind: 'count'; label: string; where?: string }
  | { kind: FieldOperation; field: string; label: string; where?: string }
  | { kind: 'percentile'; field: string; percentile: number; label: string; where?: string }

/** `unique_count` is an estimate, exact up to some thousands. */
export type FieldOperation = 'unique_count' | 'sum' | 'median' | 'max'

/** Arithmetic on two metrics: what Kibana calls a formula. */
export interface Formula {
  kind: 'divide' | 'subtract'
  label: string
  left: PlainMetric
  right: PlainMetric
  /** Digits behind the point of a share that is shown in percent; without it, the number as it is. */
  percentDigits?: number
}

export const count = (label: string, where?: string): PlainMetric => ({
  kind: 'count',
  label,
  ...(where !== undefined && { where })
})

export const over = (kind: FieldOperation, field: string, label: string, where?: string): PlainMetric => ({
  kind,
  field,
  label,
  ...(where !== undefined && { where })
})

export const percentile = (percent: number, field: string, label: string): PlainMetric => ({
  kind: 'percentile',
  percentile: percent,
  field,
  label
})

/** The share of the documents of `among` that are also of `of`, in percent. */
export const share = (label: string, { of, among }: { of: string; among: string }): Formula => ({
  kind: 'divide',
  label,
  left: count(label, of),
  right: count(label, among),
  percentDigits: 1
})

export const top = (
  field: string,
  label: string,
  size: number,
  more: { rankedBy?: number; withMissing?: true } = {}
): Group => ({
  kind: 'top',
  field,
  label,
  size,
  ...more
})

export const time: Group = { kind: 'time', interval: 'auto' }
export const day: Group = { kind: 'time', interval: '1d' }
