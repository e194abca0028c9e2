import type { Connection } from './asking.ts'
import type { Estate, Task } from './estate.ts'
import { historyDays, historyEndMs } from './history.ts'
import { type Random, randomFrom } from './random.ts'
import { absentWords, frequentWord, rareWords } from './texts.ts'

const SEED = 200
const DAY_MS = 86_400_000
const RUNS_KNOWN_MAX = 1_000
const parts = ['', '/plays', '/tasks', '/hosts', '/matrix', '/results']

/** What the questions are about. */
export interface Subjects extends Estate {
  /** Ids of the newest runs. */
  runs: readonly string[]
  /** Parts of a run that the server has routes for. */
  runParts: readonly string[]
}

export interface Question {
  name: string
  /** The p95 to reach at five million events, in milliseconds. */
  reachMs?: number
  /** The requests of one time that it is asked, with other arguments each time. */
  paths(subjects: Subjects, random: Random): string[]
}

/** Each question is asked `count` times, with arguments that are the same in every run of the benchmark. */
export function asked(question: Question, subjects: Subjects, count: number): string[][] {
  const random = randomFrom(SEED)
  return Array.from({ length: count }, () => question.paths(subjects, random))
}

export async function subjectsOf(ask: Connection['ask'], estate: Estate): Promise<Subjects> {
  const { body } = await ask(`/v1/runs?limit=${RUNS_KNOWN_MAX}`)
  const { items } = JSON.parse(body.toString()) as { items: { run: { id: string } }[] }
  const runs = items.map(({ run }) => run.id)
  const isThere = await Promise.all(
    parts.map(async (part) => (await ask(`/v1/runs/${runs[0]}${part}`)).status === 200)
  )
  return { ...estate, runs, runParts: parts.filter((_, at) => isThere[at]) }
}

const history = `from=${new Date(historyEndMs - historyDays * DAY_MS).toISOString()}&to=${new Date(historyEndMs).toISOString()}`

export const questions: readonly Question[] = [
  one('run list', () => '/v1/runs', 50),
  one('run list of a playbook', ({ playbooks }, r) => `/v1/runs?playbook=${r.pick(playbooks).name}`, 50),
  one('run list of a host', ({ hosts }, r) => `/v1/runs?host=${r.pick(hosts).name}`, 50),
  one('run list of a user, failed', ({ users }, r) => `/v1/runs?user=${r.pick(users)}&status=failed`, 50),
  one('run list with q: production, tags', ({ playbooks }, r) =>
    search('/v1/runs', `labels.environment:production AND ansible.cli.tags:${r.pick(r.pick(playbooks).tags)}`)
  ),
  {
    name: 'run page',
    reachMs: 50,
    paths: ({ runs, runParts }, random) => {
      const run = random.pick(runs)
      return runParts.map((part) => `/v1/runs/${run}${part}`)
    }
  },
  ...parts.map((part) => one(`run${part}`, ({ runs }, r) => `/v1/runs/${r.pick(runs)}${part}`, 50)),
  one('results of a run, failed', ({ runs }, r) => `/v1/runs/${r.pick(runs)}/results?status=failed`, 50),
  one('host history', ({ hosts }, r) => `/v1/events?action=host.result&host=${r.pick(hosts).name}`, 50),
  one('host', ({ hosts }, r) => `/v1/hosts/${r.pick(hosts).name}`, 50),
  one('runs of a host', ({ hosts }, r) => `/v1/hosts/${r.pick(hosts).name}/runs`, 50),
  one('hosts', () => '/v1/hosts', 300),
  one('hosts of a week', (_, r) => `/v1/hosts?${days(r, 7)}`, 300),
  one('playbooks', () => '/v1/playbooks', 300),
  one('tasks', () => '/v1/tasks', 300),
  one('task', ({ playbooks }, r) => `/v1/tasks/${taskOf(playbooks, r).key}`, 300),
  one('tasks of a playbook', ({ playbooks }, r) => `/v1/tasks?playbook=${r.pick(playbooks).name}`, 300),
  one('users', () => '/v1/users', 300),
  one('events, newest', () => '/v1/events', 50),
  one('events of a day', (_, r) => `/v1/events?${days(r, 1)}`, 50),
  one('search: host', ({ hosts }, r) => search('/v1/events', `host.name:${r.pick(hosts).name}`), 50),
  one(
    'search: host, changed',
    ({ hosts }, r) => search('/v1/events', `host.name:${r.pick(hosts).name} AND status:changed`),
    50
  ),
  one(
    'search: task',
    ({ playbooks }, r) => search('/v1/events', `ansible.task.key:${taskOf(playbooks, r).key}`),
    50
  ),
  one('search: failed', (_, r) => `${search('/v1/events', 'status:failed')}&${days(r, 30)}`, 50),
  one('text: a frequent word', () => search('/v1/events', frequentWord)),
  one('text: a rare word', (_, r) => search('/v1/events', r.pick(rareWords))),
  one('text: a word that is nowhere', (_, r) => search('/v1/events', r.pick(absentWords))),
  one('text: a frequent word on a host', ({ hosts }, r) =>
    search('/v1/events', `host.name:${r.pick(hosts).name} AND ${frequentWord}`)
  ),
  one('facets over everything', () => '/v1/facets', 300),
  one('facets of a week', (_, r) => `/v1/facets?${days(r, 7)}`, 300),
  one('facets with q', ({ hosts }, r) => search('/v1/facets', `host.name:${r.pick(hosts).name}`)),
  one('histogram over everything', () => '/v1/histogram', 300),
  one('histogram of a week by hour', (_, r) => `/v1/histogram?interval=hour&${days(r, 7)}`, 300),
  one('compare', ({ runs }, r) => `/v1/compare?a=${r.pick(runs)}&b=${r.pick(runs)}`),
  one('drift of the whole history', () => `/v1/drift?${history}`)
]

function one(name: string, path: (subjects: Subjects, random: Random) => string, reachMs?: number): Question {
  const paths: Question['paths'] = (subjects, random) => [path(subjects, random)]
  return reachMs === undefined ? { name, paths } : { name, reachMs, paths }
}

function search(path: string, q: string): string {
  return `${path}?q=${encodeURIComponent(q)}`
}

/** A task that is run: not every one is part of a playbook. */
function taskOf(playbooks: Estate['playbooks'], random: Random): Task {
  return random.pick(random.pick(random.pick(playbooks).plays).tasks)
}

/** Some days on end within the history. */
function days(random: Random, count: number): string {
  const to = historyEndMs - random.integer(0, historyDays - count) * DAY_MS
  return `from=${new Date(to - count * DAY_MS).toISOString()}&to=${new Date(to).toISOString()}`
}
