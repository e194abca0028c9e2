import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { BulkObserver } from './elasticsearch/bulk.ts'

/** What is counted of the requests to Elasticsearch; docs/operations.md lists it. Nothing where the store is embedded. */
export function createIndexMetrics(registry: Registry): BulkObserver {
  const registers = [registry]
  const requests = new Counter({
    name: 'playtrail_index_requests_total',
    help: 'Bulk requests to Elasticsearch, by outcome: ok, or failed and sent again.',
    labelNames: ['outcome'],
    registers
  })
  const inFlight = new Gauge({
    name: 'playtrail_index_requests_in_flight',
    help: 'Bulk requests to Elasticsearch under way.',
    registers
  })
  const seconds = new Histogram({
    name: 'playtrail_index_request_seconds',
    help: 'Time of a bulk request to Elasticsearch.',
    buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
    registers
  })
  const documents = new Counter({
    name: 'playtrail_index_documents_total',
    help: 'Documents written to Elasticsearch, by outcome: created, present (there already), or refused.',
    labelNames: ['outcome'],
    registers
  })
  return {
    inFlight(change) {
      inFlight.inc(change)
    },
    requested(outcome, took) {
      requests.inc({ outcome })
      seconds.observe(took)
    },
    settled(outcome) {
      documents.inc({ outcome })
    }
  }
}
