import { readFileSync } from 'node:fs'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { Problem } from '../errors.ts'
import type { Event } from '../event-types.ts'

/** A refusal, and where in the event its reason is (RFC 6901). */
export interface Refusal {
  problem: Problem
  pointer: string
}

const schemaNames = ['ecs', 'run', 'ansible'] as const

/** Checks an event against schemas/ and the rules that a schema cannot say; undefined means it is good. */
export function createValidator(): (event: Event) => Refusal | undefined {
  const matchesSchema = compileEventSchema()
  return (event) => {
    if (matchesSchema(event)) return reservedProvider(event) ?? idMismatch(event)
    // Of all that is wrong the first is named; a failed `if` says nothing, its `then` does.
    const error = matchesSchema.errors?.find(({ keyword }) => keyword !== 'if')
    return error && refusalOf(error)
  }
}

/** The schema of an event, as a file of the repository. */
export function readEventSchema(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'))
}

function compileEventSchema(): ValidateFunction {
  // Nothing is coerced, filled in or removed: evidence is not edited.
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false
  })
  addFormats.default(ajv)
  ajv.addVocabulary(['x-source'])
  for (const name of schemaNames) ajv.addSchema(readEventSchema(name))
  return ajv.compile(readEventSchema('event'))
}

/** Only the server itself says that a run fell silent, and that never comes from outside. */
function reservedProvider({ event }: Event): Refusal | undefined {
  if (event.provider !== 'server') return undefined
  return {
    pointer: '/event/provider',
    problem: new Problem(
      'provider_reserved',
      'event.provider: expected callback or shipper; got "server", which is the service\'s own and never accepted from a sender.'
    )
  }
}

/** `event.id` is made of `run.id` and `event.sequence`, so that a gap or a forged place shows. */
function idMismatch(event: Event): Refusal | undefined {
  const run = event.run?.id
  if (run === undefined) return undefined
  const expected = `${run}:${event.event.provider === 'shipper' ? 's' : ''}${event.event.sequence ?? ''}`
  if (event.event.id === expected) return undefined
  return {
    pointer: '/event/id',
    problem: new Problem(
      'event_id_mismatch',
      `event.id: expected "${expected}", made of run.id and event.sequence; got "${event.event.id}".`
    )
  }
}

function refusalOf(error: ErrorObject): Refusal {
  const [pointer, expected] = explain(error)
  const field = pointer.slice(1).replaceAll('/', '.') || 'the event'
  return { pointer, problem: new Problem('event_invalid', `${field}: ${expected}`) }
}

/** Where it is wrong, and what was expected there, in words. */
function explain(error: ErrorObject): [pointer: string, expected: string] {
  const { keyword, params, instancePath: at } = error
  switch (keyword) {
    case 'additionalProperties':
      return [
        `${at}/${escaped(params.additionalProperty)}`,
        'this field is not known, and fields that are not known are refused. docs/events.md lists them; your own go under labels.'
      ]
    case 'required':
      return [`${at}/${escaped(params.missingProperty)}`, 'this field is required here, and is missing.']
    case 'enum':
      return [at, `expected one of ${params.allowedValues.join(', ')}.`]
    case 'type':
      return [at, `expected ${Array.isArray(params.type) ? params.type.join(' or ') : params.type}.`]
    case 'format':
      return [at, `expected a value of the form ${params.format}.`]
    case 'const':
      return [at, `expected ${JSON.stringify(params.allowedValue)}.`]
    default:
      return [at, `it ${error.message ?? 'is not valid'}.`]
  }
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
