/** What a registry says of a metric. */
export interface KnownMetric {
  type: string
  labels: readonly string[]
}

/** Labels that Prometheus adds to everything it scrapes. */
const TARGET_LABELS = ['instance', 'job']
const METRIC = /\b((?:playtrail|process|nodejs)_\w+)/g
const RANGE = /(?:rate|increase)\((\w+)/g

/** Metrics, labels and uses of them in `expr` that would make an empty or a wrong panel. */
export function promqlMistakes(
  expr: string,
  legendFormat: string,
  metrics: Map<string, KnownMetric>
): string[] {
  const names = [...expr.matchAll(METRIC)].map(([, name = '']) => name)
  const rated = new Set([...expr.matchAll(RANGE)].map(([, name = '']) => name))
  const grouped = labelsIn(expr, /\bby \(([^)]*)\)/g)
  const kept = expr.includes(' by (')
    ? grouped
    : /^(?:sum|max|histogram_quantile)\(/.test(expr)
      ? []
      : undefined
  const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
  return [
    ...(isBalanced(expr) ? [] : ['the brackets do not match']),
    ...(names.length === 0 ? ['asks for no metric'] : []),
    ...names.flatMap((name) => metricMistakes(name, expr, rated.has(name), metrics)),
    ...shown
      .filter((label) => kept !== undefined && !kept.includes(label))
      .map((label) => `the legend shows ${label}, which is not grouped by`)
  ]
}

function metricMistakes(
  name: string,
  expr: string,
  isRated: boolean,
  metrics: Map<string, KnownMetric>
): string[] {
  const base = name.replace(/_(?:bucket|count|sum)$/, '')
  const isSeries = metrics.get(base)?.type === 'histogram' && base !== name
  const metric = isSeries ? metrics.get(base) : metrics.get(name)
  if (metric === undefined) return [`there is no metric ${name}`]
  const isCounter = isSeries || metric.type === 'counter'
  const labels = [...metric.labels, ...TARGET_LABELS, ...(name.endsWith('_bucket') ? ['le'] : [])]
  const used = [...labelsIn(expr, /\bby \(([^)]*)\)/g), ...labelsIn(expr, /(\w+)(?:=~|!~|!=|=)"/g)]
  return [
    ...(metric.type === 'histogram' && !isSeries ? [`${name} is a histogram: ask for its buckets`] : []),
    ...(isCounter && !isRated ? [`${name} only grows: ask for its rate`] : []),
    ...(!isCounter && isRated ? [`${name} is a ${metric.type}: it has no rate`] : []),
    ...(expr.includes('histogram_quantile') && !(name.endsWith('_bucket') && used.includes('le'))
      ? [`a quantile of ${name} that is not of buckets by le`]
      : []),
    ...used.filter((label) => !labels.includes(label)).map((label) => `${name} has no label ${label}`)
  ]
}

function labelsIn(expr: string, pattern: RegExp): string[] {
  return [...expr.matchAll(pattern)].flatMap(([, labels = '']) =>
    labels.split(',').map((label) => label.trim())
  )
}

function isBalanced(expr: string): boolean {
  const open: string[] = []
  for (const bracket of expr.match(/[()[\]{}]/g) ?? []) {
    if ('([{'.includes(bracket)) open.push(bracket)
    else if (open.pop() !== '([{'[')]}'.indexOf(bracket)]) return false
  }
  return open.length === 0
}
