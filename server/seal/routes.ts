import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyPluginAsync } from 'fastify'
import { problem } from '../ask/documents.ts'
import { oneOf, querySchema, readParameters } from '../ask/parameters.ts'
import { documentOnly } from '../ask/routes.ts'
import { Problem } from '../errors.ts'
import type { Journal } from '../journal/journal.ts'
import type { JournalRecord } from '../journal/record.ts'
import { limits } from '../limits.ts'
import { parseSignedCheckpoint } from './checkpoint.ts'
import { proveEvent } from './event-proof.ts'
import { readPublished } from './log-reader.ts'
import type { Sealer } from './sealer.ts'
import { parseTilePath, type Tile } from './tile.ts'
import { WITNESSED_ID } from './witnessed.ts'

export interface LogRoutesOptions {
  sealer: Pick<Sealer, 'size' | 'checkpoint'>
  /** The public keys, one a line. */
  vkeys: string
  journal: Pick<Journal, 'find'>
  /** The folder with the tiles. */
  log: string
}

/** The transparency log, as https://c2sp.org/tlog-tiles wants it, and the proof of one event. */
export const logRoutes: FastifyPluginAsync<LogRoutesOptions> = async (app, options) => {
  const { sealer, vkeys, journal, log } = options
  documentOnly(app)

  app.get('/v1/log/checkpoint', { schema: checkpointSchema }, async (_request, reply) =>
    reply.type(TEXT).header('cache-control', 'no-store').serializer(String).send(checkpoint())
  )

  app.get('/v1/log/log.vkey', { schema: vkeySchema }, async (_request, reply) =>
    reply.type(TEXT).header('cache-control', 'no-store').serializer(String).send(vkeys)
  )

  app.get<{ Params: { key: string } }>(
    '/v1/log/witnessed/:key',
    { schema: witnessedSchema },
    async (request, reply) => {
      const { key } = request.params
      const text = WITNESSED_ID.test(key) ? await fileIfThere(join(log, 'witnessed', key)) : undefined
      if (text !== undefined)
        return reply.type(TEXT).header('cache-control', 'no-store').serializer(String).send(text)
      throw new Problem(
        'checkpoint_not_found',
        `No witness with the key ${key} has cosigned this log. Expected the id in its public key, 8 hexadecimal digits.`
      )
    }
  )

  app.get<{ Params: { '*': string } }>('/v1/log/tile/*', { schema: tileSchema }, async (request, reply) => {
    const tile = parseTilePath(`tile/${request.params['*']}`)
    const bytes = tile && (await readPublished(log, () => sealer.size, tile))
    if (bytes === undefined) {
      throw new Problem(
        'tile_not_found',
        `The log of ${sealer.size} leaves has no such tile. Expected tile/<level>/<N>[.p/<width>] or tile/entries/<N>[.p/<width>] of https://c2sp.org/tlog-tiles.`
      )
    }
    // What a tile holds never changes. Only the one who asked may keep it: others need a token of their own.
    return reply
      .type('application/octet-stream')
      .header('cache-control', 'private, max-age=31536000, immutable')
      .send(bytes)
  })

  app.get<{ Params: { event_id: string } }>(
    '/v1/log/proof/:event_id',
    { schema: proofSchema },
    async (request, reply) => {
      const { form } = readParameters(parameters, request.query, Date.now())
      const record = await recordOf(request.params.event_id)
      // Both of one checkpoint, whatever is published meanwhile.
      const signed = checkpoint()
      const { size } = parseSignedCheckpoint(Buffer.from(signed))
      if (record.index >= size) {
        throw new Problem(
          'not_sealed',
          `Event ${record.eventId} is kept, but the log has not got it yet: it is sealed within a second. Ask again.`
        )
      }
      const proof = await proveEvent(record, signed, readTile)
      reply.header('cache-control', 'no-store')
      return form === 'json' ? proof : reply.type(TEXT).serializer(String).send(proof.proof)
    }
  )

  function checkpoint(): string {
    if (sealer.checkpoint !== '') return sealer.checkpoint
    throw new Problem('not_sealed', 'The log could not be opened yet: /readyz says why. Ask again.')
  }

  async function readTile(tile: Tile): Promise<Buffer> {
    const bytes = await readPublished(log, () => sealer.size, tile)
    if (bytes === undefined) throw new Error(`the log has no tile ${tile.level}/${tile.index}`)
    return bytes
  }

  async function recordOf(eventId: string): Promise<JournalRecord> {
    const record = await journal.find(eventId)
    if (record !== undefined) return record
    throw new Problem('event_not_found', `The journal has no event ${eventId}.`)
  }
}

async function fileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const parameters = {
  form: oneOf(['proof', 'json'], 'The proof alone, or JSON with leaf, event and salt.', 'proof')
}

const TEXT = 'text/plain; charset=utf-8'

const checkpointSchema = {
  summary: 'The log’s newest signed checkpoint',
  description: 'https://c2sp.org/tlog-checkpoint: name of the log, number of leaves, root, signatures.',
  tags: ['prove'],
  produces: ['text/plain'],
  response: { 200: { description: 'A signed note.', type: 'string' }, 503: problem('`not_sealed`') }
} as const

const witnessedSchema = {
  summary: 'The newest checkpoint that a witness cosigned',
  description: 'By the id in the witness’s public key. The newest checkpoint of the log is mostly newer.',
  tags: ['prove'],
  produces: ['text/plain'],
  params: {
    type: 'object',
    properties: { key: { type: 'string', maxLength: limits.parameterCharactersMax } }
  },
  response: {
    200: { description: 'A signed note.', type: 'string' },
    404: problem('`checkpoint_not_found`')
  }
} as const

const vkeySchema = {
  summary: 'The log’s public keys',
  description: 'Verifier keys of https://c2sp.org/signed-note, one a line; all of them sign.',
  tags: ['prove'],
  produces: ['text/plain'],
  response: { 200: { description: 'Verifier keys.', type: 'string' } }
} as const

const tileSchema = {
  summary: 'A tile or an entry bundle of the log',
  description: 'https://c2sp.org/tlog-tiles: `<level>/<N>`, `entries/<N>`, both also with `.p/<width>`.',
  tags: ['prove'],
  produces: ['application/octet-stream'],
  params: {
    type: 'object',
    properties: { '*': { type: 'string', maxLength: limits.parameterCharactersMax } }
  },
  response: {
    200: { description: 'Hashes, or entries behind their lengths.', type: 'string' },
    404: problem('`tile_not_found`')
  }
} as const

const proofSchema = {
  summary: 'The proof that an event is in the log',
  description: 'As a file of https://c2sp.org/tlog-proof, or as JSON with the event and its salt.',
  tags: ['prove'],
  produces: ['text/plain', 'application/json'],
  params: {
    type: 'object',
    properties: { event_id: { type: 'string', maxLength: limits.parameterCharactersMax } }
  },
  querystring: querySchema(parameters),
  response: {
    200: { description: 'The proof.' },
    400: problem('`parameter_invalid`'),
    404: problem('`event_not_found`'),
    503: problem('`not_sealed`')
  }
} as const
