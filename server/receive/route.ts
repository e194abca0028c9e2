import type { IncomingMessage } from 'node:http'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Access } from '../access.ts'
import { problem } from '../ask/documents.ts'
import { documentOnly } from '../ask/routes.ts'
import { Problem, type ProblemCode } from '../errors.ts'
import type { Journal } from '../journal/journal.ts'
import type { Metrics } from '../metrics.ts'
import { RefusedBody, readBody } from './body.ts'
import type { Conflict, ConflictRecorder } from './conflicts.ts'
import { decodeJson, decodeNdjson, type Line } from './decode.ts'
import { type Quarantine, type Quarantined, quarantinedContent } from './quarantine.ts'
import { createValidator, type Refusal } from './validate.ts'

export interface ReceiveOptions {
  access: Access
  journal: Journal
  quarantine: Quarantine
  conflicts: ConflictRecorder
  metrics: Metrics
}

/** One line of the answer's `rejected`. */
interface Rejected {
  line: number
  code: ProblemCode
  message: string
  pointer?: string
}

/** A line that was looked at: its number in the batch, its bytes, and the id of its event. */
type Checked = Pick<Line, 'number' | 'bytes'> & { eventId: string }

type RejectedLine = Rejected & { eventId: string; bytes: Buffer }

/** Decoders by media type: NDJSON under the names that are in use, and JSON. */
const decoders: Record<string, (body: Buffer) => Line[]> = {
  'application/x-ndjson': decodeNdjson,
  'application/ndjson': decodeNdjson,
  'application/jsonl': decodeNdjson,
  'application/json': decodeJson
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it: the token's name, or `local`. */
    sender: string
  }
}

/**
 * POST /v1/events: the one way in. Answers 200 when, and only when, every event that it counts as accepted
 * or duplicate is on disk. Lines that it refuses, broken gzip and
 * JSON that is none are in the quarantine, with the reason, before it answers.
 */
export const receiveRoute: FastifyPluginAsync<ReceiveOptions> = async (app, options) => {
  const { access, journal, quarantine, conflicts, metrics } = options
  const refuse = createValidator()

  app.decorateRequest('sender', '')
  documentOnly(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(Object.keys(decoders), (request: FastifyRequest, stream: IncomingMessage) =>
    keepingRefused(request, () => readBody(stream, request.headers))
  )

  app.post<{ Body: Buffer | undefined }>(
    '/v1/events',
    {
      schema: receiveSchema,
      // Before the body is read: a stranger's megabytes are not taken in first.
      onRequest: async (request) => {
        request.sender = access.check(request.headers.authorization, 'sender', request.ip)
      }
    },
    async (request, reply) => {
      const { accepted, rejected } = await keepingRefused(request, () =>
        sortOut(decodeBody(request.body, request.headers['content-type']))
      )
      const counts = await append(accepted, request.sender, rejected)
      rejected.sort((a, b) => a.line - b.line)
      if (rejected.length > 0)
        await quarantine.add(rejected.map((line) => quarantined(request, line, line.bytes)))
      await conflicts.add(conflictsOf(rejected, request.sender))
      count(counts, rejected)

      const answer = {
        ...counts,
        rejected: rejected.map(({ bytes: _bytes, eventId: _eventId, ...line }) => line)
      }
      request.log.debug({ sender: request.sender, ...counts, rejected: rejected.length }, 'events received')
      if (counts.accepted + counts.duplicates === 0) throw allRefused(answer.rejected)
      return reply.send(answer)
    }
  )

  /** Only bytes and ids go on: the parsed events would be kept until the disk has answered, at ten times their size. */
  function sortOut(lines: readonly Line[]): { accepted: Checked[]; rejected: RejectedLine[] } {
    const accepted: Checked[] = []
    const rejected: RejectedLine[] = []
    for (const { number, bytes, event } of lines) {
      const line = { number, bytes, eventId: eventIdOf(event) }
      const refusal = event instanceof Problem ? { problem: event, pointer: '' } : refuse(event)
      if (refusal === undefined) accepted.push(line)
      else rejected.push(rejectedLine(line, refusal))
    }
    return { accepted, rejected }
  }

  /** A body that cannot even be cut into lines is kept whole, before it is answered. */
  async function keepingRefused<Result>(
    request: FastifyRequest,
    work: () => Result | Promise<Result>
  ): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof RefusedBody) {
        await quarantine.add([quarantined(request, { code: error.code, message: error.message }, error.body)])
      }
      throw error
    }
  }

  /** Appends what is valid; conflicts are added to `rejected`. */
  async function append(
    lines: readonly Checked[],
    sender: string,
    rejected: RejectedLine[]
  ): Promise<{ accepted: number; duplicates: number }> {
    if (lines.length === 0) return { accepted: 0, duplicates: 0 }
    const entries = lines.map(({ eventId, bytes }) => ({ eventId, payload: bytes }))
    const stop = metrics.appendSeconds.startTimer()
    const appended = await journal.append(entries, sender, Date.now() * 1_000)
    stop()
    for (const position of appended.conflicts) {
      const line = lines[position]
      if (line !== undefined) rejected.push(rejectedLine(line, conflict(line.eventId)))
    }
    return { accepted: appended.accepted, duplicates: appended.duplicates }
  }

  function count(counts: { accepted: number; duplicates: number }, rejected: readonly Rejected[]): void {
    metrics.events.inc({ outcome: 'accepted' }, counts.accepted)
    metrics.events.inc({ outcome: 'duplicate' }, counts.duplicates)
    for (const { code } of rejected) metrics.rejected.inc({ code })
  }
}

