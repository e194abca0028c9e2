import type { Difference } from '../index/reconcile/difference.ts'
import type { Reconciled } from '../index/reconcile/reconcile.ts'

/** For example `event changed: 0190…:7 (record 12) user.name, event.hash`. */
export function differenceLine({ document, kind, id, record, fields, place }: Difference): string {
  if (document === 'cursor') return `cursor changed: it stands at ${record}, beyond the end of the journal`
  const at = record === undefined ? '' : ` (record ${record})`
  const names = fields === undefined ? '' : ` ${fields.join(', ')}`
  const lies = record === undefined && place !== undefined ? ` at ${place}` : ''
  return `${document} ${kind}: ${id}${at}${names}${lies}`
}

export function summaryText(
  reconciled: Reconciled,
  { repair, from, to }: { repair?: true; from?: number; to?: number }
): string {
  const {
    first,
    next,
    pending,
    deadLetters,
    elsewhere,
    expired,
    expiredRuns,
    runs,
    movingRuns,
    repaired,
    differences
  } = reconciled
  const kinds = Object.entries(differences).filter(([, count]) => count > 0)
  const left = kinds.reduce((sum, [, count]) => sum + count, 0)
  const isWhole = from === undefined && to === undefined
  // Of an empty journal there is no first and last one.
  const which = next > first ? ` (${first} to ${next - 1})` : ''
  const compared = `Compared ${count(next - first, 'record')}${which}${isWhole ? ` and ${count(runs, 'run')}` : ', no runs'}`
  const found = kinds.map(([kind, number]) => `${number} ${kind}`).join(', ')
  return [
    ...(repair && repaired > 0 ? [`Repaired ${count(repaired, 'difference')}, and compared again.`] : []),
    left === 0
      ? `${compared}: the index says what the journal says.`
      : `${compared}: ${count(left, 'difference')}, ${found}.`,
    ...(deadLetters > 0 ? [`${count(deadLetters, 'dead letter')}: playtrail dead-letters list`] : []),
    ...(elsewhere > 0 ? [`${count(elsewhere, 'event')} came through another server.`] : []),
    ...(expired + expiredRuns > 0
      ? [
          `Older than the index keeps: ${count(expired, 'event')} not there, ${count(expiredRuns, 'run')} not compared.`
        ]
      : []),
    ...(pending > 0 ? [`${count(pending, 'record')} not compared: not indexed yet.`] : []),
    ...(movingRuns > 0 ? [`${count(movingRuns, 'run')} not compared: being written to.`] : []),
    ...(left > 0 && !repair
      ? ['To make the index say what the journal says: playtrail reconcile --repair']
      : []),
    ...(differences.unclaimed > 0
      ? [
          'Unclaimed documents say that they come from a journal that never wrote to this index; remove them by hand.'
        ]
      : [])
  ].join('\n')
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
