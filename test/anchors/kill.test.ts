import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCheckpoint } from '../../server/seal/checkpoint.ts'
import { onEnd } from '../support/cleanup.ts'
import { runPlaytrail } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer } from '../support/server-process.ts'
import { runningWitness } from '../support/witness.ts'
import { checkpointIn, send, vkeysIn } from './world.ts'

test('a service that is killed at any time has told its anchors nothing that it does not continue', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const flags = ['--anchor-every', '1', '--anchor-file', anchorFile]
  await (await startServer(dataDir)).stop()
  const logs = [readFileSync(join(dataDir, 'log/log.vkey'), 'utf8').trim()]
  const witness = await runningWitness(t, { logs })
  flags.push('--anchor-witness', `${witness.vkey}=${witness.url}`)
  let last = 0
  for (let round = 0; round < 4; round++) {
    const server = await startServer(dataDir, { flags })
    onEnd(t, () => server.kill())
    await send(server, 40)
    const sending = send(server, 200).catch(() => undefined)
    // Another moment each time: before the newest is sealed, as it is sealed, and after.
    const until = last + round * 60
    await eventually(async () => checkpointIn(join(dataDir, 'log/checkpoint')).size >= until || undefined)
    await server.kill()
    await sending
    if (!existsSync(anchorFile)) continue
    const { size } = openCheckpoint(readFileSync(anchorFile), vkeysIn(dataDir))
    assert.ok(size >= last)
    assert.ok(size <= checkpointIn(join(dataDir, 'keys/last-signed')).size)
    last = size
  }
  const server = await startServer(dataDir, { flags })
  assert.equal(await server.stop(), 0)
  const { status, stdout } = await runPlaytrail([
    'verify',
    ...['--data-dir', dataDir, '--since', anchorFile, '--vkey', witness.vkey, '--json']
  ])
  assert.deepEqual([status, JSON.parse(stdout).unanchored], [0, 0], stdout)
})
