import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordBytes } from '../../server/journal/record.ts'
import { SEGMENT_HEADER_BYTES } from '../../server/journal/segment.ts'
import { onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { startServer } from '../support/server-process.ts'

const CONNECTIONS = 4
const BATCHES = 25
const EVENTS_A_BATCH = 10
/** Of four digits each, so that all records have the same length. */
const FIRST_SEQUENCE = 1_000

function whyNoStrace(): string | false {
  const { status, error } = spawnSync('strace', ['-o', '/dev/null', 'true'])
  if (error !== undefined) return 'there is no strace (Debian: apt-get install strace)'
  return status === 0 ? false : 'strace may not trace processes here'
}

/** What the kernel saw, in its order. */
type Call =
  | { name: 'written'; end: number }
  | { name: 'sync begins'; thread: string }
  | { name: 'synced'; thread: string }
  | { name: 'answered 200' }

const LINE = /^(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)$/

/** Lines of the trace; one that goes on with an earlier one of its thread has the text of both. */
function* linesOf(
  trace: string
): Generator<{ thread: string; name: string; text: string; part: 'whole' | 'begin' | 'end' }> {
  const begun = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, thread = '', name = '', rest = ''] = LINE.exec(line) ?? []
    if (line.endsWith('<unfinished ...>')) {
      const text = rest.replace(/ *<unfinished \.\.\.>$/, '')
      begun.set(thread, text)
      yield { thread, name, text, part: 'begin' }
    } else if (line.includes(' resumed>')) {
      yield { thread, name, text: `${begun.get(thread) ?? ''}${rest}`, part: 'end' }
    } else yield { thread, name, text: rest, part: 'whole' }
  }
}

/** An answer counts from when it begins to be written, a write to the journal and its sync from when they have ended. */
function* callsIn(trace: string): Generator<Call> {
  for (const { thread, name, text, part } of linesOf(trace)) {
    if (part !== 'end' && text.includes('"HTTP/1.1 200')) yield { name: 'answered 200' }
    if (!text.includes('.segment>')) continue
    if (part !== 'end' && name === 'fdatasync') yield { name: 'sync begins', thread }
    if (part !== 'begin') yield ended(name, thread, text)
  }
}

function ended(name: string, thread: string, text: string): Call {
  if (name === 'fdatasync') {
    assert.match(text, /\) += 0$/)
    return { name: 'synced', thread }
  }
  const [, offset, bytes] = /, (\d+) *\) += (\d+)$/.exec(text) ?? []
  assert.ok(name === 'pwrite64' && bytes !== undefined, `${name}(${text}`)
  return { name: 'written', end: Number(offset) + Number(bytes) }
}

test('each 200 follows an fdatasync that began when its events were written, and succeeded', {
  skip: whyNoStrace()
}, async (t) => {
  const trace = join(temporaryFolder(t), 'trace')
  const calls = 'trace=fdatasync,pwrite64,pwritev,write,writev,sendto,sendmsg'
  const dataDir = temporaryFolder(t)
  const server = await startServer(dataDir, {
    under: ['strace', '-D', '-f', '-y', '-s', '32', '-e', calls, '-o', trace]
  })
  onEnd(t, () => server.kill())
  const run = runId()
  const template = resultEvent(run, FIRST_SEQUENCE)
  const eventOf = (sequence: number): typeof template => ({
    ...template,
    event: { ...template.event, id: `${run}:${sequence}`, sequence }
  })
  const record = recordBytes('local'.length, template.event.id.length, JSON.stringify(template).length)
  let next = FIRST_SEQUENCE
  const send = async (): Promise<void> => {
    for (let batch = 0; batch < BATCHES; batch++) {
      const events = Array.from({ length: EVENTS_A_BATCH }, () => eventOf(next++))
      const body = ndjson(events)
      const headers = { 'content-type': 'application/x-ndjson' }
      const answer = await fetch(`${server.url}/v1/events`, { method: 'POST', body, headers })
      assert.equal(answer.status, 200)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, send))
  await server.stop()
  // strace ends after the process that it looks at.
  await server.ended

  const [ofStart, ofStop] = await lifeBytes(dataDir)
  let written = 0
  let durable = 0
  let answered = 0
  const covered = new Map<string, number>()
  for (const call of callsIn(readFileSync(trace, 'utf8'))) {
    if (call.name === 'written') written = Math.max(written, call.end)
    else if (call.name === 'sync begins') covered.set(call.thread, written)
    else if (call.name === 'synced') durable = Math.max(durable, covered.get(call.thread) ?? 0)
    else {
      answered += 1
      const events = Math.floor((durable - SEGMENT_HEADER_BYTES - ofStart) / record)
      assert.ok(
        events >= answered * EVENTS_A_BATCH,
        `answer ${answered} makes ${answered * EVENTS_A_BATCH} events acknowledged, and ${events} are durable`
      )
    }
  }
  assert.equal(answered, CONNECTIONS * BATCHES)
  assert.equal(written, SEGMENT_HEADER_BYTES + ofStart + answered * EVENTS_A_BATCH * record + ofStop)
  t.diagnostic(`${answered} answers, each after the fdatasync that covers it`)
})

/** Bytes of what the service says of its start, before all events, and of its stop, behind them. */
async function lifeBytes(dataDir: string): Promise<[ofStart: number, ofStop: number]> {
  const { journal } = await journalIn(dataDir)
  const records = await allRecords(journal)
  await journal.close()
  const bytes = records.map(({ sender, eventId, payload }) =>
    recordBytes(sender.length, eventId.length, payload.length)
  )
  return [bytes[0] ?? 0, bytes.at(-1) ?? 0]
}
