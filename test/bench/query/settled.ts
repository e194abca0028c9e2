import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { ServerProcess } from '../../support/server-process.ts'
import { ready } from '../events.ts'

const LOOK_EVERY_MS = 500
/** Looks in a row at which it must have rested. */
const RESTS = 4
const TICKS_A_SECOND = 100
/** A server that works on without end is not waited for. */
const WAIT_MS_MAX = 3_600_000
/** Share of a processor below which a process rests. */
const RESTING_SHARE = 0.04

/**
 * Waits until the index has everything and the server rests: what a store does behind the events, such as taking texts apart, is
 * done then. Says what it took if there
 * was something to do.
 */
export async function settled(
  { url, pid }: Pick<ServerProcess, 'url' | 'pid'>,
  { isQuiet = false } = {}
): Promise<void> {
  const started = performance.now()
  const first = await ready(url)
  const missing = first.index.lag ?? first.journal.end
  while ((await ready(url)).index.lag !== 0) await pause(LOOK_EVERY_MS)
  const indexedAfter = (performance.now() - started) / 1_000
  for (let rests = 0; rests < RESTS; ) {
    if (performance.now() - started > WAIT_MS_MAX) throw new Error('the server does not come to rest')
    const before = ticksOf(pid)
    await pause(LOOK_EVERY_MS)
    const busy = (ticksOf(pid) - before) / ((TICKS_A_SECOND * LOOK_EVERY_MS) / 1_000)
    rests = busy < RESTING_SHARE ? rests + 1 : 0
  }
  if (missing === 0 || isQuiet) return
  const restedAfter = (performance.now() - started - RESTS * LOOK_EVERY_MS) / 1_000
  console.log(
    `  the index took in ${missing} events in ${indexedAfter.toFixed(0)} s, ${(missing / indexedAfter).toFixed(0)} a second; all was done after ${restedAfter.toFixed(0)} s`
  )
}

/** Processor time of all its threads (proc(5)): utime and stime, behind the name, which may hold anything. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}
