import type { IndexedEvent } from '../../client/types.ts'
import { printable } from './printable.ts'
import type { Paint } from './style.ts'
import { localIso } from './time.ts'
import { abortText, counted } from './words.ts'

const ACTION_CHARACTERS = 'service.recovered'.length
const MIB = 1024 * 1024

/** What the service told of itself, in words; undefined for what it does not tell. */
export function serviceText(event: IndexedEvent): string | undefined {
  switch (event.event.action) {
    case 'run.started':
    case 'run.heartbeat':
      return event.service === undefined ? undefined : standingText(event.service)
    case 'run.aborted':
      return abortText(event)
    case 'run.finished':
      return event.run?.kind === 'service' ? (event.error?.message ?? 'stopped') : undefined
    case 'service.recovered':
      return recoveredText(event)
    case 'token.created':
    case 'token.used':
    case 'token.revoked':
      return tokenText(event)
    case 'token.refused':
      return refusedText(event)
    case 'journal.full':
      return event.error?.message ?? ''
    case 'journal.resumed':
      return `new events are taken again, after ${counted(event.journal?.refused_events ?? 0, 'event')} refused`
    case 'event.conflict':
      return conflictText(event)
    case 'runs.expired':
      return `${counted(event.expired?.runs ?? 0, 'old run')} removed from the index, with ${counted(event.expired?.events ?? 0, 'event')}`
    default:
      return undefined
  }
}

/** A life of the service, a line for each event; of heartbeats one behind the other only the last, and how many there are. */
export function lifeText(events: readonly IndexedEvent[], paint: Paint): string {
  const lines: string[] = []
  let beats = 0
  for (const [at, event] of events.entries()) {
    const isBeat = event.event.action === 'run.heartbeat'
    beats = isBeat ? beats + 1 : 0
    if (isBeat && events[at + 1]?.event.action === 'run.heartbeat') continue
    const many = beats > 1 ? `${counted(beats, 'heartbeat')}, the last: ` : ''
    const time = paint('dim', localIso(new Date(event['@timestamp'])))
    const action = event.event.action.padEnd(ACTION_CHARACTERS)
    lines.push(`  ${time}  ${action}  ${printable(`${many}${serviceText(event) ?? ''}`)}`.trimEnd())
  }
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`
}

function standingText(service: NonNullable<IndexedEvent['service']>): string {
  const { journal_end, log_size, index_cursor, free_bytes, access, listen } = service
  const parts = [
    ...(journal_end === undefined ? [] : [counted(journal_end, 'record')]),
    ...(log_size === undefined ? [] : [`${log_size} sealed`]),
    ...(index_cursor === undefined ? [] : [`${index_cursor} indexed`]),
    ...(free_bytes === undefined ? [] : [`${Math.floor(free_bytes / MIB)} MiB free`]),
    ...(listen === undefined ? [] : [`on ${listen}${access === 'open' ? ', open' : ''}`])
  ]
  return parts.join(', ')
}

function recoveredText({ recovered }: IndexedEvent): string {
  if (recovered === undefined) return ''
  const { records, unsealed, cut_bytes } = recovered
  return `${counted(records, 'record')} found good, ${unsealed} of them not sealed yet; ${counted(cut_bytes, 'byte')} that were never acknowledged cut off`
}

function tokenText({ event, token, source }: IndexedEvent): string {
  if (token === undefined) return ''
  const what = `the ${token.role}'s token ${token.name}`
  switch (event.action) {
    case 'token.created':
      return `${what} was made${token.created === undefined ? '' : ` at ${token.created}`}`
    case 'token.used':
      return `${what} was used for the first time${source?.ip === undefined ? '' : ` from ${source.ip}`}`
    default:
      return `${what} was revoked`
  }
}

/** For example `GET /v1/runs from 192.0.2.10: the sender's token ansible, a reader's was needed, and 40 more`. */
function refusedText({ refused, token, source }: IndexedEvent): string {
  if (refused === undefined) return ''
  const { code, role, method = '', route = '', suppressed = 0 } = refused
  const what = [method, route].filter((part) => part !== '').join(' ')
  const which =
    code === 'token_missing'
      ? 'no token'
      : token === undefined
        ? 'a token that is not known'
        : `the ${token.role}'s token ${token.name}`
  const more = suppressed === 0 ? '' : `, and ${counted(suppressed, 'more request')}`
  return `${what}${source?.ip === undefined ? '' : ` from ${source.ip}`}: ${which}, a ${role}'s was needed${more}`.trimStart()
}

function conflictText({ conflict }: IndexedEvent): string {
  if (conflict === undefined) return ''
  const { event_id, sender, kept_sender, suppressed = 0 } = conflict
  const more = suppressed === 0 ? '' : `, and ${counted(suppressed, 'more conflict')}`
  return `${sender} sent other content as ${event_id} of ${kept_sender}: refused${more}`
}
