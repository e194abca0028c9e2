import { isUtf8 } from 'node:buffer'
import { Problem } from '../errors.ts'
import type { Event } from '../event-types.ts'
import { limits } from '../limits.ts'

/** One event of a batch, parsed but not yet checked. */
export interface Line {
  /** Place in the batch, counted from 1: the line of NDJSON, the element of an array. */
  number: number
  bytes: Buffer
  /** The parsed object, or the problem with it. */
  event: Event | Problem
}

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

/** Cuts NDJSON into its events; blank lines count as lines, but are no events. */
export function decodeNdjson(body: Buffer): Line[] {
  const lines: Line[] = []
  let start = 0
  for (let number = 1; start < body.length; number++) {
    const lineFeed = body.indexOf(LF, start)
    const end = lineFeed === -1 ? body.length : lineFeed
    const bytes = trimmed(body, start, end)
    if (bytes.length > 0) {
      checkCount(lines.length + 1)
      lines.push({ number, bytes, event: decodeEvent(bytes) })
    }
    start = end + 1
  }
  return lines
}

/**
 * One JSON object, or an array of them. Each event's bytes are its compact JSON, since a part of a larger
 * document has no bytes of its own.
 */
export function decodeJson(body: Buffer): Line[] {
  const document = parse(body)
  if (document instanceof Problem) throw document
  const elements = Array.isArray(document) ? document : [document]
  checkCount(elements.length)
  return elements.map((element: unknown, position) => {
    const bytes = Buffer.from(compactJson(element))
    return { number: position + 1, bytes, event: objectWithin(bytes.length, element) }
  })
}

// A document that is nested so deeply that it cannot be written again is not an event either.
function compactJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    throw new Problem(
      'json_invalid',
      `Expected events of a few levels of nesting. ${printable(String(error))}`
    )
  }
}

function decodeEvent(bytes: Buffer): Event | Problem {
  if (bytes.length > limits.eventBytesMax) return tooLarge(bytes.length)
  const value = parse(bytes)
  return value instanceof Problem ? value : objectWithin(bytes.length, value)
}

function parse(bytes: Buffer): unknown {
  // Bytes that are not UTF-8 must not be silently replaced: what is kept has to be what was checked.
  if (!isUtf8(bytes))
    return new Problem('json_invalid', 'Expected JSON in UTF-8; the bytes are not valid UTF-8.')
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    return new Problem('json_invalid', `Expected JSON, one object a line. ${printable(String(error))}`)
  }
}

function objectWithin(bytes: number, value: unknown): Event | Problem {
  if (bytes > limits.eventBytesMax) return tooLarge(bytes)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Event
  const came = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  return new Problem('json_invalid', `Expected a JSON object, got ${came}.`)
}

function tooLarge(bytes: number): Problem {
  return new Problem(
    'event_too_large',
    `Expected at most ${limits.eventBytesMax} bytes for one event, got ${bytes}. Shorten its texts; ansible.truncated can say what was cut.`
  )
}

function checkCount(count: number): void {
  if (count <= limits.batchEventsMax) return
  throw new Problem(
    'batch_too_large',
    `Expected at most ${limits.batchEventsMax} events in one request. Nothing of it was kept; send it in parts.`
  )
}

function trimmed(body: Buffer, from: number, to: number): Buffer {
  let start = from
  let end = to
  while (start < end && isBlank(body[start])) start += 1
  while (end > start && isBlank(body[end - 1])) end -= 1
  return body.subarray(start, end)
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB || byte === CR
}

/** Parser messages quote what they met: keep it short and without control characters. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 200)
}
