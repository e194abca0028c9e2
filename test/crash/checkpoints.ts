import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpoint, parseSignedCheckpoint, type SignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { consistencyProof, type ReadTile } from '../../server/seal/proofs.ts'
import { tilePath } from '../../server/seal/tile.ts'
import { verifyConsistency } from '../../server/seal/verify-proof.ts'
import { parseVkey } from '../../server/seal/vkey.ts'

/** What somebody outside sees of a log: its key at first, and its checkpoints from time to time. */
export class SeenCheckpoints {
  readonly #vkey: string
  readonly #seen = new Map<string, SignedCheckpoint>()

  private constructor(vkey: string) {
    this.#vkey = vkey
  }

  /** Learns the log's key, once and for all. */
  static async of(url: string): Promise<SeenCheckpoints> {
    return new SeenCheckpoints(await textAt(`${url}/v1/log/log.vkey`))
  }

  get count(): number {
    return this.#seen.size
  }

  /** Fetches the newest one; rejects if the server is gone. */
  async look(url: string): Promise<number> {
    const text = await textAt(`${url}/v1/log/checkpoint`)
    const checkpoint = openCheckpoint(Buffer.from(text), [parseVkey(this.#vkey.trim())])
    this.#seen.set(text, checkpoint)
    return checkpoint.size
  }

  /** The log as it is served now continues each of them; the proofs are made of its tiles. */
  async checkContinued(url: string): Promise<void> {
    const now = parseSignedCheckpoint(Buffer.from(await textAt(`${url}/v1/log/checkpoint`)))
    const known = new Map<string, Promise<Buffer>>()
    const read: ReadTile = async (tile) => {
      const path = tilePath(tile)
      const bytes = known.get(path) ?? bytesAt(`${url}/v1/log/${path}`)
      known.set(path, bytes)
      return await bytes
    }
    for (const old of this.#seen.values()) {
      assert.ok(old.size <= now.size, `${now.size} leaves, after ${old.size} were seen`)
      verifyConsistency(old, now, await consistencyProof(read, old.size, now.size))
    }
  }

  /** Arguments for `playtrail verify`: the key, and every checkpoint in a file of its own. */
  filesIn(folder: string): string[] {
    const vkey = join(folder, 'known.vkey')
    writeFileSync(vkey, this.#vkey)
    const since = [...this.#seen.keys()].flatMap((text, number) => {
      const path = join(folder, `checkpoint-${number}`)
      writeFileSync(path, text)
      return ['--since', path]
    })
    return ['--vkey', vkey, ...since]
  }
}

async function textAt(url: string): Promise<string> {
  return (await bytesAt(url)).toString('utf8')
}

async function bytesAt(url: string): Promise<Buffer> {
  const answer = await fetch(url)
  const bytes = Buffer.from(await answer.arrayBuffer())
  assert.equal(answer.status, 200, `${url}: ${bytes}`)
  return bytes
}
