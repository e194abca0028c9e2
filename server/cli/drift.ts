import type { Command } from 'commander'
import type { Answer, Client, Item } from '../../client/client.ts'
import { answerList } from './answer-list.ts'
import { answering } from './answering.ts'
import { timeSpan } from './cells.ts'
import { filtersOf, type ListFlags, listCommand } from './list-options.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'
import { relativeTime } from './time.ts'
import { counted, taskTitle } from './words.ts'

const DRIFT_DEFAULT = 50

const columns: readonly Column[] = [
  { title: 'HOST', isFlexible: true },
  { title: 'TASK', isFlexible: true },
  { title: 'FILES', isFlexible: true },
  { title: 'PLAYBOOK', isFlexible: true },
  { title: 'SINCE' },
  { title: 'CHECKS', align: 'right' },
  { title: 'LAST CHECK' }
]

/** `playtrail drift`: what dry runs say would be changed, and since when. */
export function driftCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand({
    name: 'drift',
    description: 'list drift: what runs with --check say would be changed, on which host, and since when',
    example: [
      "playtrail drift --host 'web-*'",
      'where the web servers are not as their playbooks want them; 30 days back unless --from says otherwise'
    ],
    filters: ['playbook', 'host'],
    itemsDefault: DRIFT_DEFAULT
  }).action((flags: ListFlags) =>
    answering(flags, surroundings, (client, paged) => listDrift(flags, client, paged))
  )
}

async function listDrift(flags: ListFlags, client: Client, surroundings: Surroundings): Promise<void> {
  let checked: Answer<'GET /v1/drift'>['checked'] | undefined
  const now = surroundings.now()
  await answerList(
    client,
    { route: 'GET /v1/drift', path: {}, filters: filtersOf(flags) },
    flags,
    surroundings,
    {
      columns,
      onPage: (page) => {
        checked = page.checked
      },
      rowsOf: (drift) => drift.map((item) => rowOf(item, now)),
      nothingFound: () => noDriftText(checked, now)
    }
  )
  if (checked === undefined || checked.runs === 0 || flags.json) return
  await print(surroundings.stderr, `${checkedText(checked, now)}\n`)
}

function rowOf({ host, run, ansible, paths, since, runs, last }: Item<'GET /v1/drift'>, now: Date): Cell[] {
  return [
    host.name,
    taskTitle(ansible.task),
    paths.join(', '),
    run?.name ?? '',
    [timeSpan(since, now)],
    String(runs),
    [
      timeSpan(last['@timestamp'], now),
      { text: last.user === undefined ? '' : ` ${last.user.name}`, format: 'dim' }
    ]
  ]
}

type Checked = Answer<'GET /v1/drift'>['checked']

/** No drift is something else than nobody having looked. */
function noDriftText(checked: Checked | undefined, now: Date): string {
  if (checked === undefined || checked.runs === 0) {
    const [from, to] = [checked?.from, checked?.to].map((time) => relativeTime(new Date(time ?? ''), now))
    const time = checked === undefined ? '' : ` from ${from} to ${to}`
    return `Nobody has looked${time}: run a playbook with --check --diff, or reach further back with --from.`
  }
  return 'No drift.'
}

function checkedText({ runs, last }: Checked, now: Date): string {
  const newest = last === undefined ? '' : `, the last ${relativeTime(new Date(last['@timestamp']), now)}`
  return `${counted(runs, 'check run')} in this time${newest}.`
}
