import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Config, readConfig } from '../../server/config.ts'
import { parseSignedCheckpoint, type SignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { parseVkey, type VerifierKey } from '../../server/seal/vkey.ts'
import { type Service, startService } from '../../server/service.ts'
import { type Ending, onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { get, post } from '../support/service.ts'

export type Flags = { [Name in keyof Config]?: string }

/** The lines of a service's log, as objects. */
export type LogLine = { level: number; msg: string; anchor?: string }

/** A service with anchors, which asks them every second. */
export async function anchoredService(
  t: Ending,
  flags: Flags & { dataDir: string },
  lines: LogLine[] = []
): Promise<Service> {
  const config = readConfig({ listen: '127.0.0.1:0', diskReserve: '0', anchorEvery: '1', ...flags }, {})
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as LogLine) })
  const service = await startService(config, log, (error) => {
    throw error
  })
  onEnd(t, () => service.stop())
  return service
}

/** That a service does not start, and what it says. */
export async function refusal(flags: Flags & { dataDir: string }): Promise<string> {
  const config = readConfig({ listen: '127.0.0.1:0', diskReserve: '0', anchorEvery: '1', ...flags }, {})
  const start = startService(config, pino({ level: 'silent' }), () => undefined)
  const error = await start.then(
    async (service) => {
      await service.stop()
      assert.fail('it started')
    },
    (reason: unknown) => reason
  )
  assert.ok(error instanceof Error)
  assert.equal(error.name, 'Fatal', error.stack)
  return error.message
}

export async function send(service: Pick<Service, 'url'>, count: number): Promise<void> {
  const run = runId()
  const events = Array.from({ length: count }, (_, i) => resultEvent(run, i))
  const { status } = await post(service as Service, ndjson(events))
  assert.equal(status, 200)
}

export function checkpointIn(path: string): SignedCheckpoint {
  return parseSignedCheckpoint(readFileSync(path))
}

/** The checkpoint in a file, once it is there and the condition holds. */
export async function checkpointOnce(
  path: string,
  condition: (checkpoint: SignedCheckpoint) => boolean
): Promise<SignedCheckpoint> {
  return await eventually(async () => {
    const checkpoint = checkpointIn(path)
    return condition(checkpoint) ? checkpoint : undefined
  })
}

/** Resolves when all that was received is sealed; the size of the log. */
export async function sealedSize(service: Service): Promise<number> {
  return await eventually(async () =>
    service.sealer.size === service.journal.end ? service.sealer.size : undefined
  )
}

export interface ReadyAnchor {
  kind: string
  target: string
  size?: number
  age_seconds?: number
  error?: string
}

/** What /readyz says, once it says of its first anchor what is wanted. */
export async function anchorOnce(
  service: Service,
  condition: (anchor: ReadyAnchor) => boolean
): Promise<{ status: string; anchor: ReadyAnchor }> {
  return await eventually(async () => {
    const { body } = await get(service, '/readyz')
    const anchor = body.anchors[0] as ReadyAnchor
    return condition(anchor) ? { status: body.status as string, anchor } : undefined
  })
}

export function vkeysIn(dataDir: string): VerifierKey[] {
  return readFileSync(join(dataDir, 'log/log.vkey'), 'utf8').trim().split('\n').map(parseVkey)
}

/** A folder as it is now, in place of what is there. */
export function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true })
}
