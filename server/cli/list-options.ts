import { Command, InvalidArgumentError, Option } from 'commander'
import type { Parameters } from './client.ts'
import { urlOption } from './connection.ts'

/** Options that the lists have in common. */
export interface ListOptions {
  url?: string
  query?: string
  playbook?: string
  host?: string
  user?: string
  status?: string
  from?: string
  to?: string
  limit: number
  all?: true
  json?: true
}

/** A command that prints a list: its filters, how much of it, and in which form. */
export function listCommand(name: string, statuses: readonly string[], itemsDefault: number): Command {
  return new Command(name)
    .option('-q, --query <query>', "what to look for, in Lucene's syntax: 'host:web-* AND status:changed'")
    .option('--playbook <playbook>', 'name or path of the playbook; * stands for any characters')
    .option('--host <host>', 'name of a managed host; * stands for any characters')
    .option('--user <user>', 'name of whoever did it')
    .addOption(new Option('--status <status>', 'how it ended').choices(statuses))
    .option('--from <time>', 'not before this time: RFC 3339, or such as now-7d')
    .option('--to <time>', 'before this time: RFC 3339, or such as now-1h')
    .addOption(new Option('--limit <count>', 'how many to show').argParser(readCount).default(itemsDefault))
    .addOption(new Option('--all', 'show all of them').conflicts('limit'))
    .option('--json', 'print NDJSON: one object a line, as the API gives it')
    .addOption(urlOption())
}

/** The filters as the API names them. */
export function filtersOf({ query, playbook, host, user, status, from, to }: ListOptions): Parameters {
  return { q: query, playbook, host, user, status, from, to }
}

export function itemsMaxOf({ all, limit }: ListOptions): number {
  return all ? Number.POSITIVE_INFINITY : limit
}

function readCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('Expected a whole number above 0.')
}
