import { limits } from '../limits.ts'
import { version } from '../version.ts'

export interface Posted {
  status: number
  text: string
  /** The answer was longer than anybody wants to know. */
  isCut: boolean
}

/** Sends a text, and reads no more of the answer than `anchorAnswerBytesMax`. Follows no redirect: that would be another place. */
export async function post(
  url: string,
  body: string | Uint8Array,
  signal: AbortSignal,
  headers: Record<string, string> = {}
): Promise<Posted> {
  const response = await fetch(url, {
    method: 'POST',
    body: Buffer.from(body),
    redirect: 'manual',
    signal,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'user-agent': `playtrail/${version}`,
      ...headers
    }
  })
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop early ends the connection.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > limits.anchorAnswerBytesMax) break
  }
  return {
    status: response.status,
    text: Buffer.concat(chunks).subarray(0, limits.anchorAnswerBytesMax).toString('utf8'),
    isCut: length > limits.anchorAnswerBytesMax
  }
}

/** What was answered instead of what was hoped for, as the end of a sentence. */
export function answerOf(answer: Posted): string {
  return statusAnd(answer.status, saidBy(answer))
}

/** What an answer says in words: of a problem document (RFC 9457) its detail or title, else its text. */
export function saidBy({ text, isCut }: Posted): string {
  if (isCut || !text.startsWith('{')) return text
  try {
    const { detail, title } = JSON.parse(text) as { detail?: unknown; title?: unknown }
    return [detail, title].find((words) => typeof words === 'string') ?? text
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** A status and some words, as the end of a sentence. */
export function statusAnd(status: number, words: string): string {
  const said = words.replaceAll(/\s+/g, ' ').trim().slice(0, SAID_CHARACTERS_MAX)
  return said === '' ? String(status) : `${status}: ${said}`
}

const SAID_CHARACTERS_MAX = 200
