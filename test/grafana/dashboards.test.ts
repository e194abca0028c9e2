import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Registry } from 'prom-client'
import { parse } from 'yaml'
import type {
  BucketAggregation,
  Dashboard,
  ElasticsearchTarget,
  Panel,
  PrometheusTarget
} from '../../grafana/panels.ts'
import { createAnchorMetrics } from '../../server/anchors/metrics.ts'
import { createIndexMetrics } from '../../server/index/metrics.ts'
import { createMetrics } from '../../server/metrics.ts'
import { createLogMetrics } from '../../server/seal/metrics.ts'
import { Space } from '../../server/space/space.ts'
import { runningService } from '../support/service.ts'
import { dashboards, isPrometheus, provisionedSources, read } from './dashboards.ts'
import { type Known, mistakesIn } from './mistakes.ts'
import type { KnownMetric } from './promql.ts'

/** The provisioned sources, and every metric with its labels as the service registers it. */
async function known(t: TestContext): Promise<Known> {
  const { journal, follower, sealer } = await runningService(t)
  const registry = new Registry()
  createMetrics(registry, { journal, space: new Space(0), follower, deadLetters: { count: 0 } })
  createIndexMetrics(registry)
  createLogMetrics(registry, sealer)
  createAnchorMetrics(registry, { all: [] })
  const metrics = new Map<string, KnownMetric>()
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] }
    metrics.set(name, { type: String(type), labels: labelNames })
  }
  return { sources: provisionedSources, metrics }
}

test('every panel asks an existing source for fields and metrics that there are, and has a place of its own', async (t) => {
  const all = await known(t)
  for (const dashboard of dashboards) {
    assert.ok(dashboard.panels.length >= 12, dashboard.title)
    assert.deepEqual(mistakesIn(dashboard, all), [], dashboard.title)
  }
})

test('every metric of ours is on the dashboard of the service', async (t) => {
  const { metrics } = await known(t)
  const asked = (dashboards[1]?.panels ?? [])
    .flatMap(({ targets = [] }) => targets.filter(isPrometheus))
    .map(({ expr }) => expr)
    .join('\n')
  const missing = [...metrics.keys()].filter((name) => name.startsWith('playtrail_') && !asked.includes(name))
  // The cursor is the journal's end less the lag, which are both there.
  assert.deepEqual(missing, ['playtrail_index_cursor'])
})

/** One change each to a right dashboard, and what has to be found. */
const broken: [string, Breakage, RegExp][] = [
  [
    'a field that the mapping lacks',
    ({ es }) => es.bucketAggs.push(terms('run.state')),
    /run\.state.*not in the mapping/
  ],
  [
    'terms of a text',
    ({ es }) => es.bucketAggs.push(terms('ansible.result.stdout')),
    /stdout, which is text/
  ],
  [
    'an average of a keyword',
    ({ es }) => es.metrics.push({ id: '9', type: 'avg', field: 'user.name' }),
    /avg of user\.name/
  ],
  [
    'a query for a field that the mapping lacks',
    ({ es }) => {
      es.query = 'runs.status:failed'
    },
    /asks for runs\.status/
  ],
  [
    'an order by a metric that is not there',
    ({ es }) => es.bucketAggs.push(terms('run.name', '7')),
    /ordered by 7/
  ],
  [
    'a number from a column that is not there',
    ({ stat }) => {
      stat.options = { reduceOptions: { fields: '/^Sum$/' } }
    },
    /shows Sum/
  ],
  ['a column that is not there', ({ table }) => showAlso(table, 'run.nom'), /shows run\.nom/],
  [
    'a variable that is not defined',
    ({ es }) => {
      es.query = 'user.name:$actor'
    },
    /variable actor is not defined/
  ],
  [
    'another source than the provisioned ones',
    ({ es }) => {
      es.datasource = { type: 'elasticsearch', uid: 'runs' }
    },
    /no data source has the uid runs/
  ],
  [
    'a source of another type',
    ({ es }) => {
      es.datasource = { type: 'elasticsearch', uid: 'playtrail-metrics' }
    },
    /of type prometheus, not elasticsearch/
  ],
  [
    'panels that overlap',
    ({ stat, table }) => {
      stat.gridPos = { ...table.gridPos }
    },
    /overlaps/
  ],
  [
    'a panel beyond the edge',
    ({ stat }) => {
      stat.gridPos = { x: 22, y: 900, w: 4, h: 4 }
    },
    /outside of the grid/
  ],
  [
    'an id that two panels have',
    ({ stat, table }) => {
      stat.id = table.id
    },
    /one id/
  ],
  [
    'a panel type that Grafana lacks',
    ({ stat }) => {
      stat.type = 'singlestat'
    },
    /no known panel type/
  ],
  [
    'a unit that Grafana lacks',
    ({ stat }) => {
      stat.fieldConfig = { defaults: { unit: 'seconds' }, overrides: [] }
    },
    /no known unit/
  ],
  [
    'another version of the model',
    ({ records }) => {
      records.schemaVersion = 12
    },
    /schemaVersion 12/
  ],
  [
    'a metric that is not there',
    ({ prom }) => {
      prom.expr = 'playtrail_index_lag{instance=~"$instance"}'
    },
    /no metric playtrail_index_lag$/
  ],
  [
    'a counter without its rate',
    ({ prom }) => {
      prom.expr = 'playtrail_events_total'
    },
    /only grows/
  ],
  [
    'a rate of a gauge',
    ({ prom }) => {
      prom.expr = 'rate(playtrail_journal_end[5m])'
    },
    /has no rate/
  ],
  [
    'a histogram without its buckets',
    ({ prom }) => {
      prom.expr = 'rate(playtrail_append_seconds[5m])'
    },
    /is a histogram/
  ],
  [
    'a quantile without le',
    ({ prom }) => {
      prom.expr = 'histogram_quantile(0.9, sum by (instance) (rate(playtrail_append_seconds_bucket[5m])))'
    },
    /by le/
  ],
  [
    'a label that the metric lacks',
    ({ prom }) => {
      prom.expr = 'sum by (code) (rate(playtrail_events_total[5m]))'
    },
    /no label code/
  ],
  [
    'a legend that is not grouped by',
    ({ prom }) => {
      prom.legendFormat = '{{outcome}}'
      prom.expr = 'sum(rate(playtrail_events_total[5m]))'
    },
    /legend shows outcome/
  ],
  [
    'brackets that do not match',
    ({ prom }) => {
      prom.expr = 'sum(playtrail_journal_end'
    },
    /brackets/
  ]
]

