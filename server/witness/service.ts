import type { FastifyBaseLogger } from 'fastify'
import { Fatal } from '../errors.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import { closeApp, explainListening, urlOf } from '../listening.ts'
import { type LogDisk, realLogDisk } from '../seal/disk.ts'
import { formatVkey, type VerifierKey } from '../seal/vkey.ts'
import { readGivenKeys } from '../verify/read-keys.ts'
import { buildWitnessApp } from './app.ts'
import { openWitnessFolder, type WitnessFolder } from './folder.ts'
import { type NewestCosigned, openNewestCosigned } from './newest-cosigned.ts'
import type { WatchedLogs } from './request.ts'
import type { WitnessConfig } from './settings.ts'
import { createWitness } from './witness.ts'

/** A running witness. */
export interface RunningWitness {
  /** For example `http://127.0.0.1:8471`. */
  readonly url: string
  /** Its public key. */
  readonly vkey: string
  /** This start made the key. */
  readonly isNew: boolean
  /** Its folder. */
  readonly path: string
  /** Names of the logs that it watches. */
  readonly origins: readonly string[]
  /** Takes no more requests, and ends the open ones. */
  stop(): Promise<void>
}

export interface WitnessSurroundings {
  log: FastifyBaseLogger
  /** Told when the disk can no longer be believed: the process has to end. */
  onBroken: (error: unknown) => void
  disk?: LogDisk
  now?: () => number
}

/** Opens the folder of the witness and listens. Throws Fatal, with what to do, if it cannot. */
export async function startWitness(
  config: Pick<WitnessConfig, 'log' | 'dataDir' | 'name' | 'listen'>,
  { log, onBroken, disk = realLogDisk, now = Date.now }: WitnessSurroundings
): Promise<RunningWitness> {
  const logs = await readLogs(config.log)
  const { folder, memory } = openFolder(disk, config, logs)
  try {
    const { key, path, isNew } = folder
    const witness = createWitness({ key, logs, memory, log, now, onBroken })
    const app = buildWitnessApp({ witness, log })
    await app.listen({ host: config.listen.host, port: config.listen.port })
    return {
      url: urlOf(app),
      vkey: formatVkey(key.verifier),
      isNew,
      path,
      origins: witness.origins,
      async stop() {
        await closeApp(app).finally(() => folder.close())
      }
    }
  } catch (error) {
    folder.close()
    throw explainListening(error, config.listen)
  }
}

function openFolder(
  disk: LogDisk,
  { dataDir, name }: Pick<WitnessConfig, 'dataDir' | 'name'>,
  logs: WatchedLogs
): { folder: WitnessFolder; memory: NewestCosigned } {
  let folder: WitnessFolder | undefined
  try {
    folder = openWitnessFolder(disk, dataDir, name)
    return { folder, memory: openNewestCosigned(disk, folder, logs.keys()) }
  } catch (error) {
    folder?.close()
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new Fatal(
      `the folder ${dataDir} cannot be used: ${error.message}. There has to be space, and this user needs the right to read and write all that is in it; or choose another with --data-dir.`,
      { cause: error }
    )
  }
}

/** The keys by the names of their logs. */
async function readLogs(given: readonly string[]): Promise<WatchedLogs> {
  const logs = new Map<string, VerifierKey[]>()
  for (const key of await readKeys(given)) {
    if (key.type !== 'ed25519')
      throw new Fatal(`--log: expected the key of a log; ${formatVkey(key)} is the key of a witness.`)
    logs.set(key.name, [...(logs.get(key.name) ?? []), key])
  }
  return logs
}

async function readKeys(given: readonly string[]): Promise<VerifierKey[]> {
  try {
    return await readGivenKeys(given, '--log')
  } catch (error) {
    if (!(error instanceof Uncheckable)) throw error
    throw new Fatal(error.message, { cause: error })
  }
}
