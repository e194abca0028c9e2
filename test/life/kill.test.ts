import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createToken } from '../../server/access.ts'
import { openDataFolder } from '../../server/data-folder.ts'
import type { Event } from '../../server/event-types.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { lifeOf } from '../support/life.ts'
import { startServer } from '../support/server-process.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const ROUNDS = Number(process.env.LIFE_ROUNDS ?? 10)

async function livesIn(dataDir: string): Promise<Map<string, Event[]>> {
  const { journal } = await journalIn(dataDir)
  const events = lifeOf(await allRecords(journal))
  await journal.close()
  return Map.groupBy(events, ({ run }) => run?.id ?? '')
}

/** Each life has its numbers without gaps, one end, and what it recovered if the one before was killed. */
function check(lives: Map<string, Event[]>): { killed: number; stopped: number } {
  const counts = { killed: 0, stopped: 0 }
  let wasKilled = false
  for (const [id, events] of lives) {
    const actions = events.map(({ event }) => event.action)
    assert.deepEqual(
      events.map(({ event }) => event.id),
      events.map((_, sequence) => `${id}:${sequence}`)
    )
    assert.equal(actions[0], 'run.started')
    const ends = actions.filter((action) => action === 'run.aborted' || action === 'run.finished')
    assert.equal(ends.length, 1, `${id}: ${actions.join(' ')}`)
    assert.equal(actions.at(-1), ends[0])
    assert.equal(events.at(-1)?.run?.events, events.length)
    const recovered = events.filter(({ event }) => event.action === 'service.recovered')
    assert.equal(recovered.length, wasKilled ? 1 : 0, `${id}: ${actions.join(' ')}`)
    wasKilled = ends[0] === 'run.aborted'
    counts[wasKilled ? 'killed' : 'stopped'] += 1
  }
  return counts
}

test('lives that were killed at any moment, in the start as well, are ended once by the next one, and numbered without gaps', async (t) => {
  const dataDir = temporaryFolder(t)
  const { tokens } = openDataFolder(dataDir, { create: true })
  // What a start compiles is kept for the next one, or most of the time would go there.
  const env = { NODE_COMPILE_CACHE: temporaryFolder(t) }
  const measured = performance.now()
  await (await startServer(dataDir, { env })).stop()
  const startMs = performance.now() - measured
  const secrets: string[] = []
  let stopped = 1
  for (let round = 0; round < ROUNDS; round++) {
    const token = createToken(tokens, `t${round}`, 'sender', new Date())
    secrets.push(token)
    if (round % 2 === 0) {
      const server = await startServer(dataDir, { env })
      const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${token}` }
      const body = ndjson([resultEvent(runId(), 0)])
      const sending = fetch(`${server.url}/v1/events`, { method: 'POST', body, headers }).catch(
        () => undefined
      )
      await pause(Math.random() * 60)
      if (round % 4 === 2) {
        assert.equal(await server.stop(), 0)
        stopped += 1
      } else await server.kill()
      await sending
    } else {
      const child = spawn(
        process.execPath,
        [MAIN, 'serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir],
        {
          stdio: 'ignore',
          env: { ...env, PATH: process.env.PATH }
        }
      )
      const exited = once(child, 'exit')
      // At a moment at random: that is what is tested, and nothing is waited for.
      await pause(startMs * (0.2 + Math.random()))
      child.kill('SIGKILL')
      await exited
    }
  }
  const last = await startServer(dataDir, { env })
  assert.equal(await last.stop(), 0)

  const lives = await livesIn(dataDir)
  const counts = check(lives)
  assert.equal(counts.stopped, stopped + 1)
  assert.ok(counts.killed > 0)
  t.diagnostic(`${counts.killed} lives were killed, ${counts.stopped} were stopped, ${ROUNDS} rounds`)
  const told = [...lives.values()].flat().filter(({ event }) => event.action === 'token.created')
  assert.deepEqual(
    told.map(({ token }) => token?.name).sort(),
    secrets.map((_, round) => `t${round}`).sort(),
    'of each token it is told once that it was made'
  )
  const used = [...lives.values()].flat().filter(({ event }) => event.action === 'token.used')
  assert.equal(
    new Set(used.map(({ token }) => token?.name)).size,
    used.length,
    'and once at most that it was used'
  )
})
