import { rangesText } from '../completeness/ranges.ts'
import type { Completeness } from './completeness.ts'
import { actorOf, counted } from './words.ts'

type Flaw = Completeness['flaws'][number]

/** The verdict, what was looked at, what is wrong, and what to do. */
export function completenessText(found: Completeness): string[] {
  const { flaws, flaws_more: more, unchecked } = found
  return [
    verdictLine(found),
    ...countLines(found),
    ...unchecked.map(({ message }) => `NOT KNOWN  ${message}`),
    ...flaws.map(flawLine),
    ...(more > 0 ? [`FLAW  … and ${more} more`] : []),
    ...adviceLines(found)
  ]
}

function verdictLine({ verdict, runs, flaws, flaws_more: more, from, to }: Completeness): string {
  const time = `from ${from} to ${to}`
  const count = flaws.length + more
  if (verdict === 'complete')
    return runs.recorded === 0
      ? `Complete: no run started ${time}, and the service was there to hear of one.`
      : `Complete: ${counted(runs.recorded, 'run')} started ${time}, and nothing of them is missing.`
  if (verdict === 'incomplete') return `Not complete: ${counted(count, 'flaw')} in what was recorded ${time}.`
  return `Could not check whether everything is there ${time}.`
}

function countLines({ runs, events, index }: Completeness): string[] {
  const { recorded, running, finished, aborted } = runs
  const [ended, cut] = [sumOf(finished), sumOf(aborted)]
  return [
    `Runs: ${recorded} recorded, ${ended} finished${parts(finished)}, ${cut} aborted${parts(aborted)}, ${running} running`,
    `Events: ${events.run} of the runs, ${events.shipper} of their shippers, ${events.server} of the server; ${events.dropped} dropped by senders`,
    `Index: ${index.lag === null ? 'not known how far it is' : `${counted(index.lag, 'record')} behind the journal`}, ${counted(index.dead_letters, 'dead letter')}`
  ]
}

/** For example ` (2 changed, 1 failed)`; nothing if there are none. */
function parts(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0)
  return some.length === 0 ? '' : ` (${some.map(([name, count]) => `${count} ${name}`).join(', ')})`
}

/** For example `FLAW  run 01a2…: 4 events are missing: 3, 17–19 (site.yml, alice@control-1)`. */
function flawLine(flaw: Flaw): string {
  const { run, user, observer, sender } = flaw
  if (run === undefined) return `FLAW  ${whatIsWrong(flaw)}`
  const who = actorOf({ user, observer })
  const about = [run.name ?? '', who, sender === undefined ? '' : `sender ${sender}`].filter(
    (text) => text !== ''
  )
  return `FLAW  run ${run.id}: ${whatIsWrong(flaw)}${about.length === 0 ? '' : ` (${about.join(', ')})`}`
}

function whatIsWrong(flaw: Flaw): string {
  const { kind, events = 0, said, recorded, since, until, code, message, sender } = flaw
  const of = { run: '', shipper: ' of the shipper', server: ' of the server' }[flaw.count ?? 'run']
  const some = `${counted(events, 'event')}${of} ${events === 1 ? 'is' : 'are'}`
  switch (kind) {
    case 'missing':
      return `${some} missing${numbersOf(flaw)}`
    case 'late':
      return `${counted(events, 'event')}${of} came after greater numbers${numbersOf(flaw)}`
    case 'doubled':
      return flaw.run === undefined
        ? `the event id ${message} was used again, with other content, which was refused`
        : `${counted(events, 'number')}${of} ${events === 1 ? 'was' : 'were'} used again, with other content, which was refused${numbersOf(flaw)}`
    case 'surplus':
      return `it said that it had ${counted(said ?? 0, 'event')}, and there are ${recorded}`
    case 'no_start':
      return 'its run.started is not there'
    case 'lost':
      return `${counted(events, 'event')} could not be written down by the callback`
    case 'dropped':
      return `its sender dropped ${counted(events, 'event')} to keep its spool within its limits${numbersOf(flaw)}`
    case 'silent':
      return `nothing was heard of it since ${since}${flaw.is_closed ? ', so that the server closed it' : ', and it still counts as running'}`
    case 'quarantined':
      return `${counted(events, 'line')} of ${sender} ${events === 1 ? 'was' : 'were'} refused with ${code}, from ${since} to ${until}: ${message}`
  }
}

function numbersOf({ ranges = [], ranges_more: more }: Flaw): string {
  if (ranges.length === 0) return ''
  return `: ${rangesText(ranges)}${more === undefined ? '' : `, and ${counted(more, 'further range')}`}`
}

function adviceLines({ flaws, flaw_counts: counts }: Completeness): string[] {
  const run = flaws.find((flaw) => flaw.run !== undefined)?.run
  return [
    ...(run === undefined
      ? []
      : [
          `See: playtrail show ${run.id.slice(0, 13)}`,
          'What its controller still has in its spool is sent by: playtrail.py --ship, there (ansible-callback/README.md).'
        ]),
    ...(counts.quarantined + counts.doubled > 0
      ? ['What was refused lies, with its reason, in the folder quarantine/ of the data folder.']
      : [])
  ]
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
