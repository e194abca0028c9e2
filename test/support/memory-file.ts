import type { Random } from './random.ts'

type Change = { position: number; bytes: Buffer } | { size: number }

const NOTHING = Buffer.alloc(0)
/** Disks write by the block, and may tear one: of so many bytes each are the pieces that survive or do not. */
const PIECES_BYTES = [1, 16, 61, 512] as const
/** More pieces than that tell no more. */
const PIECES_MAX = 500

/** The content of a file twice: as programs see it, and as it is on the platter. */
export class MemoryFile {
  /** What a read gives. */
  content: Buffer = NOTHING
  #stable: Buffer = NOTHING
  /** What was written since the last sync, in order. */
  #pending: Change[] = []
  /** What stood there before it was cut off: a file system may show it again in a hole. */
  #ghost: Buffer = NOTHING

  /** The content that no power cut can change any more; undefined while something was not synced. */
  get durable(): Buffer | undefined {
    return this.#pending.length === 0 ? this.#stable : undefined
  }

  write(bytes: Buffer, position: number): void {
    this.#change({ position, bytes: Buffer.from(bytes) })
  }

  truncate(size: number): void {
    if (size < this.content.length) this.#ghost = this.content
    this.#change({ size })
  }

  sync(): void {
    for (const change of this.#pending.splice(0)) this.#stable = changed(this.#stable, change)
  }

  /** As Linux does it: what could not be written counts as written from now on. */
  failSync(random: Random): void {
    this.#stable = this.#survivor(random)
    this.#pending = []
  }

  losePower(random: Random): void {
    this.#stable = this.#survivor(random)
    this.#pending = []
    this.content = this.#stable
    this.#ghost = NOTHING
  }

  #change(change: Change): void {
    this.#pending.push(change)
    this.content = changed(this.content, change)
  }

  /** The platter with what got there of the changes: all, nothing, up to a byte, or any pieces of them. */
  #survivor(random: Random): Buffer {
    const hole = random.chance(0.5) ? this.#ghost : NOTHING
    const apply = (changes: readonly Change[]): Buffer =>
      changes.reduce((bytes, change) => changed(bytes, change, hole), this.#stable)
    switch (random.integer(5)) {
      case 0:
        return this.#stable
      case 1:
        return apply(this.#pending)
      case 2:
        return apply(upToAnyByte(this.#pending, random))
      default:
        return apply(anyPieces(this.#pending, random))
    }
  }
}

function upToAnyByte(pending: readonly Change[], random: Random): Change[] {
  const changes = pending.slice(0, random.integer(pending.length + 1))
  const next = pending[changes.length]
  if (next !== undefined && 'bytes' in next)
    changes.push({
      position: next.position,
      bytes: next.bytes.subarray(0, random.integer(next.bytes.length))
    })
  return changes
}

function anyPieces(pending: readonly Change[], random: Random): Change[] {
  const longest = Math.max(...pending.map((change) => ('size' in change ? 0 : change.bytes.length)))
  const length = Math.max(random.pick(PIECES_BYTES), Math.ceil(longest / PIECES_MAX))
  const survives = random.pick([0.1, 0.5, 0.9])
  return pending.flatMap((change): Change[] => {
    if ('size' in change) return random.chance(0.5) ? [change] : []
    const pieces: Change[] = []
    for (let at = 0; at < change.bytes.length; at += length)
      if (random.chance(survives))
        pieces.push({ position: change.position + at, bytes: change.bytes.subarray(at, at + length) })
    return pieces
  })
}

/** A gap in front of what is written shows what stands in `hole`, else zeros. */
function changed(bytes: Buffer, change: Change, hole: Buffer = NOTHING): Buffer {
  if ('size' in change) return extended(bytes.subarray(0, change.size), change.size, NOTHING)
  const end = change.position + change.bytes.length
  const result = Buffer.concat([extended(bytes, Math.max(bytes.length, end), hole)])
  change.bytes.copy(result, change.position)
  return result
}

function extended(bytes: Buffer, length: number, hole: Buffer): Buffer {
  if (bytes.length >= length) return bytes
  const shown = hole.subarray(bytes.length, length)
  return Buffer.concat([bytes, shown, Buffer.alloc(length - bytes.length - shown.length)])
}
