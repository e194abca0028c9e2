import fc from 'fast-check'
import { valuesOf } from '../../server/ask/query/closed-sets.ts'
import { type Field, field, fieldNames } from '../../server/ask/query/fields.ts'
import { lists } from '../../server/ask/query/shapes.ts'
import type { Event } from '../../server/event-types.ts'
import { runId } from '../index/fixtures.ts'
import { addresses, dates, keywords, labelNames, longKeywords, numbers, texts } from './vocabulary.ts'

const DAY_MS = 86_400_000

/** What an event needs, and what the server says of it: given by the place in the corpus. */
const GIVEN =
  /^(?:@timestamp|event\.(?:id|sequence|action|dataset|ingested)|run\.id|playtrail\..*|status|labels)$/

/** Fields whose values are always shorter than those that Elasticsearch leaves out. */
const SHORT = new Set(['host.name', 'run.name', 'user.name'])

/** A field of its own for each place in a document. */
const leaves: readonly Field[] = fieldNames
  .map(field)
  .filter(
    ({ name, path }, at, all) =>
      !GIVEN.test(name) && all.findIndex((one) => one.path.join() === path.join()) === at
  )

/** Fields that questions are asked of more often than of others. */
export const common: readonly Field[] = [
  'host.name',
  'host.groups',
  'user.name',
  'run.name',
  'run.status',
  'ansible.result.status',
  'ansible.task.name',
  'ansible.task.tags',
  'ansible.result.cmd',
  'ansible.result.stdout',
  'ansible.result.warnings',
  'ansible.result.rc',
  'ansible.result.ignored',
  'ansible.diff.path',
  'ansible.diff.unified',
  'event.duration',
  'event.start',
  'source.ip'
].map(field)

/** Events of one corpus: day `day` from the year 2000 on, which keeps corpora apart in an index that they share. */
export function corpus(day: number): fc.Arbitrary<Event[]> {
  return fc
    .array(drafts, { minLength: 30, maxLength: 40 })
    .map((all) => all.map((draft, at) => eventOf(draft, day, at)))
}

export function dayOf(day: number): { fromMs: number; toMs: number } {
  const fromMs = Date.UTC(2000, 0, 1) + day * DAY_MS
  return { fromMs, toMs: fromMs + DAY_MS }
}

interface Draft {
  run: number
  action: string
  microseconds: number
  labels: Record<string, string> | undefined
  values: [Field, unknown][]
}

const valued = (from: readonly Field[]): fc.Arbitrary<[Field, unknown]> =>
  fc.constantFrom(...from).chain((one) => anyValue(one).map((value): [Field, unknown] => [one, value]))

const drafts: fc.Arbitrary<Draft> = fc.record({
  run: fc.nat(2),
  action: fc.constantFrom('host.result', 'item.result', 'task.started', 'run.heartbeat'),
  microseconds: fc.constantFrom(0, 1, 999, 1_000, 1_001, 86_399_999_999),
  labels: fc.option(fc.dictionary(labelNames, keywords, { maxKeys: 3 }), { nil: undefined }),
  values: fc
    .tuple(fc.array(valued(common), { maxLength: 10 }), fc.array(valued(leaves), { maxLength: 12 }))
    .map((each) => each.flat())
})

/** A value of the field as an event has it: a list where the schema says so, which may be empty. */
function anyValue(one: Field): fc.Arbitrary<unknown> {
  const single = singleOf(one)
  return lists.has(one.path.join('.')) ? fc.array(single, { maxLength: 3 }) : single
}

function singleOf({ name, kind }: Field): fc.Arbitrary<unknown> {
  const closed = valuesOf(name)
  if (closed !== undefined) return fc.constantFrom(...closed)
  switch (kind) {
    case 'text':
      return texts
    case 'number':
      return numbers
    case 'date':
      return dates
    case 'ip':
      return addresses
    case 'boolean':
      return fc.boolean()
    default:
      // Where the schema has no such lengths, SQLite's columns do not look at them.
      if (SHORT.has(name))
        return fc.oneof(
          keywords,
          texts.filter((text) => text.length <= 512)
        )
      return fc.oneof({ weight: 12, arbitrary: keywords }, { weight: 6, arbitrary: texts }, longKeywords)
  }
}

function eventOf({ run, action, microseconds, labels, values }: Draft, day: number, at: number): Event {
  const { fromMs } = dayOf(day)
  const id = runId(fromMs + run, run)
  const time = new Date(fromMs + Math.floor(microseconds / 1000)).toISOString().slice(0, -1)
  const event = {
    '@timestamp': `${time}${String(microseconds % 1000).padStart(3, '0')}Z`,
    event: { id: `${id}:${at}`, sequence: at, action, dataset: 'ansible.result' },
    run: { id },
    ...(labels !== undefined && { labels })
  }
  for (const [{ path }, value] of values) put(event, path, value)
  return event as unknown as Event
}

/** Into the last object of a list of objects, or a new one for every other value. */
function put(target: object, path: readonly string[], value: unknown): void {
  let inner = target as Record<string, unknown>
  for (const [at, key] of path.slice(0, -1).entries()) {
    const isList = lists.has(path.slice(0, at + 1).join('.'))
    inner[key] ??= isList ? [] : {}
    const next = inner[key]
    if (Array.isArray(next)) {
      const last: unknown = next.at(-1)
      if (last === undefined || Object.hasOwn(Object(last), path.at(-1) ?? '')) next.push({})
      inner = next.at(-1) as Record<string, unknown>
    } else inner = next as Record<string, unknown>
  }
  inner[path.at(-1) ?? ''] = value
}
