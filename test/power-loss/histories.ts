import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDataFolder } from '../../server/data-folder.ts'
import { Problem } from '../../server/errors.ts'
import { type Journal, openJournal } from '../../server/journal/journal.ts'
import { sealedEnd } from '../../server/seal/open-log.ts'
import { type Fault, isDiskFailure, type Operation } from '../support/disk-faults.ts'
import { allRecords } from '../support/journal.ts'
import { MemoryDisk } from '../support/memory-disk.ts'
import { type Random, randomOf } from '../support/random.ts'
import { HistoryModel } from './history-model.ts'
import { SealedLog } from './sealed-log.ts'

const DATA_DIR = '/srv/playtrail/data'
/** Of a batch. The larger ones bring the log beyond its first tiles. */
const EVENTS_MAX = [6, 6, 40] as const
const SEGMENT_BYTES_OF_EVENT = 250
const APPENDS_MAX = 24
const SENDERS = ['ansible', 'deploy', 'local'] as const
/** Operations of the disk after which a life ends, at most: some end while the first segment is begun. */
const OPERATIONS_MAX = [8, 60, 250, 600] as const
const OPERATIONS_OF_START_MAX = 50

export interface Played {
  powerCuts: number
  kills: number
  faults: number
  /** Events that were answered as kept. */
  acknowledged: number
  /** Records that were there in the end. */
  kept: number
  /** Different checkpoints that were signed. */
  signed: number
}

/**
 * One data folder through so many power cuts: appends of several senders at the same time, their sealing in the log, faults of the disk,
 * the end at any operation, and the real recovery. Throws, with the seed, when something that was acknowledged or could be read is not
 * there any more, when anything is there that should not, when a checkpoint is signed too early, or two that do not agree.
 */
export async function playHistory(seed: number, powerCuts: number, scratch: string): Promise<Played> {
  const history = new History(randomOf(seed), join(scratch, `ids-${seed}.sqlite`))
  try {
    while (history.played.powerCuts < powerCuts) await history.live()
    await history.finish()
    return history.played
  } catch (error) {
    throw new Error(`the history of seed ${seed} went wrong after ${history.played.powerCuts} power cuts`, {
      cause: error
    })
  } finally {
    history.forgetIds()
  }
}

class History {
  readonly played: Played = { powerCuts: 0, kills: 0, faults: 0, acknowledged: 0, kept: 0, signed: 0 }
  readonly #random: Random
  readonly #disk: MemoryDisk
  readonly #eventsMax: number
  readonly #model: HistoryModel
  readonly #log: SealedLog
  readonly #ids: string
  /** The known ids as their files once were. */
  #olderIds: Map<string, Buffer>[] = []
  #faultProbability = 0
  #faultsOfLife = 0

  constructor(random: Random, ids: string) {
    this.#random = random
    this.#ids = ids
    this.#disk = new MemoryDisk(random)
    this.#disk.faults = (operation) => this.#fault(operation)
    this.#eventsMax = random.pick(EVENTS_MAX)
    this.#model = new HistoryModel(this.#eventsMax)
    const folders = { log: join(DATA_DIR, 'log'), keys: join(DATA_DIR, 'keys') }
    this.#log = new SealedLog(this.#disk, folders, random)
  }

  /** A process from its start to its end, and what its end leaves of the disk. */
  async live(): Promise<void> {
    const random = this.#random
    this.#disk.restart()
    this.#faultsOfLife = 0
    this.#faultProbability = random.pick([0, 0, 0.01, 0.05])
    if (random.chance(0.2)) this.#endSoon(OPERATIONS_OF_START_MAX)
    const journal = await this.#start()
    if (journal !== undefined) {
      await this.#untroubled(() => this.#check(journal))
      this.#endSoon(random.pick(OPERATIONS_MAX))
      await this.#append(journal)
      await this.#end(journal)
    }
    this.#loseState()
  }

  async finish(): Promise<void> {
    this.#disk.restart()
    this.#faultProbability = 0
    const journal = await this.#start()
    assert.ok(journal, 'a disk without faults is started from')
    await this.#check(journal)
    await this.#log.finish(journal, await allRecords(journal))
    await journal.close()
    this.played.kept = journal.end
    this.played.signed = this.#log.signed
  }

