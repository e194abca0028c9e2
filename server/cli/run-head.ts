import type { Run } from '../../client/types.ts'
import { printable } from './printable.ts'
import { type Paint, statusFormat } from './style.ts'
import { durationBetween, durationText, localIso, relativeTime } from './time.ts'
import { abortReasons, counted } from './words.ts'

const NAME_CHARACTERS = 11
const COMMIT_CHARACTERS = 12

/** How a name is known: event.md's `user.origin`, in words. */
const origins: Record<NonNullable<NonNullable<Run['user']>['origin']>, string> = {
  loginuid: 'known by the kernel’s login uid',
  login: 'known by the terminal’s login',
  sudo: 'as sudo says',
  awx: 'as AWX says',
  semaphore: 'as Semaphore says',
  ci: 'as the CI system says',
  env: 'as an environment variable says',
  config: 'as the configuration says',
  uid: 'only the account of the process is known'
}

/** What a run was, line by line: what, how it ended, who, from where, with what. Absent facts have no line. */
export function runHead(run: Run, paint: Paint, now: Date): string {
  const { ansible } = run
  const facts: [string, string | undefined][] = [
    ['Run', run.run.id],
    ['Status', undefined],
    ['Why', run.run.reason === 'interrupted' ? undefined : run.error?.message],
    ['Silent', silencesOf(run)],
    ['Started', startOf(run, now)],
    ['Duration', durationOf(run, now)],
    ['User', userOf(run)],
    ['From', originOf(run)],
    ['CI job', ciJobOf(run)],
    ['AWX job', awxJobOf(run)],
    ['Git', gitOf(run)],
    ['Hosts', hostsOf(run)],
    ['Ansible', ansible?.version],
    ...optionsOf(run),
    [
      'Labels',
      Object.entries(run.labels ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')
    ]
  ]
  const title = ansible?.playbook?.path ?? run.run.name ?? run.run.kind ?? 'run'
  const lines = facts.flatMap(([name, fact]) => {
    if (name === 'Status') return [labelled(name, statusOf(run, paint), paint)]
    return fact ? [labelled(name, printable(fact), paint)] : []
  })
  return `${[paint('bold', printable(title)), ...lines].join('\n')}\n`
}

function labelled(name: string, fact: string, paint: Paint): string {
  return `  ${paint('dim', name.padEnd(NAME_CHARACTERS))} ${fact}`
}

function statusOf({ run }: Run, paint: Paint): string {
  const status = paint(statusFormat(run.status), printable(run.status))
  if (run.status === 'running') return `${status}: it has not ended yet, more may follow`
  if (run.status !== 'aborted') return status
  const reason = run.reason === undefined ? 'its process ended before the run did' : abortReasons[run.reason]
  return `${status}: ${reason}`
}

/** A run that was given up and came back: an auditor wants to know. */
function silencesOf({ run, playtrail }: Run): string | undefined {
  if (playtrail.silences === 0 || run.reason === 'silent') return undefined
  return `${counted(playtrail.silences, 'time')}, and was heard of again`
}

function startOf({ event }: Run, now: Date): string {
  const start = new Date(event.start)
  return `${localIso(start)} (${relativeTime(start, now)})`
}

function durationOf({ run, event }: Run, now: Date): string | undefined {
  if (event.duration !== undefined) return durationText(event.duration)
  if (run.status === 'running') return `${durationBetween(new Date(event.start), now)} so far`
  return event.end === undefined ? undefined : durationBetween(new Date(event.start), new Date(event.end))
}

/** For example `alice (known by the kernel’s login uid), acting as root`. */
function userOf({ user }: Run): string | undefined {
  if (user?.name === undefined) return undefined
  const origin = user.origin === undefined ? '' : ` (${origins[user.origin] ?? user.origin})`
  const effective = user.effective?.name
  const account = effective === undefined || effective === user.name ? '' : `, acting as ${effective}`
  return `${user.name}${origin}${account}`
}

/** For example `192.0.2.10, to control-1 in /srv/ansible`. */
function originOf({ source, observer, process }: Run): string {
  const controller = observer?.hostname === undefined ? '' : `controller ${observer.hostname}`
  const folder = process?.working_directory === undefined ? '' : `in ${process.working_directory}`
  const place = [controller, folder].filter((part) => part !== '').join(' ')
  return [source?.ip === undefined ? '' : String(source.ip), place].filter((part) => part !== '').join(' → ')
}

/** For example `gitlab https://ci.example/jobs/17, started by alice`. */
export function ciJobOf({ ci }: Run): string | undefined {
  if (ci === undefined) return undefined
  const job = `${ci.provider} ${ci.job_url ?? ci.run_id ?? ''}`.trimEnd()
  return ci.actor === undefined ? job : `${job}, started by ${ci.actor}`
}

/** For example `42 (Deploy the shop), launched by alice, workflow Release`. */
function awxJobOf({ awx }: Run): string | undefined {
  if (awx === undefined) return undefined
  const facts: [string, string | undefined][] = [
    ['launched by', awx.user],
    ['schedule', awx.schedule],
    ['workflow', awx.workflow],
    ['inventory', awx.inventory]
  ]
  const more = facts.flatMap(([name, fact]) => (fact === undefined ? [] : [`, ${name} ${fact}`]))
  return `${awx.job_id ?? ''}${awx.job_template === undefined ? '' : ` (${awx.job_template})`}${more.join('')}`
}

/** For example `main@0a1b2c3d4e5f of https://git.example/shop.git`. */
export function gitOf({ vcs }: Run): string | undefined {
  if (vcs === undefined) return undefined
  const at = [vcs.branch, vcs.commit?.slice(0, COMMIT_CHARACTERS)]
    .filter((part) => part !== undefined)
    .join('@')
  return [at, vcs.url].filter((part) => part).join(' of ')
}

function hostsOf({ ansible }: Run): string | undefined {
  const hosts = ansible?.hosts
  if (hosts?.total === undefined) return undefined
  const ends = (['ok', 'changed', 'failed', 'unreachable'] as const)
    .filter((end) => (hosts[end] ?? 0) > 0)
    .map((end) => `${end} ${hosts[end]}`)
  return `${counted(hosts.total, 'host')}${ends.length === 0 ? '' : `: ${ends.join(' · ')}`}`
}

function optionsOf({ ansible }: Run): [string, string | undefined][] {
  const cli = ansible?.cli ?? {}
  const names = cli.extra_var_names ?? []
  return [
    ['Check mode', cli.check ? 'yes: a dry run, where changed means that it would have been' : undefined],
    ['Tags', cli.tags?.join(', ')],
    ['Skip tags', cli.skip_tags?.join(', ')],
    ['Limit', cli.limit],
    ['Start at', cli.start_at_task],
    ['Become', cli.become ? (cli.become_user ?? 'yes') : undefined],
    ['Inventory', cli.inventory?.join(', ')],
    ['Extra vars', names.length === 0 ? undefined : `${names.join(', ')} (values are never recorded)`]
  ]
}
