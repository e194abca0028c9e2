import {
  type Dashboard,
  dataSources,
  laidOut,
  overTime,
  type PrometheusTarget,
  SCHEMA_VERSION,
  stat
} from './panels.ts'

const OF = '{instance=~"$instance"}'
const RATE = '[$__rate_interval]'

/** How Playtrail itself is: what comes in, what waits, how long it takes. From its own /metrics. */
export function serviceDashboard(): Dashboard {
  return {
    uid: 'playtrail-service',
    title: 'Playtrail: the service',
    description: "The service's own metrics; docs/operations.md explains each.",
    tags: ['playtrail'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    graphTooltip: 1,
    templating: {
      list: [
        {
          type: 'query',
          name: 'instance',
          label: 'Instance',
          datasource: dataSources.metrics,
          query: { query: 'label_values(playtrail_journal_end, instance)', refId: 'instance' },
          refresh: 2,
          sort: 1,
          multi: true,
          includeAll: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' }
        }
      ]
    },
    panels: laidOut([receiving(), index(), journal(), log(), anchors(), process()].flat())
  }
}

function receiving() {
  return [
    [
      stat({ title: 'Records in the journal', w: 5, h: 4 }, ask(`sum(playtrail_journal_end${OF})`)),
      stat(
        {
          title: 'Not yet in the index',
          description: 'Worth a look if it grows for minutes.',
          w: 5,
          h: 4,
          red: 100_000
        },
        ask(`sum(playtrail_index_lag_events${OF})`)
      ),
      stat(
        {
          title: 'Refused, in this time',
          description: 'What was refused is in the quarantine, with its reason.',
          w: 5,
          h: 4,
          red: 1
        },
        ask(`sum(increase(playtrail_events_rejected_total${OF}[$__range])) or vector(0)`)
      ),
      stat(
        {
          title: 'Dead letters',
          description: 'Events that the store refused for good; they stay in the journal.',
          w: 5,
          h: 4,
          red: 1
        },
        ask(`sum(playtrail_dead_letters${OF})`)
      ),
      stat(
        {
          title: 'Index failing',
          description: '1 while the store refuses what is written to it, or cannot be reached.',
          w: 4,
          h: 4,
          red: 1
        },
        ask(`max(playtrail_index_failing${OF})`)
      )
    ],
    [
      overTime(
        { title: 'Events received', w: 8, h: 8, unit: 'cps' },
        ask(`sum by (outcome) (rate(playtrail_events_total${OF}${RATE}))`, '{{outcome}}'),
        ask(`sum by (code) (rate(playtrail_events_rejected_total${OF}${RATE}))`, 'rejected: {{code}}')
      ),
      overTime(
        { title: 'From a valid batch to its being on disk', w: 8, h: 8, unit: 's' },
        quantile(0.5, 'playtrail_append_seconds'),
        quantile(0.99, 'playtrail_append_seconds')
      ),
      overTime(
        { title: 'Requests by status', w: 8, h: 8, unit: 'reqps' },
        ask(`sum by (status) (rate(playtrail_http_request_seconds_count${OF}${RATE}))`, '{{status}}')
      )
    ],
    [
      overTime(
        { title: 'Time of requests, 99 of 100', w: 24, h: 8, unit: 's' },
        ask(
          `histogram_quantile(0.99, sum by (le, method, route) (rate(playtrail_http_request_seconds_bucket${OF}${RATE})))`,
          '{{method}} {{route}}'
        )
      )
    ]
  ]
}

function index() {
  return [
    [
      overTime({ title: 'Not yet in the index', w: 8, h: 8 }, byInstance('playtrail_index_lag_events')),
      overTime(
        { title: 'How far the index is behind', w: 8, h: 8, unit: 's' },
        byInstance('playtrail_index_lag_seconds')
      ),
      overTime(
        { title: 'Documents written to the index', w: 8, h: 8, unit: 'cps' },
        ask(`sum by (outcome) (rate(playtrail_index_documents_total${OF}${RATE}))`, '{{outcome}}')
      )
    ],
    [
      overTime(
        { title: 'Requests to the store', w: 8, h: 8, unit: 'reqps' },
        ask(`sum by (outcome) (rate(playtrail_index_requests_total${OF}${RATE}))`, '{{outcome}}')
      ),
      overTime(
        { title: 'Time of a request to the store', w: 8, h: 8, unit: 's' },
        quantile(0.5, 'playtrail_index_request_seconds'),
        quantile(0.99, 'playtrail_index_request_seconds')
      ),
      overTime({ title: 'Requests in flight', w: 8, h: 8 }, byInstance('playtrail_index_requests_in_flight'))
    ]
  ]
}

function journal() {
  return [
    [
      overTime(
        { title: 'Journal on disk', w: 8, h: 8, unit: 'bytes' },
        byInstance('playtrail_journal_bytes')
      ),
      overTime({ title: 'Segments', w: 8, h: 8 }, byInstance('playtrail_journal_segments')),
      overTime(
        { title: 'Waiting for the disk', w: 8, h: 8, unit: 'bytes' },
        byInstance('playtrail_journal_queued_bytes')
      )
    ],
    [
      overTime(
        {
          title: 'Free on the disk',
          description: 'Below --disk-reserve nothing is taken in.',
          w: 8,
          h: 8,
          unit: 'bytes'
        },
        byInstance('playtrail_disk_free_bytes')
      ),
      overTime(
        { title: 'Disk full', description: '1 while events are answered 503 journal_full.', w: 8, h: 8 },
        byInstance('playtrail_journal_full')
      )
    ]
  ]
}

function log() {
  return [
    [
      overTime(
        { title: 'Sealed in the log', description: 'Leaves of the published tree.', w: 6, h: 8 },
        byInstance('playtrail_log_size')
      ),
      overTime(
        {
          title: 'Not sealed yet',
          description: 'Half a second of what comes in. If it grows for a minute, the log does not go on.',
          w: 6,
          h: 8
        },
        byInstance('playtrail_log_behind_leaves')
      ),
      overTime(
        {
          title: 'Age of the newest checkpoint',
          description: 'It grows while nothing comes in; while records wait to be sealed it should not.',
          w: 6,
          h: 8,
          unit: 's'
        },
        byInstance('playtrail_log_checkpoint_age_seconds')
      ),
      overTime(
        {
          title: 'Log failing',
          description: '1 while the log does not go on; /readyz says why.',
          w: 6,
          h: 8
        },
        byInstance('playtrail_log_failing')
      )
    ]
  ]
}

function anchors() {
  const byAnchor = (gauge: string): PrometheusTarget => ask(`${gauge}${OF}`, '{{anchor}}')
  return [
    [
      overTime(
        {
          title: 'Kept by the anchors',
          description: 'Records under the checkpoint that each has.',
          w: 8,
          h: 8
        },
        byAnchor('playtrail_anchor_size')
      ),
      overTime(
        {
          title: 'Age of what the anchors have',
          description: 'It should stay below some times --anchor-every: what is newer could be written anew.',
          w: 8,
          h: 8,
          unit: 's'
        },
        byAnchor('playtrail_anchor_age_seconds')
      ),
      overTime(
        { title: 'Failures of the anchors', description: '/readyz says why.', w: 8, h: 8 },
        ask(`sum by (anchor) (increase(playtrail_anchor_failures_total${OF}${RATE}))`, '{{anchor}}')
      )
    ]
  ]
}

function process() {
  return [
    [
      overTime({ title: 'Memory', w: 8, h: 8, unit: 'bytes' }, byInstance('process_resident_memory_bytes')),
      overTime(
        { title: 'Processor', w: 8, h: 8, unit: 'percentunit' },
        ask(`rate(process_cpu_seconds_total${OF}${RATE})`, '{{instance}}')
      ),
      overTime(
        { title: 'Delay of the event loop, 99 of 100', w: 8, h: 8, unit: 's' },
        byInstance('nodejs_eventloop_lag_p99_seconds')
      )
    ]
  ]
}

function byInstance(gauge: string): PrometheusTarget {
  return ask(`${gauge}${OF}`, '{{instance}}')
}

function quantile(part: number, histogram: string): PrometheusTarget {
  return ask(
    `histogram_quantile(${part}, sum by (le) (rate(${histogram}_bucket${OF}${RATE})))`,
    `${part * 100} of 100`
  )
}

function ask(expr: string, legendFormat = ''): PrometheusTarget {
  return { refId: 'A', datasource: dataSources.metrics, expr, legendFormat }
}
