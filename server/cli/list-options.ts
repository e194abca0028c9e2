import { Command, InvalidArgumentError, Option } from 'commander'
import type { RunKind } from '../index/store.ts'
import { type AskFlags, addAskOptions } from './answering.ts'

// A list of its own: the command line does not load the service.
const runKinds = ['playbook', 'adhoc', 'console', 'pull', 'job', 'service'] as const satisfies RunKind[]

/** Options that the lists have in common. */
export interface ListFlags extends AskFlags {
  query?: string
  playbook?: string
  host?: string
  user?: string
  status?: string
  kind?: string
  from?: string
  to?: string
  sort?: string
  limit: number
  all?: true
  json?: true
  csv?: true
}

const filterOptions = {
  playbook: ['--playbook <playbook>', 'name or path of the playbook; * stands for any characters'],
  host: ['--host <host>', 'name of a managed host; * stands for any characters'],
  user: ['--user <user>', 'name of whoever did it']
} as const

export interface ListShape {
  name: string
  /** Arguments as commander writes them, such as `<name>`. */
  takes?: string
  description: string
  /** Below the help: one command line, and what it answers. */
  example: readonly [command: string, meaning: string]
  filters?: readonly (keyof typeof filterOptions)[]
  /** Choices of `--status`. */
  statuses?: readonly string[]
  /** It has `--kind`. */
  hasKinds?: true
  /** Choices of `--sort`, the default first. */
  sorts?: readonly string[]
  itemsDefault: number
}

/** A command that prints a list: its filters, how much of it, and in which form. */
export function listCommand(shape: ListShape): Command {
  const { name, description, example, filters = [], statuses, hasKinds, sorts, itemsDefault } = shape
  const command = new Command(name)
    .description(description)
    .option('-q, --query <query>', "what to look for, in Lucene's syntax: 'host:web-* AND status:changed'")
  for (const [flag, meaning] of filters.map((filter) => filterOptions[filter])) command.option(flag, meaning)
  if (statuses !== undefined)
    command.addOption(new Option('--status <status>', 'how it ended').choices(statuses))
  if (hasKinds) command.addOption(kindOption(runKinds))
  command
    .option('--from <time>', 'not before this time: RFC 3339, or such as now-7d')
    .option('--to <time>', 'before this time: RFC 3339, or such as now-1h')
  if (sorts?.[0] !== undefined) command.addOption(sortOption(sorts, sorts[0]))
  command
    .addOption(new Option('--limit <count>', 'how many to show').argParser(readCount).default(itemsDefault))
    .addOption(new Option('--all', 'show all of them').conflicts('limit'))
  return addExample(addAskOptions(addForms(command)), example)
}

/** The runs of the service itself are shown to whoever asks for them. */
export function kindOption(kinds: readonly string[]): Option {
  return new Option('--kind <kind>', 'what was executed; service: the life of the service itself').choices(
    kinds
  )
}

/** `duration` means `-duration` where that is the only way to sort by it. */
function sortOption(sorts: readonly string[], fallback: string): Option {
  const option = new Option('--sort <order>', 'what comes first').choices(sorts).default(fallback)
  const choose = option.parseArg
  return option.argParser((given, before) =>
    choose?.(sorts.includes(given) || !sorts.includes(`-${given}`) ? given : `-${given}`, before)
  )
}

/** The forms that are for programs. */
export function addForms(command: Command): Command {
  return command
    .option('--json', 'print NDJSON: one object a line, as the API gives it')
    .addOption(new Option('--csv', 'print CSV, as the API gives it').conflicts('json'))
}

export function addExample(command: Command, [line, meaning]: readonly [string, string]): Command {
  return command.addHelpText('after', `\nExample:\n  ${line}\n      ${meaning}`)
}

/** The filters as the API names them; those that were not given are absent. */
export function filtersOf({
  query,
  playbook,
  host,
  user,
  status,
  kind,
  from,
  to,
  sort
}: Partial<ListFlags>): Readonly<Record<string, string>> {
  const filters = { q: query, playbook, host, user, status, kind, from, to, sort }
  return Object.fromEntries(Object.entries(filters).filter((entry) => entry[1] !== undefined)) as Record<
    string,
    string
  >
}

export function itemsMaxOf({ all, limit }: Pick<ListFlags, 'all' | 'limit'>): number {
  return all ? Number.POSITIVE_INFINITY : limit
}

export function readCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError(
    `Expected a whole number from 1 to ${Number.MAX_SAFE_INTEGER}; --all shows all.`
  )
}
