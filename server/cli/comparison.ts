import { statusSpan } from './cells.ts'
import type { Comparison } from './compare.ts'
import { printable } from './printable.ts'
import { shortId } from './run-id.ts'
import type { Paint } from './style.ts'
import { type Cell, type Column, createTable } from './table.ts'
import { durationText, localIso, relativeTime } from './time.ts'
import { taskTitle } from './words.ts'

/** Names that are written out; more are counted. */
const NAMES_SHOWN_MAX = 20

interface Look {
  paint: Paint
  width: number | undefined
  now: Date
}

interface Listed<Item> {
  items: Item[]
  more: number
}

const playbooks: Record<Comparison['playbook'], string> = {
  same: 'the same',
  same_name: 'of the same name, in another place or in one that nobody told',
  different: 'different ones'
}

/** Two runs, and below them what differs; sections without a difference are left out. */
export function comparisonText(comparison: Comparison, look: Look): string {
  const { a, b, playbook, differences, hosts, tasks, results } = comparison
  const { paint } = look
  const sections = [
    runsText({ a, b }, look),
    `${paint('dim', 'Playbooks:')} ${playbooks[playbook] ?? printable(playbook)}\n`,
    section('What they were, and were asked', { items: differences, more: 0 }, differenceRow, look),
    section('Results', results, resultRow, look),
    section('Durations of tasks', tasks.durations, durationRow, look),
    namesText('Hosts of A alone', hosts.only_a, ({ host }) => host.name, look),
    namesText('Hosts of B alone', hosts.only_b, ({ host }) => host.name, look),
    namesText('Tasks of A alone', tasks.only_a, ({ ansible }) => taskTitle(ansible.task), look),
    namesText('Tasks of B alone', tasks.only_b, ({ ansible }) => taskTitle(ansible.task), look)
  ].filter((text) => text !== '')
  if (sections.length === 2) sections.push('They do not differ.\n')
  return sections.join('\n')
}

function runsText({ a, b }: Pick<Comparison, 'a' | 'b'>, { paint, width, now }: Look): string {
  const titles = ['', 'STARTED', 'STATUS', 'PLAYBOOK', 'USER', 'ID']
  const columns = titles.map((title): Column => ({ title, isFlexible: title === 'PLAYBOOK' }))
  const row = (name: string, { run, event, user }: Comparison['a']): Cell[] => [
    [{ text: name, format: 'bold' }],
    relativeTime(new Date(event.start), now),
    [statusSpan(run.status)],
    run.name ?? '',
    user?.name ?? '',
    shortId(run.id)
  ]
  return createTable({ columns, width, paint })([row('A', a), row('B', b)])
}

/** How an item of a list looks in a table. */
type RowOf<Item> = ((item: Item) => Cell[]) & { columns: readonly Column[] }

function section<Item>(title: string, list: Listed<Item>, rowOf: RowOf<Item>, look: Look): string {
  if (list.items.length === 0) return ''
  const { paint, width } = look
  const rows = createTable({ columns: rowOf.columns, width, paint })(list.items.map(rowOf))
  return `${paint('bold', title)}\n${rows}${moreText(list.more)}`
}

const differenceRow = Object.assign(
  ({ field, a, b }: Comparison['differences'][number]): Cell[] => [
    field,
    valueText(field, a),
    valueText(field, b)
  ],
  { columns: [{ title: 'FIELD' }, { title: 'A', isFlexible: true }, { title: 'B', isFlexible: true }] }
)

const resultRow = Object.assign(
  ({ host, ansible, a, b }: Comparison['results']['items'][number]): Cell[] => [
    host.name,
    taskTitle(ansible.task),
    outcomeCell(a),
    outcomeCell(b)
  ],
  {
    columns: [
      { title: 'HOST', isFlexible: true },
      { title: 'TASK', isFlexible: true },
      { title: 'A' },
      { title: 'B' }
    ]
  }
)

const durationRow = Object.assign(
  ({ ansible, a, b, ratio }: Comparison['tasks']['durations']['items'][number]): Cell[] => [
    taskTitle(ansible.task),
    durationText(a),
    durationText(b),
    [{ text: `${ratio}×`, format: ratio > 1 ? 'red' : 'green' }]
  ],
  {
    columns: [
      { title: 'TASK', isFlexible: true },
      { title: 'A', align: 'right' as const },
      { title: 'B', align: 'right' as const },
      { title: 'B ÷ A', align: 'right' as const }
    ]
  }
)

function outcomeCell(outcome: Comparison['results']['items'][number]['a']): Cell {
  if (outcome === undefined) return [{ text: 'none', format: 'dim' }]
  const note = outcome.ignored ? ' (ignored)' : outcome.rescued ? ' (rescued)' : ''
  return [statusSpan(outcome.status), { text: note, format: 'dim' }]
}

/** A value of a run as its head shows it: lists with commas, durations and times as people say them. */
function valueText(field: string, value: unknown): string {
  if (value === undefined) return '–'
  if (field === 'event.duration' && typeof value === 'number') return durationText(value)
  if (field === '@timestamp' && typeof value === 'string') return localIso(new Date(value))
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function namesText<Item>(
  title: string,
  list: Listed<Item>,
  nameOf: (item: Item) => string,
  { paint }: Look
): string {
  if (list.items.length === 0) return ''
  const shown = list.items.slice(0, NAMES_SHOWN_MAX)
  const lines = shown.map((item) => `  ${printable(nameOf(item))}\n`).join('')
  return `${paint('bold', title)}\n${lines}${moreText(list.more + list.items.length - shown.length)}`
}

function moreText(more: number): string {
  return more === 0 ? '' : `  … and ${more} more\n`
}