  forgetIds(): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.#ids + suffix, { force: true })
  }

  async #start(): Promise<Journal | undefined> {
    const disk = this.#disk
    let journal: Journal | undefined
    try {
      const folder = openDataFolder(DATA_DIR, { create: true, disk })
      journal = await openJournal(
        { ...folder, ids: this.#ids },
        {
          disk,
          segmentBytesMax: this.#eventsMax * SEGMENT_BYTES_OF_EVENT,
          durableEnd: sealedEnd(folder, disk),
          onBroken: () => disk.kill()
        }
      )
      this.#log.start(folder)
      return journal
    } catch (error) {
      await journal?.close()
      if (this.#faultsOfLife === 0 && !this.#disk.isGone) throw error
      return undefined
    }
  }

  async #check(journal: Journal): Promise<void> {
    this.#model.check(await allRecords(journal))
    for (const entry of this.#model.acknowledged(5, this.#random)) {
      const call = this.#model.call('again', [entry])
      const again = await journal.append([entry], 'again', call)
      assert.deepEqual(again, { accepted: 0, duplicates: 1, conflicts: [] }, `${entry.eventId} is known`)
      const other = await journal.append([{ ...entry, payload: Buffer.from('{"other":1}') }], 'again', call)
      assert.deepEqual(other, { accepted: 0, duplicates: 0, conflicts: [0] })
    }
  }

  async #append(journal: Journal): Promise<void> {
    const random = this.#random
    const underWay: Promise<void>[] = []
    for (let left = random.integer(APPENDS_MAX); left > 0 && !this.#disk.isGone; left--) {
      const sent = this.#send(journal)
      underWay.push(sent)
      if (random.chance(0.3)) await sent
      if (random.chance(0.6)) await this.#log.work(journal)
      if (random.chance(0.3)) await new Promise(setImmediate)
      if (random.chance(0.05)) this.#rememberIds()
    }
    if (random.chance(0.5)) await Promise.all(underWay)
    if (!this.#disk.isGone) this.#model.readable(journal.end)
    this.#disk.kill()
    await Promise.all(underWay)
  }

  async #send(journal: Journal): Promise<void> {
    const sender = this.#random.pick(SENDERS)
    const entries = this.#model.draw(sender, this.#random)
    const call = this.#model.call(sender, entries)
    try {
      const { accepted, duplicates, conflicts } = await journal.append(entries, sender, call)
      assert.equal(accepted + duplicates + conflicts.length, entries.length)
      this.played.acknowledged += this.#model.acknowledge(entries, conflicts)
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      if (error instanceof Problem) this.#model.refuse(call)
      const isExpected = this.#disk.isGone || this.#faultsOfLife > 0
      if (!isExpected) throw error
      if (!this.#disk.isGone && !(error instanceof Problem) && !isDiskFailure(error)) throw error
    }
  }

  async #end(journal: Journal): Promise<void> {
    this.#model.readable(journal.end)
    await journal.close()
    this.#rememberIds()
  }

  #loseState(): void {
    const random = this.#random
    const isPowerCut = random.chance(0.7)
    if (isPowerCut) {
      this.#disk.powerCut()
      this.#log.afterPowerCut()
      this.played.powerCuts += 1
    } else this.played.kills += 1
    if (!isPowerCut || random.chance(0.4)) return
    this.forgetIds()
    if (this.#olderIds.length === 0 || random.chance(0.3)) return
    const files = this.#olderIds[random.integer(this.#olderIds.length)]
    for (const [suffix, bytes] of files ?? []) writeFileSync(this.#ids + suffix, bytes)
  }

  #rememberIds(): void {
    const files = ['', '-wal'].filter((suffix) => existsSync(this.#ids + suffix))
    this.#olderIds.push(new Map(files.map((suffix) => [suffix, readFileSync(this.#ids + suffix)])))
    if (this.#olderIds.length > 4) this.#olderIds.shift()
  }

  #endSoon(operations: number): void {
    this.#disk.endsAt = this.#disk.operations + 1 + this.#random.integer(operations)
  }

  async #untroubled(work: () => Promise<void>): Promise<void> {
    const { endsAt } = this.#disk
    const probability = this.#faultProbability
    this.#disk.endsAt = Number.POSITIVE_INFINITY
    this.#faultProbability = 0
    await work()
    this.#disk.endsAt = endsAt
    this.#faultProbability = probability
  }

  #fault(operation: Operation): Fault | undefined {
    if (!this.#random.chance(this.#faultProbability)) return undefined
    this.#faultsOfLife += 1
    this.played.faults += 1
    if (this.#random.chance(0.3)) return 'short'
    const code = this.#random.pick(
      operation === 'write' || operation === 'create' ? ['ENOSPC', 'EIO'] : ['EIO', 'ENOSPC']
    )
    return { code, when: this.#random.pick(['before', 'after']) }
  }
}
