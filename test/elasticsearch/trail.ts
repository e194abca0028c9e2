import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from '@elastic/elasticsearch'
import type { Event } from '../../server/event-types.ts'
import { namesOf } from '../../server/index/elasticsearch/names.ts'
import { createPace } from '../../server/index/elasticsearch/pace.ts'
import { openElasticsearchStore } from '../../server/index/elasticsearch/store.ts'
import { type Follower, startFollower } from '../../server/index/follower.ts'
import type { Refused, Store } from '../../server/index/store.ts'
import type { JournalReader } from '../../server/journal/reader.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { type ModelRun, modelRuns } from '../index/model.ts'
import { type Ending, onEnd } from '../support/cleanup.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const STATUSES = ['ok', 'changed', 'failed', 'skipped', 'unreachable'] as const

/** Events of some runs at once, as they come in while the runs go on. `first` tells these runs from others. */
export function eventsOfRuns(runs: number, results: number, { first = 0, text = '' } = {}): Event[] {
  const started = Array.from({ length: runs }, (_, which) =>
    runOfEvents(START + first + which, { which: first + which })
  )
  return [
    ...started.map((run) => run.started()),
    ...Array.from({ length: results }).flatMap((_, at) =>
      started.map((run) => {
        const event = run.result(`web-${at % 7}`, STATUSES[at % 5] ?? 'ok', `task-${Math.floor(at / 7)}`)
        return text === ''
          ? event
          : { ...event, ansible: { ...event.ansible, result: { status: 'ok' as const, stdout: text } } }
      })
    ),
    ...started.map((run) => run.finished('changed'))
  ]
}

export interface Server {
  store: Store
  follower: Follower
  refused: Refused[]
  /** What the log was told to warn of. */
  warnings: string[]
  /** Ends it as a crash does: what is under way is cut off, and nothing more is said. */
  stop(): Promise<void>
}

export interface ServerOptions {
  url: string
  journal: JournalReader
  namespace: string
  requestTimeoutMs?: number
  /** Between 0 and 1: how much of the longest pause after a failure is waited. */
  impatience?: number
  isRefreshed?: boolean
}

/** A server's way from the journal to the index, with a store of its own; it ends with the test. */
export function startServer(t: Ending, options: ServerOptions): Server {
  const {
    url,
    journal,
    namespace,
    requestTimeoutMs = 10_000,
    impatience = 0.05,
    isRefreshed = false
  } = options
  const client = new Client({ node: url, maxRetries: 0, requestTimeout: requestTimeoutMs })
  const warnings: string[] = []
  const warn = (about: unknown): void => void warnings.push(JSON.stringify(about))
  const log = { warn, info: () => undefined, error: () => undefined }
  const pace = createPace(() => impatience)
  const store = openElasticsearchStore({
    ...{ client, journalId: journal.id, journalEnd: () => journal.end, log, namespace, pace, isRefreshed }
  })
  const refused: Refused[] = []
  const follower = startFollower({
    ...{ journal, store, log },
    onRefused: (more) => void refused.push(...more),
    sleep: async (ms, signal) =>
      void (await pause(ms * impatience, undefined, { signal }).catch(() => undefined))
  })
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await Promise.all([store.close(), follower.stop()])
    })()
    return stopping
  }
  onEnd(t, stop)
  return { store, follower, refused, warnings, stop }
}

/** Ids and documents by the names of the indices they lie in, each as often as it is there. */
export interface Index {
  documents(name: string): Promise<[id: string, source: unknown][]> | [id: string, source: unknown][]
}

/** What the index holds is what the events say, neither more nor less; `refused` are the ids of those that are not there. */
export async function assertIndexed(
  index: Index,
  namespace: string,
  events: readonly Event[],
  refused: readonly string[] = []
): Promise<void> {
  const names = namesOf(1, namespace)
  const taken = events.filter(({ event }) => !refused.includes(event.id))
  const ids = (await index.documents(names.events)).map(([id]) => id)
  assert.deepEqual(
    difference(
      ids,
      taken.map(({ event }) => event.id)
    ),
    { lost: [], doubled: [], foreign: [] }
  )
  const results = await index.documents(names.results)
  const runs = (await index.documents(names.runs)).map(([, source]) => runIn(source as RunDocument, results))
  const expected = modelRuns(taken, {}, 0)
  assert.deepEqual(
    runs.sort((one, other) => (one.id < other.id ? 1 : -1)),
    expected
  )
}

function difference(found: readonly string[], expected: readonly string[]): Record<string, string[]> {
  const there = new Set(found)
  const asked = new Set(expected)
  const doubled = found.filter((id, at) => found.indexOf(id) < at)
  return {
    lost: expected.filter((id) => !there.has(id)),
    doubled: found.length === there.size ? [] : doubled,
    foreign: found.filter((id) => !asked.has(id))
  }
}

interface RunDocument {
  run: { id: string; status: string; name?: string }
  user?: { name?: string }
  playtrail: { events: number; silences: number }
}

interface ResultDocument {
  run: { id: string }
  ansible: { result: { status: string } }
}

function runIn({ run, user, playtrail }: RunDocument, results: readonly [string, unknown][]): ModelRun {
  const counts: Record<string, number> = { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
  for (const [, source] of results) {
    const { run: of, ansible } = source as ResultDocument
    if (of.id === run.id) counts[ansible.result.status] = (counts[ansible.result.status] ?? 0) + 1
  }
  const { id, status, name } = run
  return {
    id,
    status,
    name,
    user: user?.name,
    events: playtrail.events,
    silences: playtrail.silences,
    results: counts
  }
}

/** The documents of a real server. */
export function indexOf(client: Client): Index {
  return {
    async documents(name) {
      if (!(await client.indices.exists({ index: name }))) return []
      await client.indices.refresh({ index: name })
      const found: [string, unknown][] = []
      const { id: pit } = await client.openPointInTime({ index: name, keep_alive: '1m' })
      for (let after: (string | number)[] | undefined; ; ) {
        const { hits } = await client.search({
          ...{ size: 5_000, pit: { id: pit }, sort: ['_shard_doc'] },
          _source: ['run', 'user', 'playtrail', 'ansible.result.status'],
          ...(after !== undefined && { search_after: after })
        })
        if (hits.hits.length === 0) return found
        found.push(...hits.hits.map(({ _id, _source }): [string, unknown] => [_id ?? '', _source]))
        after = hits.hits.at(-1)?.sort as (string | number)[]
      }
    }
  }
}

/** Waits until it is so; a test that waits for ever is ended by the runner. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20)
}
