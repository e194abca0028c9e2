import { readFileSync } from 'node:fs'
import type { JSONSchema } from 'json-schema-to-typescript'

export type Schema = JSONSchema & { $id?: string; 'x-source'?: string }

/** The schema files in the order of the event: the document first, then who owns which fields. */
export const schemaNames = ['event', 'ecs', 'run', 'ansible', 'server'] as const

export function readSchema(name: string): Schema {
  return JSON.parse(readFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), 'utf8'))
}
