import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { openDataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { realDisk } from '../file-system.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import type { EventProof } from '../seal/event-proof.ts'
import { checkProof, proveFromFolder } from '../verify/make-proof.ts'
import { DOCUMENT_SUFFIX, PROOF_SUFFIX, parseEventProof } from '../verify/proof-file.ts'
import { getFrom, serverSource } from '../verify/server-source.ts'
import { readConnection } from './connection.ts'
import { dataDirOption } from './data-dir.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'

const DOCUMENT_BYTES_MAX = 8 * 1024 * 1024

interface ProofFlags {
  dataDir: string
  url?: string
  output: string
}

/** `playtrail proof`: one event, and what proves it, without any other. */
export function proofCommand(surroundings: Surroundings = processSurroundings()): Command {
  return new Command('proof')
    .description('write what proves one event to an auditor, and gives away no other event')
    .argument('<event-id>', 'as playtrail events --json shows it')
    .addOption(dataDirOption())
    .option('--url <url>', 'ask this server, instead of a data folder')
    .option('--output <folder>', 'where to write the two files; it is made if it is not there', '.')
    .addHelpText(
      'after',
      `\nWrites ID${DOCUMENT_SUFFIX} (event, salt, leaf and proof; for playtrail verify --proof) and ID${PROOF_SUFFIX} (https://c2sp.org/tlog-proof, for other tools).` +
        '\nExit codes: 0 written, 1 no such event, or bad evidence, 2 it could not be made.'
    )
    .action((id: string, flags: ProofFlags) => writeProof(id, flags, surroundings))
}

async function writeProof(id: string, flags: ProofFlags, surroundings: Surroundings): Promise<void> {
  const proof = await made(id, flags, surroundings)
  if (proof === undefined) throw new Failure(exitCodes.refused, `the journal has no event ${id}.`)
  // An id has colons, which not every file system takes.
  const name = join(flags.output, proof.event_id.replaceAll(/[^A-Za-z0-9.-]/g, '-'))
  try {
    realDisk.makeDirectory(flags.output)
    writeFileSync(`${name}${DOCUMENT_SUFFIX}`, `${JSON.stringify(proof, undefined, 2)}\n`)
    writeFileSync(`${name}${PROOF_SUFFIX}`, proof.proof)
  } catch (error) {
    throw new Failure(exitCodes.usage, `the proof cannot be written: ${String(error)}`, undefined, {
      cause: error
    })
  }
  await print(surroundings.stdout, `${name}${DOCUMENT_SUFFIX}\n${name}${PROOF_SUFFIX}\n`)
}

async function made(
  id: string,
  { dataDir, url }: ProofFlags,
  { env }: Surroundings
): Promise<EventProof | undefined> {
  try {
    if (url === undefined) return await proveFromFolder(openDataFolder(dataDir, { isOnlyRead: true }), id)
    const connection = readConnection(url, env)
    const place = new URL(`v1/log/proof/${encodeURIComponent(id)}?form=json`, connection.url)
    const { status, within } = await getFrom(connection, place)
    if (status === 404) return undefined
    const proof = parseEventProof(await within(DOCUMENT_BYTES_MAX))
    if (proof.event_id !== id) throw new BadEvidence(`the server answered with the event ${proof.event_id}`)
    await checkProof(serverSource(connection), proof)
    return proof
  } catch (error) {
    if (error instanceof BadEvidence)
      throw new Failure(exitCodes.refused, `bad evidence: ${error.message}`, 'playtrail verify tells more.', {
        cause: error
      })
    if (error instanceof Uncheckable || error instanceof Fatal)
      throw new Failure(exitCodes.usage, error.message, undefined, { cause: error })
    throw error
  }
}
