import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Event } from '../../server/event-types.ts'
import type { JournalRecord } from '../../server/journal/record.ts'
import { limits } from '../../server/limits.ts'
import type { Service } from '../../server/service.ts'
import { onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords } from '../support/journal.ts'
import { START_RECORDS, toldOf } from '../support/life.ts'
import { type Answer, get, post, runningService } from '../support/service.ts'

const MIB = 1024 * 1024

interface SmallDisk {
  dataDir: string
  freeBytes(): number
  /** Takes all space but so many bytes. */
  leave(bytes: number): void
  /** Gives it back. */
  clear(): void
}

/** A file system of its own that is small enough to be filled. */
function smallDisk(t: TestContext, sizeMiB: number): SmallDisk | undefined {
  const folder = temporaryFolder(t)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder])
  if (mounted.status !== 0) {
    t.skip('mounting a small tmpfs needs root')
    return undefined
  }
  onEnd(t, () => spawnSync('umount', [folder]))
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir)
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  }
  return {
    dataDir,
    freeBytes,
    leave: (bytes) => writeFileSync(join(folder, 'ballast'), Buffer.alloc(Math.max(0, freeBytes() - bytes))),
    clear: () => rmSync(join(folder, 'ballast'))
  }
}

interface Sent {
  acknowledged: string[]
  refused: Answer
}

/** Sends events of a run until one is refused. */
async function sendUntilRefused(
  service: Service,
  run: string,
  eventOf: (run: string, sequence: number) => Event,
  acknowledged: string[] = []
): Promise<Sent> {
  for (let sequence = acknowledged.length; sequence < 5_000; sequence++) {
    const event = eventOf(run, sequence)
    const answer = await post(service, ndjson([event]))
    if (answer.status !== 200) return { acknowledged, refused: answer }
    acknowledged.push(event.event.id)
  }
  throw new Error('nothing was refused')
}

function largeEvent(run: string, sequence: number): Event {
  const event = resultEvent(run, sequence)
  if (event.ansible?.result) event.ansible.result.stdout = 'x'.repeat(8_000)
  return event
}

/** Smaller than what the service has to say of a full disk. */
function smallEvent(run: string, sequence: number): Event {
  const { '@timestamp': timestamp, event } = resultEvent(run, sequence)
  const { id } = event
  return {
    '@timestamp': timestamp,
    event: { id, sequence, action: 'run.heartbeat', dataset: 'ansible.run' },
    run: { id: run }
  }
}

/** Sends an event again and again until it is taken. */
function sendUntilTaken(service: Service, event: Event): Promise<Answer> {
  return eventually(async () => {
    const answer = await post(service, ndjson([event]))
    return answer.status === 200 ? answer : undefined
  })
}

const ofServer = ({ sender }: JournalRecord): boolean => sender === 'server'
const isOfSpace = (record: JournalRecord): boolean => toldOf([record]).length > 0
const eventIn = ({ payload }: JournalRecord): Event => JSON.parse(payload.toString())

test('a full disk answers 503 and says when to come back; nothing acknowledged is lost, and space heals it', async (t) => {
  const disk = smallDisk(t, 24)
  if (disk === undefined) return
  const service = await runningService(t, disk.dataDir)
  const run = runId()
  assert.equal((await post(service, ndjson([smallEvent(run, 0)]))).status, 200)
  disk.leave(0)
  const { acknowledged, refused } = await sendUntilRefused(service, run, smallEvent, [`${run}:0`])
  assert.deepEqual([refused.status, refused.body.code], [503, 'journal_full'])
  assert.equal(refused.headers.get('retry-after'), '5')
  assert.match(refused.body.detail, /disk is full|disk of the data folder is full/)
  assert.equal((await get(service, '/healthz')).status, 200)

  // There is no space left but the reserve, and in it is what the service has to say.
  const full = await eventually(async () => (await allRecords(service.journal)).find(isOfSpace))
  assert.deepEqual([eventIn(full).event.action, eventIn(full).event.provider], ['journal.full', 'server'])
  assert.equal(existsSync(service.folder.reserve), false)
  const still = await post(service, ndjson([smallEvent(run, acknowledged.length)]))
  assert.equal(still.body.code, 'journal_full', 'the reserve is not for senders')

  disk.clear()
  const again = smallEvent(run, acknowledged.length)
  assert.equal((await sendUntilTaken(service, again)).body.accepted, 1)
  const records = await allRecords(service.journal)
  assert.deepEqual(
    records.filter((record) => !ofServer(record)).map(({ eventId }) => eventId),
    [...acknowledged, again.event.id]
  )
  assert.deepEqual(
    records.filter(isOfSpace).map((record) => eventIn(record).event.action),
    ['journal.full', 'journal.resumed']
  )
  assert.ok(existsSync(service.folder.reserve))
})

test('before the disk is full new events are refused, those that are known are acknowledged, and the index tells it', async (t) => {
  const disk = smallDisk(t, 48)
  if (disk === undefined) return
  const service = await runningService(t, disk.dataDir, { diskReserve: '16' })
  disk.leave(20 * MIB)
  const run = runId()
  const { acknowledged, refused } = await sendUntilRefused(service, run, largeEvent)
  assert.deepEqual([refused.status, refused.body.code], [503, 'journal_full'])
  assert.match(refused.body.detail, /\d MiB are free .*, less than the 16 MiB of --disk-reserve/)
  assert.ok(disk.freeBytes() > limits.reserveBytes, 'the disk itself is not full')
  const ready = await get(service, '/readyz')
  assert.deepEqual([ready.status, ready.body.status], [503, 'journal_full'])
  assert.match((await get(service, '/metrics')).body, /playtrail_journal_full 1/)
  assert.equal(
    (await post(service, 'no JSON')).body.code,
    'journal_full',
    'the quarantine does not grow either'
  )
  const { payload } = (await allRecords(service.journal, START_RECORDS))[0] ?? {}
  assert.deepEqual((await post(service, `${payload}\n`)).body, { accepted: 0, duplicates: 1, rejected: [] })

  disk.clear()
  await sendUntilTaken(service, largeEvent(run, acknowledged.length))
  assert.equal((await get(service, '/readyz')).body.status, 'ready')
  await service.follower.idle()
  const { body } = await get(
    service,
    '/v1/events?q=event.dataset:playtrail.service%20AND%20action:journal.*&sort=@timestamp'
  )
  const [full, resumed] = body.items
  assert.deepEqual([full.event.action, resumed.event.action], ['journal.full', 'journal.resumed'])
  assert.ok(full.journal.free_bytes < 16 * MIB)
  assert.ok(resumed.journal.refused_events > 0)
  assert.equal(resumed.event.start, full['@timestamp'])
})
