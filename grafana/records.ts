import {
  type BucketAggregation,
  type Dashboard,
  dataSources,
  type ElasticsearchTarget,
  laidOut,
  type Metric,
  overTime,
  SCHEMA_VERSION,
  stat,
  table
} from './panels.ts'

// What a person types into the box at the top, in Lucene's language; `*` is everything.
const FILTER = `(\${filter:raw})`
const FAILED_RUN = 'run.status:(failed OR unreachable OR aborted)'
const RESULT = 'event.action:host.result'
const FAILED_RESULT = `${RESULT} AND ansible.result.status:(failed OR unreachable)`
const CHANGED_RESULT = `${RESULT} AND ansible.result.status:changed`

const runColors = {
  success: 'green',
  changed: 'yellow',
  failed: 'red',
  unreachable: 'purple',
  aborted: 'orange',
  running: 'blue'
}
const resultColors = {
  ok: 'green',
  changed: 'yellow',
  failed: 'red',
  skipped: 'text',
  unreachable: 'purple'
}

const count: Metric = { id: '1', type: 'count' }

/** What was done: runs, who started them, where they failed and what they changed. From Elasticsearch. */
export function recordsDashboard(): Dashboard {
  return {
    uid: 'playtrail-records',
    title: 'Playtrail: what was done',
    description: 'Runs, actors, hosts and results that Playtrail recorded.',
    tags: ['playtrail'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    refresh: '1m',
    time: { from: 'now-7d', to: 'now' },
    timezone: 'browser',
    graphTooltip: 1,
    templating: {
      list: [
        {
          type: 'textbox',
          name: 'filter',
          label: 'Filter',
          description: 'Lucene query, for example user.name:alice AND run.name:site*',
          query: '*',
          current: { text: '*', value: '*' },
          options: [{ selected: true, text: '*', value: '*' }]
        }
      ]
    },
    panels: laidOut([
      [
        stat({ title: 'Runs', w: 4, h: 4, field: 'Count' }, runs('', [count], [everything])),
        stat(
          { title: 'Failed, unreachable or aborted', w: 4, h: 4, field: 'Count', red: 1 },
          runs(FAILED_RUN, [count], [everything])
        ),
        stat(
          { title: 'Going on', w: 4, h: 4, field: 'Count' },
          runs('run.status:running', [count], [everything])
        ),
        stat(
          { title: 'Actors', w: 4, h: 4, field: 'Unique Count' },
          runs('', [{ id: '1', type: 'cardinality', field: 'user.name' }], [everything])
        ),
        stat(
          { title: 'Hosts', w: 4, h: 4, field: 'Unique Count' },
          runs('', [{ id: '1', type: 'cardinality', field: 'host.name' }], [everything])
        ),
        stat(
          {
            title: 'Runs with a gap',
            description: 'Events of the run are known to be missing: run.lost is not 0.',
            w: 4,
            h: 4,
            field: 'Count',
            red: 1
          },
          runs('run.lost:>0', [count], [everything])
        )
      ],
      [
        overTime(
          { title: 'Runs by status', w: 12, h: 8, colors: runColors, isStacked: true },
          runs('', [count], [terms('run.status', 10), overDates()])
        ),
        overTime(
          { title: 'Duration of runs', w: 12, h: 8, unit: 'ns' },
          runs(
            'NOT run.status:running',
            [{ id: '1', type: 'percentiles', field: 'event.duration', settings: { percents: ['50', '95'] } }],
            [overDates()]
          )
        )
      ],
      [
        table(
          { title: 'Latest runs', w: 24, h: 10 },
          runs('', [{ id: '1', type: 'raw_data', settings: { size: '100' } }], []),
          {
            '@timestamp': 'Start',
            'run.name': 'Run',
            'run.status': 'Status',
            'run.reason': 'Reason',
            'user.name': 'Actor',
            'source.ip': 'From',
            'observer.hostname': 'Controller',
            'event.duration': { name: 'Duration', unit: 'ns' },
            'ansible.hosts.total': 'Hosts',
            'run.id': 'Id'
          }
        )
      ],
      [
        overTime(
          { title: 'Results by status', w: 12, h: 8, colors: resultColors, isStacked: true },
          events(RESULT, [count], [terms('ansible.result.status', 10), overDates()])
        ),
        table(
          { title: 'Who changed most', w: 6, h: 8 },
          events(CHANGED_RESULT, [count], [terms('user.name', 20)]),
          { 'user.name': 'Actor', Count: 'Changes' }
        ),
        table(
          { title: 'Where it failed most', w: 6, h: 8 },
          events(FAILED_RESULT, [count], [terms('host.name', 20)]),
          { 'host.name': 'Host', Count: 'Failures' }
        )
      ],
      [
        table(
          { title: 'Slowest tasks', w: 12, h: 9 },
          events(
            RESULT,
            [
              { id: '1', type: 'avg', field: 'event.duration' },
              { id: '2', type: 'count' }
            ],
            [terms('ansible.task.name', 20, '1')]
          ),
          {
            'ansible.task.name': 'Task',
            Average: { name: 'On average', unit: 'ns' },
            Count: 'Results'
          }
        ),
        table(
          { title: 'Tasks that failed', w: 12, h: 9 },
          events(
            FAILED_RESULT,
            [count, { id: '2', type: 'cardinality', field: 'host.name' }],
            [terms('ansible.task.name', 20)]
          ),
          { 'ansible.task.name': 'Task', Count: 'Failures', 'Unique Count': 'Hosts' }
        )
      ],
      [
        table(
          { title: 'Latest failures', w: 24, h: 10 },
          events(FAILED_RESULT, [{ id: '1', type: 'raw_data', settings: { size: '100' } }], []),
          {
            '@timestamp': 'Time',
            'host.name': 'Host',
            'ansible.result.status': 'Status',
            'ansible.task.name': 'Task',
            'ansible.result.msg': 'Message',
            'ansible.result.ignored': 'Ignored',
            'run.name': 'Run',
            'user.name': 'Actor',
            'run.id': 'Id of the run'
          }
        )
      ]
    ])
  }
}

/** One bucket that holds everything: Grafana asks for none only where it wants documents. */
const everything: BucketAggregation = {
  id: '3',
  type: 'filters',
  settings: { filters: [{ query: '*', label: 'all' }] }
}

function terms(field: string, size: number, orderBy = '_count'): BucketAggregation {
  return {
    id: '4',
    type: 'terms',
    field,
    settings: { size: String(size), order: 'desc', orderBy, min_doc_count: '1' }
  }
}

function overDates(): BucketAggregation {
  return {
    id: '5',
    type: 'date_histogram',
    field: '@timestamp',
    settings: { interval: 'auto', min_doc_count: '0' }
  }
}

/** The life of the service is a run as well, which nobody counts. */
const NOT_OF_SERVICE = 'NOT run.kind:service'

function runs(query: string, metrics: Metric[], bucketAggs: BucketAggregation[]): ElasticsearchTarget {
  const where = query === '' ? NOT_OF_SERVICE : `${query} AND ${NOT_OF_SERVICE}`
  return target('runs', where, metrics, bucketAggs)
}

function events(query: string, metrics: Metric[], bucketAggs: BucketAggregation[]): ElasticsearchTarget {
  return target('events', query, metrics, bucketAggs)
}

function target(
  source: 'runs' | 'events',
  query: string,
  metrics: Metric[],
  bucketAggs: BucketAggregation[]
): ElasticsearchTarget {
  return {
    refId: 'A',
    datasource: dataSources[source],
    query: query === '' ? FILTER : `${FILTER} AND ${query}`,
    timeField: '@timestamp',
    metrics,
    bucketAggs
  }
}