for (const [what, breakIt, expected] of broken) {
  test(`${what} is found`, async (t) => {
    const [records, service] = structuredClone(dashboards) as [Dashboard, Dashboard]
    breakIt(partsOf(records, service))
    const all = await known(t)
    const mistakes = [records, service].flatMap((dashboard) => mistakesIn(dashboard, all))
    assert.match(mistakes.join('\n'), expected)
  })
}

test('the provisioning files name the data sources, the header and the folder that the documentation explains', () => {
  assert.deepEqual(
    provisionedSources.map(({ uid, type, jsonData }) => [uid, type, jsonData.index, jsonData.timeField]),
    [
      ['playtrail-runs', 'elasticsearch', 'playtrail-runs', '@timestamp'],
      ['playtrail-events', 'elasticsearch', 'playtrail-events', '@timestamp'],
      ['playtrail-metrics', 'prometheus', undefined, undefined]
    ]
  )
  const files = ['datasources', 'dashboards'].map((folder) =>
    read(`grafana/provisioning/${folder}/playtrail.yaml`)
  )
  assert.equal(parse(files[1] ?? '').providers[0].options.path, '$PLAYTRAIL_DASHBOARDS')
  const explained = read('docs/deployment.md')
  for (const [variable] of files.join('').matchAll(/\$PLAYTRAIL_\w+/g)) {
    assert.ok(explained.includes(variable.slice(1)), variable)
  }
})

interface Parts {
  records: Dashboard
  es: ElasticsearchTarget
  prom: PrometheusTarget
  stat: Panel
  table: Panel
}

type Breakage = (parts: Parts) => unknown

function partsOf(records: Dashboard, service: Dashboard): Parts {
  const panel = (type: string): Panel => {
    const found = records.panels.find((candidate) => candidate.type === type)
    assert.ok(found, type)
    return found
  }
  return {
    records,
    es: panel('timeseries').targets?.[0] as ElasticsearchTarget,
    prom: service.panels[0]?.targets?.[0] as PrometheusTarget,
    stat: panel('stat'),
    table: panel('table')
  }
}

function terms(field: string, orderBy = '_count'): BucketAggregation {
  return { id: '9', type: 'terms', field, settings: { orderBy } }
}

function showAlso(table: Panel, column: string): void {
  const { include } = table.transformations?.find(({ id }) => id === 'filterFieldsByName')?.options ?? {}
  assert.ok(include)
  ;(include as { names: string[] }).names.push(column)
}
