import { Problem } from '../errors.ts'
import type { Run, Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import { invalid } from './parameters.ts'

/** Runs that a beginning stands for and that are named in the answer; that there are more is said. */
const NAMED_MAX = 5
const ID_CHARACTERS = 36
const SHAPE = /^[0-9a-f-]+$/

/** The part of the path that names a run, for /openapi.json. */
export const runIdSchema = {
  type: 'object',
  required: ['id'],
  properties: {
    id: {
      type: 'string',
      description: `Id of the run, or its beginning of at least ${limits.runIdBeginningCharactersMin} characters.`,
      examples: ['019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42'],
      minLength: limits.runIdBeginningCharactersMin,
      maxLength: ID_CHARACTERS
    }
  }
}

/**
 * The run whose id is `given` or begins with it. Throws Problem if there is none, or more than one. `parameter` is
 * what the request calls it, if not `id`.
 */
export async function findRun(
  store: Pick<Store, 'runs'>,
  given: string,
  signal: AbortSignal,
  parameter = 'id'
): Promise<Run> {
  // UUIDs are written in lower case and read in any.
  const id = given.toLowerCase()
  const min = limits.runIdBeginningCharactersMin
  if (!SHAPE.test(id) || id.length < min || id.length > ID_CHARACTERS) {
    throw invalid(
      parameter,
      `a run's id, or its beginning of at least ${min} characters`,
      given.slice(0, 100)
    )
  }
  const { items, next } = await store.runs({ id, limit: NAMED_MAX }, signal)
  const [run, another] = items
  if (run === undefined)
    throw new Problem('run_not_found', `No run begins with "${id}". GET /v1/runs lists them.`)
  if (another === undefined) return run
  const ids = items.map((item) => item.run.id)
  const count = next === undefined ? `${ids.length}` : `More than ${ids.length}`
  throw new Problem(
    'run_ambiguous',
    `${count} runs begin with "${id}", among them ${ids.join(', ')}. Give more of the id.`,
    { runs: ids }
  )
}

/** The id of the run that the parameter `run` names; undefined if it is absent. */
export async function runIdOf(
  store: Pick<Store, 'runs'>,
  given: string | undefined,
  signal: AbortSignal
): Promise<string | undefined> {
  return given === undefined ? undefined : (await findRun(store, given, signal, 'run')).run.id
}
