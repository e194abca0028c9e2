// Messages as the HTML standard's section "Server-sent events" has them: lines `name: value`, an empty line behind.
//
// The id of a message says up to where a client was told everything: `<log>:<record>` all messages of the record and
// of those before it, `<log>:<record>.1` the first one of the record, of which there is another. So a client that
// names the last id it saw is told what follows, and nothing twice.

/** How far a client was told what the journal says. */
export interface Place {
  /** The next record to tell of. */
  record: number
  /** Messages of that record that were told already. */
  told: 0 | 1
}

const ID = /^(?<log>[^:]{1,64}):(?<record>-1|\d{1,15})(?<part>\.1)?$/

/** An id that says that everything before `place` was told. */
export function idOf(log: string, { record, told }: Place): string {
  return told === 1 ? `${log}:${record}.1` : `${log}:${record - 1}`
}

/** What an id says, or undefined if it is none of ours. */
export function placeOf(id: string): { log: string; place: Place } | undefined {
  const { log, record, part } = ID.exec(id)?.groups ?? {}
  if (log === undefined || record === undefined) return undefined
  const place: Place =
    part === undefined ? { record: Number(record) + 1, told: 0 } : { record: Number(record), told: 1 }
  return { log, place }
}

/** `json`: what is told, on one line. */
export function messageOf(event: string, json: string, id: string): string {
  return `event: ${event}\nid: ${id}\ndata: ${json}\n\n`
}

/** Shows that the connection lives, and moves the client's last id on; it is told nothing. */
export function heartbeat(id: string): string {
  return `:\nid: ${id}\n\n`
}
