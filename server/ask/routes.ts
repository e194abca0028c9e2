import type { FastifyInstance } from 'fastify'
import type { Page, Store } from '../index/store.ts'
import { encodeCursor, type List } from './cursors.ts'

export interface AskOptions {
  store: Store
  /** The clock that `now` is read from. */
  now?: () => number
}

/** A list as it is answered. */
export interface Answer<Item> {
  items: Item[]
  next: string | null
}

export function answerOf<Item>(list: List, { items, next }: Page<Item>): Answer<Item> {
  return { items, next: next === undefined ? null : encodeCursor(list, next) }
}

/**
 * Leaves the schemas of these routes to /openapi.json. parameters.ts checks what they say, and answers with
 * what was expected; Fastify would see text where the schema says number.
 */
export function documentOnly(app: FastifyInstance): void {
  app.setValidatorCompiler(() => () => true)
}
