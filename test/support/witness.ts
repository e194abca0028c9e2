import { pino } from 'pino'
import { type RunningWitness, startWitness, type WitnessSurroundings } from '../../server/witness/service.ts'
import { readWitnessConfig } from '../../server/witness/settings.ts'
import { type Ending, onEnd } from './cleanup.ts'
import { temporaryFolder } from './folder.ts'

export interface WitnessOptions extends Partial<WitnessSurroundings> {
  /** Public keys of the logs that it watches. */
  logs: readonly string[]
  name?: string
  /** A new folder unless one is given. */
  dataDir?: string
  /** A free port of loopback unless one is given. */
  listen?: string
}

/** A witness of the test's own, as `playtrail witness` runs it; it stops when the test ends. */
export async function runningWitness(
  t: Ending,
  { logs, name = 'witness.example/w1', dataDir, listen = '127.0.0.1:0', ...surroundings }: WitnessOptions
): Promise<RunningWitness> {
  const flags = { log: logs.join('\n'), name, dataDir: dataDir ?? temporaryFolder(t), listen }
  const witness = await startWitness(readWitnessConfig(flags, {}), {
    log: pino({ level: 'silent' }),
    onBroken(error) {
      throw error
    },
    ...surroundings
  })
  onEnd(t, () => witness.stop())
  return witness
}
