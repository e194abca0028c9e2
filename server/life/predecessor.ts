import { SERVER_SENDER } from '../access.ts'
import type { Event } from '../event-types.ts'
import type { Journal } from '../journal/journal.ts'
import { firstReceivedAt } from '../journal/record.ts'

/** A life that did not say that it ended. */
export interface Unfinished {
  runId: string
  /** The number that its next event gets. */
  next: number
}

const ENDS: readonly Event['event']['action'][] = ['run.finished', 'run.aborted']

/** The life as the journal tells it, or undefined if it said that it ended, or never said anything. */
export async function unfinishedLife(
  journal: Pick<Journal, 'find'>,
  runId: string
): Promise<Unfinished | undefined> {
  const next = await nextSequence(journal, runId)
  for (let sequence = next - 1; sequence >= 0; sequence--) {
    const record = await journal.find(`${runId}:${sequence}`)
    // A sender can use any id: what it says of the service is not what the service says.
    if (record?.sender !== SERVER_SENDER) continue
    const { event } = JSON.parse(record.payload.toString()) as Event
    return ENDS.includes(event.action) ? undefined : { runId, next }
  }
  return undefined
}

/** The number behind the last event of a run: its numbers have no gaps, so that few of them have to be looked up. */
export async function nextSequence(journal: Pick<Journal, 'find'>, runId: string): Promise<number> {
  const isThere = async (sequence: number): Promise<boolean> =>
    (await journal.find(`${runId}:${sequence}`)) !== undefined
  if (!(await isThere(0))) return 0
  let there = 0
  let missing = 1
  while (await isThere(missing)) {
    there = missing
    missing *= 2
  }
  while (missing - there > 1) {
    const middle = Math.floor((there + missing) / 2)
    if (await isThere(middle)) there = middle
    else missing = middle
  }
  return missing
}

/** When the journal's last record was received, in milliseconds since 1970; undefined if there is none. */
export async function lastReceivedMs(journal: Pick<Journal, 'end' | 'read'>): Promise<number | undefined> {
  const batch = journal.end === 0 ? undefined : await journal.read(journal.end - 1)
  return batch === undefined ? undefined : Math.floor(firstReceivedAt(batch) / 1_000)
}
