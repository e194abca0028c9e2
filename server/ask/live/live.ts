import type { ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { Problem } from '../../errors.ts'
import type { JournalReader } from '../../journal/reader.ts'
import { limits } from '../../limits.ts'
import { Client, type Wanted } from './client.ts'
import { idOf, messageOf, type Place, placeOf } from './messages.ts'
import type { Pace } from './pace.ts'
import { Reader } from './reader.ts'

export interface Live {
  /** Throws Problem `too_many_clients` if there is no room for another client. */
  checkRoom(): void
  /** Tells a client what happens from now on, or behind the id that it was told last, until it goes away. */
  join(response: ServerResponse, wanted: Wanted, lastId?: string): void
  /** Ends all connections, and takes no more. */
  close(): void
}

export interface LiveOptions {
  journal: JournalReader
  log: Pick<Logger, 'error'>
  pace?: Pace
}

/**
 * Tells clients what happens, as the journal has it: it does not ask the index. The journal is read once for all of
 * them, as long as there are any, and some minutes longer. Whoever cannot keep up is not waited for, and nothing is kept for them: they go on
 * reading the journal at their own pace, and come back to the others when they have caught up.
 */
export function openLive({ journal, log, pace = limits }: LiveOptions): Live {
  const clients = new Set<Client>()
  let reader: Reader | undefined
  let idle: NodeJS.Timeout | undefined
  let isClosed = false

  function stopReading(): void {
    clearTimeout(idle)
    reader?.stop()
    reader = undefined
  }

  function leave(client: Client): void {
    clients.delete(client)
    if (clients.size > 0 || isClosed) return
    // A page that is loaded again comes back at once, and should not make the journal be read from far back.
    clearTimeout(idle)
    idle = setTimeout(stopReading, pace.liveReaderIdleMsMax)
  }

  function onFailure(error: unknown): void {
    log.error({ err: error }, 'the journal could not be read for the clients of /v1/live')
    reader = undefined
    for (const client of clients) client.cut()
  }

  function onClientFailure(error: unknown): void {
    log.error({ err: error }, 'a client of /v1/live could not be told, and was cut')
  }

  return {
    checkRoom() {
      if (isClosed) throw new Problem('overloaded', 'The service is stopping. Come again later.')
      if (clients.size < pace.liveClientsMax) return
      throw new Problem(
        'too_many_clients',
        `${pace.liveClientsMax} clients are told what happens already, which is the most. Come again later.`
      )
    },
    join(response, wanted, lastId) {
      const { place, opening } = beginning(journal, pace, lastId)
      const client = new Client({ response, log: journal.id, wanted, place, joinedAt: journal.end, pace })
      clearTimeout(idle)
      clients.add(client)
      client.write(opening)
      reader ??= new Reader({ journal, clients, pace, onFailure, onClientFailure })
      void reader.serve(client).finally(() => leave(client))
    },
    close() {
      isClosed = true
      for (const client of clients) client.end()
      stopReading()
    }
  }
}

/** Where a client begins, and what it is told first. */
function beginning(
  journal: JournalReader,
  pace: Pace,
  lastId: string | undefined
): { place: Place; opening: string } {
  const retry = `retry: ${pace.liveRetryMs}\n`
  const end: Place = { record: journal.end, told: 0 }
  const id = idOf(journal.id, end)
  if (lastId === undefined) return { place: end, opening: `${retry}id: ${id}\n\n` }
  const last = placeOf(lastId)
  const reason =
    last === undefined || last.log !== journal.id || last.place.record > journal.end
      ? 'The id is not one of this journal.'
      : last.place.record < journal.end - pace.liveRecordsBackMax
        ? `More than ${pace.liveRecordsBackMax} records came since.`
        : undefined
  if (reason === undefined && last !== undefined) return { place: last.place, opening: `${retry}\n` }
  return { place: end, opening: `${retry}\n${messageOf('reset', JSON.stringify({ reason }), id)}` }
}
