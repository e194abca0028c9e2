import type { Answer } from '../../client/client.ts'
import type { Run } from '../../client/types.ts'
import { resultsCell } from './cells.ts'
import { printable } from './printable.ts'
import { ciJobOf, gitOf } from './run-head.ts'
import { shortId } from './run-id.ts'
import type { Paint } from './style.ts'
import { localIso, relativeTime } from './time.ts'

const NAME_CHARACTERS = 12

type Host = Answer<'GET /v1/hosts/{name}'>
type Seen = Host['last_run']

/** A host, line by line: who changed it last and how, when it failed last, when it was last touched. */
export function hostHead(host: Host, paint: Paint, now: Date): string {
  const line = (name: string, text: string): string =>
    `  ${paint('dim', name.padEnd(NAME_CHARACTERS))} ${text}`
  const results = resultsCell(host.results)
  const counts =
    typeof results === 'string' ? results : results.map(({ text, format }) => paint(format, text)).join('')
  const about = (name: string, seen: Seen | undefined, fallback: string): string[] => {
    if (seen === undefined) return [line(name, fallback)]
    return [
      line(name, printable(seenText(seen, now))),
      ...detailsOf(seen.document).map((text) => line('', printable(text)))
    ]
  }
  const lines = [
    paint('bold', printable(host.host.name)),
    ...about('Last change', host.last_change, 'none that is recorded'),
    ...about('Last failure', host.last_failure, 'none that is recorded'),
    line('Last run', printable(seenText(host.last_run, now))),
    line('Results', `${counts} in ${host.runs} ${host.runs === 1 ? 'run' : 'runs'} of all time`)
  ]
  return `${lines.join('\n')}\n`
}

/** For example `2026-11-05T10:30:01.750+01:00 (yesterday 10:30) by alice: site.yml, run 019a5344-9e0b`. */
function seenText({ '@timestamp': timestamp, run, user }: Seen, now: Date): string {
  const time = new Date(timestamp)
  const who = user === undefined ? '' : ` by ${user.name}`
  const what =
    run === undefined ? '' : `: ${run.name === undefined ? '' : `${run.name}, `}run ${shortId(run.id)}`
  return `${localIso(time)} (${relativeTime(time, now)})${who}${what}`
}

/** With what it was run, where that was said, and where it can be read about. */
function detailsOf(run: Run | undefined): string[] {
  if (run === undefined) return []
  const { tags, skip_tags, limit, check } = run.ansible?.cli ?? {}
  const given: [string, string | undefined][] = [
    ['tags', tags?.join(', ')],
    ['skip tags', skip_tags?.join(', ')],
    ['limit', limit],
    ['check mode', check ? 'yes' : undefined]
  ]
  const options = given.flatMap(([name, value]) => (value ? [`${name} ${value}`] : [])).join(' · ')
  const git = gitOf(run)
  const ci = ciJobOf(run)
  return [
    options === '' ? 'without tags and limit' : options,
    ...(git ? [`git ${git}`] : []),
    ...(ci === undefined ? [] : [`CI ${ci}`])
  ]
}
