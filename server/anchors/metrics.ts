import { Counter, Gauge, type Registry } from 'prom-client'
import type { AnchorStatus } from './anchor-status.ts'
import type { Anchors } from './anchors.ts'
import { nameOf } from './names.ts'

/** What the anchors tell at /metrics; docs/operations.md lists it. */
export function createAnchorMetrics(registry: Registry, { all }: Pick<Anchors, 'all'>): void {
  const gauge = (name: string, help: string, value: (anchor: AnchorStatus) => number): void => {
    const made: Gauge<'anchor'> = new Gauge({
      ...{ name, help, labelNames: ['anchor'], registers: [registry] },
      collect() {
        for (const anchor of all) made.set({ anchor: nameOf(anchor) }, value(anchor))
      }
    })
  }
  gauge(
    'playtrail_anchor_size',
    'Records under the checkpoint that the anchor kept last; 0 if it never kept one.',
    ({ size = 0 }) => size
  )
  gauge(
    'playtrail_anchor_age_seconds',
    'How long ago the anchor said that it keeps the newest checkpoint; if it never did, since the start.',
    ({ ageSeconds }) => ageSeconds
  )
  const failures: Counter<'anchor'> = new Counter({
    name: 'playtrail_anchor_failures_total',
    help: 'Times that the anchor did not take the newest checkpoint.',
    labelNames: ['anchor'],
    registers: [registry],
    collect() {
      failures.reset()
      for (const anchor of all) failures.inc({ anchor: nameOf(anchor) }, anchor.failures)
    }
  })
}
