import { Gauge, type Registry } from 'prom-client'
import type { Sealer } from './sealer.ts'

/** What the log tells at /metrics; docs/operations.md lists it. */
export function createLogMetrics(
  registry: Registry,
  sealer: Pick<Sealer, 'size' | 'behind' | 'checkpointAgeSeconds' | 'lastError'>
): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(value()) })
  }
  gauge('playtrail_log_size', 'Records that are sealed: leaves of the published tree.', () => sealer.size)
  gauge('playtrail_log_behind_leaves', 'Records that are not sealed yet.', () => sealer.behind)
  gauge(
    'playtrail_log_checkpoint_age_seconds',
    'For how long the newest checkpoint has been published.',
    () => sealer.checkpointAgeSeconds
  )
  gauge('playtrail_log_failing', '1 while the log does not go on, else 0.', () =>
    sealer.lastError === undefined ? 0 : 1
  )
}
