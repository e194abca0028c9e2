import { AnswerError } from './errors.ts'
import { type Asking, askedOf, open, readingFailed, type Server } from './request.ts'

/**
 * The text of an answer of any length, in the pieces in which it arrives. Whoever reads slowly slows the server down;
 * whoever stops reading ends the request.
 */
export async function* textOf(
  server: Server,
  asking: Asking,
  onOpen?: () => void
): AsyncGenerator<string, void, undefined> {
  const response = await open(server, asking)
  const type = response.headers.get('content-type') ?? 'nothing'
  if (!type.startsWith(asking.accept)) {
    await response.body?.cancel()
    throw new AnswerError(askedOf(server), `it is ${type} where ${asking.accept} was asked for`)
  }
  onOpen?.()
  if (response.body === null) return
  const pieces = response.body.pipeThrough(new TextDecoderStream())
  try {
    for await (const piece of pieces) yield piece
  } catch (error) {
    throw readingFailed(server, error, asking.signal)
  }
}
