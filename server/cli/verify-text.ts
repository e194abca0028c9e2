import type { Remembered } from '../anchors/remembered.ts'
import type { Finding, Findings } from '../verify/findings.ts'
import type { ProvedEvent } from '../verify/proof-file.ts'
import type { Verification } from '../verify/verify-log.ts'
import type { Checked, Verdict } from './verify.ts'

/** What `playtrail verify` says of a log: what was checked, with counts, what is bad, and what nobody outside vouches for. */
export function logText({ log, index }: Checked, findings: Findings, verdict: Verdict): string[] {
  if (log === undefined) return findings.first.map(findingLine)
  const { log: tree } = log
  return [
    ...(tree === undefined
      ? []
      : [`Log ${tree.origin}: ${count(tree.size, 'entry', 'entries')}, root ${tree.root}`]),
    ...checkedLines(log),
    ...(index === undefined
      ? []
      : [
          `Index: ${count(index.records, 'record')} of the journal and ${count(index.runs, 'run')} compared with ${index.store}`
        ]),
    ...log.notes.map((note) => `Note: ${note}`),
    ...findings.first.map(findingLine),
    ...(findings.count > findings.first.length
      ? [`BAD  … and ${findings.count - findings.first.length} more`]
      : []),
    ...log.anchors.map(rememberedLine),
    ...(tree === undefined ? [] : anchorLines(log, tree.size)),
    ...(verdict === 'proved' ? [provedLine(log)] : [])
  ]
}

function checkedLines(log: Verification): string[] {
  return [
    ...(log.signed_by.length > 0 ? [`Signed by ${log.signed_by.join(', ')}`] : []),
    ...(log.key_came_with_the_log
      ? [
          'Note: the key came from the same place as the evidence. Whoever changes one can change the other: give the key that you know with --vkey.'
        ]
      : []),
    `Hashes: ${count(log.entries, 'entry', 'entries')} in ${count(log.bundles, 'bundle')}, ${count(log.tiles, 'tile')}`,
    ...(log.segments > 0
      ? [
          `Journal: ${count(log.records, 'record')} in ${count(log.segments, 'segment')} compared with their leaves (payload, salt, id, sender, times)` +
            (log.unsealed > 0 ? `; ${count(log.unsealed, 'newer record')} not sealed yet` : '')
        ]
      : []),
    ...(log.last_signed ? ['What was signed last: the log continues it'] : []),
    ...(log.old_checkpoints > 0 ? [`Old checkpoints: the log continues all ${log.old_checkpoints}`] : [])
  ]
}

function anchorLines({ anchored }: Verification, size: number): string[] {
  if (size === 0 || anchored >= size) return []
  const from = anchored === 0 ? 'all of them' : `from ${anchored} on`
  return [
    `Without an anchor outside: the newest ${count(size - anchored, 'entry', 'entries')}, ${from}. Whoever has the log's key could have written these anew; an old checkpoint (--since) or a witness's signature (--vkey) rules that out.`
  ]
}

/** For example `Anchor file /mnt/checkpoint: had 4711 entries at 2026-…, by the service's own account`. */
function rememberedLine({ kind, target, size, at, error, failing_since: since }: Remembered): string {
  const kept =
    size === undefined ? 'has never had a checkpoint' : `had ${count(size, 'entry', 'entries')} at ${at}`
  const fails = error === undefined ? '' : `; FAILS since ${since}: ${error}`
  return `Anchor ${kind} ${target}: ${kept}, by the service's own account${fails}`
}

function provedLine({ log, records }: Verification): string {
  const what = records > 0 ? 'records and entries' : 'entries'
  return `Proved: none of the ${log?.size ?? 0} ${what} was changed, removed or put in between since it was signed.`
}

/** For example `BAD  journal, leaf 300: the record is not the one that was sealed (…/0000.segment, byte 4711)`. */
function findingLine({ part, message, leaf, file, byte }: Finding): string {
  const place = [...(file === undefined ? [] : [file]), ...(byte === undefined ? [] : [`byte ${byte}`])]
  return `BAD  ${part}${leaf === undefined ? '' : `, leaf ${leaf}`}: ${message}${place.length > 0 ? ` (${place.join(', ')})` : ''}`
}

/** What it says of the proof of an event. */
export function proofText(proof: ProvedEvent, findings: Findings): string[] {
  const { log, event_id: id, index, leaf, signed_by: signers } = proof
  if (log === undefined) return findings.first.map(findingLine)
  const principal = leaf?.playtrail.principal
  return [
    `Event ${id}, leaf ${index}`,
    `Received ${leaf?.event.ingested} from ${leaf?.playtrail.sender}${principal === undefined ? ', without a token' : ', by its token'}`,
    `Log ${log.origin}: ${count(log.size, 'entry', 'entries')}, root ${log.root}`,
    `Signed by ${signers.join(', ')}`,
    'Proved: the event, with this content, is in the log that was signed.'
  ]
}

function count(number: number, one: string, more = `${one}s`): string {
  return `${number} ${number === 1 ? one : more}`
}
