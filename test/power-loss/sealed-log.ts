import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { DataFolder } from '../../server/data-folder.ts'
import { Fatal } from '../../server/errors.ts'
import type { Journal } from '../../server/journal/journal.ts'
import type { JournalRecord } from '../../server/journal/record.ts'
import { decodeBundle } from '../../server/seal/bundle.ts'
import { type Checkpoint, parseSignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { HASH_BYTES, leafHash } from '../../server/seal/hashes.ts'
import { leafOf } from '../../server/seal/leaf.ts'
import { parseNote } from '../../server/seal/note.ts'
import { logFolders, openLogKeys } from '../../server/seal/open-log.ts'
import { consistencyProof, type ReadTile } from '../../server/seal/proofs.ts'
import { openSealing, type Sealing } from '../../server/seal/sealing.ts'
import type { LogFolders } from '../../server/seal/signed-record.ts'
import { cosignText } from '../../server/seal/signing-key.ts'
import { type Tile, tileAt, tilePath } from '../../server/seal/tile.ts'
import { tilesOf } from '../../server/seal/tile-files.ts'
import { openTree, type TileHashes } from '../../server/seal/tree.ts'
import { verifyConsistency } from '../../server/seal/verify-proof.ts'
import { newKey } from '../seal/keys.ts'
import { isDiskFailure } from '../support/disk-faults.ts'
import type { MemoryDisk } from '../support/memory-disk.ts'
import type { Random } from '../support/random.ts'

const ORIGIN = 'audit.example.org/trail'
const WITNESS = newKey('witness.example.net', 'cosignature/v1')

/**
 * The log of a journal on the same simulated disk, made as server/seal/following.ts has it made. It remembers every checkpoint that
 * was signed in any life, published or not.
 */
export class SealedLog {
  readonly #disk: MemoryDisk
  readonly #folders: LogFolders
  readonly #random: Random
  readonly #signed = new Map<string, Checkpoint>()
  #sealing: Sealing | undefined
  /** Leaves of what was published when the power was cut. */
  #published = 0

  constructor(disk: MemoryDisk, folders: LogFolders, random: Random) {
    this.#disk = disk
    this.#folders = folders
    this.#random = random
    disk.onPut = (path, content) => this.#onPut(path, content)
  }

  /** How many different checkpoints were signed. */
  get signed(): number {
    return this.#signed.size
  }

  /** What the service does at its start, once the journal is open. */
  start(folder: DataFolder): void {
    this.#sealing = undefined
    assert.deepEqual(logFolders(folder), this.#folders)
    openLogKeys(folder, ORIGIN, this.#disk)
  }

  /** Some of the sealing thread's work: what fails is begun again from what is on disk. */
  async work(journal: Journal): Promise<void> {
    try {
      if (this.#sealing === undefined) return await this.#open(journal)
      await this.#appendTo(this.#sealing, journal)
      if (this.#random.chance(0.6)) this.#sealing.seal()
      if (this.#random.chance(0.2)) this.#cosign(this.#sealing)
    } catch (error) {
      this.#sealing = undefined
      if (error instanceof Fatal || !isDiskFailure(error)) throw error
    }
  }

  async #open(journal: Journal): Promise<void> {
    const sealing = openSealing({
      disk: this.#disk,
      folders: this.#folders,
      journalEnd: journal.end
    })
    while (sealing.progress.next < sealing.progress.size) await this.#appendTo(sealing, journal)
    sealing.seal()
    this.#sealing = sealing
  }

  async #appendTo(sealing: Sealing, journal: Journal): Promise<void> {
    const batch = await journal.read(sealing.progress.next)
    if (batch !== undefined) sealing.append(batch)
  }

  /** A witness's signature comes some time after the checkpoint, and is published with it. */
  #cosign(sealing: Sealing): void {
    const { checkpoint } = sealing.progress
    if (checkpoint === undefined) return
    const { text } = parseNote(Buffer.from(checkpoint))
    sealing.addSignatures({ text, signatures: [cosignText(WITNESS, text, 1 + this.#signed.size)] })
  }

  #onPut(path: string, content: Uint8Array): void {
    const lastSigned = join(this.#folders.keys, 'last-signed')
    const isRemembered = path === `${lastSigned}.new`
    if (!isRemembered && path !== join(this.#folders.log, 'checkpoint.new')) return
    const { origin, size, root } = parseSignedCheckpoint(content)
    this.#signed.set(`${size} ${root.toString('hex')}`, { origin, size, root })
    if (isRemembered) {
      for (const tile of tilesOf(size))
        assert.ok(this.#surviving(tile), `${size} leaves were signed before ${tilePath(tile)} was durable`)
    } else {
      const remembered = this.#disk.surviving(lastSigned)
      assert.ok(
        remembered !== undefined && parseSignedCheckpoint(remembered).size >= size,
        `${size} leaves were published before it was durable that they were signed`
      )
    }
  }

  /** Whatever the power cut took: what is published is whole, before any start, and not older than it was. */
  afterPowerCut(): void {
    const bytes = this.#disk.surviving(join(this.#folders.log, 'checkpoint'))
    const size = bytes === undefined ? 0 : parseSignedCheckpoint(bytes).size
    assert.ok(size >= this.#published, `${size} leaves are published, and ${this.#published} were before`)
    this.#published = size
    if (bytes === undefined) return
    const tree = openTree()
    const compare = (tile: TileHashes): void => {
      const stored = this.#surviving({ ...tile, width: tile.hashes.length / HASH_BYTES })
      assert.ok(stored?.equals(tile.hashes), `tile ${tile.level}/${tile.index} is not whole`)
    }
    for (let next = tileAt(size, 'entries', 0); next; next = tileAt(size, 'entries', next.index + 1)) {
      for (const entry of decodeBundle(this.#surviving(next) ?? Buffer.alloc(0), next.width))
        tree.append(leafHash(entry), compare)
    }
    tree.edge().forEach(compare)
    assert.deepEqual(tree.root(), parseSignedCheckpoint(bytes).root)
  }

  /** Seals the rest. All that was ever signed is a beginning of the one history that there is. */
  async finish(journal: Journal, records: readonly JournalRecord[]): Promise<void> {
    while (this.#sealing?.progress.size !== journal.end || journal.end !== records.length)
      await this.work(journal)
    const tree = openTree()
    const roots = new Map([[0, tree.root()]])
    for (const record of records) {
      tree.append(leafHash(leafOf(record)), () => undefined)
      roots.set(tree.size, tree.root())
    }
    const signed = [...this.#signed.values()].sort((a, b) => a.size - b.size)
    for (const { size, root } of signed) assert.deepEqual(root, roots.get(size), `the root of ${size} leaves`)
    await this.#checkConsistency(signed.filter(({ size }) => size > 0))
  }

  /** Each checkpoint is shown to continue the one before it, by proofs out of the tiles, as anybody can. */
  async #checkConsistency(signed: readonly Checkpoint[]): Promise<void> {
    const size = this.#sealing?.progress.size ?? 0
    const read: ReadTile = async ({ level, index, width }) => {
      const tile = tileAt(size, level, index)
      const bytes = tile && this.#surviving(tile)
      assert.ok(bytes)
      return bytes.subarray(0, width * HASH_BYTES)
    }
    for (const [at, old] of signed.slice(0, -1).entries()) {
      const next = signed[at + 1] ?? old
      verifyConsistency(old, next, await consistencyProof(read, old.size, next.size))
    }
  }

  #surviving(tile: Tile): Buffer | undefined {
    return this.#disk.surviving(join(this.#folders.log, tilePath(tile)))
  }
}
