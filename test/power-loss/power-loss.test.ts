import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { playHistory } from './histories.ts'

const POWER_LOSSES = Number(process.env.POWER_LOSSES ?? 400)
/** Power cuts of one data folder, one after the other. */
const POWER_LOSSES_OF_HISTORY = 20
const FIRST_SEED = Number(process.env.POWER_LOSS_SEED ?? Math.floor(Math.random() * 2 ** 31))

test(`${POWER_LOSSES} power cuts at any moment, with faults of the disk: what was acknowledged is there once, in order, and what was signed agrees`, async (t) => {
  t.diagnostic(`POWER_LOSS_SEED=${FIRST_SEED}`)
  const scratch = temporaryFolder(t)
  const total = { powerCuts: 0, kills: 0, faults: 0, acknowledged: 0, kept: 0, signed: 0 }
  for (let seed = FIRST_SEED; total.powerCuts < POWER_LOSSES; seed++) {
    const played = await playHistory(seed, POWER_LOSSES_OF_HISTORY, scratch)
    total.powerCuts += played.powerCuts
    total.kills += played.kills
    total.faults += played.faults
    total.acknowledged += played.acknowledged
    total.kept += played.kept
    total.signed += played.signed
  }
  t.diagnostic(JSON.stringify(total))
})
