import type { Event } from '../../../server/event-types.ts'
import type { Estate, Playbook, Task } from './estate.ts'
import type { Random } from './random.ts'

const CHECK_SHARE = 0.08
const ABORTED_SHARE = 0.02
const CI_SHARE = 0.3
const TAGS_SHARE = 0.25
const DIFF_SHARE = 0.7
const ID_SHARED = '02fc0000-0001-8ea7-3bb3-'
const COMMIT_EVERY_MS = 6 * 3_600_000

/** What is known of a run before it starts. */
export interface RunPlan {
  run: { id: string; name: string; kind: 'playbook' }
  user: string
  observer: string
  startMs: number
  plays: Playbook['plays']
  isCheck: boolean
  hasDiffs: boolean
  /** Events after which it is aborted. */
  cutAfter: number
  /** What its first event says beside what every event says. */
  started: Partial<Event>
}

/** A run of the playbook on so many of its hosts that it has about `events` events, which `--limit` says. */
export function planRun(
  { users, controllers }: Estate,
  playbook: Playbook,
  startMs: number,
  events: number,
  random: Random
): RunPlan {
  const run = { id: runIdOf(startMs, random), name: playbook.name, kind: 'playbook' as const }
  const user = random.pickEarly(users)
  const observer = random.pick(controllers)
  const isCheck = random.chance(CHECK_SHARE)
  const hasDiffs = isCheck || random.chance(DIFF_SHARE)
  const whole = eventsOf(playbook.plays)
  const share = events / whole
  const plays =
    share >= 1
      ? playbook.plays
      : playbook.plays.map((play) => ({
          ...play,
          hosts: random.stretch(play.hosts, Math.max(1, Math.round(play.hosts.length * share)))
        }))
  return {
    run,
    user,
    observer,
    startMs,
    plays,
    isCheck,
    hasDiffs,
    cutAfter: random.chance(ABORTED_SHARE)
      ? random.integer(3, Math.max(3, Math.round(eventsOf(plays) * 0.8)))
      : Number.POSITIVE_INFINITY,
    started: {
      run: { ...run, status: 'running' },
      user: {
        name: user,
        id: String(1_000 + user.length),
        origin: 'loginuid',
        effective: { name: 'deploy', id: '999' }
      },
      source: { ip: `192.0.2.${random.integer(1, 250)}`, port: random.integer(32_768, 60_999) },
      process: { pid: random.integer(300, 99_999), working_directory: '/srv/ansible' },
      agent: { name: 'playtrail.audit', version: '0.1.0' },
      labels: {
        team: random.pick(['platform', 'shop', 'search']),
        environment: random.chance(0.6) ? 'production' : 'staging'
      },
      vcs: {
        url: 'https://git.example.com/ops/ansible.git',
        branch: random.chance(0.9) ? 'main' : 'hotfix',
        commit: commitAt(startMs)
      },
      ...(random.chance(CI_SHARE) && {
        ci: {
          provider: 'gitlab' as const,
          job_url: `https://git.example.com/ops/ansible/-/jobs/${Math.floor(startMs / 60_000)}`,
          actor: user
        }
      }),
      ansible: {
        version: '2.21.5',
        python_version: '3.13.0',
        playbook: { name: playbook.name, path: playbook.path },
        cli: {
          check: isCheck,
          diff: hasDiffs,
          inventory: ['inventory/production.yml'],
          forks: 20,
          extra_var_names: ['release'],
          ...(random.chance(TAGS_SHARE) && { tags: [random.pick(playbook.tags)] }),
          ...(share < 1 && { limit: `${plays[0]?.hosts[0]?.name ?? 'none'}:&${plays[0]?.pattern ?? 'all'}` })
        }
      }
    }
  }
}

/** Results, and what frames them, if nothing fails. */
export function eventsOf(plays: Playbook['plays']): number {
  return plays.reduce(
    (sum, { hosts, tasks }) => sum + 1 + tasks.length * (hosts.length + 1) + hosts.length,
    2
  )
}

const idOf = (play: number, task: number): string =>
  `${ID_SHARED}${String(play * 10_000 + task).padStart(12, '0')}`

/** The play at this place of the run, as all of its events name it. */
export function playOf(
  { name }: Playbook['plays'][number],
  at: number
): { id: string; batch: number; name: string } {
  return { id: idOf(at, 0), batch: 1, name }
}

export type Place = Pick<NonNullable<Event['ansible']>, 'play' | 'task'>

/** The task in the play, as all of its events name it. */
export function placeOf(
  { isCheck }: RunPlan,
  play: Playbook['plays'][number],
  at: number,
  task: Task
): Place {
  return {
    play: playOf(play, at),
    task: {
      id: idOf(at, play.tasks.indexOf(task) + 1),
      occurrence: 1,
      key: task.key,
      name: task.name,
      action: task.action,
      role: task.role,
      handler: false,
      no_log: task.isNoLog,
      path: task.path,
      line: task.line,
      tags: [...task.tags],
      check_mode: isCheck
    }
  }
}

/** Microseconds, as the callback has them. */
export function timestamp(ms: number): string {
  const micros = Math.floor((ms % 1) * 1_000)
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`
}

function runIdOf(ms: number, random: Random): string {
  const time = Math.floor(ms).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`
}

function commitAt(ms: number): string {
  return Math.floor(ms / COMMIT_EVERY_MS)
    .toString(16)
    .padStart(40, 'c0ffee')
}
