import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Metrics, requestSeconds } from '../metrics.ts'
import type { Witness } from './witness.ts'

export type WitnessMetrics = Pick<Metrics, 'registry' | 'requestSeconds'>

/** What the witness tells of itself at /metrics; docs/operations.md lists it, and a test compares. */
export function createWitnessMetrics(witness: Witness): WitnessMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const ofLogs = (name: string, help: string, value: (origin: string) => number): void => {
    const made: Gauge<'origin'> = new Gauge({
      name,
      help,
      labelNames: ['origin'],
      registers: [registry],
      collect: () => {
        for (const origin of witness.origins) made.set({ origin }, value(origin))
      }
    })
  }
  ofLogs(
    'playtrail_witness_size',
    'Leaves of the newest checkpoint that was cosigned, by log.',
    (origin) => witness.newest(origin)?.size ?? 0
  )
  ofLogs(
    'playtrail_witness_cosigned_timestamp_seconds',
    'When that was, in seconds since 1970; 0 if nothing was cosigned yet.',
    (origin) => witness.newest(origin)?.seconds ?? 0
  )
  const forks: Counter = new Counter({
    name: 'playtrail_witness_forks_total',
    help: 'Checkpoints that have the size of the newest one that was cosigned, and another root.',
    registers: [registry],
    collect: () => {
      forks.reset()
      forks.inc(witness.forks)
    }
  })
  return { registry, requestSeconds: requestSeconds(registry) }
}
