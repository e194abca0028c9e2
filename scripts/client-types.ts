import { isDeepStrictEqual } from 'node:util'
import { compile } from 'json-schema-to-typescript'
import { limits } from '../server/limits.ts'
import type { OpenApi, Operation } from './openapi.ts'
import type { Schema } from './schemas.ts'

/** client/types.ts: what can be asked, with which parameters, and what is answered. */
export async function clientTypes({ paths }: OpenApi): Promise<string> {
  const routes: Record<string, Schema> = {}
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations))
      routes[`${method.toUpperCase()} ${path}`] = routeOf(operation)
  }
  const definitions: Record<string, Schema> = {}
  const root = named(objectOf(routes), definitions)
  const schema = { ...root, title: 'Routes', description: 'Every route of /openapi.json.', definitions }
  const types = await compile(schema, 'Routes', {
    bannerComment: '// Made from /openapi.json by `npm run generate`. Do not edit.',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    style: { semi: false, singleQuote: true, printWidth: 110 }
  })
  return `${types}\n/** The largest \`limit\` of a list. */\nexport const PAGE_ITEMS_MAX = ${limits.pageItemsMax}\n`
}

function routeOf({ summary, parameters = [], responses }: Operation): Schema {
  const place = (name: string): Schema => {
    const those = parameters.filter((parameter) => parameter.in === name)
    return objectOf(
      Object.fromEntries(those.map(({ name, schema, description }) => [name, { description, ...schema }])),
      those.filter(({ required }) => required === true).map(({ name }) => name)
    )
  }
  const answers = responses['200']?.content ?? {}
  const streams = Object.keys(answers).filter((type) => type !== 'application/json')
  const answer = answers['application/json']?.schema ?? { type: 'string' }
  const problem = Object.entries(responses).flatMap(([status, { content }]) =>
    status === '200' ? [] : (content?.['application/problem+json']?.schema ?? [])
  )
  const route: Record<string, Schema> = { path: place('path'), query: place('query'), answer }
  if (streams.length > 0) route.stream = { enum: streams }
  if (problem[0] !== undefined) route.problem = problem[0]
  return { ...objectOf(route), description: summary }
}

function objectOf(properties: Record<string, Schema>, required = Object.keys(properties)): Schema {
  return { type: 'object', properties, required, additionalProperties: false }
}

/**
 * The schema with everything that has a title put into `definitions` and referred to from where it stood. Of two
 * that differ and have one title, the second stays where it is.
 */
function named(node: Schema, definitions: Record<string, Schema>): Schema {
  if (Array.isArray(node)) return node.map((each) => named(each, definitions)) as Schema
  if (typeof node !== 'object' || node === null) return node
  const inner = Object.fromEntries(
    Object.entries(node)
      // A property may be called `title`, too.
      .filter(([keyword, value]) => !isForReaders.has(keyword) && !(keyword === 'title' && isText(value)))
      // What `fields` may leave out is there otherwise, and types tell of whole items.
      .map(([keyword, value]) => [
        keyword === 'x-required' ? 'required' : keyword,
        named(value as Schema, definitions)
      ])
  ) as Schema
  const { title } = node
  // A schema that only describes lets anything through.
  if (Object.keys(inner).join() === 'description' && isText(inner.description))
    return { ...inner, tsType: 'unknown' }
  if (!isText(title)) return inner
  const known = definitions[title]
  if (known !== undefined && !isDeepStrictEqual(known, inner)) return inner
  definitions[title] = inner
  return { $ref: `#/definitions/${title}` }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** What says nothing about a type. */
const isForReaders = new Set(['examples', 'example', 'default'])
