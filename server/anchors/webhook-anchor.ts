import { readFileWithin } from '../read-file.ts'
import { formatNote } from '../seal/note.ts'
import type { Anchor } from './anchor.ts'
import { webhookTarget } from './names.ts'
import { type Posted, post, saidBy, statusAnd } from './post.ts'

const TOKEN_BYTES_MAX = 4_096

export interface WebhookOptions {
  url: string
  /** A file with the token that it is sent; empty if it wants none. */
  tokenFile: string
}

/** Whatever takes a checkpoint by POST and answers 2xx when it keeps it. It may get the same one several times. */
export function webhookAnchor({ url, tokenFile }: WebhookOptions): Anchor {
  return {
    kind: 'webhook',
    target: webhookTarget(url),
    async keep({ note }, _keptSize, signal) {
      const headers = tokenFile === '' ? {} : { authorization: `Bearer ${await tokenIn(tokenFile)}` }
      const answer = await post(url, formatNote(note), signal, headers)
      if (answer.status < 200 || answer.status > 299)
        throw new Error(`expected 2xx, it answered ${statusAnd(answer.status, withoutSecrets(answer, url))}`)
      return undefined
    }
  }
}

/** Many servers repeat the path that they do not know, and what an anchor fails with is shown to anybody who asks /readyz. */
function withoutSecrets(answer: Posted, url: string): string {
  const { pathname, search } = new URL(url)
  const words = saidBy(answer)
  // Also as it came, since what a word of it means may be written in several ways.
  const said = `${answer.text}\n${words}`.toLowerCase()
  // Word by word, since the answer may write the signs between them in another way.
  const isTold = `${pathname}${search}`
    .toLowerCase()
    .split(/[/?&=]/)
    .some((word) => word !== '' && (said.includes(word) || said.includes(unescaped(word))))
  return isTold ? '(its words, which tell of the path, are not shown)' : words
}

/** The word as people write it; as it is where it is no good UTF-8. */
function unescaped(word: string): string {
  try {
    return decodeURIComponent(word)
  } catch {
    return word
  }
}

/** Read each time, so that a new token needs no restart. */
async function tokenIn(file: string): Promise<string> {
  const bytes = await readFileWithin(file, TOKEN_BYTES_MAX)
  if (bytes === undefined) throw new Error(`the file ${file} with the token of the webhooks does not exist`)
  const token = bytes.toString('utf8').trim()
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error(`expected a token of printable characters without spaces in ${file}`)
  return token
}
