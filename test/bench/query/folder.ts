import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { openDataFolder } from '../../../server/data-folder.ts'
import { openJournal } from '../../../server/journal/journal.ts'
import { type HistoryOptions, history } from './history.ts'

const EVENTS_A_BATCH = 2_000
const SAY_EVERY_EVENTS = 500_000
const SENDER = 'bench'
/** What the events are made by: another generator makes other events. */
const MADE_BY = 'estate.ts history.ts random.ts run-events.ts run-plan.ts texts.ts'.split(' ')

/** Outside the repository, where it is kept for the next time. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'playtrail')

export interface FilledFolder {
  path: string
  events: number
  results: number
  runs: number
}

/**
 * A data folder whose journal holds the history; made at the first call, and found again at the next ones. The
 * journal's own code writes it, not the service: what is measured here is asking, and that saves the way over HTTP.
 * The server that is started on it makes the index.
 */
export async function filledFolder(name: string, options: HistoryOptions): Promise<FilledFolder> {
  const path = join(cacheFolder, `bench-query-${name}`)
  const stamp = `${path}.json`
  const madeBy = hashOfGenerator()
  const known = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : {}
  if (known.madeBy === madeBy && existsSync(path)) return { ...known.counts, path }
  rmSync(path, { recursive: true, force: true })
  mkdirSync(cacheFolder, { recursive: true })
  const counts = await fill(path, options)
  writeFileSync(stamp, JSON.stringify({ madeBy, counts }))
  return { ...counts, path }
}

async function fill(path: string, options: HistoryOptions): Promise<Omit<FilledFolder, 'path'>> {
  const started = performance.now()
  const journal = await openJournal(openDataFolder(path, { create: true }), {
    onBroken: (error) => {
      throw error
    }
  })
  const counts = { events: 0, results: 0, runs: 0 }
  try {
    for (const events of history(options, EVENTS_A_BATCH)) {
      const entries = events.map((event) => ({
        eventId: event.event.id,
        payload: Buffer.from(JSON.stringify(event))
      }))
      const receivedMs = Date.parse(events.at(-1)?.['@timestamp'] ?? '')
      await journal.append(entries, SENDER, receivedMs * 1_000)
      counts.events += events.length
      counts.results += events.filter(({ event }) => event.action === 'host.result').length
      counts.runs += events.filter(({ event }) => event.action === 'run.started').length
      if (counts.events % SAY_EVERY_EVENTS < EVENTS_A_BATCH)
        console.log(`  … ${counts.events} events after ${seconds(started)} s`)
    }
  } finally {
    await journal.close()
  }
  console.log(`  ${counts.events} events of ${counts.runs} runs in the journal after ${seconds(started)} s`)
  return counts
}

const seconds = (started: number): string => ((performance.now() - started) / 1_000).toFixed(1)

function hashOfGenerator(): string {
  const hash = createHash('sha256')
  for (const name of MADE_BY) hash.update(readFileSync(new URL(name, import.meta.url)))
  return hash.digest('hex')
}

/** Bytes on disk of what the data folder is made of; what is not there has none. Write-ahead logs are left out: they come and go. */
export function bytesOf(path: string): { journal: number; log: number; index: number; ids: number } {
  const parts = { journal: 0, log: 0, index: 0, ids: 0 }
  for (const name of readdirSync(path)) {
    const part = partOf(name)
    if (part !== undefined) parts[part] += sizeOf(join(path, name))
  }
  return parts
}

function partOf(name: string): 'journal' | 'log' | 'index' | 'ids' | undefined {
  if (name === 'journal' || name === 'log') return name
  if (name === 'index.sqlite') return 'index'
  return name === 'ids.sqlite' ? 'ids' : undefined
}

function sizeOf(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}