function decodeBody(body: Buffer | undefined, contentType: string | undefined): Line[] {
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const decode = decoders[mediaType]
  // Without a body Fastify asks no parser, whatever the content type.
  if (decode === undefined || body === undefined) throw empty()
  try {
    const lines = decode(body)
    if (lines.length === 0) throw empty()
    return lines
  } catch (error) {
    throw error instanceof Problem && error.code === 'json_invalid' ? new RefusedBody(error, body) : error
  }
}

function empty(): Problem {
  return new Problem(
    'batch_empty',
    'Expected at least one event: one JSON object a line as application/x-ndjson, or one object or an array as application/json.'
  )
}

function allRefused(rejected: readonly Rejected[]): Problem {
  const first = rejected[0]
  return new Problem(
    'batch_refused',
    `None of the ${rejected.length} events was kept. Line ${first?.line}: ${first?.message}`,
    { accepted: 0, duplicates: 0, rejected }
  )
}

function conflict(eventId: string): Refusal {
  return {
    pointer: '/event/id',
    problem: new Problem(
      'event_conflict',
      `event.id "${eventId}" was acknowledged before with other content, which stays. A sender must never use an id twice.`
    )
  }
}

function rejectedLine({ number, bytes, eventId }: Checked, { problem, pointer }: Refusal): RejectedLine {
  return {
    line: number,
    code: problem.code,
    message: problem.message,
    pointer,
    eventId,
    bytes
  }
}

function conflictsOf(rejected: readonly RejectedLine[], sender: string): Conflict[] {
  return rejected
    .filter(({ code }) => code === 'event_conflict')
    .map(({ eventId, bytes }) => ({ eventId, sender, payload: bytes }))
}

function quarantined(
  request: { id: string; sender: string },
  { code, message, pointer, line }: { code: ProblemCode; message: string; pointer?: string; line?: number },
  bytes: Buffer
): Quarantined {
  return {
    received: new Date().toISOString(),
    sender: request.sender,
    request: request.id,
    code,
    message,
    ...(pointer === undefined ? {} : { pointer }),
    ...(line === undefined ? {} : { line }),
    ...quarantinedContent(bytes)
  }
}

/** Of what was refused it may be anything. */
function eventIdOf(event: Line['event']): string {
  const id: unknown = event instanceof Problem ? undefined : event.event?.id
  return typeof id === 'string' ? id : ''
}

const receiveSchema = {
  summary: 'Record events',
  description:
    'Takes one event or many. Answers 200 when the accepted ones are on disk (fdatasync). Sending the same events again is safe: ' +
    'they are counted as duplicates. Lines that are refused are named in `rejected` and kept in the quarantine; the others are kept all the same.',
  tags: ['receive'],
  body: {
    description: 'One event or many. docs/events.md describes an event, field by field.',
    content: {
      'application/x-ndjson': { schema: { type: 'string', description: 'One event a line.' } },
      'application/json': {
        schema: { type: ['object', 'array'], description: 'One event, or an array of them.' }
      }
    }
  },
  response: {
    400: problem('`batch_refused`, `batch_empty`, `json_invalid`, `gzip_invalid`, `body_incomplete`'),
    413: problem('`batch_too_large`'),
    415: problem('`media_type_unsupported`, `encoding_unsupported`'),
    503: problem('`journal_full`, `overloaded`'),
    200: {
      description: 'Everything that is counted as accepted or duplicate is on disk.',
      type: 'object',
      required: ['accepted', 'duplicates', 'rejected'],
      properties: {
        accepted: { type: 'integer', minimum: 0, description: 'Events that were new.' },
        duplicates: {
          type: 'integer',
          minimum: 0,
          description: 'Events that were acknowledged before with the same bytes.'
        },
        rejected: {
          type: 'array',
          description: 'Lines that were refused.',
          items: {
            type: 'object',
            required: ['line', 'code', 'message'],
            properties: {
              line: {
                type: 'integer',
                minimum: 1,
                description: 'Line of the body, or place in the array, counted from 1.'
              },
              code: { type: 'string', description: 'What is wrong; docs/api.md lists the codes.' },
              message: { type: 'string', description: 'What was expected, what came, what to do.' },
              pointer: { type: 'string', description: 'Where in the event (RFC 6901).' }
            }
          }
        }
      }
    }
  }
} as const
