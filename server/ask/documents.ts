import ansible from '../../schemas/ansible.schema.json' with { type: 'json' }
import ecs from '../../schemas/ecs.schema.json' with { type: 'json' }
import event from '../../schemas/event.schema.json' with { type: 'json' }
import run from '../../schemas/run.schema.json' with { type: 'json' }
import server from '../../schemas/server.schema.json' with { type: 'json' }
import { problems } from '../errors.ts'
import { resultStatuses } from '../index/store.ts'

// The schemas of the answers, for /openapi.json, made of the schemas that the events are checked with: a
// field is described in one place. References are written out, since those files are not part of the API's
// description.

export interface Schema {
  $ref?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  [keyword: string]: unknown
}

const files: Record<string, unknown> = {
  'ansible.schema.json': ansible,
  'ecs.schema.json': ecs,
  'run.schema.json': run,
  'server.schema.json': server
}
/** Keywords that say nothing to a reader of the API. */
const left = new Set(['$ref', 'x-source', '$comment'])

const ecsFields = ecs.$defs
const ansibleFields = ansible.$defs
export const count = { type: 'integer', minimum: 0 } as const
export const timestamp = { type: 'string', format: 'date-time' } as const

/** An event as it is answered: as it was received, and what the server knows about it. */
export const indexedEvent: Schema = {
  title: 'IndexedEvent',
  description: 'An event as it was received, with what the server knows about it.',
  type: 'object',
  properties: {
    ...properties(writtenOut(event, 'event.schema.json')),
    event: extended(
      writtenOut(ecsFields.event, 'ecs.schema.json'),
      properties(writtenOut(server.$defs.event, 'server.schema.json'))
    ),
    playtrail: writtenOut(server.$defs.playtrail, 'server.schema.json')
  },
  required: [...event.required, 'playtrail'],
  additionalProperties: false
}

/** A run as it is answered: server/index/store.ts. */
export const runDocument: Schema = {
  title: 'Run',
  description: 'A run as its events tell it. What no event has said yet is absent.',
  type: 'object',
  properties: {
    '@timestamp': { ...timestamp, description: 'When the run started.' },
    run: { ...writtenOut(run.$defs.run, 'run.schema.json'), required: ['id', 'status'] },
    event: {
      type: 'object',
      properties: {
        start: { ...timestamp, description: 'When the run started.' },
        ...picked(writtenOut(ecsFields.event, 'ecs.schema.json'), ['end', 'duration', 'outcome'])
      },
      required: ['start'],
      additionalProperties: false
    },
    ...picked(writtenOut(event, 'event.schema.json'), [
      'user',
      'source',
      'observer',
      'process',
      'agent',
      'labels',
      'vcs',
      'ci',
      'awx',
      'error'
    ]),
    ansible: {
      description: 'What Ansible was asked to do, and how it ended.',
      type: 'object',
      properties: picked(writtenOut(ansibleFields.ansible, 'ansible.schema.json'), [
        'version',
        'playbook',
        'cli',
        'stats',
        'hosts'
      ]),
      additionalProperties: false
    },
    playtrail: {
      description: 'What the server knows about the run.',
      type: 'object',
      properties: {
        events: { ...count, description: 'Events of the run that are indexed.' },
        results: countsBy(
          resultStatuses,
          'Results of tasks on hosts by status, as far as they have arrived.'
        ),
        last_ingested: { ...timestamp, description: 'When the server received the newest event of the run.' },
        last_heard: {
          ...timestamp,
          description:
            'When the server received the newest event that a sender sent; what it says itself does not count.'
        },
        silences: {
          ...count,
          description: 'How often the server has closed the run because it had fallen silent.'
        }
      },
      required: ['events', 'results', 'last_ingested', 'silences'],
      additionalProperties: false
    }
  },
  required: ['@timestamp', 'run', 'event', 'playtrail'],
  additionalProperties: false
}

/** The schema of a field of an event, or of a group of fields such as `ansible.task`. */
export function eventField(name: string): Schema {
  let found: Schema | undefined = indexedEvent
  for (const step of name.split('.')) found = found?.properties?.[step]
  if (found === undefined) throw new Error(`schemas: events have no ${name}`)
  return found
}

/** An object with these members, and no others; all but `optional` are always there. */
export function objectOf(
  members: Record<string, Schema>,
  optional: readonly string[] = [],
  more: Schema = {}
): Schema {
  const required = Object.keys(members).filter((name) => !optional.includes(name))
  return { type: 'object', properties: members, required, additionalProperties: false, ...more }
}

/** How many there are with each of the statuses. */
export function countsBy(statuses: readonly string[], description: string): Schema {
  return objectOf(Object.fromEntries(statuses.map((status) => [status, count])), [], { description })
}

