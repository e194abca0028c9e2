import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { Problem } from '../../server/errors.ts'
import { openWitnessFolder } from '../../server/witness/folder.ts'
import { openNewestCosigned, parseCosigned } from '../../server/witness/newest-cosigned.ts'
import { createWitness, type Witness } from '../../server/witness/witness.ts'
import { newKey } from '../seal/keys.ts'
import { isDiskFailure } from '../support/disk-faults.ts'
import { MemoryDisk } from '../support/memory-disk.ts'
import { randomOf } from '../support/random.ts'
import { request } from './client.ts'
import { type History, history, root } from './history.ts'

const RUNS = Number(process.env.WITNESS_RUNS ?? 500)
const SIZE_MAX = 12
const key = newKey('audit.example.org/trail')
const origin = key.verifier.name
const logs = new Map([[origin, [key.verifier]]])
const log = pino({ level: 'silent' })

/** Three histories: the second one parts from the first after 4 entries, the third after 9. */
const histories: readonly History[] = [
  history(SIZE_MAX),
  history(SIZE_MAX, { shared: 4, name: 'second' }),
  history(SIZE_MAX, { shared: 9, name: 'third' })
]

/** A log that shows one history here and another one there, goes back, and lies about what the witness knows. */
const submission = fc.record({
  kind: fc.constant('submit' as const),
  which: fc.nat(histories.length - 1),
  size: fc.nat(SIZE_MAX),
  /** Undefined: what the witness does know. */
  oldSize: fc.option(fc.nat(SIZE_MAX), { nil: undefined, freq: 4 })
})
const ending = fc.record({
  kind: fc.constant('end' as const),
  /** Operations of the disk up to then. */
  step: fc.nat(12),
  isPowerCut: fc.boolean()
})
const steps = fc.array(fc.oneof({ weight: 3, arbitrary: submission }, { weight: 1, arbitrary: ending }), {
  minLength: 10,
  maxLength: 40,
  size: 'max'
})

/** Whatever is asked for in whatever order, and whenever process and power end: no two of what it cosigned contradict each other. */
test('all that a witness ever cosigned is one history', async (t) => {
  let [cosignatures, crashes, forksRefused] = [0, 0, 0]
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(1_000_000), async (plan, seed) => {
      const world = openWorld(seed)
      try {
        for (const step of plan) {
          if (step.kind === 'end') world.endAfter(step)
          else world.submit(step)
        }
        world.assertOneHistory()
        world.assertGoesOn()
      } finally {
        cosignatures += world.shown.length
        crashes += world.crashes()
        forksRefused += world.refused()
        world.close()
      }
    }),
    { numRuns: RUNS }
  )
  t.diagnostic(`${cosignatures} cosigned, ${crashes} crashes, ${forksRefused} refused`)
  assert.ok(cosignatures > RUNS && crashes > RUNS / 4 && forksRefused > RUNS / 4)
})

test('what a killed process left in the kernel’s memory is durable before it is shown', () => {
  let restored = 0
  for (let step = 0; step < 8; step++) {
    for (let seed = 0; seed < 16; seed++) {
      const world = openWorld(seed)
      try {
        world.submit({ which: 0, size: 5, oldSize: undefined })
        world.endAfter({ step, isPowerCut: false })
        world.submit({ which: 0, size: 7, oldSize: undefined })
        world.end({ isPowerCut: false })
        world.start()
        if (world.shown.at(-1)?.size === 7) restored += 1
        world.end({ isPowerCut: true })
        world.assertGoesOn()
        // From here on the log is another one, which the witness may only go along with if it never showed the first.
        world.submit({ which: 1, size: 9, oldSize: undefined })
        world.assertOneHistory()
      } finally {
        world.close()
      }
    }
  }
  assert.ok(restored >= 4 * 16, `${restored}`)
})

function isCrash(error: unknown): boolean {
  return isDiskFailure(error) || (error instanceof Error && isDiskFailure(error.cause))
}

function openWorld(seed: number) {
  const path = mkdtempSync(join(tmpdir(), 'playtrail-witness-'))
  const disk = new MemoryDisk(randomOf(seed))
  const shown: { size: number; root: Buffer }[] = []
  let isFirstKey = true
  let vkey = ''
  let [crashes, refused] = [0, 0]
  let isPowerCut = false
  let running: { witness: Witness; close(): void } | undefined

  /** Starts it as often as it takes: also a start may be the last thing that a process does. */
  function started(): Witness {
    while (running === undefined) {
      try {
        running = start()
      } catch (error) {
        if (!isCrash(error)) throw error
        crashed()
      }
    }
    return running.witness
  }

  function start(): { witness: Witness; close(): void } {
    const folder = openWitnessFolder(disk, path, 'w')
    try {
      const memory = openNewestCosigned(disk, folder, logs.keys())
      const witness = createWitness({ key: folder.key, logs, memory, log, onBroken: () => undefined })
      const id = folder.key.verifier.id.toString('hex')
      // As long as nothing was shown, a key that did not get onto the disk is no loss.
      assert.ok(isFirstKey || id === vkey, 'the key stays')
      vkey = id
      show(witness)
      return { witness, close: () => folder.close() }
    } catch (error) {
      folder.close()
      throw error
    }
  }

  /** GET /checkpoint/…: whoever asks can have it. */
  function show(witness: Witness): void {
    const newest = witness.newest(origin)
    if (newest === undefined) return
    shown.push(parseCosigned(Buffer.from(newest.signed), witness.key.verifier))
    isFirstKey = false
  }

  function crashed(): void {
    crashes += 1
    running?.close()
    running = undefined
    if (isPowerCut) disk.powerCut()
    else disk.kill()
    isPowerCut = false
    disk.restart()
  }

  return {
    shown,
    start: started,
    end(how: { isPowerCut: boolean }): void {
      isPowerCut = how.isPowerCut
      crashed()
    },
    crashes: () => crashes,
    refused: () => refused,
    endAfter(how: { step: number; isPowerCut: boolean }): void {
      isPowerCut = how.isPowerCut
      disk.endsAt = disk.operations + 1 + how.step
    },
    submit({ which, size, oldSize }: { which: number; size: number; oldSize: number | undefined }): void {
      const entries = (histories[which] ?? []).slice(0, size)
      const witness = started()
      const known = witness.newest(origin)?.size ?? 0
      try {
        const answer = witness.add(request(key, oldSize ?? known, entries))
        if ('knownSize' in answer) return
        shown.push({ size, root: root(entries) })
        isFirstKey = false
        show(witness)
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        refused += 1
        if (witness.isBroken) crashed()
      }
    },
    assertOneHistory(): void {
      for (const which of histories.keys()) {
        const entries = histories[which] ?? []
        if (shown.every((each) => root(entries.slice(0, each.size)).equals(each.root))) return
      }
      assert.fail(`two histories were cosigned: ${JSON.stringify(shown)}`)
    },
    /** What follows from all that it cosigned, it cosigns: it does not keep its promise by refusing everything. */
    assertGoesOn(): void {
      disk.endsAt = Number.POSITIVE_INFINITY
      const witness = started()
      const known = witness.newest(origin) ?? { size: 0, root: root([]) }
      assert.ok(
        shown.every(({ size }) => size <= known.size),
        'it remembers all that it showed'
      )
      const honest = histories.find((entries) => root(entries.slice(0, known.size)).equals(known.root)) ?? []
      assert.ok('cosignature' in witness.add(request(key, known.size, honest)))
    },
    close(): void {
      running?.close()
      rmSync(path, { recursive: true })
    }
  }
}
