import type { FastifyInstance } from 'fastify'
import type { Store } from '../index/store.ts'

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

/**
 * Leaves the schemas of these routes to /openapi.json. parameters.ts checks what they say, and answers with
 * what was expected; Fastify would see text where the schema says number.
 */
export function documentOnly(app: FastifyInstance): void {
  app.setValidatorCompiler(() => () => true)
}