export function pageOf(item: Schema): Schema {
  return {
    description: 'One page of the list.',
    type: 'object',
    properties: {
      items: { type: 'array', items: item },
      next: {
        description: 'Give it as `cursor` to get the page after this one; null on the last page.',
        type: ['string', 'null']
      }
    },
    required: ['items', 'next'],
    additionalProperties: false
  }
}

/** The answers of a list in its forms, as JSON, NDJSON and CSV; `fields` may leave out any part of an item. */
export function listOf(item: Schema): Record<200 | 406, Schema> {
  const text = (description: string): object => ({ schema: { type: 'string', description } })
  return {
    200: {
      description: 'One page of the list as JSON, or all of it as NDJSON or CSV.',
      content: {
        'application/json': { schema: pageOf(withoutRequired(item)) },
        'application/x-ndjson': text('An item a line, as it stands in `items` of a page.'),
        'text/csv': text('RFC 4180, with a row of names: the `fields`, or those that are usual for the list.')
      }
    },
    406: problem('`not_acceptable`')
  }
}

/** The answer of a list whose page has more members than every page. */
export function withMembers(answer: object, members: Record<string, Schema>): Schema {
  const { content } = answer as { content: Record<string, { schema: Schema }> }
  const page = content['application/json']?.schema ?? {}
  const properties = { ...page.properties, ...members }
  const schema = { ...page, properties, required: [...(page.required ?? []), ...Object.keys(members)] }
  return { ...answer, content: { ...content, 'application/json': { schema } } }
}

/** An answer that is no answer: RFC 9457. */
export function problem(description: string): Schema {
  const schema = {
    title: 'Problem',
    type: 'object',
    properties: {
      type: { type: 'string', format: 'uri' },
      title: { type: 'string' },
      status: { type: 'integer' },
      code: {
        enum: Object.keys(problems),
        description: 'Name of the problem, which does not change: docs/api.md lists them.'
      },
      detail: { type: 'string', description: 'What was expected, what came, and what to do.' }
    },
    required: ['type', 'title', 'status', 'code', 'detail']
  }
  return { description, content: { 'application/problem+json': { schema } } }
}

/** The schema with every reference replaced by what it refers to; what stands beside a reference wins. */
function writtenOut(schema: unknown, file: string): Schema {
  return withoutReferences(schema, file) as Schema
}

function withoutReferences(node: unknown, file: string): unknown {
  if (Array.isArray(node)) return node.map((each) => withoutReferences(each, file))
  if (typeof node !== 'object' || node === null) return node
  const reference = '$ref' in node && typeof node.$ref === 'string' ? node.$ref : undefined
  const own = Object.entries(node)
    .filter(([keyword]) => !left.has(keyword))
    .map(([keyword, value]) => [keyword, withoutReferences(value, file)])
  return { ...(reference !== undefined && referred(reference, file)), ...Object.fromEntries(own) }
}

/** What `ecs.schema.json#/$defs/timestamp`, or `#/$defs/timestamp` within a file, refers to. */
function referred(reference: string, file: string): Schema {
  const [name, path = ''] = reference.split('#')
  const inFile = name || file
  let target = files[inFile]
  for (const step of path.split('/').slice(1))
    target = (target as Record<string, unknown> | undefined)?.[step]
  if (target === undefined) throw new Error(`schemas/${file}: there is no ${reference}`)
  return writtenOut(target, inFile)
}

function properties(schema: Schema): Record<string, Schema> {
  return schema.properties ?? {}
}

function picked(schema: Schema, names: readonly string[]): Record<string, Schema> {
  const all = Object.entries(properties(schema))
  return Object.fromEntries(all.filter(([name]) => names.includes(name)))
}

/** The schema of a part of what the schema describes. `x-required` tells clients what is there if no part was chosen. */
export function withoutRequired(schema: Schema): Schema {
  const { required, ...rest } = schema
  const part: Schema = required === undefined ? rest : { ...rest, 'x-required': required }
  if (schema.properties !== undefined) {
    const members = Object.entries(schema.properties)
    part.properties = Object.fromEntries(members.map(([name, inner]) => [name, withoutRequired(inner)]))
  }
  if (typeof schema.items === 'object' && schema.items !== null)
    part.items = withoutRequired(schema.items as Schema)
  return part
}

/** The schema of an object with more members, all of them required. */
function extended(schema: Schema, more: Record<string, Schema>): Schema {
  return {
    ...schema,
    properties: { ...schema.properties, ...more },
    required: [...(schema.required ?? []), ...Object.keys(more)]
  }
}
