import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Problem } from '../errors.ts'
import { limits } from '../limits.ts'

const gunzipBytes = promisify(gunzip)

/** A body that was refused whole: what came of it, for the quarantine. */
export class RefusedBody extends Problem {
  readonly body: Buffer

  constructor(problem: Problem, body: Buffer) {
    super(problem.code, problem.message, problem.members, { cause: problem.cause })
    this.body = body
  }
}

/**
 * The body of a request, decompressed, within the limits. Throws Problem `batch_too_large`,
 * `encoding_unsupported`, `gzip_invalid` or `body_incomplete`; nothing of such a body is kept as an event.
 */
export async function readBody(stream: AsyncIterable<Buffer>, headers: IncomingHttpHeaders): Promise<Buffer> {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return await collect(stream, limits.batchBytesMax, 'a body')
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new Problem('encoding_unsupported', `Expected Content-Encoding gzip or none, got "${encoding}".`)
  }
  return await decompress(await collect(stream, limits.batchGzipBytesMax, 'a gzip body'))
}

async function collect(stream: AsyncIterable<Buffer>, bytesMax: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of stream) {
      bytes += chunk.length
      if (bytes > bytesMax) throw tooLarge(`Expected ${what} of at most ${bytesMax} bytes.`)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(
      'body_incomplete',
      `The body ended after ${bytes} bytes, before it was complete. Nothing of it was kept; send it again.`,
      {},
      { cause: error }
    )
  }
  return Buffer.concat(chunks, bytes)
}

async function decompress(body: Buffer): Promise<Buffer> {
  try {
    return await gunzipBytes(body, { maxOutputLength: limits.batchBytesMax })
  } catch (error) {
    if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(
        `Expected at most ${limits.batchBytesMax} bytes after decompression; the ${body.length} bytes that came hold more.`
      )
    }
    const why = error instanceof Error ? error.message : String(error)
    const problem = new Problem(
      'gzip_invalid',
      `Expected a whole gzip stream, as Content-Encoding says: ${why}. Compress the batch again and send it again.`,
      {},
      { cause: error }
    )
    throw new RefusedBody(problem, body)
  }
}

function tooLarge(expected: string): Problem {
  return new Problem('batch_too_large', `${expected} Nothing of it was kept; send it in parts.`)
}
