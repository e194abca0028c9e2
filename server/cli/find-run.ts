import type { Client } from '../../client/client.ts'
import type { Run } from '../../client/types.ts'
import { limits } from '../limits.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

const ID_PATTERN = new RegExp(`^[0-9a-f-]{${limits.runIdBeginningCharactersMin},36}$`)

/** What a run may be called on the command line; for the help. */
export const runNames = 'id of the run, the beginning of one, or `last` for the newest run'

/** The run of that name, as `runNames` says. Rejects with a Failure when there is none, or more than one. */
export async function findRun(name: string, client: Client): Promise<Run> {
  if (name === 'last') return newestRun(client)
  const id = name.toLowerCase()
  if (ID_PATTERN.test(id)) return client.run(id)
  throw new Failure(
    exitCodes.usage,
    `Expected the id of a run, its first ${limits.runIdBeginningCharactersMin} characters or more, or last; got "${name}".`,
    'playtrail runs shows the ids.'
  )
}

async function newestRun(client: Client): Promise<Run> {
  for await (const { items } of client.runs({}, { itemsMax: 1 })) {
    for (const run of items) return run
  }
  throw new Failure(exitCodes.refused, 'There is no run yet.', 'Run a playbook with the callback enabled.')
}
