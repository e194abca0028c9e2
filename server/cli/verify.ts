import { Command, Option } from 'commander'
import { ConfigurationError } from '../config.ts'
import { openDataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import { denialOf } from '../permissions.ts'
import { Findings } from '../verify/findings.ts'
import { folderSource } from '../verify/log-source.ts'
import { type ProvedEvent, verifyProofFile } from '../verify/proof-file.ts'
import { readGivenKeys } from '../verify/read-keys.ts'
import { serverSource } from '../verify/server-source.ts'
import { type LogToVerify, type Verification, verifyLog } from '../verify/verify-log.ts'
import { readConnection } from './connection.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { printable, printableJson } from './printable.ts'
import { createProgressLine, type ProgressLine } from './progress-line.ts'
import { addStoreOptions, readStoreFlags, type StoreFlags } from './store-options.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'
import { type IndexComparison, verifyIndex } from './verify-index.ts'
import { logText, proofText } from './verify-text.ts'

export interface VerifyFlags extends StoreFlags {
  log?: string
  url?: string
  proof?: string
  since: string[]
  vkey: string[]
  index?: true
  json?: true
}

/** 0 only where all that was to be checked was proved, 1 on bad evidence, 2 where it could not be checked. */
const codes = { proved: exitCodes.done, bad: exitCodes.refused, unchecked: exitCodes.usage } as const

export type Verdict = keyof typeof codes

/** `playtrail verify`: was anything changed, removed or put in between since it was sealed? Also while the server runs. */
export function verifyCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('verify')
    .description(
      'prove that no record was changed, removed or put in between: signature, every hash, the journal, old checkpoints'
    )
    .option('--log <folder>', 'check a copy of the folder log/, instead of a data folder')
    .option('--url <url>', 'check the log of this server, instead of a data folder')
    .option('--proof <file>', 'check the proof of one event, as playtrail proof wrote it')
    .addOption(
      severalOption('--vkey <key>', 'the log’s public key, or a witness’s, or a file with such; several')
    )
    .addOption(severalOption('--since <file>', 'a checkpoint that was kept elsewhere; several'))
    .option('--index', 'compare the index with the journal, too')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 proved, 1 bad evidence, 2 it could not be checked. docs/evidence.md explains them.'
    )
    .action((flags: VerifyFlags) => verify(flags, surroundings))
  return addStoreOptions(command)
}

function severalOption(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((text: string, before: string[]) => [...before, text])
    .default([], 'none')
}

async function verify(flags: VerifyFlags, surroundings: Surroundings): Promise<void> {
  const findings = new Findings()
  const progress = createProgressLine(surroundings)
  let checked: Checked = {}
  try {
    checked = await check(flags, findings, surroundings, progress)
  } catch (error) {
    findings.unchecked.push(reasonOf(error))
  } finally {
    await progress.clear()
  }
  const verdict = verdictOf(findings)
  const text = flags.json
    ? printableJson(documentOf(verdict, checked, findings))
    : [...(checked.proof ? proofText(checked.proof, findings) : logText(checked, findings, verdict))]
        .map((line) => printable(line))
        .join('\n')
  try {
    if (text !== '') await print(surroundings.stdout, `${text}\n`)
  } catch (error) {
    // Whoever has read enough, as in `verify | head`, still has to be told by the exit code.
    if (verdict === 'proved') throw error
  }
  if (verdict === 'bad') throw new Failure(codes.bad, `bad evidence: ${countOf(findings)}`)
  if (verdict === 'unchecked')
    throw new Failure(codes.unchecked, `could not check: ${findings.unchecked.join('; ')}`)
}

export interface Checked {
  log?: Verification
  index?: IndexComparison | undefined
  proof?: ProvedEvent
}

async function check(
  flags: VerifyFlags,
  findings: Findings,
  surroundings: Surroundings,
  progress: ProgressLine
): Promise<Checked> {
  checkFlags(flags)
  const keys = await readGivenKeys(flags.vkey)
  if (flags.proof !== undefined) return { proof: await verifyProofFile(flags.proof, keys, findings) }
  const config = readStoreFlags(flags, surroundings.env)
  const log = await verifyLog(
    {
      ...whereOf(flags, config.dataDir, surroundings),
      keys,
      since: flags.since,
      onProgress: (done, total) => progress.show('Verifying', done, total)
    },
    findings
  )
  if (flags.index === undefined) return { log }
  // The index is compared with the journal, so there has to be nothing wrong with that.
  if (findings.count > 0 || log.log === undefined) return { log }
  const folder = openDataFolder(config.dataDir, { isOnlyRead: true })
  const size = log.log.size
  return { log, index: await verifyIndex({ config, folder, size }, findings, progress) }
}

function checkFlags({ dataDir, log, url, proof, index, since }: VerifyFlags): void {
  const places = Object.entries({ 'data-dir': dataDir, log, url, proof }).filter(
    ([, value]) => value !== undefined
  )
  if (places.length > 1)
    throw new Uncheckable(`expected one of ${places.map(([name]) => `--${name}`).join(', ')}, got several.`)
  if (index !== undefined && places.some(([name]) => name !== 'data-dir'))
    throw new Uncheckable('--index compares the index of a data folder: name that with --data-dir alone.')
  if (proof !== undefined && since.length > 0)
    throw new Uncheckable(
      'a proof holds one event of one tree: --since needs the log itself, --log or --url.'
    )
}

function whereOf(
  { log, url }: VerifyFlags,
  dataDir: string,
  { env }: Surroundings
): Pick<LogToVerify, 'source' | 'folder' | 'logFolder'> {
  if (url !== undefined) return { source: serverSource(readConnection(url, env)) }
  if (log !== undefined) return { source: folderSource(log), logFolder: log }
  const folder = openDataFolder(dataDir, { isOnlyRead: true })
  return { source: folderSource(folder.logFolder), folder, logFolder: folder.logFolder }
}

function verdictOf(findings: Findings): Verdict {
  if (findings.count > 0) return 'bad'
  return findings.unchecked.length > 0 ? 'unchecked' : 'proved'
}

function documentOf(verdict: Verdict, { log, index, proof }: Checked, findings: Findings): object {
  const unanchored = log?.log && Math.max(0, log.log.size - log.anchored)
  return {
    verdict,
    ...(proof ?? log),
    unanchored,
    index,
    findings: findings.first,
    findings_count: findings.count,
    unchecked: findings.unchecked
  }
}

function countOf({ count }: Findings): string {
  return `${count} thing${count === 1 ? '' : 's'}`
}

/** Whatever went wrong: nothing is proved. A defect of ours shows its stack. */
function reasonOf(error: unknown): string {
  if (error instanceof Uncheckable || error instanceof Fatal || error instanceof ConfigurationError)
    return error.message.replaceAll(/\n\s*/g, ' ')
  if (error instanceof Failure) return sentences(error.message, error.hint)
  const denial = denialOf(error)
  if (denial !== undefined) return denial
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** As one line, in which each still ends. */
function sentences(message: string, hint = ''): string {
  if (hint === '') return message
  return `${message}${/[.!?:]$/.test(message) ? '' : '.'} ${hint}`
}
