import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import { wasLeft } from '../failure.ts'
import type { Page, Position } from '../index/store.ts'
import type { Form } from './accept.ts'
import { type Choice, chosenOf, fieldValue } from './choice.ts'
import { csvHead, csvLine } from './csv.ts'
import { exportRules } from './exports.ts'

export interface Export {
  form: Exclude<Form['form'], 'page'>
  mediaType: string
  /** What of each item is written as NDJSON; everything if it is absent. */
  fields?: Choice | undefined
  /** Of CSV. */
  columns: readonly string[]
  after?: Position | undefined
  /** Items of the whole export; all of them if it is absent. */
  itemsMax?: number | undefined
  pageItems: number
  page(part: { after: Position | undefined; limit: number }): Promise<Page<object>>
}

/**
 * Answers with the whole list, page after page as the client takes them: while it does not, no more than one page
 * waits, and one that takes nothing for too long is cut. An error before the first byte is answered as every other; after it the connection is reset, since a client
 * must not take a part for the whole.
 */
export async function sendExport(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Export
): Promise<FastifyReply> {
  const { form, mediaType } = asked
  const rules = exportRules(request)
  rules.begin(reply)
  const pages = pagesOf(asked, () => rules.check(request))
  const first = await pages.next()
  reply.type(form === 'csv' ? `${mediaType}; charset=utf-8; header=present` : mediaType)
  // Of no length that is known, like the whole.
  if (request.method === 'HEAD') return reply.send(Readable.from([]))
  cutIfStuck(request, reply, rules.drainMsMax)
  const parts = partsOf(first, pages, form === 'csv' ? csvOf(asked) : ndjsonOf(asked))
  return reply.send(Readable.from(cutAtFailure(request, parts), { objectMode: false, highWaterMark: 1 }))
}

/** How a form is written. */
interface Writing {
  head: string
  line(item: object): string
}

function ndjsonOf({ fields }: Export): Writing {
  return {
    head: '',
    line: (item) => `${JSON.stringify(fields === undefined ? item : chosenOf(item, fields))}\n`
  }
}

function csvOf({ columns }: Export): Writing {
  const paths = columns.map((name) => name.split('.'))
  return { head: csvHead(columns), line: (item) => csvLine(paths.map((path) => fieldValue(item, path))) }
}

/** `mayGoOn` throws if nothing more may be told. */
async function* pagesOf(
  { page, pageItems, ...asked }: Export,
  mayGoOn: () => void
): AsyncGenerator<object[], void> {
  let { after, itemsMax: left = Number.POSITIVE_INFINITY } = asked
  do {
    // An export may take hours, in which a token can be revoked.
    mayGoOn()
    const { items, next } = await page({ after, limit: Math.min(pageItems, left) })
    yield items
    after = next
    left -= items.length
  } while (after !== undefined && left > 0)
}

async function* partsOf(
  first: IteratorResult<object[], void>,
  pages: AsyncGenerator<object[], void>,
  { head, line }: Writing
): AsyncGenerator<string, void> {
  if (head !== '') yield head
  for (let page = first; page.done !== true; page = await pages.next()) {
    const text = page.value.map(line).join('')
    if (text !== '') yield text
  }
}

/** Node's timer of the socket begins anew whenever some of what waits was taken. */
function cutIfStuck(request: FastifyRequest, { raw }: FastifyReply, drainMsMax: number): void {
  raw.setTimeout(drainMsMax, () => {
    // Where nothing waits for the client, it is the client that waits for the index.
    if (raw.writableLength === 0) return
    request.log.info({ ms: drainMsMax }, 'export cut: the client took nothing')
    raw.socket?.resetAndDestroy()
  })
}

async function* cutAtFailure(
  request: FastifyRequest,
  parts: AsyncGenerator<string, void>
): AsyncGenerator<string, void> {
  try {
    yield* parts
  } catch (error) {
    if (wasLeft(request, error)) return
    if (error instanceof Problem) request.log.info({ code: error.code, detail: error.message }, 'export cut')
    else request.log.error({ err: error }, 'export cut')
    // Behind a proxy that speaks HTTP/1.0 a plain end of the connection would look like the end of the list.
    request.raw.socket.resetAndDestroy()
    throw error
  }
}
