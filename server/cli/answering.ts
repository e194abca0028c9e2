import { type Command, Option } from 'commander'
import { type Client, createClient } from '../../client/client.ts'
import { readConnection, urlOption } from './connection.ts'
import { withPager } from './pager.ts'
import type { Surroundings } from './surroundings.ts'

/** Options of every command that asks a server. */
export interface AskFlags {
  url?: string
  pager: boolean
}

export function addAskOptions(command: Command): Command {
  return command
    .addOption(urlOption())
    .addOption(new Option('--no-pager', 'do not show in $PAGER (less) what is longer than the screen'))
}

/** Lets `work` ask the server that the options and the environment name, and print into the pager where there is one. */
export async function answering(
  { url, pager }: AskFlags,
  surroundings: Surroundings,
  work: (client: Client, surroundings: Surroundings) => Promise<void>
): Promise<void> {
  const client = createClient(readConnection(url, surroundings.env))
  if (pager) await withPager(surroundings, (paged) => work(client, paged))
  else await work(client, surroundings)
}
